#!/bin/sh
# test_pinstore_rehearse.sh - pinstore check of what is about to be deployed, of
# a key alone and of the host as it is; lint, header and note by a chain.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

make_pki late:intA:late.test
PINSTORE=$store
export PINSTORE
ca="--cacert $pki/trust.pem"
now=$(date +%s)

must openssl req -new -key "$pki/backup.key" -subj /CN=pin.test -out backup.csr
must openssl req -new -key "$pki/mitm.key" -subj /CN=pin.test -out mitm.csr
must openssl req -new -key "$pki/mitm.key" -subj /CN=pin.test -outform der \
	-out mitm.csr.der

# learned, by header: the leaf's key and a backup's, for 1000 seconds
must pinstore note pin.test "$(header 1000 good backup)" --chain \
	"$pki/good.chain" $ca >/dev/null
must pinstore pin a.test "$(pin intA)" "$(pin backup)" >/dev/null

# its pin, as a pattern
like()
{
	pin "$1" | sed 's/[+]/[+]/g'
}

about "T-001: --chain is validated as a client does"
expect_exit 0 pinstore check pin.test --chain "$pki/good.chain" $ca --json
expect_json out 'd["verdict"] == "matched" and d["reason"] == "pin-in-chain" and len(d["chain_pins"]) == 3'
expect_json out "d['chain_pins'] == ['$(fingerprint good)', '$(fingerprint intA)', '$(fingerprint rootA)']"
for chain in inject inject2 inject3 injectx inject-leaf-front inject-root-end; do
	want=90
	[ $chain = injectx ] && want=4
	expect_exit $want pinstore check pin.test --chain "$pki/$chain.chain" $ca --json
done
for chain in good_root good_ax good_xa; do
	expect_exit 0 pinstore check a.pin.test --chain "$pki/$chain.chain" $ca
done
# the other way as well: a pin on the one of two paths that GnuTLS passes over
must pinstore pin pin.test "$(pin rootA)" "$(pin b)" >/dev/null
for chain in good_ax good_xa; do
	expect_exit 0 pinstore check pin.test --chain "$pki/$chain.chain" $ca
done
expect_exit 90 pinstore check pin.test --chain "$pki/good_x.chain" $ca
must pinstore clear pin.test --source static --yes >/dev/null

about "a refusal: the rule, the path, the way out"
expect_exit 90 pinstore check pin.test --chain "$pki/inject.chain" $ca
expect_out '^pin.test: reject, no-pin-in-chain$'
expect_out '^  rule      pin.test, from its header, noted'
expect_out "^  expected  $(like good)\$"
expect_out "^  judged    $(like mitm)  leaf  CN=mitm\$"
expect_out "^            $(like rootB)  root  CN=rootB\$"
expect_no_out 'CN=good'
expect_out "^  backup    $(like good)  would pass now\$"
expect_out "^            $(like backup)  would pass now\$"
expect_out '^  safe      from [0-9TZ:-]+ on this chain passes'
expect_exit 90 pinstore check pin.test --chain "$pki/mitm.chain" $ca --json
expect_json out "$now + 1000 <= d['safe_from_epoch'] <= $now + 1100"
expect_json out "d['usable_backups'] == ['$(fingerprint good)', '$(fingerprint backup)']"
expect_json err 'd["error"]["exit"] == 90 and d["error"]["status"] == "mismatch" and d["error"]["where"] == "pin.test"'
safe=$("$python" -c 'import json; print(json.load(open("out"))["safe_from_epoch"])')
expect_exit 0 pinstore check pin.test --chain "$pki/mitm.chain" $ca --at "@$safe"
expect_out '^pin.test: unpinned, no-entry$'
expect_exit 90 pinstore check pin.test --chain "$pki/mitm.chain" $ca \
	--at "@$((safe - 1))"

