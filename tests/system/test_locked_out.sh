#!/bin/sh
# test_locked_out.sh - the commands of docs/locked-out.md, run as they stand.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
PINSTORE=$store
export PINSTORE
name=www.example.test
make_pki www:intA:$name backup2:intA:$name changed:intB:$name
mkdir work bin
must cp "$pki/changed.pem" work/announced.crt
must cp "$pki/rootB.pem" work/company-ca.crt
start_nginx web --site $name --chain changed

real=$(command -v pinfetch)
cat >bin/pinfetch <<END
#!/bin/sh
exec $real --cacert $pki/trust.pem "\$@" \\
	--connect-to $name:443:127.0.0.1:$web_port
END
chmod +x bin/pinfetch
must pinstore note $name "$(header 5184000 www backup2 -- \
	'; includeSubDomains')" --chain-pin "$(pin www)" >/dev/null

about "locked out"
( cd work && PATH=$T/bin:$PATH "$python" \
	"$top_srcdir/tests/system/walkthrough.py" \
	"$top_srcdir/docs/locked-out.md" ) >steps 2>&1
code=$?
cat steps
[ $code -eq 0 ] && ok "$(tail -n 1 steps)" || fail "a command went otherwise"
# Cleared, and with the bypass.
expect_requests web 2
