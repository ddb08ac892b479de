#!/usr/bin/python3
# mutants.py - bugs that pinning software has had, put into ours on purpose.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   mutants.py check          each mutant fits the tree, and its test exists
#   mutants.py run [NAME...]  build each one and see its test fail
#
# A mutant is a stanza of one of the *.txt files beside this one:
#
#   name    of its own
#   why     the bug, as it has happened
#   file    the source it changes
#   in      the function it changes (only if the line is not the only one)
#   -       a line as it is
#   +       the line instead; both without the white space around them
#   test    what must fail; with several any will do, all are run
#
# MUTANTS_TEST in the environment is what must fail instead.
#
# run works in build-mutants/ below the build tree: a copy of the sources, which
# is configured once.  All tests must pass there before the first mutant, and a
# mutant counts as found only if it was built, and a test of it was run and
# failed: no skip, no error of the harness, no time-out.

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LEAST = 30
SECONDS = 600


class Fault(Exception):
    pass


def load():
    """All mutants, in the order of their files."""
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "*.txt"))):
        with open(path, encoding="utf-8") as source:
            stanzas = source.read().split("\n\n")
        for stanza in stanzas:
            lines = [l for l in stanza.split("\n")
                     if l and not l.startswith("#")]
            if lines:
                found.append(parse(os.path.basename(path), lines))
    names = [m["name"] for m in found]
    for name in names:
        if names.count(name) != 1:
            raise Fault("%s: there are two of that name" % name)
    return found


def parse(path, lines):
    mutant = {"test": [], "in": None}
    for line in lines:
        key, _, value = line.partition(" ")
        value = value.strip()
        if key == "test":
            mutant["test"].append(value)
        elif key in ("name", "why", "file", "in", "-", "+"):
            if key in mutant and mutant[key] is not None:
                raise Fault("%s: %s twice: %s" % (path, key, lines[0]))
            mutant[key] = value
        else:
            raise Fault("%s: what is '%s'?" % (path, line))
    for key in ("name", "why", "file", "-", "+"):
        if key not in mutant:
            raise Fault("%s: no '%s' in: %s" % (path, key, lines[0]))
    if not mutant["test"]:
        raise Fault("%s: no test in: %s" % (path, lines[0]))
    return mutant


def body_of(lines, name):
    """The lines of a function: its name begins a line, "}" alone ends it."""
    start = re.compile(re.escape(name) + r"\(")
    ranges = []
    for i, line in enumerate(lines):
        if not start.match(line):
            continue
        for end in range(i, len(lines)):
            if lines[end].endswith(";") and "{" not in lines[i:end]:
                break  # a declaration
            if lines[end] == "}":
                ranges.append((i, end))
                break
    return ranges


def change(top, mutant):
    """The text of the mutant's file, changed."""
    with open(os.path.join(top, mutant["file"]), encoding="utf-8") as source:
        lines = source.read().split("\n")
    ranges = [(0, len(lines))]
    if mutant["in"] is not None:
        ranges = body_of(lines, mutant["in"])
        if len(ranges) != 1:
            raise Fault("%s: %s() is there %d times" %
                        (mutant["name"], mutant["in"], len(ranges)))
    start, end = ranges[0]
    hits = [i for i in range(start, end) if lines[i].strip() == mutant["-"]]
    if len(hits) != 1:
        raise Fault("%s: its line is %d times in %s, not once: %s" %
                    (mutant["name"], len(hits), mutant["file"], mutant["-"]))
    if mutant["+"] == mutant["-"]:
        raise Fault("%s: it changes nothing" % mutant["name"])
    indent = re.match(r"\s*", lines[hits[0]]).group(0)
    lines[hits[0]] = indent + mutant["+"]
    return "\n".join(lines)


def known_tests():
    """What the Makefile fragments name."""
    names = set()
    for path in glob.glob(os.path.join(TOP, "tests", "*", "*.inc")):
        with open(path, encoding="utf-8") as source:
            names.update(re.findall(r"tests/[a-z]+/[a-z0-9_.]+",
                                    source.read()))
    return names


SAMPLE = """int
one(void);

int
one(void)
{
\treturn 1;
}

int
two(void)
{
\tif (x)
\t\treturn 2;
\treturn 1;
}
"""

# What a stanza becomes in the sample: its changed line, or None for a fault.
SAMPLES = [
    ("two", "return 2;", "return 3;", "\t\treturn 3;"),
    ("one", "return 1;", "return 3;", "\treturn 3;"),
    ("one", "return 2;", "return 3;", None),
    (None, "return 1;", "return 3;", None),
    (None, "return 2", "return 3;", None),
    (None, "return 2;", "return 2;", None),
    ("three", "return 1;", "return 3;", None),
]


def prove_check():
    """A check that finds no fault in a bad sample finds none anywhere."""
    with tempfile.TemporaryDirectory() as top:
        with open(os.path.join(top, "x.c"), "w", encoding="utf-8") as out:
            out.write(SAMPLE)
        for function, old, new, want in SAMPLES:
            mutant = {"name": "sample", "file": "x.c", "in": function,
                      "-": old, "+": new}
            try:
                lines = change(top, mutant).split("\n")
                found = [l for l in lines if l not in SAMPLE.split("\n")]
            except Fault:
                found = [None]
            if found != [want]:
                raise Fault("the check is blind: %s gave %s" %
                            (mutant, found))


