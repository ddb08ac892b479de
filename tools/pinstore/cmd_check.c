/*
 * cmd_check.c - pinstore check HOST... | --all
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/pin.h"
#include "common/screen.h"
#include "common/when.h"
#include "common/text.h"
#include "entry.h"
#include "evidence.h"
#include "verb.h"

static const enum pinstore_layer layers[] = {
	PINSTORE_CONFIGURED, PINSTORE_LEARNED, PINSTORE_SYSTEM};

#define N_LAYERS (sizeof(layers) / sizeof(layers[0]))

/* What was found for one host. */
struct finding {
	const char *host;
	int64_t at;
	struct evidence *evidence;
	enum pinstore_verdict verdict;
	bool is_undecided; /* a key that is not pinned; its path may be */
	struct pinstore_result *result;
	const struct pinstore_chain *chain; /* the result's; NULL = none */
	int64_t safe_from; /* PINSTORE_NEVER = not known, or not refused */
	bool is_outlived;  /* the certificate ends before the pins do */
	struct pinstore_pin backups[PINSTORE_PINS_MAX];
	size_t n_backups;
};

static size_t
chain_len(const struct pinstore_chain *chain)
{
	return chain != NULL ? pinstore_chain_length(chain) : 0;
}

/* Whether pin is in the chain from its member `first` on; 0 is the leaf. */
static bool
chain_has(const struct pinstore_chain *chain, size_t first,
          const struct pinstore_pin *pin)
{
	const struct pinstore_pin *one;
	size_t i;

	for (i = first; i < chain_len(chain); i++) {
		one = pinstore_chain_pin(chain, i);
		if (one != NULL && tool_pin_equal(one, pin))
			return true;
	}
	return false;
}

/* Whether entry is satisfied by leaf below the issuers of the chain. */
static bool
accepts(const struct pinstore_entry *entry,
        const struct pinstore_chain *chain, const struct pinstore_pin *leaf)
{
	const struct pinstore_pin *pins;
	size_t i, n;

	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++)
		if (tool_pin_equal(&pins[i], leaf) ||
		    chain_has(chain, 1, &pins[i]))
			return true;
	return false;
}

/* The entry of a layer that refuses the chain, or NULL. */
static const struct pinstore_entry *
refusing(const struct pinstore_result *result, enum pinstore_layer layer)
{
	if (pinstore_result_matched(result, layer, NULL, NULL))
		return NULL;
	return pinstore_result_entry(result, layer);
}

/* Whether the chain would pass with another key for the host itself. */
static bool
would_pass_with(const struct finding *finding, const struct pinstore_pin *leaf)
{
	const struct pinstore_entry *entry;
	size_t i;

	for (i = 0; i < N_LAYERS; i++) {
		entry = pinstore_result_entry(finding->result, layers[i]);
		if (entry != NULL && !accepts(entry, finding->chain, leaf))
			return false;
	}
	return true;
}

static void
find_backups(struct finding *finding)
{
	const struct pinstore_entry *entry = NULL;
	const struct pinstore_pin *pins;
	size_t i, n;

	/* No backup helps where another key of the path is revoked. */
	if (pinstore_result_revoked(finding->result, NULL))
		return;
	for (i = 0; i < N_LAYERS && entry == NULL; i++)
		entry = refusing(finding->result, layers[i]);
	if (entry == NULL)
		return;
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n && finding->n_backups < PINSTORE_PINS_MAX; i++)
		if (would_pass_with(finding, &pins[i]))
			finding->backups[finding->n_backups++] = pins[i];
}

/*
 * The end of the last life among the entries that refuse: behind it the walk
 * may end at others.  PINSTORE_NEVER if one of them has no end.
 */
static int64_t
last_expiry(const struct pinstore_result *result)
{
	const struct pinstore_entry *entry;
	int64_t last = INT64_MIN, expires;
	size_t i;

	for (i = 0; i < N_LAYERS; i++) {
		entry = refusing(result, layers[i]);
		if (entry == NULL)
			continue;
		expires = pinstore_entry_expires(entry);
		if (expires > last)
			last = expires;
	}
	return last != INT64_MIN ? last : PINSTORE_NEVER;
}

