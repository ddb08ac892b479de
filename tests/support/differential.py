#!/usr/bin/python3
"""differential.py - the same command lines through curl and pinfetch.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: differential.py TABLE CURL PINFETCH TRUST DIR AT_LEAST [NAME=VALUE]...

Each line of TABLE is run by both, each in a folder of its own with the same
files in it, which is HOME as well.  Standard output (in two parts: the body,
and what -w prints), files and exit code must be the same.  In a line {NAME}
stands for VALUE.  With -Z the lines of -w have no order; with -R files have a
time.  A line before it that begins with "! WHAT[,WHAT]: " wants a difference, and
says why; WHAT is out, w, files or exit.  A difference that is wanted and does not
come is a fault too.
"""
import concurrent.futures
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

MARK = "\n<w>"
VARIABLES = ("http_code num_redirects url_effective size_download size_upload "
             "size_header size_request method scheme content_type "
             "filename_effective exitcode redirect_url num_connects "
             "http_version remote_ip urlnum response_code url").split()
FORMAT = MARK + "".join(" %s=%%{%s}" % (v, v) for v in VARIABLES) + "\n"
# What is different from one run to the next, and nobody's fault.
NOISE = [
    (re.compile(rb"-{24}[0-9a-f]{16}"), b"BOUNDARY"),
    (re.compile(rb"\d{8} \d\d:\d\d:\d\d"), b"TIME"),
    (re.compile(rb'"((time|speed)_\w+|local_port)":[0-9.]+'), b"MEASURED"),
    (re.compile(rb'"(curl_version|certs)":"[^"]+"'), b"OF THE TLS LIBRARY"),
    (re.compile(rb'"pin_\w+":[^,]*,'), b""),  # json has these beside curl's
    (re.compile(rb"(?m)^Date: .*$|^date: .*$"), b"DATE"),
]


def seed(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    files = {
        "data": b"x\r\ny & z\n", "bin": bytes(range(256)),
        "json": b'{"a":\n1}', "part": b"0123456789", "empty": b"",
        "other.txt": b"second\n", "old": b"old content",
        "whole": b"".join(b"%09d\n" % n for n in range(100)),
        ".netrc": b"machine pin.test login us password net\n"
                  b"machine other.test login them password far\n",
        "cookies": b"# Netscape HTTP Cookie File\n"
                   b"pin.test\tFALSE\t/\tFALSE\t0\tjar\tone\n"
                   b"other.test\tFALSE\t/\tFALSE\t0\tjar\ttwo\n",
        "fields": b"X-One: 1\nX-Two: 2\n",
        "conf": b"# options\nuser-agent = \"from \\\"conf\\\"\"\n"
                b"-H \"X-Conf: yes\"\nreferer: http://ref/\n",
        "format": b"from a file %{http_code}\\n",
        "lines": b"one %{http_code}\\n\r\ntwo\n",
    }
    for name, octets in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(octets)


def clean(octets):
    for pattern, word in NOISE:
        octets = pattern.sub(word, octets)
    return octets


def is_set(words, letter, name):
    return any(word == name or re.fullmatch("-[A-Za-z]*%s[A-Za-z]*" % letter,
                                            word) for word in words)


def tree(folder, with_times):
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = clean(file.read())
            age = time.time() - os.path.getmtime(path)
            if with_times and age > 3600:
                found[os.path.relpath(path, folder) + " time"] = \
                    os.path.getmtime(path)
    return found


def run(program, folder, words, stdin):
    seed(folder)
    env = dict(os.environ, HOME=folder)
    try:
        done = subprocess.run(program + words, cwd=folder, env=env,
                              input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=50)
        code, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        code, out, err = "time out", late.stdout or b"", late.stderr or b""
    parts = clean(out).split(MARK.encode())
    told = [part.partition(b"\n")[0] for part in parts[1:]]
    if is_set(words, "Z", "--parallel"):  # and who opens a connection is a matter of luck
        told = sorted(re.sub(rb"num_connects=\d", b"", line)
                      for line in told)
    return {"exit": code, "out": parts[0] + b"".join(
        part.partition(b"\n")[2] for part in parts[1:]),
        "w": told,
        "files": tree(folder, is_set(words, "R", "--remote-time")), "err": err}


def read(path, values):
    rows = []
    wanted = {}
    reason = ""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("! "):
                what, _, reason = line[2:].partition(": ")
                wanted = set(what.split(","))
                if not reason or wanted - {"out", "w", "files", "exit"}:
                    sys.exit("%s:%d: what, and why?" % (path, number))
                continue
            for name, value in values.items():
                line = re.sub(r"(?<!{){%s}" % name, lambda _: value, line)
            line = line.replace("{{", "{").replace("}}", "}")
            rows.append((number, line, wanted or set(), reason))
            wanted, reason = set(), ""
    return rows


def judge(row, curl, pinfetch, folder):
    number, line, wanted, reason = row
    stdin = b"from stdin\n"
    if line.startswith("< "):
        text, _, line = line[2:].partition(" | ")
        stdin = text.encode()
    words = shlex.split(line)
    a = run(curl, os.path.join(folder, "curl%d" % number), words, stdin)
    b = run(pinfetch, os.path.join(folder, "pinfetch%d" % number), words,
            stdin)
    differs = {what for what in ("out", "w", "files", "exit")
               if a[what] != b[what]}
    told = ""
    if differs != wanted:
        told = "line %d: %s\n  differs: %s, wanted: %s\n" % (
            number, line, ",".join(sorted(differs)) or "nothing",
            ",".join(sorted(wanted)) or "nothing")
        for what in sorted(differs | {"exit", "err"}):
            for name, side in (("curl", a), ("pinfetch", b)):
                shown = side[what]
                if what == "files":
                    other = (b if side is a else a)[what]
                    shown = {n: t for n, t in shown.items()
                             if other.get(n) != t}
                told += "  %s %s: %.1500s\n" % (name, what, repr(shown))
    return told, bool(wanted), (a["exit"], reason)


def main():
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    table, curl, pinfetch, trust, folder = sys.argv[1:6]
    values = dict(word.split("=", 1) for word in sys.argv[7:])
    common = ["-s", "-A", "agent", "-w", FORMAT, "--cacert", trust]
    common += [word for port in values["PORTS"].split(",")
               for name in ("pin.test", "other.test", "wrong.test")
               for word in ("--resolve", "%s:%s:127.0.0.1" % (name, port))]
    rows = read(table, values)
    faults = wanted = 0
    codes = set()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda row: judge(
            row, [curl, "-q", "-g", "-H", "X-Run: a"] + common,
            [pinfetch, "--store", os.path.join(folder, "store"),
             "-H", "X-Run: b"] + common, folder), rows)
        for told, was_wanted, (code, _) in results:
            if told:
                print(told, end="")
            faults += bool(told)
            wanted += was_wanted
            codes.add(code)
    print("%d command lines, %d unexpected, %d differences wanted; exit codes "
          "%s" % (len(rows), faults, wanted, sorted(codes, key=str)))
    if len(rows) < int(sys.argv[6]):
        sys.exit("fewer command lines than %s" % sys.argv[6])
    sys.exit(1 if faults else 0)


main()
