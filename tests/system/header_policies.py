#!/usr/bin/python3
"""header_policies.py - what pinstore header writes is read as it was meant.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: header_policies.py SEED NUMBER

Makes policies at random, has pinstore header write each, and reads what came
with the parser of tests/model, by the letter of RFC 7469; some are given to
pinstore lint as well.  Prints a line that begins with "ok" for each.
"""
import base64
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "model"))
import reference  # noqa: E402

# Without libtool's script: it takes longer than what it starts.
TOP = os.environ["top_builddir"]
PROGRAM = os.path.join(TOP, "tools", "pinstore", ".libs", "pinstore")
ENV = dict(os.environ,
           LD_LIBRARY_PATH=os.path.join(TOP, "libpinstore", ".libs"))
if not os.path.exists(PROGRAM):
    PROGRAM = "pinstore"

URIS = ["https://r.test/x", "http://r.test", "https://r.test:8443/a?b=c;d&e",
        "HTTPS://R.test/'quoted'", "https://r.test/%22%5c%20", "http://r.test/$",
        "https://[2001:db8::1]/,;=!*()@:", "https://r.test/?%25=%"]


def make(rng):
    pins = [rng.randbytes(32) for _ in range(rng.choice([2, 2, 2, 3, 4, 32]))]
    return {
        "pins": pins,
        "repeat": rng.random() < 0.2,
        "max_age": rng.choice([None, 1, 59, 86400, 5184000, 2 ** 31]),
        "subdomains": rng.random() < 0.4,
        "report_uri": rng.choice([None] + URIS),
        "report_only": rng.random() < 0.3,
    }


def written(policy):
    words = [PROGRAM, "header", "--json"]
    if policy["report_only"]:
        policy["max_age"] = None
        policy["report_uri"] = policy["report_uri"] or URIS[0]
        words.append("--report-only")
    if policy["max_age"] is not None:
        words += ["--max-age", "%d" % policy["max_age"]]
    if policy["subdomains"]:
        words.append("--include-subdomains")
    if policy["report_uri"]:
        words += ["--report-uri", policy["report_uri"]]
    forms = [lambda b: "sha256//" + b, lambda b: 'pin-sha256="%s"' % b,
             lambda b: b]
    for i, pin in enumerate(policy["pins"] + policy["pins"][:1] *
                            policy["repeat"]):
        words.append(forms[i % 3](base64.b64encode(pin).decode()))
    out = subprocess.run(words, stdout=subprocess.PIPE, timeout=60, check=True,
                         stderr=subprocess.DEVNULL, env=ENV).stdout
    lines = out.decode().splitlines()
    if len(lines) != 1:
        raise ValueError("not one line")
    return json.loads(lines[0])


def judge(policy):
    told = written(policy)
    name = "Public-Key-Pins" + "-Report-Only" * policy["report_only"]
    if told["name"] != name or told["line"] != name + ": " + told["value"]:
        raise ValueError("the name is wrong: %r" % told)
    field = reference.parse(told["value"].encode("ascii"),
                            policy["report_only"], True)
    wanted = None if policy["report_only"] else policy["max_age"] or 86400
    uri = policy["report_uri"]
    if (field.max_age, field.include_subdomains, field.pins, field.departures,
            field.report_uri) != (
                wanted, policy["subdomains"], policy["pins"], set(),
                uri and uri.encode()):
        raise ValueError("read otherwise: %r" % told)
    return told


def main():
    rng = random.Random(int(sys.argv[1]))
    for i in range(int(sys.argv[2])):
        policy = make(rng)
        told = judge(policy)
        if i % 20 == 0:
            subprocess.run(
                [PROGRAM, "lint", "--strict"] +
                ["--report-only"] * policy["report_only"] + [told["value"]],
                stdout=subprocess.DEVNULL, timeout=60, check=True, env=ENV)
        print("ok", i)


main()
