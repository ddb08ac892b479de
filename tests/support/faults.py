#!/usr/bin/python3
"""faults.py - the built tools, with one allocation or call of theirs failing.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: faults.py fetch WORK PRELOAD FOREIGN PINNED LEARNED URL_FAKE URL_GOOD
                 URL_LEARN FAKE_LOG -- FETCH OPTIONS...
       faults.py tools WORK PRELOAD FOREIGN PINNED PKI

fetch runs pinfetch against an impostor, against the pinned host, and on a
first visit; tools runs the verbs of pinstore.  Of each run, first, everything
is kept: what it printed, and the store.  Then its allocations fail one by one
until a run in which nothing failed.  PINNED is a store with a static entry of
pin.test, LEARNED one that has what the first visit leaves.

A run must end by itself.  It must not die of a signal, unless in a function of
a foreign library that the file FOREIGN names: a process that dies accepts
nothing.  If it exits with 0 it has printed what it prints undisturbed.  The
store is what it was, or what it becomes undisturbed.

FAULTS=all in the environment: every failure; else one in so many (the last
column of PLAN).  faults.py is run from WORK, where it may leave files.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

ALL = os.environ.get("FAULTS") == "all"
SECONDS = 60
FAULTS_MAX = 100000
TOP = os.environ["top_builddir"]
# Shells in front of the programs would be met as well.
PROGRAM = {name: os.path.join(TOP, "tools", name, ".libs", name)
           for name in ("pinfetch", "pinstore")}
# Whose allocations, and of how many one fails in a short run.
PLAN = (("ours", 5), ("lmdb", 1), ("idn2", 1), ("curl", 11), ("gnutls", 211))
# What differs from run to run: a time, how long ago it was, seconds.
TIMES = re.compile(rb"\d{4}-\d\d-\d\dT[0-9:]+Z( \([^)]*\))?|\b\d{10}\b")

# MEMORY_ERROR, INTERNAL_ERROR, SHORT_MEMORY_BUFFER, INVALID_REQUEST,
# NO_CERTIFICATE_FOUND, REQUESTED_DATA_NOT_AVAILABLE, ASN1_..., unknown.
CODES = (-25, -67, -9999) if not ALL else (
    -25, -59, -51, -50, -49, -56, -67, -69, -70, -9999)

faults = []


def complain(*words):
    faults.append(" ".join(str(word) for word in words))
    print("FAIL:", faults[-1], flush=True)


class Run:
    """One process, and what became of it."""

    def __init__(self, lab, command, of, at, code=0, stdin=b""):
        report = os.path.join(lab.work, "report")
        if os.path.exists(report):
            os.unlink(report)
        env = dict(os.environ, FAULT_OF=of, FAULT_AT=str(at),
                   FAULT_CODE=str(code), FAULT_REPORT=report,
                   LD_PRELOAD=lab.preload,
                   LD_LIBRARY_PATH=os.path.join(TOP, "libpinstore", ".libs"))
        program = PROGRAM[command[0]]
        try:
            done = subprocess.run([program] + command[1:], env=env,
                                  input=stdin, cwd=lab.work, timeout=SECONDS,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
            self.code, self.err = done.returncode, done.stderr
            self.out = TIMES.sub(b"0", done.stdout)
        except subprocess.TimeoutExpired:
            self.code, self.out, self.err = None, b"", b""
        self.failed, self.crash, self.count = None, None, None
        if os.path.exists(report):
            with open(report, encoding="utf-8") as lines:
                for line in lines:
                    word, rest = line.rstrip("\n").split(" ", 1)
                    setattr(self, word, rest)


class Lab:
    def __init__(self, work, preload, foreign):
        self.work = work
        self.preload = preload
        self.store = os.path.join(work, "store")
        self.met = {}
        with open(foreign, encoding="utf-8") as lines:
            self.foreign = [line.strip() for line in lines
                            if line.strip() and not line.startswith("#")]

    def restore(self, template):
        shutil.rmtree(self.store, ignore_errors=True)
        if template is not None:
            shutil.copytree(template, self.store)

    def data(self):
        """The entries' file, octet by octet."""
        path = os.path.join(self.store, "data.mdb")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def entries(self):
        """The entries, without their times."""
        if not os.path.isdir(self.store) or not os.listdir(self.store):
            return []
        run = Run(self, ["pinstore", "--store", self.store, "list", "--json"],
                  "ours", 0)
        if run.code != 0:
            return "list: exit %s: %s" % (run.code, run.err)
        return [{key: value for key, value in entry.items()
                 if not key.startswith(("noted", "updated", "expires"))}
                for entry in json.loads(run.out)]


