#!/usr/bin/python3
"""opensslserv.py - openssl s_server, for what Python's ssl does not do.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: opensslserv.py --ready FILE --log FILE [--key HEX | --chain FILE]
                      psk12|psk13|anonymous|early

Without a certificate: by a key, or anonymous; the log has what clients sent
once the handshake was over.  early takes early data on sessions of TLS 1.3 that
are resumed; the chain's key is in NAME.key beside NAME.chain, and the log says
"Early data received:" before what came early.  It never answers.
"""
import argparse
import signal
import socket
import subprocess
import sys
import time

KINDS = {
    "psk12": ["-tls1_2", "-cipher", "ECDHE-PSK-CHACHA20-POLY1305"],
    "psk13": ["-tls1_3"],
    "anonymous": ["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"],
    "early": ["-tls1_3", "-early_data", "-no_anti_replay"],
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[2],
                                     allow_abbrev=False)
    parser.add_argument("--ready", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--key")
    parser.add_argument("--chain")
    parser.add_argument("kind", choices=sorted(KINDS))
    options = parser.parse_args()
    port = free_port()
    if options.chain:
        who = ["-cert", options.chain, "-cert_chain", options.chain,
               "-key", options.chain.replace(".chain", ".key")]
    else:
        who = ["-nocert", "-quiet", "-psk", options.key,
               "-psk_identity", "user"]
    with open(options.log, "wb") as log:
        # Its input stays open: at the end of it the server would go.
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:%d" % port]
            + who + KINDS[options.kind],
            stdin=subprocess.PIPE, stdout=log)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            for _ in range(200):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            with open(options.ready, "w") as f:
                f.write("%d\n" % port)
            server.wait()
        finally:
            server.terminate()
            server.wait()


main()
