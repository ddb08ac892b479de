#!/usr/bin/python3
# reference.py - the rules of pinning a second time, to compare the library with.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Written from the specification (RFC 7469, RFC 6797 and the decisions that the
# manual pages tell), never from the library's source: a difference is a bug in
# one of the two.  Slow and plain on purpose.  Nothing here knows of the driver
# or of random numbers.
#
# Where the specification leaves an answer open, the reference says so: ANY is
# equal to everything, OneOf(...) to some things, and an operation on the store
# gives several outcomes, the expected one first.

import base64
import copy
import re
import socket
import unicodedata


class Any:
    def __eq__(self, other):
        return True

    def __repr__(self):
        return "ANY"


class OneOf:
    def __init__(self, *values):
        self.values = values

    def __eq__(self, other):
        return any(v == other for v in self.values)

    def __repr__(self):
        return "one of " + repr(list(self.values))


ANY = Any()


def values(of):
    return of.values if isinstance(of, OneOf) else (of,)

# ---------------------------------------------------------------- header fields

OWS = b" \t"
TCHAR = (b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
         b"!#$%&'*+-.^_`|~")
QDTEXT = bytes([0x09, 0x20, 0x21, *range(0x23, 0x5c), *range(0x5d, 0x7f),
                *range(0x80, 0x100)])
QPAIR = bytes([0x09, 0x20, *range(0x21, 0x7f), *range(0x80, 0x100)])
PLAIN = re.compile(b'"([' + re.escape(QDTEXT) + b']*)"')
VALUE_MAX = 8192
DIRECTIVES_MAX = 64
PINS_MAX = 32
URI_MAX = 1024
MAX_AGE_MAX = 2 ** 31
EMPTY_DIRECTIVE, SPACE_AROUND_EQUALS, PAD_BITS, SUFFIX = DEPARTURES = (
    "empty-directive", "space-around-equals", "pad-bits", "suffix")


class Fault(Exception):
    """The field is ignored as a whole."""

    def __init__(self, reason, offset, rule=None):
        super().__init__(reason)
        self.reason, self.offset, self.rule = reason, offset, rule


class Span:
    """Any offset from first to last."""

    def __init__(self, first, last):
        self.first, self.last = first, last

    def __eq__(self, other):
        return isinstance(other, int) and self.first <= other <= self.last

    def __repr__(self):
        return "%d..%d" % (self.first, self.last)


class Field:
    def __init__(self):
        self.max_age = None
        self.include_subdomains = False
        self.report_uri = None
        self.pins = []
        self.departures = set()


def lex(value, strict, field):
    """Directives: (name, state, text, first, last), the lexical pass (2.1)."""
    directives = []
    try:
        lex_each(value, strict, field, directives)
    except Fault as fault:
        if len(directives) > DIRECTIVES_MAX and fault.reason == "malformed":
            # One too many, and wrong as well: either may be told.
            raise Fault(OneOf("limit", "malformed"), ANY,
                        OneOf("ok", fault.rule)) from fault
        raise
    return directives


def lex_each(value, strict, field, directives):
    at, end = 0, len(value)
    while at < end and value[at] in OWS:
        at += 1
    while end > at and value[end - 1] in OWS:
        end -= 1
    if at == end:
        raise Fault("empty", ANY)
    if end - at > VALUE_MAX:
        raise Fault("limit", ANY)

    def run(of, start):
        while start < end and value[start] in of:
            start += 1
        return start

    while True:
        first = at
        at = run(TCHAR, at)
        if at == first:
            if strict or (at < end and value[at] != ord(";")):
                raise Fault("malformed", at, "NAME")
            field.departures.add(EMPTY_DIRECTIVE)
        else:
            name, state, text = value[first:at].lower(), "none", b""
            directives.append((name, state, text, first, at))
            equals = at if strict else run(OWS, at)
            if equals < end and value[equals] == ord("="):
                after = equals + 1 if strict else run(OWS, equals + 1)
                if equals != at or after != equals + 1:
                    field.departures.add(SPACE_AROUND_EQUALS)
                at = after
                if at < end and value[at] == ord('"'):
                    at, text = quoted(value, at, end)
                    state = "quoted"
                else:
                    last = run(TCHAR, at)
                    if last == at:
                        raise Fault("malformed", at, "VALUE")
                    state, text = "token", value[at:last]
                    at = last
            directives[-1] = (name, state, text, first, at)
        at = run(OWS, at)
        if at < end and value[at] != ord(";"):
            raise Fault("malformed", at, "SEP")
        if len(directives) > DIRECTIVES_MAX:
            raise Fault("limit", ANY)
        if at == end:
            return
        at = run(OWS, at + 1)


def quoted(value, at, end):
    """The text of the quoted-string at at, and where it ends."""
    plain = PLAIN.match(value, at, end)
    if plain:
        return plain.end(), plain.group(1)
    at += 1
    text = bytearray()
    while at < end and value[at] != ord('"'):
        if value[at] == ord("\\"):
            if at + 1 >= end or value[at + 1] not in QPAIR:
                raise Fault("malformed", Span(at, at + 1), "QUOTE")
            at += 1
        elif value[at] not in QDTEXT:
            raise Fault("malformed", at, "QUOTE")
        text.append(value[at])
        at += 1
    if at >= end:
        raise Fault("malformed", at, "QUOTE")
    return at + 1, bytes(text)


def read_pin(text, strict, where, field):
    """The 32 octets of a pin in base64 (2.1.1, 2.4)."""
    sound = re.fullmatch(
        rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
        text)
    if not sound:
        raise Fault("bad-pin", where)
    octets = base64.b64decode(text)
    canonical = base64.b64encode(octets) == text
    if not text:
        raise Fault(OneOf("bad-pin", "pin-length"), where)
    if len(octets) != 32:
        raise Fault("pin-length" if canonical or not strict
                    else OneOf("bad-pin", "pin-length"), where)
    if not canonical:
        if strict:
            raise Fault("bad-pin", where)
        field.departures.add(PAD_BITS)
    return octets


