/*
 * test_setters.c - whatever a caller can set acts (T-013, A-46).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A row is an option, a function that sets, or a member of a struct that the
 * caller fills: what comes of its use, and of another value.  What stands in
 * the public headers and has no row fails the test.  Those of pinstore/curl.h
 * are in test_curl_adapter.sh.
 */
#include <config.h>

#include <pinstore/admin.h>
#include <pinstore/gnutls.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

#include "api/result.h"
#include "tests/support/data.h"
#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define HOST "pin.test"
#define ISD "; includeSubDomains"

/* ---------------------------------------------------------------- options */

static int
act_readonly(bool is_other)
{
	fixture_reopen_with(PINSTORE_OPT_READONLY, is_other);
	return pin_at(HOST, "AB", 0, PINSTORE_NEVER, NOW);
}

static int
act_max_age_cap(bool is_other)
{
	fixture_reopen_with(PINSTORE_OPT_MAX_AGE_CAP, is_other ? 7 : 5000);
	return (int)(note_at(HOST, "A", "AB", 1000, "", NOW).expires - NOW);
}

static int
act_strict(bool is_other)
{
	char value[512] = "max-age = 1000";
	size_t len = strlen(value);

	header_of("AB", 0, "", value + len, sizeof(value) - len);
	/* What header_of() begins with, made into white space. */
	memset(value + len, ' ', strlen("max-age=0"));
	fixture_reopen_with(PINSTORE_OPT_STRICT, is_other);
	return (int)note_value_at(HOST, "A", value, strlen(value), NOW).action;
}

static int
act_refresh_slack(bool is_other)
{
	fixture_reopen_with(PINSTORE_OPT_REFRESH_SLACK, is_other ? 0 : 100);
	note_at(HOST, "A", "AB", 10000, "", NOW);
	return (int)note_at(HOST, "A", "AB", 10000, "", NOW + 9).action;
}

/* Another process holds the store for 300 ms. */
static pid_t
hold_store(void)
{
	char octet;
	int fd, ready[2];
	pid_t child;

	pinstore_close(ps);
	ps = NULL;
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		fd = open(fixture_dir.store, O_RDONLY);
		if (fd < 0 || flock(fd, LOCK_EX) != 0 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(300000);
		_exit(0);
	}
	close(ready[1]);
	ck_assert_int_eq((int)read(ready[0], &octet, 1), 1);
	close(ready[0]);
	return child;
}

/* Whether all stores lie on a network file system. */
static bool is_on_nfs;

int __real_fstatfs(int fd, struct statfs *out);
int __wrap_fstatfs(int fd, struct statfs *out);

int
__wrap_fstatfs(int fd, struct statfs *out)
{
	int ret = __real_fstatfs(fd, out);

	if (is_on_nfs)
		out->f_type = NFS_SUPER_MAGIC;
	return ret;
}

static int
act_lock_limit(bool is_other)
{
	struct pinstore_options *options = pinstore_options_new();
	enum pinstore_status status;
	pid_t child = hold_store();

	ck_assert_int_eq(pinstore_options_set(options,
	                                      PINSTORE_OPT_LOCK_LIMIT_MS,
	                                      is_other ? 10 : 10000),
	                 PINSTORE_OK);
	status = pinstore_open(fixture_dir.store, options, &ps, NULL);
	pinstore_options_free(options);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	return status;
}

static int
act_max_bytes(bool is_other)
{
	enum pinstore_status status = PINSTORE_OK;
	struct pinstore_pin pins[PINSTORE_PINS_MAX] = {{{0}}};
	char host[64], uri[PINSTORE_URI_MAX + 1] = "https://r.test/";
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = host,
		.pins = pins,
		.n_pins = PINSTORE_PINS_MAX,
		.expires = PINSTORE_NEVER,
		.report_uri = uri,
	};
	int i;

	memset(uri + strlen(uri), 'x', PINSTORE_URI_MAX - strlen(uri));
	for (i = 0; i < PINSTORE_PINS_MAX; i++)
		pins[i] = pin_of((char)('A' + i));
	fixture_reopen_with(PINSTORE_OPT_MAX_BYTES,
	                    is_other ? 1 << 20 : 1 << 30);
	for (i = 0; i < 600 && status == PINSTORE_OK; i++) {
		snprintf(host, sizeof(host), "h%d.test", i);
		status = pinstore_pin(ps, &rule, NOW, NULL);
	}
	return status;
}

static int
act_remote(bool is_other)
{
	struct pinstore_options *options = pinstore_options_new();
	enum pinstore_status status;

	ck_assert_ptr_nonnull(options);
	is_on_nfs = true;
	pinstore_close(ps);
	ps = NULL;
	ck_assert_int_eq(pinstore_options_set(options, PINSTORE_OPT_REMOTE,
	                                      is_other), PINSTORE_OK);
	status = pinstore_open(fixture_dir.store, options, &ps, NULL);
	pinstore_options_free(options);
	is_on_nfs = false;
	return status;
}

static int
act_quota_domain(bool is_other)
{
	fixture_reopen_with(PINSTORE_OPT_QUOTA_DOMAIN, is_other ? 1 : 2);
	note_at("a.pin.test", "A", "AB", 1000, "", NOW);
	return (int)note_at("b.pin.test", "A", "AB", 1000, "", NOW).why;
}

static int
act_quota_total(bool is_other)
{
	fixture_reopen_with(PINSTORE_OPT_QUOTA_TOTAL, is_other ? 1 : 2);
	note_at("a.test", "A", "AB", 1000, "", NOW);
	return (int)note_at("b.test", "A", "AB", 1000, "", NOW).why;
}

