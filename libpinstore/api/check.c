/*
 * check.c - judge a chain by what the store knows of a host.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store finds the records between the name and the root, rules/policy says
 * of each whether it applies, and each layer's applicable entry must have a pin
 * in the chain, and so must that of the system's store below.  A revoked key in it is refused whatever else; a bypass, or
 * a local anchor at its end, lets pass what pins would refuse.
 */
#include <config.h>

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/check.h"
#include "api/handle.h"
#include "api/judgement.h"
#include "api/result.h"
#include "api/sized.h"
#include "base/status.h"
#include "base/unset.h"
#include "rules/policy.h"
#include "tls/chain.h"

/* What the walk found at one name, by layer; told by pinstore_lookup(). */
struct found {
	size_t key_len;
	struct {
		bool is_present;
		bool include_subdomains;
		bool applies;
		enum pinstore_reason why;
	} layer[PS_JUDGED_LAYERS];
};

/* What is judged of one layer while its records lie open. */
struct judged {
	bool has_entry; /* one that enforces */
	bool has_report;
	bool is_matched;
	bool is_violated; /* by the one in report mode */
};

/*
 * One walk.  A caller that wants the verdict alone has no result, and nothing
 * is copied or allocated then, but for a report of what did not match.
 */
struct walk {
	const struct ps_host *host;
	size_t key_len;
	int64_t now;
	const struct pinstore_pin *const *pins; /* of the chain */
	size_t n_pins;
	struct ps_ruling ruling;
	struct ps_ruling below; /* of the system's store */
	struct judged layer[PS_JUDGED_LAYERS];
	uint64_t policy; /* a hash of what did not match */
	struct ps_judgement *judgement;
	struct pinstore_result *result; /* or NULL */
	bool is_out_of_memory;
	struct found *found; /* of each label; NULL: steps are not told */
	size_t n_found;
};

/* -------------------------------------------------------------- the records */

/* Copy a section that applies, with the name it stands for, into the result. */
static void
keep(struct walk *walk, size_t key_len, enum pinstore_layer layer,
     const struct ps_section_view *view)
{
	struct ps_layer *part;
	struct pinstore_entry *entry;
	struct ps_host name;

	ps_host_tail(walk->host, key_len, &name);
	entry = ps_entry_new(&name, layer, view);
	part = &walk->result->layer[layer];
	if (entry == NULL)
		walk->is_out_of_memory = true;
	else if (view->mode == PINSTORE_REPORT)
		part->report = entry;
	else
		part->entry = entry;
}

/* Judge a section that applies; false if one nearer does so instead. */
static bool
judge_section(struct walk *walk, size_t key_len, enum pinstore_layer layer,
              const struct ps_section_view *view)
{
	struct judged *judged = &walk->layer[layer];
	size_t pin = 0, certificate = 0;
	bool is_matched;

	if (judged->has_entry ||
	    (view->mode == PINSTORE_REPORT && judged->has_report))
		return false;
	is_matched = ps_policy_match(view->pins, view->n_pins, walk->pins,
	                             walk->n_pins, &pin, &certificate);
	if (!is_matched) {
		walk->policy ^= ps_judgement_policy(layer, key_len, view);
		ps_judgement_keep(walk->judgement, key_len, layer, view);
	}
	if (walk->result != NULL)
		keep(walk, key_len, layer, view);
	if (view->mode == PINSTORE_REPORT) {
		judged->has_report = true;
		judged->is_violated = !is_matched;
		return true;
	}
	judged->has_entry = true;
	judged->is_matched = is_matched;
	if (walk->result != NULL) {
		walk->result->layer[layer].is_matched = is_matched;
		walk->result->layer[layer].pin = pin;
		walk->result->layer[layer].certificate = certificate;
	}
	return true;
}

static void
look_at(struct walk *walk, size_t key_len, enum pinstore_layer layer,
        const struct ps_section_view *view, struct found *found)
{
	enum pinstore_reason why;
	bool applies;

	if (!view->is_present)
		return;
	why = ps_policy_applies(view, key_len == walk->key_len, walk->now);
	applies = why == PINSTORE_WHY_EXACT || why == PINSTORE_WHY_ANCESTOR;
	if (applies && !judge_section(walk, key_len, layer, view)) {
		applies = false;
		why = PINSTORE_WHY_NEARER_ENTRY;
	}
	if (found == NULL)
		return;
	found->layer[layer].is_present = true;
	found->layer[layer].include_subdomains = view->include_subdomains;
	found->layer[layer].applies = applies;
	found->layer[layer].why = why;
}

