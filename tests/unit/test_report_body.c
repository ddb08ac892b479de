/*
 * test_report_body.c - what a report says: R-3-3 to R-3-14.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <jansson.h>

#include "api/check.h"
#include "tests/support/data.h"
#include "tests/support/suite.h"
#include "tests/unit/report_fixture.h"

/* 2024-02-29T12:34:56Z. */
#define LEAP INT64_C(1709210096)
#define SERVED 3
#define PATH 3

static struct data files[5];
static const uint8_t *served[SERVED], *path[PATH];
static size_t served_len[SERVED], path_len[PATH];

/* Served: the leaf, a stray, the intermediate; the root is not. */
static void
setup(void)
{
	static const char *const names[] = {
		"good.crt.der", "mail.crt.der", "intA.crt.der",
		"rootA.crt.der",
	};
	static const size_t in_path[] = {0, 2, 3};
	size_t i;

	fixture_setup();
	for (i = 0; i < COUNT(names); i++)
		files[i] = data_read("pki", names[i]);
	for (i = 0; i < SERVED; i++) {
		served[i] = files[i].at;
		served_len[i] = files[i].len;
		path[i] = files[in_path[i]].at;
		path_len[i] = files[in_path[i]].len;
	}
}

static void
teardown(void)
{
	size_t i;

	for (i = 0; i < COUNT(files); i++) {
		free(files[i].at);
		files[i].at = NULL;
	}
	fixture_teardown();
}

static struct pinstore_chain *
real_chain(void)
{
	struct pinstore_chain *chain;

	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         path, path_len, PATH, &chain), PINSTORE_OK);
	ck_assert_int_eq(pinstore_chain_set_served(chain, served, served_len,
	                                           SERVED), PINSTORE_OK);
	return chain;
}

/* Refuse the chain and parse the one report strictly.  Owner: the caller. */
static json_t *
report_of(const char *host, uint16_t port,
          const struct pinstore_chain *chain, int64_t now)
{
	struct pinstore_report *report;
	json_error_t error;
	const char *body;
	json_t *out;
	size_t len;

	ck_assert_int_eq(check_chain(host, port, 0, chain, now),
	                 PINSTORE_REJECT);
	report = take_at(now);
	ck_assert_ptr_nonnull(report);
	body = pinstore_report_body(report, &len);
	ck_assert_uint_eq(strlen(body), len);
	out = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(out != NULL, "%s in %s", error.text, body);
	settle_at(report, PINSTORE_OUTCOME_DELIVERED, now);
	ck_assert_ptr_null(take_at(now));
	return out;
}

static const char *
text_of(const json_t *report, const char *name)
{
	const json_t *member = json_object_get(report, name);

	ck_assert_msg(json_is_string(member), "%s is no string", name);
	return json_string_value(member);
}

/* Each PEM text decodes to these certificates, in their order. */
static void
assert_pem(const json_t *report, const char *name, const uint8_t *const der[],
           const size_t len[], size_t n)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	static const char end[] = "-----END CERTIFICATE-----\n";
	const json_t *list = json_object_get(report, name);
	size_t i;

	ck_assert(json_is_array(list));
	ck_assert_uint_eq(json_array_size(list), n);
	for (i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		const char *at, *last;
		size_t out_len, base64_len = 0;
		uint8_t *out;
		bool loose;

		ck_assert_ptr_nonnull(text);
		ck_assert(strncmp(text, begin, strlen(begin)) == 0);
		last = text + strlen(text) - strlen(end);
		ck_assert_str_eq(last, end);
		out = malloc(strlen(text));
		ck_assert_ptr_nonnull(out);
		/* RFC 7468: 64 columns but for the last line. */
		for (at = text + strlen(begin); at < last;) {
			size_t line = strcspn(at, "\n");

			ck_assert_uint_gt(line, 0);
			ck_assert(line == 64 ||
			          (line < 64 && at + line + 1 == last));
			memcpy(out + base64_len, at, line);
			base64_len += line;
			at += line + 1;
		}
		ck_assert(ps_base64_decode(out, base64_len, out, &out_len,
		                           &loose));
		ck_assert(!loose);
		ck_assert_uint_eq(out_len, len[i]);
		ck_assert_int_eq(memcmp(out, der[i], len[i]), 0);
		free(out);
	}
}

