#!/bin/sh
# test_fetch_terminal.sh - on a terminal: a password that is asked for and not
# shown, and colours that are there for a terminal alone.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

# typed WORDS COMMAND...: run it on a terminal, where WORDS are typed once it
# asks; what the terminal shows comes to ./out
cat >terminal.py <<'END'
import os, pty, select, sys, termios, time
words = sys.argv[1]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
end = time.monotonic() + 30
is_typed = False
while time.monotonic() < end:
    if not is_typed and b"':" in shown:
        # Echo is off before the question can be answered.
        if not termios.tcgetattr(fd)[3] & termios.ECHO:
            os.write(fd, words.encode() + b"\n")
            is_typed = True
    if not select.select([fd], [], [], 0.05)[0]:
        continue
    try:
        some = os.read(fd, 4096)
    except OSError:
        break
    if not some:
        break
    shown += some
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.stdout.flush()
os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END

make_pki
start_nginx web --site pin.test --chain good \
	--header "Public-Key-Pins: $(header 600 good backup)"
start echo "$python" "$servers/echo.py"

about "a password is asked for and not shown"
expect_exit 0 "$python" terminal.py 'open sesame' pinfetch --store "$store" \
	-s -u aladdin -o body "http://127.0.0.1:$echo_port/"
expect_out "^Enter host password for user 'aladdin':"
expect_no_out 'sesame'
expect_exit 0 grep -q 'YWxhZGRpbjpvcGVuIHNlc2FtZQ==' body

TERM=xterm
export TERM

about "colours are for a terminal alone"
expect_exit 0 fetch $(at pin.test "$web_port") "https://pin.test:$web_port/"
expect_exit 0 pinstore --store "$store" list
expect_no_out "$(printf '\033')"
expect_exit 0 "$python" terminal.py '' pinstore --store "$store" list
expect_out 'pin\.test'
