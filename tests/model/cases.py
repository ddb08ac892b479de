#!/usr/bin/python3
# cases.py - random inputs, mostly near to sound ones, and how to make one smaller.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A kind of case has make() of a random source, commands() for the driver,
# judge() of its answers, which gives None or what is wrong, and smaller(),
# which gives simpler cases to be tried in turn.

import base64
import hashlib

import reference
from reference import (ANY, DAY, LAYERS, LEARNED, LEAST, MOST,
                       NEVER_EXPIRES, Outcome, Store, SYSTEM)

PINS = [hashlib.sha256(b"key %d" % i).digest() for i in range(40)]
BASE = 1800000000


def hexed(text):
    return "-" if text is None else "x" + text.hex()


def chained(pins):
    if pins is None:
        return "-"
    return ",".join(p.hex() for p in pins) if pins else "."


def quotation(pin):
    return b'"' + base64.b64encode(pin) + b'"'


def pieces(sequence):
    """sequence with less and less left out, as delta debugging does it."""
    size = len(sequence)
    step = size // 2
    while step:
        for start in range(0, size, step):
            yield sequence[:start] + sequence[start + step:]
        step //= 2


class Wrong:
    """What was asked, what the reference says, and what the library said."""

    def __init__(self, command, expected, answer):
        self.command, self.expected, self.answer = command, expected, answer


# ---------------------------------------------------------------- fields

NUMBERS = [0, 1, 60, 100, 3000, 86400, 5183999, 5184000, 5184001, 2 ** 31 - 1,
           2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 63 - 1,
           2 ** 63, 2 ** 64 - 1, 2 ** 64, 2 ** 64 + 1, 10 ** 30]
BAD_NUMBERS = [b"abc", b"-1", b"+1", b"3000.0", b"1e3", b"0x10", b"'1'",
               b'"1 2"', b'""', b"", b'" 1"', b'"1;1"', b"3000 3000"]
URIS = [b"https://r.example/x", b"http://r.example", b"HTTPS://R.example:8443",
        b"https://r.example/x?y=z;a#frag", b"https://[2001:db8::1]/r",
        b"https://r.example/a@b", b"https://r.example?u@v"]
BAD_URIS = [b"/pkp", b"ftp://r.example/x", b"", b"https:r.example", b"https://",
            b"https:///x", b"https://:443/", b"https://u@r.example/",
            b"https://u:p@r.example/", b"https://r.example/a b", b"mailto:a@b",
            b"https://r.example/\xe9", b"http:/r.example", b" https://r.example",
            b"https://?x", b"https", b"xhttps://r.example/"]
UNKNOWN = [b"foo", b"foo=1", b'foo="a;b,\\"c"', b"strict", b"pin-", b'pin-="x"',
           b'x-pin-sha256="AA"', b'foo="caf\xe9"', b"max-agee=1", b"pin",
           b'foo=""', b"report=1", b"max_age=0", b"!#$%&'*+-.^_`|~=1",
           b'includesubdomain="x"']
OTHER_PINS = [b'pin-sha1="2jmj7l5rSw0yVb/vlWAYkK/YBwk="', b'pin-sha512="x y z"',
              b'pin-sha256x="AA=="', b'pin-md5=""', b'PIN-SHA3-256="\xff"']
OCTETS = b';;;==""\\ \t,\'-Aa09+/\x00\x01\x0b\r\n\x7f\x80\xe9\xff:<>()[]{}@?'


def spelled(rng, name):
    if rng.random() < 0.7:
        return name
    return bytes(c ^ 0x20 if chr(c).isalpha() and rng.random() < 0.5 else c
                 for c in name)


def space(rng, often):
    return rng.choice([b" ", b"\t", b"  ", b" \t "]) \
        if rng.random() < often else b""


def in_quotes(rng, text):
    """A quoted-string of text, some octets with a backslash."""
    body = b"".join(b"\\" + bytes([c]) if c in b'"\\' or rng.random() < 0.03
                    else bytes([c]) for c in text)
    return b'"' + body + b'"'


