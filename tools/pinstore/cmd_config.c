/*
 * cmd_config.c - pinstore config [KEY [VALUE...]]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/pin.h"
#include "common/table.h"
#include "common/text.h"
#include "common/when.h"
#include "pinlist.h"
#include "verb.h"

/* Of the numbers of the settings. */
#define NUMBER_MAX (INT64_C(1) << 40)

/* How a value is written. */
enum form {
	FORM_DURATION, /* 60d, or none */
	FORM_SHARE,    /* 1%, in hundredths of a percent */
	FORM_COUNT,
	FORM_SIZE,  /* 64M, in octets */
	FORM_SWITCH /* on, off */
};

static const struct {
	const char *key;
	enum pinstore_setting which;
	enum form form;
	const char *hint;
} keys[] = {
	{"max-age-cap", PINSTORE_SETTING_MAX_AGE_CAP, FORM_DURATION,
	 "write a duration as 60d, at most 2147483648 seconds, or none"},
	{"refresh-slack", PINSTORE_SETTING_REFRESH_SLACK, FORM_SHARE,
	 "write a share of max-age from 0% to 100%, as 1% or 0.25%"},
	{"quota-domain", PINSTORE_SETTING_QUOTA_DOMAIN, FORM_COUNT,
	 "write a number of entries"},
	{"quota-total", PINSTORE_SETTING_QUOTA_TOTAL, FORM_COUNT,
	 "write a number of entries"},
	{"max-size", PINSTORE_SETTING_MAX_BYTES, FORM_SIZE,
	 "write a size as 64M, with k, M, G or T or in octets, from 1M to 1T"},
	{"suffix-rule", PINSTORE_SETTING_SUFFIX_RULE, FORM_SWITCH,
	 "write on or off"},
	{"learn-subdomains", PINSTORE_SETTING_LEARN_SUBDOMAINS, FORM_SWITCH,
	 "write on or off"},
	{"report", PINSTORE_SETTING_REPORT, FORM_SWITCH, "write on or off"},
	{"report-only", PINSTORE_SETTING_REPORT_ONLY, FORM_SWITCH,
	 "write on or off"},
	{"report-https-only", PINSTORE_SETTING_REPORT_HTTPS_ONLY, FORM_SWITCH,
	 "write on or off"},
	{"report-same-origin-only", PINSTORE_SETTING_REPORT_SAME_ORIGIN_ONLY,
	 FORM_SWITCH, "write on or off"},
	{"report-private", PINSTORE_SETTING_REPORT_PRIVATE, FORM_SWITCH,
	 "write on or off"},
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))
/* The one setting that is a list. */
#define ANCHORS "anchors"

const char *
config_key(size_t i)
{
	if (i < N_KEYS)
		return keys[i].key;
	return i == N_KEYS ? ANCHORS : NULL;
}

/* ------------------------------------------------------------------- values */

/* Each is 1024 of the one before it. */
static const char units[] = "kMGT", small_units[] = "kmgt";

static bool
parse_share(const char *text, int64_t *out)
{
	size_t whole = strcspn(text, ".%"), digits = 0;
	int64_t percent, part = 0;

	if (!tool_parse_number(text, whole, 100, &percent))
		return false;
	text += whole;
	if (*text == '.') {
		digits = strspn(++text, "0123456789");
		if (digits < 1 || digits > 2 ||
		    !tool_parse_number(text, digits, 99, &part))
			return false;
		if (digits == 1)
			part *= 10;
		text += digits;
	}
	*out = percent * 100 + part;
	return strcmp(text, "%") == 0;
}

/* Octets, or with a unit of 1024s. */
static bool
parse_size(const char *text, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;
	unsigned shift = 0;

	if (!tool_parse_number(text, digits, NUMBER_MAX, out))
		return false;
	if (*unit != '\0') {
		const char *at = strchr(small_units, *unit | 0x20);

		if (at == NULL || unit[1] != '\0')
			return false;
		shift = 10 * (unsigned)(at - small_units + 1);
	}
	if (*out > NUMBER_MAX >> shift)
		return false;
	*out <<= shift;
	return true;
}

static bool
parse(enum form form, const char *text, int64_t *out)
{
	switch (form) {
	case FORM_DURATION:
		*out = 0;
		return strcmp(text, "none") == 0 ||
		       (tool_duration_parse(text, out) && *out > 0);
	case FORM_SHARE:
		return parse_share(text, out);
	case FORM_COUNT:
		return tool_parse_number(text, strlen(text), NUMBER_MAX, out);
	case FORM_SIZE:
		return parse_size(text, out);
	case FORM_SWITCH:
		*out = strcmp(text, "on") == 0;
		return *out == 1 || strcmp(text, "off") == 0;
	}
	return false;
}

