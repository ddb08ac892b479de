#!/bin/sh
# test_pinstore_list.sh - pinstore list, show, explain and pin.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
t=1000000000
PINSTORE=$store
export PINSTORE

# note HOST MAX_AGE [MORE]
note()
{
	must pinstore note --at "@$t" --chain-pin $a "$1" \
		"max-age=$2; pin-sha256=\"$a\"; pin-sha256=\"$b\"${3:+; $3}" \
		>/dev/null
}

about "pin: every notation, one entry"
hex=06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9
for one in "sha256//$a" "pin-sha256=\"$a\"" "pin-sha256:$a" "sha256/$a" "$a" \
	$hex; do
	expect_exit 0 pinstore pin --json form.test "$one" "$b"
	expect_json out "d['pins'] == ['$a', '$b'] and d['layer'] == 'configured' and d['source'] == 'static' and d['mode'] == 'enforce'"
done
expect_json out 'list(d) == ["host", "layer", "store", "source", "mode", "include_subdomains", "pins", "noted", "noted_epoch", "updated", "updated_epoch", "expires", "expires_epoch", "max_age_sent", "report_uri", "note", "expired"]'
expect_json out '(d["expires"], d["expires_epoch"], d["max_age_sent"], d["report_uri"], d["note"], d["expired"], d["include_subdomains"]) == (None, None, None, None, None, False, False)'

about "pin: options, and the entry is replaced whole"
expect_exit 0 pinstore pin --json form.test $a $c --include-subdomains \
	--expires 4000-01-01T00:00:00Z --note "ticket 5, bücher"
expect_json out "(d['pins'], d['include_subdomains'], d['expires'], d['expires_epoch'], d['note']) == (['$a', '$c'], True, '4000-01-01T00:00:00Z', 64060588800, 'ticket 5, bücher')"
expect_exit 0 pinstore pin --json form.test $a --no-backup
expect_json out "(d['pins'], d['include_subdomains'], d['expires_epoch'], d['note']) == (['$a'], False, None, None)"

about "pin: from files"
make_pki
expect_exit 0 pinstore pin --json file.test "$pki/good.pem" "$pki/backup.key"
expect_json out "d['pins'] == ['$(fingerprint good)', '$(fingerprint backup)']"
expect_exit 0 pinstore check --chain-pin "$(pin good)" file.test
must openssl req -new -key "$pki/good.key" -subj /CN=x -out good.csr
expect_exit 0 pinstore pin --json file.test good.csr "$pki/good.key" \
	"$pki/backup.pem"
expect_json out "d['pins'] == ['$(fingerprint good)', '$(fingerprint backup)']"

about "T-068: what pin refuses, and nothing is written"
must pinstore list --json >kept
expect_refusal()
{
	words=$1
	shift
	expect_exit 2 pinstore pin "$@"
	expect_err "$words"
	pinstore list --json >now
	expect_same kept now
}
expect_refusal 'too few' no.test
expect_refusal 'single pin' no.test $a
expect_refusal 'no-backup' no.test $a
expect_refusal 'single pin' no.test $a "sha256//$a"
expect_refusal 'single pin' no.test "$pki/good.pem" "$pki/good.key"
expect_refusal 'no SHA-256 pin' no.test $a pin-sha512:abc
expect_refusal 'no SHA-256 pin' no.test $a sha1//2jmj7l5rSw0yVb/vlWAYkK/YBwk=
expect_refusal 'neither a pin nor a file' no.test $a nothing.pem
expect_refusal 'neither a pin nor a file' no.test $a "${a%=}"
expect_refusal 'several keys' no.test $a "$pki/good.chain"
expect_refusal 'has passed' no.test $a $b --expires @5
expect_refusal 'address' 127.0.0.1 $a $b
expect_refusal 'note' no.test $a $b --note "$(printf 'x%.0s' $(seq 257))"
expect_refusal 'note' no.test $a $b --note "$(printf '\377')"
expect_refusal 'no option --at' no.test $a $b --at @0
expect_refusal 'belong to --from-host' no.test $a $b --mode=report --yes
set --
i=0
while [ $i -lt 33 ]; do
	set -- "$@" "$(printf '%064d' $i)"
	i=$((i + 1))
