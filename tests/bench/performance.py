#!/usr/bin/python3
"""performance.py - runs the benchmarks and makes one table of them.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: performance.py SRCDIR BUILDDIR

The table goes to stdout and, with a plot, into docs/performance.md, of which the
part between the marks is written anew.  BENCH_HOSTS, by default "1000 10000
100000 1000000", are the sizes of the stores; with others the documents stay as
they are.  Stores are made once, below BUILDDIR/tests/bench/stores, and kept; what
writes works on copies beside them.
"""
import os
import random
import shutil
import statistics
import subprocess
import sys
import time

SIZES = "1000 10000 100000 1000000"
PEERS = {"lmdb": "bare LMDB", "sqlite": "SQLite", "gnutls": "GnuTLS's file",
         "libwget": "libwget"}
PACKAGES = {"sqlite": "libsqlite3-dev", "libwget": "wget2-dev"}
ROUNDS = 3
BEGIN = "<!-- begin: written by `make bench` -->\n"
END = "<!-- end: written by `make bench` -->\n"


class Goal:
    """What a row is held to: limit of a figure or of a ratio, most or least."""

    def __init__(self, who, limit, least=False, words=""):
        self.who, self.limit, self.least = who, limit, least
        self.words = words

    def judge(self, row):
        """The cell of the table."""
        value = row.value("pinstore") if self.who == "pinstore" else (
            row.times(self.who))
        if value is None:
            return ""
        held = value >= self.limit if self.least else value <= self.limit
        return "%s: %s" % (self.words, "held" if held else "**missed**")


def floor(limit, least=False):
    sign = "≥" if least else "≤"
    return Goal("floor", limit, least, "%s %g × floor" % (sign, limit))


def peer(who, limit):
    return Goal(who, limit, True, "≥ {:,} × {}".format(limit, PEERS[who]))


def most(limit, words):
    return Goal("pinstore", limit, False, "≤ " + words)


# Unit of a figure: ns, KiB, octets, /s, or a number; hosts: a goal, or several.
ROWS = [
    ("open.cached", "open to first answer, file cached", "ns",
     {1000000: peer("libwget", 5000)}),
    ("open.evicted", "open to first answer, file evicted", "ns",
     {1000000: most(3e6, "3 ms")}),
    ("check.hit", "check: hit", "ns",
     {1000: most(1000, "1 µs"), 100000: floor(1.5), 1000000: floor(1.5)}),
    ("check.covered", "check: covered by a parent", "ns",
     {1000: most(1000, "1 µs"), 100000: floor(1.5), 1000000: floor(1.5)}),
    ("check.miss", "check: proved miss", "ns",
     {1000: most(1000, "1 µs"), 100000: floor(1.5), 1000000: floor(1.5)}),
    ("check.miss6", "check: proved miss, 6 labels", "ns",
     {1000: most(1000, "1 µs"), 100000: floor(1.8), 1000000: floor(1.8)}),
    ("note.refresh", "durable note: refresh", "ns",
     {0: floor(3.0)}),
    ("note.insert", "durable note: insert", "ns",
     {0: floor(3.5), 1000000: [floor(3.5), peer("libwget", 100)]}),
    ("flushes.refresh", "flushes a refresh", "", {}),
    ("flushes.insert", "flushes an insert", "", {}),
    ("import.command", "import from text, one command", "ns",
     {1000000: most(5e9, "5 s")}),
    ("import.store", "import, the store's part", "ns",
     {1000000: most(2e9, "2 s")}),
    ("import.memory", "import, peak memory", "KiB", {}),
    ("fsck", "fsck, file cached", "ns", {1000000: most(5e8, "0.5 s")}),
    ("memory.peak", "a client's memory, with pages of the file", "KiB", {}),
    ("memory.own", "a client's own memory", "KiB",
     {0: most(4096, "4 MiB")}),
    ("size", "file size", "octets", {}),
    ("read.threads2", "2 threads reading", "/s", {0: floor(1.7, True)}),
    ("read.threads2.beside", "2 threads reading while one writes", "/s", {}),
    ("read.threads2.beside.cpu", "the same, a second of their own CPU time",
     "/s", {0: floor(0.9, True)}),
    ("read.processes8.beside", "8 processes reading while one writes", "/s",
     {}),
    ("read.processes8.beside.cpu", "the same, a second of their own CPU time",
     "/s", {0: floor(0.9, True)}),
    ("write.threads32", "32 threads writing", "/s", {0: floor(3, True)}),
    ("write.processes8", "8 processes writing", "/s", {0: floor(0.7, True)}),
    ("write.processes8.spread", "of these, most to least served", "",
     {0: most(1.3, "1.3")}),
    ("handshake.unpinned", "TLS 1.3 handshake, not pinned", "ns", {}),
    ("handshake.unpinned.cpu", "the same, CPU time of both ends", "ns",
     {0: floor(1.01)}),
    ("handshake.pinned", "pinstore_handshake(), pinned", "ns", {}),
    ("handshake.pinned.cpu", "the same, CPU time of both ends", "ns",
     {0: floor(1.05)}),
    ("curl.unpinned", "libcurl's connection, not pinned", "ns", {}),
    ("curl.unpinned.cpu", "the same, CPU time of both ends", "ns", {}),
    ("curl.pinned", "libcurl's connection, pinned", "ns", {}),
    ("curl.pinned.cpu", "the same, CPU time of both ends", "ns", {}),
]