/*
 * R-3-3, R-3-5, R-3-6, R-3-9, R-3-10, R-3-11: all nine members, each of its
 * type; the stray is where it was served and not in the path, and the root is
 * in the path, which nobody served.
 */
START_TEST(nine_members)
{
	static const char *const names[] = {
		"date-time", "hostname", "port", "effective-expiration-date",
		"include-subdomains", "noted-hostname",
		"served-certificate-chain", "validated-certificate-chain",
		"known-pins",
	};
	struct pinstore_chain *chain = real_chain();
	json_t *report;
	size_t i;

	pin_reported("a.test", "AB", 1, URI, PINSTORE_ENFORCE);
	report = report_of("x.a.test", 8443, chain, NOW);
	ck_assert_uint_eq(json_object_size(report), COUNT(names));
	for (i = 0; i < COUNT(names); i++)
		ck_assert_msg(json_object_get(report, names[i]) != NULL,
		              "no %s", names[i]);
	ck_assert_str_eq(text_of(report, "date-time"), "2026-01-01T00:00:00Z");
	ck_assert_str_eq(text_of(report, "effective-expiration-date"),
	                 "2026-01-01T00:16:40Z");
	ck_assert_str_eq(text_of(report, "hostname"), "x.a.test");
	ck_assert_str_eq(text_of(report, "noted-hostname"), "a.test");
	ck_assert(json_is_integer(json_object_get(report, "port")));
	ck_assert_int_eq(json_integer_value(json_object_get(report, "port")),
	                 8443);
	ck_assert(json_is_true(json_object_get(report, "include-subdomains")));
	assert_pem(report, "served-certificate-chain", served, served_len,
	           SERVED);
	assert_pem(report, "validated-certificate-chain", path, path_len,
	           PATH);
	json_decref(report);
	pinstore_chain_free(chain);
}
END_TEST

/* R-3-5, R-3-6, R-3-8, R-3-9: the other value of each. */
START_TEST(other_values)
{
	struct pinstore_chain *chain = chain_of("C");
	json_t *report;

	pin_reported("b\xc3\xbc" "cher.test", "AB", 0, URI, PINSTORE_ENFORCE);
	report = report_of("B\xc3\x9c" "CHER.test.", 0, chain, NOW);
	ck_assert_str_eq(text_of(report, "hostname"), "xn--bcher-kva.test");
	ck_assert_str_eq(text_of(report, "noted-hostname"),
	                 "xn--bcher-kva.test");
	ck_assert_int_eq(json_integer_value(json_object_get(report, "port")),
	                 443);
	ck_assert(json_is_false(json_object_get(report, "include-subdomains")));
	/* Made of pins: there is no certificate that could be told. */
	assert_pem(report, "served-certificate-chain", NULL, NULL, 0);
	assert_pem(report, "validated-certificate-chain", NULL, NULL, 0);
	json_decref(report);
	pinstore_chain_free(chain);
}
END_TEST

static const struct {
	int64_t expires, at;
	const char *date_time, *expiration;
} dates[] = {
	/* R-3-4: also on a leap day */
	{LEAP + 1, LEAP, "2024-02-29T12:34:56Z", "2024-02-29T12:34:57Z"},
	/* R-3-7: the stored second; never is the last date that there is */
	{PINSTORE_NEVER, NOW, "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z"},
	{4102444800, 2147483648, "2038-01-19T03:14:08Z",
	 "2100-01-01T00:00:00Z"},
};

START_TEST(two_dates)
{
	struct pinstore_chain *chain = chain_of("C");
	struct pinstore_pin pins[2] = {pin_of('A'), pin_of('B')};
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = "a.test",
		.pins = pins,
		.n_pins = 2,
		.expires = dates[_i].expires,
		.report_uri = URI,
	};
	json_t *report;

	ck_assert_int_eq(pinstore_pin(ps, &rule, dates[_i].at, NULL),
	                 PINSTORE_OK);
	report = report_of("a.test", 443, chain, dates[_i].at);
	ck_assert_str_eq(text_of(report, "date-time"), dates[_i].date_time);
	ck_assert_str_eq(text_of(report, "effective-expiration-date"),
	                 dates[_i].expiration);
	json_decref(report);
	pinstore_chain_free(chain);
}
END_TEST