def max_age(rng):
    number = str(rng.choice(NUMBERS)).encode()
    if rng.random() < 0.1:
        number = b"0" * rng.randrange(1, 30) + number
    if rng.random() < 0.01:
        number = b"9" * 4000
    if rng.random() < 0.04:
        number = rng.choice(BAD_NUMBERS)
    elif rng.random() < 0.2:
        number = in_quotes(rng, number)
    if rng.random() < 0.01:
        return spelled(rng, b"max-age")
    return spelled(rng, b"max-age") + equals(rng) + number


def equals(rng):
    return space(rng, 0.04) + b"=" + space(rng, 0.04)


def pin(rng, pins):
    octets = rng.choice(pins)
    text = base64.b64encode(octets)
    how = rng.random() * 2
    if how < 0.05:  # the two unused bits
        digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
                 b"0123456789+/"
        last = digits.index(text[42]) | rng.randrange(4)
        text = text[:42] + digits[last:last + 1] + b"="
    elif how < 0.07:
        text = text[:-1]
    elif how < 0.09:
        text = base64.urlsafe_b64encode(b"\xff" + octets[1:])
    elif how < 0.12:
        text = base64.b64encode(octets[:rng.randrange(32)] +
                                b"xyz" * rng.randrange(3))
    elif how < 0.13:
        text = text + rng.choice([b"=", b" ", b"A", b"AAAA"])
    elif how < 0.14:
        at = rng.randrange(44)
        text = text[:at] + rng.choice([b"=", b" ", b"-", b"*"]) + text[at + 1:]
    how = rng.random()
    if how < 0.98:
        text = in_quotes(rng, text) if rng.random() < 0.1 \
            else b'"' + text + b'"'
    elif how < 0.985:
        text = b"'" + text + b"'"
    elif how < 0.99:
        text = text.rstrip(b"=")
    if rng.random() < 0.005:
        return spelled(rng, b"pin-sha256")
    return spelled(rng, b"pin-sha256") + equals(rng) + text


def report_uri(rng, often_bad=0.35):
    if rng.random() < 0.03:
        return spelled(rng, b"report-uri")
    uri = rng.choice(BAD_URIS if rng.random() < often_bad else URIS)
    if rng.random() < 0.03:
        uri += b"/" * (rng.choice([1022, 1023, 1024, 1025, 1026]) - len(uri))
    text = uri if rng.random() < 0.05 else in_quotes(rng, uri)
    return spelled(rng, b"report-uri") + equals(rng) + text


def subdomains(rng):
    return spelled(rng, b"includeSubDomains") + rng.choice(
        [b""] * 40 + [b"=", b'=""', b"=true", b'="includeSubDomains"'])


def field_value(rng, pins=PINS[:6], often_wrong=0.2):
    """A field as some server might send it."""
    directives = []
    if rng.random() < 0.97:
        directives.append(max_age(rng))
    for _ in range(rng.choice([0, 1, 2, 2, 2, 2, 3, 3, 4])):
        directives.append(pin(rng, pins))
    if rng.random() < 0.4:
        directives.append(subdomains(rng))
    if rng.random() < 0.3:
        directives.append(report_uri(rng))
    if rng.random() < 0.3:
        directives.append(rng.choice(UNKNOWN))
    if rng.random() < 0.15:
        directives.append(rng.choice(OTHER_PINS))
    if rng.random() < 0.03 and directives:
        directives.append(rng.choice(directives))
    if rng.random() < 0.01:
        directives += [b"pin-sha256=" + quotation(p)
                       for p in PINS[:rng.randrange(29, 36)]]
    if rng.random() < 0.01:
        directives += [b"x"] * (rng.randrange(62, 68) - len(directives))
    rng.shuffle(directives)
    value = b""
    for i, directive in enumerate(directives):
        if i:
            value += space(rng, 0.1) + b";" + (
                b" " if rng.random() < 0.8 else space(rng, 0.3))
        if rng.random() < 0.02:
            value += space(rng, 0.3) + b";" + space(rng, 0.3)
        value += directive
    if rng.random() < 0.06:
        value += space(rng, 0.2) + b";" + space(rng, 0.2)
    value = space(rng, 0.05) + value + space(rng, 0.05)
    if rng.random() < 0.005:
        room = rng.randrange(8185, 8200) - len(value) - 5
        value += b";" + b"y=" + b"z" * max(room, 1)
    return mutated(rng, value, OCTETS) if rng.random() < often_wrong else value


