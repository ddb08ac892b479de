#!/bin/sh
# test_walkthrough.sh - docs/walkthrough-report-only.md, run as it stands
# (R-B-1, R-2.3.2-2).
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
. "$top_srcdir/tests/support/guide.sh"
must command -v openssl >/dev/null
make_pki www:intA:www.example.test second:intB:www.example.test \
	stranger:intB:www.example.test reports:intA:reports.example.test
for name in server:www second:second stranger:stranger; do
	must cp "$pki/${name#*:}.pem" "work/${name%%:*}.crt"
done
: >work/pins.conf

start_nginx web --site www.example.test --chain www \
	--conf "include $T/work/pins.conf;"
start_nginx other --site www.example.test --chain second \
	--conf "include $T/work/pins.conf;"
start_nginx impostor --site www.example.test --chain stranger
start_tlsserv sink --chain reports

pinfetch_finds www.example.test:$web_port second.example.test:$other_port \
	impostor.example.test:$impostor_port
stand_in pinstore <<END
case "\$1 \$2" in
"report send") set -- "\$@" --cacert $pki/trust.pem \\
	--connect-to reports.example.test:443:127.0.0.1:$sink_port ;;
esac
exec \$real "\$@"
END
{
	echo '[ "$*" = "-s reload" ] || exit 2'
	reloads web other
} | stand_in nginx

guide walkthrough-report-only.md
# R-2.3.2-2: nobody was refused but by the pins that were in force
expect_requests impostor 0
about "the report that was sent"
expect_requests sink 1
expect_exit 0 cat sink/log
expect_out '^request 1 POST /pins HTTP/1\.1$'
expect_out 'known-pins'
