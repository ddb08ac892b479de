/*
 * evidence.h - what a verb is to judge: a path, what is to be served, a key, or
 * the host itself.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_EVIDENCE_H
#define TOOL_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <gnutls/x509.h>

#include <pinstore/pinstore.h>

#include "keys.h"
#include "verb.h"

enum evidence_kind {
	EVIDENCE_PATH,   /* --chain-pin, --chain-none, --assume-valid */
	EVIDENCE_SERVED, /* --chain: a client has to validate it */
	EVIDENCE_KEY,    /* --csr, --cert: the leaf's, and no path */
	EVIDENCE_LIVE    /* what the host serves now */
};

struct evidence {
	enum evidence_kind kind;
	struct pinstore_chain *chain; /* of PATH and KEY */
	struct keys keys;             /* certificates of SERVED and --cert */
	gnutls_datum_t *list;         /* SERVED: their DER */
	unsigned n;
	gnutls_x509_trust_list_t trust;
};

/* Which of the options a verb takes. */
#define EVIDENCE_PATH_OPTIONS                                                 \
	(OPTION_BIT(OPTION_CHAIN_PIN) | OPTION_BIT(OPTION_CHAIN_NONE) |       \
	 OPTION_BIT(OPTION_CHAIN) | OPTION_BIT(OPTION_CACERT) |               \
	 OPTION_BIT(OPTION_ASSUME_VALID))
#define EVIDENCE_KEY_OPTIONS                                                  \
	(OPTION_BIT(OPTION_CSR) | OPTION_BIT(OPTION_CERT))

/*
 * Read what the options name; nothing at all is EVIDENCE_LIVE if the verb may
 * connect.  From here on the certificates' time is that of --at.  False, and
 * run->fault: several, none, or something that cannot be read.
 *
 * Owner: the caller, who ends *out with evidence_free(), also on failure.
 */
bool
evidence_read(struct run *run, bool may_be_live, struct evidence *out);

void
evidence_free(struct evidence *evidence);

/*
 * What a client with run->store decides of host (canonical) at now, with this
 * evidence.  Of EVIDENCE_KEY, as if the key were the whole path.
 *
 * Owner:  the caller, who ends *out with pinstore_result_free().
 * Errors: those of pinstore_check_served(); with EVIDENCE_LIVE also CHAIN when
 *         the host cannot be reached.
 */
enum pinstore_status
evidence_check(const struct run *run, struct evidence *evidence,
               const char *host, int64_t now, enum pinstore_verdict *verdict,
               struct pinstore_result **out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The path alone, for host; NULL: for a name that the leaf has.  False, and
 * run->fault: not valid.  Owner: the caller, pinstore_chain_free().
 */
bool
evidence_chain(struct run *run, struct evidence *evidence, const char *host,
               struct pinstore_chain **out);

/*
 * The path that the options name, as evidence_chain(); NULL if they name none.
 */
bool
evidence_path(struct run *run, const char *host, struct pinstore_chain **out);

/* Whether the leaf is a certificate, and has no such name. */
bool
evidence_lacks_name(const struct evidence *evidence, const char *host);

/* Whether the file of --cacert can be read; if not, run->fault. */
bool
trust_can_be_read(struct run *run);

/* There is no CA to trust: run->fault; false. */
bool
trust_nobody(struct run *run);

/* A path that is not valid, or a host that cannot be reached: exit 4. */
int
evidence_fail(struct run *run, const struct evidence *evidence,
              const char *host, const struct pinstore_error *error);

#endif /* TOOL_EVIDENCE_H */