class Scene:
    """A command, the store before it, and what it does undisturbed."""

    def __init__(self, lab, what, template, command, code=0, stdin=b"",
                 sent=None, codes=CODES):
        self.lab = lab
        self.what = what
        self.template = template
        self.command = command
        self.stdin = stdin
        self.codes = codes
        # A look at a host may tell less, as long as it does not judge.
        self.may_tell_less = what.startswith("a probe")
        self.sent = sent  # the log of a server that must not be asked
        self.restore()
        self.before = lab.entries()
        self.data = lab.data()
        self.log = self.log_len()
        self.plain = self.run("ours", 0)
        self.after = lab.entries()
        if self.plain.code != code:
            complain(what, "undisturbed: exit", self.plain.code,
                     self.plain.err)

    def restore(self):
        self.lab.restore(self.template)

    def run(self, of, at, code=0):
        return Run(self.lab, self.command, of, at, code, self.stdin)

    def log_len(self):
        """Requests; nginx logs an alert that comes first as one too."""
        if not self.sent:
            return 0
        with open(self.sent, "rb") as lines:
            return sum(not line.startswith(rb'"\x15\x03') for line in lines)

    def judge(self, run, where):
        where = "%s, %s, failed in %s:" % (self.what, where, run.failed)
        if run.code is None:
            complain(where, "it does not end")
        elif run.code < 0:
            if run.crash not in self.lab.foreign and \
                    "after " + str(run.failed) not in self.lab.foreign:
                complain(where, "signal", -run.code, "in", run.crash)
            else:
                met = self.lab.met
                met[run.crash] = met.get(run.crash, 0) + 1
        elif run.code == 0 and (self.plain.code != 0 or
                                (run.out != self.plain.out and
                                 not self.may_tell_less)):
            complain(where, "exit 0, and it says", run.out[:200])
        elif run.code != 0 and not run.err and self.plain.err:
            complain(where, "exit", run.code, "without a word")
        if self.log_len() != self.log:
            complain(where, "something was sent")
            self.log = self.log_len()
        if self.lab.data() == self.data:
            left = self.before
        else:
            left = self.lab.entries()
            self.restore()
        if left not in (self.before, self.after):
            complain(where, "the store has", left)
        # The fetch went well; that it could not be noted is a warning.
        if run.code == 0 and left != self.after and \
                (self.command[0] != "pinfetch" or not run.err):
            complain(where, "exit 0, and the store has", left, run.err)

    def fail_each(self, of, stride, code=0):
        """The first, the first plus stride, ...; how many failed."""
        at, n = 1, 0
        self.restore()
        while at < FAULTS_MAX:
            run = self.run(of, at, code)
            self.judge(run, "%s %d" % (of, at))
            if run.failed is None:
                if run.code != self.plain.code or (
                        run.out != self.plain.out and not self.may_tell_less):
                    complain(self.what, of, at, "not reached, yet exit",
                             run.code)
                if run.count is None or int(run.count.split()[0]) >= at:
                    complain(self.what, of, at, "was passed over")
                return n
            n += 1
            at += stride
        complain(self.what, of, "has no end")
        return n


def scenes_of_fetch(lab, words):
    at = words.index("--")
    pinned, learned, fake, good, learn, log = words[:at]
    options = words[at + 1:]

    def scene(what, template, url, more, code=0, sent=None):
        return Scene(lab, what, template,
                     ["pinfetch", "--store", lab.store, "-sS"] + options +
                     more + [url], code, sent=sent)

    yield scene("an impostor", pinned, fake, ["-d", "a secret"], 90, log)
    yield scene("the pinned host", pinned, good, [])
    first = scene("a first visit", None, learn, [])
    lab.restore(learned)
    if not first.after or first.after != lab.entries():
        complain("a first visit notes", first.after)
    yield first


