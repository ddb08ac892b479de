/*
 * fault_gnutls.c - every call of GnuTLS fails once, with each of its errors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A call that is made to fail is not made, and leaves behind what would suit
 * an attacker best.  The verdict is then the one that an undisturbed run
 * gives, or REJECT with an error of the right kind (T-121).
 */
#include <config.h>

#include <pinstore/gnutls.h>

#include <string.h>

#include <check.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "tests/support/faultcall.h"
#include "tests/support/suite.h"
#include "tests/unit/ways.h"

#define RUNS_MAX 1000
/* One in so many errors for each call, unless FAULTS=all asks for each. */
#define STRIDE 17

/* ---------------------------------------------------------------- the calls */

#define CALLS(X) \
	X(gnutls_alert_send, (gnutls_session_t session, \
	                      gnutls_alert_level_t level, \
	                      gnutls_alert_description_t what), \
	  (session, level, what)) \
	X(gnutls_certificate_verification_status_print, \
	  (unsigned output, gnutls_certificate_type_t type, \
	   gnutls_datum_t *out, unsigned flags), (output, type, out, flags)) \
	X(gnutls_credentials_get, (gnutls_session_t session, \
	                           gnutls_credentials_type_t type, \
	                           void **out), (session, type, out)) \
	X(gnutls_ext_get_data, (gnutls_session_t session, unsigned id, \
	                        gnutls_ext_priv_data_t *out), \
	  (session, id, out)) \
	X(gnutls_handshake, (gnutls_session_t session), (session)) \
	X(gnutls_hash_fast, (gnutls_digest_algorithm_t algorithm, \
	                     const void *text, size_t len, void *out), \
	  (algorithm, text, len, out)) \
	X(gnutls_server_name_get, (gnutls_session_t session, void *data, \
	                           size_t *len, unsigned *type, unsigned i), \
	  (session, data, len, type, i)) \
	X(gnutls_server_name_set, (gnutls_session_t session, \
	                           gnutls_server_name_type_t type, \
	                           const void *name, size_t len), \
	  (session, type, name, len)) \
	X(gnutls_session_ext_register, \
	  (gnutls_session_t session, const char *name, int id, \
	   gnutls_ext_parse_type_t type, gnutls_ext_recv_func receive, \
	   gnutls_ext_send_func send, gnutls_ext_deinit_data_func end, \
	   gnutls_ext_pack_func pack, gnutls_ext_unpack_func unpack, \
	   unsigned flags), \
	  (session, name, id, type, receive, send, end, pack, unpack, flags)) \
	X(gnutls_x509_crt_export2, (gnutls_x509_crt_t crt, \
	                            gnutls_x509_crt_fmt_t format, \
	                            gnutls_datum_t *out), (crt, format, out)) \
	X(gnutls_x509_crt_get_pk_algorithm, (gnutls_x509_crt_t crt, \
	                                     unsigned *bits), (crt, bits)) \
	X(gnutls_x509_crt_get_pk_rsa_raw, \
	  (gnutls_x509_crt_t crt, gnutls_datum_t *modulus, \
	   gnutls_datum_t *exponent), (crt, modulus, exponent)) \
	X(gnutls_x509_crt_import, (gnutls_x509_crt_t crt, \
	                           const gnutls_datum_t *data, \
	                           gnutls_x509_crt_fmt_t format), \
	  (crt, data, format)) \
	X(gnutls_x509_crt_init, (gnutls_x509_crt_t *out), (out)) \
	X(gnutls_x509_trust_list_get_issuer, \
	  (gnutls_x509_trust_list_t list, gnutls_x509_crt_t crt, \
	   gnutls_x509_crt_t *out, unsigned flags), (list, crt, out, flags))