def usable_uri(text):
    """The address for reports, None if it cannot be used, or ANY."""
    if not re.fullmatch(rb"[\x21-\x7e]+", text):
        return None
    match = re.fullmatch(rb"(?i:https?)://([^/?#]*)([^#]*)(#.*)?", text)
    if not match:
        return None
    authority, fragment = match.group(1), match.group(3) or b""
    whole = text[:len(text) - len(fragment)]
    if b"@" in authority:
        return None
    host, port = re.fullmatch(rb"(\[.*\]|.*?)(:[0-9]*)?", authority).groups()
    if not host or len(whole) > URI_MAX:
        return None
    if not host.isascii() or canonical(host)[0] not in (NAME, ADDRESS) or (port and not port[1:]) or \
            (port and int(port[1:]) not in range(1, 65536)) or \
            (fragment and len(text) > URI_MAX):
        return ANY  # what a host and a port are is not said
    return whole


def parse(value, report_only, strict):
    """A Field, or a Fault is raised."""
    field = Field()
    seen = set()
    for name, state, text, first, last in lex(value, strict, field):
        where = Span(first, last)
        if name in (b"max-age", b"includesubdomains", b"report-uri"):
            if name in seen:
                raise Fault("duplicate", where)
            seen.add(name)
        if name == b"max-age":
            if state == "none" or not re.fullmatch(rb"[0-9]+", text):
                raise Fault("bad-max-age", where)
            digits = text.lstrip(b"0") or b"0"
            field.max_age = (MAX_AGE_MAX if len(digits) > 10
                             else min(int(digits), MAX_AGE_MAX))
        elif name == b"includesubdomains":
            if state != "none":
                raise Fault("valued-include-subdomains", where)
            field.include_subdomains = True
        elif name == b"report-uri":
            if state == "none":
                raise Fault("valueless-report-uri", where)
            field.report_uri = usable_uri(text)
        elif name.startswith(b"pin-") and len(name) > 4:
            if state != "quoted":
                raise Fault("unquoted-pin", where)
            if name == b"pin-sha256":
                pin = read_pin(text, strict, where, field)
                if pin not in field.pins:
                    if len(field.pins) == PINS_MAX:
                        raise Fault("limit", ANY)
                    field.pins.append(pin)
    if field.max_age is None and not report_only:
        raise Fault(OneOf("no-max-age", "empty") if not seen and
                    not field.pins else "no-max-age", ANY)
    return field


def plan(field, report_only, chain):
    """(action, reason) of a sound field; chain None: not to be judged."""
    if report_only:
        if field.report_uri is None:
            return "ignore", "no-report-uri"
        if not field.pins:
            return "ignore", "no-pins"
        if chain is None:
            return OneOf("pass", "report"), "not-judged"
        if set(field.pins) & set(chain):
            return "pass", "ok"
        return "report", OneOf("no-match", "ok")
    if field.max_age == 0:
        return "remove", "ok"
    if not field.pins:
        return "unpin", "no-pins"
    if chain is None:
        return "note", "not-judged"
    if not set(field.pins) & set(chain):
        return "ignore", "no-match"
    if not set(field.pins) - set(chain):
        return "ignore", "no-backup"
    return "note", "ok"


def lint(value, report_only, strict, cap, chain, host):
    """What pinstore_lint() has to say, as the driver prints it."""
    # A field over several lines is one line; offsets stay (RFC 7230, 3.2.4).
    value = re.sub(rb"\r?\n(?=[ \t])", lambda m: b" " * len(m.group()), value)
    kind, name = (None, None) if host is None else canonical(host)
    if kind == BAD:
        return {"status": HOST}
    nothing = {"max_age": -1, "max_age_sent": -1, "include_subdomains": False,
               "report_uri": None, "pins": [], "offset": None, "rule": "ok"}
    try:
        field = parse(value, report_only, strict)
    except Fault as fault:
        return dict(nothing, action="ignore", reason=fault.reason,
                    rule=fault.rule or "ok", offset=fault.offset,
                    departures=ANY)
    action, reason = plan(field, report_only, chain)
    sent = -1 if field.max_age is None else field.max_age
    on_suffix = kind == NAME and is_suffix(name)
    if on_suffix and field.include_subdomains:
        field.departures.add(SUFFIX)
    uri = field.report_uri
    if isinstance(uri, bytes):
        uri = uri.decode("ascii")
    elif uri is ANY:
        # Whether it is usable decides about a Report-Only field.
        action, reason = (ANY, ANY) if report_only else (action, reason)
    return dict(nothing, action=action, reason=reason, max_age_sent=sent,
                max_age=min(sent, cap) if cap else sent,
                include_subdomains=field.include_subdomains and not on_suffix,
                report_uri=uri, pins=[p.hex() for p in field.pins],
                departures=Departures(field.departures))


class Departures:
    """Where the default is wider than the ABNF, and the public suffixes."""

    def __init__(self, words):
        self.words = words

    def __eq__(self, other):
        return set(other) & set(DEPARTURES) == self.words

    def __repr__(self):
        return repr(sorted(self.words))


# ---------------------------------------------------------------- host names

FORBIDDEN = set(range(0x21)) | {0x7f} | set(b'"#%/:<>?@[\\]^{|}`')
LABEL = re.compile(rb"[a-z0-9_-]{1,63}")
NAME, ADDRESS, BAD = "name", "address", "bad"

# Letters whose mapping is known without tables: the lower-case form is valid
# in IDNA2008, and nothing but upper case is mapped to it.
LETTERS = (set(map(chr, range(0xdf, 0x100))) - {"\u00f7"}) \
    | set(map(chr, range(0x3b1, 0x3ca))) | set(map(chr, range(0x430, 0x450))) \
    | set("\u4e2d\u6587\u65e5\u672c\u304b\u306a")
UPPER = {c: c.lower() for c in
         [chr(i) for i in (*range(0xc0, 0xd7), *range(0xd8, 0xdf),
                           *range(0x391, 0x3a2), *range(0x3a3, 0x3aa),
                           *range(0x410, 0x430))]}
MARKS = {"\u0300", "\u0301", "\u0308"}
DOTS = {"\u3002", "\uff0e", "\uff61"}
DROPPED = {"\u00ad"}
NEVER = {"\u2603", "\u200d", "\u200c"}  # no context here allows the joiners