UNITS = {"ns": [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")],
         "KiB": [(1024, "MiB"), (1, "KiB")],
         "octets": [(1 << 20, "MiB"), (1 << 10, "KiB")]}


def three_digits(value):
    return "%.*f" % (0 if value >= 99.95 else 1 if value >= 9.995 else 2,
                     value)


def shown(value, unit):
    if unit == "/s":
        return "{:,.0f} /s".format(value)
    if unit not in UNITS:
        return "%.2f" % value
    for factor, name in UNITS[unit]:
        if value >= factor:
            break
    return "%s %s" % (three_digits(value / factor), name)


class Row:
    """One line of the table: of each contestant its figure and its ratio."""

    def __init__(self, title, hosts, unit, goals):
        self.title, self.hosts, self.unit = title, hosts, unit
        held_to = goals.get(hosts, goals.get(0, []))
        self.goals = held_to if isinstance(held_to, list) else [held_to]
        self.cells = {}

    def value(self, who):
        return self.cells[who][0] if who in self.cells else None

    def times(self, who):
        """Pinstore's of the floor's; of a peer how much worse it is."""
        if who not in self.cells or not self.cells[who][1]:
            return None
        ratio = self.cells[who][1]
        return 1 / ratio if who == "floor" or self.unit == "/s" else ratio

    def cell(self, who):
        if who not in self.cells:
            return ""
        text = shown(self.value(who), self.unit)
        times = self.times(who)
        if who == "pinstore" or times is None:
            return text
        return "%s (%s)" % (text, "{:,.0f}".format(times) if times >= 100
                            else "%.3f" % times if 0.8 < times < 1.25
                            else "%.2f" % times)


class Bench:
    def __init__(self, source, build, sizes):
        self.source, self.build, self.sizes = source, build, sizes
        self.top = os.path.join(build, "tests/bench/stores")
        self.work = os.path.join(self.top, "work")
        self.figures = {}  # (what, hosts) -> {who: [(figure, ratio), ...]}
        self.peers = self.run("bench_fill").split()

    def run(self, name, *arguments):
        """What a benchmark says."""
        environment = dict(os.environ, CK_FORK="no", CK_VERBOSITY="silent",
                           srcdir=self.source)
        done = subprocess.run(
            [os.path.join(self.build, "tests/bench", name)]
            + [str(word) for word in arguments], check=True,
            env=environment, stdout=subprocess.PIPE, encoding="ascii")
        return done.stdout

    def take(self, name, *arguments):
        """Its lines of the table."""
        print("bench: %s, %s hosts" % (name, arguments[-1]), file=sys.stderr,
              flush=True)
        for line in self.run(name, *arguments).splitlines():
            what, hosts, who, figure, ratio = line.split("\t")
            self.put(what, int(hosts), who, float(figure), float(ratio))

    def put(self, what, hosts, who, figure, ratio):
        self.figures.setdefault((what, hosts), {}).setdefault(
            who, []).append((figure, ratio))

    def medians(self, what, hosts):
        """Of what was measured more than once: {who: [figure, ratio]}."""
        return {who: [statistics.median(part) for part in zip(*seen)]
                for who, seen in self.figures[what, hosts].items()}

    def folder(self, hosts, name=""):
        return os.path.join(self.top, str(hosts), name)

    def fresh(self, name):
        """An empty folder that is used once."""
        path = os.path.join(self.work, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def copies(self, hosts):
        """A copy of each store, on disk before it is measured."""
        path = self.fresh("copies")
        for name in self.peers:
            shutil.copytree(self.folder(hosts, name), os.path.join(path, name))
        os.sync()
        return path

    def tool(self, *words):
        """Seconds and KiB of the built tool, and what it says."""
        environment = dict(os.environ, LD_LIBRARY_PATH=os.path.join(
            self.build, "libpinstore/.libs"))
        real = os.path.join(self.build, "tools/pinstore/.libs/pinstore")
        path = real if os.path.exists(real) else os.path.join(
            self.build, "tools/pinstore/pinstore")
        output = os.path.join(self.work, "output")
        with open(output, "wb") as file:
            start = time.perf_counter()
            child = subprocess.Popen([path] + list(words), stdout=file,
                                     env=environment)
            _, status, usage = os.wait4(child.pid, 0)
            spent = time.perf_counter() - start
            child.returncode = status
        if status:
            sys.exit("performance.py: pinstore %s fails" % words[0])
        return spent, usage.ru_maxrss, output

    # ------------------------------------------------------------ the steps

    def fill(self, hosts):
        """The stores, those that are not there yet."""
        for name in self.peers:
            path = self.folder(hosts, name)
            if os.path.exists(os.path.join(path, "..", name + ".made")):
                continue
            print("bench: a store of %d hosts for %s" % (hosts, name),
                  file=sys.stderr, flush=True)
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
            self.run("bench_fill", name, path, hosts)
            open(path + ".made", "wb").close()
        sizes = {name: sum(
            entry.stat().st_size for entry in os.scandir(
                self.folder(hosts, name)) if "lock" not in entry.name
            and "gate" not in entry.name) for name in self.peers}
        for name, size in sizes.items():
            self.put("size", hosts, name, size, size / sizes["pinstore"])

    def text(self, hosts):
        """A file to import: lines in no order."""
        path = self.folder(hosts, "import.txt")
        if not os.path.exists(path):
            _, _, output = self.tool("--store", self.folder(hosts, "pinstore"),
                                     "export")
            with open(output, "rb") as file:
                lines = file.readlines()
            random.Random(1).shuffle(lines)
            head = [line for line in lines if line.startswith(b"#")]
            with open(path + ".new", "wb") as file:
                file.writelines(head + [line for line in lines
                                        if not line.startswith(b"#")])
            os.rename(path + ".new", path)
        return path

    def imports(self, hosts):
        print("bench: import of %d hosts" % hosts, file=sys.stderr, flush=True)
        text = self.text(hosts)
        command, memory = [], []
        store = {name: [] for name in self.peers}
        for _ in range(ROUNDS):
            spent, kib, _ = self.tool("--store", self.fresh("one"), "import",
                                      "--quiet", text)
            command.append(spent * 1e9)
            memory.append(kib)
            for name in self.peers:
                ns = self.run("bench_fill", name, self.fresh("one"),
                              hosts).split()[0]
                store[name].append(float(ns))
        self.put("import.command", hosts, "pinstore",
                 statistics.median(command), 1)
        self.put("import.memory", hosts, "pinstore",
                 statistics.median(memory), 1)
        for name, spent in store.items():
            self.put("import.store", hosts, name, statistics.median(spent),
                     statistics.median(a / b for a, b in zip(
                         spent, store["pinstore"])))

    def fsck(self, hosts):
        spent = [self.tool("--store", self.folder(hosts, "pinstore"), "fsck",
                           "--quiet")[0] for _ in range(ROUNDS + 1)]
        self.put("fsck", hosts, "pinstore",
                 statistics.median(spent[1:]) * 1e9, 1)

    def checks(self):
        """One of three passes: a guest's neighbours come and go in minutes."""
        for hosts in self.sizes:
            self.take("bench_check", self.folder(hosts), hosts)

    def all(self):
        os.makedirs(self.work, exist_ok=True)
        for hosts in self.sizes:
            self.fill(hosts)
        self.checks()
        for hosts in self.sizes:
            self.take("bench_open", self.folder(hosts), hosts)
            self.take("bench_note", self.copies(hosts), hosts)
        self.checks()
        # with more hosts 32 of libwget's writers wait minutes for each other
        few = max([n for n in self.sizes if n <= 10000] or self.sizes)
        self.take("bench_crowd", self.copies(few), few)
        most_hosts = max(self.sizes)
        self.imports(most_hosts)
        self.fsck(most_hosts)
        self.checks()
        store = self.folder(most_hosts, "pinstore")
        pinned = self.fresh("pinned")
        shutil.copytree(store, pinned, dirs_exist_ok=True)
        self.take("bench_handshake", store, pinned, most_hosts)
        shutil.rmtree(self.work)

    def rows(self):
        for what, title, unit, goals in ROWS:
            for hosts in self.sizes:
                if (what, hosts) in self.figures:
                    row = Row(title, hosts, unit, goals)
                    row.cells = self.medians(what, hosts)
                    yield row


# ------------------------------------------------------------------ the table

def table(bench):
    peers = [name for name in PEERS if name in bench.peers]
    lines = [["", "hosts", "pinstore", "floor"]
             + [PEERS[name] for name in peers] + ["goal"]]
    before = None
    for row in bench.rows():
        lines.append([row.title if row.title != before else "",
                      "{:,}".format(row.hosts), row.cell("pinstore"),
                      row.cell("floor")] + [row.cell(name) for name in peers]
                     + [", ".join(filter(None, (goal.judge(row) for goal in
                                                row.goals)))])
        before = row.title
    widths = [max(len(line[i]) for line in lines)
              for i in range(len(lines[0]))]
    lines.insert(1, ["-" * widths[0]] + ["-" * (width - 1) + ":"
                                         for width in widths[1:-1]]
                 + ["-" * widths[-1]])
    return "".join("| %s |\n" % " | ".join(
        [line[0].ljust(widths[0])]
        + [cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:-1])]
        + [line[-1].ljust(widths[-1])]) for line in lines)


