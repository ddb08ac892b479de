#!/usr/bin/python3
"""lint_cases.py - the sixty header cases through pinstore lint.

SPDX-License-Identifier: LGPL-2.1-or-later

Feeds each value octet by octet to `pinstore lint --json` on stdin, in the
default grammar and in the strict one, and compares what a client would do.
Prints a line "ok ..." or "FAIL ..." for each judgement.
"""
import json
import subprocess

A = b"BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k="
B = b"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
C = b"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
PINS = b'pin-sha256="' + A + b'"; pin-sha256="' + B + b'"'
CAP = 5184000
URI = "https://r.example/x"
RO_URI = b'; report-uri="https://r.example/x"'


def note(max_age=3000, sub=False, uri=None, pins=(A, B)):
    return {"action": "note", "reason": "ok", "rule": None, "max_age": max_age,
            "include_subdomains": sub, "report_uri": uri, "pins": list(pins)}


def other(action, reason, rule=None, **members):
    return dict({"action": action, "reason": reason, "rule": rule}, **members)


def ignore(reason, rule=None):
    return other("ignore", reason, rule)


def malformed(rule):
    return ignore("malformed", rule)


M, I = b"max-age=3000; ", b"; "
# number, value, in the default grammar, in the strict one (None: the same)
PKP = [
    (1, M + PINS, note(), None),
    (2, b'pin-sha256="' + B + b'";max-age=3000;pin-sha256="' + A + b'"',
     note(pins=(B, A)), None),
    (3, b' \tmax-age=3000\t ;\t pin-sha256="' + A + b'" ; pin-sha256="' + B +
     b'"\t', note(), None),
    (4, b'MAX-AGE=3000; PIN-ShA256="' + A + b'"; pIn-sha256="' + B +
     b'"; INCLUDESUBDOMAINS; Report-URI="https://r.example/x"',
     note(sub=True, uri=URI), None),
    (5, M + PINS + b";", note(), malformed("NAME")),
    (6, b";" + M + PINS, note(), malformed("NAME")),
    (7, b"max-age=3000;; " + PINS, note(), malformed("NAME")),
    (8, b" ", ignore("empty"), None),
    (9, b"max-age =3000; " + PINS, note(), malformed("SEP")),
    (10, b"max-age= 3000; " + PINS, note(), malformed("VALUE")),
    (11, b'max-age="3000"; ' + PINS, note(), None),
    (12, b'max-age="30\\00"; ' + PINS, note(), None),
    (13, b'max-age=""; ' + PINS, ignore("bad-max-age"), None),
    (14, b"max-age=; " + PINS, malformed("VALUE"), None),
    (15, b"max-age; " + PINS, ignore("bad-max-age"), None),
    (16, b"max-age=-1; " + PINS, ignore("bad-max-age"), None),
    (17, b"max-age=3000.0; " + PINS, ignore("bad-max-age"), None),
    (18, b"max-age=99999999999999999999999; " + PINS, note(max_age=CAP), None),
    (19, b"max-age=0", other("remove", "ok", max_age=0, pins=[]), None),
    (20, b'max-age=000; includeSubDomains; pin-sha256="' + B + b'"',
     other("remove", "ok", max_age=0, pins=[B]), None),
    (21, M + M + PINS, ignore("duplicate"), None),
    (22, M + b"includeSubDomains; INCLUDEsubdomains; " + PINS,
     ignore("duplicate"), None),
    (23, M + b"includeSubDomains=true; " + PINS,
     ignore("valued-include-subdomains"), None),
    (24, M + b'includeSubDomains=""; ' + PINS,
     ignore("valued-include-subdomains"), None),
    (25, M + b"pin-sha256=" + A + b'; pin-sha256="' + B + b'"',
     malformed("SEP"), None),
    (26, M + b"pin-sha256=" + A[:-1].replace(b"/", b"0") + b"; " + PINS,
     ignore("unquoted-pin"), None),
    (27, M + b'pin-sha256="' + A + b'"; pin-sha256="' + B[:-1] + b'"',
     ignore("bad-pin"), None),
    (28, M + b'pin-sha256="' + A + b'"; pin-sha256="__-_' + B[4:] + b'"',
     ignore("bad-pin"), None),
    (29, M + b'pin-sha256="' + A + b'"; pin-sha256="' + B[:-2] + b'J="',
     note(), ignore("bad-pin")),
    (30, M + b'pin-sha256="' + A +
     b'"; pin-sha256="2jmj7l5rSw0yVb/vlWAYkK/YBwk="', ignore("pin-length"),
     None),
    (31, M + b'pin-sha256="\\' + A + b'"; pin-sha256="' + B + b'"', note(),
     None),
    (32, M + b'pin-sha1="2jmj7l5rSw0yVb/vlWAYkK/YBwk="; ' + PINS, note(), None),
    (33, M + b'pin-sha512="x y z"', other("unpin", "no-pins", pins=[]), None),
    (34, M + b"pin-sha512=abc; " + PINS, ignore("unquoted-pin"), None),
    (35, M + b'foo="a;b,\\"c"; strict; foo=1; ' + PINS, note(), None),
    (36, M + PINS + b", max-age=0", malformed("SEP"), None),
    (37, M + PINS[:-1], malformed("QUOTE"), None),
    (38, M + b'foo="a\x01"; ' + PINS, malformed("QUOTE"), None),
    (39, M + b"report-uri=https://r.example/x; " + PINS, malformed("SEP"),
     None),
    (40, M + b'report-uri="/pkp"; ' + PINS, note(), None),
    (41, M + b'report-uri="ftp://r.example/x"; ' + PINS, note(), None),
    (42, M + b'report-uri=""; ' + PINS, note(), None),
    (43, M + b"report-uri; " + PINS, ignore("valueless-report-uri"), None),
    (44, M + b'report-uri="https://a.example/"; report-uri="https://a.example/"'
     b"; " + PINS, ignore("duplicate"), None),
    (45, M + b"pin-sha256; " + PINS, ignore("unquoted-pin"), None),
    (46, M + b'pin-="x"; ' + PINS, note(), None),
    (47, M + b"pin-sha256='" + A + b"'; pin-sha256=\"" + B + b'"',
     malformed("SEP"), None),
    (48, M + b'pin-sha256="' + A + b'"', ignore("no-backup"), None),
    (49, M + b'pin-sha256="' + A + b'"; pin-sha256="' + A + b'"',
     ignore("no-backup"), None),
    (50, M + b'pin-sha256="' + B + b'"; pin-sha256="' + C + b'"',
     ignore("no-match"), None),
    (51, b"max-age=3000", other("unpin", "no-pins", pins=[]), None),
    (52, PINS, ignore("no-max-age"), None),
    (57, M + b'foo="caf\xe9"; ' + PINS, note(), None),
    (58, b"caf\xe9=1; " + M + PINS, malformed("SEP"), None),
    (59, b'"max-age"=3000; ' + PINS, malformed("NAME"), None),
    (60, b"max-age=3000 3000; " + PINS, malformed("SEP"), None),
]
RO = [
    (53, PINS + RO_URI, other("pass", "ok", report_uri=URI, pins=[A, B]), None),
    (54, b"max-age=abc; " + PINS + RO_URI, ignore("bad-max-age"), None),
    (55, M + b'pin-sha256="' + B + b'"; pin-sha256="' + C + b'"' + RO_URI,
     other("report", "ok", report_uri=URI, pins=[B, C]), None),
    (56, M + PINS, ignore("no-report-uri"), None),
]
MEMBERS = ["kind", "action", "reason", "rule", "offset", "max_age",
           "max_age_sent", "include_subdomains", "report_uri", "pins",
           "departures", "findings", "advice"]


