#!/usr/bin/python3
# model.py - the library and the reference side by side on generated cases.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: model.py DRIVER FOLDER
#
# DRIVER is the built tests/model/driver, FOLDER a private one for its stores.
# In the environment:
#
#   MODEL_CASES  how many (20000)
#   MODEL_SEED   which (1); "clock" for one that was never used before
#   MODEL_ONLY   kinds, with spaces between (lint name history)
#   MODEL_CASE   KIND/NUMBER: only that case, and all that it does
#   MODEL_QUICK  1: stop at the first difference, and leave it as large as it is
#
# Exit: 0 no difference, 1 differences, each made as small as can be.

import collections
import json
import os
import random
import subprocess
import sys
import time

from cases import KINDS

# A history has some 25 steps.
SHARES = ["lint"] * 28 + ["name"] * 11 + ["history"]
BATCH = 400
DIFFERENCES_MAX = 5
SHRINKS_MAX = 500
SECONDS = 120


# Answers without which a run of 20,000 has compared too little.
MUST_COME = ["lint " + w for w in (
    "note", "remove", "unpin", "report", "pass", "ignore/no-match",
    "ignore/no-backup", "ignore/malformed", "ignore/duplicate",
    "ignore/bad-max-age", "ignore/no-max-age", "ignore/bad-pin",
    "ignore/pin-length", "ignore/unquoted-pin", "ignore/limit",
    "ignore/valueless-report-uri", "ignore/valued-include-subdomains",
    "ignore/no-report-uri", "ignore/no-pins")] + ["name " + w for w in (
        "name", "address", "bad")] + ["history " + w for w in (
            "noted", "updated", "unchanged", "removed", "ignored/older",
            "ignored/full", "ignored/pin-mismatch", "ignored/no-backup",
            "matched", "unpinned", "reject/no-pin-in-chain",
            "reject/revoked", "bypassed", "unfit", "stored from tofu", "set",
            "a setting told", "matched beside the system's entry",
            "reject beside the system's entry", "import added",
            "import double", "import looser")]


def words(kind, answer):
    """What an answer says, as it is counted."""
    action = answer.get("action") or answer.get("verdict") or \
        (answer.get("kind") if kind == "name" else None)
    if action:
        yield "%s %s" % (kind, action)
    if action in ("ignore", "ignored", "reject"):
        yield "%s %s/%s" % (kind, action, answer.get("reason"))
    if answer.get("status") == -5:
        yield "history unfit"
    if len(answer.get("layers", [])) == 3 and answer["layers"][2]["host"]:
        yield "history %s beside the system's entry" % action
    for fate in set(answer.get("fates", [])):
        yield "history import " + fate
    if "entries" in answer:
        for source in {entry["source"] for entry in answer["entries"]}:
            yield "history stored from " + source
    if "is_set" in answer:
        yield "history " + ("set" if answer["is_set"] else "a setting told")


class Crash(Exception):
    pass