static int
act_suffix_rule(bool is_other)
{
	fixture_reopen_with(PINSTORE_OPT_SUFFIX_RULE, !is_other);
	note_at("github.io", "A", "AB", 1000, ISD, NOW);
	return (int)verdict_at("victim.github.io", "C", NOW);
}

static int
act_report(bool is_other)
{
	int64_t value;

	fixture_reopen_with(PINSTORE_OPT_REPORT, !is_other);
	ck_assert_int_eq(pinstore_setting_get(ps, PINSTORE_SETTING_REPORT,
	                                      &value, NULL, NULL), PINSTORE_OK);
	return (int)value;
}

/* A store in use is none of the system's. */
static int
act_set_system(bool is_other)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore *other = NULL;
	enum pinstore_status status;
	char path[192];

	(void)snprintf(path, sizeof(path), "%s/other", fixture_dir.path);
	ck_assert_int_eq(pinstore_options_set_system(
	                         options, is_other ? fixture_dir.store
	                                           : "/nonexistent/system"),
	                 PINSTORE_OK);
	status = pinstore_open(path, options, &other, NULL);
	pinstore_options_free(options);
	pinstore_close(other);
	return status;
}

static int
act_options_set(bool is_other)
{
	struct pinstore_options *options = pinstore_options_new();
	enum pinstore_status status;

	status = pinstore_options_set(options,
	                              is_other ? (enum pinstore_option)99
	                                       : PINSTORE_OPT_STRICT, 1);
	pinstore_options_free(options);
	return status;
}

/* ------------------------------------------------------ chains and sessions */

static int
act_set_served(bool is_other)
{
	struct data data = data_read("spki", "p256.crt.der");
	const uint8_t *der[] = {data.at};
	struct pinstore_chain *chain = chain_of("A");
	enum pinstore_status status;
	int n;

	status = pinstore_chain_set_served(chain, der, &data.len, !is_other);
	ck_assert_int_eq(status, PINSTORE_OK);
	n = (int)pinstore_chain_served_length(chain);
	pinstore_chain_free(chain);
	free(data.at);
	return n;
}

static int64_t
tell_now(void *arg)
{
	(void)arg;
	return NOW;
}

static int
act_session_attach(bool is_other)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = HOST};
	enum pinstore_status status;
	gnutls_session_t session;

	ck_assert_int_eq(gnutls_init(&session, GNUTLS_CLIENT), 0);
	status = pinstore_session_attach(session, ps, &peer,
	                                 is_other ? NULL : tell_now, NULL,
	                                 NULL);
	gnutls_deinit(session);
	return status;
}

/* -------------------------------------------------------------------- peer */

static struct pinstore_result *
check_peer(const struct pinstore_peer *peer, enum pinstore_status *status,
           enum pinstore_verdict *verdict)
{
	struct pinstore_chain *chain = chain_of("C");
	struct pinstore_result *result;

	ck_assert_int_eq(pin_at(HOST, "AB", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	*status = pinstore_check(ps, peer, chain, NOW, verdict, &result, NULL);
	pinstore_chain_free(chain);
	return result;
}

static int
act_peer_size(bool is_other)
{
	struct pinstore_peer peer = {is_other ? 1 : sizeof(peer), HOST, 443, 0};
	enum pinstore_verdict verdict;
	enum pinstore_status status;

	pinstore_result_free(check_peer(&peer, &status, &verdict));
	return status;
}

static int
act_peer_host(bool is_other)
{
	struct pinstore_peer peer = {sizeof(peer),
	                             is_other ? "other.test" : HOST, 443, 0};
	enum pinstore_verdict verdict;
	enum pinstore_status status;

	pinstore_result_free(check_peer(&peer, &status, &verdict));
	return (int)verdict;
}

static int
act_peer_port(bool is_other)
{
	struct pinstore_peer peer = {sizeof(peer), HOST, is_other ? 8443 : 443,
	                             0};
	struct pinstore_result *result;
	enum pinstore_verdict verdict;
	enum pinstore_status status;
	int port;

	result = check_peer(&peer, &status, &verdict);
	port = result->port;
	pinstore_result_free(result);
	return port;
}

static int
act_peer_flags(bool is_other)
{
	struct pinstore_peer peer = {sizeof(peer), HOST, 443,
	                             is_other ? PINSTORE_PEER_PRIVATE : 0};
	struct pinstore_result *result;
	enum pinstore_verdict verdict;
	enum pinstore_status status;
	int flags;

	result = check_peer(&peer, &status, &verdict);
	flags = (int)result->peer_flags;
	pinstore_result_free(result);
	return flags;
}

/* ------------------------------------------------------------------- field */

static int
note_field(enum pinstore_kind kind, const char *flags, size_t less)
{
	char value[512];
	size_t len = header_of("AB", 1000, flags, value, sizeof(value));
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {kind, value, len - less};
	struct pinstore_result *result = check_at(HOST, "A", NOW);

	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted,
	                               NULL), PINSTORE_OK);
	pinstore_result_free(result);
	return (int)noted.why;
}

static int
act_field_kind(bool is_other)
{
	return note_field(is_other ? PINSTORE_PKP_RO : PINSTORE_PKP, "", 0);
}

static int
act_field_value(bool is_other)
{
	return note_field(PINSTORE_PKP, is_other ? ISD "=1" : ISD, 0);
}

static int
act_field_len(bool is_other)
{
	return note_field(PINSTORE_PKP, "", is_other);
}

/* -------------------------------------------------------------------- rule */

/* Write a rule that change() has changed; what then becomes of host. */
static int
with_rule(void (*change)(struct pinstore_rule *rule), const char *host,
          const char *chain, int64_t now)
{
	struct pinstore_pin pins[2];
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = HOST,
		.pins = pins,
		.n_pins = pins_of("AB", pins),
		.expires = PINSTORE_NEVER,
	};
	enum pinstore_status status;

	if (change != NULL)
		change(&rule);
	status = pinstore_pin(ps, &rule, NOW, NULL);
	return status != PINSTORE_OK ? (int)status
	                             : (int)verdict_at(host, chain, now);
}

