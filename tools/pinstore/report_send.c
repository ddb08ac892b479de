/*
 * report_send.c - pinstore report send
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <pinstore/admin.h>

#include "common/hsts.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/post.h"
#include "common/text.h"
#include "common/when.h"
#include "live.h"
#include "report.h"
#include "verb.h"

/* How long one run goes on taking reports that are due. */
#define BEGIN_MS 50000

struct sending {
	struct run *run;
	struct pinstore *judge; /* of the collectors */
	struct tool_post_setup setup;
	uint64_t *ids; /* NULL: those that are due */
	size_t n_ids;
	size_t n, failed;
	int code;
};

static const char *
outcome_word(enum pinstore_outcome outcome)
{
	switch (outcome) {
	case PINSTORE_OUTCOME_DELIVERED:
		return "delivered";
	case PINSTORE_OUTCOME_DROPPED:
		return "dropped";
	case PINSTORE_OUTCOME_FAILED:
		break;
	}
	return "failed";
}

static void
tell_json(const struct pinstore_report *report,
          const struct tool_posted *posted, enum pinstore_outcome outcome,
          FILE *out)
{
	json_t *object = tool_json_object();

	tool_json_add(object, "id",
	              tool_json_integer((int64_t)pinstore_report_id(report)));
	tool_json_add(object, "host",
	              tool_json_text(pinstore_report_host(report)));
	tool_json_add(object, "uri",
	              tool_json_text(pinstore_report_uri(report)));
	tool_json_add(object, "outcome", tool_json_text(outcome_word(outcome)));
	tool_json_add(object, "status",
	              tool_json_text(tool_post_word(posted->end)));
	tool_json_add(object, "http_status",
	              posted->status > 0 ? tool_json_integer(posted->status)
	                                 : json_null());
	tool_json_add(object, "message",
	              tool_json_text(posted->message[0] != '\0'
	                                     ? posted->message
	                                     : NULL));
	tool_json_write(object, out);
	fputc('\n', out);
}

static void
tell_text(const struct pinstore_report *report,
          const struct tool_posted *posted, FILE *out)
{
	char *why;

	if (posted->end == TOOL_POST_DELIVERED) {
		fprintf(out, "%" PRIu64 "  delivered  ",
		        pinstore_report_id(report));
		tool_put_escaped(pinstore_report_uri(report), out);
		fputc('\n', out);
		return;
	}
	why = tool_post_why(posted);
	tool_warn(PROGRAM, "report %" PRIu64 " about %s to %s: %s; %s",
	          pinstore_report_id(report), pinstore_report_host(report),
	          pinstore_report_uri(report), why,
	          tool_post_outcome(posted->end) == PINSTORE_OUTCOME_DROPPED ||
	                          pinstore_report_attempts(report) >=
	                                  PINSTORE_REPORT_ATTEMPTS_MAX
	                  ? "it is given up"
	                  : "it stays in the queue");
	free(why);
}

static int
exit_of_end(enum tool_post_end end)
{
	switch (end) {
	case TOOL_POST_DELIVERED:
		return TOOL_EXIT_OK;
	case TOOL_POST_PIN:
		return EXIT_MISMATCH;
	case TOOL_POST_REVOKED:
		return EXIT_REVOKED;
	case TOOL_POST_STORE:
		return EXIT_STORE;
	case TOOL_POST_CERTIFICATE:
	case TOOL_POST_PRIVATE:
	case TOOL_POST_STATUS:
	case TOOL_POST_RESOLVE:
	case TOOL_POST_CONNECT:
	case TOOL_POST_TIMEOUT:
	case TOOL_POST_NETWORK:
	case TOOL_POST_URI:
		break;
	}
	return EXIT_NETWORK;
}

/* Send what was taken, and settle it.  False: the store fails. */
static bool
send_one(struct sending *sending, struct pinstore_report *report,
         struct pinstore_error *error)
{
	struct run *run = sending->run;
	struct tool_posted posted;
	enum pinstore_outcome outcome;

	tool_post(sending->judge, &sending->setup, report, TOOL_POST_TOTAL_MS,
	          &posted);
	outcome = tool_post_outcome(posted.end);
	if (run->is_json)
		tell_json(report, &posted, outcome, run->out);
	else
		tell_text(report, &posted, run->out);
	sending->n++;
	sending->failed += outcome != PINSTORE_OUTCOME_DELIVERED;
	sending->code = exit_worse(sending->code, exit_of_end(posted.end));
	return pinstore_report_settle(run->store, report, outcome, tool_now(),
	                              error) == PINSTORE_OK;
}

/*
 * Until none is due.  What fails is due again after a minute at the earliest: by
 * then none is begun any more, so that no report is sent twice.
 */
