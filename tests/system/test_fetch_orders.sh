#!/bin/sh
# test_fetch_orders.sh - what the operator laid down, and trust on first use,
# against real servers.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki 'fake:intB:pin.test,*.pin.test,free.test,a.test,b.test,c.test,d.test,127.0.0.1' \
	'third:intA:pin.test,a.test,b.test,c.test'
H=$(header 7776000 good backup)
start_nginx real --site pin.test --chain good --header "Public-Key-Pins: $H"
start_nginx fake --site pin.test --chain fake --header "Public-Key-Pins: $(
	header 100000 fake backup)"
start_nginx other --site a.test --chain third

# status EXIT SERVER_PORT HOST WORD [OPTION...]: what pinfetch does and tells
status()
{
	wanted=$1 port=$2 host=$3 word=$4
	shift 4
	expect_exit "$wanted" fetch $(at "$host" "$port") -s -S -o got \
		-w '%{pin_status}\n' "https://$host:$port/ok" "$@"
	expect_out "^$word\$"
}

# orders VERB...: the operator's work
orders()
{
	expect_exit 0 pinstore --store "$store" "$@"
}

# with_terminal ANSWER COMMAND...: standard input is a terminal
with_terminal()
{
	"$python" - "$@" <<'END'
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
process = subprocess.Popen(sys.argv[2:], stdin=theirs)
os.write(ours, sys.argv[1].encode() + b"\n")
sys.exit(process.wait(timeout=60))
END
}

about "a revoked key: 121, nothing sent, known or not, verified or not"
orders revoke --yes "$pki/fake.pem"
status 121 "$fake_port" free.test reject
expect_err '^pinfetch: \(121\) revoked key in the chain of free.test: connection refused, nothing was sent$'
expect_err "^  served    $(pin fake | sed 's/[+]/[+]/g') +leaf +CN=fake"
expect_err '^  likely    the key is on the list of the revoked'
expect_err "^  next      ask the server's operator for a new key"
status 121 "$fake_port" free.test reject -k
status 121 "$fake_port" 127.0.0.1 reject
status 121 "$fake_port" 127.0.0.1 reject -k
expect_requests fake 0
status 0 "$real_port" pin.test unpinned
expect_requests real 1
orders unrevoke "$pki/fake.pem"
status 0 "$fake_port" free.test unpinned -k
orders clear --yes --all
status 0 "$fake_port" 127.0.0.1 unpinned
expect_requests fake 2
orders clear --yes --all

about "a revoked key on the way of the path, and one that matches a pin"
orders pin pin.test "$pki/good.pem" "$pki/backup.pem"
orders revoke --yes "$pki/intA.pem"
status 121 "$real_port" pin.test reject
orders unrevoke "$pki/intA.pem"
orders revoke --yes "$pki/rootA.pem"
status 121 "$real_port" pin.test reject
orders unrevoke "$pki/rootA.pem"
orders revoke --yes "$pki/good.pem"
status 121 "$real_port" pin.test reject
orders bypass pin.test --for 1h --reason test
status 121 "$real_port" pin.test reject
orders bypass pin.test --end
orders unrevoke "$pki/good.pem"
expect_requests real 1
status 0 "$real_port" pin.test matched
expect_requests real 2

about "T-097: a bypass lets pass, learns nothing, and excuses no certificate"
remember
orders clear --yes pin.test --source header
status 90 "$fake_port" pin.test reject
orders bypass pin.test --for 1h --reason 'key lost'
remember
status 0 "$fake_port" pin.test bypassed
status 0 "$real_port" pin.test bypassed
status 60 "$other_port" pin.test reject --cacert "$pki/rootB.pem"
expect_unchanged
orders bypass pin.test --end
status 90 "$fake_port" pin.test reject

about "T-082: a chain with a local anchor passes, and neither notes nor removes"
orders config anchors "$pki/rootB.pem"
remember
status 0 "$fake_port" pin.test bypassed
status 0 "$fake_port" free.test bypassed
expect_unchanged
status 0 "$real_port" pin.test matched
orders config anchors --unset
status 90 "$fake_port" pin.test reject
orders clear --yes --all --source all

about "mode report: judged beside, never instead"
orders pin --mode report pin.test "$pki/good.pem" "$pki/backup.pem"
status 0 "$fake_port" pin.test unpinned --no-learn
expect_exit 2 pinstore --store "$store" mode pin.test enforce
orders mode pin.test enforce --force
status 90 "$fake_port" pin.test reject
orders clear --yes --all --source all

about "pin --from-host: the live key, shown and asked about"
live="--cacert $pki/trust.pem --connect-to pin.test:443:127.0.0.1:$real_port"
expect_exit 2 pinstore --store "$store" pin --from-host $live pin.test \
	"$pki/backup.pem"
