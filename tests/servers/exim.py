#!/usr/bin/python3
"""exim.py - Exim with STARTTLS on the loopback, as whoever starts it.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: exim.py --ready FILE --dir DIR --pki DIR [--chain NAME]

Each connection gets an Exim of its own, as inetd would start it, with a
configuration in DIR that accepts no mail at all.  DIR/mainlog is Exim's.
"""
import argparse
import grp
import os
import pwd
import shutil
import subprocess
import sys

import serving

CONF = """\
exim_path = {exim}
exim_user = {user}
exim_group = {group}
primary_hostname = pin.test
spool_directory = {dir}/spool
log_file_path = {dir}/%slog
tls_advertise_hosts = *
tls_certificate = {pki}/{chain}.chain
tls_privatekey = {pki}/{chain}.key
host_lookup =
rfc1413_hosts =
keep_environment =
begin acl
"""


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[2],
                                     allow_abbrev=False)
    for name in "ready", "dir", "pki":
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--chain", default="good")
    options = parser.parse_args()
    serving.die_with_parent()
    exim = shutil.which("exim4", path=os.environ.get("PATH", "") +
                        ":/usr/sbin:/usr/local/sbin")
    if not exim:
        sys.exit("exim.py: exim4 is missing; ./quickstart check installs it")
    conf = os.path.join(options.dir, "exim.conf")
    with open(conf, "w") as file:
        file.write(CONF.format(
            exim=exim, dir=options.dir, pki=options.pki, chain=options.chain,
            user=pwd.getpwuid(os.geteuid()).pw_name,
            group=grp.getgrgid(os.getegid()).gr_name))
    os.makedirs(os.path.join(options.dir, "spool"), exist_ok=True)
    sock = serving.listen()
    serving.tell_port(options.ready, sock)

    def handle(connection, _number):
        with connection:
            subprocess.run([exim, "-C", conf, "-bs"], stdin=connection,
                           stdout=connection, check=False)

    serving.serve(sock, handle)


main()
