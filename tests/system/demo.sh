#!/bin/sh
# demo.sh - the demonstration of ./quickstart: a first visit, remembered and
# enforced, on real servers.  make check runs it too.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

# In a demonstration only what fails is worth a line.
ok()
{
	judged=$((judged + 1))
}

say()
{
	printf '\n%s\n' "$*"
}

# show CODE COMMAND...: the command as one would type it, and its answer
show()
{
	wanted=$1
	shift
	printf '\n  $ %s\n' "$*"
	expect_exit "$wanted" "$@" || exit 1
	awk '{ print "  " $0 }' out err
	[ "$wanted" -eq 0 ] || printf '  (exit %s)\n' "$wanted"
}

make_pki
cp "$pki/trust.pem" both.pem
PINSTORE=$store
export PINSTORE

start_nginx honest --http2 --site pin.test --chain good \
	--header "Public-Key-Pins: $(header 5184000 good backup -- includeSubDomains)"
start_nginx impostor --http2 --site pin.test --chain mitm
honest="--connect-to pin.test:443:127.0.0.1:$honest_port"
impostor="--connect-to pin.test:443:127.0.0.1:$impostor_port"

say "Two nginx answer for pin.test.  The honest one has a certificate of rootA, the
impostor a valid one of rootB; both.pem trusts both.  Which of them is reached is
the network's choice, here --connect-to."

say "1. The first visit.  The answer pins its own key and a backup key."
show 0 pinfetch --cacert both.pem $honest https://pin.test/
expect_out 'hello from pin.test'
show 0 pinstore list
expect_out '^pin\.test '

say "2. The impostor.  A client that remembers nothing (an empty store) sees a valid
certificate and sends its request:"
show 0 pinfetch --store empty --cacert both.pem $impostor https://pin.test/
expect_requests impostor 1
remember
say "A client that remembers refuses, and sends nothing:"
show 90 pinfetch --cacert both.pem $impostor https://pin.test/secret
expect_err '^pinfetch: \(90\) pin mismatch for pin\.test: '
expect_unchanged
show 0 pinfetch --cacert both.pem $honest https://pin.test/
expect_requests honest 2
expect_requests impostor 1
expect_exit 1 grep secret impostor/access.log

printf '\n  requests in the log of  honest: %s   impostor: %s (the one above)\n' \
	"$(requests honest)" "$(requests impostor)"

say "3. Why?  The entry covers the names below; the walk says so step by step."
show 0 pinstore explain www.pin.test
expect_out 'pin\.test'

say "4. A rehearsal: the impostor's root would not pass, the backup key would."
show 90 pinstore check pin.test --chain-pin "$(pin rootB)"
show 0 pinstore check pin.test --chain-pin "$(pin backup)"
echo
