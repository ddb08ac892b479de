#!/bin/sh
# test_pinstore_clear.sh - pinstore clear and expire.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
PINSTORE=$store
export PINSTORE

# note HOST [AT [MAX_AGE]]
note()
{
	must pinstore note ${2:+--at "@$2"} --chain-pin $a "$1" \
		"max-age=${3:-3000}; pin-sha256=\"$a\"; pin-sha256=\"$b\"" \
		>/dev/null
}

# expect_hosts HOSTS: these are left, a name twice if it has both sections
expect_hosts()
{
	pinstore list --json >left.json
	expect_json left.json "' '.join(x['host'] for x in d) == '$1'"
}

# expect_removed N ARGUMENT...
expect_removed()
{
	count=$1
	shift
	expect_exit 0 pinstore --json clear --yes "$@"
	expect_json out "d == {'removed': $count}"
}

fill()
{
	for host in a.test b.a.test c.test d.test; do
		note $host
	done
	must pinstore pin d.test $a $b >/dev/null
	must pinstore pin e.test $a $b >/dev/null
}

about "R-5-3 T-032: one host, in any spelling, both sections"
fill
expect_hosts 'a.test b.a.test c.test d.test d.test e.test'
expect_removed 1 A.Test.
expect_hosts 'b.a.test c.test d.test d.test e.test'
expect_removed 2 d.test
expect_hosts 'b.a.test c.test e.test'
expect_exit 1 pinstore clear --yes a.test
expect_out '^removed 0 entries'
expect_err 'a.test has no such entry'
expect_exit 1 pinstore --json clear --yes a.test c.test
expect_json out 'd == {"removed": 1}'
expect_hosts 'b.a.test e.test'

about "Ctrl-D at the question is no yes, whatever lies in memory"
for fresh in y Y; do
	[ $fresh = y ] && perturb=134 || perturb=166
	# glibc fills what it gives with the complement of that.
	expect_exit 2 env MALLOC_PERTURB_=$perturb script -E never -qec \
		'pinstore clear e.test' /dev/null </dev/null
	expect_out 'nothing was removed'
done
expect_exit 0 pinstore show e.test

about "the next visit is a first visit"
expect_exit 0 pinstore clear --yes e.test
expect_out '^removed 1 entry'
expect_err 'next visit'
expect_exit 0 pinstore check --chain-none e.test

about "--source, --subdomains, --all"
fill
expect_removed 1 d.test --source header
expect_exit 1 pinstore clear --yes d.test --source header
expect_removed 2 a.test --subdomains
expect_hosts 'c.test d.test e.test'
fill
note xa.test
note 0a.test
expect_removed 2 a.test --subdomains
expect_hosts '0a.test c.test d.test d.test e.test xa.test'
expect_removed 4 --all
expect_hosts 'd.test e.test'
expect_removed 0 --all
expect_removed 2 --all --source static
expect_hosts ''
fill
expect_removed 6 --all --source all
expect_hosts ''
fill
expect_removed 4 --all --source header
expect_hosts 'd.test e.test'
must pinstore clear --yes --all --source all >/dev/null 2>&1

about "R-5-3: --since"
now=$(date +%s)
note old.test $((now - 86400)) 5184000
note new.test $((now - 60))
must pinstore pin mine.test $a $b >/dev/null
expect_removed 0 --since "@$((now + 3600))"
expect_removed 1 --since 1h
expect_hosts 'mine.test old.test'
expect_exit 1 pinstore clear --yes old.test --since 1h
expect_removed 1 old.test --since 2d
expect_hosts mine.test
expect_removed 1 --since 1h --source all
expect_hosts ''

about "nobody is asked: exit 2, nothing removed; a rehearsal"
fill
for arguments in a.test --all '--since 1d' 'a.test --json'; do
	expect_exit 2 pinstore clear $arguments
	expect_err '\-\-yes'
	expect_hosts 'a.test b.a.test c.test d.test d.test e.test'
