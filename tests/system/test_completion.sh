#!/bin/sh
# test_completion.sh - what bash completes, with the real bash-completion; and
# what contrib has for timers.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

library=/usr/share/bash-completion/bash_completion
[ -f "$library" ] || fail "no $library: apt-get install bash-completion"
a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
PINSTORE=$store
export PINSTORE
must mkdir -p user/completions
must ln -s "$top_srcdir/contrib/completions/pinstore" \
	"$top_srcdir/contrib/completions/pinfetch" user/completions/
BASH_COMPLETION_USER_DIR=$T/user
export BASH_COMPLETION_USER_DIR
must mkdir files
must touch files/one.pem files/two.pem
must mkdir files/sub

# What bash offers for the last of the words, sorted, each once.
cat >offers.bash <<'END'
. "$1"
shift
cd files || exit 1
_completion_loader "$1"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE=$*
COMP_POINT=${#COMP_LINE}
previous=$(($# - 1))
spec=$(complete -p "$1") || exit 1
function=${spec##*-F }
function=${function%% *}
COMPREPLY=()
"$function" "$1" "${!#}" "${!previous}"
printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort -u
END

cat >ask.bash <<'END'
# ask.bash LIBRARY WORD... : EXPECTED...
library=$1
shift
words=()
while [ "$1" != : ]; do
	words+=("$1")
	shift
done
shift
wanted=$(printf '%s\n' "$@" | LC_ALL=C sort -u)
got=$(bash --norc offers.bash "$library" "${words[@]}")
[ "$got" = "$wanted" ] && exit 0
printf 'offered for [%s]:\n%s\nnot:\n%s\n' "${words[*]}" "$got" "$wanted"
exit 1
END

# offered WORD... : EXPECTED...
offered()
{
	expect_exit 0 bash --norc ask.bash "$library" "$@"
}

about "without a store: verbs, options, values"
offered pinstore un : unrevoke
offered pinstore help unr : unrevoke
offered pinstore list --mo : --mode
offered pinstore list --mode '' : enforce report
offered pinstore --store "$store" list --sort u : updated
offered pinstore header --for n : nginx
offered pinstore export --format j : json
offered pinstore export --format chr :
offered pinstore import --format chr : chromium
offered pinstore import --format okh :
offered pinstore bypass a.test --for n :
offered pinstore report s : send show
offered pinstore config quota- : quota-domain quota-total
offered pinstore mode a.test r : report
offered pinstore --ver : --version
offered pinstore show '' :
offered pinstore nonsense '' :
offered pinstore show --no-such-option '' :

about "each verb of help is completed, and each of its options"
pinstore help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' >verbs
must test "$(wc -l <verbs)" -gt 15
while read -r verb; do
	pinstore __complete "$verb" | grep -qx "$verb" ||
		fail "$verb is not offered"
	pinstore help "$verb" |
		sed -n 's/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p' | sort >told
	pinstore __complete "$verb" -- | sort >offered
	cmp -s told offered || fail "options of $verb: $(diff told offered)"
done <verbs

about "files and folders are the shell's own"
offered pinstore hash '' : one.pem sub two.pem
offered pinstore hash o : one.pem
offered pinstore pin --cacert=t : two.pem
offered pinstore --store '' : sub

about "hosts in the store, each once"
for host in www.a.test a.test b.test; do
	must pinstore pin $host $a $b >/dev/null
done
must pinstore note --chain-pin $a a.test \
	"max-age=1000; pin-sha256=\"$a\"; pin-sha256=\"$b\"" >/dev/null
offered pinstore show '' : a.test b.test www.a.test
offered pinstore show a : a.test
offered pinstore clear b.test w : www.a.test
offered pinstore --store=/nonexistent show '' :
offered pinstore --store "$T/nonexistent" show '' :
offered pinstore mode b : b.test
must truncate -s 5000 "$store/data.mdb"
offered pinstore show '' :

about "pinfetch: its options, and files"
offered pinfetch --require : --require-pin
offered pinfetch -o t : two.pem

about "on a terminal, with the tabulator"
PINSTORE=$T/second
must pinstore pin only.test $a $b >/dev/null
cat >tabs.py <<'END'
"""Type a line into bash on a terminal, and wait for what the command says."""
import os, pty, select, sys, time
library, line, wanted = sys.argv[1:4]
child, master = pty.fork()
if child == 0:
    os.environ.update(PS1="$ ", INPUTRC="/dev/null", TERM="dumb")
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
os.write(master, (". %s\n" % library).encode())
os.write(master, (line + "\n").encode())
got, end = b"", time.monotonic() + 60
while wanted.encode() not in got and time.monotonic() < end:
    if select.select([master], [], [], 1)[0]:
        try:
            got += os.read(master, 4096)
        except OSError:
            break
os.write(master, b"\nexit\n")
os.close(master)
os.waitpid(child, 0)
sys.stdout.write(got.decode(errors="replace"))
sys.exit(0 if wanted.encode() in got else 1)
END
must printf 'pinstore sho\tonl\t | sed s/^/got:/' >typed
expect_exit 0 "$python" tabs.py "$library" "$(cat typed)" "got:only.test"

about "contrib: timers that systemd can read"
if command -v systemd-analyze >/dev/null 2>&1; then
	expect_exit 0 env SYSTEMD_LOG_LEVEL=warning systemd-analyze verify \
		--man=no "$top_srcdir"/contrib/systemd/*.timer
fi
for unit in "$top_srcdir"/contrib/systemd/*.service; do
	grep -q '^Type=oneshot$' "$unit" || fail "$unit is no oneshot"
	command=$(sed -n 's/^ExecStart=//p' "$unit")
	expect_exit 0 $command --store "$T/none"
done