PLOT = """set terminal svg size 900,380 font "sans,12" background "white"
set output "%s"
set multiplot layout 1,2
set logscale xy
set key top left
set xlabel "hosts"
set format x "10^%%T"
set xrange [%d:%d]
set ytics format "%%.0s %%cs"
set title "check of a stored host"
plot %s
set title "open to first answer, file cached"
unset key
plot %s
"""


def plot(bench, path):
    """Two pictures: a check, and the first answer, by the number of hosts."""
    if not shutil.which("gnuplot"):
        print("bench: no gnuplot (Debian: gnuplot-nox), so no plot",
              file=sys.stderr)
        return False
    data, curves = "", []
    for what in ("check.hit", "open.cached"):
        names = []
        for name in bench.peers:
            points = ["%d %g" % (hosts, bench.medians(what, hosts)[name][0]
                                 / 1e9) for hosts in bench.sizes]
            block = "$%s_%s" % (name, what.replace(".", "_"))
            data += "%s << EOD\n%s\nEOD\n" % (block, "\n".join(points))
            names.append('%s with linespoints title "%s"' % (
                block, PEERS.get(name, name)))
        curves.append(", ".join(names))
    text = data + PLOT % (path, min(bench.sizes) // 2, max(bench.sizes) * 2,
                          curves[0], curves[1])
    subprocess.run(["gnuplot"], input=text, check=True, encoding="utf-8")
    return True


