#!/bin/sh
# test_pinstore_backup.sh - copies of a store: backups, and the published one
# that lies below all others.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
umask 000
chmod 755 "$T" || exit 99
PINSTORE=$store
PINSTORE_SYSTEM=$T/system
export PINSTORE PINSTORE_SYSTEM
a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
d=BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=

# modes PATH MODE: that it has it
modes()
{
	got=$(stat -c %a "$1")
	[ "$got" = "$2" ] && ok "$1 has mode $2" || fail "$1 has mode $got, not $2"
}

# whole DIR: there is a data file in it and nothing else
whole()
{
	[ "$(ls -A "$1")" = data.mdb ] && ok "$1 has one file" ||
		fail "in $1: $(ls -A "$1")"
}

must pinstore pin a.test $a $b --include-subdomains >/dev/null
must pinstore note --chain-pin $a seen.test \
	"max-age=3000; pin-sha256=\"$a\"; pin-sha256=\"$b\"" >/dev/null
must pinstore revoke --yes $d >/dev/null

about "backup: made, renewed, looked at, not written"
expect_exit 0 pinstore backup bak
expect_out 'backed up 2 hosts to bak'
modes bak 700
modes bak/data.mdb 600
whole bak
expect_exit 0 pinstore backup bak --json
expect_json out 'd == {"path": "bak", "published": False, "hosts": 2}'
expect_exit 0 pinstore list --json
cp out all
expect_exit 0 pinstore --store bak list --json
expect_same out all
expect_exit 3 pinstore --store bak pin b.test $a $b
expect_err 'it is a backup: use it with pinstore restore'
expect_exit 3 pinstore --store bak clear --yes a.test
expect_exit 3 pinstore --store bak note --chain-pin $a b.test \
	"max-age=3000; pin-sha256=\"$a\"; pin-sha256=\"$b\""
whole bak

about "backup: what is there and is none is not replaced unasked"
must mkdir -m 700 empty other files
expect_exit 0 pinstore backup empty
must pinstore --store second pin x.test $a $b >/dev/null
expect_exit 0 pinstore --store second backup other
expect_exit 2 pinstore backup other
expect_err 'is not an earlier backup of this store: replace it|nobody can be asked'
expect_exit 0 pinstore --store other list --json
expect_json out '[e["host"] for e in d] == ["x.test"]'
expect_exit 0 pinstore backup other --yes
expect_exit 0 pinstore --store other list --json
expect_same out all
echo hello >files/letter
expect_exit 3 pinstore backup files --yes
expect_err 'is not a store'
[ "$(cat files/letter)" = hello ] && ok "files are left" || fail "files are gone"
expect_exit 3 pinstore backup second --yes
expect_err 'is a store in use'
must cp -r second gated
must rm gated/lock.mdb
expect_exit 3 pinstore backup gated --yes
expect_err 'is a store in use'
expect_exit 0 pinstore --store second list
expect_out x.test
expect_exit 3 pinstore backup "$store" --yes
expect_exit 3 pinstore backup none/below
expect_err 'No such file'
[ ! -e none ] && ok "nothing made" || fail "made: none"
expect_exit 3 pinstore --store nothing backup new
[ ! -e new ] && ok "nothing made" || fail "made: new"
must ln -s bak linked
expect_exit 3 pinstore backup linked
expect_err 'symbolic link'
must mkdir -m 777 open
expect_exit 3 pinstore backup open
expect_err 'others may write'
expect_exit 3 pinstore backup all
expect_err 'not a directory'
expect_exit 2 pinstore backup
expect_exit 2 pinstore backup one two

about "publish: modes, and what stays behind"
expect_exit 0 pinstore backup --publish system
expect_out 'published 1 host to system'
modes system 755
modes system/data.mdb 644
whole system
grep -q seen system/data.mdb && fail "what was learned is published" ||
	ok "what was learned stays"
expect_exit 2 pinstore backup system
expect_exit 2 pinstore backup --publish bak
expect_exit 3 pinstore --store system pin b.test $a $b
expect_err 'it is a published copy'
expect_exit 0 pinstore --store system list --json
expect_json out '[(e["host"], e["store"]) for e in d] == [("a.test", "own")]'
whole system

about "the system's store lies below another"
expect_exit 0 pinstore --store second list
expect_out '^a.test +yes +enforce +system '
expect_out '^x.test +- +enforce +static '
expect_exit 0 pinstore --store second list --json
expect_json out '[(e["host"], e["layer"], e["store"]) for e in d] == [
	("a.test", "configured", "system"), ("x.test", "configured", "own")]'