def canonical(text):
    """(kind, canonical octets); kind is ANY where nothing is said."""
    if text[:1] == b"[" or b":" in text:
        return address6(text)
    if any(c in FORBIDDEN for c in text):
        return BAD, b""
    if all(c < 0x80 for c in text):
        return ascii_name(text)
    mapped = map_name(text)
    if mapped is None:
        return BAD, b""
    if mapped is ANY:
        return ANY, ANY
    if any(c in FORBIDDEN for c in mapped):
        return BAD, b""
    return ascii_name(mapped)


def address6(text):
    if text[:1] == b"[":
        if text[-1:] != b"]":
            return BAD, b""
        inner = text[1:-1]
        if re.fullmatch(rb"[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+",
                        inner):
            return ADDRESS, text.lower()
    else:
        inner = text
    plain, percent, zone = inner.partition(b"%")
    try:
        socket.inet_pton(socket.AF_INET6, plain.decode("ascii"))
    except (OSError, ValueError):
        return BAD, b""
    if percent and not re.fullmatch(rb"[A-Za-z0-9._~-]+|25[A-Za-z0-9._~-]+",
                                    zone):
        return ANY, ANY  # what a zone is made of is not said
    # A zone is the name of an interface, in which case counts.
    at = text.find(b"%") if percent else len(text)
    return ADDRESS, text[:at].lower() + text[at:]


def ascii_name(text):
    text = text.lower()
    if text[-1:] == b".":
        text = text[:-1]
    if not 1 <= len(text) <= 253:
        return BAD, b""
    labels = text.split(b".")
    if not all(LABEL.fullmatch(label) for label in labels):
        return BAD, b""
    if re.fullmatch(rb"[0-9]+|0x[0-9a-f]*", labels[-1]):
        return ADDRESS, text
    return NAME, text


def map_name(text):
    """IDNA2008 for the letters above: octets, None for no, ANY for unsure."""
    try:
        chars = text.decode("utf-8")
    except UnicodeDecodeError:
        return None
    mapped = ""
    for c in chars:
        if c in NEVER:
            return None
        if c in DROPPED:
            continue
        if c in DOTS:
            c = "."
        elif "\uff01" <= c <= "\uff5e":
            c = chr(ord(c) - 0xff01 + 0x21)
        c = UPPER.get(c, c)
        if c.isascii():
            c = c.lower()
        elif c not in LETTERS and c not in MARKS:
            return ANY
        mapped += c
    mapped = unicodedata.normalize("NFC", mapped)
    if any(not c.isascii() and c not in LETTERS and c not in MARKS
           for c in mapped):
        return ANY
    labels = [map_label(label) for label in mapped.split(".")]
    if any(label is None for label in labels):
        return None
    if any(label is ANY for label in labels):
        return ANY
    joined = b".".join(labels)
    if len(joined) == 254 and joined[-1:] == b".":
        return ANY  # whether the final dot counts is for the library of IDNA
    return joined


def map_label(label):
    if not label:
        return b""  # refused later, but for a final dot
    if label[0] == "-" or label[-1] == "-":
        return None
    if label.isascii():
        if any(ord(c) in FORBIDDEN for c in label):
            return None
        if label.startswith("xn--"):
            try:
                u_label = label[4:].encode("ascii").decode("punycode")
            except UnicodeError:
                return ANY
            if u_label and all(c in LETTERS or c in
                               "abcdefghijklmnopqrstuvwxyz0123456789"
                               for c in u_label) and not u_label.isascii() \
                    and map_label(u_label) == label.encode("ascii"):
                return label.encode("ascii")
            return ANY
        if label[2:4] == "--":
            return None
        if not re.fullmatch(r"[a-z0-9-]+", label):
            return ANY
        return label.encode("ascii")
    if label[2:4] == "--" or label[0] in MARKS:
        return None
    if not all(c in LETTERS or c in MARKS or
               re.fullmatch(r"[a-z0-9-]", c) for c in label):
        return ANY
    encoded = b"xn--" + label.encode("punycode")
    return encoded if len(encoded) <= 63 else None


# ---------------------------------------------------------------- the store

NEVER_EXPIRES = 2 ** 63 - 1
LEAST, MOST = -2 ** 63, 2 ** 63 - 1
DAY = 86400
CONFIGURED, LEARNED, SYSTEM = "configured", "learned", "system"
LAYERS = (CONFIGURED, LEARNED)
OK, ARG, HOST, UNFIT, NOTFOUND, CHAIN = 0, -1, -3, -5, -6, -7
UNDATED = LEAST
SOURCES = {"header": 1, "tofu": 2, "static": 4}
# What the public suffix list says of the names that are used here; all else is
# below a suffix of one label.
SUFFIXES = {b"github.io", b"co.uk"}


def saturated(sum_of_times):
    return max(LEAST, min(MOST, sum_of_times))


def end_of(now, lifetime):
    """The last second of a learned entry, which is never without one."""
    return min(saturated(now + lifetime), NEVER_EXPIRES - 1)


def raised(mark, now):
    """A write that is far ahead takes the high-water mark 60 days further."""
    return now if mark == LEAST else \
        max(mark, min(now, saturated(mark + 60 * DAY)))


def is_suffix(name):
    return b"." not in name or name in SUFFIXES


def registrable(name):
    """The domain that a host's owner has registered; a suffix is its own."""
    labels = name.split(b".")
    for i in range(len(labels)):
        if is_suffix(b".".join(labels[i:])):
            return b".".join(labels[max(i - 1, 0):])
    raise AssertionError("every name ends in a suffix")


def ancestors(name):
    """name and what it lies below, nearest first."""
    labels = name.split(b".")
    return [b".".join(labels[i:]) for i in range(len(labels))]


def order(name):
    return b".".join(reversed(name.split(b".")))


