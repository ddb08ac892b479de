/*
 * result.c - owning and reading a struct pinstore_result.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/result.h"

#include <stdlib.h>

#include "api/sized.h"

struct pinstore_result *
ps_result_new(void)
{
	struct pinstore_result *result;

	result = calloc(1, sizeof(*result));
	if (result != NULL)
		atomic_init(&result->references, 1);
	return result;
}

struct pinstore_result *
ps_result_ref(struct pinstore_result *result)
{
	if (result != NULL)
		atomic_fetch_add(&result->references, 1);
	return result;
}

void
pinstore_result_free(struct pinstore_result *result)
{
	size_t i;

	if (result == NULL || atomic_fetch_sub(&result->references, 1) != 1)
		return;
	for (i = 0; i < PS_JUDGED_LAYERS; i++) {
		pinstore_entry_free(result->layer[i].entry);
		pinstore_entry_free(result->layer[i].report);
	}
	pinstore_chain_free(result->chain);
	free(result->steps);
	free(result);
}

enum pinstore_verdict
pinstore_result_verdict(const struct pinstore_result *result)
{
	return result != NULL ? result->verdict : PINSTORE_REJECT;
}

enum pinstore_reason
pinstore_result_reason(const struct pinstore_result *result)
{
	return result->reason;
}

const char *
pinstore_result_host(const struct pinstore_result *result)
{
	return result->host.name;
}

const struct pinstore_chain *
pinstore_result_chain(const struct pinstore_result *result)
{
	return result->chain;
}

int
pinstore_result_other_path(const struct pinstore_result *result)
{
	return result->is_other_path ? 1 : 0;
}

static bool
is_layer(enum pinstore_layer layer)
{
	return layer == PINSTORE_CONFIGURED || layer == PINSTORE_LEARNED ||
	       layer == PINSTORE_SYSTEM;
}

const struct pinstore_entry *
pinstore_result_entry(const struct pinstore_result *result,
                      enum pinstore_layer layer)
{
	return is_layer(layer) ? result->layer[layer].entry : NULL;
}

const struct pinstore_entry *
pinstore_result_report_entry(const struct pinstore_result *result,
                             enum pinstore_layer layer)
{
	return is_layer(layer) ? result->layer[layer].report : NULL;
}

int
pinstore_result_violation(const struct pinstore_result *result)
{
	return result->is_violation ? 1 : 0;
}

int
pinstore_result_wants_chain(const struct pinstore_result *result)
{
	size_t i;

	for (i = 0; i < PS_JUDGED_LAYERS; i++)
		if (result->layer[i].entry != NULL ||
		    result->layer[i].report != NULL)
			return 1;
	return result->wants_chain ? 1 : 0;
}

int
pinstore_result_revoked(const struct pinstore_result *result,
                        size_t *certificate)
{
	if (!result->is_revoked)
		return 0;
	if (certificate != NULL)
		*certificate = result->revoked;
	return 1;
}

int
pinstore_result_bypass(const struct pinstore_result *result,
                       struct pinstore_bypass *out)
{
	struct pinstore_bypass bypass = {0};

	if (!result->has_bypass)
		return 0;
	bypass.host = result->host.name + result->bypass_at;
	bypass.subdomains = result->bypass.subdomains;
	bypass.start = result->bypass.start;
	bypass.end = result->bypass.end;
	bypass.reason = result->bypass.text;
	return ps_sized_write(out, &bypass, sizeof(bypass)) ? 1 : 0;
}

int
pinstore_result_matched(const struct pinstore_result *result,
                        enum pinstore_layer layer, size_t *pin,
                        size_t *certificate)
{
	const struct ps_layer *part;

	if (!is_layer(layer) || !result->layer[layer].is_matched)
		return 0;
	part = &result->layer[layer];
	if (pin != NULL)
		*pin = part->pin;
	if (certificate != NULL)
		*certificate = part->certificate;
	return 1;
}

int
pinstore_result_step(const struct pinstore_result *result, size_t i,
                     struct pinstore_step *out)
{
	struct pinstore_step step = {0};
	const struct ps_step *from;

	if (i >= result->n_steps)
		return 0;
	from = &result->steps[i];
	step.layer = from->layer;
	step.name = result->host.name + from->name_at;
	step.found = from->is_found;
	step.expired = from->is_expired;
	step.include_subdomains = from->include_subdomains;
	step.applies = from->applies;
	step.why = from->why;
	return ps_sized_write(out, &step, sizeof(step)) ? 1 : 0;
}
