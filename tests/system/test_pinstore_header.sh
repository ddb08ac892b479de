#!/bin/sh
# test_pinstore_header.sh - pinstore header: what it writes, what it refuses to
# write, and that servers send it.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
must command -v openssl >/dev/null
make_pki
a=$(fingerprint good)
b=$(fingerprint backup)
pins="pin-sha256=\"$a\"; pin-sha256=\"$b\""

about "R-2.2.1-1 one line, of one field"
expect_exit 0 pinstore header "$a" "$b"
printf 'Public-Key-Pins: max-age=86400; %s\n' "$pins" >wanted
expect_same wanted out
[ -s err ] && fail "talk where there is no need" || ok "no talk"
expect_exit 0 pinstore header --for raw --max-age 5h --include-subdomains \
	--report-uri https://r.test/x "$b" "$a" "$b"
printf 'Public-Key-Pins: max-age=18000; pin-sha256="%s"; pin-sha256="%s"; includeSubDomains; report-uri="https://r.test/x"\n' \
	"$b" "$a" >wanted
expect_same wanted out
expect_exit 0 pinstore header --report-only --report-uri https://r.test/x \
	"$a" "$b"
printf 'Public-Key-Pins-Report-Only: %s; report-uri="https://r.test/x"\n' \
	"$pins" >wanted
expect_same wanted out
expect_exit 0 pinstore header --max-age 0
echo 'Public-Key-Pins: max-age=0' >wanted
expect_same wanted out

about "from certificates, requests, keys and pins"
must openssl req -new -key "$pki/backup.key" -subj /CN=pin.test -out backup.csr
must openssl pkey -in "$pki/backup.key" -pubout -out backup.pub
for backup in backup.csr backup.pub "$pki/backup.key" "sha256//$b" \
	"pin-sha256=\"$b\""; do
	expect_exit 0 pinstore header --json "$pki/good.pem" "$backup"
	expect_json out "d == {'name': 'Public-Key-Pins', 'value': 'max-age=86400; $pins', 'line': 'Public-Key-Pins: max-age=86400; $pins'}"
done
expect_exit 0 sh -c "pinstore header - '$b' <'$pki/good.pem'"
expect_out "^Public-Key-Pins: max-age=86400; $(echo "$pins" | sed 's/[+]/[+]/g')$"
# what the seed texts do by hand
openssl req -in backup.csr -pubkey -noout | openssl pkey -pubin -outform der |
	openssl dgst -sha256 -binary | base64 >by-hand
expect_exit 0 pinstore header --json "$a" backup.csr
expect_json out "d['value'].endswith('; pin-sha256=\"$(cat by-hand)\"')"

# refuses PATTERN ARGUMENT...: exit 2, says so, writes nothing
refuses()
{
	pattern=$1
	shift
	expect_exit 2 pinstore header "$@"
	expect_err "$pattern"
	[ -s out ] && fail "something was written" || ok "nothing was written"
}

about "R-4-2 R-2.5-4 no backup, no header"
refuses 'which keys'
refuses 'no backup' "$a"
refuses 'no backup' "$a" "$a"
refuses 'no backup' "$pki/good.pem" "$pki/good.key"
refuses 'no-backup' --chain-pin "$a" --chain-pin "$b" "$a" "$b"
refuses 'no-match' --chain-pin "$(pin mitm)" "$a" "$b"
expect_exit 0 pinstore header --chain-pin "$a" --chain-pin "$(pin intA)" \
	"$a" "$b"
refuses 'holds several keys' "$pki/good.chain" "$b"

about "what clients would ignore, or not understand"
refuses 'does nothing' --report-only "$a" "$b"
refuses 'means nothing' --report-only --report-uri https://r.test/ \
	--max-age 1d "$a" "$b"
refuses 'without pins' --max-age 0 "$a" "$b"
for uri in /pkp r.test ftp://r.test/ https:// https://u@r.test/ ''; do
	refuses 'absolute http or https' --report-uri "$uri" "$a" "$b"
done
for uri in 'https://r.test/"' 'https://r.test/\' 'https://r.test/ x' \
	'https://r.test/#x' 'https://r.test/é' 'https://r.test/