class Entry:
    def __init__(self, **fields):
        self.__dict__.update(fields)

    def is_live(self, now):
        return now <= self.expires

    def satisfied_by(self, chain):
        return bool(set(self.pins) & set(chain or []))

    def told(self, host, layer):
        return {"host": host.decode("ascii"), "layer": layer,
                "source": self.source, "mode": self.mode,
                "include_subdomains": self.include_subdomains,
                "pins": sorted(p.hex() for p in self.pins),
                "noted": self.noted, "updated": self.updated,
                "expires": self.expires, "max_age_sent": self.max_age_sent,
                "report_uri": self.report_uri, "note": self.note}


class Outcome:
    """What is answered, and what it does to the store."""

    def __init__(self, answer, effect=None, optional=()):
        self.answer, self.effect = answer, effect or (lambda: None)
        self.is_inert = effect is None
        self.optional = set(optional)  # entries that may be gone by now


# What trust on first use answers, where nothing is remembered.
IGNORED = {"status": OK, "action": "ignored", "reason": "ok", "expires": ANY}


def stricter(own, below):
    """Both must be satisfied, and each is let through by itself alone."""
    verdicts, reasons = set(), []
    for one in values(own[0]):
        for other in values(below[0]):
            verdicts.add([v for v in ("reject", "bypassed", "matched",
                                      "unpinned") if v in (one, other)][0])
    for verdict, reason, *_ in own, below:
        if verdicts & set(values(verdict)):
            reasons += values(reason)
    violations = {bool(one or other) for one in values(own[2])
                  for other in values(below[2])}
    return OneOf(*sorted(verdicts)), OneOf(*reasons), OneOf(*violations)


class Told(OneOf):
    """Several answers; the one that came is kept."""

    def __init__(self, *values):
        super().__init__(*values)
        self.came = values[0]

    def __eq__(self, other):
        is_one = other in self.values
        if is_one:
            self.came = other
        return is_one

    __hash__ = None


SKIPPED = {"double", "older", "looser"}


class Checked:
    def __init__(self, host, chain, verdict):
        self.host, self.chain, self.verdict = host, chain, verdict


# What stores and handles can set: the default and the largest value.
SETTINGS = {"cap": (5184000, 2 ** 31), "slack": (100, 10000),
            "per_domain": (200, 2 ** 40), "total": (1000000, 2 ** 40),
            "suffix_rule": (1, 1)}


