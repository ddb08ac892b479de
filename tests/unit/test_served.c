/*
 * test_served.c - what a server is to serve, judged before any server does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * That such a list is judged as the same certificates of a session are is in
 * test_others.c; here is what must not pass, and what a caller may do wrong.
 */
#include <config.h>

#include <pinstore/gnutls.h>

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/support/data.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"
#include "tests/support/tlspair.h"

#define LIST_MAX 20

static struct tempdir dir;
static struct pinstore *store;
static gnutls_certificate_credentials_t credentials;
static gnutls_x509_trust_list_t trust;

static struct pinstore_pin
pin_of(const char *name)
{
	struct pinstore_pin pin;
	struct data data;
	char file[64];

	snprintf(file, sizeof(file), "%s.crt.der", name);
	data = data_read("pki", file);
	ck_assert_int_eq(pinstore_pin_from_certificate(data.at, data.len, &pin),
	                 PINSTORE_OK);
	free(data.at);
	return pin;
}

/* pin.test has the key of rootA. */
static void
setup(void)
{
	struct pinstore_pin pin;
	struct pinstore_rule rule = {.size = sizeof(rule), .host = "pin.test",
	                             .pins = &pin, .n_pins = 1,
	                             .expires = PINSTORE_NEVER,
	                             .no_backup = 1};

	tls_freeze();
	tempdir_make(&dir);
	ck_assert_int_eq(pinstore_open(dir.store, NULL, &store, NULL),
	                 PINSTORE_OK);
	pin = pin_of("rootA");
	ck_assert_int_eq(pinstore_pin(store, &rule, TLS_NOW, NULL),
	                 PINSTORE_OK);
	credentials = tls_trust(TLS_NAMES("rootA", "rootB"));
	gnutls_certificate_get_trust_list(credentials, &trust);
}

static void
teardown(void)
{
	gnutls_certificate_free_credentials(credentials);
	pinstore_close(store);
	tempdir_remove(&dir);
}

/* The certificates of names; garbage is not one. */
static unsigned
read_list(const char *const names[], struct data data[LIST_MAX],
          gnutls_datum_t out[LIST_MAX])
{
	unsigned n = 0;
	char file[64];

	for (; names[n] != NULL; n++) {
		ck_assert_uint_lt(n, LIST_MAX);
		snprintf(file, sizeof(file), "%s.%s.der",
		         strcmp(names[n], "garbage") == 0 ? "good" : names[n],
		         strcmp(names[n], "garbage") == 0 ? "key" : "crt");
		data[n] = data_read("pki", file);
		out[n].data = data[n].at;
		out[n].size = (unsigned)data[n].len;
	}
	return n;
}

static const struct {
	const char *what;
	const char *host;
	const char *names[LIST_MAX];
	enum pinstore_status status;
	enum pinstore_verdict verdict;
} cases[] = {
        {"T-001: a chain below the pin", "pin.test", {"good", "intA"},
         PINSTORE_OK, PINSTORE_MATCHED},
        {"the name in another form", "PIN.test.", {"good", "intA"},
         PINSTORE_OK, PINSTORE_MATCHED},
        {"T-008: in another order", "pin.test",
         {"good", "intA-by-rootB", "intA"}, PINSTORE_OK, PINSTORE_MATCHED},
        {"T-001: the pinned as strays", "pin.test",
         {"mitm", "intB", "good", "intA", "rootA"}, PINSTORE_OK,
         PINSTORE_REJECT},
        {"T-001: a stray before the issuer", "pin.test",
         {"mitm", "rootA", "intB"}, PINSTORE_OK, PINSTORE_REJECT},
        {"below another root", "pin.test", {"mitm", "intB"}, PINSTORE_OK,
         PINSTORE_REJECT},
        {"without its intermediate", "pin.test", {"good"}, PINSTORE_ERR_CHAIN,
         PINSTORE_REJECT},
        {"the leaf is not the first", "pin.test", {"intA", "good"},
         PINSTORE_ERR_CHAIN, PINSTORE_REJECT},
        {"of a root that nobody trusts", "pin.test", {"untrusted", "intX"},
         PINSTORE_ERR_CHAIN, PINSTORE_REJECT},
        {"T-020: another name", "other.example", {"good", "intA"},
         PINSTORE_ERR_CHAIN, PINSTORE_REJECT},
        {"T-020: an address that it has not", "127.0.0.9",
         {"address", "intA"}, PINSTORE_ERR_CHAIN, PINSTORE_REJECT},
        {"expired", "pin.test", {"expired", "intA"}, PINSTORE_ERR_CHAIN,
         PINSTORE_REJECT},
        {"for mail alone", "pin.test", {"mail", "intA"}, PINSTORE_ERR_CHAIN,
         PINSTORE_REJECT},
        {"signed by a leaf", "pin.test", {"by-leaf", "good", "intA"},
         PINSTORE_ERR_CHAIN, PINSTORE_REJECT},
        {"what is no certificate", "pin.test", {"good", "intA", "garbage"},
         PINSTORE_ERR_CHAIN, PINSTORE_REJECT},
        {"16 certificates", "pin.test",
         {"good", "intA", "intA", "intA", "intA", "intA", "intA", "intA",
          "intA", "intA", "intA", "intA", "intA", "intA", "intA", "rootA"},
         PINSTORE_OK, PINSTORE_MATCHED},
        {"17 certificates", "pin.test",
         {"good", "intA", "intA", "intA", "intA", "intA", "intA", "intA",
          "intA", "intA", "intA", "intA", "intA", "intA", "intA", "intA",
          "rootA"},
         PINSTORE_ERR_CHAIN, PINSTORE_REJECT},
        {"none at all", "pin.test", {NULL}, PINSTORE_ERR_CHAIN,
         PINSTORE_REJECT},
        {"no host", "a b", {"good", "intA"}, PINSTORE_ERR_HOST,
         PINSTORE_REJECT},
        {"an address that none can have", "256.0.0.1", {"good", "intA"},
         PINSTORE_ERR_HOST, PINSTORE_REJECT},
};