def mutated(rng, text, octets):
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = rng.randrange(len(text) + 1)
        other = rng.randrange(len(text) + 1)
        low, high = min(at, other), max(at, other)
        octet = bytes([rng.choice(octets)])
        text = rng.choice([
            lambda: text[:at] + text[at + 1:],
            lambda: text[:at] + octet + text[at:],
            lambda: text[:at] + octet + text[at + 1:],
            lambda: text[:at],
            lambda: text[:low] + text[high:],
            lambda: text[:high] + text[low:],
            lambda: text[at:] + text[:at],
        ])()
    return text


class Lint:
    """One field value, by the default grammar and by the strict one."""

    def make(self, rng):
        return {
            "value": field_value(rng),
            "report_only": rng.random() < 0.2,
            "cap": rng.choice([0, 1, 3000, 5184000, 2 ** 31, 2 ** 40]),
            "chain": rng.choice([None, [], PINS[:1], PINS[:2], PINS[:3],
                                 rng.sample(PINS[:8], rng.randrange(1, 6))]),
            "host": rng.choice([None] * 6 + [b"a.test", b"github.io",
                                             b"CO.UK.", b"com", b"a..b"]),
        }

    def commands(self, case):
        return ["lint %s %d %d %s %s %s" % (
            "pkp-ro" if case["report_only"] else "pkp", strict, case["cap"],
            chained(case["chain"]), hexed(case["host"]), hexed(case["value"]))
                for strict in (0, 1)]

    def judge(self, case, answers):
        for strict, line in enumerate(self.commands(case)):
            expected = reference.lint(strict=bool(strict), **case)
            if expected != answers[strict]:
                return Wrong(line, expected, answers[strict])
        return None

    def smaller(self, case):
        for part in pieces(case["value"]):
            yield dict(case, value=part)
        for part in pieces(case["chain"] or []):
            yield dict(case, chain=part)
        if case["host"]:
            yield dict(case, host=None)
        if case["cap"]:
            yield dict(case, cap=0)

    def describe(self, case):
        return "the value is %r" % case["value"]


# ---------------------------------------------------------------- host names

LABELS = [b"a", b"b", b"www", b"example", b"test", b"com", b"A-b", b"a--b",
          b"-a", b"a-", b"a_b", b"_dmarc", b"xn--bcher-kva", b"XN--BCHER-KVA",
          b"xn--a", b"xn--zzzzzz--", b"xn--", b"x" * 62, b"x" * 63, b"x" * 64,
          b"1", b"0", b"127", b"256", b"08", b"0x7f", b"0x", b"0X1", b"0xg",
          b"4a", b"12345678901", b"", b"1-", b"0x-", b"localhost"]
WIDE = ["b\u00fccher", "B\u00dcCHER", "bu\u0308cher", "stra\u00dfe", "fa\u00df",
        "\uff45xample", "exam\u00adple", "\u2603", "\u200d", "\uff11\uff12\uff17",
        "\u4e2d\u6587", "\u03c3\u03c2", "\u03a3\u03b1", "\u043c\u0438\u0440",
        "\u041c\u0418\u0420", "caf\u00e9", "CAFE\u0301", "\u0301a", "\u00ad",
        "\u00fc-", "-\u00fc", "ab--\u00fc", "\u00fc" * 40, "\u00fcx" * 20,
        "\uff5e", "\uff0f", "\uff05", "\uff0d", "\u00e9\uff0d", "\uff3b"]
