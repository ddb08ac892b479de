/*
 * test_api_system.c - a published store below one's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define NOBODY 65534
#define SUBS 1

static char below[128]; /* the system's store */
static struct pinstore *machine; /* the store that it is made of */
static struct pinstore_error why;

static struct pinstore *
open_with(const char *path, const char *system)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore *out = NULL;
	enum pinstore_status status;

	ck_assert_ptr_nonnull(options);
	ck_assert_int_eq(pinstore_options_set_system(options, system),
	                 PINSTORE_OK);
	status = pinstore_open(path, options, &out, &why);
	ck_assert_int_eq(status == PINSTORE_OK, out != NULL);
	pinstore_options_free(options);
	return out;
}

static void
setup(void)
{
	char path[128];

	tempdir_make(&fixture_dir);
	ck_assert_int_eq(chmod(fixture_dir.path, 0755), 0);
	(void)snprintf(below, sizeof(below), "%s/system", fixture_dir.path);
	(void)snprintf(path, sizeof(path), "%s/machine", fixture_dir.path);
	machine = open_with(path, NULL);
	ck_assert_msg(machine != NULL, "%s", why.text);
	ps = open_with(fixture_dir.store, below);
	ck_assert_msg(ps != NULL, "%s", why.text);
}

static void
teardown(void)
{
	pinstore_close(machine);
	machine = NULL;
	fixture_teardown();
}

static void
pin_below(const char *host, const char *letters, int include_subdomains)
{
	struct pinstore *own = ps;

	ps = machine;
	ck_assert_int_eq(pin_at(host, letters, include_subdomains,
	                        PINSTORE_NEVER, NOW), PINSTORE_OK);
	ps = own;
}

static void
publish(void)
{
	ck_assert_msg(pinstore_publish(machine, below, 0, NULL, &why) ==
	              PINSTORE_OK, "%s", why.text);
}

/* Sooner than it would be noticed. */
static void
open_anew(void)
{
	pinstore_close(ps);
	ps = open_with(fixture_dir.store, below);
	ck_assert_msg(ps != NULL, "%s", why.text);
}

/* Readers look for what is new once a second. */
static void
wait_a_second(void)
{
	const struct timespec nap = {1, 50000000};

	ck_assert_int_eq(nanosleep(&nap, NULL), 0);
}

static enum pinstore_status
status_of(const char *host)
{
	struct pinstore_peer peer = {sizeof(peer), host, 443, 0};
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	struct pinstore_chain *chain = chain_of("A");
	enum pinstore_status status;

	status = pinstore_check(ps, &peer, chain, NOW, &verdict, NULL, &why);
	ck_assert(status == PINSTORE_OK || verdict == PINSTORE_REJECT);
	pinstore_chain_free(chain);
	return status;
}

/* ---------------------------------------------------------------- verdicts */

