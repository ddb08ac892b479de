#!/usr/bin/python3
"""raw.py - answers as no server of good manners gives them; plain HTTP.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: raw.py --ready FILE

The path chooses one of ANSWERS, to which "Connection: close" is added unless it
is to be told otherwise; any other gets its own request back, but not X-Run.
/dead...: the same, but the connection is kept, and ends with the next request.
"""
import sys
import threading

import serving

OK = b"HTTP/1.1 200 OK\r\n"
FOUND = b"HTTP/1.1 302 Found\r\n"
PLENTY = b"Content-Length: 3\r\n\r\nabc"
ANSWERS = {
    "loc2": FOUND + b"Location:\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
    "loc2b": FOUND + b"Location: /ok\r\nLocation: /ok2\r\n"
         b"Content-Length: 0\r\n\r\n",
    "loc2c": FOUND + b"Location: /ok\r\nLocation:   \r\nContent-Length: 0\r\n"
         b"\r\n",
    "loce": FOUND + b"Location:\r\nContent-Length: 2\r\n\r\nhi",
    "locsp": FOUND + b"Location: /o k\r\nContent-Length: 2\r\n\r\nhi",
    "locspt": FOUND + b"Location: /ok   \r\nContent-Length: 2\r\n\r\nhi",
    "loc200": OK + b"Location: /ok\r\nContent-Length: 2\r\n\r\nhi",
    "loc304": b"HTTP/1.1 304 Not Modified\r\nLocation: /ok\r\n\r\n",
    "loc300": b"HTTP/1.1 300 Many\r\nLocation: /ok\r\n"
         b"Content-Length: 2\r\n\r\nhi",
    "loc305": b"HTTP/1.1 305 Proxy\r\nLocation: /ok\r\n"
         b"Content-Length: 2\r\n\r\nhi",
    "loc399": b"HTTP/1.1 399 What\r\nLocation: /ok\r\n"
         b"Content-Length: 2\r\n\r\nhi",
    "locq": FOUND + b"Location: ?x=1\r\nContent-Length: 0\r\n\r\n",
    "locf": FOUND + b"Location: #x\r\nContent-Length: 0\r\n\r\n",
    "locdd": FOUND + b"Location: ./a/../ok\r\nContent-Length: 0\r\n\r\n",
    "locss": FOUND + b"Location: //127.0.0.1:PORT/ok\r\nContent-Length: 0\r\n"
         b"\r\n",
    "locu": FOUND + b"Location: /\xc3\xbc\r\nContent-Length: 0\r\n\r\n",
    "locl": FOUND + b"Location: /\xfc\r\nContent-Length: 0\r\n\r\n",
    "ok": OK + b"Content-Length: 3\r\nX-A: one\r\nx-a: two\r\n"
         b'X-B: q"\\\tz\r\n'
         b"Last-Modified: Mon, 01 Jan 2001 00:00:00 GMT\r\n\r\n"
         b"ok\n",
    "odd": OK + b"X-B: a\x01z\r\n" + PLENTY,
    "ok2": OK + b"Content-Length: 4\r\n\r\nok2\n",
    "http10": b"HTTP/1.0 200 OK\r\n\r\nold style",
    "http09": b"just text, no header\n",
    "short": OK + b"Content-Length: 30\r\n\r\nonly this",
    "long": OK + b"Content-Length: 4\r\n\r\nmore than that",
    "chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
         b"2;ext=1\r\nde\r\n0\r\nX-Trailer: yes\r\n\r\n",
    "chunkbad": OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"
         b"de\r\n0\r\n\r\n",
    "chunkcut": OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nde",
    "gzbad": OK + b"Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n"
         b"not gzip!!",
    "gzunk": OK + b"Content-Encoding: nonsense\r\nContent-Length: 10\r\n"
         b"\r\nnot gzip!!",
    "gzid": OK + b"Content-Encoding: identity\r\nContent-Length: 10\r\n"
         b"\r\nnot gzip!!",
    "204": b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
    "304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
    "204body": b"HTTP/1.1 204 No Content\r\n" + PLENTY,
    "headbody": OK + PLENTY,
    "100": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + PLENTY,
    "103": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
         b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-C: d\r\n\r\n"
         b"abc",
    "fold": OK + b"X-F: a\r\n  b\r\n\tc\r\n" + PLENTY,
    "lf": b"HTTP/1.1 200 OK\nContent-Length: 3\nX-L: f\n\nabc",
    "nocolon": OK + b"nocolon\r\n" + PLENTY,
    "status": b"HTTP/1.1 999 Odd\r\n" + PLENTY,
    "status2": b"HTTP/1.1 20 Odd\r\n" + PLENTY,
    "noreason": b"HTTP/1.1 200\r\n" + PLENTY,
    "http3": b"HTTP/3.7 200 OK\r\n" + PLENTY,
    "cl2": OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "clneg": OK + b"Content-Length: -3\r\n\r\nabcd",
    "clbad": OK + b"Content-Length: x\r\n\r\nabcd",
    "range": b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 3-5/10\r\n"
         b"Content-Length: 3\r\n\r\ndef",
    "rangebad": b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-7/10\r\n"
         b"Content-Length: 3\r\n\r\nfgh",
    "range200": OK + b"Content-Length: 10\r\n\r\nabcdefghij",
    "range416": b"HTTP/1.1 416 No\r\nContent-Range: bytes */10\r\n"
         b"Content-Length: 2\r\n\r\nno",
    "retry": b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n"
         b"Content-Length: 4\r\n\r\nbusy",
    "cd":
        OK + b"Content-Disposition: attachment; filename=cd.txt\r\n" + PLENTY,
    "cd302": FOUND + b"Content-Disposition: attachment; filename=cd302.txt\r\n"
         b"Location: /ok\r\n" + PLENTY,
    "setc": OK + b"Set-Cookie: a=b\r\nSet-Cookie: c=d; Max-Age=0\r\n"
         b"Set-Cookie: e=f; Domain=127.0.0.1\r\n" + PLENTY,
    "lm": OK + b"Last-Modified: Mon, 01 Jan 2001 00:00:00 GMT\r\n" + PLENTY,
    "lmbad": OK + b"Last-Modified: nonsense\r\n" + PLENTY,
    "lmold": OK + b"Last-Modified: Mon, 01 Jan 1960 00:00:00 GMT\r\n" + PLENTY,
    "lmempty": OK + b"Last-Modified: Mon, 01 Jan 2001 00:00:00 GMT\r\n"
         b"Content-Length: 0\r\n\r\n",
    "auth": b"HTTP/1.1 401 No\r\n"
         b'WWW-Authenticate: Basic realm="x"\r\n'
         b"Content-Length: 2\r\n\r\nno",
    "nothing": b"",
    "close": OK + b"Connection: close\r\n\r\nuntil the end",
    "hdrcut": OK + b"Content-Le",
    "ok4": OK + b"Content-Length: 2\r\n\r\nx\x00",
}
# Those that say themselves when they end, or that one more line would spoil.
AS_THEY_ARE = {"http10", "http09", "nothing", "hdrcut", "lf", "100", "103"}


