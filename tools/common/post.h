/*
 * post.h - send one failure report (RFC 7469, 2.1.4 and 3), and no more than
 * it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_POST_H
#define TOOL_POST_H

#include <stdbool.h>

#include <curl/curl.h>

#include <pinstore/admin.h>
#include <pinstore/pinstore.h>

/* A report is sent within so many milliseconds, connected within so many. */
#define TOOL_POST_TOTAL_MS 30000
#define TOOL_POST_CONNECT_MS 10000
/* Of the answer so many octets are read, and thrown away. */
#define TOOL_POST_ANSWER_MAX 65536

/* What came of it. */
enum tool_post_end {
	TOOL_POST_DELIVERED = 0, /* the collector answered 2xx */
	TOOL_POST_PIN,           /* the collector's pins do not match */
	TOOL_POST_REVOKED,       /* or it has a revoked key */
	TOOL_POST_CERTIFICATE,   /* or its certificate is not valid */
	TOOL_POST_PRIVATE,       /* its address is a private one */
	TOOL_POST_STATUS,        /* it answered, but not 2xx */
	TOOL_POST_RESOLVE,
	TOOL_POST_CONNECT,
	TOOL_POST_TIMEOUT,
	TOOL_POST_NETWORK, /* what else libcurl tells */
	TOOL_POST_STORE,   /* pins cannot be judged */
	TOOL_POST_URI      /* neither http nor https */
};

/* Which way reports go; pointers are the caller's, and may be NULL. */
struct tool_post_setup {
	const char *cacert; /* with one of these, no other CAs */
	const char *capath;
	const char *hsts;   /* of curl's form; only read */
	const char *proxy;  /* instead of the environment's; "" = none */
	const char *noproxy;
	struct curl_slist *resolve;
	struct curl_slist *connect_to;
	long ip_version;   /* CURL_IPRESOLVE_... */
	/* tool_post_may(): */
	bool may_go_private;
	bool https_only;
};

struct tool_posted {
	enum tool_post_end end;
	long status; /* of the answer, or 0 */
	char message[CURL_ERROR_SIZE]; /* one line, to be escaped; or "" */
};

/*
 * Open the store at path for tool_post(): a report causes no report (R-3-15).
 *
 * Owner: the caller, pinstore_close().
 */
enum pinstore_status
tool_post_open(const char *path, struct pinstore **out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * POST report to its URI within limit_ms.  No redirect is followed; no cookie,
 * password, client certificate or Referer goes along, also not to a proxy;
 * certificates and pins are checked, and whatever the answer says is forgotten.
 * ps is from tool_post_open().
 */
void
tool_post(struct pinstore *ps, const struct tool_post_setup *setup,
          const struct pinstore_report *report, long limit_ms,
          struct tool_posted *out);

/*
 * What the operator of ps, another handle, says: *is_on, and the switches of
 * setup.  False: *error tells why the store does not say it.
 */
bool
tool_post_may(struct pinstore *ps, struct tool_post_setup *setup, bool *is_on,
              struct pinstore_error *error);

/* The proxy that the environment names for url, or NULL, as libcurl looks. */
const char *
tool_post_environment_proxy(const char *url);

/* What becomes of the report. */
enum pinstore_outcome
tool_post_outcome(enum tool_post_end end);

/* The word, and what is said beside it.  Owner: the caller. */
char *
tool_post_why(const struct tool_posted *posted);

/* "delivered", "report-failed:pin", ...  Static storage. */
const char *
tool_post_word(enum tool_post_end end);

#endif /* TOOL_POST_H */
