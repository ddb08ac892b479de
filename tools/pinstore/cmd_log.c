/*
 * cmd_log.c - pinstore log
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/pin.h"
#include "common/text.h"
#include "common/when.h"
#include "verb.h"

/* How long --follow lets the store alone. */
#define FOLLOW_MS 250

struct logging {
	const struct run *run;
	FILE *out;
	uint64_t last; /* number of the record that came last */
};

static json_t *
reason_json(const struct pinstore_record *record)
{
	enum pinstore_reason why = pinstore_record_reason(record);

	return why == PINSTORE_WHY_OK
	               ? json_null()
	               : tool_json_text(pinstore_reason_word(why));
}

static void
print_json(const struct pinstore_record *record, FILE *out)
{
	const struct pinstore_pin *pin = pinstore_record_pin(record);
	enum pinstore_event event = pinstore_record_event(record);
	json_t *object = tool_json_object();
	enum pinstore_layer layer;
	bool has_layer = pinstore_record_layer(record, &layer) != 0;

	tool_json_add(object, "number",
	              tool_json_integer((int64_t)pinstore_record_number(record)));
	tool_json_add_time(object, "time", pinstore_record_time(record));
	tool_json_add(object, "event",
	              tool_json_text(pinstore_event_word(event)));
	tool_json_add(object, "host",
	              tool_json_text(pinstore_record_host(record)));
	tool_json_add(object, "layer",
	              tool_json_text(has_layer ? pinstore_layer_word(layer)
	                                       : NULL));
	tool_json_add(object, "count",
	              tool_json_integer((int64_t)pinstore_record_count(record)));
	tool_json_add(object, "reason", reason_json(record));
	tool_json_add(object, "enforced",
	              event == PINSTORE_EVENT_VIOLATION
	                      ? json_boolean(pinstore_record_enforced(record))
	                      : json_null());
	tool_json_add(object, "pin",
	              pin != NULL ? tool_json_pin(pin) : json_null());
	tool_json_write(object, out);
	fputc('\n', out);
}

/* What the pin of such a record is. */
static const char *
pin_role(enum pinstore_event event)
{
	if (event == PINSTORE_EVENT_OTHER_PATH)
		return "anchor";
	if (event == PINSTORE_EVENT_REVOKED ||
	    event == PINSTORE_EVENT_UNREVOKED)
		return "key";
	return "leaf";
}

static void
print_text(const struct pinstore_record *record, FILE *out)
{
	enum pinstore_event event = pinstore_record_event(record);
	enum pinstore_reason why = pinstore_record_reason(record);
	const struct pinstore_pin *pin = pinstore_record_pin(record);
	const char *host = pinstore_record_host(record);
	uint64_t count = pinstore_record_count(record);
	char when[TOOL_TIME_TEXT], text[TOOL_PIN_TEXT];

	tool_time_print(pinstore_record_time(record), when);
	fprintf(out, "%-20s  %-12s  ", when, pinstore_event_word(event));
	tool_put_escaped(host != NULL ? host : "-", out);
	if (event == PINSTORE_EVENT_VIOLATION)
		fputs(pinstore_record_enforced(record) ? "  refused"
		                                       : "  not enforced", out);
	if (why != PINSTORE_WHY_OK && event != PINSTORE_EVENT_REVOKED &&
	    event != PINSTORE_EVENT_UNREVOKED)
		fprintf(out, "  %s", pinstore_reason_word(why));
	if (event == PINSTORE_EVENT_CLEARED ||
	    event == PINSTORE_EVENT_EXPIRED ||
	    event == PINSTORE_EVENT_IMPORTED)
		fprintf(out, "  %" PRIu64 " entries", count);
	else if (count > 1)
		fprintf(out, "  %" PRIu64 " times", count);
	if (pin != NULL) {
		tool_pin_print(pin, TOOL_PIN_CURL, text);
		fprintf(out, "  %s %s", pin_role(event), text);
	}
	fputc('\n', out);
}

static int
visit(const struct pinstore_record *record, void *arg)
{
	struct logging *logging = arg;
	const struct run *run = logging->run;

	logging->last = pinstore_record_number(record);
	if (pinstore_record_time(record) < run->options.since)
		return 0;
	if (run->is_json)
		print_json(record, logging->out);
	else
		print_text(record, logging->out);
	return ferror(logging->out);
}

/*
 * Wait for the next look.  False: nobody reads what is printed any more, which
 * is the usual end.
 */
static bool
wait_for_more(FILE *out)
{
	struct pollfd reader = {.fd = fileno(out)};

	if (fflush(out) != 0)
		return false;
	if (poll(&reader, 1, FOLLOW_MS) < 0)
		return errno == EINTR;
	return (reader.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

int
cmd_log(struct run *run)
{
	bool is_followed = option_given(&run->options, OPTION_FOLLOW);
	struct logging logging = {run, is_followed ? stdout : run->out, 0};
	struct pinstore_error error;

	if (!run_open(run, false))
		return run->fault.exit;
	do {
		if (pinstore_log(run->store, logging.last, visit, &logging,
		                 &error) != PINSTORE_OK)
			return run_fail(run, &error);
	} while (is_followed && wait_for_more(logging.out));
	return TOOL_EXIT_OK;
}
