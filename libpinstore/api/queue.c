/*
 * queue.c - what senders and operators do with the reports that wait.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "api/sized.h"
#include "base/status.h"
#include "rules/report.h"

static_assert(PINSTORE_REPORT_OCTETS_MAX == PS_REPORT_TEXT_MAX &&
                      PINSTORE_REPORT_SECONDS_MAX == PS_REPORT_SECONDS,
              "the limits of a report are told as others than they are");

/* ------------------------------------------------------------------ reading */

void
pinstore_report_free(struct pinstore_report *report)
{
	if (report == NULL)
		return;
	free(report->text);
	free(report);
}

uint64_t
pinstore_report_id(const struct pinstore_report *report)
{
	return report->fields.id;
}

enum pinstore_kind
pinstore_report_kind(const struct pinstore_report *report)
{
	return report->fields.kind;
}

const char *
pinstore_report_host(const struct pinstore_report *report)
{
	return report->fields.host.name;
}

uint16_t
pinstore_report_port(const struct pinstore_report *report)
{
	return report->fields.port;
}

int
pinstore_report_peer_is_private(const struct pinstore_report *report)
{
	return report->fields.is_private ? 1 : 0;
}

const char *
pinstore_report_uri(const struct pinstore_report *report)
{
	return report->fields.uri;
}

const char *
pinstore_report_body(const struct pinstore_report *report, size_t *len)
{
	if (len != NULL)
		*len = report->fields.text_len;
	return report->text;
}

int64_t
pinstore_report_created(const struct pinstore_report *report)
{
	return report->fields.created;
}

int64_t
pinstore_report_expires(const struct pinstore_report *report)
{
	return ps_report_after(report->fields.created, PS_REPORT_SECONDS);
}

unsigned
pinstore_report_attempts(const struct pinstore_report *report)
{
	return report->fields.attempts;
}

int64_t
pinstore_report_next(const struct pinstore_report *report)
{
	const struct ps_report *fields = &report->fields;

	return fields->next > fields->leased ? fields->next : fields->leased;
}

enum pinstore_status
pinstore_walk_reports(struct pinstore *ps, pinstore_report_fn *visit, void *arg,
                      struct pinstore_error *error)
{
	struct pinstore_report report = {.text = NULL};
	enum pinstore_status status;
	bool found, go_on;

	ps_error_clear(error);
	if (ps == NULL || visit == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_walk_reports: no store, or nothing to "
		               "call");
	do {
		go_on = false;
		status = ps_store_next_report(ps->store, report.fields.id,
		                              &found, &report.fields,
		                              &report.text, error);
		if (status == PINSTORE_OK && found)
			go_on = visit(&report, arg) == 0;
		free(report.text);
	} while (go_on);
	return status;
}

enum pinstore_status
pinstore_report_count(struct pinstore *ps, struct pinstore_report_totals *out,
                      struct pinstore_error *error)
{
	struct pinstore_report_totals totals = {0};
	enum pinstore_status status;

	ps_error_clear(error);
	if (ps == NULL || !ps_sized_write(out, &totals, sizeof(totals)))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_report_count: no store, or no place "
		               "for the numbers with its size");
	status = ps_store_count_reports(ps->store, &totals.waiting,
	                                &totals.octets, &totals.dropped, error);
	if (status == PINSTORE_OK)
		ps_sized_write(out, &totals, sizeof(totals));
	return status;
}

/* ------------------------------------------------------------------- taking */

struct taking {
	uint64_t id; /* 0: the oldest that is due */
	int64_t now;
	struct pinstore_report *report; /* a place for it */
	bool is_found;
	bool is_busy;
};