done
expect_refusal 'more than 32' no.test "$@"
shift
expect_exit 0 pinstore pin --json full.test "$@"
expect_json out 'len(d["pins"]) == 32'

about "list: an array by host, both sections of a name"
note z.test 3000
note a.test 5184001 includeSubDomains
note b.a.test 100 'report-uri="http://r.example/"'
note form.test 3000
expect_exit 0 pinstore list --json --at "@$t"
expect_json out '[x["host"] for x in d] == sorted(x["host"] for x in d)'
expect_json out '[(x["host"], x["layer"]) for x in d] == [("a.test", "learned"), ("b.a.test", "learned"), ("file.test", "configured"), ("form.test", "configured"), ("form.test", "learned"), ("full.test", "configured"), ("z.test", "learned")]'
expect_json out 'all(list(x) == list(d[0]) for x in d)'
[ "$(wc -l <out)" -eq 1 ] && ok "one line" || fail "not one line"
expect_exit 0 pinstore list --at "@$t"
expect_out '^HOST +SUB +MODE +SOURCE +PINS +EXPIRES'
expect_out '^a.test +yes +enforce +header +2 +in 60d'
expect_out '^form.test +- +enforce +static +1 +never'
expect_out '^b.a.test +- +enforce +header +2 +in 100s'
awk 'length > 80 { exit 1 }' out && ok "80 columns" || fail "too wide"

about "list: which"
# expect_hosts HOSTS ARGUMENT...
expect_hosts()
{
	hosts=$1
	shift
	expect_exit 0 pinstore list --json --at "@$t" "$@"
	expect_json out "' '.join(x['host'] for x in d) == '$hosts'"
}
expect_hosts 'a.test b.a.test z.test' '*a.test' 'z*'
expect_hosts 'a.test' 'A.Test.'
expect_hosts 'a.test z.test' '?.test'
expect_hosts '' nothing
expect_hosts 'file.test form.test full.test' --source static
expect_hosts 'a.test b.a.test form.test z.test' --source header
expect_hosts '' --source tofu
expect_hosts 'a.test b.a.test file.test form.test form.test full.test z.test' \
	--source all
expect_hosts '' --mode report
expect_hosts 'form.test' --mode enforce --source header 'f*'
expect_hosts 'b.a.test form.test z.test a.test file.test form.test full.test' \
	--sort expires
expect_hosts 'b.a.test' --expiring 100s
expect_hosts 'b.a.test form.test z.test' --expiring 1h
expect_exit 1 pinstore list --json --at "@$t" --expiring 99s
expect_json out 'd == []'
expect_exit 1 pinstore list --at "@$t" --expired
# D-13: the last second of a life belongs to it
expect_exit 1 pinstore list --json --at "@$((t + 100))" --expired
expect_exit 0 pinstore show --json --at "@$((t + 100))" b.a.test
expect_json out 'd["entries"][0]["expired"] is False'
expect_exit 0 pinstore list --json --at "@$((t + 101))" --expired
expect_json out '[(x["host"], x["expired"]) for x in d] == [("b.a.test", True)]'
expect_exit 0 pinstore list --at "@$((t + 3000))" b.a.test
expect_out '48m ago'
expect_exit 1 pinstore list --at "@$((t + 101))" --expiring 100s
expect_exit 0 pinstore list --json --at "@$((t + 101))" --expired --expiring 1h
expect_json out '[x["host"] for x in d] == ["b.a.test", "form.test", "z.test"]'

