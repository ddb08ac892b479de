#!/bin/sh
# test_walkthrough_year.sh - docs/walkthrough.md, run as it stands.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
. "$top_srcdir/tests/support/guide.sh"
must command -v openssl >/dev/null
name=www.example.test
make_pki www:intA:$name reserve:intA:$name fresh:intA:$name next:intA:$name \
	stranger:intB:$name mail:intA:mail.example.test \
	mailnext:intA:mail.example.test
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
# Half a day from both of its whole numbers of days, however long this takes.
header 5140800 www reserve -- '; includeSubDomains' >value
sed "s/.*/add_header Public-Key-Pins '&' always;/" value >work/pins.conf

start_nginx web --site $name --chain www --conf "include $T/work/pins.conf;"
start_nginx impostor --site $name --chain stranger

pinfetch_finds $name:$web_port impostor.example.test:$impostor_port
stand_in pinstore <<END
case " \$* " in
*" --chain "*) set -- "\$@" --cacert $pki/trust.pem ;;
esac
exec \$real "\$@"
END
# Put the chain and the key of that name in place.
{
	echo "cp $pki/\$1.chain $pki/www.chain && cp $pki/\$1.key $pki/www.key ||"
	echo "	exit 1"
	reloads web
} | stand_in deploy

guide walkthrough.md
# Once, while the bypass was in force.
expect_requests impostor 1
