#!/bin/sh
# test_pinstore_cli.sh - what all verbs have in common: help, options, errors,
# the store's path, standard streams.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=sha256//BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=sha256//AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
verbs="check clear expire explain hash help lint list note pin show"

# expect_error WORDS COMMAND...: exit 2, nothing on stdout, both ways
expect_error()
{
	words=$1
	shift
	expect_exit 2 "$@"
	expect_err "$words"
	[ -s out ] && fail "something on stdout" || ok "nothing on stdout"
	expect_exit 2 "$@" --json
	[ -s out ] && fail "something on stdout" || ok "nothing on stdout"
	expect_json err 'list(d["error"]) == ["exit", "status", "message", "where", "hint"] and d["error"]["exit"] == 2 and d["error"]["message"]'
}

about "help from one table"
expect_exit 0 pinstore --help
cp out help
expect_exit 0 pinstore help
expect_same help out
expect_exit 0 pinstore -h
expect_same help out
for verb in $verbs; do
	must grep -q "^  $verb " help
	expect_exit 0 pinstore help $verb
	cp out help.$verb
	expect_out "^Usage: pinstore $verb"
	expect_exit 0 pinstore $verb --help
	expect_same help.$verb out
	expect_exit 0 pinstore --help $verb
	expect_same help.$verb out
	awk 'length > 79 { exit 1 }' out && ok "fits 80 columns" ||
		fail "$verb: lines too long"