expect_err "$(pin good | sed 's/[+]/[+]/g')  leaf"
expect_err "$(pin rootA | sed 's/[+]/[+]/g')  root"
expect_err 'stdin is no terminal'
expect_exit 2 pinstore --store "$store" pin --from-host --yes $live pin.test
expect_err 'a single pin locks everybody out'
orders pin --from-host --yes --json $live pin.test "$pki/backup.pem"
expect_json out "d['pins'] == ['$(fingerprint good)', '$(fingerprint backup)']"
expect_exit 2 with_terminal n pinstore --store "$store" pin --from-host $live \
	--no-backup pin.test
expect_exit 0 with_terminal y pinstore --store "$store" pin --from-host $live \
	--no-backup pin.test
status 90 "$fake_port" pin.test reject
status 0 "$real_port" pin.test matched
# Nothing of HTTP was said: the requests are those of pinfetch.
n=$(requests real)
orders pin --from-host --yes $live pin.test "$pki/backup.pem"
expect_requests real "$n"
expect_exit 4 pinstore --store "$store" pin --from-host --yes --cacert \
	"$pki/rootB.pem" --resolve "pin.test:443:127.0.0.1" --connect-to \
	"pin.test:443:127.0.0.1:$real_port" pin.test "$pki/backup.pem"
expect_exit 4 pinstore --store "$store" pin --from-host --yes --cacert \
	"$pki/trust.pem" --connect-to "none.test:443:127.0.0.1:$real_port" \
	none.test "$pki/backup.pem"
expect_exit 4 pinstore --store "$store" pin --from-host --yes --connect-to \
	none.test:443:127.0.0.1:1 none.test "$pki/backup.pem"
expect_exit 2 pinstore --store "$store" pin pin.test
expect_exit 2 pinstore --store "$store" pin --yes pin.test "$pki/good.pem" \
	"$pki/backup.pem"
orders clear --yes --all --source all

about "tofu: the key of the first visit"
status 0 "$other_port" a.test unpinned --tofu
orders list --json
expect_json out "[(x['host'], x['source'], x['pins'], x['expires']) for x in d] == [('a.test', 'tofu', ['$(fingerprint third)'], None)]"
status 0 "$other_port" a.test matched --tofu
status 90 "$fake_port" a.test reject --tofu
status 90 "$fake_port" a.test reject
status 90 "$fake_port" a.test reject -k --tofu=accept-new

about "tofu: only where nothing applies, never with -k, --no-learn, an address"
status 0 "$other_port" b.test unpinned --tofu -k
status 0 "$other_port" b.test unpinned --tofu --no-learn
status 0 "$fake_port" 127.0.0.1 unpinned --tofu
status 60 "$other_port" b.test reject --tofu --cacert "$pki/rootB.pem"
orders list --json
expect_json out "[x['host'] for x in d] == ['a.test']"

about "tofu: a header replaces it at once"
status 0 "$real_port" pin.test unpinned --tofu=accept-new
orders show --json pin.test
expect_json out "[(x['source'], len(x['pins'])) for x in d['entries']] == [('header', 2)]"

about "tofu: strict and ask without a terminal refuse with 122"
n=$(requests other)
status 122 "$other_port" c.test reject --tofu=strict
status 122 "$other_port" c.test reject --tofu=ask
status 122 "$fake_port" 127.0.0.1 reject --tofu=strict
status 122 "$other_port" c.test reject --tofu=strict -k
status 122 "$other_port" c.test reject --tofu=ask -k
expect_requests other "$n"
status 0 "$other_port" a.test matched --tofu=strict
expect_exit 0 pinstore --store "$store" list --json c.test
expect_json out 'd == []'

about "tofu: asked on a terminal"
expect_exit 122 with_terminal n pinfetch --store "$store" --cacert \
	"$pki/trust.pem" $(at c.test "$other_port") --tofu=ask \
	"https://c.test:$other_port/ok"
expect_err 'No pin covers c.test'
expect_err "$(pin third | sed 's/[+]/[+]/g')"
expect_exit 0 with_terminal y pinfetch --store "$store" --cacert \
	"$pki/trust.pem" $(at c.test "$other_port") --tofu=ask \
	"https://c.test:$other_port/ok"
orders show --json c.test
expect_json out "d['entries'][0]['source'] == 'tofu'"
# Known by now: nobody is asked.
status 0 "$other_port" c.test matched --tofu=ask

about "tofu: what is no mode"
expect_exit 2 fetch --tofu=maybe "https://c.test:$other_port/ok"
expect_exit 2 fetch --tofu= "https://c.test:$other_port/ok"
printf 'tofu = strict\n' >conf
expect_exit 122 fetch -K conf $(at d.test "$fake_port") \
	"https://d.test:$fake_port/ok"
printf 'tofu\n' >conf
expect_exit 0 fetch -K conf $(at d.test "$fake_port") \
	"https://d.test:$fake_port/ok"
orders show d.test

about "tofu: a store that is full is told, and the fetch goes on"
orders clear --yes --all
orders config quota-total 0
status 0 "$other_port" b.test unpinned --tofu
expect_err 'the key of b.test could not be remembered: the store is full'
