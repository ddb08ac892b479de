#!/bin/sh
# test_pinstore_doctor.sh - pinstore doctor: each thing that can be wrong with a
# store is found, told worst first, and gone when the remedy was taken.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
PINSTORE=$store
export PINSTORE
pins="pin-sha256=\"$a\"; pin-sha256=\"$b\""
now=$(date +%s)
day=86400

# note AT HOST VALUE: as if received
note()
{
	must pinstore note --at "@$1" --chain-pin "$a" "$2" "$3" >/dev/null
}

# other AT HOST: a connection with another key
other()
{
	must pinstore note --at "@$1" --chain-pin "$c" "$2" max-age=0 >/dev/null
}

# sick WORD NAME [DETAIL]: it has that, and no more is told of it than once
sick()
{
	expect_exit 1 pinstore doctor
	grep -q "($1)\$" out || fail "no ($1) in: $(cat out)"
	expect_out "^  $(echo "$2" | sed 's/[.]/\\./g')${3+  $3}\$"
	expect_exit 1 pinstore doctor --json
	expect_json out "[f['count'] for f in d if f['finding'] == '$1'] == [1]"
	expect_json out "[f['of'][0]['name'] for f in d \
		if f['finding'] == '$1'] == ['$2']"
}

# sound [OPTION...]: nothing at all
sound()
{
	expect_exit 0 pinstore doctor "$@"
	expect_out '^nothing found$'
	expect_exit 0 pinstore doctor --json "$@"
	expect_json out 'd == []'
}

# afresh: a store with one entry that nothing is wrong with
afresh()
{
	rm -rf "$store"
	must pinstore pin good.test "$a" "$b" >/dev/null
}

about "there is no store, and there is nothing in it"
expect_exit 3 pinstore doctor
must mkdir "$store"
must chmod 700 "$store"
sound
expect_exit 2 pinstore doctor a.test
afresh
sound
sound --all

about "T-123: what is damaged is found, as by fsck, and nothing else is judged"
must pinstore pin --note 'kept here' kept.test "$a" "$b" >/dev/null
must cp "$store/data.mdb" sound.mdb
must sed -i 's/kept here/Kept here/g' "$store/data.mdb"
sick damaged kept.test 'hosts: a record does not match its checksum or form'
expect_exit 3 pinstore fsck --repair
expect_exit 1 pinstore doctor --json
expect_json out '[f["finding"] for f in d] == ["gaps"]'
expect_json out 'd[0]["of"][0]["detail"] == "1"'
must rm "$store"/data.mdb.damaged
must cp sound.mdb "$store/data.mdb"
sound
must truncate -s 8192 "$store/data.mdb"
expect_exit 1 pinstore doctor
expect_out '[(]damaged[)]$'
afresh

about "connections were refused, or watched"
# Of one hour the journal keeps one.
other $((now - 9000)) good.test
other $((now - 50)) good.test
other $((now - 40)) good.test
sick refused good.test '2x, the last [0-9]+s ago'
expect_exit 0 pinstore doctor --at 8d
must pinstore mode good.test report >/dev/null
other $((now - 40)) good.test
sick watched-mismatch good.test '1x, the last [0-9]+s ago'
afresh
must pinstore mode good.test report >/dev/null
expect_exit 0 pinstore doctor
expect_out '^nothing found$'
expect_exit 0 pinstore doctor --at 8d
expect_out '^advice: entries in mode report that never mismatched \(watched-quiet\)$'
must pinstore pin good.test "$a" "$b" --mode report --include-subdomains \
	>/dev/null
other $((now + 7 * day)) x.good.test
expect_exit 1 pinstore doctor --at 8d
expect_no_out 'watched-quiet'

about "keys: none to fall back on, revoked, all revoked, not the host's own"
afresh
must pinstore pin one.test "$a" --no-backup >/dev/null
sick single-pin one.test
afresh
must pinstore revoke --yes "$b" >/dev/null
sick revoked-pin good.test '1 of 2'
must pinstore revoke --yes "$a" >/dev/null
sick all-pins-revoked good.test
must pinstore unrevoke "$a" "$b" >/dev/null
sound
must pinstore pin good.test "$a" "$c" >/dev/null
note "$now" good.test "max-age=1000; $pins"
expect_exit 0 pinstore doctor
expect_out '^advice: static pins that the host itself does not name \(never-matched\)$'
expect_out '^  good\.test  1 of 2$'
must pinstore pin good.test "$a" "$b" >/dev/null
sound

about "life: static entries that end, learned ones that are over"
afresh
must pinstore pin end.test "$a" "$b" --expires 13d >/dev/null
sick expiring end.test 'in 1[23]d'
expect_exit 1 pinstore doctor --at 14d
expect_out '^error: static entries have expired \(expired-static\)$'
afresh
note $((now - 30 * day)) old.test "max-age=1000; $pins"
expect_exit 0 pinstore doctor
expect_out '^advice: .* \(expired\)$'
expect_out '^  old\.test  (29|30)d ago$'
must pinstore expire >/dev/null
sound

about "clocks: an entry of the future, a store that is ahead"
afresh
note $((now + 10 * day)) ahead.test "max-age=1000; $pins"
expect_exit 1 pinstore doctor
expect_out '^error: the clock is behind the store \(clock-behind\)$'
expect_out '^  .*/store  latest write in (9|10)d$'
sick noted-in-future ahead.test 'noted in (9|10)d'
expect_exit 0 pinstore doctor --at 10d