/* Where to write down what is found there; NULL: nowhere. */
static struct found *
found_at(struct walk *walk, size_t key_len)
{
	size_t i;

	if (walk->found == NULL)
		return NULL;
	for (i = 0; i < walk->n_found; i++)
		if (walk->found[i].key_len == key_len)
			return &walk->found[i];
	walk->n_found++;
	walk->found[i].key_len = key_len;
	return &walk->found[i];
}

/* The same in the system's store, where only the operator has entries. */
static bool
step_below(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	struct walk *walk = arg;

	look_at(walk, key_len, PINSTORE_SYSTEM,
	        &view->section[PINSTORE_CONFIGURED], found_at(walk, key_len));
	if (walk->is_out_of_memory)
		return false;
	return walk->found != NULL || !walk->layer[PINSTORE_SYSTEM].has_entry;
}

static bool
step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	struct walk *walk = arg;
	struct found *found = found_at(walk, key_len);

	look_at(walk, key_len, PINSTORE_CONFIGURED,
	        &view->section[PINSTORE_CONFIGURED], found);
	look_at(walk, key_len, PINSTORE_LEARNED,
	        &view->section[PINSTORE_LEARNED], found);
	if (walk->is_out_of_memory)
		return false;
	return walk->found != NULL ||
	       !walk->layer[PINSTORE_CONFIGURED].has_entry ||
	       !walk->layer[PINSTORE_LEARNED].has_entry;
}

/* ---------------------------------------------------------------- the steps */

static const struct found *
find(const struct walk *walk, size_t key_len)
{
	size_t i;

	for (i = 0; i < walk->n_found; i++)
		if (walk->found[i].key_len == key_len)
			return &walk->found[i];
	return NULL;
}

static struct ps_step
tell_step(const struct walk *walk, enum pinstore_layer layer, size_t name_at)
{
	const struct found *found;
	struct ps_step told = {
		.name_at = (uint8_t)name_at,
		.layer = layer,
		.why = PINSTORE_WHY_NO_ENTRY,
	};

	found = find(walk, walk->key_len - name_at);
	if (found == NULL || !found->layer[layer].is_present)
		return told;
	told.is_found = true;
	told.why = found->layer[layer].why;
	told.is_expired = told.why == PINSTORE_WHY_EXPIRED;
	told.include_subdomains = found->layer[layer].include_subdomains;
	told.applies = found->layer[layer].applies;
	return told;
}

/* Write down each name from the host to the root, for each of n_layers. */
static bool
tell_steps(const struct walk *walk, size_t n_layers,
           struct pinstore_result *result)
{
	static const enum pinstore_layer layers[] = {
		PINSTORE_CONFIGURED, PINSTORE_LEARNED, PINSTORE_SYSTEM};
	size_t i, at, n = 0;
	const char *dot;

	result->steps = calloc(n_layers * ps_host_labels(walk->host),
	                       sizeof(*result->steps));
	if (result->steps == NULL)
		return false;
	for (i = 0; i < n_layers; i++) {
		for (at = 0;;) {
			result->steps[n++] = tell_step(walk, layers[i], at);
			dot = strchr(walk->host->name + at, '.');
			if (dot == NULL)
				break;
			at = (size_t)(dot - walk->host->name) + 1;
		}
	}
	result->n_steps = n;
	return true;
}

/* -------------------------------------------------------------- the verdict */

/*
 * What the layers from first to last say: all must agree; an entry in report
 * mode is judged beside them.
 */
static enum pinstore_verdict
decide(const struct walk *walk, size_t first, size_t last,
       enum pinstore_reason *why)
{
	bool applies = false, is_refused = false, has_report = false;
	const struct judged *judged;
	size_t i;

	for (i = first; i <= last; i++) {
		judged = &walk->layer[i];
		applies = applies || judged->has_entry;
		is_refused = is_refused ||
		             (judged->has_entry && !judged->is_matched);
		has_report = has_report || judged->has_report;
	}
	if (!applies) {
		*why = has_report ? PINSTORE_WHY_REPORT_MODE
		                  : PINSTORE_WHY_NO_ENTRY;
		return PINSTORE_UNPINNED;
	}
	if (is_refused) {
		*why = walk->n_pins == 0 ? PINSTORE_WHY_NO_CHAIN
		                         : PINSTORE_WHY_NO_PIN_IN_CHAIN;
		return PINSTORE_REJECT;
	}
	*why = PINSTORE_WHY_PIN_IN_CHAIN;
	return PINSTORE_MATCHED;
}

/*
 * The verdict of one store.  What its operator bypasses is let through, but for
 * a connection without any path.
 */