ADDRESSES = [b"::1", b"[::1]", b"[::ffff:1.2.3.4]", b"[fe80::1%25eth0]",
             b"fe80::1%eth0", b"[v1.x]", b"[V1F.a:b]", b"[v.x]", b"[vx.1]",
             b"[]", b"[", b"[1.2.3.4]", b"1::2::3", b"[::1", b"::1]", b":",
             b"a:b", b"pin.test:8443", b"[a.test]", b"127.0.0.1:80",
             b"[2001:DB8::A]", b"1:2:3:4:5:6:7:8", b"1:2:3:4:5:6:7", b"::g",
             b"[::1]:443", b"fe80::1%", b"[v1.]", b"::ffff:256.1.1.1"]
NAME_OCTETS = b"..--__09azAZx:%[]/@ \x00\x01\x7f\x80\xc3\xbc\xff\xe3\x80\x82!~"


def host_text(rng):
    how = rng.random()
    if how < 0.1:
        text = rng.choice(ADDRESSES)
    elif how < 0.15:  # near the longest
        text = b".".join([b"y" * 63] * 3 +
                         [b"z" * rng.randrange(57, 65)])
        if rng.random() < 0.3:
            text = b"a." * rng.choice([125, 126, 127]) + \
                rng.choice([b"a", b"aa", b"aaa"])
    elif how < 0.7:
        text = b".".join(rng.choice(LABELS)
                         for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 6])))
    else:
        labels = [rng.choice(WIDE) if rng.random() < 0.5 else
                  rng.choice(LABELS[:14]).decode()
                  for _ in range(rng.choice([1, 2, 2, 3]))]
        text = rng.choice([".", ".", ".", "\u3002", "\uff0e",
                           "\uff61"]).join(labels).encode()
    if rng.random() < 0.15:
        text += b"."
    text = spelled(rng, text) if text.isascii() else text
    return mutated(rng, text, NAME_OCTETS) if rng.random() < 0.25 else text


class Name:
    """One text that may be a host name, and what comes out once more."""

    def make(self, rng):
        return host_text(rng)

    def commands(self, case):
        kind, name = reference.canonical(case)
        again = [] if kind is ANY or not name else ["host " + hexed(name)]
        return ["host " + hexed(case)] + again

    def judge(self, case, answers):
        kind, name = reference.canonical(case)
        expected = {"kind": kind, "host": name if name is ANY
                    else name.decode("ascii")}
        for command, answer in zip(self.commands(case), answers):
            if expected != answer:
                return Wrong(command, expected, answer)
        return None

    def smaller(self, case):
        return pieces(case)

    def describe(self, case):
        return "the text is %r" % case


# ---------------------------------------------------------------- histories

HOSTS = [b"a.test", b"b.a.test", b"c.b.a.test", b"d.c.b.a.test", b"test",
         b"b.test", b"xa.test", b"a-b.test", b"a.test.b.test", b"x.b.test",
         b"github.io", b"a.github.io", b"b.a.github.io", b"b.github.io",
         b"xn--bcher-kva.test"]
ODD_HOSTS = [b"127.0.0.1", b"[::1]", b"127.1", b"a..test", b"a.test:443", b"",
             b"a b.test"]
SPELLINGS = {b"xn--bcher-kva.test": ["b\u00fccher.test".encode(),
                                     "B\u00dcCHER\u3002test".encode()]}
HISTORY_URIS = [None, None, b"https://r.example/x", b"http://r.example/y"]


SETTING_VALUES = {
    "cap": [None, 0, 1000, 86400, 5184000, 2 ** 31, 2 ** 31 + 1, -1],
    "slack": [None, 0, 1, 100, 2500, 10000, 10001, -1],
    "per_domain": [None, 1, 2, 3, 200, 2 ** 40, 2 ** 40 + 1],
    "total": [None, 2, 4, 1000000, -2 ** 63, 2 ** 63 - 1],
    "suffix_rule": [None, 0, 1, 2, -1],
}