/* The same evidence at another time; what was connected to is not again. */
static enum pinstore_status
check_at(struct run *run, const struct finding *finding, int64_t at,
         enum pinstore_verdict *verdict, struct pinstore_result **result,
         struct pinstore_error *error)
{
	struct pinstore_peer peer = {.size = sizeof(peer),
	                             .host = finding->host};

	if (finding->evidence->kind == EVIDENCE_LIVE)
		return pinstore_check(run->store, &peer, finding->chain, at,
		                      verdict, result, error);
	return evidence_check(run, finding->evidence, finding->host, at,
	                      verdict, result, error);
}

/*
 * From when on the chain would pass if nothing were noted meanwhile: go from
 * expiry to expiry until nothing refuses it any more.
 */
static enum pinstore_status
find_safe_from(struct run *run, struct finding *finding,
               struct pinstore_error *error)
{
	enum pinstore_verdict verdict = finding->verdict;
	int64_t last = last_expiry(finding->result), at = finding->at;
	struct pinstore_result *result;
	enum pinstore_status status;

	finding->safe_from = PINSTORE_NEVER;
	while (verdict == PINSTORE_REJECT && last != PINSTORE_NEVER) {
		at = last + 1;
		status = check_at(run, finding, at, &verdict, &result, error);
		if (status == PINSTORE_ERR_CHAIN) {
			finding->is_outlived = true;
			return PINSTORE_OK;
		}
		if (status != PINSTORE_OK)
			return status;
		last = last_expiry(result);
		pinstore_result_free(result);
	}
	if (verdict != PINSTORE_REJECT)
		finding->safe_from = at;
	return PINSTORE_OK;
}

static json_t *
layer_json(const struct finding *finding, const struct pinstore_entry *entry,
           bool is_matched, size_t matched)
{
	json_t *out = tool_json_object();
	const struct pinstore_pin *pins;
	size_t n;

	pins = pinstore_entry_pins(entry, &n);
	if (!is_matched) {
		/* One in report mode is judged here: it decides nothing. */
		for (matched = 0; matched < n; matched++)
			if (chain_has(finding->chain, 0, &pins[matched]))
				break;
		is_matched = matched < n;
	}
	tool_json_add(out, "layer", tool_json_text(pinstore_layer_word(
	        pinstore_entry_layer(entry))));
	tool_json_add(out, "store", tool_json_text(layer_store(
	        pinstore_entry_layer(entry))));
	tool_json_add(out, "entry_host",
	              tool_json_text(pinstore_entry_host(entry)));
	tool_json_add(out, "source", tool_json_text(pinstore_source_word(
	        pinstore_entry_source(entry))));
	tool_json_add(out, "mode", tool_json_text(pinstore_mode_word(
	        pinstore_entry_mode(entry))));
	tool_json_add(out, "matched_pin",
	              tool_json_pin(is_matched ? &pins[matched] : NULL));
	tool_json_add(out, "expires_epoch",
	              tool_json_epoch(pinstore_entry_expires(entry)));
	return out;
}

static json_t *
layers_json(const struct finding *finding)
{
	json_t *out = tool_json_array();
	const struct pinstore_entry *entry;
	size_t i, pin = 0;
	bool is_matched;

	for (i = 0; i < N_LAYERS; i++) {
		entry = pinstore_result_entry(finding->result, layers[i]);
		is_matched = pinstore_result_matched(
		        finding->result, layers[i], &pin, NULL) != 0;
		if (entry != NULL)
			tool_json_append(out, layer_json(finding, entry,
			                                 is_matched, pin));
		entry = pinstore_result_report_entry(finding->result,
		                                     layers[i]);
		if (entry != NULL)
			tool_json_append(out,
			                 layer_json(finding, entry, false, 0));
	}
	return out;
}

static json_t *
chain_json(const struct pinstore_chain *chain)
{
	json_t *out = tool_json_array();
	size_t i;

	for (i = 0; i < chain_len(chain); i++)
		tool_json_append(out,
		                 tool_json_pin(pinstore_chain_pin(chain, i)));
	return out;
}

static const char *
verdict_word(const struct finding *finding)
{
	return finding->is_undecided ? "undecided"
	                             : pinstore_verdict_word(finding->verdict);
}

static const char *
reason_word(const struct finding *finding)
{
	return pinstore_reason_word(
	        finding->is_undecided
	                ? PINSTORE_WHY_NOT_JUDGED
	                : pinstore_result_reason(finding->result));
}