/*
 * R-3-13, D-08: as in a header, and sorted.  R-3-14: the quotes are escaped,
 * and nothing in the raw text is told by another kind of quotes.
 */
START_TEST(known_pins_as_in_a_header)
{
	/* Sorted as text; as octets \xfb would come last. */
	static const char expected[] =
	        "\"known-pins\":["
	        "\"pin-sha256=\\\"+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s="
	        "\\\"\","
	        "\"pin-sha256=\\\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
	        "\\\"\","
	        "\"pin-sha256=\\\"QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
	        "\\\"\"]";
	struct pinstore_chain *chain = chain_of("C");
	struct pinstore_report *report;
	const char *body;

	pin_reported("a.test", "B\xfb" "A", 0, URI, PINSTORE_ENFORCE);
	ck_assert_int_eq(check_chain("a.test", 443, 0, chain, NOW),
	                 PINSTORE_REJECT);
	report = take_at(NOW);
	ck_assert_ptr_nonnull(report);
	body = pinstore_report_body(report, NULL);
	ck_assert_msg(strstr(body, expected) != NULL, "%s", body);
	ck_assert_ptr_null(strchr(body, '\''));
	ck_assert_ptr_null(strchr(body, '\n'));
	pinstore_report_free(report);
	pinstore_chain_free(chain);
}
END_TEST

/* ------------------------------------------------------- of several paths */

struct ways {
	const char *const *roots; /* of each path behind the first */
};

static struct pinstore_chain *
path_to(const char *intermediate, const char *root)
{
	struct data two[2] = {data_read("pki", intermediate),
	                      data_read("pki", root)};
	const uint8_t *der[3] = {files[0].at, two[0].at, two[1].at};
	size_t len[3] = {files[0].len, two[0].len, two[1].len};
	struct pinstore_chain *chain;

	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, len, 3, &chain), PINSTORE_OK);
	free(two[0].at);
	free(two[1].at);
	return chain;
}

static enum pinstore_status
next_way(void *arg, struct pinstore_chain **out, struct pinstore_error *error)
{
	struct ways *ways = arg;

	(void)error;
	*out = NULL;
	if (*ways->roots != NULL)
		*out = path_to("intA-by-rootB.crt.der", *ways->roots++);
	return PINSTORE_OK;
}

static const struct {
	const char *roots[3];
	bool pins_root_b;  /* the way by it passes */
	const char *told;  /* the root of the path that is reported, or none */
	enum pinstore_mode mode;
} several[] = {
	{{"rootB.crt.der"}, false, "rootB.crt.der", PINSTORE_ENFORCE},
	{{"rootB.crt.der", "rootX.crt.der"}, false, "rootX.crt.der",
	 PINSTORE_ENFORCE},
	{{"rootB.crt.der", "rootX.crt.der"}, false, "rootX.crt.der",
	 PINSTORE_REPORT},
	{{NULL}, false, "rootA.crt.der", PINSTORE_ENFORCE},
	/* one of them passes: nothing has failed */
	{{"rootX.crt.der", "rootB.crt.der"}, true, NULL, PINSTORE_ENFORCE},
	{{"rootX.crt.der", "rootB.crt.der"}, true, NULL, PINSTORE_REPORT},
};

