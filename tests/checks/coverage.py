#!/usr/bin/python3
# coverage.py - the figures of a tree that was built for gcov, and a judgement.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   coverage.py BUILD SOURCE            figures for each file and in all
#   coverage.py BUILD SOURCE show FILE  the lines that want a test
#   coverage.py BUILD SOURCE list       what uncovered.txt has to name
#
# A branch is one side of one condition.  Those of assert() do not count: the
# other side is there so that nobody gets to it.
#
# uncovered.txt, beside this script, gives the reason for what stays: for each
# branch of the modules that decide by the text of its line, and for each other
# file with the most lines and branches that may stay.  A file that needs less
# than that is told, and does not fail: two processes do not meet at each run.

import collections
import json
import os
import subprocess
import sys

LINES = 95.0
BRANCHES = 90.0
DECIDE = ("libpinstore/model/header.c", "libpinstore/model/host.c",
          "libpinstore/rules/policy.c", "libpinstore/tls/chain.c",
          "libpinstore/tls/path.c")
LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "uncovered.txt")
FLOORS = ("libpinstore/base", "libpinstore/model", "libpinstore/rules",
          "libpinstore/store", "libpinstore/tls", "libpinstore/api",
          "libpinstore/curl", "tools/common", "tools/pinstore",
          "tools/pinfetch")


class Line:
    def __init__(self, text):
        self.count = 0
        self.branches = []
        self.text = text

    def add(self, found):
        self.count += found["count"]
        if "assert(" in self.text:
            return
        sides = [b["count"] for b in found["branches"] if not b["throw"]]
        # The same line in another object: of a header, or built once more.
        if len(sides) == len(self.branches):
            self.branches = [a + b for a, b in zip(self.branches, sides)]
        elif not self.branches:
            self.branches = sides

    def missed(self):
        return self.branches.count(0)

    def wants(self):
        return self.count == 0 or self.missed() > 0


def objects(build):
    """The notes of all objects of the library and of the tools."""
    for top in ("libpinstore", "tools"):
        for folder, _, names in os.walk(os.path.join(build, top)):
            for name in names:
                if name.endswith(".gcno"):
                    yield os.path.relpath(os.path.join(folder, name), build)


def measure(build, source):
    """{file: {number: Line}}"""
    run = subprocess.run(["gcov", "--json-format", "--stdout",
                          "--branch-probabilities"] + sorted(objects(build)),
                         cwd=build, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, check=True)
    files = {}
    for line in run.stdout.splitlines():
        unit = json.loads(line)
        for found in unit["files"]:
            path = os.path.realpath(os.path.join(
                unit["current_working_directory"], found["file"]))
            path = os.path.relpath(path, os.path.realpath(source))
            if not path.startswith(("libpinstore/", "tools/")):
                continue
            add(files, source, path, found["lines"])
    return files


def add(files, source, path, lines):
    if path not in files:
        files[path] = {}
    with open(os.path.join(source, path), encoding="utf-8") as text:
        texts = text.read().split("\n")
    for found in lines:
        number = found["line_number"]
        if number not in files[path]:
            files[path][number] = Line(texts[number - 1].strip())
        files[path][number].add(found)


def share(part, whole):
    return 100.0 * part / whole if whole else 100.0


class Sum:
    def __init__(self):
        self.lines = self.run = self.sides = self.taken = 0

    def add(self, lines):
        for line in lines.values():
            self.lines += 1
            self.run += line.count > 0
            self.sides += len(line.branches)
            self.taken += len(line.branches) - line.missed()

    def row(self, name):
        return "%-36s %6d %6.1f %% %6d %6.1f %%" % (
            name, self.lines, share(self.run, self.lines), self.sides,
            share(self.taken, self.sides))


def figures(files):
    print("%-36s %6s %8s %6s %8s" % ("", "lines", "run", "sides", "taken"))
    total = Sum()
    floors = collections.OrderedDict((f, Sum()) for f in FLOORS)
    for path in sorted(files):
        one = Sum()
        one.add(files[path])
        print(one.row(path))
        total.add(files[path])
        floors.setdefault(os.path.dirname(path), Sum()).add(files[path])
    print()
    for floor, one in floors.items():
        print(one.row(floor))
    print(total.row("all"))
    return total


def wanting(files):
    """What is not covered: {file: [text...]} or {file: (lines, sides)}"""
    found = collections.OrderedDict()
    for path in sorted(files):
        wants = [line for _, line in sorted(files[path].items())
                 if line.wants()]
        if not wants:
            continue
        if path in DECIDE:
            found[path] = [line.text for line in wants]
        else:
            found[path] = (sum(line.count == 0 for line in wants),
                           sum(line.missed() for line in wants))
    return found


def listed(faults):
    """What uncovered.txt names, in the form of wanting()."""
    named = {}
    has_reason = False
    with open(LIST, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            line = line.rstrip("\n")
            if line.startswith("#") or not line:
                has_reason = bool(line[1:].strip())
                continue
            path, _, rest = line.partition(": ")
            if not has_reason or not rest:
                faults.append("%s:%d: no reason above it, or no FILE: WHAT" %
                              (LIST, number))
            elif path in DECIDE:
                named.setdefault(path, []).append(rest)
            else:
                named[path] = tuple(int(n) for n in rest.split())
    return named


def without(texts, taken):
    """Each of taken takes one away: the same text may stand twice."""
    return list((collections.Counter(texts) -
                 collections.Counter(taken)).elements())


def judge(files, total):
    faults = []
    named = listed(faults)
    found = wanting(files)
    if share(total.run, total.lines) < LINES:
        faults.append("fewer than %.0f %% of the lines" % LINES)
    if share(total.taken, total.sides) < BRANCHES:
        faults.append("fewer than %.0f %% of the branches" % BRANCHES)
    faults += ["%s: not measured" % path for path in DECIDE
               if path not in files]
    for path, what in found.items():
        if path in DECIDE:
            faults += ["%s: not taken: %s" % (path, text) for text in
                       without(what, named.get(path, []))]
        elif what[0] > named.get(path, (0, 0))[0] or \
                what[1] > named.get(path, (0, 0))[1]:
            faults.append("%s: %d lines and %d branches stay; listed: %d "
                          "and %d" % ((path,) + what +
                                      named.get(path, (0, 0))))
    for path in sorted(named):
        if path in DECIDE:
            for text in without(named[path], found.get(path, [])):
                print("coverage: named in vain: %s: %s" % (path, text))
        elif found.get(path, (0, 0)) != named[path]:
            print("coverage: %s: %d lines and %d branches would do" %
                  ((path,) + found.get(path, (0, 0))))
    return faults


def show(files, path):
    for number, line in sorted(files[path].items()):
        if line.wants():
            print("%s:%d: %d %s  %s" % (path, number, line.count,
                                        line.branches or "", line.text))


def main(arguments):
    build, source = arguments[:2]
    files = measure(build, source)
    if arguments[2:3] == ["show"]:
        for path in arguments[3:]:
            show(files, path)
        return 0
    if arguments[2:3] == ["list"]:
        for path, what in wanting(files).items():
            if path in DECIDE:
                print("\n".join("%s: %s" % (path, text) for text in what))
            else:
                print("%s: %d %d" % ((path,) + what))
        return 0
    faults = judge(files, figures(files))
    for fault in faults:
        print("coverage: %s" % fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