class History:
    """Steps on one store, as an operator, a client and a clock take them."""

    def make(self, rng):
        settings = {
            "strict": rng.random() < 0.1,
            "cap": rng.choice([None] * 4 + [5184000, 0, 1000, 86400]),
            "slack": rng.choice([None, None, None, 100, 0, 1, 2500, 10000]),
            "per_domain": rng.choice([None, None, 200, 3, 2, 1]),
            "total": rng.choice([None, None, None, 1000000, 4, 2]),
            "suffix_rule": rng.choice([None, None, None, 1, 0]),
        }
        hosts = rng.sample(HOSTS, rng.choice([2, 3, 4, 6]))
        has_system = rng.random() < 0.25
        model = Store(**settings)
        steps, now = [], BASE
        if rng.random() < 0.02:
            now = rng.choice([0, -BASE, 2 ** 31 - 2, 2 ** 32, 253402300799,
                              2 ** 62, MOST - 5184000, MOST - 10])
        for _ in range(rng.choice([4, 8, 12, 20, 30])):
            now = clamped(self.moved(rng, model, now))
            made = self.system(rng, model, hosts, now) \
                if has_system and rng.random() < 0.25 else \
                self.step(rng, model, hosts, now)
            for step in made:
                steps.append(step)
                outcomes = run(model, step)
                outcomes[0].effect()
        steps.append(("list",))
        return settings, steps

    def moved(self, rng, model, now):
        """The next time: often one at which something changes."""
        how = rng.random()
        if how < 0.35:
            return now
        if how < 0.5:
            return now + rng.choice([1, 10, 59, 60, 61, 600, 3599, 3600, 3601])
        if how < 0.6:
            return now + rng.choice([-1, -59, -60, -61, -3600, -DAY, -90 * DAY])
        if how < 0.65:
            return now + rng.choice([DAY, 7 * DAY, 30 * DAY, 61 * DAY,
                                     400 * DAY])
        times = [t for e in model.entries.values() if e.expires != NEVER_EXPIRES
                 for t in (e.expires - 1, e.expires, e.expires + 1,
                           e.expires + 7 * DAY, e.expires + 7 * DAY + 1,
                           e.noted - 60, e.noted - 61, e.noted - 1,
                           e.noted + (e.expires - e.noted) * model.slack //
                           10000 + rng.choice([-1, 0, 1]))]
        mark = max(model.marks)
        times += [mark + 60 * DAY, mark + 60 * DAY + 1] \
            if mark > -2 ** 62 else []
        if not times:
            return now
        return rng.choice(times)

    def host(self, rng, model, hosts):
        if rng.random() < 0.03:
            return rng.choice(ODD_HOSTS)
        host = rng.choice(hosts)
        if model.entries and rng.random() < 0.5:  # what is stored, or below
            stored = rng.choice(sorted(model.entries))[0]
            host = rng.choice([stored] + [h for h in HOSTS
                                          if h.endswith(b"." + stored)])
        if rng.random() < 0.1:
            host = rng.choice(SPELLINGS.get(host, [host]))
        if rng.random() < 0.1:
            host = spelled(rng, host) if host.isascii() else host
        return host + b"." if rng.random() < 0.04 else host

    def chain(self, rng):
        if rng.random() < 0.04:
            return rng.choice([None, []])
        return rng.sample(PINS[:4], rng.choice([1, 1, 2, 3]))

    def value(self, rng):
        if rng.random() < 0.12:
            return field_value(rng, PINS[:4], 0.5)
        directives = [b"max-age=%d" % rng.choice(
            [0, 60, 3000, 3000, 3000, 90000, 5184000, 7776000, 2 ** 31])]
        for octets in rng.sample(PINS[:5], rng.choice([0, 1, 2, 2, 2, 3, 4])):
            directives.append(b"pin-sha256=" + quotation(octets))
        if rng.random() < 0.4:
            directives.append(b"includeSubDomains")
        uri = rng.choice(HISTORY_URIS)
        if uri:
            directives.append(b'report-uri="' + uri + b'"')
        rng.shuffle(directives)
        return b"; ".join(directives)

    def step(self, rng, model, hosts, now):
        how = rng.random()
        slot = rng.randrange(4)
        host = self.host(rng, model, hosts)
        if how < 0.45:  # a response
            chain = self.chain(rng)
            seen = [e for (n, layer), e in model.entries.items()
                    if n == host and layer == LEARNED]
            if seen and rng.random() < 0.7:
                chain = [rng.choice(seen[0].pins)]
            fields = [(rng.choice(["pkp"] * 9 + ["pkp-ro"]), self.value(rng))
                      for _ in range(rng.choice([1, 1, 1, 1, 2, 3]))]
            if seen and rng.random() < 0.3:
                fields = [("pkp", again(seen[0]))]
            yield ("check", slot, host, chain, now)
            if rng.random() < 0.15:
                yield from self.other(rng, model, hosts, now)
            later = now if rng.random() < 0.9 else \
                clamped(self.moved(rng, model, now))
            yield ("note", slot, later, fields)
        elif how < 0.52:
            yield ("check", slot, host, self.chain(rng), now)
        elif how < 0.6:  # first use, asked for
            yield ("check", slot, host, self.chain(rng), now)
            if rng.random() < 0.15:
                yield from self.other(rng, model, hosts, now)
            yield ("trust", slot, now if rng.random() < 0.9 else
                   clamped(self.moved(rng, model, now)))
        elif how < 0.68:
            yield ("lookup", host, now)
        else:
            yield from self.other(rng, model, hosts, now)
        if rng.random() < 0.15:
            yield ("list",)

    def system(self, rng, model, hosts, now):
        """What the operator of the machine does, and that users get it."""
        for _ in range(rng.choice([1, 1, 2])):
            if rng.random() < 0.7:
                yield ("machine",) + self.rule(
                    rng, self.host(rng, model, hosts), now)
            else:
                yield ("machine",) + self.exception(
                    rng, self.host(rng, model, hosts), now)
        yield ("publish",)

    def rule(self, rng, host, now):
        pins = rng.sample(PINS[:5], rng.choice([1, 2, 2, 2, 3]))
        if rng.random() < 0.1:
            pins = rng.choice([[], pins + pins, PINS[:32], PINS[:33],
                               PINS[:32] + PINS[:5]])
        return ("pin", host, now, pins, rng.random() < 0.5,
                "report" if rng.random() < 0.3 else "enforce",
                rng.choice([NEVER_EXPIRES, NEVER_EXPIRES, now + 3000, now,
                            now + 90 * DAY, now - 1])
                if now < 2 ** 62 else NEVER_EXPIRES,
                rng.choice(HISTORY_URIS + [b"ftp://x/"])
                if rng.random() < 0.3 else None,
                rng.choice([b"by hand", b"", b"n" * 256, b"n" * 257])
                if rng.random() < 0.2 else None,
                rng.random() < 0.5)

    def imported(self, rng, hosts, now):
        """Entries from elsewhere: some of a host twice, or in parts."""
        items = []
        for host in rng.sample(HOSTS if rng.random() < 0.3 else hosts, 2):
            source = rng.choice([1, 1, 2, 4, 4, 4])
            is_part = rng.random() < 0.4
            item = [host, source, "report" if source == 4 and
                    rng.random() < 0.3 else "enforce",
                    source != 2 and rng.random() < 0.5,
                    sorted(rng.sample(PINS[:5], rng.choice([1, 2, 3]))),
                    rng.choice([reference.UNDATED, now, now, now - 100,
                                now - 90 * DAY]),
                    rng.choice([NEVER_EXPIRES, now + 3000, now + 90 * DAY])
                    if source != 1 else now + rng.choice([3000, 90 * DAY]),
                    3000 if source == 1 else -1,
                    rng.choice(HISTORY_URIS) if source != 2 else None,
                    is_part]
            items.append(tuple(item))
            while rng.random() < 0.4 and len(items) < 8:
                other = list(item)
                how = rng.random()
                if how < 0.4:
                    other[4] = sorted(rng.sample(PINS[:5], 2))
                elif how < 0.6:
                    other[6] = now + rng.choice([1000, 5000])
                elif how < 0.7:
                    other[3] = not other[3] if source != 2 else False
                items.append(tuple(other))
        rng.shuffle(items)
        return ("import_items", rng.choice([0, 0, 0, 0, 1, 2, 4]), now, items)

    def other(self, rng, model, hosts, now):
        how = rng.random()
        if rng.random() < 0.08 and -2 ** 61 < now < 2 ** 61:
            yield self.imported(rng, hosts, now)
            return
        host = self.host(rng, model, hosts)
        if how < 0.45:
            yield self.rule(rng, host, now)
        elif how < 0.6:
            yield ("clear", host if rng.random() < 0.8 else None,
                   rng.random() < 0.4, rng.choice([0, 0, 1, 2, 4, 5, 7]),
                   rng.choice([-2 ** 63, -2 ** 63, now, now - 100, now + 1])
                   if -2 ** 62 < now < 2 ** 62 else -2 ** 63, now)
        elif how < 0.8:
            before = now - rng.choice([0, 0, 0, 7 * DAY, 100, -1])
            yield ("expire", clamped(before), now,
                   rng.random() < 0.3, rng.random() < 0.25)
        elif how < 0.9:
            yield ("show", host, rng.choice(LAYERS + (SYSTEM,)))
        elif how < 0.92:
            yield ("reopen",)
        elif how < 0.95:
            step = self.setting(rng, model, now)
            yield step
            if step[0] == "setting" and rng.random() < 0.5:
                yield ("setting_get", step[1])
        else:
            yield self.exception(rng, host, now)

    def setting(self, rng, model, now):
        """What holds for all who use the store."""
        name = rng.choice(list(SETTING_VALUES))
        if rng.random() < 0.4:
            known = [n for n in SETTING_VALUES
                     if model.settings[n] is not None]
            return ("setting_get", rng.choice(known or [name]))
        return ("setting", name, rng.choice(SETTING_VALUES[name]), now)

    def exception(self, rng, host, now):
        """What the operator decides beside the pins."""
        pins = [rng.choice(PINS[:4])]
        return rng.choice([
            lambda: ("revoke", pins, now),
            lambda: ("unrevoke", pins, now),
            lambda: ("unrevoke", pins, now),
            lambda: ("anchors", rng.choice([[], [], pins]), now),
            lambda: ("bypass", host, rng.random() < 0.5, clamped(
                now - rng.choice([0, 0, 100, -10])),
                     clamped(now + rng.choice([3000, 600, 7 * DAY,
                                               7 * DAY + 1, -1])),
                     rng.choice([b"renewal"] * 5 + [b""]), now),
            lambda: ("bypass_end", host, now),
            lambda: ("set_mode", host, rng.choice(["report", "enforce"]), now),
        ])()

    def commands(self, case):
        settings, steps = case
        return ["open %d %s %s %s %s %s" % (settings["strict"], *(
            "-" if settings[name] is None else settings[name]
            for name in ("cap", "slack", "per_domain", "total",
                         "suffix_rule")))] + [command(step) for step in steps]

    def judge(self, case, answers):
        settings, steps = case
        model = Store(**settings)
        for step, answer in zip(steps, answers[1:]):
            if step[0] in ("list", "show"):
                for entry in answer.get("entries", [answer]):
                    if "pins" in entry:
                        entry["pins"] = sorted(entry["pins"])
            outcomes = run(model, step)
            left = answer.pop("left", None)
            bypasses = answer.pop("bypasses", None)
            for outcome in outcomes:
                if outcome.answer == answer:
                    outcome.effect()
                    break
            else:
                return Wrong(command(step), outcomes[0].answer
                             if len(outcomes) == 1 else
                             [o.answer for o in outcomes], answer)
            if left is not None and not model.settle(left, outcome.optional):
                return Wrong(command(step), sorted(model.entries), left)
            if bypasses is not None and not model.settle_bypasses(
                    bypasses, outcome.optional):
                return Wrong(command(step), sorted(model.bypasses), bypasses)
        return None

    def smaller(self, case):
        settings, steps = case
        for part in pieces(steps):
            yield settings, part
        for name, value in settings.items():
            plain = False if name == "strict" else None
            if value != plain:
                yield dict(settings, **{name: plain}), steps
        for i, step in enumerate(steps):
            for simpler in simpler_steps(step):
                yield settings, steps[:i] + [simpler] + steps[i + 1:]

    def describe(self, case):
        settings, steps = case
        return "\n".join(["with %s" % settings] + ["  " + told(s)
                                                   for s in steps])