about "--at: the certificate has its time too"
expect_exit 4 pinstore check pin.test --chain "$pki/good.chain" $ca --at 400d
expect_err 'expired'
expect_err -- '--assume-valid'
expect_exit 4 pinstore check pin.test --chain "$pki/early.chain" $ca
expect_err 'not yet valid'
expect_exit 0 pinstore check pin.test --chain "$pki/early.chain" $ca --at 15d
must pinstore pin late.test "$(pin a)" "$(pin b)" --expires 500d >/dev/null
expect_exit 90 pinstore check late.test --chain "$pki/late.chain" $ca --json
expect_json out 'd["safe_from_epoch"] is None and len(d["usable_backups"]) == 2'
expect_exit 90 pinstore check late.test --chain "$pki/late.chain" $ca
expect_out '^  safe      never: the certificate expires before the pins do$'
expect_exit 90 pinstore check a.test --chain "$pki/b.chain" $ca --assume-valid
expect_out '^  safe      never by itself'

about "a chain that no client takes: exit 4, and nothing on stdout"
expect_refusal()
{
	words=$1
	shift
	expect_exit 4 pinstore check "$@" --json
	[ -s out ] && fail "something on stdout" || ok "nothing on stdout"
	expect_json err 'd["error"]["exit"] == 4 and d["error"]["status"] == "chain"'
	expect_err "$words"
}
expect_refusal 'expired' pin.test --chain "$pki/expired.chain" $ca
expect_refusal 'name' other.test --chain "$pki/good.chain" $ca
expect_refusal 'name' unknown.example --chain "$pki/good.chain" $ca
expect_refusal 'purpose' pin.test --chain "$pki/purpose.chain" $ca
expect_refusal 'issuer' pin.test --chain "$pki/mitm_x.chain" $ca
expect_refusal 'issuer' pin.test --chain "$pki/good.pem" $ca
expect_refusal 'issuer' pin.test --chain "$pki/good.chain" \
	--cacert "$pki/trustB.pem"
expect_refusal 'issuer' pin.test --chain "$pki/good.chain"
expect_exit 90 pinstore check pin.test --chain "$pki/expired.chain" \
	--assume-valid
expect_out 'leaf  CN=expired$'
# the key of a server's file is passed over
cat "$pki/good.chain" "$pki/good.key" >combined.pem
expect_exit 0 pinstore check pin.test --chain combined.pem $ca

about "--csr, --cert: a key alone is pinned, or it cannot be told"
expect_exit 0 pinstore check pin.test --csr backup.csr
expect_out '^pin.test: matched, pin-in-chain$'
expect_exit 0 pinstore check pin.test --cert "$pki/good.pem" --json
expect_json out 'd["verdict"] == "matched"'
expect_exit 1 pinstore check pin.test --csr mitm.csr --json
expect_json out "(d['verdict'], d['reason'], d['violation']) == ('undecided', 'not-judged', False)"
expect_json out "d['chain_pins'] == ['$(fingerprint mitm)'] and len(d['usable_backups']) == 2 and d['safe_from_epoch'] > $now"
[ -s err ] && fail "something on stderr" || ok "nothing on stderr"
expect_exit 1 pinstore check pin.test --csr mitm.csr.der
expect_out '^pin.test: undecided, not-judged$'
expect_out '^  next      this key is not pinned'
expect_out 'on this key passes'
expect_exit 1 pinstore check a.test --cert "$pki/a.chain"
expect_exit 0 pinstore check other.test --csr mitm.csr
expect_out '^other.test: unpinned'
must pinstore revoke --yes "$(pin mitm)" >/dev/null
expect_exit 121 pinstore check pin.test --csr mitm.csr
expect_exit 121 pinstore check other.test --cert "$pki/mitm.pem"
must pinstore unrevoke "$(pin mitm)" >/dev/null
must pinstore pin rep.test "$(pin a)" "$(pin b)" --mode report >/dev/null
expect_exit 0 pinstore check rep.test --csr mitm.csr --json
expect_json out 'd["verdict"] == "unpinned" and d["violation"] is None'

