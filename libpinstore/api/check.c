/*
 * check.c - judge a chain by what the store knows of a host.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store finds the records between the name and the root, rules/policy says
 * of each whether it applies, and both layers' applicable entries must have a
 * pin in the chain.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "api/result.h"
#include "api/sized.h"
#include "base/status.h"
#include "rules/policy.h"
#include "tls/chain.h"

/* As many as a name has labels. */
#define STEPS_MAX ((PINSTORE_HOST_MAX + 1) / 2)

/* What the walk found at one name, by layer. */
struct found {
	size_t key_len;
	struct {
		bool is_present;
		bool include_subdomains;
		bool applies;
		enum pinstore_reason why;
	} layer[PS_LAYERS];
};

struct walk {
	struct pinstore_result *result;
	struct ps_key key;
	int64_t now;
	bool is_whole; /* go on when nothing more can apply */
	bool is_out_of_memory;
	size_t n;
	struct found found[STEPS_MAX];
};

/* The name that the last key_len octets of the host's key stand for. */
static void
name_of(const struct ps_host *host, size_t key_len, struct ps_host *out)
{
	size_t at = host->len - key_len;

	out->len = key_len;
	memcpy(out->name, host->name + at, key_len + 1);
}

/* Keep a section that applies as the layer's entry, if none nearer is. */
static void
keep(struct walk *walk, struct found *found, enum pinstore_layer layer,
     const struct ps_section_view *view)
{
	struct ps_layer *part = &walk->result->layer[layer];
	struct pinstore_entry **place;
	struct ps_host name;

	place = view->mode == PINSTORE_REPORT ? &part->report : &part->entry;
	if (part->entry != NULL || *place != NULL) {
		found->layer[layer].why = PINSTORE_WHY_NEARER_ENTRY;
		return;
	}
	name_of(&walk->result->host, found->key_len, &name);
	*place = ps_entry_new(&name, layer, view);
	if (*place == NULL)
		walk->is_out_of_memory = true;
	else
		found->layer[layer].applies = true;
}

static void
look_at(struct walk *walk, struct found *found, enum pinstore_layer layer,
        const struct ps_section_view *view)
{
	enum pinstore_reason why;

	if (!view->is_present)
		return;
	why = ps_policy_applies(view, found->key_len == walk->key.len,
	                        walk->now);
	found->layer[layer].is_present = true;
	found->layer[layer].include_subdomains = view->include_subdomains;
	found->layer[layer].why = why;
	if (why == PINSTORE_WHY_EXACT || why == PINSTORE_WHY_ANCESTOR)
		keep(walk, found, layer, view);
}

static bool
step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	struct walk *walk = arg;
	struct found *found;
	const struct ps_layer *layer = walk->result->layer;

	if (walk->n == STEPS_MAX)
		return false;
	found = &walk->found[walk->n++];
	memset(found, 0, sizeof(*found));
	found->key_len = key_len;
	look_at(walk, found, PINSTORE_CONFIGURED,
	        &view->section[PINSTORE_CONFIGURED]);
	look_at(walk, found, PINSTORE_LEARNED,
	        &view->section[PINSTORE_LEARNED]);
	if (walk->is_out_of_memory)
		return false;
	return walk->is_whole || layer[PINSTORE_CONFIGURED].entry == NULL ||
	       layer[PINSTORE_LEARNED].entry == NULL;
}

static const struct found *
find(const struct walk *walk, size_t key_len)
{
	size_t i;

	for (i = 0; i < walk->n; i++)
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

	found = find(walk, walk->key.len - name_at);
	if (found == NULL || !found->layer[layer].is_present)
		return told;
	told.is_found = true;
	told.why = found->layer[layer].why;
	told.is_expired = told.why == PINSTORE_WHY_EXPIRED;
	told.include_subdomains = found->layer[layer].include_subdomains;
	told.applies = found->layer[layer].applies;
	return told;
}

/* Write down each name from the host to the root, for each layer. */
static bool
tell_steps(const struct walk *walk, struct pinstore_result *result)
{
	static const enum pinstore_layer layers[] = {PINSTORE_CONFIGURED,
	                                             PINSTORE_LEARNED};
	size_t i, at, n = 0;
	const char *dot;

	result->steps = calloc(PS_LAYERS * ps_host_labels(&result->host),
	                       sizeof(*result->steps));
	if (result->steps == NULL)
		return false;
	for (i = 0; i < PS_LAYERS; i++) {
		for (at = 0;;) {
			result->steps[n++] = tell_step(walk, layers[i], at);
			dot = strchr(result->host.name + at, '.');
			if (dot == NULL)
				break;
			at = (size_t)(dot - result->host.name) + 1;
		}
	}
	result->n_steps = n;
	return true;
}

