#!/bin/sh
# test_faults.sh - one allocation, or one call, of a running tool fails.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
preload=$top_builddir/tests/support/.libs/libfaultload.so
# What the short run leaves out is for `make faults'.
must test -f "$preload"
# A disk would only be waited for.
[ -d /dev/shm ] && [ -w /dev/shm ] && {
	work=$(mktemp -d /dev/shm/pinstore-faults.XXXXXX) || exit 99
	ln -s "$work" "$T/work"
	trap 'rm -rf "$work"; cleanup' EXIT
}
[ -e "$T/work" ] || mkdir "$T/work"
foreign=$top_srcdir/tests/system/faults.foreign

make_pki 'fake:intB:pin.test,*.pin.test,free.test'
# To convert it is work for libidn2.
name=bücher.pin.test
alabel=xn--bcher-kva.pin.test
must "$python" - "$pki" <<'END'
import sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as s
key = s.load_pem_private_key(open(sys.argv[1] + "/good.key", "rb").read(), None)
open(sys.argv[1] + "/good.pub", "wb").write(key.public_key().public_bytes(
    s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))
name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "good")])
open(sys.argv[1] + "/good.req", "wb").write(
    x509.CertificateSigningRequestBuilder().subject_name(name).sign(
        key, hashes.SHA256()).public_bytes(s.Encoding.PEM))
END
must openssl pkcs12 -export -inkey "$pki/good.key" -in "$pki/good.pem" \
	-out "$pki/good.p12" -passout "file:$pki/pins.txt"
must openssl crl2pkcs7 -nocrl -certfile "$pki/good.pem" -out "$pki/good.p7"
H=$(header 7776000 good backup)
start_nginx fake --site pin.test --chain fake
start_nginx good --site pin.test --chain good
printf 'V\t490101000000Z\t\t%s\tunknown\t/CN=good\n' \
	"$(openssl x509 -in "$pki/good.pem" -noout -serial | sed 's/.*=//')" >index
must openssl ocsp -issuer "$pki/intA.pem" -cert "$pki/good.pem" -no_nonce \
	-reqout req >/dev/null 2>&1
must openssl ocsp -index index -CA "$pki/intA.pem" -rsigner "$pki/intA.pem" \
	-rkey "$pki/intA.key" -reqin req -ndays 2 -respout staple >/dev/null 2>&1
start probed "$python" "$servers/webserv.py" --dir "$T/probed" --pki "$pki" \
	--bind no-tls-tickets --ocsp staple \
	--line 'http-request return status 200' haproxy
PROBE_PORT=$probed_port
export PROBE_PORT
start_nginx learn --site pin.test --chain good --header "Public-Key-Pins: $H"

must pinstore --store pinned pin pin.test --include-subdomains "$(pin good)" \
	"$(pin backup)" >pinned.out
store=$T/learned
about "the lab: a visit is noted, the impostor's log tells of requests"
expect_exit 0 fetch $(at $alabel "$learn_port") "https://$name:$learn_port/"
expect_exit 0 fetch $(at free.test "$fake_port") "https://free.test:$fake_port/"
expect_requests fake 1

about "a crash is told by the library and the symbol, a failure by its place"
cat >"$T/crash.c" <<'END'
#include <stdlib.h>
#include <string.h>
int main(void)
{
	char *volatile at = malloc(1);
	return (int)strlen(at);
}
END
must ${CC:-cc} -O0 -fno-builtin -rdynamic -o "$T/crash" "$T/crash.c"
env LD_PRELOAD="$preload" FAULT_OF=ours FAULT_AT=1 \
	FAULT_REPORT="$T/report" "$T/crash" 2>/dev/null
expect_exit 0 cat "$T/report"
expect_out '^failed crash main$'
expect_out '^crash crash main$'

about "a fetch: each allocation of ours, of LMDB, libidn2, libcurl, GnuTLS"
expect_faults()
{
	if "$python" "$top_srcdir/tests/support/faults.py" "$@" >out 2>err; then
		ok "$1"
	else
		fail "$1"
	fi
	cat out err
}
expect_faults fetch "$T/work" "$preload" "$foreign" "$T/pinned" "$T/learned" \
	"https://$name:$fake_port/" "https://pin.test:$good_port/" \
	"https://$name:$learn_port/" "$T/fake/access.log" -- \
	--cacert "$pki/trust.pem" $(at $alabel "$fake_port") \
	$(at pin.test "$good_port") $(at $alabel "$learn_port")

about "pinstore: each allocation of ours"
expect_faults tools "$T/work" "$preload" "$foreign" "$T/pinned" "$pki"
