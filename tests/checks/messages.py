#!/usr/bin/python3
"""messages.py - what the tools can say, and no test expects.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: messages.py [--count]

Judges the tree below the current folder.  A message is a string of tools/ or of
libpinstore/, whose texts the tools print, with two words in a row; strings that
stand one behind the other are one, and what stands between two conversions is judged by
itself.  It must occur in what a test expects: in a file of tests/, remarks aside,
or of docs/, if a test runs it as it stands.  The text of --help is manuals.sh's business.

tests/checks/unsaid.txt names those that cannot be made to happen, each below
its reason, which begins with "#"; an ending * stands for any rest.
"""
import collections
import glob
import os
import re
import sys

TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
                   r"""|[A-Za-z_]\w*|\s+|.""", re.S)
CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?"
                        r"(?:(?:hh|h|ll|l|z|j|t)?[a-zA-Z%]|\0)|\\[nrt]|\0|"
                        r"\\[0-7x]\w*")
# Where --help comes from: what stands in braces there.
HELP = ("tools/pinfetch/table.c", "tools/pinstore/options.c",
        "tools/pinstore/verb.c")
# What tests run line by line.
RUN = ["docs/%s.md" % name for name in ("containers", "embedding", "locked-out",
                                        "walkthrough",
                                        "walkthrough-report-only")]
UNSAID = "tests/checks/unsaid.txt"


def strings(path):
    """(line, text) of each string; a macro within is a conversion."""
    with open(path, encoding="utf-8") as file:
        source = file.read()
    source = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$",
                    lambda m: "\n" * m.group().count("\n"), source, flags=re.M)
    line, depth, parts, start, is_assert = 1, 0, [], 0, False
    for match in TOKEN.finditer(source):
        token, at = match.group(), line
        line += token.count("\n")
        if token.isspace() or token[:2] in ("/*", "//"):
            continue
        if token[0] == '"':
            start = start if parts else at
            parts.append(token[1:-1])
            continue
        if parts and re.fullmatch(r"[A-Z][A-Za-z0-9_]*", token):
            parts.append("\0")
            continue
        if parts:
            if not (depth and path in HELP) and not is_assert:
                yield start, "".join(parts)
            parts = []
        is_assert = token == "static_assert" or (is_assert and token != ";")
        depth += (token == "{") - (token == "}")


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def pieces(text):
    """What is fixed in a message, if it is prose."""
    for piece in CONVERSION.split(text):
        piece = squeeze(piece.replace('\\"', '"').replace("\\\\", "\\"))
        if re.search(r"[a-z]{2,}[,;:]? [a-z]{2,}", piece) and \
                not re.search(r"<[a-z?]", piece):  # XML for a server
            yield piece


def said():
    """What tests expect, with \\ and what the shell needs taken out."""
    texts = []
    for name in list(filter(os.path.exists, RUN)) + sorted(
            name for folder, _, names in os.walk("tests")
            for name in (os.path.join(folder, n) for n in names)
            if name.endswith((".sh", ".py", ".c", ".h", ".table"))
            and not name.startswith(("tests/checks/", "tests/mutants/",
                                     "tests/bench/"))):
        with open(name, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if name.endswith((".c", ".h")):
            text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
            text = re.sub(r'"\s*"', "", text)
        else:
            text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
        text = re.sub(r"^ > ", "", text, flags=re.M)
        texts.append(squeeze(re.sub(r"\\(.)", r"\1", text)))
    return "\n".join(texts)


def listed():
    """(pattern, line, whether a reason stands above it)"""
    reason = False
    if not os.path.exists(UNSAID):
        return
    with open(UNSAID, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if line.startswith("#"):
                reason = len(line) > 10
            elif line:
                yield line, number, reason
            else:
                reason = False


def is_meant(pattern, piece):
    if pattern.endswith("*"):
        return piece.startswith(pattern[:-1])
    return piece == pattern


def main():
    corpus = said()
    unsaid = list(listed())
    used = collections.Counter()
    counts = collections.Counter()
    for path in sorted(glob.glob("tools/*/*.c") +
                       glob.glob("libpinstore/*/*.c")):
        for line, text in strings(path):
            for piece in pieces(text):
                room = path.split("/")[0]
                counts[room] += 1
                excuse = next((row[0] for row in unsaid
                               if is_meant(row[0], piece)), None)
                if excuse is not None:
                    used[excuse] += 1
                    counts[room + " listed"] += 1
                    if piece in corpus and not excuse.endswith("*"):
                        print("%s: is listed, and a test expects it: %s"
                              % (UNSAID, excuse))
                elif piece not in corpus:
                    print("%s:%d: no test expects: %s" % (path, line, piece))
    for pattern, number, reason in unsaid:
        if not reason:
            print("%s:%d: has no reason" % (UNSAID, number))
        if not used[pattern]:
            print("%s:%d: nothing says: %s" % (UNSAID, number, pattern))
    if "--count" in sys.argv:
        for room in sorted(counts):
            print(room, counts[room])


main()
