#!/usr/bin/python3
"""messages.py - what the tools say, word for word.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: messages.py [--every N] [--write] TABLE NAME...

Runs the rows of messages.table, whose head says what they look like, each in a
fresh copy of the folder ./files, which is also HOME; its store is ./store.  NAME
are environment variables; where the value of one is printed, $NAME is expected.
--every N runs the N-th rows alone.  --write puts what is said into the table, to
be read by a person: what nobody would understand is mended in the tool.
"""
import os
import re
import shutil
import subprocess
import sys

arguments = sys.argv[1:]
every = 1
if arguments[0] == "--every":
    every = int(arguments[1])
    del arguments[:2]
is_writing = arguments[0] == "--write"
if is_writing:
    del arguments[0]
table, *names = arguments
failures = 0
MAYBE = "  likely    the chain ends in a CA that was added on this machine"


def rows(lines):
    """Of each row: its first line, its command and what it is to say."""
    at = 0
    while at < len(lines):
        row = re.match(r"(\d+) \$ (.*)", lines[at])
        at += 1
        if not row:
            continue
        first = at - 1
        command = row.group(2)
        while command.endswith("\\"):
            command = command[:-1] + lines[at].strip()
            at += 1
        start = at
        while at < len(lines) and lines[at].startswith(" >"):
            at += 1
        yield (first, start, at, int(row.group(1)), command,
               [line[3:] for line in lines[start:at]])


def plain(text):
    """The values of NAME by their names, the longest first; a bare pin too."""
    known = [(os.environ[n], "$" + n) for n in names if os.environ.get(n)]
    known += [(value[8:], "${%s#sha256//}" % name[1:])
              for value, name in known if value.startswith("sha256//")]
    for value, name in sorted(known, key=lambda pair: -len(pair[0])):
        text = text.replace(value, name)
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n")


def run(command):
    shutil.rmtree("run", ignore_errors=True)
    shutil.copytree("files", "run", symlinks=True)
    done = subprocess.run(
        ["sh", "-c", command], cwd="run", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
        check=False, env=dict(os.environ, HOME=os.path.abspath("run"),
                              PINSTORE="store", COLUMNS="80", TZ="UTC"))
    text = done.stdout.decode("utf-8", "replace").replace("\t", "\\t")
    text = text.replace("\r", "")
    return done.returncode, plain(text) if text else []


CHANGING = "|".join((
    r"20(?:2[6-9]|3[0-5])-(?!10-02)\d\d-\d\d(?:T[0-9:]{8}Z)?",
    r"\b1(?:7[5-9]|8)\d{7,8}\b", r"after \d+ ms", r"page \d+",
    r"\d+ records, \d+ pages", r"\d+\.\d KiB",
    r"pinstore_(?:file_bytes|commits_total) \d+", r"  commits +\d+",
    r"\b\d+[smh] ago\b", r"in \d+m\b", r"\bin \d{3,}d\b", r"\b\d{3,}d ago\b",
    r"\bends in 6d", r"\bin [89]d\b", r"\(now\)", r"in 1[23]d"))


def soften(line):
    """[...] in the place of what is of this moment, for --write."""
    return re.sub(CHANGING, lambda m: m.group() if m.group()[:4] == "1700"
                  else "[...]", line)


def is_said(expected, line):
    """[...] stands for what differs from run to run."""
    return re.fullmatch(".*".join(re.escape(part) for part in
                                  expected.split("[...]")), line)


def is_same(wanted, said):
    """But for what a machine without authorities cannot tell."""
    wanted, said = ([line for line in lines if not line.startswith(MAYBE)]
                    for lines in (wanted, said))
    return len(said) == len(wanted) and all(map(is_said, wanted, said))


def main():
    global failures
    with open(table, encoding="utf-8") as file:
        lines = file.read().split("\n")
    new, copied, n = [], 0, 0
    for first, start, end, code, command, wanted in rows(lines):
        n += 1
        if n % every != 0:
            continue
        got, said = run(command)
        same = is_same(wanted, said)
        if is_writing:
            new += lines[copied:first]
            new.append("%d $ %s" % (got, lines[first].split(" $ ", 1)[1]))
            new += lines[first + 1:start]
            new += lines[start:end] if same else [
                " > " + soften(line) for line in said]
            copied = end
        elif not same or got != code:
            failures += 1
            print("FAIL: exit %d (wanted %d), line %d of the table: %s"
                  % (got, code, first + 1, command))
            print("\n".join(" > " + line for line in said))
    if is_writing:
        with open(table, "w", encoding="utf-8") as file:
            file.write("\n".join(new + lines[copied:]))
    print("%d rows, %d failures" % (n, failures))
    sys.exit(1 if failures else 0)


main()