def check():
    prove_check()
    mutants, tests, faults = load(), known_tests(), 0
    for mutant in mutants:
        try:
            change(TOP, mutant)
            for test in mutant["test"]:
                path = os.path.join(TOP, test)
                if test not in tests or not (os.path.exists(path) or
                                             os.path.exists(path + ".c")):
                    raise Fault("%s: there is no test %s" %
                                (mutant["name"], test))
        except (Fault, OSError) as fault:
            print(fault)
            faults += 1
    if len(mutants) < LEAST:
        print("only %d mutants, there were %d" % (len(mutants), LEAST))
        faults += 1
    print("%d mutants, %d faults" % (len(mutants), faults))
    return faults == 0


# ------------------------------------------------------------------ running

def copy_tree(to):
    def ignored(folder, names):
        top = os.path.abspath(folder) == TOP
        return [n for n in names if n in (".git", "autom4te.cache") or
                (top and (n == "build" or n.startswith("build-") and
                          n != "build-aux")) or n == "__pycache__"]
    shutil.copytree(TOP, to, symlinks=True, ignore=ignored)


def call(log, command, cwd, seconds=SECONDS):
    """The exit code; None if it took too long."""
    with open(log, "ab") as out:
        out.write(("$ %s\n" % " ".join(command)).encode())
        out.flush()
        process = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=out,
                                   stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 15)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
            return None


def build(log, obj, tests):
    """What the tests need, and no more."""
    needed = [t for t in tests if not t.endswith(".sh")]
    if len(needed) < len(tests):
        needed += ["all", "system-clients"]
    return call(log, ["make"] + needed, obj) == 0


def result_of(log, obj, test):
    """PASS, FAIL, SKIP, ERROR or TIME."""
    for suffix in (".log", ".trs"):
        if os.path.exists(os.path.join(obj, test + suffix)):
            os.remove(os.path.join(obj, test + suffix))
    # Its log alone: check-TESTS would link every other test anew first.
    if call(log, ["make", test + ".log"], obj) is None:
        return "TIME"
    path = os.path.join(obj, test + ".trs")
    if not os.path.exists(path):
        return "ERROR"
    with open(path, encoding="utf-8") as source:
        return re.search(r":test-result: (\w+)", source.read()).group(1)


def prepare(work, tests):
    src, obj = os.path.join(work, "src"), os.path.join(work, "obj")
    log = os.path.join(work, "prepare.log")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(obj)
    copy_tree(src)
    print("configure and build in %s" % work, flush=True)
    if call(log, [os.path.join(src, "configure"), "CFLAGS=-O0",
                  "--disable-dependency-tracking"], obj) != 0:
        raise Fault("configure failed; see %s" % log)
    return src, obj, log


def prove_green(obj, log, tests):
    if not build(log, obj, tests):
        raise Fault("the tree does not build; see %s" % log)
    for test in tests:
        result = result_of(log, obj, test)
        if result != "PASS":
            raise Fault("%s: %s without any mutant; see %s" %
                        (test, result, log))


def try_mutant(src, obj, work, mutant):
    log = os.path.join(work, mutant["name"] + ".log")
    path = os.path.join(src, mutant["file"])
    with open(path, encoding="utf-8") as source:
        good = source.read()
    try:
        text = change(src, mutant)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        if not build(log, obj, mutant["test"]):
            return "does not build; see %s" % log
        results = [result_of(log, obj, t) for t in mutant["test"]]
    finally:
        with open(path, "w", encoding="utf-8") as out:
            out.write(good)
    if "FAIL" in results:
        return None
    return "SURVIVED (%s); see %s" % (" ".join(results), log)


def run(names):
    mutants = load()
    for name in names:
        if name not in [m["name"] for m in mutants]:
            raise Fault("there is no mutant %s" % name)
    if names:
        mutants = [m for m in mutants if m["name"] in names]
    if os.environ.get("MUTANTS_TEST"):
        for mutant in mutants:
            mutant["test"] = [os.environ["MUTANTS_TEST"]]
    # neighbours change one file: one object less to compile
    mutants.sort(key=lambda m: m["file"])
    for mutant in mutants:
        change(TOP, mutant)
    tests = sorted({t for m in mutants for t in m["test"]})
    builddir = os.environ.get("top_builddir", os.getcwd())
    work = os.path.join(os.path.abspath(builddir), "build-mutants")
    src, obj, log = prepare(work, tests)
    prove_green(obj, log, tests)
    bad = 0
    for mutant in mutants:
        began = time.monotonic()
        fault = try_mutant(src, obj, work, mutant)
        bad += fault is not None
        print("%-7s %-34s %4d s  %s" %
              ("red" if fault is None else "GREEN", mutant["name"],
               time.monotonic() - began,
               fault or " ".join(mutant["test"])), flush=True)
    print("%d mutants, %d not found" % (len(mutants), bad))
    return bad == 0


def main():
    try:
        if sys.argv[1:] == ["check"]:
            good = check()
        elif len(sys.argv) > 1 and sys.argv[1] == "run":
            good = run(sys.argv[2:])
        else:
            raise Fault("usage: mutants.py check | run [NAME...]")
    except Fault as fault:
        print("mutants.py: %s" % fault, file=sys.stderr)
        good = False
    sys.exit(0 if good else 1)


main()
