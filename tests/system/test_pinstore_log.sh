#!/bin/sh
# test_pinstore_log.sh - pinstore log: what happened, since when, and on.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
PINSTORE=$store
export PINSTORE
pins="pin-sha256=\"$a\"; pin-sha256=\"$b\""

# note AT HOST VALUE: as if received
note()
{
	must pinstore note --at "@$1" --chain-pin "$a" "$2" "$3" >/dev/null
}

# other AT HOST: a connection with another key, which teaches nothing
other()
{
	must pinstore note --at "@$1" --chain-pin "$c" "$2" max-age=0 >/dev/null
}

about "there is no store, and there is nothing in it"
expect_exit 3 pinstore log
expect_exit 3 pinstore log --follow
must mkdir "$store"
must chmod 700 "$store"
must pinstore config quota-domain 1
must pinstore config --unset quota-domain
expect_exit 0 pinstore log
expect_out '^20[0-9-]+T[0-9:]+Z  setting       -$'
expect_exit 2 pinstore log a.test
expect_exit 2 pinstore log --since yesterday

about "each kind has its word: what was learned"
note 1700000000 a.test "max-age=1000; $pins"
note 1700000001 a.test "max-age=2000; $pins; report-uri=\"https://r.test/%1b[31m\""
note 1700000002 a.test 'max-age=0'
note 1700000003 b.test "max-age=1000; $pins"
note 1700000004 b.test 'max-age=1000'
must pinstore config quota-domain 1
note 1700000005 x.full.test "max-age=1000; $pins"
note 1700000006 y.full.test "max-age=1000; $pins"
note 1700000007 z.full.test "max-age=1000; $pins"
must pinstore config --unset quota-domain
expect_exit 0 pinstore log
expect_out '^2023-11-14T22:13:20Z  noted         a\.test$'
expect_out '^2023-11-14T22:13:21Z  updated       a\.test$'
expect_out '^2023-11-14T22:13:22Z  removed       a\.test$'
expect_out '^2023-11-14T22:13:24Z  unpinned      b\.test$'
expect_out '^2023-11-14T22:13:26Z  error         full\.test  full$'
expect_no_out '^2023-11-14T22:13:27Z'

about "what was judged, enforced or not, and the operator's own deeds"
must pinstore pin s.test $a $b >/dev/null
other 1700000010 s.test
must pinstore mode s.test report >/dev/null
other 1700000011 s.test
must pinstore pin y.test $a $b >/dev/null
must pinstore bypass y.test --for 1h --reason "$(printf 'why\033[2J\nforged line')" \
	>/dev/null 2>&1
must pinstore note --chain-pin $c y.test max-age=0 >/dev/null
must pinstore bypass --end y.test >/dev/null
must pinstore revoke --yes $c >/dev/null
other 1700000012 127.0.0.1
must pinstore unrevoke $c >/dev/null
expect_exit 0 pinstore clear --yes x.full.test s.test
must pinstore expire --grace 0s --force >/dev/null
expect_exit 0 pinstore log
expect_out 'Z  pinned        y\.test$'
expect_out "Z  bypassed      y\\.test  bypass  leaf sha256//$c\$"
expect_out 'Z  bypass        y\.test$'
expect_out 'Z  bypass-ended  y\.test$'
expect_out "Z  revoked       -  key sha256//$c\$"
expect_out "Z  unrevoked     -  key sha256//$c\$"
expect_out "^2023-11-14T22:13:32Z  violation     -  refused  revoked  leaf sha256//$c\$"
expect_out 'Z  cleared       -  [0-9]+ entries$'
expect_no_out 's\.test'
must pinstore pin s.test $a $b >/dev/null
other 1700000020 s.test
must pinstore mode s.test report >/dev/null
other 1700000021 s.test
expect_exit 0 pinstore log
expect_out "Z  violation     s\\.test  refused  no-pin-in-chain  leaf sha256//$c\$"
expect_out "Z  violation     s\\.test  not enforced  report-mode  leaf sha256//$c\$"
expect_out 'Z  mode          s\.test$'

about "T-143 a line for each event, and nothing that steers a terminal"
"$python" - out <<'END' && ok "as many lines as events, all of them ASCII"
import subprocess, sys
text = open(sys.argv[1], "rb").read()
lines = text.split(b"\n")
assert lines.pop() == b""
events = subprocess.run(["pinstore", "log", "--json"], check=True,
                        stdout=subprocess.PIPE).stdout.splitlines()
assert len(lines) == len(events) > 15, (len(lines), len(events))
assert all(0x20 <= octet < 0x7f for line in lines for octet in line)
END
[ $? -eq 0 ] || fail "the lines are not what was told"