static void
settle_one(const struct walk *walk, const struct ps_ruling *ruling,
           size_t first, size_t last, struct ps_judgement *out)
{
	out->verdict = decide(walk, first, last, &out->why);
	if (walk->n_pins == 0 || (!ruling->is_local && !ruling->has_bypass))
		return;
	if (out->verdict == PINSTORE_REJECT)
		out->is_violation = true;
	out->verdict = PINSTORE_BYPASSED;
	out->why = ruling->is_local ? PINSTORE_WHY_LOCAL_ANCHOR
	                            : PINSTORE_WHY_BYPASS;
}

/* How much it says: what refuses says all. */
static int
weight(enum pinstore_verdict verdict, enum pinstore_reason why)
{
	switch (verdict) {
	case PINSTORE_REJECT:
		return 4;
	case PINSTORE_BYPASSED:
		return 3;
	case PINSTORE_MATCHED:
		return 2;
	case PINSTORE_UNPINNED:
		break;
	}
	return why == PINSTORE_WHY_REPORT_MODE ? 1 : 0;
}

/*
 * Revoked before all else; then what the pins say, the store's own and the
 * system's: nobody who uses the one loosens the other.
 */
static void
settle(const struct walk *walk, enum pinstore_host_kind kind,
       struct ps_judgement *out)
{
	enum pinstore_verdict verdict;
	enum pinstore_reason why;
	size_t i;

	for (i = 0; i < PS_JUDGED_LAYERS; i++)
		if (walk->layer[i].is_violated)
			out->is_violation = true;
	out->policy = walk->policy;
	if (walk->ruling.is_revoked || walk->below.is_revoked) {
		out->verdict = PINSTORE_REJECT;
		out->why = PINSTORE_WHY_REVOKED;
		return;
	}
	if (kind == PINSTORE_HOST_ADDRESS) {
		out->verdict = PINSTORE_UNPINNED;
		out->why = PINSTORE_WHY_ADDRESS;
		return;
	}
	settle_one(walk, &walk->below, PINSTORE_SYSTEM, PINSTORE_SYSTEM, out);
	verdict = out->verdict;
	why = out->why;
	settle_one(walk, &walk->ruling, PINSTORE_CONFIGURED, PINSTORE_LEARNED,
	           out);
	if (weight(verdict, why) > weight(out->verdict, out->why)) {
		out->verdict = verdict;
		out->why = why;
	}
}

/* What the rulings of both stores say beside the verdict. */
static void
tell_rulings(const struct walk *walk, struct pinstore_result *result)
{
	const struct ps_ruling *own = &walk->ruling, *below = &walk->below;
	const struct ps_ruling *bypass = own->has_bypass ? own : below;

	result->wants_chain = own->wants_chain || below->wants_chain;
	result->is_revoked = own->is_revoked || below->is_revoked;
	result->revoked = own->revoked;
	if (below->is_revoked &&
	    (!own->is_revoked || below->revoked < own->revoked))
		result->revoked = below->revoked;
	result->has_bypass = bypass->has_bypass;
	result->bypass_at = walk->host->len - bypass->bypass_len;
}

static enum pinstore_status
climb(struct walk *walk, struct ps_store *store, struct ps_ruling *ruling,
      bool is_name, ps_store_step_fn *take, struct pinstore_error *error)
{
	ruling->pins = walk->pins;
	ruling->n_pins = walk->n_pins;
	ruling->now = walk->now;
	ruling->in_force = ps_policy_in_force;
	return ps_store_climb(store, is_name ? walk->host : NULL, ruling, take,
	                      walk, error);
}

/* Walk from a name; a result is filled, with its steps if it has a place. */
static enum pinstore_status
judge(struct pinstore *ps, const struct ps_host *host,
      enum pinstore_host_kind kind, struct walk *walk,
      struct ps_judgement *judgement, struct pinstore_error *error)
{
	bool is_name = kind == PINSTORE_HOST_NAME;
	struct pinstore_result *result = walk->result;
	enum pinstore_status status;
	size_t n_layers = PS_LAYERS;

