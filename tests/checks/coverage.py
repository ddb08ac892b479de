#!/usr/bin/python3
# coverage.py - the figures of a tree that was built for gcov, and a judgement.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   coverage.py BUILD SOURCE            figures for each file, and a judgement
#   coverage.py BUILD SOURCE show FILE  the lines that want a test
#   coverage.py BUILD SOURCE list       uncovered.txt as it has to be; what has
#                                       no reason yet stands at its end
#
# A branch is one side of one condition.  Those of assert() do not count: the
# other side is there so that nobody gets to it.  Nor does the side that the
# compiler adds to a switch over an enumeration that names every value of it,
# and so has no default: -Wswitch-enum sees to it that none is left out.
#
# uncovered.txt, beside this script, gives the reason for what stays.  Its form:
#
#   # The reason, for all that follows up to the next one.
#   libpinstore/store/db.c
#   <tab>2 cursor_of: if (a && b)       sides that no test takes, and lines
#   <tab>~1 cursor_of: return x;        not taken in each run
#   <tab>1 cursor_of: never called
#
# A condition stands for the lines to which only its missing side leads; a line
# of its own is named below a switch, where sides are not told apart.

import collections
import functools
import json
import os
import re
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
          "libpinstore/curl", "tools/common", "tools/formats", "tools/pinstore",
          "tools/pinfetch")


class Line:
    def __init__(self, text, function, is_whole=False):
        self.count = 0
        self.branches = []
        self.text = text
        self.function = function
        self.is_whole = is_whole  # a switch that names every value

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

    def sides(self):
        return len(self.branches) - self.adds_side()

    def adds_side(self):
        """The side of no case stands last."""
        return self.is_whole and self.branches[-1:] == [0]

    def missed(self):
        return self.branches.count(0) - self.adds_side()

    def wants(self):
        return self.count == 0 or self.missed() > 0


@functools.lru_cache(maxsize=None)
def source_lines(source, path):
    with open(os.path.join(source, path), encoding="utf-8") as text:
        return text.read().split("\n")


CASE = re.compile(r"case (?!E[A-Z]+:|MDB_|CURL|FETCH_(EXIT|OPT)_)[A-Z]")


def names_every_value(texts, number):
    """Whether that line begins a switch over an enumeration, without a
    default.  Its end stands below its beginning."""
    first = texts[number - 1]
    if not first.strip().startswith("switch ("):
        return False
    margin = first[:len(first) - len(first.lstrip())]
    cases = 0
    for text in texts[number:]:
        if text.startswith(margin + "}"):
            break
        if text.startswith(margin + "default:"):
            return False
        if text.startswith(margin + "case "):
            cases += 1
            if not CASE.match(text.strip()):
                return False
    return cases > 0


def objects(build):
    """The notes of the objects of the library and the tools, and of tests
    that are built from their sources."""
    for top in ("libpinstore", "tools", "tests/unit"):
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
            # An object of an earlier build, whose source is gone.
            if not os.path.exists(os.path.join(source, path)):
                continue
            add(files, source, path, found["lines"])
    return files


def add(files, source, path, lines):
    if path not in files:
        files[path] = {}
    texts = source_lines(source, path)
    for found in lines:
        number = found["line_number"]
        if number not in files[path]:
            files[path][number] = Line(texts[number - 1].strip(),
                                       found.get("function_name", ""),
                                       names_every_value(texts, number))
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
            self.sides += line.sides()
            self.taken += line.sides() - line.missed()

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


def told(lines):
    """What has to be named of one function's Lines, in order."""
    if all(line.count == 0 for line in lines):
        return [("never called", 1)]
    found = []
    is_implied = False
    for line in lines:
        if line.count > 0:
            is_implied = line.missed() > 0 and \
                not line.text.startswith("switch")
            if line.missed():
                found.append((line.text, line.missed()))
        elif not is_implied:
            found.append((line.text, 1))
    return found


def wanting(files):
    """What is not covered: {(file, function, text): how much}"""
    found = collections.OrderedDict()
    for path in sorted(files):
        functions = collections.OrderedDict()
        for _, line in sorted(files[path].items()):
            functions.setdefault(line.function, []).append(line)
        for function, lines in functions.items():
            for text, much in told(lines):
                key = (path, function, text)
                found[key] = found.get(key, 0) + much
    return found


class Entry:
    def __init__(self, key, much, is_at_times, reason):
        self.key = key
        self.much = much
        self.is_at_times = is_at_times
        self.reason = reason


ENTRY = re.compile(r"\t(~?)([1-9][0-9]*) (\S+): (.*)$")


def listed(faults):
    """What uncovered.txt names, {key: Entry}"""
    named = collections.OrderedDict()
    reason = path = ""
    is_in_reason = False
    with open(LIST, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            line = line.rstrip("\n")
            if line.startswith("#"):
                reason = reason + "\n" + line if is_in_reason else line
                is_in_reason = True
                continue
            is_in_reason = False
            match = ENTRY.match(line)
            if match is None:
                path = line
                continue
            key = (path, match.group(3), match.group(4))
            if key in named or not reason or not path:
                faults.append("%s:%d: named twice, or without a file or a "
                              "reason" % (LIST, number))
            named[key] = Entry(key, int(match.group(2)),
                               match.group(1) != "", reason)
    return named


def words(key, much):
    return "%s: %s: %s (%d)" % (key + (much,))


def is_there(files, key):
    """Whether what an entry names still stands in that function."""
    path, function, text = key
    if text == "never called":
        return path in files and any(line.function == function
                                     for line in files[path].values())
    return any(line.function == function and line.text == text
               for line in files.get(path, {}).values())


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
    for key, much in found.items():
        entry = named.get(key)
        if entry is None or entry.much < much:
            faults.append("not covered, and not listed: " + words(key, much))
    for key, entry in named.items():
        much = found.get(key, 0)
        if much < entry.much and not entry.is_at_times:
            faults.append("listed in vain: " + words(key, entry.much - much))
        elif not is_there(files, key):
            faults.append("listed, and not there: " + words(key, entry.much))
    return faults


def relist(files):
    """The text of uncovered.txt, with the reasons that it has."""
    faults = []
    named = listed(faults)
    found = wanting(files)
    groups = collections.OrderedDict()
    for key, entry in named.items():
        if key in found or (entry.is_at_times and is_there(files, key)):
            much = max(found.get(key, 0), entry.much * entry.is_at_times)
            groups.setdefault(entry.reason, []).append(
                (key, "~" * entry.is_at_times, much))
    for key, much in found.items():
        if key not in named:
            groups.setdefault("# ?", []).append((key, "", much))
    with open(LIST, encoding="utf-8") as text:
        print(text.read().split("\n\n")[0])
    for reason, entries in groups.items():
        print("\n" + reason)
        last = ""
        for (path, function, text), mark, much in entries:
            if path != last:
                print(path)
            last = path
            print("\t%s%d %s: %s" % (mark, much, function, text))


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
        relist(files)
        return 0
    faults = judge(files, figures(files))
    for fault in faults:
        print("coverage: %s" % fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