done
for arguments in 'a.test:1' 'a.test --subdomains:2' '--all:4' \
	'--all --source all:6' '--since 1d:4' 'd.test --source static:1' \
	'd.test --source header --since 1d:1'; do
	expect_exit 0 pinstore --json clear -n ${arguments%:*}
	expect_json out "d == {'removed': ${arguments#*:}}"
	expect_exit 0 pinstore clear --dry-run ${arguments%:*}
	expect_out "^would remove ${arguments#*:} "
	expect_hosts 'a.test b.a.test c.test d.test d.test e.test'
done
expect_exit 1 pinstore clear -n none.test

about "wrong arguments"
for arguments in '' '--all a.test' '--subdomains --all' '--source web a.test' \
	'--since soon' 'a..test a.test' 'a.test --at @0'; do
	expect_exit 2 pinstore clear --yes $arguments
	expect_hosts 'a.test b.a.test c.test d.test d.test e.test'
done
expect_exit 1 pinstore clear --yes 127.0.0.1

if command -v script >/dev/null; then
	about "on a terminal it asks"
	# answer WORD ARGUMENT...
	answer()
	{
		word=$1
		shift
		printf '%s\n' "$word" | TERM=dumb timeout 20 script -qec \
			"pinstore clear $*; echo exit=\$?" /dev/null >out 2>err
	}
	answer n a.test
	expect_out 'Remove the pins of a.test\? \[y/N\]'
	expect_out 'exit=2'
	expect_hosts 'a.test b.a.test c.test d.test d.test e.test'
	answer '' a.test
	expect_out 'exit=2'
	answer y a.test
	expect_out 'exit=0'
	expect_hosts 'b.a.test c.test d.test d.test e.test'
	answer Y c.test
	expect_out 'exit=0'
	expect_hosts 'b.a.test d.test d.test e.test'
fi

about "R-2.3.3-11: expire removes what expired, after a grace"
store=$T/store2
PINSTORE=$store
t=1000000000
day=86400
note one.test $t 100
note two.test $t $((5 * day))
expect_exit 0 pinstore expire --json --at "@$((t + 100))"
expect_json out 'd == {"removed": 0}'
expect_exit 0 pinstore expire --json --at "@$((t + 100 + 7 * day))"
expect_json out 'd == {"removed": 0}'
expect_exit 0 pinstore expire --json --dry-run --at "@$((t + 101 + 7 * day))"
expect_json out 'd == {"removed": 1}'
expect_exit 0 pinstore expire --dry-run --at "@$((t + 101 + 7 * day))"
expect_out '^would remove 1 entry'
expect_hosts 'one.test two.test'
expect_exit 0 pinstore expire --json --at "@$((t + 101 + 7 * day))"
expect_json out 'd == {"removed": 1}'
expect_hosts two.test
expect_exit 0 pinstore expire --json --grace 0 --at "@$((t + 5 * day))"
expect_json out 'd == {"removed": 0}'
expect_exit 0 pinstore expire --json --grace 0 --at "@$((t + 5 * day + 1))"
expect_json out 'd == {"removed": 1}'
expect_hosts ''

about "T-095: a clock that runs ahead costs no pins"
store=$T/store3
PINSTORE=$store
note one.test $t 100
note two.test $t $((5 * day))
expect_exit 2 pinstore expire --at "@$((t + 61 * day))"
expect_err '\-\-force'
expect_exit 2 pinstore expire --json --at "@$((t + 61 * day))"
expect_json err 'd["error"]["exit"] == 2 and "--force" in d["error"]["hint"]'
[ -s out ] && fail "something on stdout" || ok "nothing on stdout"
expect_hosts 'one.test two.test'
expect_exit 0 pinstore expire --json --force --at "@$((t + 61 * day))"
expect_json out 'd == {"removed": 2}'
expect_exit 2 pinstore expire --grace -1d
expect_exit 2 pinstore expire --yes