static void
rule_size(struct pinstore_rule *rule)
{
	rule->size = 1;
}

static void
rule_host(struct pinstore_rule *rule)
{
	rule->host = "other.test";
}

static void
rule_pins(struct pinstore_rule *rule)
{
	static struct pinstore_pin other[2] = {{{1}}, {{2}}};

	rule->pins = other;
}

static void
rule_n_pins(struct pinstore_rule *rule)
{
	rule->n_pins = 0;
}

static void
rule_subdomains(struct pinstore_rule *rule)
{
	rule->include_subdomains = 1;
}

static void
rule_mode(struct pinstore_rule *rule)
{
	rule->mode = PINSTORE_REPORT;
	rule->report_uri = "https://r.test/";
}

static void
rule_expires(struct pinstore_rule *rule)
{
	rule->expires = NOW + 5;
}

static void
rule_report_uri(struct pinstore_rule *rule)
{
	rule->report_uri = "no uri";
}

static void
rule_note(struct pinstore_rule *rule)
{
	static char text[PINSTORE_NOTE_MAX + 2];

	memset(text, 'x', PINSTORE_NOTE_MAX + 1);
	rule->note = text;
}

static void
rule_single(struct pinstore_rule *rule)
{
	rule->n_pins = 1;
}

static void
rule_single_meant(struct pinstore_rule *rule)
{
	rule->n_pins = 1;
	rule->no_backup = 1;
}

static int
act_rule_size(bool is_other)
{
	return with_rule(is_other ? rule_size : NULL, HOST, "A", NOW);
}

static int
act_rule_host(bool is_other)
{
	return with_rule(is_other ? rule_host : NULL, HOST, "C", NOW);
}

static int
act_rule_pins(bool is_other)
{
	return with_rule(is_other ? rule_pins : NULL, HOST, "A", NOW);
}

static int
act_rule_n_pins(bool is_other)
{
	return with_rule(is_other ? rule_n_pins : NULL, HOST, "A", NOW);
}

static int
act_rule_subdomains(bool is_other)
{
	return with_rule(is_other ? rule_subdomains : NULL, "sub." HOST, "C",
	                 NOW);
}

static int
act_rule_mode(bool is_other)
{
	return with_rule(is_other ? rule_mode : NULL, HOST, "C", NOW);
}

static int
act_rule_expires(bool is_other)
{
	return with_rule(is_other ? rule_expires : NULL, HOST, "C", NOW + 9);
}

static int
act_rule_report_uri(bool is_other)
{
	return with_rule(is_other ? rule_report_uri : NULL, HOST, "A", NOW);
}

static int
act_rule_note(bool is_other)
{
	return with_rule(is_other ? rule_note : NULL, HOST, "A", NOW);
}

static int
act_rule_no_backup(bool is_other)
{
	return with_rule(is_other ? rule_single : rule_single_meant, HOST, "A",
	                 NOW);
}

/* ------------------------------------------------------------------ filter */