CALLS = {
    "hash good.pem": (
        "gnutls_pem_base64_decode2", "gnutls_x509_crt_get_ca_status",
        "gnutls_x509_crt_get_dn3",
        "gnutls_x509_crt_import", "gnutls_x509_crt_init"),
    "hash good.req": (
        "gnutls_pem_base64_decode2", "gnutls_x509_crq_get_dn3",
        "gnutls_x509_crq_import", "gnutls_x509_crq_init"),
    "hash good.key": (
        "gnutls_privkey_import_x509", "gnutls_privkey_init",
        "gnutls_pubkey_export2", "gnutls_pubkey_import_privkey",
        "gnutls_pubkey_init", "gnutls_x509_privkey_import2",
        "gnutls_x509_privkey_init"),
    "check of a chain": (
        "gnutls_x509_trust_list_init", "gnutls_x509_trust_list_add_trust_file"),
    "check by the system's trust": (
        "gnutls_x509_trust_list_add_system_trust",),
    "check --all": ("gnutls_x509_crt_check_hostname", "gnutls_x509_crt_init"),
    "lint by a chain": (
        "gnutls_x509_crt_get_subject_alt_name", "gnutls_x509_crt_init"),
    "hash good.p12": (
        "gnutls_pkcs12_bag_decrypt", "gnutls_pkcs12_bag_get_count",
        "gnutls_pkcs12_bag_get_data", "gnutls_pkcs12_bag_get_type",
        "gnutls_pkcs12_bag_init", "gnutls_pkcs12_get_bag",
        "gnutls_pkcs12_import", "gnutls_pkcs12_init"),
    "hash good.p7": (
        "gnutls_pkcs7_get_crt_count", "gnutls_pkcs7_get_crt_raw2",
        "gnutls_pkcs7_import", "gnutls_pkcs7_init"),
    "an impostor": (
        "gnutls_session_get_random", "gnutls_x509_crt_get_dn_by_oid",
        "gnutls_x509_crt_import",
        "gnutls_x509_crt_init"),
    "the pinned host": ("gnutls_session_get_random",),
    "a certificate that is not valid": (
        "gnutls_certificate_verification_status_print",),
    "a probe": (
        "gnutls_certificate_allocate_credentials",
        "gnutls_certificate_get_peers",
        "gnutls_certificate_set_x509_trust_file", "gnutls_credentials_set",
        "gnutls_handshake", "gnutls_init", "gnutls_ocsp_resp_get_single",
        "gnutls_ocsp_resp_import", "gnutls_ocsp_resp_init",
        "gnutls_ocsp_status_request_get",
        "gnutls_ocsp_status_request_is_checked", "gnutls_priority_set_direct",
        "gnutls_protocol_get_version", "gnutls_record_recv",
        "gnutls_record_send", "gnutls_server_name_set",
        "gnutls_session_get_data2", "gnutls_session_get_flags",
        "gnutls_session_get_id2", "gnutls_session_is_resumed",
        "gnutls_session_set_data", "gnutls_x509_crt_get_activation_time",
        "gnutls_x509_crt_get_dn3", "gnutls_x509_crt_get_expiration_time",
        "gnutls_x509_crt_get_issuer_dn3", "gnutls_x509_crt_get_pk_algorithm",
        "gnutls_x509_crt_import", "gnutls_x509_crt_init"),
    "a probe by the system's trust": (
        "gnutls_certificate_set_x509_system_trust",),
    "a pin from a file": ("gnutls_pem_base64_decode2",),
}


def imports(pins):
    """(what, exit, the file): hosts new and known, joined, and bad lines."""
    bare = {name: pin[len("sha256//"):] for name, pin in pins.items()}
    learned = "noted=2026-10-02T12:00:00Z expires=2036-12-01T12:00:00Z"
    yield "text", 1, (
        "# pinstore entries 1\n"
        'a.test %(good)s %(backup)s note="a \\"remark\\""\n'
        "pin.test %(backup)s %(good)s subdomains\n"
        "pin.test %(backup)s %(good)s header max-age=9 " + learned + "\n"
        "b\u00fccher.test %(good)s\n"
        "not a line\n"
        "twice.test %(good)s\ntwice.test %(backup)s\n") % pins
    yield "json", 0, "".join(
        '{"host": "%s", "pins": ["%s", "%s"], '
        '"include_subdomains": true}\n'
        % (host, bare["good"], bare["backup"]) for host in ("a.test", "pin.test"))
    yield "libwget's", 0, (
        "# HPKP 1.0 file\na.test 1 1790000000 900000000\n"
        "*sha256 %(good)s\n*sha256 %(backup)s\n" % bare)