def answer_to(request, port):
    name = request.split(b" ")[1].decode("latin-1").partition("?")[0][1:]
    answer = ANSWERS.get(name)
    if answer is None:
        body = b"\r\n".join(line for line in request.split(b"\r\n")
                           if not line.startswith(b"X-Run"))
        answer = OK + b"Content-Length: %d\r\n\r\n" % len(body) + body
    if name.startswith("dead"):
        return answer, True
    if name not in AS_THEY_ARE:
        status, _, rest = answer.partition(b"\r\n")
        answer = status + b"\r\nConnection: close\r\n" + rest
    return answer.replace(b"PORT", b"%d" % port), False


def serve(sock, port):
    request = b""
    sock.settimeout(10)
    with sock:
        try:
            while b"\r\n\r\n" not in request:
                some = sock.recv(65536)
                if not some:
                    return
                request += some
            answer, is_kept = answer_to(request, port)
            sock.sendall(answer)
            if is_kept:
                sock.recv(65536)
                return
            sock.shutdown(1)
            while sock.recv(65536):
                pass
        except OSError:
            pass


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "--ready":
        sys.exit(__doc__)
    serving.die_with_parent()
    listener = serving.listen()
    serving.tell_port(sys.argv[2], listener)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(
            sock, listener.getsockname()[1]), daemon=True).start()


main()
