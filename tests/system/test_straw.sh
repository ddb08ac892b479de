#!/bin/sh
# test_straw.sh - the attacks have teeth: clients that are wrong fall for just
# those that their mistake lets in, and ours for none.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
PATH=$top_builddir/tests/system:$PATH
make_pki

# is CODE CLIENT CHAIN COMMAND...: exit CODE; a request arrives for 0 only
is()
{
	wanted=$1
	about "$2 at $3"
	more=$(requests "$3")
	[ "$wanted" -ne 0 ] || more=$((more + 1))
	id=$3
	shift 3
	expect_exit "$wanted" "$@"
	expect_requests "$id" "$more"
}

# wrong CODE CLIENT CHAIN PINNED...: what the wrong CLIENT makes of it; - is for
# what is not asked
wrong()
{
	[ "$1" != - ] || return 0
	code=$1
	who=$2
	chain=$3
	shift 3
	eval "port=\$${chain}_port"
	keys=
	for name; do
		keys="$keys $(pin "$name")"
	done
	is "$code" "$who" $chain timeout -k 5 60 straw $who "$pki/trust.pem" \
		"pin.test:$port" ${session-} $keys
}

# right CODE CHAIN: what pinclient, in all its depths, and pinfetch make of it
right()
{
	eval "port=\$$2_port"
	for depth in handshake callback check; do
		is "$1" "pinclient, $depth" $2 timeout -k 5 60 pinclient \
			--store "$store" --cafile "$pki/trust.pem" \
			--depth $depth "pin.test:$port"
	done
	is "$1" pinfetch $2 fetch $(at pin.test "$port") -s -o /dev/null \
		"https://pin.test:$port/"
}

# The order of the columns: peers cb status strict, and the right answer.  strict
# is wrong for good_xa alone, where another path than the settled one is valid.
while read -r chain key pinned peers cb status strict answer; do
	start_tlsserv $chain --chain $chain --key $key
	rm -rf "$store"
	names=$(echo $pinned | tr , ' ')
	set --
	for name in $names; do
		set -- "$@" "$(pin $name)"
	done
	[ $# -gt 1 ] || set -- "$@" --no-backup
	must pinstore --store "$store" pin pin.test "$@" >/dev/null </dev/null
	wrong $peers peers $chain $names
	wrong $cb cb $chain $names
	wrong $status status $chain $names
	wrong $strict strict $chain $names
	right $answer $chain
	stop $chain
done <<'END'
good	good	rootA,intA	0	0	0	0	0
mitm	mitm	rootA,intA	90	90	0	90	90
inject	mitm	rootA,intA	0	90	0	90	90
inject2	mitm	rootA,intA	0	90	0	90	90
inject3	mitm	rootA,intA	0	90	0	90	90
wrongh	wrongh	rootA,intA	60	0	60	60	60
expired	expired	rootA,intA	60	0	60	60	60
good_x	good	rootA	-	-	-	90	90
good_ax	good	rootA	-	-	-	0	0
good_xa	good	rootA	-	-	-	90	0
END

for version in 1.2 1.3; do
	start_tlsserv resuming --chain mitm --tls $version
	rm -rf "$store"
	# Both make a session while no pin forbids it, and set the pin then.
	session=session-out=straw-session
	wrong 0 cb resuming mitm
	for depth in handshake check; do
		is 0 "pinclient, $depth" resuming timeout 60 pinclient \
			--store "$store" --cafile "$pki/trust.pem" --depth $depth \
			--session-out session-$depth "pin.test:$resuming_port"
	done
	must pinstore --store "$store" pin pin.test "$(pin rootA)" \
		"$(pin intA)" >/dev/null
	session=
	wrong 90 cb resuming rootA intA
	session=session-in=straw-session
	wrong 0 cb resuming rootA intA
	expect_out '^resumed=yes$'
	wrong 90 strict resuming rootA intA
	expect_out '^resumed=yes$'
	session=
	for depth in handshake check; do
		is 90 "pinclient, $depth" resuming timeout 60 pinclient \
			--store "$store" --cafile "$pki/trust.pem" --depth $depth \
			--session-in session-$depth "pin.test:$resuming_port"
		expect_out ' resumed=yes '
	done
	stop resuming
	expect_exit 0 grep -c "^connection .* tls=TLSv$version resumed=True" \
		resuming/log
	expect_out '^4$'
	rm resuming/log
done