def judge(number, value, wanted, options, kind):
    name = "HDR-%02d %s" % (number, " ".join(options))
    command = ["pinstore", "lint", "--json", "--chain-pin", A.decode()]
    run = subprocess.run(command + options, input=value, timeout=60,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    code = 1 if wanted["action"] == "ignore" else 0
    if run.returncode != code:
        return "FAIL %s: exit %d, not %d: %s" % (name, run.returncode, code,
                                                 run.stderr)
    got = json.loads(run.stdout)
    if list(got) != MEMBERS or got["kind"] != kind:
        return "FAIL %s: members %s" % (name, list(got))
    for member, value in wanted.items():
        if member == "pins":
            value = [pin.decode() for pin in value]
        if got[member] != value:
            return "FAIL %s: %s is %s, not %s" % (name, member, got[member],
                                                  value)
    is_parsed = got["offset"] is None
    if is_parsed != (wanted["action"] != "ignore" or wanted["reason"] in
                     ("no-match", "no-backup", "no-report-uri")):
        return "FAIL %s: offset %s" % (name, got["offset"])
    return "ok %s" % name


assert sorted(row[0] for row in PKP + RO) == list(range(1, 61))
for rows, kind, more in ((PKP, "pkp", []), (RO, "pkp-ro", ["--report-only"])):
    for number, value, default, strict in rows:
        print(judge(number, value, default, more, kind))
        print(judge(number, value, strict or default, more + ["--strict"],
                    kind))
# R-2.1-1: one grammar for both fields
for number, value, default, _ in PKP:
    if default["reason"] in ("no-max-age", "no-match", "no-backup") or \
            default["action"] != "ignore":
        continue
    print(judge(number, value, default, ["--report-only"], "pkp-ro"))
