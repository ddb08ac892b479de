#!/bin/sh
# test_messages.sh - what the tools say, word for word: errors, warnings, advice
# (messages.table).  tests/checks/messages.sh tells what is in no test.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
must command -v openssl >/dev/null
make_pki

a=sha256//BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=sha256//I9CBj46qKUtWvBQxUcoSkOgOLKIXdFMC+1Ws2Zh9flI=
c=sha256//AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
field="pin-sha256=\"${a#sha256//}\"; pin-sha256=\"${b#sha256//}\""
early=@1700000000 now=@1700050000 late=@1900000000
good=$(pin good) spare=$(pin backup) multi=$(pin multi) mitm=$(pin mitm)
export a b c field early now late good spare multi mitm pki T
for name in intA rootA intB rootB psl; do
	eval "$name=\$(pin $name)"
	export $name
done

# The store that every row finds: learned entries, one with a child, static ones,
# one in mode report that would have refused, one bypassed, and a revoked key.
mkdir files
cd files || exit 1
PINSTORE=store
export PINSTORE
for row in "old.test $early 1000" "a.test $early 500000" "b.a.test $now 500000"; do
	set -- $row
	must pinstore note --at "$2" --chain-pin "$a" "$1" \
		"max-age=$3; $field" >/dev/null
done
must pinstore pin s.test "$a" "$b" >/dev/null
must pinstore pin watched.test "$a" "$b" --mode report >/dev/null
must pinstore note --chain-pin "$c" watched.test max-age=0 >/dev/null
must pinstore pin by.test "$a" "$b" >/dev/null
must pinstore bypass by.test --for 7d --reason "keys are being changed" >/dev/null
must pinstore revoke "$mitm" --yes >/dev/null
must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-days 9 -subj /CN=me -keyout me.key -out me.pem 2>/dev/null
must openssl req -new -key me.key -subj /CN=me.test -out me.csr
must openssl pkey -in me.key -aes256 -passout pass:secret -out locked.key
me=$(pinstore hash me.key)
export me
printf 'secret\n' >secret
printf 'wrong\n' >wrong
cd ..

# answer STATUS HEADER
answer()
{
	printf '%s' "HTTP/1.1 $1\\r\\nContent-Length: 0\\r\\n$2\\r\\n\\r\\n"
}
start_tlsserv u --chain multi
start_tlsserv m --chain mitm
start_tlsserv g --chain good
start_tlsserv e --chain psl -r "$(answer '404 No' \
	"Public-Key-Pins: $(header 1000 psl backup -- includeSubDomains)")"
start_tlsserv o --chain multi -r "$(answer '503 No' \
	'Public-Key-Pins: max-age=100; pin-sha1=\"x\"')"
start_tlsserv k --chain multi --tls 1.2 --client-ca files/me.pem
start_tlsserv d --chain multi --delay 1
start_tlsserv n --chain multi --close -r ''
start_tlsserv r --chain multi -r "$(answer '307 Go' 'Location: /')"
start_proxy p --map other.test:1=1
for port in $u_port $m_port $o_port $g_port $d_port $n_port $r_port; do
	f="${f-pinfetch --cacert $pki/trust.pem} --resolve pin.test:$port:127.0.0.1"
done
f="$f --resolve github.io:$e_port:127.0.0.1"
U=https://pin.test:$u_port/ M=https://pin.test:$m_port/ O=https://pin.test:$o_port/
E=https://github.io:$e_port/ S=https://pin.test:$d_port/
N=https://pin.test:$n_port/ R=https://pin.test:$r_port/
export g_port p_port n_port r_port N R u_port m_port e_port o_port k_port d_port \
	n_port r_port p_port f U M O E S

every=$(sanitized 7)
table=$top_srcdir/tests/system/messages.table
if timeout -k 5 300 "$python" "$top_srcdir/tests/support/messages.py" \
	--every "$every" ${MESSAGES_WRITE:+--write} "$table" \
	a b c good spare multi mitm psl intA rootA intB rootB me pki T u_port m_port \
	e_port o_port k_port d_port g_port n_port r_port p_port >said 2>&1; then
	ok "all is said as the table has it"
else
	fail "something else is said, or it ends otherwise"
	cat said
fi
tail -n 1 said

about "each exit status of the manuals is that of a row"
for tool in pinstore pinfetch; do
	awk '/^\.Sh/ { on = /EXIT STATUS/ } on && /^\.It [0-9]+$/ { print $2 }' \
		"$top_srcdir/docs/man/$tool.1" >codes
	[ -s codes ] || fail "$tool.1 has no codes"
	while read -r code; do
		if awk -v code="$code" -v tool=$tool '$1 == code && $2 == "$" {
			is_fetch = /pinfetch|\$f /
			if (is_fetch == (tool == "pinfetch"))
				found = 1
		} END { exit !found }' "$table"; then
			ok "$tool ends with $code"
		else
			fail "no row of $tool ends with $code"
		fi
	done <codes
done