/* Whether this one is to be taken; one whose attempts are used up goes. */
static enum pinstore_status
consider(struct ps_write *write, struct taking *taking,
         const struct ps_report *fields, bool *is_meant,
         struct pinstore_error *error)
{
	*is_meant = false;
	if (!fields->is_waiting || (taking->id != 0 && fields->id != taking->id))
		return PINSTORE_OK;
	if (ps_report_is_leased(fields->leased, taking->now)) {
		taking->is_busy = taking->id != 0;
		return PINSTORE_OK;
	}
	if (fields->attempts >= PINSTORE_REPORT_ATTEMPTS_MAX)
		return ps_write_end_report(write, fields, PS_REPORT_LOST,
		                           taking->now, error);
	*is_meant = taking->id != 0 ||
	            ps_report_is_due(fields->next, taking->now);
	return PINSTORE_OK;
}

static enum pinstore_status
work_take(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct taking *taking = arg;
	struct ps_report *fields = &taking->report->fields;
	enum pinstore_status status;
	bool found = true;

	taking->is_found = false;
	taking->is_busy = false;
	free(taking->report->text);
	taking->report->text = NULL;
	fields->id = 0;
	status = ps_write_age_reports(write, taking->now, error);
	while (status == PINSTORE_OK && found && !taking->is_found) {
		status = ps_write_next_report(write, fields->id, &found, fields,
		                              error);
		if (status == PINSTORE_OK && found)
			status = consider(write, taking, fields,
			                  &taking->is_found, error);
	}
	if (status != PINSTORE_OK || !taking->is_found)
		return status;
	status = ps_write_report_text(write, fields, &taking->report->text,
	                              error);
	if (status != PINSTORE_OK)
		return status;
	fields->attempts++;
	fields->leased = ps_report_after(taking->now,
	                                 PINSTORE_REPORT_LEASE_SECONDS);
	return ps_write_put_report(write, fields, error);
}

static enum pinstore_status
take(struct pinstore *ps, uint64_t id, int64_t now,
     struct pinstore_report **out, struct pinstore_error *error)
{
	struct taking taking = {.id = id, .now = now};
	enum pinstore_status status;
	uint64_t waiting, octets, dropped;

	/* Mostly there is none, and nobody is to wait for that. */
	status = ps_store_count_reports(ps->store, &waiting, &octets, &dropped,
	                                error);
	if (status == PINSTORE_OK && waiting > 0) {
		taking.report = calloc(1, sizeof(*taking.report));
		if (taking.report == NULL)
			return ps_fail_nomem(error);
		status = ps_store_write(ps->store, now, work_take, &taking,
		                        error);
	}
	if (status == PINSTORE_OK && taking.is_busy)
		status = ps_fail(error, PINSTORE_ERR_BUSY,
		                 "another sender has taken this report");
	else if (status == PINSTORE_OK && !taking.is_found)
		status = ps_fail(error, PINSTORE_ERR_NOTFOUND,
		                 id != 0 ? "there is no such report"
		                         : "no report is due");
	if (status != PINSTORE_OK) {
		pinstore_report_free(taking.report);
		return status;
	}
	*out = taking.report;
	return PINSTORE_OK;
}

enum pinstore_status
pinstore_report_take(struct pinstore *ps, int64_t now,
                     struct pinstore_report **out, struct pinstore_error *error)
{
	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (ps == NULL || out == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_report_take: no store, or no place "
		               "for the report");
	return take(ps, 0, now, out, error);
}

enum pinstore_status
pinstore_report_take_id(struct pinstore *ps, uint64_t id, int64_t now,
                        struct pinstore_report **out,
                        struct pinstore_error *error)
{
	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (ps == NULL || id == 0 || out == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_report_take_id: no store, no number, "
		               "or no place for the report");
	return take(ps, id, now, out, error);
}

/* ----------------------------------------------------------------- settling */

struct settling {
	const struct ps_report *taken;
	enum pinstore_outcome outcome;
	int64_t now;
};

