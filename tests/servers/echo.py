#!/usr/bin/python3
"""echo.py - what a server got, in the answer's body; plain HTTP, behind nginx.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: echo.py --ready FILE

Any path: the request line, its fields in their order, and the body; but not
what the proxy in front adds, and not X-Run.  /flaky...: 503 for the first
request of an X-Run there, then 200, and so on.  /stall: nothing for a while.
/meet/N...: 200 once N requests of an X-Run are there at the same time, or 503
after X-Patience seconds, or two.
"""
import http.server
import sys
import threading
import time

import serving

HIDDEN = {"host", "connection", "x-run"}
lock = threading.Condition()
seen = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        lines = ["%s %s" % (self.command, self.path)]
        lines += ["%s: %s" % (name, value)
                  for name, value in self.headers.items()
                  if name.lower() not in HIDDEN]
        text = "\n".join(lines).encode("latin-1") + b"\n\n" + body + b"\n"
        status = 200
        if self.path.startswith("/stall"):
            time.sleep(5)
        if self.path.startswith("/meet/") and not self.meet():
            status = 503
        if self.path.startswith("/flaky"):
            key = (self.headers.get("X-Run"), self.path)
            with lock:
                seen[key] = seen.get(key, 0) + 1
                if seen[key] % 2:
                    status = 503
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def meet(self):
        wanted = int(self.path.split("/")[2])
        run = self.headers.get("X-Run")
        with lock:
            seen[run] = seen.get(run, 0) + 1
            lock.notify_all()
            met = lock.wait_for(lambda: seen[run] >= wanted, float(
                self.headers.get("X-Patience", 2)))
            if not met:
                seen[run] -= 1
        return met

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "--ready":
        sys.exit(__doc__)
    serving.die_with_parent()
    http.server.ThreadingHTTPServer.request_queue_size = 256
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving.tell_port(sys.argv[2], server.socket)
    server.serve_forever()


main()
