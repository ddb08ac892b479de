/*
 * result.h - struct pinstore_result: what a check found, and why.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_RESULT_H
#define PS_API_RESULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "api/entry.h"
#include "api/handle.h"
#include "model/host.h"
#include "model/order.h"

/* The part of one layer. */
struct ps_layer {
	struct pinstore_entry *entry;  /* enforcing, or NULL */
	struct pinstore_entry *report; /* in report mode, or NULL */
	bool is_matched;               /* entry has a pin in the chain */
	size_t pin;                    /* the index of it, if is_matched */
	size_t certificate;
};

struct ps_step {
	uint8_t name_at; /* where the name starts in host */
	enum pinstore_layer layer;
	enum pinstore_reason why;
	bool is_found;
	bool is_expired;
	bool include_subdomains;
	bool applies;
};

struct pinstore_result {
	atomic_uint references;
	enum pinstore_verdict verdict;
	enum pinstore_reason reason;
	struct ps_host host;
	enum pinstore_host_kind kind;
	uint16_t port;
	unsigned peer_flags;
	struct pinstore_chain *chain; /* or NULL */
	bool is_other_path; /* chain is not the one GnuTLS settled on */
	struct ps_layer layer[PS_JUDGED_LAYERS];
	bool is_violation;
	bool wants_chain;
	bool is_revoked;
	size_t revoked; /* the index in chain, if is_revoked */
	bool has_bypass;
	size_t bypass_at; /* where its name starts in host */
	struct ps_order bypass;
	size_t n_steps;
	struct ps_step *steps;
};

/* A result with one reference, REJECT, or NULL without memory. */
struct pinstore_result *
ps_result_new(void);

/* One more owner; each ends its share with pinstore_result_free(). */
struct pinstore_result *
ps_result_ref(struct pinstore_result *result);

#endif /* PS_API_RESULT_H */