static void
print_json(const struct finding *finding, FILE *out)
{
	const struct pinstore_result *result = finding->result;
	json_t *all = tool_json_object();

	tool_json_add(all, "host", tool_json_text(finding->host));
	tool_json_add(all, "verdict", tool_json_text(verdict_word(finding)));
	tool_json_add(all, "reason", tool_json_text(reason_word(finding)));
	/* Of a key alone it cannot be told. */
	tool_json_add(all, "violation",
	              finding->evidence->kind == EVIDENCE_KEY &&
	                              pinstore_result_violation(result)
	                      ? json_null()
	                      : json_boolean(
	                                pinstore_result_violation(result)));
	tool_json_add(all, "layers", layers_json(finding));
	tool_json_add(all, "at_epoch", tool_json_integer(finding->at));
	tool_json_add(all, "chain_pins", chain_json(finding->chain));
	tool_json_add(all, "safe_from_epoch",
	              tool_json_epoch(finding->safe_from));
	tool_json_add(all, "usable_backups",
	              tool_json_pins(finding->backups, finding->n_backups));
	tool_json_write(all, out);
	fputc('\n', out);
}

static void
print_pin(const char *label, const struct pinstore_pin *pin,
          const char *remark, FILE *out)
{
	char text[TOOL_PIN_TEXT] = "(a key that has no pin)";

	if (pin != NULL)
		tool_pin_print(pin, TOOL_PIN_CURL, text);
	fprintf(out, "  %-10s%s%s\n", label, text, remark);
}

static void
print_layer(const struct finding *finding, enum pinstore_layer layer,
            FILE *out)
{
	const struct pinstore_entry *entry;
	const struct pinstore_pin *pins;
	const char *remark;
	size_t i, n;

	entry = pinstore_result_entry(finding->result, layer);
	if (entry == NULL)
		return;
	fprintf(out, "  %-10s", "rule");
	entry_print_rule(entry, out);
	fputc('\n', out);
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		remark = "";
		if (chain_has(finding->chain, 0, &pins[i]))
			remark = "  in the chain";
		print_pin(i == 0 ? "expected" : "", &pins[i], remark, out);
	}
}

/* Each key of the path, with its place and, where it is known, its subject. */
static void
print_chain(const struct finding *finding, FILE *out)
{
	size_t i, n = chain_len(finding->chain), revoked = 0, len = 0;
	bool is_revoked;
	const uint8_t *der;
	char *remark, *subject;

	is_revoked = pinstore_result_revoked(finding->result, &revoked) != 0;
	if (n == 0)
		fprintf(out, "  %-10sno validated path\n", "judged");
	for (i = 0; i < n; i++) {
		der = pinstore_chain_certificate(finding->chain, i, &len);
		subject = der != NULL ? key_subject(der, len) : NULL;
		remark = tool_format(
		        "%s%s%s",
		        der == NULL  ? ""
		        : i == 0     ? "  leaf  "
		        : i == n - 1 ? "  root  "
		                     : "  intermediate  ",
		        subject != NULL ? subject : "",
		        is_revoked && i == revoked ? "  revoked" : "");
		print_pin(i == 0 ? "judged" : "",
		          pinstore_chain_pin(finding->chain, i), remark, out);
		free(remark);
		free(subject);
	}
}

/* Of a key that is to come, nothing has happened yet. */
static enum tool_cause
likely_cause(struct run *run, const struct finding *finding, char **text)
{
	*text = NULL;
	if (finding->evidence->kind == EVIDENCE_KEY)
		return TOOL_CAUSE_UNKNOWN;
	return tool_likely_cause(&run->likely, run->store, finding->result,
	                         finding->at, text);
}

static void
print_likely(struct run *run, const struct finding *finding, FILE *out)
{
	char *text;

	(void)likely_cause(run, finding, &text);
	if (text != NULL)
		fprintf(out, "  %-10s%s\n", "likely", text);
	free(text);
}