def scenes_of_tools(lab, words):
    pinned, pki = words

    def scene(*command, code=0, stdin=b"", what=None, template=pinned):
        where = [] if command[0] in ("hash", "lint") else ["--store", lab.store]
        return Scene(lab, what or " ".join(command[:2]), template,
                     ["pinstore"] + where + list(command), code, stdin=stdin)

    with open(os.path.join(pki, "pins.txt"), encoding="utf-8") as lines:
        pins = dict(line.rstrip("\n").split("=", 1) for line in lines)
    header = 'max-age=5000; pin-sha256="%s"; pin-sha256="%s"' % (
        pins["good"][len("sha256//"):], pins["backup"][len("sha256//"):])
    chain = ["--chain-pin", pins["good"]]
    yield scene("pin", "new.test", pins["good"], pins["backup"])
    yield scene("pin", "file.test", "--no-backup",
                os.path.join(pki, "good.pem"))
    yield scene("pin", "first.test", pins["good"], pins["backup"],
                template=None, what="pin into no store")
    yield scene("note", "new.test", header, *chain)
    yield scene("note", "new.test", *chain, stdin=header.encode(),
                what="note from a pipe")
    yield scene("lint", header, what="lint")
    yield scene("check", "pin.test", *chain)
    yield scene("check", "a.pin.test", "--chain-pin", pins["mitm"],
                code=90, what="check of an impostor")
    served = ["--chain", os.path.join(pki, "good.chain")]
    trust = ["--cacert", os.path.join(pki, "trust.pem")]
    yield scene("check", "pin.test", *served, *trust, what="check of a chain")
    yield scene("check", "pin.test", *served, code=4,
                what="check by the system's trust")
    yield scene("check", "--all", *served, *trust, what="check --all")
    yield scene("lint", header, *served, *trust, what="lint by a chain")
    yield scene("show", "pin.test", "--json")
    yield scene("explain", "a.b.pin.test")
    yield scene("list", "--json")
    yield scene("list")
    yield scene("log", "--json")
    yield scene("log")
    yield scene("report", "list")
    yield scene("report", "drop", "--all", "--json")
    yield scene("expire", "--json")
    yield scene("clear", "pin.test", "--source", "static", "--yes")
    for name, code, text in imports(pins):
        yield scene("import", "-", code=code, stdin=text.encode(),
                    what="import of " + name)
    yield scene("import", "-", "--dry-run", "--json", what="import --dry-run",
                stdin=("a.test %(good)s %(backup)s\n" % pins).encode())
    yield scene("export", "--json", what="export")
    for name in ("good.pem", "good.req", "good.key"):
        yield scene("hash", os.path.join(pki, name), what="hash " + name)
    for name in ("good.p12", "good.p7"):
        yield scene("hash", os.path.join(pki, name), "--password-file",
                    os.path.join(pki, "pins.txt"), what="hash " + name)


def scenes_of_calls(lab, words):
    """Of pinfetch, only to let its own calls of GnuTLS fail."""
    at = words.index("--")
    pinned, _, fake, good, _, log = words[:at]
    options = words[at + 1:]
    pki = os.path.dirname(options[options.index("--cacert") + 1])
    bare = [o for o in options if o not in ("--cacert",
                                            os.path.join(pki, "trust.pem"))]

    def scene(what, template, url, more, code=0, sent=None):
        return Scene(lab, what, template,
                     ["pinfetch", "--store", lab.store, "-sS"] + more + [url],
                     code, sent=sent)

    yield scene("an impostor", pinned, fake, options + ["-d", "x"], 90, log)
    yield scene("the pinned host", pinned, good, options)
    yield scene("a certificate that is not valid", pinned, good,
                bare + ["--cacert", os.path.join(pki, "trustB.pem")], 60)
    port = os.environ["PROBE_PORT"]
    way = ["probe", "pin.test:" + port, "--resolve",
           "pin.test:%s:127.0.0.1" % port]
    for what, more, code in (("a probe", options[:2], 0),
                             ("a probe by the system's trust", [], 4)):
        yield Scene(lab, what, pinned, ["pinstore", "--store", lab.store] +
                    way + more, code, codes=CODES if ALL else CODES[:1])
    yield scene("a pin from a file", None, fake,
                options + ["--pinnedpubkey", os.path.join(pki, "good.pub"),
                           "-d", "x"], 90, log)


def fail_calls(scene):
    n = 0
    for name in CALLS.get(scene.what, ()):
        reached = 0
        for code in scene.codes:
            reached += scene.fail_each(name, 1, code)
        if reached == 0:
            complain(scene.what, "never calls", name)
        n += reached
    return n


def main():
    mode, words = sys.argv[1], sys.argv[2:]
    lab = Lab(*words[:3])
    total, began = 0, time.monotonic()
    if mode == "fetch":
        scenes, plan = scenes_of_fetch(lab, words[3:]), PLAN
    else:
        scenes, plan = scenes_of_tools(lab, words[3:]), (("ours", 2),)
    for scene in scenes:
        for of, stride in plan:
            n = scene.fail_each(of, 1 if ALL else stride)
            total += n
            print("%s: %d allocations of %s, one in %d failed" %
                  (scene.what, n, of, 1 if ALL else stride), flush=True)
        total += fail_calls(scene) if mode == "tools" else 0
    if mode == "fetch":
        for scene in scenes_of_calls(lab, words[3:]):
            n = fail_calls(scene)
            total += n
            print("%s: %d calls failed" % (scene.what, n), flush=True)
    for crash, n in sorted(lab.met.items()):
        print("%d runs ended in %s" % (n, crash))
    print("%d failures in %.0f s, %d faults" %
          (total, time.monotonic() - began, len(faults)))
    return 1 if faults or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
