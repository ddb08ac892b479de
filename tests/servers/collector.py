#!/usr/bin/python3
r"""collector.py - takes failure reports, and keeps each request as it came.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: collector.py --ready FILE --dir DIR [--pki DIR --chain NAME] [--key NAME]
                    [--log FILE] [-r TEXT]... [--body OCTETS] [--drip] [--mute]

Without --chain it speaks plain HTTP.  The n-th request becomes DIR/N.head, the
head with its blank line, and DIR/N.body.  A request that is not written as RFC
9112 wants it, or is no POST with one Content-Length, is refused with 400 and
becomes DIR/N.bad.  The first -r is the first answer, and so on, and the last
one answers all that follow; without any it is 204.  --body appends so many
octets to each answer, --drip sends it octet by octet and slowly, --mute never
answers.

The log has, before anything is answered:
  connection N sni=NAME
  request N METHOD TARGET VERSION
  handshake-failed N WHY
  closed N
and "answered N" once the answer has gone whole.
"""
import argparse
import os
import re
import ssl
import threading
import time

import serving

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
LINE = re.compile(TOKEN + rb" [!-~]+ HTTP/1\.1\Z")
FIELD = re.compile(b"(" + TOKEN + rb"):[ \t]*([!-~\x80-\xff]"
                   rb"(?:[ \t!-~\x80-\xff]*[!-~\x80-\xff])?|)[ \t]*\Z")


class Bad(Exception):
    pass


def parse():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[2],
                                     allow_abbrev=False)
    parser.add_argument("--ready", required=True)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--pki")
    parser.add_argument("--chain")
    parser.add_argument("--key")
    parser.add_argument("--log")
    parser.add_argument("-r", dest="answers", action="append", default=[])
    parser.add_argument("--body", type=int, default=0)
    parser.add_argument("--drip", action="store_true")
    parser.add_argument("--mute", action="store_true")
    return parser.parse_args()


def length_of(head):
    """How long the body is, by a head in which nothing is odd."""
    lines = head.split(b"\r\n")
    if not LINE.match(lines[0]) or not lines[0].startswith(b"POST "):
        raise Bad("request line")
    found = {}
    for line in lines[1:]:
        match = FIELD.match(line)
        if not match or b"\n" in line:
            raise Bad("field %r" % line)
        found.setdefault(match[1].lower(), []).append(match[2])
    if len(found.get(b"host", [])) != 1:
        raise Bad("not one Host")
    length = found.get(b"content-length", [])
    if len(length) != 1 or not re.fullmatch(rb"[0-9]{1,9}", length[0]):
        raise Bad("not one Content-Length")
    if b"transfer-encoding" in found or b"expect" in found:
        raise Bad("a body in pieces, or one that waits")
    return int(length[0])


class Collector:
    def __init__(self, options):
        self.options = options
        self.log = serving.Log(options.log)
        self.sock = serving.listen()
        self.port = self.sock.getsockname()[1]
        self.lock = threading.Lock()
        self.number = 0
        self.context = None
        if options.chain:
            self.names = threading.local()
            self.context = serving.tls_context(
                options.pki, options.chain, options.key or options.chain)
            self.context.sni_callback = self.note_name
        self.answers = [serving.octets(a.replace("@PORT@", str(self.port)))
                        for a in options.answers or
                        [r"HTTP/1.1 204 No Content\r\n\r\n"]]

    def note_name(self, _tls, name, _context):
        self.names.name = name

    def keep(self, suffixed):
        with self.lock:
            self.number += 1
            number = self.number
        for suffix, octets in suffixed.items():
            path = os.path.join(self.options.dir, "%d.%s" % (number, suffix))
            with open(path + ".new", "wb") as file:
                file.write(octets)
            os.rename(path + ".new", path)
        return number

    def answer(self, connection, number):
        octets = self.answers[min(number, len(self.answers)) - 1]
        if self.options.mute:
            time.sleep(600)
        if self.options.drip:
            for at in range(len(octets)):
                connection.sendall(octets[at:at + 1])
                time.sleep(0.5)
            while True:
                connection.sendall(b"x")
                time.sleep(0.5)
        connection.sendall(octets)
        for _ in range(0, self.options.body, 65536):
            connection.sendall(bytes(65536))
        self.log.write("answered", number)

    def talk(self, connection):
        rest = b""
        while True:
            head, rest = serving.read_head(connection, rest)
            if head is None:
                if rest:
                    self.keep({"bad": rest})
                return
            try:
                length = length_of(head)
            except Bad as why:
                self.log.write("bad", why)
                self.keep({"bad": head + b"\r\n\r\n" + rest})
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n"
                                   b"Content-Length: 0\r\n\r\n")
                return
            while len(rest) < length:
                more = connection.recv(65536)
                if not more:
                    self.keep({"bad": head + b"\r\n\r\n" + rest})
                    return
                rest += more
            number = self.keep({"head": head + b"\r\n\r\n",
                                "body": rest[:length]})
            rest = rest[length:]
            self.log.write("request", number,
                           head.split(b"\r\n")[0].decode("latin-1"))
            self.answer(connection, number)

    def handle(self, connection, number):
        name = None
        try:
            if self.context:
                self.names.name = None
                connection = self.context.wrap_socket(connection,
                                                      server_side=True)
                name = self.names.name
            self.log.write("connection", number, "sni=%s" % name)
        except (ssl.SSLError, OSError) as error:
            self.log.write("handshake-failed", number, error)
            connection.close()
            return
        try:
            self.talk(connection)
            if self.context:
                connection.unwrap()
        except (ssl.SSLError, OSError):
            pass  # the sender has gone; closed says so
        self.log.write("closed", number)
        connection.close()


def main():
    options = parse()
    serving.die_with_parent()
    collector = Collector(options)
    serving.tell_port(options.ready, collector.sock)
    serving.serve(collector.sock, collector.handle)


main()
