#!/bin/sh
# calls.sh - each function of GnuTLS and LMDB that is called is made to fail.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A test program wraps what it lets fail, a library to be preloaded defines it.
. "$(dirname "$0")/common.sh"
need nm comm sort sed "${CC:=cc}"

# Without an error that could be looked at.
cannot_fail='gnutls_alert_get gnutls_alert_get_name gnutls_bye
gnutls_certificate_free_credentials gnutls_certificate_get_verify_flags
gnutls_deinit gnutls_ocsp_resp_deinit gnutls_pk_algorithm_get_name
gnutls_protocol_get_name gnutls_record_check_pending
gnutls_record_get_direction gnutls_transport_set_int2 gnutls_error_is_fatal
gnutls_ext_set_data gnutls_free
gnutls_malloc gnutls_memset gnutls_pkcs12_bag_deinit gnutls_pkcs12_deinit
gnutls_pkcs7_deinit gnutls_privkey_deinit gnutls_pubkey_deinit
gnutls_session_set_verify_function gnutls_session_set_verify_output_function
gnutls_global_set_time_function gnutls_strerror gnutls_x509_crq_deinit
gnutls_x509_crt_deinit gnutls_x509_privkey_deinit gnutls_x509_trust_list_deinit
mdb_cursor_close mdb_env_close mdb_strerror mdb_txn_abort mdb_txn_reset'

# calls OBJECT... -- TEST...: judge what the objects call and the tests fail
calls()
{
	: >"$scratch/called"
	while [ "$1" != -- ]; do
		[ -f "$1" ] || { echo "$1: not built"; return; }
		nm -D -u "$1" | sed -n 's/^ *U \(\(gnutls\|mdb\)_[a-z0-9_]*\).*/\1/p'
		shift
	done >"$scratch/called"
	shift
	for test; do
		[ -f "$test" ] || { echo "$test: not built"; return; }
		nm "$test" |
			sed -n 's/.* T \(__wrap_\)\{0,1\}\(\(gnutls\|mdb\)_[a-z0-9_]*\)$/\2/p'
	done | sort -u >"$scratch/failed"
	[ -s "$scratch/called" ] || echo "nothing is called"
	printf '%s\n' $cannot_fail | sort -u >"$scratch/cannot"
	sort -u "$scratch/called" | comm -23 - "$scratch/cannot" |
		comm -23 - "$scratch/failed" |
		sed 's/$/: called, but no test makes it fail/'
}

# of the samples: x.so, x.test
judge()
{
	calls x.so -- x.test
}

# try CALLED WRAPPED: an object that calls, a test that wraps
try()
{
	for name in $1; do
		echo "extern int $name(void); int *f_$name(void);"
		echo "int *f_$name(void) { static int x; x = $name(); return &x; }"
	done >"$scratch/x.c"
	"$CC" -shared -fPIC -o "$sample/x.so" "$scratch/x.c" || exit 99
	{
		echo 'int main(void) { return 0; }'
		for name in $2; do
			echo "int $name(void); int $name(void) { return 1; }"
		done
	} >"$scratch/x.c"
	"$CC" -o "$sample/x.test" "$scratch/x.c" || exit 99
}

try 'gnutls_handshake mdb_get mdb_strerror' \
	'__wrap_gnutls_handshake __wrap_mdb_get'
must_pass
try 'gnutls_handshake mdb_get' 'gnutls_handshake mdb_get'
must_pass
try 'gnutls_handshake mdb_get' '__wrap_gnutls_handshake'
must_find 'mdb_get: called, but no test makes it fail'
try 'gnutls_handshake mdb_get' '__wrap_mdb_get_more __wrap_mdb_get'
must_find 'gnutls_handshake: called, but no test makes it fail'
try 'ps_host_parse' ''
must_find 'nothing is called'

judge()
{
	calls libpinstore/.libs/libpinstore.so \
		libpinstore/.libs/libpinstore-curl.so \
		tools/pinfetch/.libs/pinfetch tools/pinstore/.libs/pinstore -- \
		tests/unit/fault_lmdb tests/unit/fault_gnutls \
		tests/support/.libs/libfaultload.so
}
judge_tree "$top_builddir"
