#!/usr/bin/python3
"""walkthrough.py - run the console blocks of a text, and compare.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: walkthrough.py FILE

In a block each line "$ COMMAND" is run by sh; the lines behind it must come in
what it prints, in that order, blanks being one blank and "..." anything; without
any it must print nothing.  "[exit N]" is its code, else it is 0.  Prints a line
"ok ..." or "FAIL ..." for each command.
"""
import re
import subprocess
import sys


class Command:
    def __init__(self, text):
        self.text, self.lines, self.code = text, [], 0


def commands(path):
    found, inside = [], False
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("```"):
                inside = line == "```console"
            elif inside and line.startswith("$ "):
                found.append(Command(line[2:]))
            elif inside and re.fullmatch(r"\[exit \d+\]", line):
                found[-1].code = int(line[6:-1])
            elif inside:
                found[-1].lines.append(line)
    return found


def one_blank(text):
    return re.sub(r"[ \t\r]+", " ", text).strip()


def pattern(line):
    return "(?m)^ *" + ".*".join(re.escape(one_blank(part))
                                 for part in line.split("...")).replace(
                                     ".*\\ ", ".*") + "$"


def judge(command):
    run = subprocess.run(["sh", "-c", command.text], timeout=60,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    text = run.stdout.decode("utf-8", "replace")
    if run.returncode != command.code:
        return "exit %d, not %d:\n%s" % (run.returncode, command.code, text)
    if not command.lines and text.strip():
        return "prints what it should not:\n" + text
    rest = "\n".join(one_blank(line) for line in text.splitlines())
    for line in command.lines:
        match = re.search(pattern(line), rest)
        if not match:
            return "does not print '%s':\n%s" % (line, text)
        rest = rest[match.end():]
    return None


def main():
    found = commands(sys.argv[1])
    for command in found:
        wrong = judge(command)
        print("ok" if wrong is None else "FAIL", command.text)
        if wrong is not None:
            print(wrong)
            return 1
    print("%d commands" % len(found))
    return 0 if found else 1


sys.exit(main())
