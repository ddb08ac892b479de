#!/usr/bin/python3
r"""mailserv.py - SMTP or IMAP up to STARTTLS and a little behind it.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: mailserv.py --ready FILE --pki DIR --protocol smtp|imap [--chain NAME]
                   [--log FILE] [--go-ahead TEXT] [--greeting TEXT]

--go-ahead is the answer to STARTTLS, --greeting what is said first, with \r \n
as tlsserv.py has them: wrong ones, or with more behind them than there should
be.  The log has a line for each command, "plain" or "tls" before it.
"""
import argparse
import ssl

import serving

TALK = {
    "smtp": {"greeting": r"220 mail.test ESMTP\r\n",
             "go-ahead": r"220 2.0.0 ready\r\n",
             "EHLO": "250-mail.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n",
             "NOOP": "250 2.0.0 behind TLS\r\n"},
    "imap": {"greeting": r"* OK IMAP4rev1 ready\r\n",
             "go-ahead": r"a1 OK begin\r\n",
             "NOOP": "a2 OK behind TLS\r\n"},
}


class Server:
    def __init__(self, options):
        self.talk = TALK[options.protocol]
        self.is_imap = options.protocol == "imap"
        self.greeting = serving.octets(options.greeting or
                                       self.talk["greeting"])
        self.go_ahead = serving.octets(options.go_ahead or
                                       self.talk["go-ahead"])
        self.log = serving.Log(options.log)
        self.context = serving.tls_context(options.pki, options.chain,
                                           options.chain)

    def commands(self, connection, state):
        """Each line that the client sends, without its tag."""
        kept = b""
        while True:
            more = connection.recv(4096)
            if not more:
                return
            kept += more
            while b"\n" in kept:
                line, _, kept = kept.partition(b"\n")
                line = line.decode("latin-1").strip()
                self.log.write(state, line)
                yield line.split(" ")[1 if self.is_imap else 0].upper()

    def serve_tls(self, connection):
        tls = self.context.wrap_socket(connection, server_side=True)
        for command in self.commands(tls, "tls"):
            tls.sendall(self.talk.get(command, "500 what?\r\n").encode())

    def handle(self, connection, number):
        try:
            connection.sendall(self.greeting)
            for command in self.commands(connection, "plain"):
                if command == "STARTTLS":
                    connection.sendall(self.go_ahead)
                    self.serve_tls(connection)
                    return
                connection.sendall(
                    self.talk.get(command, "500 what?\r\n").encode())
        except (ssl.SSLError, OSError) as error:
            self.log.write("failed", number, error)
        finally:
            connection.close()


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[2],
                                     allow_abbrev=False)
    parser.add_argument("--ready", required=True)
    parser.add_argument("--pki", required=True)
    parser.add_argument("--protocol", choices=sorted(TALK), required=True)
    parser.add_argument("--chain", default="good")
    parser.add_argument("--log")
    parser.add_argument("--go-ahead")
    parser.add_argument("--greeting")
    options = parser.parse_args()
    serving.die_with_parent()
    server = Server(options)
    sock = serving.listen()
    serving.tell_port(options.ready, sock)
    serving.serve(sock, server.handle)


main()
