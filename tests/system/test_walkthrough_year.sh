#!/bin/sh
# test_walkthrough_year.sh - docs/walkthrough.md, run as it stands.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
must command -v openssl >/dev/null
PINSTORE=$store
export PINSTORE
name=www.example.test
make_pki www:intA:$name reserve:intA:$name fresh:intA:$name next:intA:$name \
	stranger:intB:$name mail:intA:mail.example.test \
	mailnext:intA:mail.example.test
mkdir work bin
must cp "$pki/www.pem" work/server.crt
must cp "$pki/mail.pem" work/mail.crt
must cp "$pki/mailnext.pem" work/mail-next.crt
must cp "$pki/reserve.pem" work/reserve.crt
must cp "$pki/reserve.chain" work/reserve.pem
must cp "$pki/fresh.chain" work/renewed.pem
for key in reserve:backup next:next; do
	must openssl req -new -key "$pki/${key%:*}.key" -subj "/CN=$name" \
		-out "work/${key#*:}.csr"
done
header 5184000 www reserve -- '; includeSubDomains' >value
sed "s/.*/add_header Public-Key-Pins '&' always;/" value >work/pins.conf

start_nginx web --site $name --chain www --conf "include $T/work/pins.conf;"
start_nginx impostor --site $name --chain stranger

# The names of the text, on ports that are free here, as any user.
real=$(command -v pinfetch)
cat >bin/pinfetch <<END
#!/bin/sh
for word; do
	shift
	case \$word in
	*:impostor.example.test:443) word="\${word%%:impostor*}:127.0.0.1:$impostor_port" ;;
	esac
	set -- "\$@" "\$word"
done
exec $real --cacert $pki/trust.pem "\$@" \\
	--connect-to $name:443:127.0.0.1:$web_port
END
real=$(command -v pinstore)
cat >bin/pinstore <<END
#!/bin/sh
case " \$* " in
*" --chain "*) set -- "\$@" --cacert $pki/trust.pem ;;
esac
exec $real "\$@"
END
# Put the chain and the key of that name in place, and wait for a worker that
# has them.
cat >bin/deploy <<END
#!/bin/sh
cp "$pki/\$1.chain" "$pki/www.chain" && cp "$pki/\$1.key" "$pki/www.key" || exit 1
before=\$(grep -c 'start worker process [0-9]' "$T/web/error.log")
kill -HUP "\$(cat "$T/web/nginx.pid")"
tries=0
until [ "\$(grep -c 'start worker process [0-9]' "$T/web/error.log")" \\
	-gt "\$before" ]; do
	tries=\$((tries + 1))
	[ \$tries -lt 400 ] || exit 1
	sleep 0.05
done
sleep 0.1
END
chmod +x bin/*

about "the year"
( cd work && PATH=$T/bin:$PATH "$python" \
	"$top_srcdir/tests/system/walkthrough.py" \
	"$top_srcdir/docs/walkthrough.md" ) >steps 2>&1
code=$?
cat steps
[ $code -eq 0 ] && ok "$(tail -n 1 steps)" || fail "a command went otherwise"
# Once, while the bypass was in force.
expect_requests impostor 1
