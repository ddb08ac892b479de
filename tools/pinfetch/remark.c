/*
 * remark.c - what is said about pins while a fetch goes on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/remark.h"

#include <stdio.h>
#include <string.h>

#include "common/fault.h"
#include "common/pin.h"
#include "common/when.h"

/* Configured pins are not refreshed: that they end is said this long before. */
#define SOON (INT64_C(14) * 24 * 60 * 60)

const struct pinstore_entry *
fetch_remark_entry(const struct pinstore_result *result,
                   enum pinstore_layer *layer)
{
	static const enum pinstore_layer order[] = {
		PINSTORE_CONFIGURED, PINSTORE_SYSTEM, PINSTORE_LEARNED};
	const struct pinstore_entry *first = NULL;
	bool is_refused;

	*layer = PINSTORE_CONFIGURED;
	if (!result)
		return NULL;
	is_refused = pinstore_result_verdict(result) == PINSTORE_REJECT;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct pinstore_entry *entry =
		        pinstore_result_entry(result, order[i]);
		bool has_matched = pinstore_result_matched(result, order[i],
		                                           NULL, NULL);

		if (!entry || (first && has_matched == is_refused))
			continue;
		first = entry;
		*layer = order[i];
		if (has_matched != is_refused)
			break;
	}
	return first;
}

void
fetch_remark_judged(const char *host, const struct fetch_verdict *verdict)
{
	const struct pinstore_entry *entry;
	const struct pinstore_pin *pins;
	enum pinstore_layer layer;
	char text[TOOL_PIN_TEXT];
	size_t at = 0;
	size_t n;

	if (!verdict->is_judged)
		return;
	fprintf(stderr, "* pins: %s: %s, %s\n", host,
	        pinstore_verdict_word(verdict->verdict),
	        pinstore_reason_word(pinstore_result_reason(verdict->result)));
	if (pinstore_result_other_path(verdict->result))
		fputs("* pins: on another valid path than GnuTLS settled on\n",
		      stderr);
	entry = fetch_remark_entry(verdict->result, &layer);
	if (!entry ||
	    !pinstore_result_matched(verdict->result, layer, &at, NULL))
		return;
	pins = pinstore_entry_pins(entry, &n);
	if (at >= n)
		return;
	tool_pin_print(&pins[at], TOOL_PIN_CURL, text);
	fprintf(stderr, "* pins: %s of %s (%s)\n", text,
	        pinstore_entry_host(entry),
	        pinstore_source_word(pinstore_entry_source(entry)));
}

/*
 * The nearest configured entry that would apply, had it not expired, or NULL.
 */
static const char *
ended(const struct pinstore_result *result)
{
	struct pinstore_step step = {.size = sizeof(step)};
	const char *host = pinstore_result_host(result);

	for (size_t i = 0; pinstore_result_step(result, i, &step); i++)
		if (step.layer != PINSTORE_LEARNED && step.expired &&
		    (step.include_subdomains || strcmp(step.name, host) == 0))
			return step.name;
	return NULL;
}

void
fetch_remark_life(const struct fetch_options *options,
                  struct fetch_meter *meter,
                  const struct fetch_verdict *verdict)
{
	const struct pinstore_entry *entry;
	char when[TOOL_TIME_TEXT];
	const char *name;
	int64_t expires;

	if (!verdict->is_judged || (options->silent && !options->show_error))
		return;
	entry = pinstore_result_entry(verdict->result, PINSTORE_CONFIGURED);
	if (!entry)
		entry = pinstore_result_entry(verdict->result, PINSTORE_SYSTEM);
	name = entry ? NULL : ended(verdict->result);
	expires = entry ? pinstore_entry_expires(entry) : PINSTORE_NEVER;
	if (name) {
		fetch_meter_break(meter);
		tool_warn("pinfetch",
		          "the pins that were configured for %s have expired, "
		          "and are not enforced",
		          name);
	} else if (expires != PINSTORE_NEVER && expires - SOON < tool_now()) {
		tool_time_print(expires, when);
		fetch_meter_break(meter);
		tool_warn("pinfetch",
		          "the pins that are configured for %s end %s",
		          pinstore_entry_host(entry), when);
	}
}

/* Where no status tells it: a quota is full. */
#define QUOTA 0