about "wrong usage"
expect_exit 2 pinstore check pin.test --csr "$pki/good.pem"
expect_err 'begins with a certificate'
expect_exit 2 pinstore check pin.test --cert backup.csr
expect_err 'begins with a csr'
expect_exit 2 pinstore check pin.test --chain backup.csr
expect_err 'no certificate'
expect_exit 2 pinstore check pin.test --chain absent.pem
expect_err 'No such file'
expect_exit 2 pinstore check pin.test --chain "$pki/good.chain" --cacert absent
expect_err 'cannot be read: No such file'
expect_exit 2 pinstore check pin.test --chain "$pki/good.chain" --chain-none
expect_err 'exclude'
expect_exit 2 pinstore check pin.test --csr backup.csr --cert "$pki/good.pem"
expect_exit 2 pinstore check pin.test --csr backup.csr --assume-valid
expect_err 'belongs to --chain'
expect_exit 2 pinstore check pin.test --csr backup.csr $ca
expect_err 'belongs to'
expect_exit 2 pinstore check pin.test --csr backup.csr --resolve a:443:127.0.0.1
expect_err 'nothing is connected'
expect_exit 2 pinstore check --all pin.test --csr backup.csr
expect_exit 2 pinstore check --csr backup.csr
expect_err 'too few'
expect_exit 2 pinstore note pin.test "$(header 9 good backup)"
expect_err 'which chain'
expect_exit 3 pinstore --store "$T/none" check pin.test --csr backup.csr

about "--all: every stored host that the certificate is for"
expect_exit 0 pinstore check --all --chain "$pki/good.chain" $ca
expect_out '^pin.test: matched'
expect_no_out '^a.test'
expect_err '3 stored hosts are not judged'
expect_exit 90 pinstore check --all --chain "$pki/mitm.chain" $ca --json
expect_json out '[x["host"] for x in lines] == ["a.test", "pin.test"]'
expect_exit 1 pinstore check --all --csr mitm.csr --json
expect_json out '{x["host"]: x["verdict"] for x in lines} == {"a.test": "undecided", "late.test": "undecided", "pin.test": "undecided", "rep.test": "unpinned"}'
must pinstore note a.test "$(header 1000 a backup)" --chain "$pki/a.chain" \
	$ca >/dev/null
expect_exit 0 pinstore check --all --chain-pin "$(pin intA)" \
	--chain-pin "$(pin good)" --chain-pin "$(pin a)" --json
expect_json out '[x["host"] for x in lines].count("a.test") == 1'

about "the host as it is now"
start_nginx web --site pin.test --chain good --site a.test --chain mitm
way="--connect-to ::127.0.0.1:$web_port"
expect_exit 0 pinstore check pin.test $ca $way
expect_out '^pin.test: matched'
expect_exit 90 pinstore check a.test $ca $way --json
expect_json out 'len(d["chain_pins"]) == 3 and d["safe_from_epoch"] is None'
expect_exit 4 pinstore check pin.test $way
expect_err 'pin.test: its chain cannot be had: '
expect_exit 4 pinstore check unknown.example $ca --json \
	--connect-to ::127.0.0.1:1
[ -s out ] && fail "something on stdout" || ok "nothing on stdout"
expect_json err 'd["error"]["exit"] == 4 and d["error"]["status"] == "network" and d["error"]["where"] == "unknown.example"'
expect_exit 4 pinstore check pin.test a.test late.test $ca $way
expect_out '^pin.test: matched'
expect_out '^a.test: reject'
expect_out '^late.test: not judged'
expect_requests web 0
stop web
expect_exit 0 pinstore log
expect_no_out 'violation'

about "lint by the chain: match and backup"
value=$(header 1000 good backup)
expect_exit 0 pinstore lint "$value" --chain "$pki/good.chain" $ca --json
expect_json out 'd["action"] == "note" and d["reason"] == "ok"'
expect_exit 1 pinstore lint "$value" --chain "$pki/inject.chain" $ca --json
expect_json out 'd["action"] == "ignore" and d["reason"] == "no-match"'
expect_exit 1 pinstore lint "$(header 1000 good intA)" --chain \
	"$pki/good.chain" $ca --json
expect_json out 'd["reason"] == "no-backup"'
expect_exit 4 pinstore lint "$value" --chain "$pki/good.chain" $ca \
	--host other.test
expect_exit 4 pinstore lint "$value" --chain "$pki/expired.chain" $ca
expect_exit 0 pinstore lint "$(header 9 expired b)" --chain \
	"$pki/expired.chain" --assume-valid
expect_exit 4 pinstore lint "$value" --chain "$pki/mitm_x.chain" $ca
expect_exit 2 pinstore lint "$value" --chain "$pki/ip.chain" $ca
expect_err 'no host'