class Driver:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def ask(self, commands):
        """The answers to commands; Crash says how many came before the end."""
        run = subprocess.run([self.program, self.folder], timeout=SECONDS,
                             input="\n".join(commands) + "\n",
                             encoding="ascii", errors="backslashreplace",
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        answers = [json.loads(l) for l in run.stdout.split("\n") if l]
        if run.returncode != 0 or len(answers) != len(commands):
            raise Crash("the driver ended with %d after %d of %d answers: %s"
                        % (run.returncode, len(answers), len(commands),
                           run.stderr.strip()[-2000:]))
        return answers


def judge(driver, kind, case):
    """None, what is wrong, or the text of a crash."""
    try:
        return KINDS[kind].judge(case, driver.ask(KINDS[kind].commands(case)))
    except (Crash, subprocess.TimeoutExpired) as crash:
        return str(crash)


def shrink(driver, kind, case):
    """The simplest case that still shows a difference."""
    tries = 0
    is_simpler = True
    while is_simpler:
        is_simpler = False
        for smaller in KINDS[kind].smaller(case):
            tries += 1
            if tries > SHRINKS_MAX:
                return case
            if judge(driver, kind, smaller) is not None:
                case, is_simpler = smaller, True
                break
    return case


def is_quick():
    return os.environ.get("MODEL_QUICK", "0") != "0"


def report(driver, seed, kind, number, case):
    print("model: difference in %s/%d of seed %s" % (kind, number, seed))
    print("model: again: MODEL_SEED=%s MODEL_CASE=%s/%d" %
          (seed, kind, number))
    if not is_quick():
        case = shrink(driver, kind, case)
    wrong = judge(driver, kind, case)
    print(KINDS[kind].describe(case))
    for command in KINDS[kind].commands(case):
        print("  driver   " + command[:2000])
    if wrong is None or isinstance(wrong, str):
        print("  it        " + (wrong or "cannot be seen a second time"))
        return
    print("  at        " + wrong.command[:2000])
    expected, answer = wrong.expected, wrong.answer
    if isinstance(expected, dict):
        for line in differing("", expected, answer):
            print("  " + line)
    else:
        print("  expected  %r\n  library   %r" % (expected, answer))
    sys.stdout.flush()


def differing(where, expected, answer):
    """Only the members that differ, however deep."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        for name in sorted(set(expected) | set(answer)):
            yield from differing("%s.%s" % (where, name) if where else name,
                                 expected.get(name, "absent"),
                                 answer.get(name, "absent"))
    elif isinstance(expected, list) and isinstance(answer, list) and \
            len(expected) == len(answer):
        for i, (one, other) in enumerate(zip(expected, answer)):
            yield from differing("%s[%d]" % (where, i), one, other)
    elif expected != answer:
        yield "%s: expected %r, the library says %r" % (where, expected, answer)


def make(seed, kind, number):
    return KINDS[kind].make(random.Random("%s/%s/%d" % (seed, kind, number)))


def main():
    driver = Driver(sys.argv[1], sys.argv[2])
    seed = os.environ.get("MODEL_SEED", "1")
    if seed == "clock":
        seed = str(int(time.time()))
    if "MODEL_CASE" in os.environ:
        kind, number = os.environ["MODEL_CASE"].split("/")
        case = make(seed, kind, int(number))
        print(KINDS[kind].describe(case))
        if judge(driver, kind, case) is None:
            print("model: no difference")
            return 0
        report(driver, seed, kind, int(number), case)
        return 1
    only = os.environ.get("MODEL_ONLY", "lint name history").split()
    shares = [kind for kind in SHARES if kind in only]
    total = int(os.environ.get("MODEL_CASES", "20000"))
    print("model: seed %s, %d cases" % (seed, total))
    counts, commands_run, differences = collections.Counter(), 0, 0
    seen = collections.Counter()
    start = time.monotonic()
    while sum(counts.values()) < total:
        batch = []
        for _ in range(min(BATCH, total - sum(counts.values()))):
            kind = shares[sum(counts.values()) % len(shares)]
            batch.append((kind, counts[kind], make(seed, kind, counts[kind])))
            counts[kind] += 1
        commands = [KINDS[kind].commands(case) for kind, _, case in batch]
        commands_run += sum(map(len, commands))
        try:
            answers = driver.ask([c for each in commands for c in each])
        except (Crash, subprocess.TimeoutExpired) as crash:
            print("model: %s" % crash)
            answers = None
        at = 0
        for (kind, number, case), asked in zip(batch, commands):
            if answers is None:
                wrong = judge(driver, kind, case)
            else:
                got = answers[at:at + len(asked)]
                seen.update(w for a in got for w in words(kind, a))
                wrong = KINDS[kind].judge(case, got)
                at += len(asked)
            if wrong is not None:
                differences += 1
                report(driver, seed, kind, number, case)
                if differences == DIFFERENCES_MAX or is_quick():
                    print("model: more are not looked for")
                    return 1
        if answers is None and not differences:
            print("model: the crash comes only after other cases")
            return 1
    print("model: %s; %d commands in %.1f s; %d differences" % (
        ", ".join("%d %s" % (counts[k], k) for k in sorted(counts)),
        commands_run, time.monotonic() - start, differences))
    for kind in sorted(set(shares)):
        print("model: %s: %s" % (kind, ", ".join(
            "%s %d" % (word.partition(" ")[2], n)
            for word, n in sorted(seen.items()) if word.startswith(kind))))
    missing = [w for w in MUST_COME if w.partition(" ")[0] in shares
               and not seen[w]]
    if missing and total >= 20000:
        print("model: never came: %s" % ", ".join(missing))
        return 1
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