about "list: on a terminal it fits, and no name is cut"
onpty=$top_srcdir/tests/support/onpty.py
t=1900000000
long=$(printf 'label%.0s.' 1 2 3 4 5 6 7 8 9 10 11 12)test
# on_terminal COLUMNS ARGUMENT...: what pinstore list prints there
on_terminal()
{
	columns=$1
	shift
	expect_exit 0 env TERM=xterm "$@" "$python" "$onpty" "$columns" 1 seen \
		pinstore --store wide list --at "@$t"
	sed "s/$(printf '\033')\[[0-9]*m//g" seen >plain
}
must pinstore --store wide pin "$long" $a $b >/dev/null
must pinstore --store wide pin a.test $a $b --expires @2000000000 >/dev/null
on_terminal 80
awk 'length > 80 { exit 1 }' plain && ok "80 columns" || fail "too wide"
{
	printf '%-47s %s\n' HOST 'SUB MODE    SOURCE PINS EXPIRES' \
		a.test '-   enforce static 2    in 1157d'
	printf '%s\n%-47s %s\n' "$long" '' '-   enforce static 2    never'
} >wanted
expect_same plain wanted
on_terminal 200
grep -q "^$long - " plain && ok "room for all" || fail "no room"
on_terminal 30
grep -qx "$long" plain && ok "whole" || fail "cut"
t=2000000001
on_terminal 80
grep -q "$(printf '^\033\\[2ma.test')" seen && ok "dim" || fail "not dim"
on_terminal 80 NO_COLOR=1
expect_same seen plain
t=1000000000

about "list: times for people, and as RFC 3339"
expect_exit 0 pinstore list --at "@$t" --time iso a.test
expect_out '^a.test +yes +enforce +header +2 +2001-11-08T01:46:40Z$'
expect_exit 0 pinstore list --at "@$t" --time=iso form.test
expect_out '^form.test +- +enforce +static +1 +never'
expect_exit 0 pinstore list --at "@$t" --time relative a.test
expect_out '^a.test .* in 60d$'
expect_exit 2 pinstore list --time lunar
expect_err 'relative'

about "list: twenty thousand, of which few are read"
{
	echo '# pinstore entries 1'
	awk 'BEGIN { for (i = 0; i < 20000; i++)
		printf "h%d.test static sha256//%s sha256//%s noted=2001-01-01T00:00:00Z\n",
			i, "'$a'", "'$b'" }'
} >many.txt
must pinstore --store many import many.txt >/dev/null
{
	pinstore --store many list
	echo $? >code
} | head -n 2 >head
printf '%-12s%s\n' HOST 'SUB MODE    SOURCE PINS EXPIRES' \
	h0.test '-   enforce static 2    never' >wanted
expect_same head wanted
[ "$(cat code)" -eq 141 ] && ok "it stopped" || fail "exit $(cat code)"
expect_exit 0 pinstore --store many list --json
expect_json out '[x["host"] for x in d] == sorted("h%d.test" % i for i in range(20000))'
expect_exit 2 sh -c 'pinstore --store many list >/dev/full'
expect_err 'stdout cannot be written: No space left'
expect_exit 2 sh -c 'pinstore --store many list --json >/dev/full'
expect_json err 'd["error"]["where"] == "stdout"'

about "list: hosts beside their parents, both sections, both stores, in one order"
"$python" - "$a" "$b" <<'END'
import sys
pins = " ".join("sha256//" + pin for pin in sys.argv[1:3])
names = ["%s%d.%s" % (label, n, parent) for n in range(1500)
         for label, parent in (("x", "test"), ("x-", "test"), ("a", "x1.test"))]
with open("own.txt", "w") as own, open("system.txt", "w") as system:
    for n, name in enumerate(names):
        if n % 7 != 3:
            own.write("%s %s\n" % (name, pins))
            own.write("%s %s header noted=2001-01-01 expires=2100-01-01 "
                      "max-age=1\n" % (name, pins))
        if n % 3 != 1:
            system.write("%s %s\n" % (name, pins))
END
must pinstore --store mine import own.txt >/dev/null
must pinstore --store theirs import system.txt >/dev/null
PINSTORE_SYSTEM=$T/published
must pinstore --store theirs backup --publish published >/dev/null
export PINSTORE_SYSTEM
expect_exit 0 pinstore --store mine list
cat >in_order.py <<'END'
import sys
hosts = {}
for path in ("own.txt", "system.txt"):
    for line in open(path):
        name, _, _, *more = line.split()
        hosts.setdefault(name, []).append(
            "header" if more else "static" if path[0] == "o" else "system")
