"""serving.py - what the servers share.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import ctypes
import os
import re
import signal
import socket
import ssl
import sys
import threading


def die_with_parent():
    """The test that started this may be killed; then nothing stays behind."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:
        sys.exit(1)


def listen():
    """A listening socket on the loopback; the kernel chooses the port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    sock.listen(128)
    return sock


def tell_port(path, sock):
    """Whoever waits for path never sees it half written."""
    with open(path + ".new", "w") as file:
        file.write("%d\n" % sock.getsockname()[1])
    os.rename(path + ".new", path)


class Log:
    """Lines, each complete and on disk before the answer it belongs to."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "a", buffering=1, encoding="utf-8",
                         errors="backslashreplace") if path else None

    def write(self, *words):
        if self.file:
            with self.lock:
                self.file.write(" ".join(str(word) for word in words) + "\n")


ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|[rnt0\\])")
PLAIN = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


def octets(text):
    r"""Text with \r \n \t \0 \\ \xHH as octets; the rest is UTF-8."""
    out = b""
    at = 0
    for match in ESCAPE.finditer(text):
        out += text[at:match.start()].encode()
        code = match.group(1)
        out += (bytes([int(code[1:], 16)]) if code[0] == "x"
                else PLAIN[code].encode())
        at = match.end()
    return out + text[at:].encode()


def tls_context(pki, chain, key, version=None):
    """A server's context; version is "1.2", "1.3" or None for both."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # What is served is the test's choice, a key of nothing too.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(os.path.join(pki, chain + ".chain"),
                            os.path.join(pki, key + ".key"))
    if version:
        exact = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
        context.minimum_version = context.maximum_version = exact[version]
    return context


def serve(sock, handle):
    """handle(connection, number) for each connection, in a thread of its own."""
    number = 0
    while True:
        connection, _ = sock.accept()
        number += 1
        threading.Thread(target=handle, args=(connection, number),
                         daemon=True).start()


def read_head(connection, kept=b""):
    """Octets up to and with a blank line, and what came behind it."""
    while b"\r\n\r\n" not in kept:
        more = connection.recv(65536)
        if not more:
            return None, kept
        kept += more
    head, _, rest = kept.partition(b"\r\n\r\n")
    return head, rest


def field(head, name):
    for line in head.split(b"\r\n")[1:]:
        left, _, right = line.partition(b":")
        if left.strip().lower() == name.lower():
            return right.strip()
    return None
