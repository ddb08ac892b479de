#!/usr/bin/python3
"""webserv.py - haproxy or Apache, as an unprivileged user, on the loopback.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: webserv.py --ready FILE --dir DIR --pki DIR [--chain NAME]
                  [--line TEXT]... [--backend PORT] [--bind TEXT]
                  [--ocsp FILE] haproxy|apache

Answers by https with a chain of the lab; each --line stands in its
configuration as it is.  haproxy passes requests on to plain http at PORT, as
it answers none itself; --bind are options of its bind line, --ocsp is the
answer that it staples.  Started by root it becomes nobody, in a folder of
nobody's own that goes with it.  DIR/server.conf is a copy of what it was
given.
"""
import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
MODULES = "/usr/lib/apache2/modules"

HAPROXY = """\
global
	default-path config
defaults
	mode http
	timeout connect 10s
	timeout client 60s
	timeout server 60s
frontend tls
	bind 127.0.0.1:{port} ssl crt {dir}/both.pem {bind}
{lines}	default_backend plain
backend plain
	server one 127.0.0.1:{backend}
"""

APACHE = """\
ServerRoot {dir}
ServerName pin.test
PidFile {dir}/pid
DefaultRuntimeDir {dir}
{load}
Listen 127.0.0.1:{port}
ErrorLog {dir}/error.log
DocumentRoot {dir}/www
SSLEngine on
SSLCertificateFile {dir}/chain.pem
SSLCertificateKeyFile {dir}/key.pem
<Directory />
	Require all granted
</Directory>
{lines}"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def prepare(options, where, port):
    """The folder that the server sees, and the command that starts it."""
    chain = os.path.join(options.pki, options.chain + ".chain")
    key = os.path.join(options.pki, options.chain + ".key")
    shutil.copy(chain, where + "/chain.pem")
    shutil.copy(key, where + "/key.pem")
    with open(where + "/both.pem", "wb") as out:
        for name in chain, key:
            with open(name, "rb") as file:
                out.write(file.read())
    if options.ocsp:
        shutil.copy(options.ocsp, where + "/both.pem.ocsp")
    os.mkdir(where + "/www")
    with open(where + "/www/index.txt", "w") as file:
        file.write("hello\n")
    lines = "".join("\t%s\n" % line for line in options.line)
    conf = where + "/server.conf"
    with open(conf, "w") as file:
        if options.kind == "haproxy":
            file.write(HAPROXY.format(dir=where, port=port, lines=lines,
                                      backend=options.backend,
                                      bind=options.bind))
        else:
            load = "\n".join("LoadModule %s_module %s/mod_%s.so" % (
                name, MODULES, name) for name in (
                    "mpm_event", "authz_core", "headers", "ssl"))
            file.write(APACHE.format(dir=where, port=port, lines=lines,
                                     load=load))
    shutil.copy(conf, os.path.join(options.dir, "server.conf"))
    if options.kind == "haproxy":
        return ["haproxy", "-W", "-db", "-f", conf]
    return ["apache2", "-D", "FOREGROUND", "-f", conf]


def give_to_nobody(where):
    """What a process does that is to start as nobody; None: it is enough."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(where, nobody.pw_uid, nobody.pw_gid)
    for folder, _, files in os.walk(where):
        for name in [""] + files:
            os.chown(os.path.join(folder, name), nobody.pw_uid, nobody.pw_gid)

    def become():
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
    return become


def give_up(where, why):
    log = where + "/error.log"
    if os.path.exists(log):
        with open(log, encoding="utf-8", errors="replace") as file:
            why += "\n" + file.read()
    sys.exit("webserv.py: " + why)


def wait_for(port, server, where):
    for _ in range(400):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            give_up(where, "the server has ended: %d" % server.returncode)
        time.sleep(0.05)
    give_up(where, "the server does not answer")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[2],
                                     allow_abbrev=False)
    for name in "ready", "dir", "pki":
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--chain", default="good")
    parser.add_argument("--line", action="append", default=[])
    parser.add_argument("--backend", default="1")
    parser.add_argument("--bind", default="")
    parser.add_argument("--ocsp")
    parser.add_argument("kind", choices=("haproxy", "apache"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Not below the test's folder, which is root's alone.
    where = tempfile.mkdtemp(prefix="pinstore-web.")
    server = None
    try:
        port = free_port()
        command = prepare(options, where, port)
        program = shutil.which(command[0], path=PATH)
        if not program:
            sys.exit("webserv.py: %s is missing; ./quickstart check installs "
                     "it" % command[0])
        server = subprocess.Popen([program] + command[1:], cwd=where,
                                  preexec_fn=give_to_nobody(where))
        wait_for(port, server, where)
        with open(options.ready, "w") as file:
            file.write("%d\n" % port)
        server.wait()
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(where)


main()