	walk->host = host;
	walk->key_len = host->len;
	walk->judgement = judgement;
	if (result != NULL)
		walk->ruling.bypass = &result->bypass;
	status = climb(walk, ps->store, &walk->ruling, is_name, step, error);
	if (status == PINSTORE_OK && ps->system != NULL) {
		if (!walk->ruling.has_bypass)
			walk->below.bypass = walk->ruling.bypass;
		status = climb(walk, ps->system, &walk->below, is_name,
		               step_below, error);
		if (ps_store_is_there(ps->system))
			n_layers = PS_JUDGED_LAYERS;
	}
	if (status != PINSTORE_OK)
		return status;
	if (walk->is_out_of_memory)
		return ps_fail_nomem(error);
	settle(walk, kind, judgement);
	if (result == NULL)
		return PINSTORE_OK;
	result->verdict = judgement->verdict;
	result->reason = judgement->why;
	result->is_violation = judgement->is_violation;
	tell_rulings(walk, result);
	if (walk->found != NULL && is_name &&
	    !tell_steps(walk, n_layers, result))
		return ps_fail_nomem(error);
	return PINSTORE_OK;
}

/* A result for the peer, with a copy of the chain; NULL without memory. */
static struct pinstore_result *
result_for(const struct pinstore_peer *peer, const struct ps_host *host,
           enum pinstore_host_kind kind, const struct pinstore_chain *chain)
{
	struct pinstore_result *result = ps_result_new();

	if (result == NULL)
		return NULL;
	result->host = *host;
	result->kind = kind;
	result->port = peer->port;
	result->peer_flags = peer->flags;
	if (chain != NULL &&
	    ps_chain_copy(chain, &result->chain) != PINSTORE_OK) {
		pinstore_result_free(result);
		return NULL;
	}
	return result;
}

/* Nothing is known yet but the host, which is parsed into it. */
static void
begin(struct ps_judgement *judgement)
{
	const size_t host_len = offsetof(struct ps_judgement, kind);

	ps_clear((uint8_t *)judgement + host_len,
	         sizeof(*judgement) - host_len);
	judgement->verdict = PINSTORE_REJECT;
}

static enum pinstore_status
examine(struct pinstore *ps, const struct pinstore_peer *peer,
        const struct pinstore_chain *chain, int64_t now, bool has_steps,
        struct ps_judgement *judgement, struct pinstore_result **out,
        struct pinstore_error *error)
{
	struct walk walk PS_UNSET;
	enum pinstore_status status;

	ps_clear(&walk, sizeof(walk));
	walk.now = now;
	begin(judgement);
	status = ps_handle_host(peer->host, &judgement->host, &judgement->kind,
	                        error);
	if (status != PINSTORE_OK)
		return status;
	if (out != NULL)
		walk.result = result_for(peer, &judgement->host,
		                         judgement->kind, chain);
	if (has_steps)
		walk.found = calloc(ps_host_labels(&judgement->host),
		                    sizeof(*walk.found));
	if ((out != NULL && walk.result == NULL) ||
	    (has_steps && walk.found == NULL)) {
		status = ps_fail_nomem(error);
		goto out;
	}
	if (chain != NULL)
		walk.pins = ps_chain_pins(chain, &walk.n_pins);
	judgement->failed.is_wanted =
	        walk.n_pins > 0 && !ps->options.store.read_only;
	judgement->failed.chain = chain;
	judgement->failed.port = peer->port;
	judgement->failed.is_private =
	        (peer->flags & PINSTORE_PEER_PRIVATE) != 0;
	if (walk.n_pins > 0 && walk.pins[0] != NULL)
		judgement->leaf = *walk.pins[0];
	if (walk.n_pins > 0 && walk.pins[walk.n_pins - 1] != NULL)
		judgement->anchor = *walk.pins[walk.n_pins - 1];
	status = judge(ps, &judgement->host, judgement->kind, &walk, judgement,
	               error);
	if (status == PINSTORE_OK && out != NULL) {
		*out = walk.result;
		walk.result = NULL; /* now the caller's */
	}
out:
	if (status != PINSTORE_OK) {
		judgement->verdict = PINSTORE_REJECT;
		ps_judgement_clear(judgement);
	}
	free(walk.found);
	pinstore_result_free(walk.result);
	return status;
}

enum pinstore_status
pinstore_lookup(struct pinstore *ps, const char *host, int64_t now,
                struct pinstore_result **out, struct pinstore_error *error)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct ps_judgement judgement;

	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (ps == NULL || out == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_lookup: no store, or no place for "
		               "the result");
	return examine(ps, &peer, NULL, now, true, &judgement, out, error);
}

/* How bad it is: let through, let through by mode report or bypass, refused. */
static int
badness(const struct ps_judgement *judgement)
{
	if (judgement->verdict == PINSTORE_REJECT)
		return 2;
	return judgement->is_violation ? 1 : 0;
}

/* A path that was judged after the first: what came of it. */
struct other {
	struct ps_judgement judgement;
	struct pinstore_result *result;
	struct pinstore_chain *chain;
};