/* Whether entry, which may be NULL, is satisfied by the chain. */
static bool
is_satisfied(const struct pinstore_entry *entry,
             const struct pinstore_pin *const *pins, size_t n, size_t *pin,
             size_t *certificate)
{
	if (entry == NULL)
		return true;
	return ps_policy_match(entry->section.pins.pin, entry->section.pins.n,
	                       pins, n, pin, certificate);
}

/* Both layers must agree; entries in report mode are judged beside them. */
static void
judge(struct pinstore_result *result)
{
	const struct pinstore_pin *const *pins = NULL;
	bool applies = false, is_refused = false, has_report = false;
	struct ps_layer *part;
	size_t i, n = 0;

	if (result->chain != NULL)
		pins = ps_chain_pins(result->chain, &n);
	for (i = 0; i < PS_LAYERS; i++) {
		part = &result->layer[i];
		part->is_matched =
		        part->entry != NULL &&
		        is_satisfied(part->entry, pins, n, &part->pin,
		                     &part->certificate);
		applies = applies || part->entry != NULL;
		is_refused = is_refused ||
		             (part->entry != NULL && !part->is_matched);
		has_report = has_report || part->report != NULL;
		if (!is_satisfied(part->report, pins, n, NULL, NULL))
			result->is_violation = true;
	}
	if (!applies) {
		result->verdict = PINSTORE_UNPINNED;
		result->reason = has_report ? PINSTORE_WHY_REPORT_MODE
		                            : PINSTORE_WHY_NO_ENTRY;
		return;
	}
	if (is_refused) {
		result->verdict = PINSTORE_REJECT;
		result->reason = n == 0 ? PINSTORE_WHY_NO_CHAIN
		                        : PINSTORE_WHY_NO_PIN_IN_CHAIN;
		return;
	}
	result->verdict = PINSTORE_MATCHED;
	result->reason = PINSTORE_WHY_PIN_IN_CHAIN;
}

/* Walk and judge a name. */
static enum pinstore_status
judge_name(struct pinstore *ps, struct pinstore_result *result, int64_t now,
           bool is_whole, struct pinstore_error *error)
{
	struct walk walk;
	enum pinstore_status status;

	walk.result = result;
	walk.now = now;
	walk.is_whole = is_whole;
	walk.is_out_of_memory = false;
	walk.n = 0;
	ps_host_key(&result->host, &walk.key);
	status = ps_store_climb(ps->store, &result->host, step, &walk, error);
	if (status != PINSTORE_OK)
		return status;
	if (walk.is_out_of_memory)
		return ps_fail_nomem(error);
	if (is_whole && !tell_steps(&walk, result))
		return ps_fail_nomem(error);
	judge(result);
	return PINSTORE_OK;
}

static enum pinstore_status
examine(struct pinstore *ps, const struct pinstore_peer *peer,
        const struct pinstore_chain *chain, int64_t now, bool is_whole,
        struct pinstore_result **out, struct pinstore_error *error)
{
	struct pinstore_result *result;
	enum pinstore_status status;

	result = ps_result_new();
	if (result == NULL)
		return ps_fail_nomem(error);
	result->port = peer->port;
	result->peer_flags = peer->flags;
	status = ps_handle_host(peer->host, &result->host, &result->kind,
	                        error);
	if (status != PINSTORE_OK)
		goto out;
	if (chain != NULL) {
		status = ps_chain_copy(chain, &result->chain);
		if (status != PINSTORE_OK) {
			ps_fail_nomem(error);
			goto out;
		}
	}
	if (result->kind == PINSTORE_HOST_ADDRESS) {
		result->verdict = PINSTORE_UNPINNED;
		result->reason = PINSTORE_WHY_ADDRESS;
	} else {
		status = judge_name(ps, result, now, is_whole, error);
	}
out:
	if (status != PINSTORE_OK) {
		pinstore_result_free(result);
		return status;
	}
	*out = result;
	return PINSTORE_OK;
}

enum pinstore_status
pinstore_lookup(struct pinstore *ps, const char *host, int64_t now,
                struct pinstore_result **out, struct pinstore_error *error)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};

	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (ps == NULL || out == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_lookup: no store, or no place for "
		               "the result");
	return examine(ps, &peer, NULL, now, true, out, error);
}

enum pinstore_status
pinstore_check(struct pinstore *ps, const struct pinstore_peer *peer,
               const struct pinstore_chain *chain, int64_t now,
               enum pinstore_verdict *verdict, struct pinstore_result **out,
               struct pinstore_error *error)
{
	struct pinstore_result *result;
	struct pinstore_peer known;
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
	status = examine(ps, &known, chain, now, false, &result, error);
	if (status != PINSTORE_OK)
		return status;
	*verdict = result->verdict;
	if (out != NULL)
		*out = result;
	else
		pinstore_result_free(result);
	return PINSTORE_OK;
}