expect_exit 90 pinstore --store second check --chain-pin $c y.a.test --json
expect_json out 'd["layers"] == [{"layer": "configured", "store": "system",
	"entry_host": "a.test", "source": "static", "mode": "enforce",
	"matched_pin": None, "expires_epoch": None}]'
expect_exit 0 pinstore --store second check --chain-pin $a a.test
expect_exit 121 pinstore --store second check --chain-pin $d any.test
expect_exit 121 pinstore --store second check --chain-pin $d 192.0.2.1
expect_exit 0 pinstore --store second show a.test
expect_out "made by the system's operator"
expect_exit 1 pinstore --store second show y.a.test
expect_out "applies +a.test .+system's operator"
expect_exit 0 pinstore --store second explain y.a.test --json
expect_json out '[(s["layer"], s["store"], s["name"]) for s in d["steps"]
	if s["applies"]] == [("configured", "system", "a.test")]'
expect_json out 'len(d["steps"]) == 9'
expect_exit 0 pinstore --store second explain y.a.test
expect_out '^a.test +system +yes'
expect_exit 0 pinstore --store second note --chain-pin $c a.test --json \
	"max-age=3000; pin-sha256=\"$c\"; pin-sha256=\"$b\""
expect_json out '(d["result"], d["reason"]) == ("ignored", "pin-mismatch")'
expect_exit 1 pinstore --store second clear --yes a.test

about "both must be satisfied"
must pinstore --store second pin a.test $c $b --no-backup >/dev/null
expect_exit 90 pinstore --store second check --chain-pin $a a.test
expect_exit 90 pinstore --store second check --chain-pin $c a.test
expect_exit 0 pinstore --store second check --chain-pin $a --chain-pin $c a.test
expect_exit 0 pinstore --store second check --chain-pin $b a.test
must pinstore --store second bypass a.test --for 1h --reason own >/dev/null
expect_exit 90 pinstore --store second check --chain-pin $c a.test
must pinstore --store second bypass a.test --end >/dev/null
must pinstore --store second clear --yes a.test >/dev/null