/* R-3-12: the last path that was built is the one that is told. */
START_TEST(last_of_several_paths)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = "a.test"};
	struct pinstore_chain *chain = path_to("intA.crt.der", "rootA.crt.der");
	struct ways ways = {several[_i].roots};
	struct data root = data_read("pki", "rootB.crt.der");
	struct pinstore_pin pins[2] = {pin_of('A')};
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = "a.test",
		.pins = pins,
		.n_pins = 2,
		.mode = several[_i].mode,
		.expires = PINSTORE_NEVER,
		.report_uri = URI,
	};
	struct pinstore_report *report;
	struct pinstore_result *result;
	enum pinstore_verdict verdict;
	json_t *body;

	ck_assert_int_eq(pinstore_pin_from_certificate(root.at, root.len,
	                                               &pins[1]), PINSTORE_OK);
	if (!several[_i].pins_root_b)
		pins[1] = pin_of('B');
	ck_assert_int_eq(pinstore_pin(ps, &rule, NOW, NULL), PINSTORE_OK);
	ck_assert_int_eq(ps_check_paths(ps, &peer, chain, next_way, &ways, NOW,
	                                &verdict, &result, NULL), PINSTORE_OK);
	pinstore_result_free(result);
	pinstore_chain_free(chain);
	free(root.at);
	report = take_at(NOW);
	ck_assert_int_eq(report != NULL, several[_i].told != NULL);
	if (report == NULL)
		return;
	assert_waiting(1, 0);
	root = data_read("pki", several[_i].told);
	body = json_loads(pinstore_report_body(report, NULL), 0, NULL);
	json_array_remove(json_object_get(body, "validated-certificate-chain"),
	                  1);
	json_array_remove(json_object_get(body, "validated-certificate-chain"),
	                  0);
	assert_pem(body, "validated-certificate-chain",
	           (const uint8_t *const[]){root.at}, &root.len, 1);
	json_decref(body);
	free(root.at);
	pinstore_report_free(report);
}
END_TEST

/* ---------------------------------------------------- hostile certificates */

struct der {
	uint8_t *at;
	size_t len;
};

/* Wrap what a holds, or else octets, with a tag and a length. */
static struct der
wrap(uint8_t tag, const void *octets, size_t len)
{
	struct der out;

	out.at = malloc(len + 5);
	ck_assert_ptr_nonnull(out.at);
	out.at[0] = tag;
	if (len < 0x80) {
		out.at[1] = (uint8_t)len;
		out.len = 2;
	} else {
		out.at[1] = 0x83;
		out.at[2] = (uint8_t)(len >> 16);
		out.at[3] = (uint8_t)(len >> 8);
		out.at[4] = (uint8_t)len;
		out.len = 5;
		if (len < 0x10000) {
			out.at[1] = 0x82;
			memmove(out.at + 2, out.at + 3, 2);
			out.len = 4;
		}
		if (len < 0x100) {
			out.at[1] = 0x81;
			out.at[2] = (uint8_t)len;
			out.len = 3;
		}
	}
	memcpy(out.at + out.len, octets, len);
	out.len += len;
	return out;
}

static struct der
wrap_all(uint8_t tag, struct der *parts, size_t n)
{
	size_t len = 0, i;
	struct der out;
	uint8_t *all;

	for (i = 0; i < n; i++)
		len += parts[i].len;
	all = malloc(len);
	ck_assert_ptr_nonnull(all);
	len = 0;
	for (i = 0; i < n; i++) {
		memcpy(all + len, parts[i].at, parts[i].len);
		len += parts[i].len;
		free(parts[i].at);
	}
	out = wrap(tag, all, len);
	free(all);
	return out;
}

#define OCTETS(text) text, sizeof(text) - 1

/* A certificate whose subject's common name is len octets of text. */
static struct der
certificate_named(const char *text, size_t len)
{
	struct der cn[2], name, tbs[7], all[3], validity[2];

	cn[0] = wrap(0x06, OCTETS("\x55\x04\x03"));
	cn[1] = wrap(0x0c, text, len);
	name = wrap_all(0x30, cn, 2);
	name = wrap_all(0x31, &name, 1);
	validity[0] = wrap(0x17, OCTETS("200101000000Z"));
	validity[1] = wrap(0x17, OCTETS("300101000000Z"));
	tbs[0] = wrap(0xa0, OCTETS("\x02\x01\x02"));
	tbs[1] = wrap(0x02, OCTETS("\x01"));
	tbs[2] = wrap(0x30, OCTETS("\x06\x03\x2b\x65\x70"));
	tbs[3] = wrap(0x30, "", 0);
	tbs[4] = wrap_all(0x30, validity, 2);
	tbs[5] = wrap_all(0x30, &name, 1);
	tbs[6] = wrap(0x30, OCTETS("\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
	                           "0123456789abcdef0123456789abcdef"));
	all[0] = wrap_all(0x30, tbs, 7);
	all[1] = wrap(0x30, OCTETS("\x06\x03\x2b\x65\x70"));
	all[2] = wrap(0x03, OCTETS("\x00" "0123456789abcdef0123456789abcdef"
	                           "0123456789abcdef0123456789abcdef"));
	return wrap_all(0x30, all, 3);
}