about "who is covered: a public suffix"
afresh
must pinstore pin co.uk "$a" "$b" >/dev/null
sound
must pinstore pin co.uk "$a" "$b" --include-subdomains >/dev/null
sick public-suffix co.uk

about "what the operator has loosened: a bypass, local anchors"
afresh
must pinstore bypass good.test --for 2h --reason test >/dev/null 2>&1
sick bypassed good.test 'ends in (2h|11[0-9]m)'
must pinstore bypass good.test --end >/dev/null
sound
must pinstore config anchors "$c" >/dev/null
expect_exit 0 pinstore doctor
expect_out '^advice: chains of local anchors are let through \(anchors\)$'

about "a quota that was full"
afresh
must pinstore config quota-domain 1 >/dev/null
note "$now" a.full.test "max-age=1000; $pins"
note "$now" b.full.test "max-age=1000; $pins"
sick quota-full full.test '(now|[0-9]+s ago)'

# many FIRST SOURCE: a file of 4,200 entries
many()
{
	awk -v first="$1" -v source="$2" -v a="$a" -v b="$b" 'BEGIN {
		print "# pinstore entries 1"
		for (i = first; i < first + 4200; i++)
			printf "h%05d.test %s sha256//%s sha256//%s %s\n", i,
				source, a, b, "noted=2020-01-01T00:00:00Z"
	}'
}

about "a store that is nearly as large as it may be; each remedy"
rm -rf "$store"
must pinstore config max-size 1M
many 0 'header expires=2020-02-01T00:00:00Z' >first.txt
many 4200 static >more.txt
must pinstore import first.txt >/dev/null
sick nearly-full "$store" '[0-9]+ of 1048576 octets'
expect_json out '[(f["title"], f["remedy"]) for f in d if f["severity"] == "error"] == [("the store is nearly as large as it may be", "pinstore config max-size SIZE, if the disk has the room; else pinstore expire, or pinstore clear for learned entries that nobody needs")]'
expect_json out '[f["meaning"] for f in d if f["finding"] == "nearly-full"] == ["Soon nothing can be noted any more; what is stored stays in force."]'
must pinstore export >before.txt
expect_exit 3 pinstore import more.txt
expect_err '^pinstore: store .*/store is at its size limit of 1048576 octets: raise it, as with "pinstore config max-size", or clear entries$'
must pinstore export >after.txt
must cmp before.txt after.txt
must sh -c '[ "$(stat -c %s "$PINSTORE/data.mdb")" -le 1048576 ]'
must cp -a "$store" full
must pinstore expire --force >/dev/null
sound
must pinstore import more.txt >/dev/null
rm -rf "$store"
must cp -a full "$store"
must pinstore clear --all --yes >/dev/null 2>&1
sound
rm -rf "$store"
must mv full "$store"
must pinstore config max-size 8M
expect_exit 0 pinstore doctor
expect_no_out 'nearly-full'
must pinstore import more.txt >/dev/null
expect_exit 0 pinstore list
expect_out '^h00000\.test '
expect_out '^h08399\.test '

about "failure reports that nobody sends, or that were given up"
afresh
must pinstore pin rep.test "$a" "$b" >/dev/null
note $((now - 8000)) r.test \
	"max-age=9000; $pins; report-uri=\"http://c.test/\""
other $((now - 7000)) r.test
expect_exit 1 pinstore doctor
expect_out '\(reports-waiting\)$'
expect_out '^  r\.test  due 1[0-9]{2}m ago$'
must pinstore report drop --all >/dev/null
expect_exit 1 pinstore doctor
expect_no_out '\(reports-waiting\)$'

about "others may read it, or put another in its place (T-111)"
afresh
must chmod 750 "$store"
must chmod 644 "$store/data.mdb"
expect_exit 1 pinstore doctor
expect_out '/store  0750$'
expect_out '/store/data\.mdb  0644$'
must chmod 700 "$store"
must chmod 600 "$store/data.mdb"
sound
must mkdir -p open/closed
must cp -r "$store" open/closed/
must chmod 755 open/closed
must chmod 777 open
expect_exit 1 pinstore doctor --store open/closed/store
expect_out '\(parent-writable\)$'
expect_out '/open  0777$'
must chmod 1777 open
expect_exit 0 pinstore doctor --store open/closed/store

about "worst first, and of many the first ten"
afresh
i=0
while [ $i -lt 12 ]; do
	must pinstore pin "h$i.test" --no-backup "$a" >/dev/null
	i=$((i + 1))
done
must pinstore pin gone.test "$a" "$b" --expires 30m >/dev/null
expect_exit 1 pinstore doctor --at 1h
must grep -E '^(error|warning|advice)' out >order
must sh -c 'sed "s/:.*//" order | uniq | tr "\n" " " >words'
[ "$(cat words)" = "error warning " ] || fail "order: $(cat order)"
expect_out '^  and 2 more; --all prints them$'
expect_exit 1 pinstore doctor --all
expect_out '^  h9\.test$'
expect_no_out 'more; --all'
expect_exit 1 pinstore doctor --json
expect_json out '[(12, 10)] == [(f["count"], len(f["of"])) for f in d \
	if f["finding"] == "single-pin"]'

about "of a store that cannot be opened the damage is told, and no more"
size=$(stat -c %s "$store/data.mdb")
must truncate -s $((size / 2)) "$store/data.mdb"
expect_exit 1 pinstore doctor --json
expect_json out '[f["finding"] for f in d] == ["damaged"]'
