#!/usr/bin/python3
# seeds.py - make the seed corpora of the fuzz targets anew.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Writes <target>.in/ beside itself from the tables below, from the cases in
# tests/support/header_cases.h, and from tests/data.  Inputs that were added by
# hand have other names and stay.

import glob
import os
import re
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)


def write(target, name, octets):
    folder = os.path.join(HERE, "fuzz_%s.in" % target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as out:
        out.write(octets)


def write_all(target, prefix, inputs):
    for i, octets in enumerate(inputs):
        if isinstance(octets, str):
            octets = octets.encode("utf-8")
        write(target, "%s-%02d" % (prefix, i + 1), octets)


# ----------------------------------------------------------------- header

A = "BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k="
B = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
C = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="

ESCAPE = re.compile(r'\\([0-7]{1,3}|x[0-9a-fA-F]{2}|.)')


def c_string(text):
    def one(match):
        code = match.group(1)
        if code[0] in "01234567":
            return chr(int(code, 8))
        if code[0] == "x":
            return chr(int(code[1:], 16))
        return {"n": "\n", "t": "\t", "r": "\r"}.get(code, code)
    return ESCAPE.sub(one, text)


def header_cases():
    macros = {"PIN_A": A, "PIN_B": B, "PIN_C": C, "PIN_A_BARE": A[:-1],
              "PIN_B_BARE": B[:-1], "PIN_C_BARE": C[:-1]}
    with open(os.path.join(TESTS, "support", "header_cases.h")) as source:
        text = source.read()
    row = re.compile(r'\{ "(HDR-\d+)", PINSTORE_PKP(?:_RO)?,\s*'
                     r'((?:"(?:[^"\\]|\\.)*"|PIN_[A-Z_]+|\s)+),')
    part = re.compile(r'"((?:[^"\\]|\\.)*)"|(PIN_[A-Z_]+)')
    for match in row.finditer(text):
        value = ""
        for piece in part.finditer(match.group(2)):
            value += (macros[piece.group(2)] if piece.group(2)
                      else c_string(piece.group(1)))
        yield match.group(1).lower(), value.encode("latin-1")


def pin(octet):
    import base64
    return 'pin-sha256="%s"' % base64.b64encode(bytes([octet]) * 32).decode()


def header():
    cases = list(header_cases())
    assert len(cases) == 60, len(cases)
    for name, value in cases:
        write("header", name, value)
    two = 'pin-sha256="%s"; pin-sha256="%s"' % (A, B)
    write_all("header", "more", [
        "",
        "\t \t",
        ";",
        ";;;;",
        "max-age=2147483647; " + two,
        "max-age=2147483648; " + two,
        "max-age=2147483649; " + two,
        "max-age=9223372036854775808; " + two,
        "max-age=0; " + two,
        "max-age=\"\\3\\0\\0\\0\"; " + two,
        "max-age=1;" + ";".join(pin(i) for i in range(32)),
        "max-age=1;" + ";".join(pin(i) for i in range(33)),
        "max-age=1;" + ";".join(pin(i % 32) for i in range(40)),
        "max-age=1;" + "x;" * 62 + "x",
        "max-age=1;" + "x;" * 63 + "x",
        "max-age=1;" + "x;" * 64 + "x",
        "max-age=1;" + ";" * 200,
        "max-age=1;x=\"" + "y" * (8192 - 14) + "\"",
        "max-age=1;x=\"" + "y" * (8193 - 14) + "\"",
        " max-age=1;x=\"" + "y" * (8192 - 14) + "\" ",
        "max-age=1; report-uri=\"http://r.example:80/x?y#z\"; " + two,
        "max-age=1; report-uri=\"HTTPS://[::1]:1/\"; " + two,
        "max-age=1; report-uri=\"https://u@r.example/\"; " + two,
        "max-age=1; report-uri=\"https://r.example:65536/\"; " + two,
        "max-age=1; report-uri=\"https://r.example/\\\"\\\\\"; " + two,
        "max-age=1; report-uri=\"https://r.example/"
        + "x" * (1024 - 18) + "\"; " + two,
        "max-age=1; report-uri=\"https://r.example/"
        + "x" * (1025 - 18) + "\"; " + two,
        "max-age \t=\t 1 ; " + two.replace("=\"", " = \""),
        "max-age=1; pin-sha256x=\"a\"; pin-sha25=\"a\"; " + two,
        "max-age=1; includeSubDomains ; includesubdomainsx; " + two,
        "max-age=1; pin-sha256=\"" + A[:20] + "\\" + A[20:] + "\"; " + two,
        "max-age=1; pin-sha256=\"" + A + "\\",
        "max-age=1; pin-sha256=\"" + A[:-1] + "==\"",
        "max-age=1; pin-sha256=\"\"",
        "max-age=1, " + two,
        "max-age=1; " + two + "\r\nx: y",
        "max-age=1; \x7f",
        b"max-age=1; x=\"\0\"; ",
        b"max-age=1; x=\"\x80\xff\"",
    ])


# ------------------------------------------------------------------- host

def host():
    label = "abcdefghij" * 6 + "abc"
    long_name = ".".join([label] * 3)
    write_all("host", "name", [
        "pin.test", "WWW.Example.COM.", "a", "localhost", "a_b._c-.-d",
        "xn--bcher-kva.example", "XN--zzzzzz--.example", "ab--cd.example",
        "b\u00fccher.example", "B\u00dcCHER.example", "stra\u00dfe.de",
        "bu\u0308cher.example.", "\uff45xample\u3002com", "exam\u00adple.com",
        "a_b.b\u00fccher.example", "127.0.0.1.example", "1.2.3.4a", "0x7g",
        "1-", label + ".test", long_name + "." + label[:61],
        "\u4f8b\u3048.\u30c6\u30b9\u30c8",
        "\u0645\u062b\u0627\u0644.\u0625\u062e\u062a\u0628\u0627\u0631",
    ])
    write_all("host", "address", [
        "127.0.0.1", "127.1", "0x7f.1", "0X7F.1.", "0177.0.0.1", "2130706433",
        "256.0.0.1", "0x", "a.0xff", "::1", "[::1]", "[FE80::1%Eth0]",
        "fe80::1%25lo", "[::ffff:1.2.3.4]", "[v1.x]", "[VfF.a:b]",
        "\uff11\uff12\uff17.0.0.1", "127\u30021",
        "1:2:3:4:5:6:7:8",
    ])
    write_all("host", "bad", [
        "", ".", "..", "a..b", ".a", "pin.test..", "pin.test:8443", "[::1",
        "[::1]:443", "[]", "[v1.]", "::1%", ":", "a b", " a", "a\n", "a%20b",
        "user@pin.test", "a/b", "a\\b", "*.a", "a!b", b"a\0b", b"pin.test\0",
        b"\xff.a", b"\xc0\xae.a", b"\xed\xa0\x80.a", b"b\xc3",
        "\u2603.a", "\u200d.a", "\u00ad", "\uff0f.a", "\u2100.a",
        label + "d.test", long_name + "." + label[:62],
        "-b\u00fccher.a", "\u3002", "a\uff1a1",
    ])
    # as keys of the store
    write_all("host", "key", ["test.pin", "com.example.www", "1.com",
                              "com.1", "test.", "com.Example"])


# ----------------------------------------------------------------- record

ID_LAYER = {"static": 0, "header": 1, "tofu": 1}
SOURCE = {"header": 1, "tofu": 2, "static": 4}


def section(source, n_pins, mode=0, flags=0, uri=b"", note=b"", head=56,
            max_age=7776000):
    body = (b"".join(bytes([i + 1]) * 32 for i in range(n_pins)) + uri + note)
    length = (head + len(body) + 7) & ~7
    out = struct.pack("<8BHHIqqqq8x", ID_LAYER[source], SOURCE[source], mode,
                      flags, n_pins, 1, 2, head, len(uri), len(note), length,
                      1790000000, 1780000000, 1795184000, max_age)
    return (out + bytes(head - 56) + body).ljust(length, b"\0")


def record(sections, version=1, head=32, flags=0):
    body = b"".join(sections)
    out = struct.pack("<BBHIQQB7x", version, head, flags, head + len(body), 0,
                      0xa00a0c3a5e011dc7, len(sections))
    return out + bytes(head - 32) + body


def with_key(key, octets):
    return bytes([len(key)]) + key + octets


def records():
    learned = section("header", 2, flags=1, uri=b"https://r.test/")
    static = section("static", 1, note=b"made by hand")
    inputs = [
        record([]), record([learned]), record([static]),
        record([static, learned]), record([learned, static]),
        record([learned, learned]), record([section("tofu", 1, max_age=-1)]),
        record([section("header", 32, uri=b"http://r.test/" + b"x" * 1010)]),
        record([section("static", 32, note=b"n" * 256), learned]),
        record([section("header", 0)]), record([section("header", 33)]),
        record([section("header", 2, mode=1)]),
        record([section("header", 2, mode=2)]),
        record([section("header", 2, flags=2)]),
        record([section("header", 1, uri=b"a b")]),
        record([section("static", 1, note=b"a\0b")]),
        record([section("header", 1, head=64)]),
        record([learned], head=40), record([learned], flags=1),
        record([learned], flags=0x100), record([learned], version=2),
        record([learned], version=0), record([learned])[:-8],
        record([learned]) + bytes(8), record([learned])[:31], b"",
    ]
    for i, octets in enumerate(inputs):
        write("record", "entry-%02d" % (i + 1), with_key(b"test.a", octets))
    write("record", "first", with_key(b"", record([])))
    write("record", "key", with_key(b"test.an-example-of-a-long-nam", learned))
    # the sample of docs/store-format.md, with its own checksum
    sample = bytearray(record([learned]))
    sample[8:16] = bytes.fromhex("4ed1cc6695c0a8ae")
    write("record", "sample", with_key(b"test.a", bytes(sample)))


# ------------------------------------------------------------ chain, path

def data(folder, name):
    with open(os.path.join(TESTS, "data", folder, name), "rb") as source:
        return source.read()


def chain():
    for path in sorted(glob.glob(os.path.join(TESTS, "data", "spki",
                                              "*.der"))):
        name = os.path.basename(path)
        write("chain", name[:-4], data("spki", name))
    longest = ["long-leaf16"] + ["long%d" % i for i in range(16, 0, -1)]
    for name, members in {
            "chain": ["good", "intA", "rootA"],
            "chain-of-two": ["good", "intA"],
            "chain-strays": ["mitm", "intB", "rootB", "good", "intA"],
            "chain-twice": ["good", "good"],
            "chain-16": longest[:15] + ["long-root"],
            "chain-17": longest + ["long-root"],
    }.items():
        octets = b"".join(data("pki", m + ".crt.der") for m in members)
        write("chain", name, octets)
    write("chain", "chain-inherits", data("spki", "dsa-inherits.crt.der")
          + data("pki", "rootA.crt.der"))
    write("chain", "chain-cut", data("pki", "good.crt.der")
          + data("pki", "intA.crt.der")[:-1])
    write("chain", "nothing", b"")


NAMES = ["good", "intA", "rootA", "mitm", "intB", "rootB"] + \
    ["long%d" % i for i in range(1, 16)] + ["long-root", "cycle1", "cycle2"]
NONE = len(NAMES)


def run(leaf, links, end=0):
    out = bytes([NAMES.index(leaf), end])
    for cert, issuer, status in links:
        out += bytes([NAMES.index(cert),
                      NONE if issuer is None else NAMES.index(issuer), status])
    return out


def path():
    plain = [("intA", "rootA", 0), ("good", "intA", 0)]
    up = [("long%d" % i, "long%d" % (i - 1), 0) for i in range(2, 16)]
    write_all("path", "run", [
        run("good", plain), run("good", plain, 1), run("good", plain, 2),
        run("good", plain, 4), run("good", []), run("good", plain[::-1]),
        run("good", [("rootA", "rootA", 0)] + plain),
        run("good", [("intA", "rootA", 2), ("good", "intA", 0)]),
        run("good", [("intA", "rootA", 0x80), ("good", "intA", 0)]),
        run("good", [("intA", None, 0), ("good", "intA", 0)]),
        run("good", [("good", "intB", 2), ("intB", "rootB", 0)] + plain),
        run("mitm", plain + [("intB", "rootB", 0), ("mitm", "intB", 0)]),
        run("mitm", [("intB", "rootB", 0), ("mitm", "intB", 0)] + plain),
        run("cycle1", [("cycle2", "cycle1", 0), ("cycle1", "cycle2", 0)]),
        run("long15", up), run("good", up + [("good", "long15", 0)]),
        run("good", [("long1", "long-root", 0)] + up
            + [("good", "long15", 0)]),
        run("good", plain * 64), run("good", plain * 64 + plain[:1] * 128),
        run("good", plain * 128 + plain[:1]),
        run("good", [("intA", "rootB", 2)] * 200 + plain),
    ])


# Numbers are places in the table of fuzz_others.c.
def others():
    def one(settled, served, anchors=0x0f00, refused=0, passes=6, flags=0):
        return (bytes([refused, passes, flags]) +
                anchors.to_bytes(2, "little") +
                bytes([len(settled) - 1] + settled + served))
    every = list(range(1, 16))
    write_all("others", "run", [
        one([0, 1, 8], [1]), one([0, 1, 8], [1, 2]), one([0, 2, 9], [2, 1]),
        one([0, 1, 8], [1, 2], refused=1), one([0, 1, 8], [1, 2], passes=0),
        one([0, 1, 8], [1, 2], flags=1), one([0, 1, 8], [1, 2], passes=0,
                                             flags=1),
        one([0, 1, 8], [1, 3, 4, 5]), one([0, 1, 8], [1, 3, 4, 5, 2, 6, 7]),
        one([0, 1, 8], every), one([0, 1, 8], every, anchors=0xffff),
        one([0, 1, 8], every, anchors=0xffff, refused=7),
        one([0, 1, 8], every + [1]), one([0, 1, 8], every + [1, 2]),
        one([0, 1, 8], [1, 1, 2, 2, 8, 9]), one([0], [], anchors=0),
        one([0, 3, 4, 1, 8], [3, 4, 1, 5]), one([14, 15, 8], [15, 1, 2]),
        one([1, 8], [1, 1, 3, 4, 5]), one([8], [8, 9]),
    ])


# ------------------------------------------------------------------- text

def text():
    write_all("text", "pin", [
        A, "sha256//" + A, "sha256/" + A, "pin-sha256:" + A,
        'pin-sha256="%s"' % A, "06e3fd8fda29bb60ab59557de61edb0a"
        "ecdb231134be30e75b455f8e1b792fa9", "06E3" + "0" * 60,
        A[:-2] + "l=", A[:-1], "sha1//" + A, "sha256:" + A,
        'pin-sha256="%s' % A, A + " ", "pin-sha256=" + A,
    ])
    write_all("text", "when", [
        "@0", "@1790000000", "@253402300799", "@253402300800", "90", "90s",
        "15m", "12h", "30d", "2026-10-02", "2026-10-02T12:00:00Z",
        "2026-10-02t14:00:00.25+02:00", "2026-10-02 14:00:00-00:30",
        "1970-01-01T00:00:00+01:00", "9999-12-31T23:59:59Z",
        "2026-06-31", "2024-02-29", "2100-02-29", "2026-12-31T23:59:60Z",
        "2026-12-31T23:58:60Z", "2026-10-02T24:00:00Z", "1d2h", "-1", "@", "d",
        "99999999999999999999", "9223372036854775807", "9223372036854775808",
        "007",
    ])
    write_all("text", "show", [
        "", "plain", "a\\b", "a\tb\nc\r", "\x1b[31mred\x07", "\u202eabc",
        "\u200b\ufeff\u00ad", "\u00fc\u4f8b\U0001f600", b"\xff\xfe",
        b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\0b", "\x7f\u0085",
        "\U000e0001", "chekc", "expires", "lst", "\"quoted\" {\"a\": [1]}",
    ])


# ------------------------------------------------------------------- tree

PAGE = 512
IS_BRANCH, IS_LEAF, IS_OWN, IS_META = 1, 2, 4, 8


def node(key, data=b"", child=None, flags=0, length=None):
    low = len(data) if length is None else length
    if child is not None:
        low, flags = child & 0xffffffff, child >> 32
    octets = struct.pack("<HHHH", low & 0xffff, low >> 16, flags, len(key))
    octets += key + data
    return octets + b"\0" * (len(octets) % 2)


def page(number, kind, nodes, as_number=None):
    body, upper, pointers = bytearray(PAGE), PAGE, []
    for octets in nodes:
        upper -= len(octets)
        body[upper:upper + len(octets)] = octets
        pointers.append(upper)
    body[:16] = struct.pack(
        "<QHHHH", number if as_number is None else as_number, 0, kind,
        16 + 2 * len(pointers), upper)
    for i, pointer in enumerate(pointers):
        struct.pack_into("<H", body, 16 + 2 * i, pointer)
    return bytes(body)


def tree_root(depth, entries, root, counts=None):
    branches, leaves, own = counts or (max(depth - 1, 0), max(depth, 0), 0)
    return struct.pack("<IHHQQQQQ", 0, 0, depth, branches, leaves, own,
                       entries, root)


NO_PAGE = (1 << 64) - 1


def meta(number, txn, depth=1, root=2):
    octets = struct.pack("<QHHHH", number, 0, IS_META, 0, 0)
    octets += struct.pack("<IIQQ", 0xbeefc0de, 1, 0, 1 << 20)
    octets += tree_root(0, 0, NO_PAGE) + tree_root(depth, depth, root)
    octets += struct.pack("<QQ", 16, txn)
    return octets + b"\0" * (PAGE - len(octets))


def file_of(depth, entries, root, pages):
    top = page(2, IS_LEAF, [node(b"hosts", tree_root(depth, entries, root),
                              flags=2)])
    return b"\1" + meta(0, 2) + meta(1, 3) + top + b"".join(pages)


def tree():
    def leaf(number, keys, **more):
        return page(number, IS_LEAF, [node(key, b"v" * 20) for key in keys],
                    **more)

    one = [b"a", b"ab", b"b"]
    two = [b"c", b"ca.b", b"d"]
    big = struct.pack("<Q", 6)
    lead = page(3, IS_BRANCH, [node(b"", child=4), node(b"c", child=5)])
    both = [lead, leaf(4, one), leaf(5, two)]
    own = struct.pack("<QHHI", 6, 0, IS_OWN, 2) + b"w" * (PAGE - 16)
    write_all("tree", "file", [
        file_of(0, 0, NO_PAGE, []),
        file_of(1, 3, 3, [leaf(3, one)]),
        file_of(2, 6, 3, both),
        file_of(2, 6, 3, [lead, leaf(4, one), page(5, IS_LEAF, [
            node(b"c", big, flags=1, length=900)]), own, b"w" * PAGE]),
        # Leads to itself, to a head, and behind the file.
        file_of(32, 6, 3, [page(3, IS_BRANCH, [node(b"", child=3),
                                            node(b"c", child=3)])]),
        file_of(2, 6, 3, [page(3, IS_BRANCH, [node(b"", child=1),
                                           node(b"c", child=99)])]),
        # Another depth, another number, out of order, of duplicates.
        file_of(1, 6, 3, both),
        file_of(2, 6, 3, [lead, leaf(4, one, as_number=5), leaf(5, two)]),
        file_of(2, 6, 3, [lead, leaf(4, two), leaf(5, one)]),
        file_of(1, 1, 3, [page(3, IS_LEAF | 0x40, [node(b"a", flags=4)])]),
    ])


# -------------------------------------------------------------- import

HEX = "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9"
# The key that GnuTLS's known_hosts has: a P-256 one.
KEY = ("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + "A" * 86 + "==")


def import_():
    ours = "# pinstore entries 1\n"
    times = " noted=2026-10-01T00:00:00Z expires=2026-12-01T00:00:00Z"
    write_all("import", "text", [
        "0" + ours + "a.test static sha256//%s sha256//%s" % (A, B) + times,
        "0" + ours + "a.test header subdomains sha256//%s max-age=5" % A +
        times + "\na.test static report sha256//%s note=x%%20y\n" % B,
        "0" + ours + "a.test tofu sha256//%s noted=@-5 expires=never\r\n"
        "192.0.2.1 static sha256//%s\n\n# remark\nb.test\n" % (A, B),
        "?" + ours, "0a.test static", "0# pinstore entries 2\n", "?",
    ])
    entry = ('{"host": "%s", "layer": "%s", "source": "%s", "mode": "enforce",'
             ' "include_subdomains": true, "pins": ["%s", "%s"], '
             '"noted_epoch": 1790000000, "expires_epoch": %s}\n')
    write_all("import", "json", [
        "1" + entry % ("a.test", "learned", "header", A, B, 1795000000) +
        entry % ("b.test", "configured", "static", A, C, "null"),
        "1" + 2 * entry % ("a.test", "learned", "tofu", A, B, 1,
                           "a.test", "learned", "tofu", A, C, 2),
        '1{"host": 5}\n[]\nnull\n{"host": "a.test", "pins": []}\n',
        '?{"host": "a.test", "source": "static", "pins": ["%s"]}' % A,
    ])
    write_all("import", "wget2", [
        "2# HPKP 1.0 file\na.test 1 1790000000 5000\n*sha256 %s\n"
        "*sha256 %s\nb.test 0 1790000000 5\n*sha256 %s\n" % (A, B, C),
        "2a.test 1 x 5000\n*sha256 %s\n*sha512 x\n" % A,
        "?# HPKP 1.0 file\n*sha256 %s\na.test 1 1 1\n" % A,
    ])
    write_all("import", "gnutls", [
        "3|g0|k.test|443|0|%s\n|c0|k.test|443|0|6|%s\n" % (KEY, HEX),
        "?|c0|*|443|0|6|%s\n|c0|k.test|443|1|6|%s\n" % (HEX, HEX),
        "3|g0|192.0.2.1|443|0|%s\n|g1|k.test|443|0|x\n||||||" % KEY,
    ])
    write_all("import", "curl", [
        "4a.test sha256//%s;sha256//%s\nb.test sha256//%s\n" % (A, B, A),
        "4a.test sha256//%s\na.test sha256//%s\n" % (A, B),
        "?a.test sha256//%s;\na.test\n192.0.2.1 sha256//%s" % (A, B),
    ])
    chromium = ('// a remark\n{"pinsets": [{"name": "p", '
                '"static_spki_hashes": ["Key"], '
                '"bad_static_spki_hashes": ["Bad"], "report_uri": '
                '"http://r.example/"}],\n"entries": [{"name": "a.test", '
                '"pins": "p", "include_subdomains": true},\n'
                '{"name": "b.test", "mode": "force-https"},\n'
                '{"name": "c.test", "pins": "q"}]}')
    names = "# remark\nKey\nsha256/%s\n\nBad\nsha256/%s\n" % (A, B)
    write_all("import", "chromium", [
        "5" + chromium + "\n%%\n" + names, "5" + chromium,
        "?" + chromium + "\n%%\nKey\nsha1/x\n", "5{}\n%%\n" + names,
    ])
    write_all("import", "tlsa", [
        "6_443._tcp.t.test.\t3600\tIN\tTLSA\t3 1 1 %s\n" % HEX +
        "_25._tcp.T.test. IN TLSA 2 1 1 ( %s %s )\n" % (HEX[:32], HEX[32:]),
        "?_443._tcp.u.test. TLSA 3 0 1 %s\n_443._tcp.u.test. TLSA 1 1 1 "
        "%s ; remark\nu.test. TLSA 3 1 1 %s\n" % (HEX, HEX, HEX),
    ])


header()
host()
import_()
records()
chain()
path()
others()
text()
tree()
