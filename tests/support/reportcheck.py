#!/usr/bin/python3
"""reportcheck.py - is this the body of a report, to the letter?

SPDX-License-Identifier: LGPL-2.1-or-later

usage: reportcheck.py BODY [PEM PREFIX]

Reads BODY strictly: JSON with no member twice, the nine members of RFC 7469,
3, and of the types that they are to have.  With PREFIX each certificate is
written to PREFIX.served.N.pem and PREFIX.validated.N.pem, for another reader.
Prints what is wrong, and exits with 1.
"""
import json
import re
import sys

MEMBERS = {"date-time", "hostname", "port", "effective-expiration-date",
           "include-subdomains", "noted-hostname", "served-certificate-chain",
           "validated-certificate-chain", "known-pins"}
DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
                  r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ")
PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n"
                 r"(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{1,64}={0,2}\n"
                 r"-----END CERTIFICATE-----\n")
PIN = re.compile(r'pin-sha256="[A-Za-z0-9+/]{43}="')


def once(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), "a member stands there twice"
    return dict(pairs)


def no_constant(name):
    raise AssertionError(name + " is no JSON")


def strings(value, form):
    assert isinstance(value, list), "no array"
    for text in value:
        assert isinstance(text, str) and form.fullmatch(text), repr(text)


def check(octets, prefix):
    assert not octets.startswith(b"\xef\xbb\xbf"), "a byte order mark"
    body = json.loads(octets.decode("utf-8"), object_pairs_hook=once,
                      parse_constant=no_constant)
    assert set(body) == MEMBERS, set(body) ^ MEMBERS
    for name in ("date-time", "effective-expiration-date"):
        assert DATE.fullmatch(body[name]), name
    for name in ("hostname", "noted-hostname"):
        assert re.fullmatch(r"[a-z0-9_.-]{1,253}", body[name]), name
    assert type(body["port"]) is int and 0 < body["port"] < 65536
    assert type(body["include-subdomains"]) is bool
    strings(body["known-pins"], PIN)
    assert body["known-pins"] == sorted(set(body["known-pins"]))
    for kind in ("served", "validated"):
        chain = body[kind + "-certificate-chain"]
        strings(chain, PEM)
        for number, text in enumerate(chain if prefix else []):
            with open("%s.%s.%d.pem" % (prefix, kind, number), "w",
                      encoding="ascii") as file:
                file.write(text)


def main():
    with open(sys.argv[1], "rb") as file:
        try:
            check(file.read(), sys.argv[2] if len(sys.argv) > 2 else None)
        except (AssertionError, ValueError) as error:
            print(sys.argv[1] + ":", error)
            sys.exit(1)


main()