/* What each store has of a.test, and what comes of it. */
static const struct {
	const char *what;
	const char *own;    /* pins of the configured entry, or NULL */
	const char *learned;
	const char *system;
	const char *host;
	const char *chain;
	enum pinstore_verdict verdict;
	enum pinstore_reason reason;
} verdicts[] = {
	{"only the system knows it", NULL, NULL, "AB", "a.test", "A",
	 PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	{"and refuses", NULL, NULL, "AB", "a.test", "x", PINSTORE_REJECT,
	 PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{"without a chain", NULL, NULL, "AB", "a.test", "", PINSTORE_REJECT,
	 PINSTORE_WHY_NO_CHAIN},
	{"it covers what is below", NULL, NULL, "AB", "x.y.a.test", "x",
	 PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{"nobody knows it", "AB", "AB", "AB", "b.test", "x",
	 PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY},
	{"all agree", "AC", "AD", "AB", "a.test", "A", PINSTORE_MATCHED,
	 PINSTORE_WHY_PIN_IN_CHAIN},
	{"the system does not", "CD", NULL, "AB", "a.test", "C",
	 PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{"the own one does not", "CD", NULL, "AB", "a.test", "A",
	 PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{"each by another key", "CD", NULL, "AB", "a.test", "AC",
	 PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	{"what was learned does not", NULL, "AD", "BC", "a.test", "B",
	 PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{"an address", NULL, NULL, "AB", "127.0.0.1", "x", PINSTORE_UNPINNED,
	 PINSTORE_WHY_ADDRESS},
};

START_TEST(verdict)
{
	struct pinstore_result *result;

	if (verdicts[_i].own != NULL)
		ck_assert_int_eq(pin_at("a.test", verdicts[_i].own, SUBS,
		                        PINSTORE_NEVER, NOW), PINSTORE_OK);
	if (verdicts[_i].learned != NULL)
		note_at("a.test", "AC", verdicts[_i].learned, 1000, "", NOW);
	pin_below("a.test", verdicts[_i].system, SUBS);
	publish();
	open_anew();
	result = check_at(verdicts[_i].host, verdicts[_i].chain, NOW);
	ck_assert_int_eq(pinstore_result_verdict(result), verdicts[_i].verdict);
	ck_assert_int_eq(pinstore_result_reason(result), verdicts[_i].reason);
	pinstore_result_free(result);
}
END_TEST

/* A key that either revokes is refused, for any host and for addresses. */
START_TEST(revoked)
{
	struct pinstore_pin bad = pin_of('R'), own = pin_of('Q');
	struct pinstore_result *result;
	size_t at = 9;
	int is_revoked;

	ck_assert_int_eq(pinstore_revoke(machine, &bad, NULL, NOW, NULL),
	                 PINSTORE_OK);
	publish();
	open_anew();
	ck_assert_int_eq(verdict_at("any.test", "AR", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("127.0.0.1", "AR", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("any.test", "A", NOW), PINSTORE_UNPINNED);
	ck_assert_int_eq(pinstore_is_revoked(ps, &bad, &is_revoked, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(is_revoked, 1);
	ck_assert_int_eq(pinstore_revoke(ps, &own, NULL, NOW, NULL),
	                 PINSTORE_OK);
	result = check_at("any.test", "AQR", NOW);
	ck_assert_int_eq(pinstore_result_revoked(result, &at), 1);
	ck_assert_uint_eq(at, 1);
	pinstore_result_free(result);
	result = check_at("any.test", "ARQ", NOW);
	ck_assert_int_eq(pinstore_result_revoked(result, &at), 1);
	ck_assert_uint_eq(at, 1);
	pinstore_result_free(result);
}
END_TEST

/* Who bypasses his own entries does not bypass those of the system. */
START_TEST(bypassed)
{
	struct pinstore_bypass bypass = {
		.size = sizeof(bypass), .host = "a.test", .start = NOW,
		.end = NOW + 100, .reason = "of my own",
	};
	struct pinstore_bypass found = {.size = sizeof(found)};
	struct pinstore_result *result;

	pin_below("a.test", "AB", 0);
	publish();
	open_anew();
	ck_assert_int_eq(pinstore_bypass(ps, &bypass, NOW, NULL), PINSTORE_OK);
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("a.test", "A", NOW), PINSTORE_BYPASSED);
	ck_assert_int_eq(pinstore_bypass_end(ps, "a.test", NOW, NULL),
	                 PINSTORE_OK);
	/* The system's bypass lets pass what the system would refuse ... */
	bypass.reason = "of the machine";
	ck_assert_int_eq(pinstore_bypass(machine, &bypass, NOW, NULL),
	                 PINSTORE_OK);
	publish();
	open_anew();
	result = check_at("a.test", "x", NOW);
	ck_assert_int_eq(pinstore_result_verdict(result), PINSTORE_BYPASSED);
	ck_assert_int_eq(pinstore_result_violation(result), 1);
	ck_assert_int_eq(pinstore_result_bypass(result, &found), 1);
	ck_assert_str_eq(found.reason, "of the machine");
	pinstore_result_free(result);
	/* ... and nothing that one's own does. */
	ck_assert_int_eq(pin_at("a.test", "CD", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(note_at("a.test", "AC", "AB", 100, "", NOW).why,
	                 PINSTORE_WHY_BYPASSED);
}
END_TEST

/* One in report mode refuses nothing, and a violation is told. */
START_TEST(watched)
{
	struct pinstore_pin pins[2];
	struct pinstore_rule rule = {
		.size = sizeof(rule), .host = "a.test", .pins = pins,
		.n_pins = pins_of("AB", pins), .mode = PINSTORE_REPORT,
		.expires = PINSTORE_NEVER,
	};
	struct pinstore_result *result;

	ck_assert_int_eq(pinstore_pin(machine, &rule, NOW, NULL), PINSTORE_OK);
	publish();
	open_anew();
	result = check_at("a.test", "x", NOW);
	ck_assert_int_eq(pinstore_result_verdict(result), PINSTORE_UNPINNED);
	ck_assert_int_eq(pinstore_result_reason(result),
	                 PINSTORE_WHY_REPORT_MODE);
	ck_assert_int_eq(pinstore_result_violation(result), 1);
	ck_assert_ptr_null(pinstore_result_entry(result, PINSTORE_SYSTEM));
	ck_assert_ptr_nonnull(
	        pinstore_result_report_entry(result, PINSTORE_SYSTEM));
	pinstore_result_free(result);
}
END_TEST

/* ---------------------------------------------------------- what is learned */

/* Nothing is learned of a connection that the system would not let pass now. */
START_TEST(learning)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {PINSTORE_PKP, NULL, 0};
	struct pinstore_result *result = check_at("a.test", "C", NOW);
	char value[256];

	field.len = header_of("CD", 1000, "", value, sizeof(value));
	field.value = value;
	pin_below("a.test", "AB", 0);
	publish();
	open_anew();
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted, &why),
	                 PINSTORE_OK);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_PIN_MISMATCH);
	noted.why = PINSTORE_WHY_OK;
	ck_assert_int_eq(pinstore_trust(ps, result, NOW, &noted, &why),
	                 PINSTORE_OK);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_PIN_MISMATCH);
	pinstore_result_free(result);
	/* A key that the system knows needs no trust on first use. */
	result = check_at("a.test", "A", NOW);
	ck_assert_int_eq(pinstore_trust(ps, result, NOW, &noted, &why),
	                 PINSTORE_OK);
	ck_assert_int_eq(noted.action, PINSTORE_UNCHANGED);
	pinstore_result_free(result);
	ck_assert(!has_entry("a.test", PINSTORE_LEARNED));
	ck_assert_int_eq(note_at("a.test", "A", "AB", 1000, "", NOW).action,
	                 PINSTORE_NOTED);
}
END_TEST

/* What the system's store says by now, behind a check before it was there. */
static const struct {
	const char *what;
	const char *host; /* of the entry below; the visit is to x.a.test */
	const char *letters;
	int include_subdomains;
	enum pinstore_mode mode;
	int64_t expires;
	bool is_revoked, is_bypassed;
	enum pinstore_action noted, trusted;
	enum pinstore_reason why_noted, why_trusted;
} matters[] = {
	{"nothing of this host", "b.test", "C", 1, PINSTORE_ENFORCE,
	 PINSTORE_NEVER, false, false, PINSTORE_NOTED, PINSTORE_NOTED,
	 PINSTORE_WHY_OK, PINSTORE_WHY_OK},
	{"an entry above that does not reach it", "a.test", "C", 0,
	 PINSTORE_ENFORCE, PINSTORE_NEVER, false, false, PINSTORE_NOTED,
	 PINSTORE_NOTED, PINSTORE_WHY_OK, PINSTORE_WHY_OK},
	{"an entry that is over", "x.a.test", "C", 0, PINSTORE_ENFORCE, NOW - 1,
	 false, false, PINSTORE_NOTED, PINSTORE_NOTED, PINSTORE_WHY_OK,
	 PINSTORE_WHY_OK},
	{"an entry above with another key", "a.test", "C", 1, PINSTORE_ENFORCE,
	 PINSTORE_NEVER, false, false, PINSTORE_IGNORED, PINSTORE_IGNORED,
	 PINSTORE_WHY_PIN_MISMATCH, PINSTORE_WHY_PIN_MISMATCH},
	{"the same, only watched", "a.test", "C", 1, PINSTORE_REPORT,
	 PINSTORE_NEVER, false, false, PINSTORE_NOTED, PINSTORE_UNCHANGED,
	 PINSTORE_WHY_OK, PINSTORE_WHY_OK},
	{"the key is revoked", "b.test", "C", 1, PINSTORE_ENFORCE,
	 PINSTORE_NEVER, true, false, PINSTORE_IGNORED, PINSTORE_IGNORED,
	 PINSTORE_WHY_PIN_MISMATCH, PINSTORE_WHY_PIN_MISMATCH},
	{"a bypass", "x.a.test", "A", 0, PINSTORE_ENFORCE, PINSTORE_NEVER,
	 false, true, PINSTORE_IGNORED, PINSTORE_IGNORED,
	 PINSTORE_WHY_BYPASSED, PINSTORE_WHY_BYPASSED},
	{"a bypass, and the key is revoked", "x.a.test", "C", 0,
	 PINSTORE_ENFORCE, PINSTORE_NEVER, true, true, PINSTORE_IGNORED,
	 PINSTORE_IGNORED, PINSTORE_WHY_BYPASSED, PINSTORE_WHY_BYPASSED},
};

static void
lay_below(size_t row)
{
	struct pinstore_pin pins[2], bad = pin_of('A');
	struct pinstore_rule rule = {
		.size = sizeof(rule), .host = matters[row].host, .pins = pins,
		.n_pins = pins_of(matters[row].letters, pins),
		.include_subdomains = matters[row].include_subdomains,
		.mode = matters[row].mode, .expires = matters[row].expires,
		.no_backup = 1,
	};
	struct pinstore_bypass bypass = {
		.size = sizeof(bypass), .host = "x.a.test", .start = NOW,
		.end = NOW + 100, .reason = "of the machine",
	};

	ck_assert_msg(pinstore_pin(machine, &rule, NOW - 9, &why) ==
	              PINSTORE_OK, "%s", why.text);
	if (matters[row].is_revoked)
		ck_assert_int_eq(pinstore_revoke(machine, &bad, NULL, NOW,
		                                 NULL), PINSTORE_OK);
	if (matters[row].is_bypassed)
		ck_assert_int_eq(pinstore_bypass(machine, &bypass, NOW, NULL),
		                 PINSTORE_OK);
	publish();
	open_anew();
}

START_TEST(learning_matters)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = check_at("x.a.test", "A", NOW);

	lay_below((size_t)_i);
	ck_assert_int_eq(pinstore_trust(ps, result, NOW, &noted, &why),
	                 PINSTORE_OK);
	ck_assert_int_eq(noted.action, matters[_i].trusted);
	ck_assert_int_eq(noted.why, matters[_i].why_trusted);
	ck_assert_int_eq(has_entry("x.a.test", PINSTORE_LEARNED),
	                 matters[_i].trusted == PINSTORE_NOTED);
	pinstore_result_free(result);
}
END_TEST

START_TEST(noting_matters)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {PINSTORE_PKP, NULL, 0};
	struct pinstore_result *result = check_at("x.a.test", "A", NOW);
	char value[256];

	field.len = header_of("AD", 1000, "", value, sizeof(value));
	field.value = value;
	lay_below((size_t)_i);
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted, &why),
	                 PINSTORE_OK);
	ck_assert_int_eq(noted.action, matters[_i].noted);
	ck_assert_int_eq(noted.why, matters[_i].why_noted);
	ck_assert_int_eq(has_entry("x.a.test", PINSTORE_LEARNED),
	                 matters[_i].noted == PINSTORE_NOTED);
	pinstore_result_free(result);
}
END_TEST

/* What cannot be asked is an error, and nothing is learned. */
START_TEST(learning_needs_an_answer)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {PINSTORE_PKP, NULL, 0};
	struct pinstore_result *result;
	char value[256], path[160];

	field.len = header_of("AD", 1000, "", value, sizeof(value));
	field.value = value;
	pin_below("a.test", "AB", 0);
	publish();
	open_anew();
	result = check_at("b.test", "A", NOW);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", below);
	ck_assert_int_eq(unlink(path), 0);
	wait_a_second();
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted, &why),
	                 PINSTORE_ERR_DAMAGED);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert_int_eq(pinstore_trust(ps, result, NOW, &noted, &why),
	                 PINSTORE_ERR_DAMAGED);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert(!has_entry("b.test", PINSTORE_LEARNED));
	pinstore_result_free(result);
}
END_TEST