wanted = [(name, kind) for name in sorted(
    hosts, key=lambda name: ".".join(reversed(name.split("."))))
          for kind in ("static", "header", "system") if kind in hosts[name]]
got = [(words[0], words[3]) for words in map(str.split, open("out"))][1:]
at = next((n for n, pair in enumerate(zip(got, wanted)) if pair[0] != pair[1]), 0)
print(len(got), len(wanted), got[at:at + 3], wanted[at:at + 3])
sys.exit(got != wanted)
END
if "$python" in_order.py >seen; then
	ok "$(cut -c 1-20 seen)"
else
	fail "$(cat seen)"
fi
expect_exit 0 pinstore --store mine list --json --sort domain 'x*1.test'
expect_json out '[(x["host"], x["layer"]) for x in d][:4] == [("x-1.test", "configured"), ("x-1.test", "learned"), ("x-1001.test", "configured"), ("x-1001.test", "learned")]'
unset PINSTORE_SYSTEM

about "R-5-4: show"
expect_exit 0 pinstore show --json --at "@$t" form.test
expect_json out 'list(d) == ["host", "entries", "applies", "bypass", "revoked_pins"]'
expect_json out '[(x["layer"]) for x in d["entries"]] == ["configured", "learned"]'
expect_json out 'd["applies"] == [{"layer": "configured", "store": "own", "entry_host": "form.test"}, {"layer": "learned", "store": "own", "entry_host": "form.test"}]'
expect_exit 1 pinstore show --json --at "@$t" c.a.test
expect_json out 'd == {"host": "c.a.test", "entries": [], "applies": [{"layer": "learned", "store": "own", "entry_host": "a.test"}], "bypass": None, "revoked_pins": []}'
expect_exit 1 pinstore show --at "@$t" c.a.test
expect_out 'no entry of its own'
expect_out 'applies   a.test \(\+subdomains\)'
expect_exit 1 pinstore show --json --at "@$t" a.test c.a.test Z.test.
expect_json out '[(x["host"], len(x["entries"])) for x in lines] == [("a.test", 1), ("c.a.test", 0), ("z.test", 1)]'
expect_exit 0 pinstore show --at "@$t" a.test
expect_out "pins +sha256//$a"
expect_out 'max-age +5184001 s sent, capped to 5184000 s'
expect_out 'expires +2001-11-08T01:46:40Z \(in 60d\)'
expect_exit 0 pinstore show --at "@$((t + 101))" b.a.test
expect_out '^  expired +'
expect_out 'reports +http://r.example/'
expect_out 'applies +a.test'
expect_exit 2 pinstore show --json a.test a..test
[ -s out ] && fail "something on stdout" || ok "nothing on stdout"

about "explain"
expect_exit 0 pinstore explain --json --at "@$t" form.test
expect_json out '[x["layer"] for x in d["steps"]] == sorted(x["layer"] for x in d["steps"])'
expect_json out '[(x["layer"], x["name"], x["reason"]) for x in d["steps"] if x["applies"]] == [("configured", "form.test", "exact-name"), ("learned", "form.test", "exact-name")]'
expect_exit 0 pinstore explain --json 127.0.0.1
expect_json out '(d["steps"], d["applies"]) == ([], [])'
expect_exit 0 pinstore explain --at "@$t" c.a.test
expect_out 'a.test +learned +yes +covers-subdomains'

about "R-2.5-1 R-2.3.3-6: what is read does not change what is stored"
before=$(cat "$store/data.mdb" | cksum)
for verb in list 'show a.test' 'explain c.a.test' \
	"check a.test --chain-pin $c" 'list --expired' 'expire --dry-run'; do
	pinstore $verb >/dev/null 2>&1
done
[ "$(cat "$store/data.mdb" | cksum)" = "$before" ] && ok "unchanged" ||
	fail "reading wrote"
