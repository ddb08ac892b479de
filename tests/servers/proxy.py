#!/usr/bin/python3
r"""proxy.py - an HTTP proxy: CONNECT, and http:// requests passed on.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: proxy.py --ready FILE --pki DIR [--log FILE] --map HOST:PORT=PORT ...
                [--tls [--chain NAME] [--key NAME]]
                [--connect-status 'CODE WORDS'] [--connect-field 'NAME: VALUE']...

HOST:PORT is what a client asks for, PORT the one on 127.0.0.1 that it gets;
whatever is not mapped is answered with 502: nothing leaves the loopback.
--tls makes it a proxy that is spoken to by TLS.  --connect-status and
--connect-field shape the answer to CONNECT; a status that is not 2xx opens no
tunnel.

The log has, each before anything is answered:
  connection N tls=VERSION|none
  request N METHOD TARGET VERSION
  octets N REPR            the request's head
"""
import argparse
import socket
import ssl
import threading

import serving


def parse():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[2],
                                     allow_abbrev=False)
    parser.add_argument("--ready", required=True)
    parser.add_argument("--pki", required=True)
    parser.add_argument("--log")
    parser.add_argument("--map", action="append", default=[])
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--chain", default="proxy")
    parser.add_argument("--key")
    parser.add_argument("--connect-status", default="200 Connection established")
    parser.add_argument("--connect-field", action="append", default=[])
    return parser.parse_args()


def pump(source, sink):
    """Pass octets on until the source ends."""
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except (OSError, ssl.SSLError):
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def join(one, other):
    thread = threading.Thread(target=pump, args=(one, other), daemon=True)
    thread.start()
    pump(other, one)
    thread.join()


class Proxy:
    def __init__(self, options):
        self.options = options
        self.log = serving.Log(options.log)
        self.places = dict(place.rsplit("=", 1) for place in options.map)
        self.context = serving.tls_context(
            options.pki, options.chain, options.key or options.chain
        ) if options.tls else None

    def upstream(self, place):
        if place not in self.places:
            return None
        return socket.create_connection(("127.0.0.1", int(self.places[place])))

    def connect(self, client, target, rest):
        answer = "HTTP/1.1 %s\r\n" % self.options.connect_status
        answer += "".join("%s\r\n" % f for f in self.options.connect_field)
        if not self.options.connect_status.startswith("2"):
            client.sendall((answer + "Content-Length: 0\r\n\r\n").encode())
            return
        server = self.upstream(target)
        if server is None:
            client.sendall(b"HTTP/1.1 502 Not mapped\r\n\r\n")
            return
        client.sendall((answer + "\r\n").encode())
        server.sendall(rest)
        join(client, server)
        server.close()

    def forward(self, client, head, target, rest):
        host, _, path = target.removeprefix("http://").partition("/")
        server = self.upstream(host if ":" in host else host + ":80")
        if server is None:
            client.sendall(b"HTTP/1.1 502 Not mapped\r\n"
                           b"Content-Length: 0\r\n\r\n")
            return
        lines = head.decode("latin-1").split("\r\n")
        method, _, version = lines[0].split(" ", 2)
        lines[0] = "%s /%s %s" % (method, path, version)
        lines = [line for line in lines if not line.lower().startswith(
            ("connection:", "proxy-connection:"))]
        lines.append("Connection: close")
        server.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        server.sendall(rest)
        pump(server, client)
        server.close()

    def handle(self, client, number):
        try:
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            self.log.write("connection", number, "tls=%s" % (
                client.version() if self.context else "none"))
            head, rest = serving.read_head(client)
            if head is None:
                return
            line = head.split(b"\r\n")[0].decode("latin-1")
            self.log.write("request", number, line)
            self.log.write("octets", number, repr(head))
            method, target, _ = line.split(" ", 2)
            if method == "CONNECT":
                self.connect(client, target, rest)
            else:
                self.forward(client, head, target, rest)
        except (OSError, ssl.SSLError, ValueError) as error:
            self.log.write("failed", number, error)
        finally:
            client.close()


def main():
    options = parse()
    serving.die_with_parent()
    proxy = Proxy(options)
    sock = serving.listen()
    serving.tell_port(options.ready, sock)
    serving.serve(sock, proxy.handle)


main()
