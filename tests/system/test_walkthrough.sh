#!/bin/sh
# test_walkthrough.sh - docs/walkthrough-report-only.md, run as it stands
# (R-B-1, R-2.3.2-2).
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
must command -v openssl >/dev/null
PINSTORE=$store
export PINSTORE
make_pki www:intA:www.example.test second:intB:www.example.test \
	stranger:intB:www.example.test reports:intA:reports.example.test
mkdir work bin
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

# The names of the text, on ports that are free here, as any user.
real=$(command -v pinfetch)
cat >bin/pinfetch <<END
#!/bin/sh
for word; do
	shift
	case \$word in
	*:second.example.test:443) word="\${word%%:second*}:127.0.0.1:$other_port" ;;
	*:impostor.example.test:443) word="\${word%%:impostor*}:127.0.0.1:$impostor_port" ;;
	esac
	set -- "\$@" "\$word"
done
exec $real --cacert $pki/trust.pem "\$@" \\
	--connect-to www.example.test:443:127.0.0.1:$web_port
END
real=$(command -v pinstore)
cat >bin/pinstore <<END
#!/bin/sh
case "\$1 \$2" in
"report send") set -- "\$@" --cacert $pki/trust.pem \\
	--connect-to reports.example.test:443:127.0.0.1:$sink_port ;;
esac
exec $real "\$@"
END
# A reload is over when each has started a worker with what is new.
cat >bin/nginx <<END
#!/bin/sh
[ "\$*" = "-s reload" ] || exit 2
for at in $T/web $T/other; do
	before=\$(grep -c 'start worker process [0-9]' "\$at/error.log")
	kill -HUP "\$(cat "\$at/nginx.pid")"
	tries=0
	until [ "\$(grep -c 'start worker process [0-9]' "\$at/error.log")" \\
		-gt "\$before" ]; do
		tries=\$((tries + 1))
		[ \$tries -lt 200 ] || exit 1
		sleep 0.05
	done
	sleep 0.1
done
END
chmod +x bin/pinfetch bin/pinstore bin/nginx

about "R-B-1 the walk-through"
( cd work && PATH=$T/bin:$PATH "$python" \
	"$top_srcdir/tests/system/walkthrough.py" \
	"$top_srcdir/docs/walkthrough-report-only.md" ) >steps 2>&1
code=$?
cat steps
[ $code -eq 0 ] && ok "$(tail -n 1 steps)" || fail "a command went otherwise"
# R-2.3.2-2: nobody was refused but by the pins that were in force
expect_requests impostor 0
about "the report that was sent"
expect_requests sink 1
expect_exit 0 cat sink/log
expect_out '^request 1 POST /pins HTTP/1\.1$'
expect_out 'known-pins'