/* Those are wrapped by hand. */
#define ENUM(name, parameters, arguments) CALL_##name,
enum call {
	CALLS(ENUM)
	CALL_gnutls_certificate_get_peers,
	CALL_gnutls_certificate_get_trust_list,
	CALL_gnutls_certificate_type_get2,
	CALL_gnutls_certificate_verify_peers,
	CALL_gnutls_x509_crt_check_issuer,
	CALL_gnutls_x509_crt_equals,
	CALL_gnutls_x509_trust_list_verify_crt2,
	N_CALLS
};
#define NAME(name, parameters, arguments) #name,
static const char *const call_names[] = {
	CALLS(NAME)
	"gnutls_certificate_get_peers",
	"gnutls_certificate_get_trust_list",
	"gnutls_certificate_type_get2",
	"gnutls_certificate_verify_peers",
	"gnutls_x509_crt_check_issuer",
	"gnutls_x509_crt_equals",
	"gnutls_x509_trust_list_verify_crt2",
};

#define WRAP(name, parameters, arguments) \
	int __real_##name parameters; \
	int __wrap_##name parameters; \
	int __wrap_##name parameters \
	{ \
		int code; \
\
		if (fault_hits(CALL_##name, &code)) \
			return code; \
		return __real_##name arguments; \
	}
CALLS(WRAP)

const gnutls_datum_t *
__real_gnutls_certificate_get_peers(gnutls_session_t session, unsigned *n);
const gnutls_datum_t *
__wrap_gnutls_certificate_get_peers(gnutls_session_t session, unsigned *n);
gnutls_certificate_type_t
__real_gnutls_certificate_type_get2(gnutls_session_t session,
                                    gnutls_ctype_target_t target);
gnutls_certificate_type_t
__wrap_gnutls_certificate_type_get2(gnutls_session_t session,
                                    gnutls_ctype_target_t target);
int __real_gnutls_certificate_verify_peers(gnutls_session_t session,
                                           gnutls_typed_vdata_st *data,
                                           unsigned n, unsigned *status);
int __wrap_gnutls_certificate_verify_peers(gnutls_session_t session,
                                           gnutls_typed_vdata_st *data,
                                           unsigned n, unsigned *status);

void __real_gnutls_certificate_get_trust_list(
        gnutls_certificate_credentials_t credentials,
        gnutls_x509_trust_list_t *out);
void __wrap_gnutls_certificate_get_trust_list(
        gnutls_certificate_credentials_t credentials,
        gnutls_x509_trust_list_t *out);
unsigned __real_gnutls_x509_crt_check_issuer(gnutls_x509_crt_t crt,
                                             gnutls_x509_crt_t issuer);
unsigned __wrap_gnutls_x509_crt_check_issuer(gnutls_x509_crt_t crt,
                                             gnutls_x509_crt_t issuer);
unsigned __real_gnutls_x509_crt_equals(gnutls_x509_crt_t a,
                                       gnutls_x509_crt_t b);
unsigned __wrap_gnutls_x509_crt_equals(gnutls_x509_crt_t a,
                                       gnutls_x509_crt_t b);
int __real_gnutls_x509_trust_list_verify_crt2(
        gnutls_x509_trust_list_t trust, gnutls_x509_crt_t *list, unsigned n,
        gnutls_typed_vdata_st *data, unsigned n_data, unsigned flags,
        unsigned *output, gnutls_verify_output_function function);
int __wrap_gnutls_x509_trust_list_verify_crt2(
        gnutls_x509_trust_list_t trust, gnutls_x509_crt_t *list, unsigned n,
        gnutls_typed_vdata_st *data, unsigned n_data, unsigned flags,
        unsigned *output, gnutls_verify_output_function function);

/* It has no error to return: what it was to fill stays as it was. */
void
__wrap_gnutls_certificate_get_trust_list(
        gnutls_certificate_credentials_t credentials,
        gnutls_x509_trust_list_t *out)
{
	int code;

	if (!fault_hits(CALL_gnutls_certificate_get_trust_list, &code))
		__real_gnutls_certificate_get_trust_list(credentials, out);
}

/* Whatever they are, those two may say "yes" of what is not so. */
unsigned
__wrap_gnutls_x509_crt_check_issuer(gnutls_x509_crt_t crt,
                                    gnutls_x509_crt_t issuer)
{
	int code;

	if (!fault_hits(CALL_gnutls_x509_crt_check_issuer, &code))
		return __real_gnutls_x509_crt_check_issuer(crt, issuer);
	return (unsigned)-code % 2;
}

unsigned
__wrap_gnutls_x509_crt_equals(gnutls_x509_crt_t a, gnutls_x509_crt_t b)
{
	int code;

	if (!fault_hits(CALL_gnutls_x509_crt_equals, &code))
		return __real_gnutls_x509_crt_equals(a, b);
	return (unsigned)-code % 2;
}

/* An error beside a status word that says "all is well". */
int
__wrap_gnutls_x509_trust_list_verify_crt2(
        gnutls_x509_trust_list_t trust, gnutls_x509_crt_t *list, unsigned n,
        gnutls_typed_vdata_st *data, unsigned n_data, unsigned flags,
        unsigned *output, gnutls_verify_output_function function)
{
	int code;

	if (!fault_hits(CALL_gnutls_x509_trust_list_verify_crt2, &code))
		return __real_gnutls_x509_trust_list_verify_crt2(
		        trust, list, n, data, n_data, flags, output, function);
	*output = 0;
	return code;
}

/* No list, of a length that it does not have. */
const gnutls_datum_t *
__wrap_gnutls_certificate_get_peers(gnutls_session_t session, unsigned *n)
{
	int code;

	if (!fault_hits(CALL_gnutls_certificate_get_peers, &code))
		return __real_gnutls_certificate_get_peers(session, n);
	*n = 2;
	return NULL;
}

gnutls_certificate_type_t
__wrap_gnutls_certificate_type_get2(gnutls_session_t session,
                                    gnutls_ctype_target_t target)
{
	static const gnutls_certificate_type_t types[] = {
		GNUTLS_CRT_UNKNOWN, GNUTLS_CRT_OPENPGP, GNUTLS_CRT_RAWPK};
	int code;

	if (!fault_hits(CALL_gnutls_certificate_type_get2, &code))
		return __real_gnutls_certificate_type_get2(session, target);
	return types[(unsigned)-code % 3];
}

/* An error beside a status word that says "all is well". */
int
__wrap_gnutls_certificate_verify_peers(gnutls_session_t session,
                                       gnutls_typed_vdata_st *data, unsigned n,
                                       unsigned *status)
{
	int code;

	if (!fault_hits(CALL_gnutls_certificate_verify_peers, &code))
		return __real_gnutls_certificate_verify_peers(session, data, n,
		                                              status);
	*status = 0;
	return code;
}

/* --------------------------------------------------------------- the errors */

#define ERROR(name) {GNUTLS_E_##name, #name}
static const struct {
	int code;
	const char *name;
} errors[] = {
	ERROR(MEMORY_ERROR),
	ERROR(INTERNAL_ERROR),
	ERROR(SHORT_MEMORY_BUFFER),
	ERROR(INVALID_REQUEST),
	ERROR(NO_CERTIFICATE_FOUND),
	ERROR(REQUESTED_DATA_NOT_AVAILABLE),
	ERROR(CERTIFICATE_ERROR),
	ERROR(CERTIFICATE_VERIFICATION_ERROR),
	ERROR(CERTIFICATE_LIST_UNSORTED),
	ERROR(UNSUPPORTED_CERTIFICATE_TYPE),
	ERROR(X509_UNSUPPORTED_ATTRIBUTE),
	ERROR(X509_UNKNOWN_SAN),
	ERROR(PK_SIG_VERIFY_FAILED),
	ERROR(INSUFFICIENT_CREDENTIALS),
	ERROR(HASH_FAILED),
	ERROR(UNKNOWN_HASH_ALGORITHM),
	ERROR(UNKNOWN_PK_ALGORITHM),
	ERROR(LIB_IN_ERROR_STATE),
	ERROR(SELF_TEST_ERROR),
	ERROR(ALREADY_REGISTERED),
	ERROR(UNIMPLEMENTED_FEATURE),
	ERROR(CONSTRAINT_ERROR),
	ERROR(ASN1_ELEMENT_NOT_FOUND),
	ERROR(ASN1_IDENTIFIER_NOT_FOUND),
	ERROR(ASN1_DER_ERROR),
	ERROR(ASN1_VALUE_NOT_FOUND),
	ERROR(ASN1_GENERIC_ERROR),
	ERROR(ASN1_VALUE_NOT_VALID),
	ERROR(ASN1_TAG_ERROR),
	ERROR(ASN1_TAG_IMPLICIT),
	ERROR(ASN1_TYPE_ANY_ERROR),
	ERROR(ASN1_SYNTAX_ERROR),
	ERROR(ASN1_DER_OVERFLOW),
	ERROR(PUSH_ERROR),
	ERROR(PULL_ERROR),
	ERROR(PREMATURE_TERMINATION),
	ERROR(FATAL_ALERT_RECEIVED),
	ERROR(WARNING_ALERT_RECEIVED),
	ERROR(LARGE_PACKET),
	ERROR(TIMEDOUT),
	ERROR(SESSION_EOF),
	ERROR(AGAIN),
	ERROR(INTERRUPTED),
	ERROR(REHANDSHAKE),
	/* No error of any version; and a value that is none. */
	{-9999, "an unknown one"},
	{1, "1"},
};

/* What a failure of call may be told as; 0 behind the last. */
static const int *
statuses_of(enum call call)
{
	static const int chain[] = {PINSTORE_ERR_CHAIN, 0};
	static const int verify[] = {PINSTORE_ERR_CHAIN, PINSTORE_ERR_NOMEM, 0};
	static const int own[] = {PINSTORE_ERR_INTERNAL, PINSTORE_ERR_NOMEM, 0};
	static const int any[] = {PINSTORE_ERR_CHAIN, PINSTORE_ERR_INTERNAL,
	                          PINSTORE_ERR_NOMEM, 0};
	static const int caller[] = {PINSTORE_ERR_ARG, 0};
	static const int slot[] = {PINSTORE_ERR_ARG, PINSTORE_ERR_INTERNAL,
	                           PINSTORE_ERR_UNJUDGED, 0};
	/* CHAIN: it tells of success, and no certificate has come. */
	static const int handshake[] = {PINSTORE_ERR_UNJUDGED,
	                                PINSTORE_ERR_CHAIN, 0};
	static const int none[] = {0};

	switch (call) {
	case CALL_gnutls_alert_send:
	/* Without an answer of those there is no other path. */
	case CALL_gnutls_certificate_get_trust_list:
	case CALL_gnutls_credentials_get:
	case CALL_gnutls_x509_crt_check_issuer:
	case CALL_gnutls_x509_crt_equals:
	case CALL_gnutls_x509_crt_get_pk_algorithm:
	case CALL_gnutls_x509_crt_get_pk_rsa_raw:
	case CALL_gnutls_x509_trust_list_get_issuer:
	case N_CALLS:
		return none;
	case CALL_gnutls_certificate_verification_status_print:
	case CALL_gnutls_certificate_get_peers:
	case CALL_gnutls_certificate_type_get2:
		return chain;
	case CALL_gnutls_certificate_verify_peers:
		return verify;
	case CALL_gnutls_x509_crt_import:
	case CALL_gnutls_x509_crt_init:
	case CALL_gnutls_x509_trust_list_verify_crt2:
		return any;
	case CALL_gnutls_hash_fast:
	case CALL_gnutls_server_name_set:
	case CALL_gnutls_session_ext_register:
	case CALL_gnutls_x509_crt_export2:
		return own;
	case CALL_gnutls_server_name_get:
		return caller;
	case CALL_gnutls_ext_get_data:
		return slot;
	case CALL_gnutls_handshake:
		return handshake;
	}
	return none;
}

/* Those that tell MEMORY_ERROR from the rest. */
static bool
tells_memory(enum call call)
{
	switch (call) {
	case CALL_gnutls_certificate_verify_peers:
	case CALL_gnutls_hash_fast:
	case CALL_gnutls_server_name_set:
	case CALL_gnutls_session_ext_register:
	case CALL_gnutls_x509_crt_export2:
	case CALL_gnutls_x509_crt_import:
	case CALL_gnutls_x509_crt_init:
	case CALL_gnutls_x509_trust_list_verify_crt2:
		return true;
	case CALL_gnutls_alert_send:
	case CALL_gnutls_certificate_get_trust_list:
	case CALL_gnutls_credentials_get:
	case CALL_gnutls_x509_crt_check_issuer:
	case CALL_gnutls_x509_crt_equals:
	case CALL_gnutls_x509_crt_get_pk_algorithm:
	case CALL_gnutls_x509_crt_get_pk_rsa_raw:
	case CALL_gnutls_x509_trust_list_get_issuer:
	case CALL_gnutls_certificate_verification_status_print:
	case CALL_gnutls_certificate_get_peers:
	case CALL_gnutls_certificate_type_get2:
	case CALL_gnutls_server_name_get:
	case CALL_gnutls_ext_get_data:
	case CALL_gnutls_handshake:
	case N_CALLS:
		break;
	}
	return false;
}

static bool
may_be(enum call call, size_t error, enum pinstore_status status)
{
	const int *allowed = statuses_of(call);

	if (tells_memory(call) && errors[error].code == GNUTLS_E_MEMORY_ERROR)
		return status == PINSTORE_ERR_NOMEM;
	for (; *allowed != 0; allowed++)
		if (*allowed == (int)status)
			return true;
	return false;
}

/* Calls whose failure may cost a path, so that the pins are not found. */
static bool
is_of_search(enum call call)
{
	return call == CALL_gnutls_certificate_get_peers ||
	       call == CALL_gnutls_certificate_get_trust_list ||
	       call == CALL_gnutls_credentials_get ||
	       call == CALL_gnutls_x509_crt_check_issuer ||
	       call == CALL_gnutls_x509_crt_equals ||
	       call == CALL_gnutls_x509_crt_get_pk_algorithm ||
	       call == CALL_gnutls_x509_crt_get_pk_rsa_raw ||
	       call == CALL_gnutls_x509_trust_list_get_issuer ||
	       call == CALL_gnutls_x509_trust_list_verify_crt2;
}

static bool
has_turn(int call, size_t error)
{
	const char *wanted = getenv("FAULTS");

	return (wanted != NULL && strcmp(wanted, "all") == 0) ||
	       (error + (size_t)call) % (STRIDE * suite_stride(8)) == 0;
}

/* ----------------------------------------------------------------- sessions */

struct run {
	struct tls_server server;
	gnutls_certificate_credentials_t trust;
	struct pinstore *store;
	struct tempdir dir;
};

/* The n-th call of that kind fails, n = 1, 2, ..., until there is none. */
static long
fail_each(struct run *run, int i, enum call call, size_t error)
{
	bool has_failed = true;
	long n;

	for (n = 1; has_failed && n < RUNS_MAX; n++) {
		gnutls_session_t session = way_connect(i, &run->server,
		                                       run->trust);
		enum pinstore_verdict verdict;
		enum pinstore_status status;
		bool is_same;

		is_consistent = true;
		fault_arm(0, (int)call, errors[error].code, n);
		status = run_way(i, session, run->store, &verdict);
		has_failed = fault_disarm();
		is_same = status == ways[i].status &&
		          verdict == ways[i].verdict;
		way_request(session, status, verdict);
		tls_close(session);
		tls_server_join(&run->server);
		ck_assert_msg(is_consistent && (is_same || has_failed) &&
		                      (verdict == PINSTORE_REJECT ||
		                       verdict == ways[i].verdict),
		              "%s, %s %ld is %s: status %d, verdict %d",
		              ways[i].what, call_names[call], n,
		              errors[error].name, (int)status, (int)verdict);
		if (is_of_search(call) && status == PINSTORE_OK &&
		    verdict == PINSTORE_REJECT)
			continue;
		ck_assert_msg(is_same || may_be(call, error, status),
		              "%s, %s %ld is %s: told as %d", ways[i].what,
		              call_names[call], n, errors[error].name,
		              (int)status);
		/* A laxer floor would be found by verifying less. */
		ck_assert(call != CALL_gnutls_x509_trust_list_verify_crt2 ||
		          !has_failed || verdict == PINSTORE_REJECT);
		ck_assert_uint_eq(run->server.received,
		                  is_same && verdict != PINSTORE_REJECT ? 3
		                                                        : 0);
	}
	ck_assert_int_lt(n, RUNS_MAX);
	return n - 2;
}

START_TEST(every_call)
{
	struct run run;
	long n = 0;
	int call;
	size_t i;

	run.trust = tls_trust(TLS_NAMES("rootA", "rootB"));
	run.store = open_pinned(&run.dir);
	tls_server_init(&run.server, ways[_i].served, ways[_i].key);
	for (call = 0; call < N_CALLS; call++) {
		for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
			if (has_turn(call, i))
				n += fail_each(&run, _i, (enum call)call, i);
	}
	printf("%s: %ld failures\n", ways[_i].what, n);
	tls_server_free(&run.server);
	pinstore_close(run.store);
	tempdir_remove(&run.dir);
	gnutls_certificate_free_credentials(run.trust);
}
END_TEST

/* ------------------------------------------------------------ keys, chains */

static struct data leaf, request, key;

static enum pinstore_status
make_pin_of_certificate(void)
{
	struct pinstore_pin pin;

	return pinstore_pin_from_certificate(leaf.at, leaf.len, &pin);
}

static enum pinstore_status
make_pin_of_request(void)
{
	struct pinstore_pin pin;

	return pinstore_pin_from_request(request.at, request.len, &pin);
}

static enum pinstore_status
make_pin_of_key(void)
{
	struct pinstore_pin pin;

	return pinstore_pin_from_public_key(key.at, key.len, &pin);
}

static enum pinstore_status
make_chain(void)
{
	const uint8_t *const der[] = {leaf.at, leaf.at};
	const size_t len[] = {leaf.len, leaf.len};
	struct pinstore_chain *chain;
	enum pinstore_status status;

	status = pinstore_chain_from_validated_certificates(der, len, 2,
	                                                    &chain);
	is_consistent = (chain != NULL) == (status == PINSTORE_OK);
	/* A key whose hash failed is no key without a pin. */
	if (status == PINSTORE_OK && pinstore_chain_pin(chain, 1) == NULL)
		is_consistent = false;
	pinstore_chain_free(chain);
	return status;
}

static enum pinstore_status (*const makers[])(void) = {
	make_pin_of_certificate, make_pin_of_request, make_pin_of_key,
	make_chain};

START_TEST(keys)
{
	enum pinstore_status status;
	bool has_failed;
	size_t i;
	int call;
	long n;

	leaf = data_read("spki", "p256.crt.der");
	request = data_read("spki", "p256.req.der");
	key = data_read("spki", "p256.key.der");
	for (call = 0; call < N_CALLS; call++) {
		for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
			has_failed = true;
			for (n = 1; has_failed && n < RUNS_MAX; n++) {
				is_consistent = true;
				fault_arm(0, call, errors[i].code, n);
				status = makers[_i]();
				has_failed = fault_disarm();
				ck_assert(is_consistent);
				ck_assert_msg(has_failed
				                      ? may_be((enum call)call,
				                               i, status)
				                      : status == PINSTORE_OK,
				              "%s is %s: told as %d",
				              call_names[call], errors[i].name,
				              (int)status);
			}
			ck_assert_int_lt(n, RUNS_MAX);
		}
	}
	free(leaf.at);
	free(request.at);
	free(key.at);
}
END_TEST

/* Every call that can fail has failed somewhere. */
START_TEST(none_is_left_out)
{
	int call;

	for (call = 0; call < N_CALLS; call++)
		ck_assert_msg(fault_counts[call] > 0, "%s never failed",
		              call_names[call]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault_gnutls");
	TCase *tcase = tcase_create("fault_gnutls");

	fault_share_counts();
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, tls_freeze, NULL);
	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, every_call, 0, COUNT(ways));
	tcase_add_loop_test(tcase, keys, 0, COUNT(makers));
	tcase_add_test(tcase, none_is_left_out);
	return suite_run(suite);
}