static void
print_way_out(const struct finding *finding, FILE *out)
{
	char when[TOOL_TIME_TEXT];
	bool is_revoked = pinstore_result_revoked(finding->result, NULL) != 0;
	size_t i;

	for (i = 0; i < finding->n_backups; i++)
		print_pin(i == 0 ? "backup" : "", &finding->backups[i],
		          "  would pass now", out);
	if (finding->safe_from != PINSTORE_NEVER) {
		tool_time_print(finding->safe_from, when);
		fprintf(out, "  %-10sfrom %s on this %s passes, if nothing "
		        "else is noted until then\n", "safe", when,
		        finding->is_undecided ? "key" : "chain");
	} else if (finding->is_outlived) {
		fprintf(out, "  %-10snever: the certificate expires before the "
		        "pins do\n", "safe");
	} else if (is_revoked) {
		fprintf(out, "  %-10snever: the key is revoked\n", "safe");
	} else {
		fprintf(out, "  %-10snever by itself: an entry that refuses "
		        "does not expire\n", "safe");
	}
	if (finding->is_undecided)
		fprintf(out, "  %-10sthis key is not pinned; whether that of "
		        "an issuer is, tells its path: --chain FILE\n",
		        "next");
	else if (!is_revoked)
		fprintf(out, "  %-10spinstore explain %s; a key that is to come "
		        "has to be pinned first\n", "next", finding->host);
}

static void
print_text(struct run *run, const struct finding *finding, FILE *out)
{
	enum tool_tint tint = finding->verdict == PINSTORE_REJECT
	                              ? TOOL_TINT_BAD
	                              : TOOL_TINT_GOOD;
	size_t i;

	fprintf(out, "%s: ", finding->host);
	tool_put_tinted(verdict_word(finding), tint, run->is_colored, out);
	fprintf(out, ", %s\n", reason_word(finding));
	for (i = 0; i < N_LAYERS; i++)
		print_layer(finding, layers[i], out);
	if (finding->verdict == PINSTORE_REJECT) {
		print_chain(finding, out);
		print_likely(run, finding, out);
		print_way_out(finding, out);
	}
}

static int
verdict_exit(const struct finding *finding)
{
	if (finding->is_undecided)
		return EXIT_NONE;
	switch (finding->verdict) {
	case PINSTORE_REJECT:
		return pinstore_result_reason(finding->result) ==
		                       PINSTORE_WHY_REVOKED
		               ? EXIT_REVOKED
		               : EXIT_MISMATCH;
	case PINSTORE_UNPINNED:
	case PINSTORE_MATCHED:
	case PINSTORE_BYPASSED:
		break;
	}
	return TOOL_EXIT_OK;
}

/* With JSON a refusal is told on stderr too. */
static void
tell_refusal(struct run *run, const struct finding *finding, int code)
{
	enum tool_cause cause;
	char *text;

	if (!run->is_json || code == TOOL_EXIT_OK || code == EXIT_NONE ||
	    exit_worse(run->fault.exit, code) == run->fault.exit)
		return;
	tool_fault_set(&run->fault, code,
	               code == EXIT_REVOKED ? "revoked" : "mismatch",
	               finding->host, "pinstore explain HOST tells which entry "
	               "refuses the chain",
	               code == EXIT_REVOKED ? "revoked key in the chain for %s"
	                                    : "pin mismatch for %s",
	               finding->host);
	cause = likely_cause(run, finding, &text);
	tool_fault_likely(&run->fault, tool_cause_word(cause), text);
	free(text);
}

static void
report(struct run *run, const struct finding *finding, int code)
{
	if (run->is_json)
		print_json(finding, run->out);
	else
		print_text(run, finding, run->out);
	tell_refusal(run, finding, code);
}

/* With several hosts each is told of; the first fault stays that of the run. */
static int
fail(struct run *run, const struct finding *finding,
     const struct pinstore_error *error)
{
	bool is_one = run->n_operands == 1;
	struct tool_fault before = run->fault;
	int code = evidence_fail(run, finding->evidence, finding->host, error);

	if (code == EXIT_NETWORK && !run->is_json && !is_one)
		fprintf(run->out, "%s: not judged, %s\n", finding->host,
		        run->fault.message);
	if (!is_one && run->fault.where[0] == '\0')
		(void)snprintf(run->fault.where, sizeof(run->fault.where), "%s",
		               finding->host);
	if (before.exit != 0 && exit_worse(before.exit, code) == before.exit)
		run->fault = before;
	return code;
}

