#!/usr/bin/python3
"""negative.py - does each option act?

SPDX-License-Identifier: LGPL-2.1-or-later

usage: negative.py TABLE NAME=VALUE...

Runs the rows of negative.table, whose head says what they mean, each in a copy
of the folder ./files, with HOME there and a store of its own.  A row
fails if a code is another one, or if both runs come to the same; and the table
fails if an option that --help names has no row.  Beside {NAME} it knows {BARE}:
without the options that all rows of pinfetch have, {TTY}: with a terminal for
stderr, {SECOND}: interrupted after a second, and {QUEUED}: pinfetch with the
store that pinstore has, in which a report waits.  LOGS are servers' logs.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

table = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
values = dict(word.split("=", 1) for word in sys.argv[2:])
logs = values.pop("LOGS").split()
common = values.pop("COMMON").split()
failures = []


def fail(*words):
    failures.append(" ".join(words))
    print("FAIL:", *words)


def rows():
    """(option, (code, words), (code, words))"""
    with open(table, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file
                 if line.strip() and line[0] != "#"]
    for at in range(0, len(lines), 3):
        option, good, bad = lines[at:at + 3]
        if good[0] != "+" or bad[0] != "-":
            sys.exit("negative.py: no row: " + option)
        yield option, case(good), case(bad)


def case(line):
    code, *words = line[2:].split(" ")
    return int(code), words


def fill(word):
    """Placeholders; {{}} stands for {} itself."""
    if word == "{{}}":
        return "{}"
    return re.sub(r"\{([A-Z0-9]+)\}", lambda m: values[m.group(1)], word)


def run(*words, check=False):
    return subprocess.run(words, cwd="run", env=dict(
        os.environ, HOME=os.path.abspath("run"), PINSTORE="store"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=60, check=check)


def plain(text):
    """Without what differs from run to run: ports, times, sizes, borders."""
    text = re.sub(r"-{20,}[0-9a-f]+", "BORDER", text)
    return re.sub(r"[0-9]+", "#", text)


def prepare_store():
    """Entries: expiring soon, with a child, of the operator, in mode report."""
    pins = "".join('; pin-sha256="%s"' % values[name] for name in "AB")
    for host, time, life in (("old.test", values["EARLY"], "1000"),
                             ("a.test", values["EARLY"], "500000"),
                             ("b.a.test", values["T"], "500000")):
        run("pinstore", "note", "--at", time, "--chain-pin", values["A"], host,
            "max-age=" + life + pins, check=True)
    run("pinstore", "pin", "s.test", values["A"], values["B"], check=True)
    run("pinstore", "pin", "watched.test", values["A"], values["B"], "--mode",
        "report", check=True)
    run("pinstore", "note", "--chain-pin", values["C"], "watched.test",
        "max-age=0", check=True)  # which the entry would have refused
    run(os.path.join(os.environ["top_builddir"], "tests", "support",
                     "queuereport"), "store", "pin.test", "443", "private",
        "http://pin.test/reports", check=True)
    os.rename("run/store", "filled")


def files():
    """Names and contents, but for stores and what the library keeps there."""
    found = {}
    for folder, _, names in os.walk("run"):
        if any(part in ("store", "another") for part in folder.split("/")):
            continue
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                found[os.path.join(folder, name)] = file.read()
                if os.fstat(file.fileno()).st_mtime < 1e9:  # of 2001
                    found[os.path.join(folder, name) + " is old"] = True
    if "run/seen" in found:  # how often a meter is drawn is chance
        found["run/seen"] = sorted(set(re.findall(rb"Total|#|B/s",
                                                  found["run/seen"])))
    return found


def entries(store):
    """Each entry, but for the moment at which it was written."""
    if not os.path.isdir(os.path.join("run", store)):
        return None
    listed = json.loads(run("pinstore", "--store", store, "list",
                            "--json").stdout or b"[]")
    for entry in listed:
        for name in [n for n in entry if n.startswith(
                ("noted", "updated", "expires")) and
                entry["source"] == "static"]:
            entry[name] = bool(entry[name])
    return listed


def outcome(tool, words):
    shutil.rmtree("run", ignore_errors=True)
    shutil.copytree("files", "run")
    if tool == "pinstore":
        shutil.copytree("filled", "run/store")
        command = [tool] + [fill(word) for word in words
                            if word not in ("{SECOND}", "{TTY}")]
        if "{SECOND}" in words:
            command = ["timeout", "-s", "INT", "1", *command]
    elif "{BARE}" in words:
        command = [tool] + [fill(word) for word in words if word != "{BARE}"]
        command += [word for word in common if "resolve" in word]
    else:
        command = [tool, *common] + [fill(word) for word in words if word
                                     not in ("{TTY}", "{QUEUED}")]
    if "{QUEUED}" in words:
        shutil.copytree("filled", "run/store")
    if "{TTY}" in words:
        command = [sys.executable, os.path.join(here, "onpty.py"), "80", "2",
                   "seen", *command]
    before = {log: os.path.getsize(log) if os.path.exists(log) else 0
              for log in logs}
    done = run(*command)
    got = []
    for log in logs:
        if os.path.exists(log):
            with open(log, encoding="utf-8") as file:
                file.seek(before[log])
                got += [plain(line) for line in file
                        if line.startswith("octets")]
    days = "|".join(time.strftime("%Y-%m-%dT", time.gmtime(time.time() + ahead))
                    for ahead in (0, 86400))
    out = re.sub("(" + days + ")[0-9:]{8}Z", "NOW OR SOON",
                 done.stdout.decode("utf-8", "replace"))
    err = plain(done.stderr.decode("utf-8", "replace"))
    return done.returncode, (out, err, files(), entries("store"),
                             entries("another"), got), done.stderr


def options_of(text):
    return re.findall(r"^  (?:-\S, |    )?(--[a-z0-9.-]+)", text, re.M)


def wanted():
    """The options that the tools name themselves."""
    def help_of(*words):
        return run(*words, "--help", check=True).stdout.decode()
    shared = set(options_of(help_of("pinstore")))
    names = {"pinfetch " + o for o in options_of(help_of("pinfetch"))}
    names |= {"pinstore " + o for o in shared}
    for verb in re.findall(r"^  ([a-z]+) ", help_of("pinstore"), re.M):
        if verb == "help":
            continue
        names |= {"pinstore %s %s" % (verb, o)
                  for o in options_of(help_of("pinstore", verb))
                  if o not in shared}
    return names


def main():
    os.makedirs("run", exist_ok=True)
    prepare_store()
    named = set()
    needed = wanted()
    for option, good, bad in rows():
        if option in named:
            fail(option, "has two rows")
        named.add(option)
        tool = option.split()[0]
        results = []
        for code, words in (good, bad):
            got, rest, err = outcome(tool, words)
            if got != code:
                fail("%s: exit %d, not %d, of" % (option, got, code), *words)
                print(err.decode("utf-8", "replace"))
            results.append((got, rest))
        if results[0] == results[1]:
            fail(option, "makes no difference")
        # What differs differs because of the option.
        if good[0] == bad[0] and outcome(tool, good[1])[:2] != results[0]:
            fail(option, "never comes to the same")
    for name in sorted(needed - named):
        fail(name, "has no negative case")
    for name in sorted(named - needed):
        fail(name, "has a row and is in no --help")
    if len(needed) < 100:
        fail("only %d options are named by --help" % len(needed))
    print("%d options, %d failures" % (len(named), len(failures)))
    sys.exit(1 if failures else 0)


main()