about "header by the chain"
expect_exit 0 pinstore header --chain "$pki/good.chain" $ca \
	"$pki/good.pem" backup.csr
expect_out 'max-age=86400'
expect_exit 2 pinstore header --chain "$pki/a.chain" $ca --host a.test \
	"$pki/good.pem" backup.csr
expect_err 'no-match'
expect_exit 4 pinstore header --chain "$pki/a.chain" $ca --host b.test \
	"$pki/a.pem" backup.csr

about "note by the chain"
expect_exit 0 pinstore note b.test "$(header 1000 b backup)" \
	--chain "$pki/b.chain" $ca
expect_out '^b.test: noted'
expect_exit 0 pinstore note b.test "$(header 1000 good backup)" \
	--chain "$pki/inject.chain" $ca
expect_out '^b.test: ignored'
expect_exit 4 pinstore note b.test "$(header 1000 b backup)" \
	--chain "$pki/good.chain" $ca

about "what is likely: as the data tells"
store2=$T/likely
shipped=/usr/share/ca-certificates/mozilla
# likely CODE CAUSE WORDS ARGUMENT...: what pinstore check tells, in text and
# in the error of its JSON
likely()
{
	code=$1
	cause=$2
	words=$3
	shift 3
	expect_exit "$code" pinstore check "$@"
	expect_out "^  likely    $words"
	expect_exit "$code" pinstore check --json "$@"
	expect_json err "d['error']['likely']['cause'] == '$cause' and d['error']['likely']['text'].startswith('$words')"
}
PINSTORE=$store2
must pinstore pin pin.test "$(pin good)" "$(pin backup)" --include-subdomains \
	>/dev/null
must pinstore pin other.test "$(pin good)" "$(pin backup)" >/dev/null
likely 90 local-anchor 'the chain ends in a CA that was added on this machine' \
	pin.test --chain "$pki/mitm.chain" $ca
likely 90 parent 'the policy is inherited: pin.test covers' \
	x.pin.test --chain "$pki/mitm.chain" $ca
likely 90 clock 'the entry was noted in the future' \
	pin.test --chain "$pki/mitm.chain" --assume-valid --at @1700000000
expect_exit 90 pinstore check pin.test --chain-pin "$(pin mitm)"
expect_no_out likely
expect_exit 90 pinstore check pin.test --json --chain-pin "$(pin mitm)"
expect_json err 'list(d["error"]) == ["exit", "status", "message", "where", "hint", "likely"] and d["error"]["likely"] is None'
# the learned key alone is new: the issuer is what the operator has pinned
must pinstore pin late.test "$(pin intA)" "$(pin backup)" >/dev/null
must pinstore note late.test "$(header 1000 good backup)" \
	--chain-pin "$(pin good)" --chain-pin "$(pin intA)" >/dev/null
likely 90 renewal 'a new key under an issuer that is pinned too: a routine renewal' \
	late.test --chain "$pki/late.chain" --assume-valid
# public CAs, of which only the certificates are at hand
cat "$pki/mitm.pem" "$shipped/ISRG_Root_X2.crt" >public.chain
likely 90 new-key 'a new key, under the public CA ISRG Root X2: a renewal that was not announced, or another CA' \
	pin.test --chain public.chain --assume-valid
must pinstore pin public.test "$shipped/ISRG_Root_X1.crt" "$(pin backup)" \
	>/dev/null
likely 90 other-ca 'another public CA: ISRG Root X1 is pinned, and the chain ends in ISRG Root X2' \
	public.test --chain public.chain --assume-valid
must pinstore note x.pin.test max-age=0 --chain "$pki/mitm.chain" $ca >/dev/null
likely 90 local-anchor 'the chain ends in a CA' \
	pin.test --chain "$pki/mitm.chain" $ca
must pinstore note other.test max-age=0 --chain "$pki/mitm.chain" $ca >/dev/null
likely 90 captive-portal 'other.test came with this very key too: a captive portal' \
	pin.test --chain "$pki/mitm.chain" $ca
must pinstore revoke --yes "$(pin mitm)" >/dev/null
likely 121 revoked 'the key is on the list of the revoked' \
	pin.test --chain "$pki/mitm.chain" $ca