static enum pinstore_status
work_settle(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct settling *settling = arg;
	struct ps_report fields;
	enum pinstore_status status;
	bool found;

	status = ps_write_next_report(write, settling->taken->id - 1, &found,
	                              &fields, error);
	if (status != PINSTORE_OK || !found ||
	    fields.id != settling->taken->id || !fields.is_waiting)
		return status;
	switch (settling->outcome) {
	case PINSTORE_OUTCOME_DELIVERED:
		return ps_write_end_report(write, &fields, PS_REPORT_SENT,
		                           settling->now, error);
	case PINSTORE_OUTCOME_DROPPED:
		return ps_write_end_report(write, &fields, PS_REPORT_LOST,
		                           settling->now, error);
	case PINSTORE_OUTCOME_FAILED:
		break;
	}
	/* Somebody else's by now: he will tell. */
	if (fields.attempts != settling->taken->attempts)
		return PINSTORE_OK;
	if (fields.attempts >= PINSTORE_REPORT_ATTEMPTS_MAX)
		return ps_write_end_report(write, &fields, PS_REPORT_LOST,
		                           settling->now, error);
	fields.next = ps_report_after(settling->now,
	                              ps_report_pause(fields.attempts));
	fields.leased = 0;
	return ps_write_put_report(write, &fields, error);
}

enum pinstore_status
pinstore_report_settle(struct pinstore *ps, struct pinstore_report *report,
                       enum pinstore_outcome outcome, int64_t now,
                       struct pinstore_error *error)
{
	struct settling settling = {.outcome = outcome, .now = now};
	enum pinstore_status status;

	ps_error_clear(error);
	if (ps == NULL || report == NULL ||
	    (outcome != PINSTORE_OUTCOME_FAILED &&
	     outcome != PINSTORE_OUTCOME_DELIVERED &&
	     outcome != PINSTORE_OUTCOME_DROPPED)) {
		pinstore_report_free(report);
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_report_settle: no store, no report, "
		               "or no such outcome");
	}
	settling.taken = &report->fields;
	status = ps_store_write(ps->store, now, work_settle, &settling, error);
	pinstore_report_free(report);
	return status;
}

/* ----------------------------------------------------------------- dropping */

struct dropping {
	uint64_t id;
	struct ps_host host;
	bool has_host;
	int64_t now;
	uint64_t dropped;
};

static enum pinstore_status
work_drop(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct dropping *dropping = arg;
	struct ps_report fields = {.id = 0};
	enum pinstore_status status;
	bool found;

	dropping->dropped = 0;
	if (dropping->id == 0 && !dropping->has_host)
		return ps_write_empty_reports(write, &dropping->dropped, error);
	for (;;) {
		status = ps_write_next_report(write, fields.id, &found, &fields,
		                              error);
		if (status != PINSTORE_OK || !found)
			return status;
		if (!fields.is_waiting ||
		    (dropping->id != 0 && fields.id != dropping->id) ||
		    (dropping->has_host &&
		     strcmp(fields.host.name, dropping->host.name) != 0))
			continue;
		status = ps_write_end_report(write, &fields, PS_REPORT_GONE,
		                             dropping->now, error);
		if (status != PINSTORE_OK)
			return status;
		dropping->dropped++;
	}
}

enum pinstore_status
pinstore_drop_reports(struct pinstore *ps, uint64_t id, const char *host,
                      int64_t now, size_t *dropped,
                      struct pinstore_error *error)
{
	struct dropping dropping = {.id = id, .now = now};
	enum pinstore_status status;

	ps_error_clear(error);
	if (dropped != NULL)
		*dropped = 0;
	if (ps == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_drop_reports: no store");
	dropping.has_host = host != NULL;
	if (dropping.has_host) {
		status = ps_handle_name(host, &dropping.host, error);
		if (status != PINSTORE_OK)
			return status;
	}
	status = ps_store_write_alone(ps->store, now, work_drop, &dropping,
	                              error);
	if (status == PINSTORE_OK && dropped != NULL)
		*dropped = (size_t)dropping.dropped;
	return status;
}