static const struct {
	const char *text;
	size_t len;
} names[] = {
	{OCTETS("\"},{\"hostname\":\"evil.test\"")},
	{OCTETS("back\\slash \\u0000")},
	{OCTETS("\x00\x01\x1b[2J\r\n\x7f")},
	{OCTETS("\xff\xfe\xc0\xaf\xed\xa0\x80")},
	{NULL, 64 << 10}, /* as long as this, of quotes */
};

/* T-134: whatever a certificate holds, the text is JSON, and says just that. */
START_TEST(hostile_certificates)
{
	char *quotes = malloc(64 << 10);
	struct pinstore_chain *chain;
	struct der certificate;
	const uint8_t *list[1];
	json_t *report;
	size_t len[1];

	ck_assert_ptr_nonnull(quotes);
	memset(quotes, '"', 64 << 10);
	certificate = certificate_named(
	        names[_i].text != NULL ? names[_i].text : quotes,
	        names[_i].len);
	list[0] = certificate.at;
	len[0] = certificate.len;
	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         list, len, 1, &chain), PINSTORE_OK);
	ck_assert_int_eq(pinstore_chain_set_served(chain, list, len, 1),
	                 PINSTORE_OK);
	pin_reported("a.test", "AB", 0, URI, PINSTORE_ENFORCE);
	report = report_of("a.test", 443, chain, NOW);
	ck_assert_uint_eq(json_object_size(report), 9);
	ck_assert_str_eq(text_of(report, "hostname"), "a.test");
	assert_pem(report, "served-certificate-chain", list, len, 1);
	assert_pem(report, "validated-certificate-chain", list, len, 1);
	json_decref(report);
	pinstore_chain_free(chain);
	free(certificate.at);
	free(quotes);
}
END_TEST

/* T-134: one that is too large is not cut, it is given up and counted. */
START_TEST(too_large)
{
	const size_t size = 200 << 10;
	uint8_t *octets = calloc(1, size);
	const uint8_t *list[1] = {octets};
	struct pinstore_chain *chain = chain_of("C");
	size_t at[1] = {size};

	ck_assert_ptr_nonnull(octets);
	ck_assert_int_eq(pinstore_chain_set_served(chain, list, at, 1),
	                 PINSTORE_OK);
	pin_reported("a.test", "AB", 0, URI, PINSTORE_ENFORCE);
	ck_assert_int_eq(check_chain("a.test", 443, 0, chain, NOW),
	                 PINSTORE_REJECT);
	assert_waiting(0, 1);
	/* The largest that is not. */
	at[0] = 195 << 10;
	ck_assert_int_eq(pinstore_chain_set_served(chain, list, at, 1),
	                 PINSTORE_OK);
	ck_assert_int_eq(check_chain("a.test", 443, 0, chain, NOW),
	                 PINSTORE_REJECT);
	assert_waiting(0, 1);
	at[0] = 180 << 10;
	ck_assert_int_eq(pinstore_chain_set_served(chain, list, at, 1),
	                 PINSTORE_OK);
	ck_assert_int_eq(check_chain("a.test", 443, 0, chain, NOW),
	                 PINSTORE_REJECT);
	/* And with it the one is counted that could not be before. */
	assert_waiting(1, 2);
	ck_assert_uint_le(totals().octets, PINSTORE_REPORT_OCTETS_MAX);
	pinstore_chain_free(chain);
	free(octets);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report_body");
	TCase *tcase = tcase_create("body");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nine_members);
	tcase_add_test(tcase, other_values);
	tcase_add_loop_test(tcase, two_dates, 0, COUNT(dates));
	tcase_add_test(tcase, known_pins_as_in_a_header);
	tcase_add_loop_test(tcase, last_of_several_paths, 0, COUNT(several));
	tcase_add_loop_test(tcase, hostile_certificates, 0, COUNT(names));
	tcase_add_test(tcase, too_large);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
