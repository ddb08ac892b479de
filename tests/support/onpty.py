#!/usr/bin/python3
"""onpty.py - run a command on a terminal, and tell what the terminal got.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: onpty.py COLUMNS STREAMS FILE COMMAND...

STREAMS are digits of file descriptors that are the terminal; the others are
inherited.  FILE gets what was written, with plain line ends.  COMMAND's exit
code is passed on; 256 less a signal's number is that it was ended by that.

ONPTY_INTERRUPT=SECONDS types Ctrl-C then.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    columns, streams, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    child = os.fork()
    if child == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for stream in streams:
            os.dup2(slave, int(stream))
        os.closerange(3, 64)
        os.execvp(sys.argv[4], sys.argv[4:])
    os.close(slave)
    due = float(os.environ.get("ONPTY_INTERRUPT", "inf")) + time.monotonic()
    with open(path, "wb") as file:
        while True:
            left = min(max(due - time.monotonic(), 0), 600)
            if not select.select([master], [], [], left)[0]:
                if time.monotonic() >= due:
                    os.write(master, b"\003")
                    due = float("inf")
                continue
            try:
                octets = os.read(master, 65536)
            except OSError:  # the last one who had it has closed it
                break
            if not octets:
                break
            file.write(octets.replace(b"\r\n", b"\n"))
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


main()