static char *
print_duration(int64_t seconds)
{
	if (seconds == 0)
		return tool_format("none");
	if (seconds % 86400 == 0)
		return tool_format("%" PRId64 "d", seconds / 86400);
	if (seconds % 3600 == 0)
		return tool_format("%" PRId64 "h", seconds / 3600);
	return tool_format("%" PRId64 "s", seconds);
}

static char *
print_size(int64_t octets)
{
	char unit[2] = "";
	size_t i;

	for (i = 0; units[i] != '\0' && octets > 0 && octets % 1024 == 0; i++) {
		octets /= 1024;
		unit[0] = units[i];
	}
	return tool_format("%" PRId64 "%s", octets, unit);
}

/* As parse() reads it.  Owner: the caller. */
static char *
print(enum form form, int64_t value)
{
	switch (form) {
	case FORM_DURATION:
		return print_duration(value);
	case FORM_SHARE:
		if (value % 100 == 0)
			return tool_format("%" PRId64 "%%", value / 100);
		return tool_format("%" PRId64 ".%02" PRId64 "%%", value / 100,
		                   value % 100);
	case FORM_COUNT:
		return tool_format("%" PRId64, value);
	case FORM_SIZE:
		return print_size(value);
	case FORM_SWITCH:
		return tool_format("%s", value != 0 ? "on" : "off");
	}
	return tool_format("%" PRId64, value);
}

/* ------------------------------------------------------------------ reading */

/* One of them as an object, or as a line of the table. */
struct telling {
	struct run *run;
	struct tool_table *table; /* NULL: the value alone */
	json_t *array;            /* NULL: the object alone */
};

static void
tell(const struct telling *telling, const char *key, const char *text,
     json_t *value, bool is_set)
{
	const char *cells[] = {key, text, is_set ? "set" : "default"};
	json_t *one;

	if (telling->run->is_json) {
		one = tool_json_object();
		tool_json_add(one, "key", tool_json_text(key));
		tool_json_add(one, "value", value);
		tool_json_add(one, "text", tool_json_text(text));
		tool_json_add(one, "set", json_boolean(is_set));
		if (telling->array != NULL) {
			tool_json_append(telling->array, one);
			return;
		}
		tool_json_write(one, telling->run->out);
		fputc('\n', telling->run->out);
		return;
	}
	json_decref(value);
	if (telling->table != NULL)
		tool_table_add(telling->table, cells);
	else
		fprintf(telling->run->out, "%s\n", text);
}

static bool
tell_setting(const struct telling *telling, size_t at)
{
	struct pinstore_error error;
	int64_t value;
	int is_set;
	char *text;

	if (pinstore_setting_get(telling->run->store, keys[at].which, &value,
	                         &is_set, &error) != PINSTORE_OK) {
		run_fail(telling->run, &error);
		return false;
	}
	text = print(keys[at].form, value);
	tell(telling, keys[at].key, text, tool_json_integer(value), is_set);
	free(text);
	return true;
}

static bool
tell_anchors(const struct telling *telling)
{
	struct pinstore_pin pins[PINSTORE_ANCHORS_MAX];
	struct pinstore_error error;
	char one[TOOL_PIN_TEXT], *text, *longer;
	size_t i, n;

	if (pinstore_anchors(telling->run->store, pins, &n, &error) !=
	    PINSTORE_OK) {
		run_fail(telling->run, &error);
		return false;
	}
	text = tool_format("%s", n == 0 ? "none" : "");
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_CURL, one);
		longer = tool_format("%s%s%s", text, i > 0 ? "\n" : "", one);
		free(text);
		text = longer;
	}
	if (telling->table != NULL && n > 0) {
		free(text);
		text = tool_format("%zu %s", n, n == 1 ? "key" : "keys");
	}
	tell(telling, ANCHORS, text, tool_json_pins(pins, n), n > 0);
	free(text);
	return true;
}

static int
tell_all(struct run *run)
{
	static const char *const headings[] = {"KEY", "VALUE", "FROM", NULL};
	struct telling telling = {run, NULL, NULL};
	bool is_good = true;
	size_t i;

	if (run->is_json)
		telling.array = tool_json_array();
	else
		telling.table = tool_table_new(headings, run->is_colored);
	for (i = 0; i < N_KEYS && is_good; i++)
		is_good = tell_setting(&telling, i);
	is_good = is_good && tell_anchors(&telling);
	if (run->is_json) {
		tool_json_write(telling.array, run->out);
		fputc('\n', run->out);
	} else {
		tool_table_print(telling.table, run->out);
	}
	return is_good ? TOOL_EXIT_OK : run->fault.exit;
}

