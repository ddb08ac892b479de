#!/usr/bin/python3
"""header_octets.py - each octet at six places of a field, and every prefix.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: header_octets.py make  VALUE DIR    answers, their list, pinfetch's URLs
       header_octets.py judge VALUE DIR    of DIR/out, a line for each answer

The chain has the first pin of VALUE.  What is to be done with a field is what
tests/model says of it, by the default grammar.
"""
import base64
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "model"))
import reference  # noqa: E402


def places(value):
    """Before all, in a name, in a number, behind it, before and in a pin."""
    digits = value.index(b"=") + 1
    pin = value.index(b'"') + 1
    return [0, digits - 1, digits + 2, value.index(b";"),
            value.index(b"pin-"), pin + 20]


def values(value):
    for at in places(value):
        for octet in range(256):
            yield value[:at] + bytes([octet]) + value[at:]
    for n in range(len(value) + 1):
        yield value[:n]


def expected(value, chain):
    """Words of %{pin_noted} that are right."""
    if b"\0" in value:
        return {"none"}  # the answer is no HTTP
    line, newline, rest = value.partition(b"\n")
    if newline:
        if rest[:1] not in (b" ", b"\t"):
            return {"none"}  # what follows is no field
        line += b" " + rest
    try:
        field = reference.parse(line, False, False)
    except reference.Fault:
        return {"ignored"}
    action, _ = reference.plan(field, False, chain)
    if action == "note":
        return {"noted", "updated", "unchanged"}
    if action in ("remove", "unpin"):
        return {"removed", "ignored", "unchanged"}
    return {"ignored"}


def make(value, folder):
    os.mkdir(folder)
    with open(folder + "/list", "w") as names, open(folder + "/urls",
                                                    "w") as urls:
        for i, one in enumerate(values(value)):
            name = "%s/%d" % (folder, i)
            with open(name, "wb") as file:
                file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                           b"Public-Key-Pins: " + one + b"\r\n\r\nok")
            names.write("-f\n%s\n" % name)
            urls.write('url = "https://pin.test/%d"\noutput = "%s/body"\n' % (
                i, folder))


def judge(value, folder):
    chain = [base64.b64decode(re.search(rb'"(.*?)"', value).group(1))]
    with open(folder + "/out") as file:
        words = file.read().splitlines()
    count = failures = 0
    for i, one in enumerate(values(value)):
        count += 1
        word = (words[i] or "none") if i < len(words) else "nothing"
        if word not in expected(one, chain):
            failures += 1
            print("FAIL: %s, not %s: %r" % (word, expected(one, chain), one))
    if len(words) != count:
        print("FAIL: %d words of %d answers" % (len(words), count))
    elif not failures:
        print("ok: %d answers" % count)


def main():
    act = {"make": make, "judge": judge}[sys.argv[1]]
    act(sys.argv[2].encode(), sys.argv[3])


main()
