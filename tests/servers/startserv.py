#!/usr/bin/python3
"""startserv.py - protocols in which TLS begins on request, and what can go wrong.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: startserv.py --ready FILE --pki DIR --mode FILE [--chain NAME]
                    [--log FILE]

For each connection the file of --mode is read: a protocol (smtp, lmtp, imap,
pop3, ftp, sieve, ldap, xmpp, https) and a fault, or "none":

  garbage   the first answer is none of the protocol    nul   has a NUL
  endless   it has no end of line                       lines no end of lines
  missing   STARTTLS is not offered                     refused   it is refused
  inject    more text comes with the answer to it
  close     the connection ends at once                 middle    before that
  mute      nothing is said                             plain     then no TLS
  stop      TLS begins, and the connection ends
"""
import argparse
import socket
import ssl
import time

import serving

XMPP = b"urn:ietf:params:xml:ns:xmpp-tls"
SCRIPTS = {
    "smtp": [(b"", b"220-hello\r\n220 ready\r\n"),
             (b"EHLO ", b"250-pin.test\r\n250-STARTTLS\r\n250 SIZE\r\n"),
             (b"STARTTLS\r\n", b"220 go ahead\r\n")],
    "lmtp": [(b"", b"220 ready\r\n"),
             (b"LHLO ", b"250-pin.test\r\n250 STARTTLS\r\n"),
             (b"STARTTLS\r\n", b"220 go ahead\r\n")],
    "imap": [(b"", b"* OK [ALERT] hello\r\n"),
             (b"a CAPABILITY\r\n",
              b"* CAPABILITY IMAP4rev1 STARTTLS\r\na OK done\r\n"),
             (b"a STARTTLS\r\n", b"a OK go ahead\r\n")],
    "pop3": [(b"", b"+OK hello\r\n"), (b"STLS\r\n", b"+OK go ahead\r\n")],
    "ftp": [(b"", b"220-hello\r\n any text\r\n220 ready\r\n"),
            (b"AUTH TLS\r\n", b"234 go ahead\r\n")],
    "sieve": [(b"", b'"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK "hello"\r\n'),
              (b"STARTTLS\r\n", b"OK go ahead\r\n")],
    "ldap": [(b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037",
              b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00")],
    "xmpp": [(b"<?xml version='1.0'?><stream:stream ",
              b"<?xml version='1.0'?><stream:stream from='pin.test'>"
              b"<stream:features><starttls xmlns='" + XMPP + b"'/>"
              b"</stream:features>"),
             (b"<starttls xmlns='" + XMPP, b"<proceed xmlns='" + XMPP +
              b"'/>")],
    "https": [],
}
REFUSED = {"smtp": b"454 not now\r\n", "lmtp": b"454 not now\r\n",
           "imap": b"a NO not now\r\n", "pop3": b"-ERR not now\r\n",
           "ftp": b"534 not now\r\n", "sieve": b'NO "not now"\r\n',
           "ldap": b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00",
           "xmpp": b"<failure xmlns='" + XMPP + b"'/>"}
MORE = {"smtp": b"220-x\r\n", "lmtp": b"220-x\r\n", "imap": b"* OK x\r\n",
        "ftp": b"220-x\r\n", "sieve": b'"X" "x"\r\n'}


def script(protocol, fault):
    """What is expected, and said then; the last pair begins TLS."""
    steps = [list(step) for step in SCRIPTS[protocol]]
    if fault == "garbage":
        steps[0][1] = b"\x1b[31mwho \x00knows\r\n\r\n>" * 3
        if protocol == "xmpp":
            steps[0][1] += b"</stream:stream>"
    elif fault == "nul":
        steps[0][1] = steps[0][1][:4] + b"\x00" + steps[0][1][4:]
    elif fault == "endless":
        steps[0][1] = steps[0][1].strip()[:3] + b"x" * 200000
    elif fault == "lines":
        steps[0][1] = MORE[protocol] * 20000
    elif fault == "missing":
        steps[-2][1] = steps[-2][1].replace(b"STARTTLS", b"X").replace(
            b"starttls", b"x")
        if protocol == "sieve":
            steps[0][1] = steps[0][1].replace(b'"STARTTLS"\r\n', b"")
    elif fault == "refused":
        steps[-1][1] = REFUSED[protocol]
    elif fault == "inject":
        steps[-1][1] += b"250 OK, believe me\r\n"
    return steps


def receive(connection, wanted):
    """As much as wanted has, and to the end of a line of text."""
    got = b""
    while len(got) < len(wanted) or (wanted[:1] != b"\x30" and
                                     got[-1:] not in (b"\n", b">")):
        more = connection.recv(4096)
        if not more:
            raise OSError("the client has gone")
        got += more
    if not got.startswith(wanted):
        raise OSError("not expected: %r" % got)


class Server:
    def __init__(self, options):
        self.options = options
        self.log = serving.Log(options.log)
        self.context = serving.tls_context(options.pki, options.chain,
                                           options.chain)

    def talk(self, connection):
        with open(self.options.mode) as file:
            protocol, fault = file.read().split()
        if fault == "mute":
            time.sleep(60)
        if fault == "close":
            return
        steps = script(protocol, fault)
        for i, (wanted, answer) in enumerate(steps):
            if wanted:
                receive(connection, wanted)
            if fault == "middle" and i == len(steps) - 1:
                return
            connection.sendall(answer)
        if fault == "plain":
            connection.sendall(b"220 let us stay in the clear\r\n" * 4)
            time.sleep(1)
            return
        if fault == "stop":
            connection.recv(1)
            return
        tls = self.context.wrap_socket(connection, server_side=True)
        self.log.write("tls", protocol, tls.version())
        while True:
            got = tls.recv(4096)
            if not got:
                return
            self.log.write("received", protocol, repr(got))

    def handle(self, connection, _number):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.talk(connection)
        except (ssl.SSLError, OSError) as error:
            self.log.write("ended", repr(str(error)))
        connection.close()


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[2],
                                     allow_abbrev=False)
    for name in "ready", "pki", "mode":
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--chain", default="good")
    parser.add_argument("--log")
    options = parser.parse_args()
    serving.die_with_parent()
    sock = serving.listen()
    serving.tell_port(options.ready, sock)
    serving.serve(sock, Server(options).handle)


main()