class Store:
    def __init__(self, strict=False, cap=None, slack=None, per_domain=None,
                 total=None, suffix_rule=None):
        self.strict = strict
        # What the opener of the handle has set, and what the store has.
        self.options = dict(zip(SETTINGS, (cap, slack, per_domain, total,
                                           suffix_rule)))
        self.settings = dict.fromkeys(SETTINGS)
        self.entries = {}  # (name, layer): Entry
        # What the high-water mark of the clock may be: several, where it is
        # not said whether some call wrote.
        self.marks = {LEAST}
        self.results = {}
        self._source = None
        self.searched = None  # when room was looked for in all of the store
        self.revoked, self.anchors = set(), set()
        self.bypasses = {}  # name: (subdomains, start, end)
        # The system's store, and the one of which it is a copy.
        self.below = None

    def holds(self, name):
        """The option, else the setting, else the default."""
        for value in self.options[name], self.settings[name]:
            if value is not None:
                return value
        return SETTINGS[name][0]

    cap = property(lambda self: self.holds("cap"))
    slack = property(lambda self: self.holds("slack"))
    per_domain = property(lambda self: self.holds("per_domain"))
    total = property(lambda self: self.holds("total"))
    suffix_rule = property(lambda self: self.holds("suffix_rule"))

    @property
    def source(self):
        if self._source is None:
            self._source = Store()
        return self._source

    # -- judging (2.6)

    def let_through(self, name, chain, now):
        """Why pins are not enforced, if they are not."""
        why = []
        if chain and chain[-1] in self.anchors:
            why.append("local-anchor")
        for at in ancestors(name):
            subdomains, start, end = self.bypasses.get(at, (False, 1, 0))
            if start <= now <= end and (at == name or subdomains):
                why.append("bypass")
        return why

    def all_let_through(self, name, chain, now):
        return [why for store in self.stores()
                for why in store.let_through(name, chain, now)]

    def all_revoked(self):
        return set().union(*(store.revoked for store in self.stores()))

    def applicable(self, name, layer, now):
        """(enforcing, reporting): (name, entry) or None each."""
        reporting = None
        for at in ancestors(name):
            entry = self.entries.get((at, layer))
            if entry is None or not entry.is_live(now):
                continue
            if at != name and not entry.include_subdomains:
                continue
            if entry.mode == "enforce":
                return (at, entry), reporting
            if reporting is None:
                reporting = (at, entry)
        return None, reporting

    def stores(self):
        """This one, and the system's below it."""
        return [self] + ([self.below] if self.below else [])

    def passes(self, name, chain, now):
        for store in self.stores():
            for layer in LAYERS:
                enforcing, _ = store.applicable(name, layer, now)
                if enforcing and not enforcing[1].satisfied_by(chain):
                    return False
        return True

    def judge(self, name, kind, chain, now):
        """What this store alone says: verdict, reason, violation, layers."""
        def told(layer, found, reporting):
            if found is None:
                return {"layer": layer, "host": None, "source": None,
                        "matched": None, "report_host": reporting and
                        reporting[0].decode("ascii")}
            at, entry = found
            first = [(i, p) for i, p in enumerate(chain or [])
                     if p in entry.pins][:1]
            return {"layer": layer, "host": at.decode("ascii"),
                    "source": entry.source,
                    "matched": [first[0][1].hex(), first[0][0]]
                    if first else None,
                    "report_host": reporting and reporting[0].decode("ascii")}

        layers, enforcing, reporting = [], [], []
        for layer in LAYERS:
            found, beside = (None, None) if kind == ADDRESS else \
                self.applicable(name, layer, now)
            layers.append(told(layer, found, beside))
            enforcing += [found] if found else []
            reporting += [beside] if beside else []
        if not enforcing:
            verdict = "unpinned"
            reason = "address" if kind == ADDRESS else \
                OneOf("no-entry", "report-mode") if reporting else "no-entry"
        elif all(e.satisfied_by(chain) for _, e in enforcing):
            verdict, reason = "matched", "pin-in-chain"
        else:
            verdict = "reject"
            reason = "no-chain" if chain is None else \
                "no-pin-in-chain" if chain else \
                OneOf("no-chain", "no-pin-in-chain")
        violation = any(not e.satisfied_by(chain) for _, e in reporting)
        why = [] if kind == ADDRESS else self.let_through(name, chain, now)
        if why:
            if not chain:
                # Without a chain there is nothing to be let through.
                verdict = OneOf(verdict, "bypassed")
                reason = OneOf(reason, *why)
            else:
                verdict, reason = "bypassed", OneOf(*why)
            violation = violation or any(not e.satisfied_by(chain)
                                         for _, e in enforcing)
            violation = violation if chain else OneOf(violation, False)
        return verdict, reason, violation, layers, reporting

    def check(self, slot, text, chain, now):
        kind, name = canonical(text)
        if kind == BAD:
            return [Outcome({"status": HOST},
                            lambda: self.results.pop(slot, None))]
        if kind is ANY:
            return [Outcome(ANY, lambda: self.results.pop(slot, None))]

        judged = [store.judge(name, kind, chain, now)
                  for store in self.stores()]
        verdict, reason, violation, layers, reporting = judged[0]
        if self.below:
            # Its learned entries are none.
            layers = layers + judged[1][3][:1]
            reporting = reporting + judged[1][4]
            verdict, reason, violation = stricter(judged[0], judged[1])
        if any(store.revoked & set(chain or []) for store in self.stores()):
            verdict, reason, violation = "reject", "revoked", ANY
        checked = Checked(name if kind == NAME else None, chain, verdict)

        def effect():
            self.results[slot] = checked
            if verdict != "unpinned" or kind == ADDRESS or reporting:
                # A record of it is written, at most once an hour.
                self.may_write(now)

        return [Outcome({"status": OK, "host": name.decode("ascii"),
                         "verdict": verdict, "reason": reason,
                         "violation": violation, "layers": layers}, effect)]

    def lookup(self, text, now):
        kind, name = canonical(text)
        if kind == BAD:
            return [Outcome({"status": HOST})]
        if kind is ANY:
            return [Outcome(ANY)]
        steps, applies = [], False
        places = [(self, layer) for layer in LAYERS] + \
            [(store, CONFIGURED) for store in self.stores()[1:]]
        for store, layer in places if kind == NAME else ():
            enforcing, reporting = store.applicable(name, layer, now)
            applies = applies or enforcing is not None
            for at in ancestors(name):
                entry = store.entries.get((at, layer))
                covers = entry is not None and entry.is_live(now) and \
                    (at == name or entry.include_subdomains)
                used = covers and any(f and f[0] == at
                                      for f in (enforcing, reporting))
                if entry is None:
                    why = "no-entry"
                elif used:
                    # An entry in report mode is used, yet beside.
                    why = ("exact-name" if at == name else "covers-subdomains") \
                        if entry.mode == "enforce" else ANY
                elif covers:
                    why = "nearer-entry"
                else:
                    why = OneOf(*(["nearer-entry"] +
                                  ["expired"] * (not entry.is_live(now)) +
                                  ["no-include-subdomains"] *
                                  (at != name and
                                   not entry.include_subdomains)))
                steps.append({
                    "layer": layer, "name": at.decode("ascii"),
                    "found": entry is not None,
                    "expired": entry is not None and not entry.is_live(now),
                    "include_subdomains":
                    entry is not None and entry.include_subdomains,
                    "applies": used if not used or entry.mode == "enforce"
                    else ANY,
                    "why": why})
        return [Outcome({"status": OK, "host": name.decode("ascii"),
                         "verdict": ANY if kind == NAME and
                         self.all_let_through(name, None, now) else
                         "reject" if applies else "unpinned",
                         "steps": steps})]

    # -- learning (2.3.1, 2.3.3, 2.5)

    def wrote(self, now):
        self.marks = {raised(mark, now) for mark in self.marks}

    def may_write(self, now):
        self.marks |= {raised(mark, now) for mark in self.marks}

    def put(self, name, layer, entry, now):
        self.entries[name, layer] = entry
        self.wrote(now)

    def drop(self, keys, now):
        for key in keys:
            del self.entries[key]
        self.wrote(now)

    def long_expired(self, now):
        """Learned entries that a write may remove, to make room or by chance."""
        return {key for key, e in self.entries.items()
                if key[1] == LEARNED and saturated(e.expires + 7 * DAY) <= now}

    def room(self, name, now):
        """Whether one more entry fits; OneOf where that is not said."""
        def fits(is_counting):
            names = [n for (n, layer), e in self.entries.items()
                     if layer == LEARNED and n != name and is_counting(e)]
            return len(names) < self.total and self.per_domain > sum(
                registrable(n) == registrable(name) for n in names)

        # A store that is full as a whole is searched once an hour at most.
        before, is_full = self.searched, len(
            {n for n, layer in self.entries if layer == LEARNED and
             n != name}) >= self.total
        if is_full and (before is None or not 0 <= now - before < 3600):
            self.searched = now
        elif is_full:
            return OneOf(False, fits(
                lambda e: saturated(e.expires + 7 * DAY) > now))
        # Nothing is given up on the word of a clock that may run ahead.
        if saturated(min(self.marks) + 60 * DAY) < now and \
                not fits(lambda e: True):
            return OneOf(False, fits(
                lambda e: saturated(e.expires + 7 * DAY) > now))
        return OneOf(fits(lambda e: saturated(e.expires + 7 * DAY) >= now),
                     fits(lambda e: saturated(e.expires + 7 * DAY) > now))

    def settle(self, left, optional):
        """Whether these entries are what should be left; the optional go."""
        keys = {(host.encode("ascii"), layer) for layer, host in left}
        gone = set(self.entries) - keys
        for key in gone & optional:
            del self.entries[key]
        return gone <= optional and keys <= set(self.entries)

    def note(self, slot, now, fields):
        checked = self.results.get(slot)
        if checked is None:
            return [Outcome({"status": None})]
        first = {}
        for kind, value in fields:
            first.setdefault(kind, value)
        if "pkp-ro" in first:
            # A report of it may be queued, whatever becomes of the rest.
            self.may_write(now)
        answer = {"status": OK, "action": "ignored", "reason": "ok",
                  "rule": "ok", "offset": 0, "expires": ANY,
                  "ignored_fields": len(fields) - len(first),
                  "suffix_rule": False, "clock_went_back": False}
        if checked.chain is None:
            return [Outcome({"status": CHAIN})]
        if checked.host is None:
            return [Outcome(dict(answer, reason=OneOf(
                "address", "revoked", "pin-mismatch",
                *["report-only"] * ("pkp" not in first))))]
        if "pkp" not in first:
            return [Outcome(dict(answer, reason=OneOf(
                "report-only", *["pin-mismatch", "bypassed", "revoked"] *
                (checked.verdict not in ("unpinned", "matched")))))]
        if checked.verdict != "unpinned" and checked.verdict != "matched":
            return [Outcome(dict(answer, reason=OneOf(
                "pin-mismatch", "bypassed", "revoked")))]
        let_through = self.all_let_through(checked.host, checked.chain, now)
        is_revoked = bool(self.all_revoked() & set(checked.chain))
        if let_through or is_revoked or \
                not self.passes(checked.host, checked.chain, now):
            mismatch = [Outcome(dict(answer, suffix_rule=ANY, reason=OneOf(
                "pin-mismatch", *["bypassed"] * bool(let_through),
                *["revoked"] * is_revoked)))]
        else:
            mismatch = []
        try:
            field = parse(first["pkp"], False, self.strict)
        except Fault as fault:
            # Of two reasons to ignore it either may be told.
            return mismatch + [Outcome(dict(answer, reason=fault.reason,
                                            rule=fault.rule or "ok",
                                            offset=fault.offset))]
        outcomes = self.note_field(checked, field, now, dict(answer))
        if mismatch:
            return mismatch + [o for o in outcomes if o.is_inert]
        return outcomes

    def trust(self, slot, now):
        """The leaf's key on first use, without an end."""
        checked = self.results.get(slot)
        if checked is None:
            return [Outcome({"status": None})]
        if not checked.chain:
            # An address is ignored, and a chain is wanted: either may come.
            either = [Outcome({"status": CHAIN})]
            if checked.host is None:
                either.append(Outcome(dict(IGNORED, reason=OneOf(
                    "address", "revoked", "pin-mismatch"))))
            return either
        if checked.host is None:
            return [Outcome(dict(IGNORED, reason=OneOf(
                "address", "revoked", "pin-mismatch")))]
        if checked.verdict not in ("unpinned", "matched"):
            return [Outcome(dict(IGNORED, reason=OneOf(
                "pin-mismatch", "bypassed", "revoked")))]
        name = checked.host
        known = [found for store in self.stores() for layer in LAYERS
                 for found in store.applicable(name, layer, now) if found]
        why = self.all_let_through(name, checked.chain, now)
        is_revoked = bool(self.all_revoked() & set(checked.chain))
        outcomes = []
        if why or is_revoked:
            outcomes.append(Outcome(dict(IGNORED, reason=OneOf(
                "pin-mismatch", *["bypassed"] * bool(why),
                *["revoked"] * is_revoked))))
        elif known:
            # Or it is refused now, by what came in between.
            outcomes.append(Outcome(dict(IGNORED, action="unchanged",
                                         reason=ANY, expires=ANY)))
            if not self.passes(name, checked.chain, now):
                outcomes.append(Outcome(dict(IGNORED,
                                             reason="pin-mismatch")))
        if outcomes:
            return outcomes
        new = Entry(source="tofu", mode="enforce", pins=[checked.chain[0]],
                    include_subdomains=False, noted=now, updated=now,
                    expires=NEVER_EXPIRES, max_age_sent=-1, note=None,
                    report_uri=None)
        done = Outcome(dict(IGNORED, action="noted", reason="ok",
                            expires=NEVER_EXPIRES),
                       lambda: self.put(name, LEARNED, new, now),
                       self.long_expired(now) - {(name, LEARNED)})
        # Room was made, and was not enough.
        full = Outcome(dict(IGNORED, reason="full"), None, done.optional)
        room = self.room(name, now)
        if (name, LEARNED) in self.entries:
            if (name, LEARNED) not in self.long_expired(now):
                return [done]
            room = OneOf(True, *room.values)
        return [done] * (True == room) + [full] * (False == room)

    def setting(self, name, value, now):
        def effect():
            self.settings[name] = value
            self.may_write(now)

        if value is not None and not 0 <= value <= SETTINGS[name][1]:
            return [Outcome({"status": ARG})]
        return [Outcome({"status": OK}, effect)]

    def setting_get(self, name):
        return [Outcome({"status": OK, "value": int(self.holds(name)),
                         "is_set": self.settings[name] is not None})]

    def note_field(self, checked, field, now, answer):
        name = checked.host
        old = self.entries.get((name, LEARNED))
        if old is not None and old.source != "header":
            old = None
        action, reason = plan(field, False, checked.chain)
        ignored = dict(answer, suffix_rule=ANY)
        if old is None and action in ("remove", "unpin"):
            return [Outcome(dict(ignored, reason=ANY, expires=0,
                                 action=OneOf("ignored", "unchanged")))]
        if old is not None and 0 < old.noted - now <= 60:
            return [Outcome(dict(ignored, reason="older" if action != "ignore"
                                 else OneOf("older", reason)))]
        if action in ("remove", "unpin"):
            return [Outcome(dict(ignored, action="removed", reason=reason,
                                 expires=0),
                            lambda: self.drop([(name, LEARNED)], now))]
        if action == "ignore":
            return [Outcome(dict(ignored, reason=reason))]
        return self.note_policy(name, old, field, now, answer)

    def note_policy(self, name, old, field, now, answer):
        lifetime = min(field.max_age, self.cap) if self.cap else field.max_age
        subdomains = field.include_subdomains
        dropped = subdomains and self.suffix_rule and is_suffix(name)
        uri = field.report_uri
        new = Entry(source="header", mode="enforce", pins=field.pins,
                    include_subdomains=subdomains and not dropped,
                    noted=now, updated=now, expires=end_of(now, lifetime),
                    max_age_sent=field.max_age, note=None,
                    report_uri=uri.decode("ascii")
                    if isinstance(uri, bytes) else uri)
        answer.update(suffix_rule=dropped, expires=new.expires,
                      clock_went_back=old is not None and old.noted > now)
        is_as_before = old is not None and same_rule(old, new) and \
            old.max_age_sent == new.max_age_sent
        if is_as_before:
            # Not told: when it changed, if that lies in the future now.
            times = values(old.updated)
            new.updated = OneOf(*times, *[now] * (max(times) > now))
        unchanged = Outcome(dict(answer, action="unchanged", expires=ANY
                                 if old is None else old.expires))
        done = Outcome(dict(answer, action="noted" if old is None
                            else "updated"),
                       lambda: self.put(name, LEARNED, new, now),
                       self.long_expired(now) - {(name, LEARNED)})
        full = Outcome(dict(answer, reason="full", suffix_rule=ANY,
                            expires=ANY, clock_went_back=ANY), None,
                       done.optional)
        if is_as_before and old.noted <= now and old.is_live(now) and \
                old.expires == end_of(old.noted, lifetime):
            share = min(lifetime * self.slack / 10000, 3600)
            if now > old.noted and old.expires == new.expires:
                # No later end can be written: one life is shorter.
                return [done, unchanged]
            if now - old.noted < int(share):
                return [unchanged]
            if now - old.noted < share or now == old.noted:
                return [done, unchanged]
        if (name, LEARNED) in self.entries and \
                (name, LEARNED) not in self.long_expired(now):
            return [done]
        room = self.room(name, now)
        if old is not None:
            room = OneOf(True, *room.values)
        return [done] * (True == room) + [full] * (False == room)

    # -- the operator

    def pin(self, text, now, pins, subdomains, mode, expires, uri, note,
            no_backup):
        kind, name = canonical(text)
        distinct = list(dict.fromkeys(pins))
        kept = None if uri is None else usable_uri(uri)
        is_wrong = not distinct or len(distinct) > PINS_MAX or \
            (len(distinct) == 1 and not no_backup) or expires < now or \
            (uri is not None and kept is None) or \
            (note is not None and len(note) > 256)
        if kind is ANY or kept is ANY:
            return [Outcome(ANY)]
        if kind != NAME or is_wrong:
            return [Outcome({"status": OneOf(*[HOST] * (kind != NAME),
                                             *[ARG] * is_wrong)})]
        old = self.entries.get((name, CONFIGURED))
        new = Entry(source="static", mode=mode, pins=distinct,
                    include_subdomains=subdomains, noted=now, updated=now,
                    expires=expires, max_age_sent=-1,
                    report_uri=kept and kept.decode("ascii"),
                    note=note.decode("latin-1") if note else None)
        if old is not None:
            new.updated = OneOf(*values(old.updated), now) \
                if same_rule(old, new) else now
        return [Outcome({"status": OK},
                        lambda: self.put(name, CONFIGURED, new, now))]

    # -- import

    def import_items(self, flags, now, items):
        """Each item: host, source, mode, subdomains, pins, noted, expires,
        max-age, uri, is_part; UNDATED is now."""
        groups, fates, made = {}, [None] * len(items), {}
        for i, item in enumerate(items):
            name = canonical(item[0])[1]
            layer = CONFIGURED if item[1] == SOURCES["static"] else LEARNED
            dated = (item[1:5] + (now if item[5] == UNDATED else item[5],) +
                     item[6:])
            groups.setdefault((name, layer), []).append((i, dated))
        for key, group in groups.items():
            fate, entry = self.fate(key, [item for _, item in group],
                                    bool(flags & 2), now)
            made[key] = fate, entry
            for i, _ in group:
                fates[i] = fate
        answer = {"status": OK, "fates": fates}

        def effect():
            written = False
            for (name, layer), (fate, entry) in made.items():
                if fate.came in ("added", "updated"):
                    old = self.entries.get((name, layer))
                    if old is not None and same_rule(old, entry):
                        entry.updated = OneOf(*values(old.updated),
                                              entry.noted, now)
                    self.entries[name, layer] = entry
                    written = True
            (self.wrote if written else self.may_write)(now)

        is_dry = bool(flags & 1)
        done = Outcome(answer, (lambda: None) if is_dry else effect,
                       () if is_dry else self.long_expired(now))
        outcomes = []
        if not flags & 4 or all(set(f.values) - SKIPPED for f in fates):
            outcomes.append(done)
        if flags & 4 and any(set(f.values) & SKIPPED for f in fates):
            outcomes.append(Outcome({"status": UNFIT}))
        return outcomes

    def fate(self, key, group, is_forced, now):
        """What comes of the items of one host and layer, and the entry."""
        name, layer = key
        source, mode, subdomains, pins, noted, expires, age, uri, is_part = \
            group[0]
        for other in group[1:]:
            is_same = other[:3] == group[0][:3] and \
                other[4] == noted and other[6:8] == (age, uri)
            if not is_same or (not is_part and (other[3] != pins or
                                                other[5] != expires)):
                return Told("double"), None
        for other in group[1:]:
            pins = pins + [p for p in other[3] if p not in pins]
            expires = max(expires, other[5])
        if layer == LEARNED and self.suffix_rule and is_suffix(name):
            subdomains = False
        new = Entry(source={v: k for k, v in SOURCES.items()}[source],
                    mode=mode, pins=pins, include_subdomains=subdomains,
                    noted=noted, updated=noted, expires=expires,
                    max_age_sent=age, note=None,
                    report_uri=uri.decode("ascii") if uri else None)
        old = self.entries.get(key)
        if old is None:
            return Told("added"), new
        is_as_before = same_rule(old, new) and old.source == new.source and \
            old.expires == expires and old.max_age_sent == age
        if layer == CONFIGURED:
            is_looser = old.is_live(now) and old.mode == "enforce" and (
                mode == "report" or not set(pins) <= set(old.pins) or
                (old.include_subdomains and not subdomains) or
                expires < old.expires)
            if is_as_before:
                return Told("unchanged", *["updated"] *
                            (old.noted != noted)), new
            return Told("looser" if is_looser and not is_forced
                        else "updated"), new
        if (old.source, new.source) == ("tofu", "header"):
            return Told("updated"), new
        if (old.source, new.source) == ("header", "tofu"):
            return Told("older", *["updated"] * (not old.is_live(now))), new
        if noted > old.noted:
            return Told("updated"), new
        return Told("unchanged", *["older"] * (old.noted != noted)) \
            if is_as_before else Told("older"), new

    # -- the system's store

    def machine(self, verb, *arguments):
        """The same of the store that is published."""
        return getattr(self.source, {"anchors": "set_anchors"}.get(
            verb, verb))(*arguments)

    def publish(self):
        """A copy of it lies below this one, which is opened anew."""
        below = Store()
        below.entries = {key: copy.copy(entry)
                         for key, entry in self.source.entries.items()}
        below.revoked = set(self.source.revoked)
        below.anchors = set(self.source.anchors)
        below.bypasses = dict(self.source.bypasses)

        def effect():
            self.below = below
            self.results.clear()

        return [Outcome({"status": OK, "hosts": len(below.entries)}, effect)]

    def show(self, text, layer):
        kind, name = canonical(text)
        if kind is ANY:
            return [Outcome(ANY)]
        if kind != NAME:
            return [Outcome({"status": HOST})]
        entry = self.entries.get((name, layer))
        if layer == SYSTEM:
            layer = CONFIGURED
            entry = self.below and self.below.entries.get((name, layer))
        if entry is None:
            return [Outcome({"status": NOTFOUND})]
        return [Outcome(dict(entry.told(name, layer), status=OK))]

    def clear(self, text, subdomains, sources, since, now):
        name = None
        if text is not None:
            kind, name = canonical(text)
            if kind is ANY:
                return [Outcome(ANY)]
            if kind != NAME:
                return [Outcome({"status": HOST})]
        keys = [(n, layer) for (n, layer), e in self.entries.items()
                if (name is None or n == name or
                    (subdomains and n.endswith(b"." + name)))
                and (sources == 0 or SOURCES[e.source] & sources)
                and e.noted >= since]
        is_whole = sources == 0 and since == LEAST
        bypasses = {n for n in self.bypasses if name is None or n == name or
                    (subdomains and n.endswith(b"." + name))}

        def effect():
            self.forget(keys, now)
            if is_whole and name is not None:
                for n in bypasses:
                    del self.bypasses[n]

        return [Outcome({"status": OK, "removed": len(keys)}, effect,
                        bypasses)]

    def settle_bypasses(self, left, optional):
        names = {host.encode("ascii") for host in left}
        gone = set(self.bypasses) - names
        for name in gone & optional:
            del self.bypasses[name]
        return gone <= optional and names <= set(self.bypasses)

    def revoke(self, pins, now):
        def effect():
            self.revoked.add(pins[0])
            self.may_write(now)

        return [Outcome({"status": OK}, effect)]

    def unrevoke(self, pins, now):
        def effect():
            self.revoked.remove(pins[0])
            self.may_write(now)

        if pins[0] not in self.revoked:
            return [Outcome({"status": NOTFOUND})]
        return [Outcome({"status": OK}, effect)]

    def set_anchors(self, pins, now):
        def effect():
            self.anchors = set(pins)
            self.may_write(now)

        return [Outcome({"status": OK}, effect)]

    def bypass(self, text, subdomains, start, end, reason, now):
        kind, name = canonical(text)
        is_wrong = not reason or end < start or end - start > 7 * DAY

        def effect():
            self.bypasses[name] = (subdomains, start, end)
            self.may_write(now)

        if kind != NAME or is_wrong:
            return [Outcome({"status": OneOf(*[HOST] * (kind != NAME),
                                             *[ARG] * is_wrong)})]
        done = Outcome({"status": OK}, effect)
        # Whether one may be over already is not said.
        return [done] + [Outcome({"status": ARG})] * (end < now)

    def bypass_end(self, text, now):
        kind, name = canonical(text)
        if kind != NAME:
            return [Outcome({"status": HOST})]
        if name not in self.bypasses:
            return [Outcome({"status": NOTFOUND})]

        def effect():
            del self.bypasses[name]
            self.may_write(now)

        return [Outcome({"status": OK}, effect)]

    def set_mode(self, text, mode, now):
        kind, name = canonical(text)
        if kind != NAME:
            return [Outcome({"status": HOST})]
        entry = self.entries.get((name, CONFIGURED))
        if entry is None:
            return [Outcome({"status": NOTFOUND})]

        def effect():
            entry.mode = mode
            entry.updated = OneOf(*values(entry.updated), now)
            self.may_write(now)

        return [Outcome({"status": OK}, effect)]

    def expire(self, before, now, dry_run, force):
        if before > now:
            return [Outcome({"status": ARG})]
        keys = [key for key, e in self.entries.items()
                if e.expires < before and e.expires != NEVER_EXPIRES]
        refused = Outcome({"status": UNFIT})
        done = Outcome({"status": OK, "removed": len(keys)},
                       (lambda: None) if dry_run else
                       lambda: self.forget(keys, now))
        if force or now <= saturated(min(self.marks) + 60 * DAY):
            return [done]
        # Nothing is lost where there is nothing, or it is only counted.
        either = dry_run or not keys or \
            now <= saturated(max(self.marks) + 60 * DAY)
        return [refused] + ([done] if either else [])

    def forget(self, keys, now):
        if keys:
            self.drop(keys, now)
        else:
            self.may_write(now)

    def list(self):
        told = [e.told(n, layer) for (n, layer), e in
                sorted(self.entries.items(), key=lambda item: (
                    order(item[0][0]), LAYERS.index(item[0][1])))]
        return [Outcome({"status": OK, "entries": told})]


def same_rule(old, new):
    return all(getattr(old, a) == getattr(new, a) for a in
               ("mode", "include_subdomains", "report_uri", "note")) and \
        set(old.pins) == set(new.pins)