about "--json: an object on each line, all members on each"
expect_exit 0 pinstore log --json
expect_json out 'all(list(x) == ["number", "time", "time_epoch", "event", "host", "layer", "count", "reason", "enforced", "pin"] for x in lines)'
expect_json out '[x["number"] for x in lines] == sorted({x["number"] for x in lines})'
expect_json out "[(x['enforced'], x['reason'], x['pin'], x['time_epoch']) for x in lines if x['event'] == 'violation' and x['host'] == 's.test'] == [(True, 'no-pin-in-chain', '$c', 1700000020), (False, 'report-mode', '$c', 1700000021)]"
expect_json out '[(x["layer"], x["reason"], x["pin"], x["enforced"], x["count"]) for x in lines if x["event"] == "updated"] == [("learned", None, None, None, 1)]'
expect_json out '[x["host"] for x in lines if x["event"] == "cleared"] == [None] * 2'
expect_json out '{x["event"] for x in lines} >= {"noted", "updated", "removed", "pinned", "violation", "bypassed", "revoked", "unrevoked", "bypass", "bypass-ended", "setting", "mode", "error", "cleared"}'

about "--since: a time, and a duration back from now"
expect_exit 0 pinstore log --since @1700000020 --json
expect_json out 'all(x["time_epoch"] >= 1700000020 for x in lines)'
expect_json out 'any(x["time_epoch"] == 1700000020 for x in lines)'
expect_exit 0 pinstore log --since @1700000021 --json
expect_json out 'not any(x["time_epoch"] == 1700000020 for x in lines)'
expect_exit 0 pinstore log --since 1h
expect_no_out '^2023'
expect_out 'mode          s\.test$'
expect_exit 0 pinstore log --since 2100-01-01
expect_no_out .

about "the same is told once an hour"
expect_exit 0 pinstore log --json
told=$(grep -c violation out)
for i in 1 2 3 4 5; do
	other 170000002$i s.test
done
expect_exit 0 pinstore log --json
expect_json out "sum(x['event'] == 'violation' for x in lines) == $told"
other 1700004000 s.test
expect_exit 0 pinstore log --json
expect_json out "sum(x['event'] == 'violation' for x in lines) == $told + 1"

# line N: wait until ./followed has so many
lines()
{
	tries=0
	while [ "$(grep -c . followed)" -lt "$1" ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	[ "$(grep -c . followed)" -eq "$1" ]
}

about "--follow: what comes while it runs"
: >followed
pinstore log --follow --since 2020-01-01 --json >followed 2>followed.err &
follower=$!
running="$running follower=$follower"
before=$(pinstore log --json | grep -c .)
lines "$before" && ok "what there was" || fail "$(wc -l followed), not $before"
must pinstore pin live.test $a $b >/dev/null
lines $((before + 1)) && ok "one more, at once" || fail "nothing more is told"
expect_json followed 'lines[-1]["host"] == "live.test"'
# the file of the store is another one then
must pinstore clear --yes y.test >/dev/null
lines $((before + 2)) && ok "behind clear too" || fail "nothing behind clear"
must pinstore pin last.test $a $b >/dev/null
lines $((before + 3)) && ok "and on" || fail "nothing more behind clear"
expect_json followed 'len({x["number"] for x in lines}) == len(lines)'
kill -0 $follower && ok "it is still there" || fail "it has ended"
ticks()
{
	cut -d ' ' -f 14,15 "/proc/$follower/stat" | tr ' ' '+'
}
from=$(($(ticks)))
sleep 2
spent=$(($(ticks) - from))
[ $spent -le 4 ] && ok "$spent/100 s of 2 s are spent on waiting" ||
	fail "$spent/100 s of 2 s are spent on waiting"
kill -TERM $follower
wait $follower
expect_same /dev/null followed.err

about "--follow ends: interrupted, or nobody reads it any more"
expect_exit 124 timeout -s INT 1 pinstore log --follow
expect_out 'last\.test'
(
	timeout 20 pinstore log --follow
	echo $? >ended
) | head -n 1 >first
[ "$(cat ended)" = 0 ] && ok "0 behind a closed pipe" ||
	fail "$(cat ended) behind a closed pipe"
expect_exit 0 grep -c . first
expect_out '^1$'

about "a journal that cannot be written changes no verdict, nor does looking"
expect_exit 0 pinstore log --json
cp out before
expect_exit 90 pinstore check --chain-pin $c live.test
expect_exit 0 pinstore check --chain-pin $a live.test
expect_exit 0 pinstore log --json
expect_same before out