static bool
send_due(struct sending *sending, struct pinstore_error *error)
{
	int64_t until = tool_clock_ms() + BEGIN_MS;
	struct pinstore *store = sending->run->store;
	struct pinstore_report *report;
	enum pinstore_status status;

	for (;;) {
		if (tool_clock_ms() >= until)
			return true;
		status = pinstore_report_take(store, tool_now(), &report,
		                              error);
		if (status == PINSTORE_ERR_NOTFOUND)
			return true;
		if (status != PINSTORE_OK || !send_one(sending, report, error))
			return false;
	}
}

/* These, due or not. */
static bool
send_named(struct sending *sending, struct pinstore_error *error)
{
	struct pinstore *store = sending->run->store;
	struct pinstore_report *report;
	enum pinstore_status status;
	size_t i;

	for (i = 0; i < sending->n_ids; i++) {
		status = pinstore_report_take_id(store, sending->ids[i],
		                                 tool_now(), &report, error);
		if (status == PINSTORE_ERR_NOTFOUND ||
		    status == PINSTORE_ERR_BUSY) {
			if (!sending->run->is_json)
				tool_warn(PROGRAM, "report %" PRIu64 ": %s",
				          sending->ids[i], error->text);
			sending->code = exit_worse(sending->code, EXIT_NONE);
			continue;
		}
		if (status != PINSTORE_OK || !send_one(sending, report, error))
			return false;
	}
	return true;
}

static int
collect(const struct pinstore_report *report, void *arg)
{
	struct sending *sending = arg;

	sending->ids = tool_grow(sending->ids, sending->n_ids,
	                         sizeof(*sending->ids));
	sending->ids[sending->n_ids++] = pinstore_report_id(report);
	return 0;
}

static bool
read_numbers(struct sending *sending)
{
	struct run *run = sending->run;
	uint64_t id;
	size_t i;

	for (i = 1; i < run->n_operands; i++) {
		id = report_number(run->operands[i]);
		if (id == 0 || option_given(&run->options, OPTION_ALL)) {
			tool_fault_usage(&run->fault, run->operands[i],
			                 "pinstore report list prints the "
			                 "numbers; --all stands alone",
			                 "\"%s\" is no number of a report, or "
			                 "one too many", run->operands[i]);
			return false;
		}
		sending->ids = tool_grow(sending->ids, sending->n_ids,
		                         sizeof(*sending->ids));
		sending->ids[sending->n_ids++] = id;
	}
	return true;
}

static bool
send_all(struct sending *sending, struct pinstore_error *error)
{
	struct run *run = sending->run;
	bool is_all = option_given(&run->options, OPTION_ALL);
	bool is_on;

	if (!tool_post_may(run->store, &sending->setup, &is_on, error))
		return false;
	if (!is_on) {
		tool_warn(PROGRAM, "reports are switched off; nothing is sent "
		          "(pinstore config report on)");
		return true;
	}
	if (is_all && pinstore_walk_reports(run->store, collect, sending,
	                                    error) != PINSTORE_OK)
		return false;
	return is_all || sending->n_ids > 0 ? send_named(sending, error)
	                                    : send_due(sending, error);
}

/* What cannot be read would let reports go by http.  False: errno. */
static bool
may_read_hsts(const char *path)
{
	struct tool_hsts hsts;
	bool is_read;

	if (access(path, R_OK) != 0)
		return false;
	tool_hsts_begin(path, &hsts);
	is_read = hsts.text != NULL;
	tool_hsts_end(&hsts);
	return is_read;
}

int
report_send(struct run *run)
{
	const struct options *options = &run->options;
	struct sending sending = {.run = run};
	struct pinstore_error error;

	if (options->hsts != NULL && !may_read_hsts(options->hsts)) {
		tool_fault_usage(&run->fault, options->hsts, NULL,
		                 "%s cannot be read: %s", options->hsts,
		                 strerror(errno));
		return EXIT_USAGE;
	}
	if (!read_numbers(&sending)) {
		free(sending.ids);
		return EXIT_USAGE;
	}
	/* A collector that hangs up is told as what it is. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		tool_no_memory();
	sending.setup.cacert = options->cacert;
	sending.setup.hsts = options->hsts;
	sending.setup.resolve = live_list(options->resolve, options->n_resolve);
	sending.setup.connect_to = live_list(options->connect_to,
	                                     options->n_connect_to);
	if (!run_open(run, true))
		sending.code = run->fault.exit;
	else if (tool_post_open(run->store_path, &sending.judge, &error) !=
	                 PINSTORE_OK ||
	         !send_all(&sending, &error))
		sending.code = run_fail(run, &error);
	else if (sending.code == EXIT_NETWORK || sending.code == EXIT_STORE)
		tool_fault_set(&run->fault, sending.code, "unsent", NULL, NULL,
		               "%zu of %zu reports could not be sent",
		               sending.failed, sending.n);
	pinstore_close(sending.judge);
	free(sending.ids);
	curl_slist_free_all(sending.setup.connect_to);
	curl_slist_free_all(sending.setup.resolve);
	curl_global_cleanup();
	return sending.code;
}