/* How many entries go; or the status. */
static int
clear_with(const struct pinstore_filter *filter)
{
	enum pinstore_status status;
	size_t removed;

	note_at(HOST, "A", "AB", 1000, "", NOW);
	note_at("sub." HOST, "A", "AB", 1000, "", NOW + 5);
	ck_assert_int_eq(pin_at("static.test", "AB", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	status = pinstore_clear(ps, filter, NOW + 9, &removed, NULL);
	return status != PINSTORE_OK ? (int)status : (int)removed;
}

static int
act_filter_size(bool is_other)
{
	struct pinstore_filter filter = {is_other ? 1 : sizeof(filter), HOST, 0,
	                                 0, INT64_MIN, 0};

	return clear_with(&filter);
}

static int
act_filter_host(bool is_other)
{
	struct pinstore_filter filter = {sizeof(filter), is_other ? NULL : HOST,
	                                 0, 0, INT64_MIN, 0};

	return clear_with(&filter);
}

static int
act_filter_subdomains(bool is_other)
{
	struct pinstore_filter filter = {sizeof(filter), HOST, is_other, 0,
	                                 INT64_MIN, 0};

	return clear_with(&filter);
}

static int
act_filter_sources(bool is_other)
{
	struct pinstore_filter filter = {sizeof(filter), NULL, 0,
	                                 is_other ? PINSTORE_STATIC
	                                          : PINSTORE_HEADER,
	                                 INT64_MIN, 0};

	return clear_with(&filter);
}

static int
act_filter_since(bool is_other)
{
	struct pinstore_filter filter = {sizeof(filter), NULL, 0,
	                                 PINSTORE_HEADER,
	                                 is_other ? NOW + 1 : NOW, 0};

	return clear_with(&filter);
}

/* Octets of the first pin of a host that is cleared. */
static int
act_filter_keep_octets(bool is_other)
{
	struct pinstore_filter filter = {sizeof(filter), "sub." HOST, 0, 0,
	                                 INT64_MIN, is_other};
	char path[128], octets[1 << 17];
	size_t len;
	FILE *in;

	ck_assert_int_eq(clear_with(&filter), 1);
	snprintf(path, sizeof(path), "%s/data.mdb", fixture_dir.store);
	in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	len = fread(octets, 1, sizeof(octets), in);
	fclose(in);
	ck_assert_uint_gt(len, 4096);
	return memmem(octets, len, "test.pin.sub", 12) != NULL;
}

/* -------------------------------------------------------------------- lint */

static int
lint_with(const struct pinstore_lint_setup *setup, const char *value,
          int (*read)(const struct pinstore_lint *lint))
{
	struct pinstore_lint *lint;
	enum pinstore_status status;
	char text[512];
	size_t len;
	int found;

	len = header_of("AB", 1000, ISD, text, sizeof(text));
	if (value != NULL) {
		snprintf(text, sizeof(text), "%s", value);
		len = strlen(text);
	}
	status = pinstore_lint(text, len, setup, &lint);
	if (status != PINSTORE_OK)
		return status;
	found = read(lint);
	pinstore_lint_free(lint);
	return found;
}

static int
read_action(const struct pinstore_lint *lint)
{
	return (int)pinstore_lint_action(lint);
}

static int
read_max_age(const struct pinstore_lint *lint)
{
	return (int)pinstore_lint_max_age(lint);
}

static int
act_lint_size(bool is_other)
{
	struct pinstore_lint_setup setup = {.size = is_other ? 1
	                                                     : sizeof(setup)};

	return lint_with(&setup, NULL, read_action);
}

static int
act_lint_kind(bool is_other)
{
	struct pinstore_chain *chain = chain_of("A");
	struct pinstore_lint_setup setup = {.size = sizeof(setup),
	                                    .chain = chain};
	int found;

	setup.kind = is_other ? PINSTORE_PKP_RO : PINSTORE_PKP;
	found = lint_with(&setup, NULL, read_action);
	pinstore_chain_free(chain);
	return found;
}

static int
act_lint_strict(bool is_other)
{
	struct pinstore_lint_setup setup = {.size = sizeof(setup),
	                                    .strict = is_other};

	return lint_with(&setup, "max-age = 0", read_action);
}

static int
act_lint_host(bool is_other)
{
	struct pinstore_lint_setup setup = {.size = sizeof(setup)};

	setup.host = is_other ? "github.io" : HOST;
	return lint_with(&setup, NULL, pinstore_lint_include_subdomains);
}

static int
act_lint_chain(bool is_other)
{
	struct pinstore_chain *chain = chain_of("C");
	struct pinstore_lint_setup setup = {.size = sizeof(setup)};
	int found;

	setup.chain = is_other ? chain : NULL;
	found = lint_with(&setup, NULL, read_action);
	pinstore_chain_free(chain);
	return found;
}

static int
act_lint_cap(bool is_other)
{
	struct pinstore_lint_setup setup = {.size = sizeof(setup),
	                                    .max_age_cap = is_other ? 7 : 0};

	return lint_with(&setup, NULL, read_max_age);
}

static int
act_lint_plain_http(bool is_other)
{
	struct pinstore_lint_setup setup = {.size = sizeof(setup),
	                                    .plain_http = is_other};

	return lint_with(&setup, NULL, read_action);
}

/* ------------------------------------------------------------------- table */

/* ------------------------------------------------- bypasses, modes, anchors */

static int
with_bypass(void (*change)(struct pinstore_bypass *bypass), const char *host,
            bool is_other)
{
	struct pinstore_bypass bypass = {
		.size = sizeof(bypass),
		.host = HOST,
		.subdomains = 1,
		.start = NOW,
		.end = NOW + 60,
		.reason = "r",
	};
	enum pinstore_status status;

	ck_assert_int_eq(pin_at(HOST, "AB", 1, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	if (is_other)
		change(&bypass);
	status = pinstore_bypass(ps, &bypass, NOW, NULL);
	if (status != PINSTORE_OK)
		return status;
	return (int)verdict_at(host, "X", NOW);
}

static void
bypass_size(struct pinstore_bypass *bypass)
{
	bypass->size = 1;
}

static int
act_bypass_size(bool is_other)
{
	return with_bypass(bypass_size, HOST, is_other);
}

static void
bypass_host(struct pinstore_bypass *bypass)
{
	bypass->host = "other.test";
}

static int
act_bypass_host(bool is_other)
{
	return with_bypass(bypass_host, HOST, is_other);
}

static void
bypass_subdomains(struct pinstore_bypass *bypass)
{
	bypass->subdomains = 0;
}

static int
act_bypass_subdomains(bool is_other)
{
	return with_bypass(bypass_subdomains, "x." HOST, is_other);
}

static void
bypass_start(struct pinstore_bypass *bypass)
{
	bypass->start = NOW + 1;
}

static int
act_bypass_start(bool is_other)
{
	return with_bypass(bypass_start, HOST, is_other);
}

static void
bypass_end(struct pinstore_bypass *bypass)
{
	bypass->end = NOW - 1;
}

static int
act_bypass_end(bool is_other)
{
	return with_bypass(bypass_end, HOST, is_other);
}

static void
bypass_reason(struct pinstore_bypass *bypass)
{
	bypass->reason = NULL;
}

static int
act_bypass_reason(bool is_other)
{
	return with_bypass(bypass_reason, HOST, is_other);
}

static int
act_set_anchors(bool is_other)
{
	struct pinstore_pin anchor = pin_of('L');

	ck_assert_int_eq(pin_at(HOST, "AB", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_set_anchors(ps, &anchor, is_other ? 0 : 1,
	                                      NOW, NULL), PINSTORE_OK);
	return (int)verdict_at(HOST, "XL", NOW);
}

static void
count_calls(uint64_t done, uint64_t total, void *arg)
{
	int *calls = arg;

	ck_assert_uint_eq(done, (uint64_t)*calls);
	ck_assert_uint_eq(total, 1);
	++*calls;
}

static int
act_set_progress(bool is_other)
{
	int calls = 0;
	size_t removed;

	pin_at(HOST, "AB", 0, PINSTORE_NEVER, NOW);
	pinstore_set_progress(ps, is_other ? NULL : count_calls, &calls);
	pinstore_set_progress(NULL, count_calls, &calls);
	ck_assert_int_eq(pinstore_expire(ps, NOW, NOW, 0, 0, &removed, NULL),
	                 PINSTORE_OK);
	return calls;
}

static int
act_set_mode(bool is_other)
{
	ck_assert_int_eq(pin_at(HOST, "AB", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_set_mode(ps, HOST,
	                                   is_other ? PINSTORE_ENFORCE
	                                            : PINSTORE_REPORT,
	                                   0, NOW, NULL), PINSTORE_OK);
	return (int)verdict_at(HOST, "X", NOW);
}

/* ------------------------------------------------------------------- fsck */

static void
count_flaw(const struct pinstore_flaw *flaw, void *arg)
{
	(void)flaw;
	++*(int *)arg;
}

static void
count_steps(uint64_t done, uint64_t total, void *arg)
{
	ck_assert_uint_le(done, total);
	++*(int *)arg;
}

/* A store with a record that is spoiled. */
static enum pinstore_status
fsck_spoiled(const struct pinstore_fsck_setup *setup)
{
	struct pinstore_fsck_result result = {.size = sizeof(result)};
	char path[160], octets[] = "spoiled";
	FILE *file;
	long at;

	pin_at(HOST, "AB", 0, PINSTORE_NEVER, NOW);
	pinstore_close(ps);
	ps = NULL;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", fixture_dir.store);
	file = fopen(path, "r+");
	ck_assert_ptr_nonnull(file);
	/* The pin lies in the file, and in pages that are free. */
	for (at = 8192; fseek(file, at, SEEK_SET) == 0 && fgetc(file) != EOF;
	     at += 4096) {
		ck_assert_int_eq(fseek(file, at + 4000, SEEK_SET), 0);
		ck_assert_uint_eq(fwrite(octets, 7, 1, file), 1);
	}
	ck_assert_int_eq(fclose(file), 0);
	return pinstore_fsck(fixture_dir.store, setup, &result, NULL);
}

static int
act_fsck_size(bool is_other)
{
	struct pinstore_fsck_setup setup = {.size = is_other ? 1
	                                                     : sizeof(setup)};
	struct pinstore_fsck_result result = {.size = sizeof(result)};

	return (int)pinstore_fsck(fixture_dir.store, &setup, &result, NULL);
}

static int
act_fsck_flaw(bool is_other)
{
	int flaws = 0;
	struct pinstore_fsck_setup setup = {
		.size = sizeof(setup),
		.flaw = is_other ? NULL : count_flaw,
		.arg = &flaws,
	};

	ck_assert_int_eq(fsck_spoiled(&setup), PINSTORE_ERR_DAMAGED);
	return flaws > 0;
}

static int
act_fsck_progress(bool is_other)
{
	struct pinstore_fsck_result result = {.size = sizeof(result)};
	int calls = 0;
	struct pinstore_fsck_setup setup = {
		.size = sizeof(setup),
		.progress = is_other ? NULL : count_steps,
		.arg = &calls,
	};

	ck_assert_int_eq(pinstore_fsck(fixture_dir.store, &setup, &result,
	                               NULL), PINSTORE_OK);
	return calls > 0;
}

static int
act_fsck_arg(bool is_other)
{
	int one = 0, other = 0;
	struct pinstore_fsck_setup setup = {
		.size = sizeof(setup),
		.flaw = count_flaw,
		.arg = is_other ? &other : &one,
	};

	ck_assert_int_eq(fsck_spoiled(&setup), PINSTORE_ERR_DAMAGED);
	return one > 0;
}

static int
act_fsck_lock_limit(bool is_other)
{
	struct pinstore_fsck_result result = {.size = sizeof(result)};
	struct pinstore_fsck_setup setup = {
		.size = sizeof(setup),
		.lock_limit_ms = is_other ? 10 : 10000,
	};
	enum pinstore_status status;
	pid_t child = hold_store();

	status = pinstore_fsck(fixture_dir.store, &setup, &result, NULL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	return status;
}

/* ------------------------------------------------------------------ import */

static uint64_t told_line;

static void
tell_line(uint64_t line, const char *host, enum pinstore_fate fate,
          uint64_t other, void *arg)
{
	(void)host;
	(void)fate;
	(void)other;
	(void)arg;
	told_line = line;
}

/* What came of an item that change() had. */
static struct pinstore_entry *
import_one(void (*change)(struct pinstore_import_item *, bool), bool is_other,
           enum pinstore_layer layer, enum pinstore_status *status)
{
	struct pinstore_pin pins[2] = {pin_of('A'), pin_of('B')};
	struct pinstore_import_item item = {
		.size = sizeof(item),
		.line = 1,
		.host = HOST,
		.source = PINSTORE_STATIC,
		.mode = PINSTORE_ENFORCE,
		.pins = pins,
		.n_pins = 1,
		.noted = NOW - 5,
		.updated = NOW - 4,
		.expires = NOW + 3,
		.max_age_sent = -1,
	};
	struct pinstore_import *import;

	change(&item, is_other);
	ck_assert_int_eq(pinstore_import_new(&import), PINSTORE_OK);
	*status = pinstore_import_add(import, &item, NULL);
	if (*status == PINSTORE_OK)
		*status = pinstore_import_run(ps, import, 0, NOW, NULL, NULL);
	told_line = 0;
	pinstore_import_walk(import, tell_line, NULL);
	pinstore_import_free(import);
	return entry_of(HOST, layer);
}

#define IMPORT_ROW(name, layer, set, seen)                                    \
	static void change_##name(struct pinstore_import_item *item,          \
	                          bool is_other)                              \
	{                                                                     \
		set;                                                          \
	}                                                                     \
	static int act_import_##name(bool is_other)                           \
	{                                                                     \
		enum pinstore_status status;                                  \
		size_t n = 0;                                                 \
		struct pinstore_entry *entry = import_one(                    \
		        change_##name, is_other, layer, &status);             \
		int found = (int)status;                                      \
									      \
		if (entry != NULL)                                            \
			found = (int)(seen);                                  \
		(void)n;                                                      \
		pinstore_entry_free(entry);                                   \
		return found;                                                 \
	}

IMPORT_ROW(size, PINSTORE_CONFIGURED, item->size = is_other ? 0 : item->size, 1)
IMPORT_ROW(line, PINSTORE_CONFIGURED, item->line = is_other ? 7 : 1, told_line)
IMPORT_ROW(host, PINSTORE_CONFIGURED, item->host = is_other ? "[::1]" : HOST, 1)
IMPORT_ROW(source, PINSTORE_LEARNED,
           item->source = is_other ? PINSTORE_TOFU : PINSTORE_HEADER,
           pinstore_entry_source(entry))
IMPORT_ROW(mode, PINSTORE_CONFIGURED,
           item->mode = is_other ? PINSTORE_REPORT : PINSTORE_ENFORCE,
           pinstore_entry_mode(entry))
IMPORT_ROW(include_subdomains, PINSTORE_CONFIGURED,
           item->include_subdomains = is_other,
           pinstore_entry_include_subdomains(entry))
IMPORT_ROW(pins, PINSTORE_CONFIGURED, if (is_other) item->pins++,
           pinstore_entry_pins(entry, &n)->sha256[0])
IMPORT_ROW(n_pins, PINSTORE_CONFIGURED, item->n_pins = is_other ? 2 : 1,
           (pinstore_entry_pins(entry, &n), n))
IMPORT_ROW(noted, PINSTORE_CONFIGURED,
           item->noted = is_other ? PINSTORE_UNDATED : NOW - 5,
           pinstore_entry_noted(entry) - NOW)
IMPORT_ROW(updated, PINSTORE_CONFIGURED,
           item->updated = is_other ? PINSTORE_UNDATED : NOW - 4,
           pinstore_entry_updated(entry) - NOW)
IMPORT_ROW(expires, PINSTORE_CONFIGURED, item->expires = NOW + is_other,
           pinstore_entry_expires(entry) - NOW)
IMPORT_ROW(max_age_sent, PINSTORE_CONFIGURED,
           item->max_age_sent = is_other ? 9 : -1,
           pinstore_entry_max_age_sent(entry))
IMPORT_ROW(report_uri, PINSTORE_CONFIGURED,
           item->report_uri = is_other ? "https://a.test/" : NULL,
           pinstore_entry_report_uri(entry) != NULL)
IMPORT_ROW(note, PINSTORE_CONFIGURED, item->note = is_other ? "x" : NULL,
           pinstore_entry_note(entry) != NULL)

/* Two items of a host that say different things. */
static int
act_import_is_part(bool is_other)
{
	struct pinstore_import_totals totals = {.size = sizeof(totals)};
	struct pinstore_import *import;
	struct pinstore_pin pin;
	char letter;

	ck_assert_int_eq(pinstore_import_new(&import), PINSTORE_OK);
	for (letter = 'A'; letter <= 'B'; letter++) {
		struct pinstore_import_item item = {
			.size = sizeof(item),
			.host = HOST,
			.source = PINSTORE_STATIC,
			.mode = PINSTORE_ENFORCE,
			.pins = &pin,
			.n_pins = 1,
			.expires = PINSTORE_NEVER,
			.max_age_sent = -1,
			.is_part = is_other,
		};

		pin = pin_of(letter);
		ck_assert_int_eq(pinstore_import_add(import, &item, NULL),
		                 PINSTORE_OK);
	}
	ck_assert_int_eq(pinstore_import_run(ps, import, 0, NOW, &totals, NULL),
	                 PINSTORE_OK);
	pinstore_import_free(import);
	return (int)totals.added;
}

static int
act_fsck_repair(bool is_other)
{
	struct pinstore_fsck_setup setup = {
		.size = sizeof(setup),
		.repair = !is_other,
		.accept_loss = 1,
	};

	return (int)fsck_spoiled(&setup);
}

static int
act_fsck_accept_loss(bool is_other)
{
	struct pinstore_fsck_setup setup = {
		.size = sizeof(setup),
		.repair = 1,
		.accept_loss = !is_other,
	};

	return (int)fsck_spoiled(&setup);
}

static const struct {
	const char *name;
	int (*act)(bool is_other);
	int result; /* of its use */
	int other;  /* of another value */
} cases[] = {
	{"PINSTORE_OPT_READONLY", act_readonly, PINSTORE_OK,
	 PINSTORE_ERR_READONLY},
	{"PINSTORE_OPT_MAX_AGE_CAP", act_max_age_cap, 1000, 7},
	{"PINSTORE_OPT_STRICT", act_strict, PINSTORE_NOTED, PINSTORE_IGNORED},
	{"PINSTORE_OPT_REFRESH_SLACK", act_refresh_slack, PINSTORE_UNCHANGED,
	 PINSTORE_UPDATED},
	{"PINSTORE_OPT_LOCK_LIMIT_MS", act_lock_limit, PINSTORE_OK,
	 PINSTORE_ERR_BUSY},
	{"PINSTORE_OPT_MAX_BYTES", act_max_bytes, PINSTORE_OK,
	 PINSTORE_ERR_FULL},
	{"PINSTORE_OPT_REMOTE", act_remote, PINSTORE_ERR_REMOTE, PINSTORE_OK},
	{"PINSTORE_OPT_QUOTA_DOMAIN", act_quota_domain, PINSTORE_WHY_OK,
	 PINSTORE_WHY_FULL},
	{"PINSTORE_OPT_QUOTA_TOTAL", act_quota_total, PINSTORE_WHY_OK,
	 PINSTORE_WHY_FULL},
	{"PINSTORE_OPT_SUFFIX_RULE", act_suffix_rule, PINSTORE_UNPINNED,
	 PINSTORE_REJECT},
	{"PINSTORE_OPT_REPORT", act_report, 1, 0},
	{"pinstore_options_set", act_options_set, PINSTORE_OK,
	 PINSTORE_ERR_ARG},
	{"pinstore_options_set_system", act_set_system, PINSTORE_OK,
	 PINSTORE_ERR_ACCESS},
	{"pinstore_chain_set_served", act_set_served, 1, 0},
	{"pinstore_session_attach", act_session_attach, PINSTORE_OK,
	 PINSTORE_ERR_ARG},
	{"pinstore_peer.size", act_peer_size, PINSTORE_OK, PINSTORE_ERR_ARG},
	{"pinstore_peer.host", act_peer_host, PINSTORE_REJECT,
	 PINSTORE_UNPINNED},
	{"pinstore_peer.port", act_peer_port, 443, 8443},
	{"pinstore_peer.flags", act_peer_flags, 0, PINSTORE_PEER_PRIVATE},
	{"pinstore_field.kind", act_field_kind, PINSTORE_WHY_OK,
	 PINSTORE_WHY_REPORT_ONLY},
	{"pinstore_field.value", act_field_value, PINSTORE_WHY_OK,
	 PINSTORE_WHY_VALUED_INCLUDE_SUBDOMAINS},
	{"pinstore_field.len", act_field_len, PINSTORE_WHY_OK,
	 PINSTORE_WHY_MALFORMED},
	{"pinstore_rule.size", act_rule_size, PINSTORE_MATCHED,
	 PINSTORE_ERR_ARG},
	{"pinstore_rule.host", act_rule_host, PINSTORE_REJECT,
	 PINSTORE_UNPINNED},
	{"pinstore_rule.pins", act_rule_pins, PINSTORE_MATCHED,
	 PINSTORE_REJECT},
	{"pinstore_rule.n_pins", act_rule_n_pins, PINSTORE_MATCHED,
	 PINSTORE_ERR_ARG},
	{"pinstore_rule.include_subdomains", act_rule_subdomains,
	 PINSTORE_UNPINNED, PINSTORE_REJECT},
	{"pinstore_rule.mode", act_rule_mode, PINSTORE_REJECT,
	 PINSTORE_UNPINNED},
	{"pinstore_rule.expires", act_rule_expires, PINSTORE_REJECT,
	 PINSTORE_UNPINNED},
	{"pinstore_rule.report_uri", act_rule_report_uri, PINSTORE_MATCHED,
	 PINSTORE_ERR_ARG},
	{"pinstore_rule.note", act_rule_note, PINSTORE_MATCHED,
	 PINSTORE_ERR_ARG},
	{"pinstore_rule.no_backup", act_rule_no_backup, PINSTORE_MATCHED,
	 PINSTORE_ERR_ARG},
	{"pinstore_filter.size", act_filter_size, 1, PINSTORE_ERR_ARG},
	{"pinstore_filter.host", act_filter_host, 1, 3},
	{"pinstore_filter.subdomains", act_filter_subdomains, 1, 2},
	{"pinstore_filter.sources", act_filter_sources, 2, 1},
	{"pinstore_filter.since", act_filter_since, 2, 1},
	{"pinstore_filter.keep_octets", act_filter_keep_octets, 0, 1},
	{"pinstore_bypass.size", act_bypass_size, PINSTORE_BYPASSED,
	 PINSTORE_ERR_ARG},
	{"pinstore_bypass.host", act_bypass_host, PINSTORE_BYPASSED,
	 PINSTORE_REJECT},
	{"pinstore_bypass.subdomains", act_bypass_subdomains,
	 PINSTORE_BYPASSED, PINSTORE_REJECT},
	{"pinstore_bypass.start", act_bypass_start, PINSTORE_BYPASSED,
	 PINSTORE_REJECT},
	{"pinstore_bypass.end", act_bypass_end, PINSTORE_BYPASSED,
	 PINSTORE_ERR_ARG},
	{"pinstore_bypass.reason", act_bypass_reason, PINSTORE_BYPASSED,
	 PINSTORE_ERR_ARG},
	{"pinstore_set_anchors", act_set_anchors, PINSTORE_BYPASSED,
	 PINSTORE_REJECT},
	{"pinstore_import_item.size", act_import_size, 1, PINSTORE_ERR_ARG},
	{"pinstore_import_item.line", act_import_line, 1, 7},
	{"pinstore_import_item.host", act_import_host, 1, PINSTORE_ERR_HOST},
	{"pinstore_import_item.source", act_import_source, PINSTORE_HEADER,
	 PINSTORE_TOFU},
	{"pinstore_import_item.mode", act_import_mode, PINSTORE_ENFORCE,
	 PINSTORE_REPORT},
	{"pinstore_import_item.include_subdomains",
	 act_import_include_subdomains, 0, 1},
	{"pinstore_import_item.pins", act_import_pins, 'A', 'B'},
	{"pinstore_import_item.n_pins", act_import_n_pins, 1, 2},
	{"pinstore_import_item.noted", act_import_noted, -5, 0},
	{"pinstore_import_item.updated", act_import_updated, -4, -5},
	{"pinstore_import_item.expires", act_import_expires, 0, 1},
	{"pinstore_import_item.max_age_sent", act_import_max_age_sent, -1, 9},
	{"pinstore_import_item.report_uri", act_import_report_uri, 0, 1},
	{"pinstore_import_item.note", act_import_note, 0, 1},
	{"pinstore_import_item.is_part", act_import_is_part, 0, 1},
	{"pinstore_set_progress", act_set_progress, 1, 0},
	{"pinstore_set_mode", act_set_mode, PINSTORE_UNPINNED,
	 PINSTORE_REJECT},
	{"pinstore_lint_setup.size", act_lint_size, PINSTORE_LINT_NOTE,
	 PINSTORE_ERR_ARG},
	{"pinstore_lint_setup.kind", act_lint_kind, PINSTORE_LINT_NOTE,
	 PINSTORE_LINT_IGNORE}, /* it has no report-uri */
	{"pinstore_lint_setup.strict", act_lint_strict, PINSTORE_LINT_REMOVE,
	 PINSTORE_LINT_IGNORE},
	{"pinstore_lint_setup.host", act_lint_host, 1, 0},
	{"pinstore_lint_setup.chain", act_lint_chain, PINSTORE_LINT_NOTE,
	 PINSTORE_LINT_IGNORE},
	{"pinstore_lint_setup.max_age_cap", act_lint_cap, 1000, 7},
	{"pinstore_lint_setup.plain_http", act_lint_plain_http,
	 PINSTORE_LINT_NOTE, PINSTORE_LINT_IGNORE},
	{"pinstore_fsck_setup.size", act_fsck_size, PINSTORE_OK,
	 PINSTORE_ERR_ARG},
	{"pinstore_fsck_setup.flaw", act_fsck_flaw, 1, 0},
	{"pinstore_fsck_setup.progress", act_fsck_progress, 1, 0},
	{"pinstore_fsck_setup.arg", act_fsck_arg, 1, 0},
	{"pinstore_fsck_setup.repair", act_fsck_repair, PINSTORE_OK,
	 PINSTORE_ERR_DAMAGED},
	{"pinstore_fsck_setup.accept_loss", act_fsck_accept_loss, PINSTORE_OK,
	 PINSTORE_ERR_DAMAGED},
	{"pinstore_fsck_setup.lock_limit_ms", act_fsck_lock_limit, PINSTORE_OK,
	 PINSTORE_ERR_BUSY},
};

START_TEST(acts)
{
	bool is_other = _i % 2 == 1;
	int found = cases[_i / 2].act(is_other);

	ck_assert_msg(found == (is_other ? cases[_i / 2].other
	                                 : cases[_i / 2].result),
	              "%s: %d", cases[_i / 2].name, found);
	ck_assert_int_ne(cases[_i / 2].result, cases[_i / 2].other);
}
END_TEST

/* ------------------------------------------------- what the headers declare */

static size_t n_declared;

static void
must_have_row(const char *name)
{
	size_t i;

	n_declared++;
	for (i = 0; i < COUNT(cases); i++)
		if (strcmp(cases[i].name, name) == 0)
			return;
	ck_abort_msg("%s has no negative case", name);
}

/* What the library fills, and a pin, which is a value by itself. */
static bool
is_output(const char *tag)
{
	static const char *const tags[] = {"pinstore_pin", "pinstore_error",
	                                   "pinstore_noted", "pinstore_step",
	                                   "pinstore_report_totals",
	                                   "pinstore_usage",
	                                   "pinstore_flaw",
	                                   "pinstore_fsck_result",
	                                   "pinstore_import_totals",
	                                   "pinstore_finding"};
	size_t i;

	for (i = 0; i < COUNT(tags); i++)
		if (strcmp(tags[i], tag) == 0)
			return true;
	return false;
}

static size_t
word_len(const char *at)
{
	return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                  "0123456789_");
}

/* The member that this line declares, with its struct's name. */
static void
read_member(const char *line, const char *tag)
{
	const char *end = strchr(line, ';'), *at = end;
	char name[128];
	int len;

	if (end == NULL || line[0] != '\t' || is_output(tag))
		return;
	while (at > line && word_len(at - 1) > 0)
		at--;
	ck_assert_int_gt(end - at, 0);
	len = snprintf(name, sizeof(name), "%s.%.*s", tag, (int)(end - at), at);
	ck_assert(len > 0 && (size_t)len < sizeof(name));
	must_have_row(name);
}

/* Functions whose name says that they set or attach something. */
static void
read_functions(const char *line)
{
	const char *at = line;
	char name[128];

	while ((at = strstr(at, "pinstore_")) != NULL) {
		size_t len = word_len(at);

		snprintf(name, sizeof(name), "%.*s", (int)len, at);
		if (at[len] == '(' && (at == line || at[-1] != '*') &&
		    line[1] != '*' && strchr(line, ';') == NULL &&
		    (strstr(name, "_set_") != NULL ||
		     strcmp(name + len - 4, "_set") == 0 ||
		     strcmp(name + len - 7, "_attach") == 0))
			must_have_row(name);
		at += len;
	}
}

static void
read_header(const char *name)
{
	const char *top = getenv("srcdir");
	char path[1024], line[512], tag[128] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/libpinstore/include/pinstore/%s",
	         top != NULL ? top : ".", name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (line[0] == '}')
			tag[0] = '\0';
		else if (tag[0] != '\0')
			read_member(line, tag);
		else if (strncmp(line, "struct pinstore_", 16) == 0 &&
		         strchr(line, '{') != NULL)
			snprintf(tag, sizeof(tag), "%.*s",
			         (int)word_len(line + 7), line + 7);
		else if (strncmp(line, "\tPINSTORE_OPT_", 14) == 0) {
			line[1 + word_len(line + 1)] = '\0';
			must_have_row(line + 1);
		} else
			read_functions(line);
	}
	fclose(file);
}

START_TEST(each_has_a_case)
{
	read_header("pinstore.h");
	read_header("gnutls.h");
	read_header("admin.h");
	ck_assert_uint_eq(n_declared, COUNT(cases));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("setters");
	TCase *tcase = tcase_create("T-013");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, acts, 0, 2 * COUNT(cases));
	tcase_add_test(tcase, each_has_a_case);
	return suite_run(suite);
}