def machine():
    """Its class, not its name."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file
                  if line.startswith("model name")]
    name = os.uname()
    return "%d × %s, %.0f GiB, %s %s" % (
        os.cpu_count(), models[0] if models else name.machine,
        os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30),
        name.sysname, name.release.split("-")[0])


def write(bench, text, load):
    """The generated part of the documents."""
    path = os.path.join(bench.source, "docs/performance.md")
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    after = rest.split(END)[1]
    part = "Measured on %s, %s; load average when it began: %.1f.\n\n%s" % (
        time.strftime("%Y-%m-%d"), machine(), load, text)
    if plot(bench, os.path.join(bench.source, "docs/performance.svg")):
        part += "\n![A check and the first answer, by the number of hosts]" \
                "(performance.svg)\n"
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(before + BEGIN + part + END + after)
    os.rename(path + ".new", path)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, build = (os.path.abspath(path) for path in sys.argv[1:3])
    asked = os.environ.get("BENCH_HOSTS", SIZES)
    load = os.getloadavg()[0]
    bench = Bench(source, build, sorted(int(word) for word in asked.split()))
    for name, package in PACKAGES.items():
        if name not in bench.peers:
            print("bench: built without %s (Debian: %s), which has no column"
                  % (PEERS[name], package), file=sys.stderr)
    try:
        bench.all()
    finally:
        text = table(bench)
        print(text, end="", flush=True)
    if asked == SIZES:
        write(bench, text, load)


if __name__ == "__main__":
    main()
