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

# interrupted SIGNAL: what comes while the password is asked for has its way with
# a terminal that shows again what is typed; ./out tells
cat >interrupted.py <<'END'
import fcntl, os, pty, signal, sys, termios, time
how = sys.argv[1]
fd, slave = pty.openpty()
os.setsid()
fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
pid = os.fork()
if pid == 0:  # as a job of a shell, as no other can be stopped
    os.setpgid(0, 0)
    os.tcsetpgrp(slave, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    for stream in (0, 1, 2):
        os.dup2(slave, stream)
    os.closerange(3, 64)
    os.execvp(sys.argv[2], sys.argv[2:])

def wait_for(what, is_there):
    end = time.monotonic() + 30
    while not is_there():
        if time.monotonic() > end:
            print("never", what, flush=True)
            os.kill(pid, signal.SIGKILL)
            os._exit(1)
        time.sleep(0.01)

def shows():
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)

def ended(options):
    global status
    got, status = os.waitpid(pid, os.WNOHANG | options)
    return got == pid

wait_for("hidden", lambda: not shows())
if how == "INTR":
    os.write(fd, termios.tcgetattr(fd)[6][termios.VINTR])
else:
    os.kill(pid, getattr(signal, "SIG" + how))
wait_for("ended or stopped", lambda: ended(os.WUNTRACED))
print("shows" if shows() else "hides")
if os.WIFSTOPPED(status):
    print("stopped by", os.WSTOPSIG(status) == signal.SIGTSTP)
    os.kill(pid, signal.SIGCONT)
    wait_for("hidden again", lambda: not shows())
    os.write(fd, b"open sesame\n")
    wait_for("ended", lambda: ended(0))
    print("exit", os.waitstatus_to_exitcode(status))
else:
    print("killed by", signal.Signals(os.WTERMSIG(status)).name)
END
interrupted()
{
	expect_exit 0 "$python" interrupted.py "$1" pinfetch --store "$store" \
		-s -u aladdin -o body "http://127.0.0.1:$echo_port/"
	expect_out '^shows$'
}

about "a signal while the password is asked for"
interrupted INTR # Ctrl-C
expect_out '^killed by SIGINT$'
interrupted TERM
expect_out '^killed by SIGTERM$'
interrupted HUP
expect_out '^killed by SIGHUP$'
rm -f body
interrupted TSTP
expect_out '^stopped by True$'
expect_out '^exit 0$'
expect_exit 0 grep -q 'YWxhZGRpbjpvcGVuIHNlc2FtZQ==' body

TERM=xterm
export TERM

about "colours are for a terminal alone"
expect_exit 0 fetch $(at pin.test "$web_port") "https://pin.test:$web_port/"
expect_exit 0 pinstore --store "$store" list
expect_no_out "$(printf '\033')"
expect_exit 0 "$python" terminal.py '' pinstore --store "$store" list
expect_out 'pin\.test'