/*
 * Whether to tell that something was not stored: a store that cannot be written
 * to is told of once, and what else meets that is counted.
 */
static bool
is_news(struct fetch_run *run, enum pinstore_status status)
{
	const uint32_t bit = UINT32_C(1) << (unsigned)-(int)status;

	if ((run->losses.told & bit) != 0 && !run->options->verbose) {
		run->losses.more++;
		return false;
	}
	run->losses.told |= bit;
	return true;
}

void
fetch_remark_losses(const struct fetch_run *run)
{
	const struct fetch_options *options = run->options;

	if (run->losses.more > 0 && (!options->silent || options->show_error))
		tool_warn("pinfetch",
		          "for the same reason %zu more could not be stored",
		          run->losses.more);
}

static bool
is_loss(const struct pinstore_noted *noted)
{
	return noted->suffix_rule || noted->clock_went_back ||
	       noted->action == PINSTORE_REMOVED;
}

static void
warn_of_loss(const char *host, const struct pinstore_noted *noted)
{
	if (noted->suffix_rule)
		tool_warn("pinfetch",
		          "%s is a public suffix: its includeSubDomains was "
		          "left out",
		          host);
	if (noted->clock_went_back)
		tool_warn("pinfetch",
		          "the entry of %s was from the future and has been "
		          "replaced: was the clock set back?",
		          host);
	if (noted->action == PINSTORE_REMOVED &&
	    noted->why == PINSTORE_WHY_NO_PINS)
		tool_warn("pinfetch",
		          "%s sent no pin of a known kind: its entry was "
		          "removed",
		          host);
}

void
fetch_remark_noted(struct fetch_run *run, const char *host,
                   const struct pinstore_noted *noted,
                   enum pinstore_status status,
                   const struct pinstore_error *error)
{
	const bool is_full = status == PINSTORE_OK &&
	                     noted->why == PINSTORE_WHY_FULL;
	const struct fetch_options *options = run->options;
	struct fetch_meter *meter = &run->meter;
	char expires[TOOL_TIME_TEXT];

	if (status == PINSTORE_OK && options->verbose) {
		fetch_meter_break(meter);
		fprintf(stderr, "* pins: header of %s: %s, %s", host,
		        pinstore_action_word(noted->action),
		        pinstore_reason_word(noted->why));
		if (noted->why == PINSTORE_WHY_MALFORMED)
			fprintf(stderr, " (%s at %zu)",
			        pinstore_syntax_word(noted->syntax),
			        noted->offset);
		if (noted->expires) {
			tool_time_print(noted->expires, expires);
			fprintf(stderr, ", expires %s", expires);
		}
		if (noted->ignored_fields)
			fprintf(stderr, "; %zu more ignored",
			        noted->ignored_fields);
		fputc('\n', stderr);
	}
	if (options->silent && !options->show_error)
		return;
	if (!status && is_loss(noted)) {
		fetch_meter_break(meter);
		warn_of_loss(host, noted);
	}
	if ((status || is_full) && is_news(run, is_full ? QUOTA : status)) {
		fetch_meter_break(meter);
		tool_warn("pinfetch",
		          "the pins that %s sent could not be stored: %s", host,
		          is_full          ? "the store is full"
		          : error->text[0] ? error->text
		                           : pinstore_strerror(status));
	}
}

void
fetch_remark_trusted(struct fetch_run *run, const char *host,
                     const struct pinstore_noted *trusted,
                     enum pinstore_status status,
                     const struct pinstore_error *error)
{
	const bool is_full = trusted->why == PINSTORE_WHY_FULL;
	const struct fetch_options *options = run->options;
	struct fetch_meter *meter = &run->meter;

	if (!status && options->verbose) {
		fetch_meter_break(meter);
		fprintf(stderr, "* pins: key of %s: %s, %s\n", host,
		        pinstore_action_word(trusted->action),
		        pinstore_reason_word(trusted->why));
	}
	if ((!status && !is_full) || (options->silent && !options->show_error) ||
	    !is_news(run, is_full ? QUOTA : status))
		return;
	fetch_meter_break(meter);
	tool_warn("pinfetch", "the key of %s could not be remembered: %s", host,
	          is_full             ? "the store is full"
	          : error->text[0] ? error->text
	                           : pinstore_strerror(status));
}