START_TEST(lists)
{
	struct pinstore_peer peer = {.size = sizeof(peer),
	                             .host = cases[_i].host};
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	struct pinstore_result *result;
	struct pinstore_chain *chain;
	gnutls_datum_t list[LIST_MAX];
	struct data data[LIST_MAX];
	struct pinstore_error error;
	enum pinstore_status status;
	unsigned n, i;

	n = read_list(cases[_i].names, data, list);
	status = pinstore_check_served(store, trust, 0, list, n, &peer,
	                               TLS_NOW, &verdict, &result, &error);
	ck_assert_msg(status == cases[_i].status, "%s: %d, %s", cases[_i].what,
	              status, error.text);
	ck_assert_msg(verdict == cases[_i].verdict, "%s: %d", cases[_i].what,
	              verdict);
	ck_assert((result != NULL) == (status == PINSTORE_OK));
	pinstore_result_free(result);
	verdict = PINSTORE_MATCHED;
	ck_assert_int_eq(pinstore_check_served(store, trust, 0, list, n, &peer,
	                                       TLS_NOW, &verdict, NULL, NULL),
	                 cases[_i].status);
	ck_assert_int_eq(verdict, cases[_i].verdict);
	ck_assert_int_eq(pinstore_chain_from_served(trust, 0, list, n,
	                                            cases[_i].host, &chain,
	                                            &error),
	                 cases[_i].status);
	ck_assert((chain != NULL) == (status == PINSTORE_OK));
	ck_assert((error.text[0] != '\0') == (status != PINSTORE_OK));
	if (chain != NULL)
		ck_assert_uint_eq(pinstore_chain_served_length(chain), n);
	pinstore_chain_free(chain);
	for (i = 0; i < n; i++)
		free(data[i].at);
}
END_TEST

START_TEST(wrong_arguments)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = "pin.test"};
	struct pinstore_peer unsized = {.size = 0, .host = "pin.test"};
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	struct pinstore_chain *chain;

	ck_assert_int_eq(pinstore_chain_from_served(NULL, 0, NULL, 0,
	                                            "pin.test", &chain, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_ptr_null(chain);
	ck_assert_int_eq(pinstore_chain_from_served(trust, 0, NULL, 1,
	                                            "pin.test", &chain, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_chain_from_served(trust, 0, NULL, 0,
	                                            "pin.test", NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_chain_from_served(trust, 0, NULL, 0, NULL,
	                                            &chain, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_check_served(NULL, trust, 0, NULL, 0, &peer,
	                                       TLS_NOW, &verdict, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_check_served(store, NULL, 0, NULL, 0, &peer,
	                                       TLS_NOW, &verdict, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_check_served(store, trust, 0, NULL, 1, &peer,
	                                       TLS_NOW, &verdict, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_check_served(store, trust, 0, NULL, 0,
	                                       &unsized, TLS_NOW, &verdict,
	                                       NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_check_served(store, trust, 0, NULL, 0, &peer,
	                                       TLS_NOW, NULL, NULL, NULL),
	                 PINSTORE_ERR_ARG);
}
END_TEST

/* The flags are GnuTLS's, and act. */
START_TEST(flags)
{
	struct pinstore_chain *chain;
	gnutls_datum_t list[LIST_MAX];
	struct data data[LIST_MAX];
	unsigned n, i;

	n = read_list(TLS_NAMES("expired", "intA"), data, list);
	ck_assert_int_eq(pinstore_chain_from_served(
	                         trust, GNUTLS_VERIFY_DISABLE_TIME_CHECKS,
	                         list, n, "pin.test", &chain, NULL),
	                 PINSTORE_OK);
	pinstore_chain_free(chain);
	for (i = 0; i < n; i++)
		free(data[i].at);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("served");
	TCase *tcase = tcase_create("served");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, lists, 0,
	                    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, wrong_arguments);
	tcase_add_test(tcase, flags);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
