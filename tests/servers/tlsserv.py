#!/usr/bin/python3
r"""tlsserv.py - a server that answers with exactly the octets it was told.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: tlsserv.py --ready FILE --pki DIR [--chain NAME] [--key NAME] [--log FILE]
                  [--tls 1.2|1.3] [--plain] [--client-ca FILE]
                  [-r TEXT | -f FILE | --told FILE]...
                  [--per-connection] [--delay SECONDS] [--slow]
                  [--close | --drop]

The first -r or -f is the answer to the first request, and so on; the last one
answers all that follow.  TEXT knows \r \n \t \0 \\ \xHH and @PORT@; without any
it is "HTTP/1.1 200 OK", two octets of body.  --per-connection begins anew with
each connection.  --told is a TEXT that is read from FILE at each request.  The connection stays open for further requests, or is closed
behind an answer: --close as TLS wants it, --drop without a word.  --client-ca
wants a certificate of the client.  --delay waits
before each answer, --slow sends it octet by octet, each in a record of its own.

The log has, each before anything is answered:
  connection N tls=VERSION|none resumed=True|False sni=NAME [client=NAME]
  request N METHOD TARGET VERSION
  octets N REPR            everything that was received, the body too
  handshake-failed N WHY
  closed N
"""
import argparse
import socket
import ssl
import threading
import time

import serving

DEFAULT = r"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def parse():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[2],
                                     allow_abbrev=False)
    parser.add_argument("--ready", required=True)
    parser.add_argument("--pki", required=True)
    parser.add_argument("--chain", default="good")
    parser.add_argument("--key")
    parser.add_argument("--log")
    parser.add_argument("--tls", choices=["1.2", "1.3"])
    parser.add_argument("--client-ca")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("-r", dest="answers", action="append", default=[],
                        type=lambda text: ("text", text))
    parser.add_argument("-f", dest="answers", action="append",
                        type=lambda path: ("file", path))
    parser.add_argument("--told", dest="answers", action="append",
                        type=lambda path: ("told", path))
    parser.add_argument("--per-connection", action="store_true")
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--close", action="store_true")
    parser.add_argument("--drop", action="store_true")
    return parser.parse_args()


class Server:
    def __init__(self, options):
        self.options = options
        self.log = serving.Log(options.log)
        self.sock = serving.listen()
        self.port = self.sock.getsockname()[1]
        self.lock = threading.Lock()
        self.served = 0
        self.answers = [(kind, what) if kind == "told" else
                        ("octets", self.answer(kind, what)) for kind, what in
                        options.answers or [("text", DEFAULT)]]
        self.context = None if options.plain else serving.tls_context(
            options.pki, options.chain, options.key or options.chain,
            options.tls)
        if self.context:
            self.names = threading.local()
            self.context.sni_callback = self.note_name
            if options.client_ca:
                self.context.verify_mode = ssl.CERT_REQUIRED
                self.context.load_verify_locations(options.client_ca)

    def answer(self, kind, what):
        if kind == "file":
            with open(what, "rb") as file:
                return file.read()
        return serving.octets(what.replace("@PORT@", str(self.port)))

    def note_name(self, _tls, name, _context):
        self.names.name = name

    def client_name(self, connection):
        if not self.options.client_ca:
            return []
        subject = dict(part[0] for part in connection.getpeercert()["subject"])
        return ["client=" + subject["commonName"]]

    def next_answer(self, nth):
        with self.lock:
            turn = nth if self.options.per_connection else self.served
            self.served += 1
        kind, what = self.answers[min(turn, len(self.answers) - 1)]
        if kind == "told":
            with open(what, encoding="utf-8") as file:
                return self.answer("text", file.read())
        return what

    def send(self, connection, answer):
        time.sleep(self.options.delay)
        if not self.options.slow:
            connection.sendall(answer)
            return
        for at in range(len(answer)):
            connection.sendall(answer[at:at + 1])

    def talk(self, connection, number):
        rest = b""
        nth = 0
        while True:
            head, rest = serving.read_head(connection, rest)
            if head is None:
                if rest:
                    self.log.write("octets", number, repr(rest))
                return
            length = int(serving.field(head, b"content-length") or 0)
            while len(rest) < length:
                more = connection.recv(65536)
                if not more:
                    return
                rest += more
            self.log.write("request", number,
                           head.split(b"\r\n")[0].decode("latin-1"))
            self.log.write("octets", number,
                           repr(head + b"\r\n\r\n" + rest[:length]))
            rest = rest[length:]
            self.send(connection, self.next_answer(nth))
            nth += 1
            if self.options.close or self.options.drop:
                return

    def handle(self, connection, number):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.context:
                self.names.name = None
                connection = self.context.wrap_socket(connection,
                                                      server_side=True)
                self.log.write("connection", number,
                               "tls=" + connection.version(),
                               "resumed=%s" % connection.session_reused,
                               "sni=%s" % self.names.name,
                               *self.client_name(connection))
            else:
                self.log.write("connection", number, "tls=none",
                               "resumed=False", "sni=None")
        except (ssl.SSLError, OSError) as error:
            self.log.write("handshake-failed", number, error)
            connection.close()
            return
        try:
            self.talk(connection, number)
            if self.context and not self.options.drop:
                connection.unwrap()
        except (ssl.SSLError, OSError):
            pass  # the client has gone; closed says so
        self.log.write("closed", number)
        connection.close()


def main():
    options = parse()
    serving.die_with_parent()
    server = Server(options)
    serving.tell_port(options.ready, server.sock)
    serving.serve(server.sock, server.handle)


main()