/* ------------------------------------------------------------------ writing */

static int
set_anchors(struct run *run)
{
	struct pinlist pins = {NULL, 0};
	struct pinstore_error error;
	bool is_good = true;
	int code = EXIT_USAGE;
	size_t i;

	for (i = 1; i < run->n_operands && is_good; i++)
		is_good = pinlist_add_all(&pins, run->operands[i], &run->fault);
	if (is_good && pins.n > PINSTORE_ANCHORS_MAX) {
		tool_fault_usage(&run->fault, ANCHORS, NULL,
		                 "%zu keys are more than %d", pins.n,
		                 PINSTORE_ANCHORS_MAX);
		is_good = false;
	}
	if (is_good && run_open(run, true)) {
		code = TOOL_EXIT_OK;
		if (pinstore_set_anchors(run->store, pins.pin, pins.n,
		                         run->options.now, &error) !=
		    PINSTORE_OK)
			code = run_fail(run, &error);
	} else if (is_good) {
		code = run->fault.exit;
	}
	pinlist_free(&pins);
	return code;
}

static int
set_setting(struct run *run, size_t at)
{
	bool is_unset = option_given(&run->options, OPTION_UNSET);
	struct pinstore_error error;
	enum pinstore_status status;
	int64_t value = 0;

	if (!is_unset && run->n_operands > 2) {
		tool_fault_usage(&run->fault, keys[at].key, keys[at].hint,
		                 "\"%s\" is one value too many",
		                 run->operands[2]);
		return EXIT_USAGE;
	}
	if (!is_unset && (run->n_operands != 2 ||
	                  !parse(keys[at].form, run->operands[1], &value))) {
		tool_fault_usage(&run->fault, keys[at].key, keys[at].hint,
		                 "\"%s\" is none of its values", run->operands[1]);
		return EXIT_USAGE;
	}
	if (!run_open(run, true))
		return run->fault.exit;
	status = pinstore_setting_put(run->store, keys[at].which,
	                              is_unset ? NULL : &value,
	                              run->options.now, &error);
	if (status == PINSTORE_ERR_ARG) {
		tool_fault_usage(&run->fault, keys[at].key, keys[at].hint,
		                 "\"%s\" is out of its range",
		                 run->operands[1]);
		return EXIT_USAGE;
	}
	return status == PINSTORE_OK ? TOOL_EXIT_OK : run_fail(run, &error);
}

static bool
find_key(struct run *run, size_t *at)
{
	const char *names[N_KEYS + 2] = {NULL}, *near;
	const char *name = run->operands[0];

	for (*at = 0; *at < N_KEYS; ++*at) {
		if (strcmp(keys[*at].key, name) == 0)
			return true;
		names[*at] = keys[*at].key;
	}
	if (strcmp(name, ANCHORS) == 0)
		return true;
	names[N_KEYS] = ANCHORS;
	near = tool_nearest(name, names);
	tool_fault_usage(&run->fault, name, PROGRAM " config lists the keys",
	                 near != NULL ? "there is no setting \"%s\"; did you "
	                                "mean %s?"
	                              : "there is no setting \"%s\"",
	                 name, near);
	return false;
}

int
cmd_config(struct run *run)
{
	bool is_unset = option_given(&run->options, OPTION_UNSET);
	struct telling telling = {run, NULL, NULL};
	bool is_good;
	size_t at = 0;

	if (is_unset && run->n_operands != 1) {
		tool_fault_usage(&run->fault, "--unset",
		                 PROGRAM " config KEY --unset",
		                 "--unset takes one key and no value");
		return EXIT_USAGE;
	}
	if (run->n_operands > 0 && !find_key(run, &at))
		return EXIT_USAGE;
	if (is_unset || run->n_operands > 1)
		return at == N_KEYS ? set_anchors(run) : set_setting(run, at);
	if (!run_open(run, false))
		return run->fault.exit;
	if (run->n_operands == 0)
		return tell_all(run);
	is_good = at == N_KEYS ? tell_anchors(&telling)
	                       : tell_setting(&telling, at);
	return is_good ? TOOL_EXIT_OK : run->fault.exit;
}
