#!/usr/bin/python3
"""bench_fetch.py - fetches by pinfetch, by curl, and by the least of programs.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: bench_fetch.py SRCDIR BUILDDIR [ROUNDS]

All fetch from one nginx on the loopback.  Machines are noisy: in each round the
contestants run one after the other, the first one in turn; told are medians of
the rounds, and medians of the ratio to bench_fetch_least within each round, of
elapsed time and of processor time.  What counts is the latter on a machine
that others use too.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SMALL = 200
PER_ROUND = 10
GIB = 1 << 30
LEAST = "libcurl with GnuTLS, the least"


def spawn(words):
    """Seconds elapsed, and of processor time."""
    null = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    child = os.posix_spawn(words[0], words, os.environ, file_actions=null)
    _, status, usage = os.wait4(child, 0)
    spent = time.perf_counter() - start
    if status:
        sys.exit("bench_fetch.py: %s ended with %s" % (
            words[:8], os.waitstatus_to_exitcode(status)))
    return spent, usage.ru_utime + usage.ru_stime


def binary(build, name):
    """The program itself: libtool's script for it costs more than a fetch."""
    folder, base = os.path.split(os.path.join(build, name))
    real = os.path.join(folder, ".libs", base)
    return real if os.path.exists(real) else os.path.join(folder, base)


def compete(title, contestants, rounds, times, unit, scale):
    """contestants: name -> words; each runs that many times in a round."""
    spent = {name: [] for name in contestants}
    names = list(contestants)
    for words in contestants.values():
        spawn(words)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            runs = [spawn(contestants[name]) for _ in range(times)]
            spent[name].append([sum(run[i] for run in runs) / times * scale
                                for i in (0, 1)])
    for name in names:
        figures = [statistics.median(run[i] for run in spent[name])
                   for i in (0, 1)]
        ratios = [statistics.median(
            a[i] / b[i] for a, b in zip(spent[name], spent[LEAST]))
            for i in (0, 1)]
        print("%-14s %-34s %8.2f %s  %+5.1f %%   cpu %8.2f %s  %+5.1f %%" % (
            title, name, figures[0], unit, (ratios[0] - 1) * 100, figures[1],
            unit, (ratios[1] - 1) * 100), flush=True)


def prepare(source, build, top):
    """The servers' port, and what each contestant is called with."""
    pki = os.path.join(top, "pki")
    web = os.path.join(top, "web")
    root = os.path.join(web, "root")
    subprocess.run([sys.executable, os.path.join(
        source, "tests/support/mkpki.py"), pki], check=True)
    os.makedirs(root)
    with open(os.path.join(root, "small"), "wb") as file:
        file.write(b"x" * 4096)
    with open(os.path.join(root, "large"), "wb") as file:
        file.truncate(GIB)
    with open(os.path.join(pki, "pins.txt"), encoding="ascii") as file:
        pins = dict(line.strip().split("=", 1) for line in file)
    header = "; ".join(["max-age=100000"] + [
        'pin-sha256="%s"' % pins[name].partition("//")[2]
        for name in ("multi", "backup")])
    ready = os.path.join(top, "port")
    conf = "root %s; access_log off; keepalive_requests 1000; break;" % root
    server = subprocess.Popen(
        [sys.executable, os.path.join(source, "tests/servers/nginx.py"),
         "--dir", web, "--ready", ready, "--pki", pki,
         "--site", "pin.test", "--chain", "multi", "--conf", conf,
         "--site", "other.test", "--chain", "multi", "--conf", conf,
         "--header", "Public-Key-Pins: " + header])
    while not (os.path.exists(ready) and os.path.getsize(ready)
               and os.path.exists(os.path.join(web, "nginx.pid"))):
        if server.poll() is not None:
            sys.exit("bench_fetch.py: nginx does not start")
        time.sleep(0.05)
    with open(ready, encoding="ascii") as file:
        port = file.read().strip()
    trust = os.path.join(pki, "trust.pem")
    pinfetch = binary(build, "tools/pinfetch/pinfetch")
    least = binary(build, "tests/bench/bench_fetch_least")

    def at(name):
        return "%s:%s:127.0.0.1" % (name, port)

    def contestants(path, times):
        plain = ["https://pin.test:%s/%s" % (port, path)] * times
        pinned = ["https://other.test:%s/%s" % (port, path)] * times
        fetch = [pinfetch, "--store", os.path.join(top, "store"), "-s",
                 "--cacert", trust, "--http1.1", "--resolve"]
        return {
            LEAST: [least, trust, at("pin.test")] + plain,
            "pinfetch, host not pinned": fetch + [at("pin.test")] + plain,
            "pinfetch, host pinned": fetch + [at("other.test")] + pinned,
            "curl, as Debian has it": [
                "/usr/bin/curl", "-q", "-s", "--http1.1", "--cacert", trust,
                "--resolve", at("pin.test")] + plain,
        }
    return server, contestants


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    source, build = (os.path.abspath(path) for path in sys.argv[1:3])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else SMALL // PER_ROUND
    top = tempfile.mkdtemp(prefix="pinstore-bench-")
    # for all, as looking there takes time
    os.environ["LD_LIBRARY_PATH"] = os.path.join(build, "libpinstore/.libs")
    server = None
    try:
        server, contestants = prepare(source, build, top)
        compete("200 processes", contestants("small", 1), rounds, PER_ROUND,
                "ms", 1000)
        compete("200 URLs", contestants("small", SMALL), rounds, 1, "ms", 1000)
        compete("1 GiB", contestants("large", 1), max(3, rounds // 4), 1, " s",
                1)
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(top)


main()
