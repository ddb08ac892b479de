#!/bin/sh
# test_recipes_chain.sh - chains that an attacker makes: stray certificates,
# loops, what is too large, what is out of shape.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every refusal is shown with the log of a server that got nothing, and every
# server that can be let in is let in once where nothing is pinned.
. "$top_srcdir/tests/support/lib.sh"
PATH=$top_builddir/tests/system:$PATH
must command -v openssl >/dev/null
make_pki
must "$python" "$top_srcdir/tests/support/oddpki.py" "$pki" \
	"$top_srcdir/tests/data/spki/dsa-inherits.crt.der"
trust=$pki/trust.pem
# A sanitizer's shadow memory counts as the process's own.
kib=65536
case ${PS_CFLAGS-} in *-fsanitize*) kib=2097152 ;; esac

cat >bounded.py <<'END'
"""Run a command: a signal, 10 s or too much memory is exit 99."""
import resource, signal, subprocess, sys
seconds, kib = float(sys.argv[1]), int(sys.argv[2])
process = subprocess.Popen(sys.argv[3:])
try:
    code = process.wait(seconds)
except subprocess.TimeoutExpired:
    process.send_signal(signal.SIGKILL)
    process.wait()
    sys.exit("bounded: not done in %g s" % seconds)
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if code < 0 or used > kib:
    print("bounded: exit %d, %d KiB" % (code, used), file=sys.stderr)
    sys.exit(99)
sys.exit(code)
END

# pf ID [OPTION...]: pinfetch of pin.test at ID, within bounds
pf()
{
	eval "port=\$$1_port"
	shift
	"$python" bounded.py "${seconds:-10}" $kib pinfetch --store "$store" \
		--cacert "$trust" $(at pin.test "$port") -o /dev/null \
		"https://pin.test:$port/" "$@"
}

# api ID [OPTION...]: the same by the API's client
api()
{
	eval "port=\$$1_port"
	shift
	"$python" bounded.py 10 $kib pinclient --store "$store" \
		--cafile "$trust" "$@" "pin.test:$port"
}

# pinned NAME: pin.test is pinned to it and to a backup, and to nothing else
pinned()
{
	rm -rf "$store"
	must pinstore --store "$store" pin pin.test "$(pin "$1")" \
		"$(pin backup)" >/dev/null
	remember
}

# Z and S= of the recipes
nothing_happened()
{
	expect_requests "$1" 0
	expect_exit 0 cat "$1/log"
	expect_no_out '^octets'
	expect_unchanged
}

escaped()
{
	pin "$1" | sed 's/[+]/[+]/g'
}

for chain in inject inject2 inject3; do
	start_tlsserv $chain --chain $chain --key mitm
	for name in rootA intA good; do
		case $chain:$name in
		inject:rootA) id=T-001 ;;
		*:rootA) id=T-002 ;;
		*) id=T-003 ;;
		esac
		about "$id the pinned $name among the strays of $chain"
		pinned $name
		expect_exit 90 pf $chain
		expect_err '^pinfetch: \(90\) pin mismatch for pin\.test: connection refused, nothing was sent$'
		sed -n '/served/,$p' err >served
		for served in mitm intB rootB; do
			expect_exit 0 cat served
			expect_out "$(escaped $served)"
		done
		for stray in good intA rootA; do
			expect_no_out "$(escaped $stray)"
		done
		nothing_happened $chain
		expect_exit 90 api $chain
		nothing_happened $chain
	done
	rm -rf "$store"
	expect_exit 0 pf $chain
	expect_requests $chain 1
done

about "T-004 untrusted, with the pinned certificates: 60 and not 90"
start_tlsserv injectx --chain injectx --key mitm
pinned rootA
for client in pf api; do
	expect_exit 60 $client injectx
	expect_no_err '\(90\)'
	nothing_happened injectx
done

about "T-009 a loop of signatures ends"
start_tlsserv cycle --chain cycle
pinned rootA
seconds=2
expect_exit 60 pf cycle
nothing_happened cycle
cat "$pki/trust.pem" "$pki/cyc1.pem" >trust.pem
trust=$T/trust.pem
expect_exit 90 pf cycle
expect_exit 90 api cycle
nothing_happened cycle
rm -rf "$store"
expect_exit 0 pf cycle
trust=$pki/trust.pem
seconds=

about "T-010 402 certificates"
start_tlsserv many --chain many --key mitm
pinned rootA
expect_exit 35 pf many
expect_err 'handshake data size'
expect_exit 35 api many
nothing_happened many
rm -rf "$store"
expect_exit 35 pf many

about "T-010 a certificate of 90 KiB, and an RSA key of 16384 bits"
for chain in huge rsa16k; do
	start_tlsserv $chain --chain $chain
	pinned rootA
	expect_exit 90 pf $chain
	expect_exit 90 api $chain
	nothing_happened $chain
	expect_exit 90 pf $chain -k
	nothing_happened $chain
	rm -rf "$store"
	expect_exit 0 pf $chain
	expect_requests $chain 1
done

about "T-014 a DSA key without parameters gives no pin, the others do"
start_tlsserv dsa --chain dsa
start_tlsserv thief --chain dsa-mitm
for name in good intA rootA; do
	pinned $name
	for client in pf api; do
		expect_exit 0 $client dsa
		expect_exit 90 $client thief
	done
	nothing_happened thief
done
expect_exit 2 pinstore --store "$store" pin dsa.test \
	"$top_srcdir/tests/data/spki/dsa-inherits.crt.der" "$(pin backup)"
expect_err 'dsa-inherits'

# The pinned authority vouches for all of them, and none is valid.
for chain in cnonly srvonly longsan excluded excluded-up v1 leafca nobasic; do
	case $chain in
	v1 | leafca | nobasic) about "T-022 $chain: what is no authority" ;;
	*) about "T-021 $chain: a name that does not count" ;;
	esac
	id=$(echo $chain | tr - _)
	start_tlsserv $id --chain $chain
	pinned rootA
	for option in '' -k; do
		expect_exit 60 pf $id $option
		nothing_happened $id
	done
	expect_exit 60 api $id
	nothing_happened $id
	rm -rf "$store"
	expect_exit 60 pf $id
	expect_exit 0 pf $id -k
	expect_requests $id 1
done