/* ------------------------------------------------------------- what is told */

START_TEST(told)
{
	struct pinstore_step step = {.size = sizeof(step)};
	struct pinstore_result *result;
	struct pinstore_entry *entry = NULL;
	char *text = NULL;
	size_t len, i, of[3] = {0, 0, 0};
	FILE *out = open_memstream(&text, &len);

	ck_assert_int_eq(pin_at("a.test", "AC", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	pin_below("a.test", "AB", SUBS);
	pin_below("b.test", "AB", 0);
	ck_assert_int_eq(pinstore_lookup(ps, "x.a.test", NOW, &result, NULL),
	                 PINSTORE_OK);
	for (i = 0; pinstore_result_step(result, i, &step); i++)
		ck_assert_int_ne(step.layer, PINSTORE_SYSTEM);
	pinstore_result_free(result);
	publish();
	open_anew();
	ck_assert_int_eq(pinstore_lookup(ps, "x.a.test", NOW, &result, NULL),
	                 PINSTORE_OK);
	for (i = 0; pinstore_result_step(result, i, &step); i++) {
		of[step.layer]++;
		ck_assert_int_eq(step.applies,
		                 step.layer == PINSTORE_SYSTEM &&
		                         strcmp(step.name, "a.test") == 0);
	}
	ck_assert_uint_eq(of[0], 3);
	ck_assert_uint_eq(of[1], 3);
	ck_assert_uint_eq(of[2], 3);
	ck_assert_int_eq(pinstore_result_wants_chain(result), 1);
	ck_assert_int_eq(pinstore_entry_layer(pinstore_result_entry(
	                         result, PINSTORE_SYSTEM)), PINSTORE_SYSTEM);
	pinstore_result_free(result);
	ck_assert_int_eq(pinstore_show(ps, "b.test", PINSTORE_SYSTEM, &entry,
	                               NULL), PINSTORE_OK);
	ck_assert_int_eq(pinstore_entry_layer(entry), PINSTORE_SYSTEM);
	pinstore_entry_free(entry);
	ck_assert_int_eq(pinstore_show(ps, "c.test", PINSTORE_SYSTEM, &entry,
	                               &why), PINSTORE_ERR_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(why.text, "system's store"));
	ck_assert_int_eq(pinstore_show(machine, "b.test", PINSTORE_SYSTEM,
	                               &entry, NULL), PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(pinstore_walk_system(ps, "a.test", print_entry, out,
	                                      NULL), PINSTORE_OK);
	ck_assert_int_eq(pinstore_walk_system(machine, NULL, print_entry, out,
	                                      NULL), PINSTORE_OK);
	fclose(out);
	ck_assert_int_eq(strncmp(text, "b.test configured static ", 25), 0);
	ck_assert_ptr_null(strstr(text, "a.test"));
	free(text);
	assert_dump("a.test configured static 0 1767225600 1767225600 "
	            "9223372036854775807 -1 AC -\n");
	ck_assert_int_eq(pinstore_walk_system(ps, NULL, NULL, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_walk_system(ps, "a..b", print_entry, NULL,
	                                      NULL), PINSTORE_ERR_HOST);
}
END_TEST

/* What is published is what the operator laid down: nobody's visits. */
START_TEST(private_matters_stay)
{
	struct pinstore *own = ps;
	char path[160], octets[1 << 17];
	struct stat st;
	ssize_t len;
	int fd;

	ps = machine;
	note_at("visited-at-night.test", "A", "AB", 1000, "", NOW);
	note_at("pinned.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(pin_at("pinned.test", "CD", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	publish();
	ps = own;
	open_anew();
	ck_assert_int_eq(verdict_at("visited-at-night.test", "x", NOW),
	                 PINSTORE_UNPINNED);
	ck_assert_int_eq(verdict_at("pinned.test", "C", NOW), PINSTORE_MATCHED);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", below);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(stat(below, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	fd = open(path, O_RDONLY);
	len = read(fd, octets, sizeof(octets));
	close(fd);
	ck_assert_int_gt(len, 0);
	ck_assert_ptr_nonnull(memmem(octets, (size_t)len, "test.pinned", 11));
	ck_assert_ptr_null(memmem(octets, (size_t)len, "at-night", 8));
}
END_TEST

/* Settings and local anchors go along, each also without the other. */
START_TEST(settings_are_published)
{
	const int64_t cap = 500;
	struct pinstore_pin anchor = pin_of('Z');
	struct pinstore_pin found[PINSTORE_ANCHORS_MAX];
	int64_t value = 0;
	int is_set = 0;
	size_t n = 0;

	if (_i != 1)
		ck_assert_int_eq(pinstore_setting_put(
		                         machine, PINSTORE_SETTING_MAX_AGE_CAP,
		                         &cap, NOW, NULL), PINSTORE_OK);
	if (_i != 0)
		ck_assert_int_eq(pinstore_set_anchors(machine, &anchor, 1, NOW,
		                                      NULL), PINSTORE_OK);
	publish();
	pinstore_close(ps);
	ps = open_with(below, NULL);
	ck_assert_msg(ps != NULL, "%s", why.text);
	ck_assert_int_eq(pinstore_setting_get(ps, PINSTORE_SETTING_MAX_AGE_CAP,
	                                      &value, &is_set, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(is_set, _i != 1);
	ck_assert_int_eq(value == cap, _i != 1);
	ck_assert_int_eq(pinstore_anchors(ps, found, &n, NULL), PINSTORE_OK);
	ck_assert_uint_eq(n, _i != 0);
	if (n == 1)
		ck_assert_mem_eq(&found[0], &anchor, sizeof(anchor));
}
END_TEST

/* More than one transaction of the copy: none is lost on the border. */
START_TEST(many_are_published)
{
	const unsigned many = 10001;
	struct pinstore_pin pin = pin_of('A');
	char name[32];
	struct pinstore_import_item item = {
		.size = sizeof(item), .host = name, .source = PINSTORE_STATIC,
		.mode = PINSTORE_ENFORCE, .pins = &pin, .n_pins = 1,
		.noted = PINSTORE_UNDATED, .updated = PINSTORE_UNDATED,
		.expires = PINSTORE_NEVER, .max_age_sent = -1,
	};
	struct pinstore_import *import;
	uint64_t hosts = 0;
	unsigned i;

	ck_assert_int_eq(pinstore_import_new(&import), PINSTORE_OK);
	for (i = 0; i < many; i++) {
		(void)snprintf(name, sizeof(name), "h%05u.test", i);
		ck_assert_int_eq(pinstore_import_add(import, &item, NULL),
		                 PINSTORE_OK);
	}
	ck_assert_int_eq(pinstore_import_run(machine, import, 0, NOW, NULL,
	                                     NULL), PINSTORE_OK);
	pinstore_import_free(import);
	ck_assert_int_eq(pinstore_revoke(machine, &pin, NULL, NOW, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_publish(machine, below, 0, &hosts, NULL),
	                 PINSTORE_OK);
	ck_assert_uint_eq(hosts, many);
	open_anew();
	for (i = 0; i < many; i++) {
		if (i > 2 && i < many - 4 && i % 1000 != 0)
			continue;
		(void)snprintf(name, sizeof(name), "h%05u.test", i);
		ck_assert_int_eq(verdict_at(name, "x", NOW), PINSTORE_REJECT);
	}
	ck_assert_int_eq(verdict_at("h10001.test", "x", NOW),
	                 PINSTORE_UNPINNED);
	ck_assert_int_eq(verdict_at("h10001.test", "A", NOW), PINSTORE_REJECT);
}
END_TEST

START_TEST(wrong_arguments)
{
	struct pinstore_fsck_setup setup = {
		.size = sizeof(setup), .lock_limit_ms = -1,
	};
	struct pinstore_fsck_result result = {.size = sizeof(result)};
	uint64_t hosts = 9;
	char empty[] = "";

	ck_assert_int_eq(pinstore_publish(NULL, below, 0, &hosts, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_uint_eq(hosts, 0);
	ck_assert_int_eq(pinstore_publish(machine, NULL, 0, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_backup(machine, empty, 0, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	hosts = 9;
	ck_assert_int_eq(pinstore_restore(NULL, below, NOW, NULL, NULL, &hosts,
	                                  NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_uint_eq(hosts, 0);
	ck_assert_int_eq(pinstore_restore(empty, below, NOW, NULL, NULL, NULL,
	                                  NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_restore(fixture_dir.store, NULL, NOW, NULL,
	                                  NULL, NULL,
	                                  NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_restore(fixture_dir.store, empty, NOW, NULL,
	                                  NULL, NULL,
	                                  NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_walk_system(NULL, NULL, print_entry, NULL,
	                                      NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_fsck(NULL, NULL, &result, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_fsck(below, NULL, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_fsck(below, &setup, &result, NULL),
	                 PINSTORE_ERR_ARG);
	setup.size = 0;
	ck_assert_int_eq(pinstore_fsck(below, &setup, &result, NULL),
	                 PINSTORE_ERR_ARG);
}
END_TEST

/* -------------------------------------------------------- its coming and going */

/* A handle that began without one, a new copy, and one that is taken away. */
START_TEST(noticed)
{
	char path[160];

	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_UNPINNED);
	ck_assert_int_eq(mkdir(below, 0755), 0);
	wait_a_second();
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_UNPINNED);
	pin_below("a.test", "AB", 0);
	publish();
	wait_a_second();
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("b.test", "x", NOW), PINSTORE_UNPINNED);
	pin_below("b.test", "AB", 0);
	publish();
	wait_a_second();
	ck_assert_int_eq(verdict_at("b.test", "x", NOW), PINSTORE_REJECT);
	/* T-118: gone under an open handle, that is not "none". */
	(void)snprintf(path, sizeof(path), "%s/data.mdb", below);
	ck_assert_int_eq(unlink(path), 0);
	wait_a_second();
	ck_assert_int_eq(status_of("a.test"), PINSTORE_ERR_DAMAGED);
	ck_assert_int_eq(rmdir(below), 0);
	ck_assert_int_eq(status_of("a.test"), PINSTORE_ERR_DAMAGED);
	publish();
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
}
END_TEST

/* Nobody who may only read it keeps others from it, or from its renewal. */
START_TEST(locked_by_a_reader)
{
	int fd;

	pin_below("a.test", "AB", 0);
	publish();
	fd = open(below, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	wait_a_second();
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
	pin_below("b.test", "AB", 0);
	publish();
	wait_a_second();
	ck_assert_int_eq(verdict_at("b.test", "x", NOW), PINSTORE_REJECT);
	close(fd);
}
END_TEST

/* After fork() the child has it too. */
START_TEST(in_a_child)
{
	int state = -1;
	pid_t child;

	pin_below("a.test", "AB", 0);
	publish();
	open_anew();
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
	child = fork();
	if (child == 0)
		_exit(verdict_at("a.test", "x", NOW) == PINSTORE_REJECT &&
		                      verdict_at("a.test", "A", NOW) ==
		                              PINSTORE_MATCHED
		              ? 0
		              : 1);
	ck_assert_int_eq(waitpid(child, &state, 0), child);
	ck_assert_int_eq(state, 0);
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
}
END_TEST

/* Opened by its own path it is read, not written, and not judged twice. */
START_TEST(by_itself)
{
	struct pinstore *own = ps;
	struct stat st;
	char path[160];

	pin_below("a.test", "AB", 0);
	publish();
	ps = open_with(below, below);
	ck_assert_msg(ps != NULL, "%s", why.text);
	ck_assert_ptr_null(ps->system);
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_pin(ps, NULL, NOW, NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pin_at("b.test", "AB", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_ERR_READONLY);
	ck_assert_int_eq(pinstore_compact(ps, &why), PINSTORE_ERR_READONLY);
	ck_assert_ptr_nonnull(strstr(why.text, "published copy"));
	pinstore_close(ps);
	ps = own;
	/* And nothing was left beside it. */
	(void)snprintf(path, sizeof(path), "%s/lock.mdb", below);
	ck_assert_int_eq(stat(path, &st), -1);
	(void)snprintf(path, sizeof(path), "%s/gate", below);
	ck_assert_int_eq(stat(path, &st), -1);
}
END_TEST

/* ------------------------------------------------------------ what is refused */

static char data[160];

static void
damage(off_t at, size_t len, int octet)
{
	char octets[4096];
	int fd;

	memset(octets, octet, len);
	fd = open(data, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, octets, len, at), (ssize_t)len);
	close(fd);
}

static void
no_head(void)
{
	damage(0, 4096, 0);
}

static void
spoiled_head(void)
{
	damage(16, 4, 0x55);
}

static void
cut_short(void)
{
	ck_assert_int_eq(truncate(data, 8192), 0);
}

static void
empty(void)
{
	ck_assert_int_eq(truncate(data, 0), 0);
}

static void
lost(void)
{
	char other[160];

	(void)snprintf(other, sizeof(other), "%s/other", below);
	ck_assert_int_eq(rename(data, other), 0);
}

static void
by_link(void)
{
	char other[160];

	(void)snprintf(other, sizeof(other), "%s/other", fixture_dir.path);
	ck_assert_int_eq(rename(data, other), 0);
	ck_assert_int_eq(symlink(other, data), 0);
}

static void
linked_twice(void)
{
	char other[160];

	(void)snprintf(other, sizeof(other), "%s/other", fixture_dir.path);
	ck_assert_int_eq(link(data, other), 0);
}

static void
a_fifo(void)
{
	ck_assert_int_eq(unlink(data), 0);
	ck_assert_int_eq(mkfifo(data, 0600), 0);
}

static void
dir_by_link(void)
{
	char other[160];

	(void)snprintf(other, sizeof(other), "%s/other", fixture_dir.path);
	ck_assert_int_eq(rename(below, other), 0);
	ck_assert_int_eq(symlink(other, below), 0);
}

static void
dir_is_a_file(void)
{
	char other[160];
	int fd;

	(void)snprintf(other, sizeof(other), "%s/other", fixture_dir.path);
	ck_assert_int_eq(rename(below, other), 0);
	fd = open(below, O_WRONLY | O_CREAT, 0644);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void
data_0646(void)
{
	ck_assert_int_eq(chmod(data, 0646), 0);
}

static void
dir_0775(void)
{
	ck_assert_int_eq(chmod(below, 0775), 0);
}

static void
parent_0777(void)
{
	ck_assert_int_eq(chmod(fixture_dir.path, 0777), 0);
}

/* A backup is private; a live store may change under its readers. */
static void
a_backup(void)
{
	ck_assert_int_eq(unlink(data), 0);
	ck_assert_int_eq(pinstore_backup(machine, below, 0, NULL, NULL),
	                 PINSTORE_OK);
}

static void
a_live_store(void)
{
	struct pinstore *live;

	ck_assert_int_eq(unlink(data), 0);
	ck_assert_int_eq(chmod(below, 0700), 0);
	live = open_with(below, NULL);
	ck_assert_ptr_nonnull(live);
	pinstore_close(live);
}

static const struct {
	void (*spoil)(void);
	enum pinstore_status status;
	const char *words;
} refusals[] = {
	{no_head, PINSTORE_ERR_DAMAGED, "no valid head"},
	{spoiled_head, PINSTORE_ERR_DAMAGED, "no valid head"},
	{cut_short, PINSTORE_ERR_DAMAGED, "shorter"},
	{empty, PINSTORE_ERR_DAMAGED, "shorter"},
	{lost, PINSTORE_ERR_DAMAGED, "not empty"},
	{by_link, PINSTORE_ERR_ACCESS, "symbolic link"},
	{linked_twice, PINSTORE_ERR_ACCESS, "2 links"},
	{a_fifo, PINSTORE_ERR_ACCESS, "not a regular file"},
	{dir_by_link, PINSTORE_ERR_ACCESS, "symbolic link"},
	{dir_is_a_file, PINSTORE_ERR_ACCESS, "not a directory"},
	{data_0646, PINSTORE_ERR_ACCESS, "others may write"},
	{dir_0775, PINSTORE_ERR_ACCESS, "others may write"},
	{parent_0777, PINSTORE_ERR_ACCESS, ": others may replace it, for its parent directory has mode 0777: "
	 "chmod go-w the parent"},
	{a_backup, PINSTORE_ERR_ACCESS, " is no published one: put one there with "
	 "pinstore backup --publish"},
	{a_live_store, PINSTORE_ERR_ACCESS, "no published one"},
};

START_TEST(refused)
{
	struct pinstore *other;

	pin_below("a.test", "AB", 0);
	publish();
	open_anew();
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
	(void)snprintf(data, sizeof(data), "%s/data.mdb", below);
	/* Spoiled in a copy, so that this one's map stays whole. */
	pinstore_close(ps);
	ps = NULL;
	refusals[_i].spoil();
	other = open_with(fixture_dir.store, below);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(why.status, refusals[_i].status);
	ck_assert_msg(strstr(why.text, refusals[_i].words) != NULL, "%s",
	              why.text);
}
END_TEST

static void
as_nobody(void)
{
	if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
		_exit(98);
}

/* Root's is anybody's; a third user's, or what one may not read, is not. */
START_TEST(other_owners)
{
	char own[128];
	int state = -1;
	pid_t child;

	if (geteuid() != 0)
		return;
	pin_below("a.test", "AB", 0);
	publish();
	(void)snprintf(own, sizeof(own), "%s/nobody", fixture_dir.path);
	ck_assert_int_eq(mkdir(own, 0700), 0);
	ck_assert_int_eq(chown(own, NOBODY, NOBODY), 0);
	(void)snprintf(own, sizeof(own), "%s/nobody/store", fixture_dir.path);
	(void)snprintf(data, sizeof(data), "%s/data.mdb", below);
	child = fork();
	if (child == 0) {
		as_nobody();
		ps = open_with(own, below);
		_exit(ps != NULL &&
		                      verdict_at("a.test", "x", NOW) ==
		                              PINSTORE_REJECT &&
		                      pin_at("b.test", "AB", 0, PINSTORE_NEVER,
		                             NOW) == PINSTORE_OK
		              ? 0
		              : 1);
	}
	ck_assert_int_eq(waitpid(child, &state, 0), child);
	ck_assert_int_eq(state, 0);
	ck_assert_int_eq(chmod(data, 0600), 0);
	child = fork();
	if (child == 0) {
		as_nobody();
		_exit(open_with(own, below) == NULL &&
		                      why.status == PINSTORE_ERR_ACCESS
		              ? 0
		              : 1);
	}
	ck_assert_int_eq(waitpid(child, &state, 0), child);
	ck_assert_int_eq(state, 0);
	ck_assert_int_eq(chmod(data, 0644), 0);
	ck_assert_int_eq(chown(below, 1, 1), 0);
	ck_assert_ptr_null(open_with(fixture_dir.store, below));
	ck_assert_int_eq(why.status, PINSTORE_ERR_ACCESS);
	ck_assert_int_eq(chown(data, 1, 1), 0);
	ck_assert_ptr_null(open_with(fixture_dir.store, below));
	ck_assert_ptr_nonnull(strstr(why.text, ": its owner is uid 1, not you (uid 0): use a store of your own"));
	ck_assert_int_eq(chown(below, 0, 0), 0);
	ck_assert_ptr_null(open_with(fixture_dir.store, below));
	ck_assert_ptr_nonnull(strstr(why.text, "uid 1"));
}
END_TEST

START_TEST(options)
{
	struct pinstore_options *set = pinstore_options_new();

	ck_assert_int_eq(pinstore_options_set_system(NULL, below),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_options_set_system(set, ""),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_options_set_system(set, below), PINSTORE_OK);
	ck_assert_int_eq(pinstore_options_set_system(set, NULL), PINSTORE_OK);
	ck_assert_ptr_null(set->system);
	pinstore_options_free(set);
	pinstore_options_free(NULL);
	ck_assert_int_eq(pinstore_system_path()[0], '/');
	ck_assert_ptr_nonnull(strstr(pinstore_system_path(),
	                             "/pinstore/system"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api_system");
	TCase *tcase = tcase_create("api_system");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, verdict, 0, COUNT(verdicts));
	tcase_add_test(tcase, revoked);
	tcase_add_test(tcase, bypassed);
	tcase_add_test(tcase, watched);
	tcase_add_test(tcase, learning);
	tcase_add_loop_test(tcase, learning_matters, 0, COUNT(matters));
	tcase_add_loop_test(tcase, noting_matters, 0, COUNT(matters));
	tcase_add_test(tcase, learning_needs_an_answer);
	tcase_add_test(tcase, told);
	tcase_add_test(tcase, private_matters_stay);
	tcase_add_loop_test(tcase, settings_are_published, 0, 3);
	tcase_add_test(tcase, many_are_published);
	tcase_add_test(tcase, wrong_arguments);
	tcase_add_test(tcase, noticed);
	tcase_add_test(tcase, locked_by_a_reader);
	tcase_add_test(tcase, in_a_child);
	tcase_add_test(tcase, by_itself);
	tcase_add_loop_test(tcase, refused, 0, COUNT(refusals));
	tcase_add_test(tcase, other_owners);
	tcase_add_test(tcase, options);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