/* host is canonical. */
static int
check_host(struct run *run, const char *host, struct evidence *evidence)
{
	struct finding finding = {.host = host,
	                          .at = run->options.now,
	                          .evidence = evidence,
	                          .safe_from = PINSTORE_NEVER};
	struct pinstore_error error;
	enum pinstore_status status;
	int code;

	status = evidence_check(run, evidence, host, finding.at,
	                        &finding.verdict, &finding.result, &error);
	if (status == PINSTORE_OK) {
		finding.chain = pinstore_result_chain(finding.result);
		finding.is_undecided =
		        evidence->kind == EVIDENCE_KEY &&
		        finding.verdict == PINSTORE_REJECT &&
		        pinstore_result_reason(finding.result) ==
		                PINSTORE_WHY_NO_PIN_IN_CHAIN;
	}
	if (status == PINSTORE_OK && finding.verdict == PINSTORE_REJECT) {
		find_backups(&finding);
		status = find_safe_from(run, &finding, &error);
	}
	if (status == PINSTORE_OK) {
		code = verdict_exit(&finding);
		report(run, &finding, code);
	} else {
		code = fail(run, &finding, &error);
	}
	pinstore_result_free(finding.result);
	return code;
}

/* ------------------------------------------------------------- which hosts */

struct tour {
	struct run *run;
	struct evidence *evidence;
	int code;
	size_t n_others; /* whose name the certificate has not */
	char last[PINSTORE_HOST_MAX + 1];
};

static int
visit(const struct pinstore_entry *entry, void *arg)
{
	struct tour *tour = arg;
	const char *host = pinstore_entry_host(entry);

	/* An entry in each layer is one host. */
	if (strcmp(host, tour->last) == 0)
		return 0;
	(void)snprintf(tour->last, sizeof(tour->last), "%s", host);
	if (evidence_lacks_name(tour->evidence, host)) {
		tour->n_others++;
		return 0;
	}
	tour->code = exit_worse(tour->code,
	                        check_host(tour->run, host, tour->evidence));
	return tour->code == EXIT_USAGE || tour->code == EXIT_STORE ||
	       ferror(tour->run->out);
}

static int
check_all(struct run *run, struct evidence *evidence)
{
	struct tour tour = {.run = run, .evidence = evidence};
	struct tool_progress progress;
	enum pinstore_status status;
	struct pinstore_error error;

	run_progress(run, "check", &progress);
	status = pinstore_walk(run->store, NULL, visit, &tour, &error);
	run_progress_end(run, &progress);
	if (status != PINSTORE_OK)
		return run_fail(run, &error);
	if (tour.n_others > 0)
		tool_warn(PROGRAM, "%zu stored hosts are not judged: the "
		          "certificate does not have their names", tour.n_others);
	return tour.code;
}

static int
check_named(struct run *run, struct evidence *evidence)
{
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	int code = TOOL_EXIT_OK;
	size_t i;

	for (i = 0; i < run->n_operands; i++) {
		if (!run_host(run, run->operands[i], name, &kind))
			return EXIT_USAGE;
		code = exit_worse(code, check_host(run, name, evidence));
		if (code == EXIT_USAGE || code == EXIT_STORE)
			break;
	}
	return code;
}

static bool
check_operands(struct run *run)
{
	bool is_all = option_given(&run->options, OPTION_ALL);

	if (is_all && run->n_operands > 0) {
		tool_fault_usage(&run->fault, "--all", NULL,
		                 "--all is every stored host: name none");
		return false;
	}
	if (!is_all && run->n_operands == 0) {
		tool_fault_usage(&run->fault, "check",
		                 "pinstore help VERB tells more",
		                 "too few arguments: " PROGRAM " %s %s",
		                 run->verb->name, run->verb->arguments);
		return false;
	}
	return run_hosts(run);
}

int
cmd_check(struct run *run)
{
	struct evidence evidence = {.kind = EVIDENCE_PATH};
	int code = EXIT_USAGE;

	if (check_operands(run) && evidence_read(run, true, &evidence)) {
		if (!run_open_judging(run, false))
			code = run->fault.exit;
		else if (option_given(&run->options, OPTION_ALL))
			code = check_all(run, &evidence);
		else
			code = check_named(run, &evidence);
	}
	evidence_free(&evidence);
	return code;
}