static void
clear(struct other *other)
{
	ps_judgement_clear(&other->judgement);
	pinstore_result_free(other->result);
	pinstore_chain_free(other->chain);
	memset(other, 0, sizeof(*other));
}

/*
 * Keep the better of two, the first among equals; but that a key was revoked is
 * told whichever path had it, and a report tells the path that was built last
 * (R-3-12).  kept is the chain that a report would tell, if it is not the
 * first.
 */
static void
choose(struct ps_judgement *judgement, struct pinstore_result **out,
       struct pinstore_chain **kept, struct other *other)
{
	const struct ps_judgement *fresh = &other->judgement;
	const struct ps_failed first = judgement->failed;
	bool is_equal = badness(fresh) == badness(judgement);
	struct pinstore_result *result = *out;

	if (badness(fresh) > badness(judgement) ||
	    (is_equal && judgement->why == PINSTORE_WHY_REVOKED))
		return;
	if (is_equal && fresh->why != PINSTORE_WHY_REVOKED) {
		if (fresh->verdict != judgement->verdict)
			return;
		judgement->failed = fresh->failed;
	} else {
		*judgement = *fresh;
		*out = other->result;
		other->result = result;
	}
	other->judgement.failed = first;
	pinstore_chain_free(*kept);
	*kept = other->chain;
	other->chain = NULL;
}

/*
 * Judge each other path until one satisfies all entries, also those that are
 * not enforced: what is told of a violation must not hang on the order of what
 * was served either.
 */
static enum pinstore_status
examine_others(struct pinstore *ps, const struct pinstore_peer *peer,
               ps_check_next_fn *next, void *arg, int64_t now,
               struct ps_judgement *judgement, struct pinstore_result **out,
               struct pinstore_chain **kept, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct other other = {.chain = NULL};

	while (badness(judgement) > 0) {
		status = next(arg, &other.chain, error);
		if (status != PINSTORE_OK || other.chain == NULL)
			break;
		status = examine(ps, peer, other.chain, now, false,
		                 &other.judgement, &other.result, error);
		if (status != PINSTORE_OK)
			break;
		assert(other.result != NULL && *out != NULL);
		other.result->is_other_path = true;
		other.judgement.is_other_path = true;
		choose(judgement, out, kept, &other);
		clear(&other);
	}
	clear(&other);
	/* What is not enforced refuses nothing, nor does a search for it. */
	if (badness(judgement) == 1 && status != PINSTORE_OK) {
		ps_error_clear(error);
		return PINSTORE_OK;
	}
	return status;
}

enum pinstore_status
ps_check_paths(struct pinstore *ps, const struct pinstore_peer *peer,
               const struct pinstore_chain *chain, ps_check_next_fn *next,
               void *arg, int64_t now, enum pinstore_verdict *verdict,
               struct pinstore_result **out, struct pinstore_error *error)
{
	struct pinstore_chain *kept = NULL;
	struct ps_judgement judgement;
	enum pinstore_status status;

	*verdict = PINSTORE_REJECT;
	*out = NULL;
	status = examine(ps, peer, chain, now, false, &judgement, out, error);
	if (status == PINSTORE_OK)
		status = examine_others(ps, peer, next, arg, now, &judgement,
		                        out, &kept, error);
	if (status == PINSTORE_OK) {
		/* A path that was refused is no violation if another passes. */
		ps_judgement_record(ps, &judgement, now);
		*verdict = judgement.verdict;
	} else {
		pinstore_result_free(*out);
		*out = NULL;
	}
	ps_judgement_clear(&judgement);
	pinstore_chain_free(kept);
	return status;
}

enum pinstore_status
pinstore_check(struct pinstore *ps, const struct pinstore_peer *peer,
               const struct pinstore_chain *chain, int64_t now,
               enum pinstore_verdict *verdict, struct pinstore_result **out,
               struct pinstore_error *error)
{
	struct ps_judgement judgement PS_UNSET;
	struct pinstore_peer known PS_UNSET;
	enum pinstore_status status;

	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (verdict != NULL)
		*verdict = PINSTORE_REJECT;
	if (ps == NULL || verdict == NULL ||
	    !ps_sized_read(&known, sizeof(known), peer))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_check: no store, no peer with its "
		               "size, or no place for the verdict");
	status = examine(ps, &known, chain, now, false, &judgement, out, error);
	if (status != PINSTORE_OK)
		return status;
	ps_judgement_record(ps, &judgement, now);
	*verdict = judgement.verdict;
	ps_judgement_clear(&judgement);
	return PINSTORE_OK;
}