about "absent is none; unreadable, damaged, foreign refuse"
PINSTORE_SYSTEM=$T/nowhere
expect_exit 0 pinstore --store second check --chain-pin $c a.test
PINSTORE_SYSTEM=$T/none/where
expect_exit 0 pinstore --store second check --chain-pin $c a.test
PINSTORE_SYSTEM=$T/hollow
must mkdir -m 755 hollow
expect_exit 0 pinstore --store second check --chain-pin $c a.test
for kind in cut zeroed linked lost live backup open garbage; do
	rm -rf spoiled
	must cp -r system spoiled
	must chmod 755 spoiled
	must chmod 644 spoiled/data.mdb
	case $kind in
	cut) truncate -s 10000 spoiled/data.mdb ;;
	zeroed) truncate -s 0 spoiled/data.mdb && truncate -s 40000 spoiled/data.mdb ;;
	garbage) head -c 40000 /dev/urandom >spoiled/data.mdb ;;
	lost) mv spoiled/data.mdb spoiled/data.old ;;
	live) cp second/* spoiled/ && chmod 600 spoiled/* ;;
	backup) cp bak/data.mdb spoiled/ ;;
	open) chmod 666 spoiled/data.mdb ;;
	linked) rm spoiled/data.mdb && ln -s ../system/data.mdb spoiled/ ;;
	esac
	PINSTORE_SYSTEM=$T/spoiled
	expect_exit 3 pinstore --store second check --chain-pin $a a.test
	expect_err spoiled
	expect_exit 3 pinstore --store second list --json
	[ ! -s out ] && ok "nothing on stdout" || fail "told: $(cat out)"
	expect_exit 120 timeout 60 pinfetch --store second https://a.test/
	# What does not judge goes on, and can mend it.
	expect_exit 0 pinstore --store second pin y.test $a $b
done
expect_exit 0 pinstore backup --publish spoiled --yes
expect_exit 0 pinstore --store second check --chain-pin $a a.test
PINSTORE_SYSTEM=$T/system

if [ "$(id -u)" -eq 0 ]; then
	about "root's is everybody's, and no other user's is"
	must mkdir -m 700 theirs
	must chown nobody theirs
	as_nobody="setpriv --reuid nobody --regid nogroup --clear-groups"
	expect_exit 0 /usr/bin/env $as_nobody pinstore --store theirs/s pin z.test $a $b
	expect_exit 90 /usr/bin/env $as_nobody \
		pinstore --store theirs/s check --chain-pin $c a.test
	expect_exit 0 /usr/bin/env $as_nobody pinstore --store system list
	expect_out a.test
	expect_exit 3 /usr/bin/env $as_nobody pinstore --store bak list
	expect_exit 3 /usr/bin/env $as_nobody pinstore --store theirs/s backup --publish system
	expect_exit 3 pinstore --store theirs/s list
	expect_err "uid [0-9]+ owns its parent"
	expect_exit 0 /usr/bin/env $as_nobody \
		pinstore --store theirs/s backup --publish theirs/sys
	must chmod 755 theirs
	PINSTORE_SYSTEM=$T/theirs/sys
	expect_exit 3 pinstore --store second check --chain-pin $a a.test
	PINSTORE_SYSTEM=$T/system
	must chmod 600 system/data.mdb
	expect_exit 3 /usr/bin/env $as_nobody \
		pinstore --store theirs/s check --chain-pin $a a.test
	expect_err 'Permission denied'
	must chmod 644 system/data.mdb

	about "T-120: a store in use that one may not lock is refused"
	must cp -r second readable
	must chmod 755 readable
	must chmod 644 readable/*
	expect_exit 3 /usr/bin/env $as_nobody pinstore --store readable list
	expect_err 'pinstore backup --publish'
	expect_exit 120 /usr/bin/env $as_nobody \
		pinfetch --store readable https://a.test/
	must rm readable/lock.mdb readable/gate
	expect_exit 3 /usr/bin/env $as_nobody pinstore --store readable list
	expect_err 'pinstore backup --publish'
fi

about "restore: what it does, asks and refuses"
PINSTORE_SYSTEM=$T/nowhere
must pinstore backup bak >/dev/null
must pinstore pin later.test $a $b >/dev/null
expect_exit 2 pinstore restore bak
expect_err 'nobody can be asked'
expect_exit 0 pinstore show later.test
expect_exit 0 pinstore restore bak --yes --json
expect_json out 'd == {"path": "bak", "hosts": 2}'
expect_exit 1 pinstore show later.test
expect_exit 0 pinstore list --json
expect_same out all
expect_exit 121 pinstore check --chain-pin $d any.test
expect_exit 0 pinstore pin later.test $a $b
expect_exit 0 pinstore --store fresh/store restore bak
expect_out 'restored 2 hosts from bak'
modes fresh/store 700
modes fresh/store/data.mdb 600
expect_exit 3 pinstore --store new restore nothing
[ ! -e new ] && ok "nothing made" || fail "made: new"
expect_exit 3 pinstore restore hollow --yes
expect_exit 2 pinstore restore "$store" --yes
expect_exit 3 pinstore --store bak restore "$store" --yes
expect_err 'it is a backup'
cp -r bak bad && chmod 700 bad && chmod 600 bad/data.mdb
must env LC_ALL=C sed -i 's/test\.seen/test.seem/' bad/data.mdb
expect_exit 3 pinstore restore bad --yes
expect_exit 0 pinstore show later.test
truncate -s 5000 "$store/data.mdb"
expect_exit 3 pinstore list
expect_exit 0 pinstore restore bak --yes
expect_exit 0 pinstore list --json
expect_same out all
expect_exit 0 pinstore fsck
expect_exit 2 pinstore restore
expect_exit 2 pinstore restore bak bak --yes

# ------------------------------------------------------------- on a terminal

onpty=$top_srcdir/tests/support/onpty.py
preload=$top_builddir/tests/support/.libs/libdiskfault.so
must test -f "$preload"
rm -rf "$store" bak
seq -f "h%g.test sha256//$a sha256//$b" 12000 >many
must pinstore import many >/dev/null
must pinstore pin first.test $a $b >/dev/null
must pinstore backup bak >/dev/null

# AddressSanitizer wants to be the first library.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export ASAN_OPTIONS

# slowly CALL MILLISECONDS FILE COMMAND...: each of these calls on it is late
slowly()
{
	call=$1
	late=$2
	file=$3
	shift 3
	DISKFAULT_CALL=$call DISKFAULT_CODE=0 DISKFAULT_FILE=$file \
		DISKFAULT_LATE=$late LD_PRELOAD=$preload "$@"
}

# bar NAME CALL MILLISECONDS FILE COMMAND...: it draws one, which is gone at the end
bar()
{
	name=$1
	call=$2
	late=$3
	file=$4
	shift 4
	expect_exit 0 slowly "$call" "$late" "$file" timeout 60 "$python" \
		"$onpty" 80 2 seen "$@"
	tr '\r' '\n' <seen |
		grep -Eq "^$name  .* [0-9.]+( [kM]?B)?/s  [0-9]:[0-9][0-9] left" &&
		ok "a bar is seen" || fail "no bar: $(cat seen)"
	tr '\r' '\n' <seen | awk 'length > 79 { exit 1 }' &&
		ok "within 80 columns" || fail "$(cat seen)"
	expect_exit 0 slowly "$call" "$late" "$file" timeout 60 "$@"
	grep -q "$name  " err && fail "in a pipe: $(cat err)" ||
		ok "nothing in a pipe"
}

# ticks NAME COMMAND...: the same, whatever the disk does: by a clock that hurries
ticks()
{
	name=$1
	shift
	DISKFAULT_TICK=1
	export DISKFAULT_TICK
	bar "$name" none 0 none "$@"
	unset DISKFAULT_TICK
	"$python" "$onpty" 80 2 seen env DISKFAULT_TICK=1 LD_PRELOAD="$preload" \
		"$@" --quiet >out
	[ -s seen ] && fail "--quiet: $(cat seen)" || ok "--quiet draws nothing"
}

about "progress of what reads the whole store, on a terminal alone"
ticks list pinstore list
expect_out '^first.test '
ticks list pinstore list --sort host
ticks list pinstore list --source tofu --json --sort domain
ticks stats pinstore stats
expect_out '12001'
ticks doctor pinstore doctor
ticks export pinstore export
ticks check pinstore check --all --chain-pin $a
ticks expire pinstore expire --dry-run
ticks import pinstore import many --dry-run

about "progress of backup, restore, fsck and its repair, on a terminal alone"
bar backup write 60 data.mdb pinstore backup bak
expect_out 'backed up 12001 hosts'
bar restore write 60 data.mdb.new pinstore restore --yes bak
expect_out 'restored 12001 hosts'
bar fsck pread 1 data.mdb pinstore fsck
expect_out '^sound: 12001 names'
must cp "$store/data.mdb" sound.mdb
must sed -i 's/quota/quotb/' "$store/data.mdb"
bar fsck pread 1 data.mdb pinstore fsck --repair
expect_out '^sound: 12001 names'

# interrupted CALL MILLISECONDS FILE COMMAND [OUTPUT]: by Ctrl-C, when it has begun
interrupted()
{
	# SIGINT is 2, and told as the signal that it was.
	expect_exit 254 slowly "$1" "$2" "$3" timeout -k 5 60 env \
		ONPTY_INTERRUPT=0.6 "$python" "$onpty" 80 2 seen \
		env DISKFAULT_TICK=1 OUT="${5-out.txt}" sh -c 'exec "$@" >"$OUT"' sh $4
	tr -d '\r' <seen | sed 's/\^C//' | tail -c 60 | tr -d ' ' |
		grep -q . && fail "left behind: $(cat seen)" ||
		ok "the line is gone"
}

# sound_and_clean: what was cut off is gone when the store has been opened
sound_and_clean()
{
	expect_exit 0 pinstore list
	expect_exit 0 pinstore fsck
	ls "$store" | grep -Ev '^(data\.mdb(\.damaged.*)?|lock\.mdb|gate|schema|walked)$' >scrap
	[ -s scrap ] && fail "scrap: $(cat scrap)" || ok "no scrap"
}

about "Ctrl-C leaves the store, and the earlier backup, as they were"
must pinstore export >kept.txt
must cp bak/data.mdb earlier.mdb
interrupted write 80 data.mdb 'pinstore backup bak'
expect_same bak/data.mdb earlier.mdb
interrupted write 80 data.mdb.new 'pinstore restore --yes bak'
sound_and_clean
interrupted pread 20 data.mdb 'pinstore fsck'
interrupted pread 20 data.mdb 'pinstore doctor'
# Its answer goes to a pipe that nobody empties.
mkfifo stuck
sleep 20 <stuck &
sleeper=$!
interrupted none 0 none 'pinstore export' stuck
kill $sleeper
seq -f "new%g.test sha256//$a sha256//$b" 3000 >more
interrupted write 80 data.mdb 'pinstore import more'
must pinstore export >again.txt
expect_same kept.txt again.txt
seq -f "x%g.test header sha256//$a sha256//$b expires=2020-02-01T00:00:00Z" 3000 |
	sed '1i # pinstore entries 1' >old
must pinstore import old >/dev/null
interrupted write 80 data.mdb 'pinstore expire --force'
sound_and_clean
must pinstore expire --force >/dev/null
sound_and_clean
must pinstore export >again.txt
expect_same kept.txt again.txt
must cp sound.mdb "$store/data.mdb"
must sed -i 's/quota/quotb/' "$store/data.mdb"
must cp "$store/data.mdb" damaged.mdb
interrupted write 80 data.mdb.new 'pinstore fsck --repair'
must cmp "$store/data.mdb" damaged.mdb
expect_exit 0 pinstore fsck --repair
sound_and_clean
must pinstore export >again.txt
expect_same kept.txt again.txt
expect_exit 0 pinstore backup bak
expect_exit 0 pinstore --store bak fsck