def clamped(time):
    return max(LEAST, min(MOST, time))


def again(entry):
    """The field that would give that entry once more."""
    directives = [b"pin-sha256=" + quotation(p) for p in entry.pins]
    directives.append(b"max-age=%d" % entry.max_age_sent)
    if entry.include_subdomains:
        directives.append(b"includeSubDomains")
    if isinstance(entry.report_uri, str):
        directives.append(b'report-uri="' + entry.report_uri.encode() + b'"')
    return b";".join(directives)


def run(model, step):
    if step[0] == "reopen":
        return [Outcome({"status": 0}, model.results.clear)]
    return getattr(model, {"anchors": "set_anchors"}.get(step[0], step[0]))(
        *step[1:])


def command(step):
    """The driver's line for a step."""
    words = []
    if step[0] == "import_items":
        return " ".join(["import", str(step[1]), str(step[2])] + [
            command(item) for item in step[3]])
    for i, value in enumerate(step):
        if step[0] == "note" and i == 3:
            words += ["%s:%s" % (kind, hexed(text)) for kind, text in value]
        elif isinstance(value, list) or (step[0] == "check" and i == 3):
            words.append(chained(value))
        elif isinstance(value, bytes) or value is None:
            words.append(hexed(value))
        elif isinstance(value, bool):
            words.append(str(int(value)))
        else:
            words.append(str(value))
    return " ".join(words)


