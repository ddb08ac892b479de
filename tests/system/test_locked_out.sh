#!/bin/sh
# test_locked_out.sh - the commands of docs/locked-out.md, run as they stand.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
. "$top_srcdir/tests/support/guide.sh"
name=www.example.test
make_pki www:intA:$name backup2:intA:$name changed:intB:$name
must cp "$pki/changed.pem" work/announced.crt
must cp "$pki/rootB.pem" work/company-ca.crt
start_nginx web --site $name --chain changed
pinfetch_finds $name:$web_port
must pinstore note $name "$(header 5184000 www backup2 -- \
	'; includeSubDomains')" --chain-pin "$(pin www)" >/dev/null

guide locked-out.md
# Cleared, and with the bypass.
expect_requests web 2