done
for verb in $(sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' help); do
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$top_srcdir/docs/man/pinstore.1" |
		grep -q "pinstore $verb" && ok "pinstore.1 shows $verb" ||
		fail "pinstore.1 has no example of $verb"
done
expect_exit 0 pinstore --version
expect_out '^pinstore [0-9]+\.[0-9]+'

about "unknown verbs and options name the nearest"
expect_error 'did you mean show' pinstore shwo
expect_error 'did you mean list' pinstore lst
expect_exit 2 pinstore frobnicate
expect_no_err 'did you mean'
expect_error 'no verb "frobnicate"' pinstore help frobnicate
expect_error 'did you mean --chain-pin' pinstore check --chain-pni x a.test
expect_exit 2 pinstore --jsno list
expect_err 'did you mean --json'
expect_error 'unknown option "-x"' pinstore list -x
expect_error 'no option --chain-none' pinstore list --chain-none
expect_error 'no option --yes' pinstore --yes expire
expect_error 'takes no value' pinstore list --expired=yes
expect_exit 2 pinstore list --at
expect_err '\-\-at needs a value'
expect_error 'which verb' pinstore
expect_error 'too few' pinstore check --chain-none
expect_error 'too few' pinstore pin a.test
expect_error 'one argument too many' pinstore explain a.test b.test
expect_error 'one argument too many' pinstore expire a.test
expect_error 'one argument too many' pinstore lint a b

about "what is missing, or too much"
expect_error 'chain-none' pinstore note a.test max-age=0
expect_error 'exclude each other' \
	pinstore check a.test --chain-none --chain-pin $a
expect_error 'unknown option' pinstore check a.test --chian chain.pem
expect_error 'did you mean --chain' pinstore check a.test --chian chain.pem

about "values of options"
for time in tomorrow @x -1d 2026-02-30 '' @99999999999999999999; do
	expect_error 'TIME' pinstore list --store "$store" "--at=$time"
done
expect_error 'DURATION' pinstore list --store "$store" --expiring soon
expect_error 'SOURCE' pinstore list --store "$store" --source web
expect_error 'MODE' pinstore list --store "$store" --mode off
expect_error 'KEY' pinstore list --store "$store" --sort size
expect_error 'WHEN' pinstore list --store "$store" --color maybe
expect_error 'PIN' pinstore check a.test --chain-pin sha1//2jmj7l5rSw0yVb/vlWAYkK/YBwk=
expect_error 'PIN' pinstore check a.test --chain-pin "${a}x"
expect_error 'empty' pinstore list --store ''
[ -e "$store" ] && fail "a store came to be" || ok "no store"

about "host names"
for host in a..test .test '' 'a b.test' pin.test:8443 'https://pin.test/' \
	"$(printf 'x%.0s' $(seq 64)).test"; do
	expect_error 'neither a host name nor an address' \
		pinstore explain --store "$store" "$host"
	expect_error 'neither a host name nor an address' \
		pinstore pin --store "$store" "$host" $a $b
done
expect_exit 2 pinstore show --store "$store" "$(printf '\033[31mx')"
expect_err '\\x1b'
expect_no_err "$(printf '\033')"
[ -e "$store" ] && fail "a store came to be" || ok "no store"

about "a store that is missing: reading is 3, writing makes it"
for verb in 'list' 'show a.test' 'explain a.test' 'check a.test --chain-none' \
	'expire --dry-run'; do
	expect_exit 3 pinstore --store "$store" $verb
	expect_err "$store"
	expect_exit 3 pinstore --store "$store" $verb --json
	[ -s out ] && fail "something on stdout" || ok "nothing on stdout"
	expect_json err 'd["error"]["exit"] == 3 and d["error"]["where"]'
	[ -e "$store" ] && fail "$verb made it" || ok "not made"
done
mkdir -m 0700 empty
expect_exit 0 pinstore --store empty list --json
expect_json out 'd == []'
expect_exit 0 pinstore --store empty list
[ -s out ] && fail "a table of nothing" || ok "no table"
expect_exit 1 pinstore --store empty show a.test
expect_exit 0 pinstore --store empty check a.test --chain-none
expect_exit 0 pinstore --store empty explain a.test
expect_exit 1 pinstore --store empty list --expired
expect_exit 1 pinstore --store empty list --expiring 14d
expect_exit 0 sh -c 'umask 0; pinstore --store new pin a.test '"$a $b"
[ "$(stat -c %a new)" = 700 ] && ok "0700" || fail "mode of the folder"
for file in new/*; do
	[ "$(stat -c %a "$file")" = 600 ] && ok "$file 0600" ||
		fail "mode of $file"
done

about "global options on either side"
expect_exit 0 pinstore --store new --json list
cp out before
expect_exit 0 pinstore list --json --store=new
expect_same before out
expect_exit 0 pinstore --json list --store new
expect_same before out

about "where the store is"
expect_exit 0 env PINSTORE=new pinstore list --json
expect_same before out
expect_exit 0 env PINSTORE=elsewhere pinstore list --json --store new
expect_same before out
expect_exit 3 env PINSTORE=elsewhere pinstore list
expect_err elsewhere
if [ "$(stat -c %u "$T")" -eq 0 ]; then
	# only look: that folder is not ours to write
	if [ ! -e /var/lib/pinstore ]; then
		expect_exit 3 pinstore list
		expect_err /var/lib/pinstore/root
		expect_exit 3 env XDG_DATA_HOME="$T/data" pinstore list
		expect_err /var/lib/pinstore/root
	fi
else
	expect_exit 3 pinstore list
	expect_err "$T/.local/share/pinstore"
	expect_exit 3 env XDG_DATA_HOME="$T/data" pinstore list
	expect_err "$T/data/pinstore"
	expect_exit 3 env XDG_DATA_HOME=data pinstore list
	expect_err "$T/.local/share/pinstore"
	expect_exit 3 env PINSTORE= pinstore list
	expect_err "$T/.local/share/pinstore"
	expect_exit 0 pinstore pin a.test $a $b
	[ -d "$T/.local/share/pinstore" ] && ok "made" || fail "not made"
	[ "$(stat -c %a "$T/.local/share")" = 700 ] && ok "parent 0700" ||
		fail "mode of the parent"
	expect_exit 0 env XDG_DATA_HOME="$T/data" pinstore pin a.test $a $b
	[ -d "$T/data/pinstore" ] && ok "made" || fail "not made"
fi

about "stores that cannot be used: 3, and why"
must mkdir bad wide
echo text >file
expect_exit 3 pinstore --store file list
expect_err file
expect_exit 3 pinstore --store file/store pin a.test $a $b
expect_err file/store
chmod 0777 wide
cp new/* wide/
expect_exit 3 pinstore --store wide list
expect_err wide
chmod 0700 wide
: >wide/data.mdb
expect_exit 3 pinstore --store wide list --json
expect_json err 'd["error"]["exit"] == 3 and d["error"]["status"] and d["error"]["message"]'
[ -s out ] && fail "something on stdout" || ok "nothing on stdout"
expect_exit 3 pinstore --store wide note a.test --chain-pin $a \
	"max-age=9; pin-sha256=\"${a#sha256//}\"; pin-sha256=\"${b#sha256//}\""
[ -s wide/data.mdb ] && fail "written to" || ok "left as it was"

about "stdout that cannot be written is an error"
expect_exit 2 sh -c 'pinstore --store new list >/dev/full'
expect_err stdout
expect_exit 2 sh -c 'pinstore --help >/dev/full'
expect_exit 2 sh -c 'pinstore --store new list >&-'
expect_err stdout
before=$(cat new/data.mdb | cksum)
expect_exit 2 sh -c 'pinstore --store new show a.test >&- <&-'
expect_exit 0 pinstore --store new list
[ "$(cat new/data.mdb | cksum)" = "$before" ] && ok "the store is unharmed" ||
	fail "something was written into the store"

about "a limit on files is an error that is told, not a death by SIGXFSZ"
limited()
{
	(
		trap - EXIT
		(
			trap - EXIT
			ulimit -f 0
			pinstore --store new pin limit.test "$a" "$b" 2>&1
		)
		echo $? >code
	) | cat
	return "$(cat code)"
}
expect_exit 3 limited
expect_out '^pinstore: .*new'
expect_exit 0 pinstore --store new list

about "colors: only when asked for, or on a terminal without NO_COLOR"
escape=$(printf '\033')
expect_exit 0 pinstore --store new explain a.test
expect_no_out "$escape"
expect_exit 0 pinstore --store new explain a.test --color=always
expect_out "$escape"
expect_exit 0 pinstore --store new explain a.test --color never
expect_no_out "$escape"
expect_exit 0 env NO_COLOR=1 pinstore --store new --color=always explain a.test
expect_out "$escape"
if command -v script >/dev/null; then
	on_terminal()
	{
		TERM=xterm timeout 20 script -qec "$1" /dev/null >out 2>err </dev/null
	}
	on_terminal 'pinstore --store new explain a.test'
	expect_out "$escape"
	NO_COLOR=1 on_terminal 'pinstore --store new explain a.test'
	expect_no_out "$escape"
	long=$(printf 'label%.0s.' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)test
	must pinstore --store new pin $long $a $b >/dev/null
	on_terminal 'stty cols 80; pinstore --store new list'
	tr -d '\n\r ' <out >joined
	grep -q "$long" joined && ok "a long name is not cut" ||
		fail "a long name is cut"
fi

about "ssh-keygen's letters"
letters=$T/letters
must pinstore --store "$letters" pin one.test $a $b >/dev/null
must pinstore --store "$letters" pin two.test $a $b >/dev/null
for pair in '-F one.test --json|show one.test --json' '-l|list' '-l one.*|list one.*' \
	'-lF one.test --json|show one.test --json' '-F two.test --json|show two.test --json' \
	'--json -l|list --json'; do
	expect_exit 0 pinstore --store "$letters" ${pair%|*}
	mv out wanted
	expect_exit 0 pinstore --store "$letters" ${pair#*|}
	expect_same wanted out
done
expect_exit 1 pinstore --store "$letters" -F none.test
expect_exit 2 pinstore --store "$letters" -R one.test
expect_err 'yes'
expect_exit 0 pinstore --store "$letters" -R one.test --yes
expect_exit 1 pinstore --store "$letters" -F one.test
expect_exit 0 pinstore --store "$letters" -F two.test
expect_error 'too few' pinstore -F
expect_error 'exclude each other' pinstore -F -R one.test
expect_error 'unknown option' pinstore -f one.test