def told(step):
    """A step for people: the keys by their number."""
    words = []
    for value in step:
        if isinstance(value, list) and value and isinstance(value[0], bytes):
            value = ["key %d" % PINS.index(p) for p in value]
        words.append(str(value))
    text = " ".join(words)
    for i, octets in enumerate(PINS):
        text = text.replace(base64.b64encode(octets).decode(), "key %d" % i)
    return text


def simpler_steps(step):
    if step[0] == "note":
        for fields in pieces(step[3]):
            if fields:
                yield step[:3] + (fields,)
        for i, (kind, value) in enumerate(step[3]):
            for directives in pieces(value.split(b";")):
                yield step[:3] + (step[3][:i] + [
                    (kind, b";".join(directives))] + step[3][i + 1:],)
    for i, value in enumerate(step):
        if isinstance(value, bytes) and value.lower().rstrip(b".") != value:
            yield step[:i] + (value.lower().rstrip(b"."),) + step[i + 1:]
        if step[0] == "import_items" and i == 3:
            for part in pieces(value):
                if part:
                    yield step[:i] + (part,)
        elif isinstance(value, list) and step[0] != "note" and \
                len(value) > 1:
            for part in pieces(value):
                yield step[:i] + (part,) + step[i + 1:]
        if value is True:
            yield step[:i] + (False,) + step[i + 1:]


KINDS = {"lint": Lint(), "name": Name(), "history": History()}