x: y'; do
	refuses 'no URI has' --report-uri "$uri" "$a" "$b"
done
refuses 'absolute http or https' --report-uri \
	"https://r.test/$(head -c 1024 /dev/zero | tr '\000' x)" "$a" "$b"
refuses 'variable' --for nginx --report-uri 'https://r.test/$host' "$a" "$b"
refuses 'is not understood' --for iis "$a" "$b"
refuses 'is not understood' --max-age soon "$a" "$b"
refuses 'no such|neither' "$a" nothing.pem
# shellcheck disable=SC2046
refuses 'more than 32 pins' $("$python" -c 'import base64
for i in range(33): print(base64.b64encode(bytes([i] * 32)).decode())')

about "R-B-1 what it advises, it says on the side"
expect_exit 0 pinstore header --max-age 90d "$a" "$b"
expect_err 'Report-Only'
[ "$(wc -l <out)" -eq 1 ] && ok "one line" || fail "not one line"

about "R-2.2.1-2 hundreds of policies are read as they were meant"
number=$((500 / $(sanitized 5)))
expect_exit 0 "$python" "$top_srcdir/tests/system/header_policies.py" 7 $number
[ "$(grep -c '^ok ' out)" -eq $number ] && ok "$number policies" ||
	fail "$(grep -c '^ok ' out) policies"

# Quotes, and what begins something in one of the three languages.
uri="https://r.test/'a'%20b%7B?c=\${d}&(e);f,g*!~"
uri=$(echo "$uri" | tr -d '${}')
start_nginx plain --plain --site pin.test
for kind in PKP PKP-RO; do
	option=
	[ $kind = PKP ] || option=--report-only
	for server in nginx haproxy apache; do
		about "$kind as $server sends it"
		expect_exit 0 pinstore header $option --for $server \
			--include-subdomains --report-uri "$uri" \
			"$pki/good.pem" backup.csr
		line=$(cat out)
		must pinstore header $option --json --include-subdomains \
			--report-uri "$uri" "$a" "$b" >header.json
		"$python" -c 'import json
d = json.load(open("header.json"))
print(d["name"] + ": " + d["value"])' >wanted
		case $server in
		nginx) start_nginx web --site pin.test --conf "$line" ;;
		*) start web "$python" "$servers/webserv.py" --dir "$T/web" \
			--pki "$pki" --line "$line" \
			--backend "$plain_port" $server ;;
		esac
		expect_exit 0 fetch $(at pin.test "$web_port") -o body -D fields \
			"https://pin.test:$web_port/index.txt"
		tr -d '\r' <fields | grep -i '^public-key-pins' |
			sed 's/^[^:]*/\L&/' >sent
		sed 's/^[^:]*/\L&/' wanted >wanted.low
		expect_same wanted.low sent
		if [ $kind = PKP ]; then
			expect_exit 0 pinstore --store "$store" show --json pin.test
			expect_json out "d['entries'][0]['pins'] == ['$a', '$b'] or d['entries'][0]['pins'] == ['$b', '$a']"
			expect_json out "d['entries'][0]['include_subdomains'] is True and d['entries'][0]['max_age_sent'] == 86400"
			"$python" -c 'import json, sys
print(json.load(open("out"))["entries"][0]["report_uri"])' >uri.out
			echo "$uri" >uri.wanted
			expect_same uri.wanted uri.out
		else
			expect_exit 1 pinstore --store "$store" show pin.test
		fi
		stop web
		rm -rf "$store"
	done
done

# '$' goes through the other two
for server in haproxy apache; do
	about "a dollar sign through $server"
	expect_exit 0 pinstore header --for $server \
		--report-uri 'https://r.test/$x$1' "$a" "$b"
	start web "$python" "$servers/webserv.py" --dir "$T/web" --pki "$pki" \
		--line "$(cat out)" --backend "$plain_port" $server
	expect_exit 0 fetch $(at pin.test "$web_port") -o body -D fields \
		"https://pin.test:$web_port/index.txt"
	expect_exit 0 cat fields
	expect_out 'report-uri="https://r\.test/\$x\$1"'
	stop web
	rm -rf "$store"
done
