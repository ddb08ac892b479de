/*
 * options.h - the command line, read by one table.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"
#include "common/pin.h"
#include "common/screen.h"

enum option {
	OPTION_ACCEPT_LOSS,
	OPTION_ALL,
	OPTION_ASSUME_VALID,
	OPTION_AT,
	OPTION_CACERT,
	OPTION_CERT,
	OPTION_CHAIN,
	OPTION_CHAIN_NONE,
	OPTION_CHAIN_PIN,
	OPTION_COLOR,
	OPTION_CONNECT_TO,
	OPTION_CSR,
	OPTION_DRY_RUN,
	OPTION_END,
	OPTION_EXPIRED,
	OPTION_EXPIRES,
	OPTION_EXPIRING,
	OPTION_FOLLOW,
	OPTION_FOR,
	OPTION_FORCE,
	OPTION_FORMAT,
	OPTION_FROM_HOST,
	OPTION_GRACE,
	OPTION_HELP,
	OPTION_HOST,
	OPTION_HSTS,
	OPTION_HTTP,
	OPTION_INCLUDE_SUBDOMAINS,
	OPTION_JSON,
	OPTION_LIST,
	OPTION_MAX_AGE,
	OPTION_MODE,
	OPTION_NO_BACKUP,
	OPTION_NOTE,
	OPTION_PINS,
	OPTION_QUIET,
	OPTION_OPENMETRICS,
	OPTION_PASSWORD_FILE,
	OPTION_PUBLISH,
	OPTION_REASON,
	OPTION_REPAIR,
	OPTION_REPORT_ONLY,
	OPTION_REPORT_URI,
	OPTION_RESOLVE,
	OPTION_SINCE,
	OPTION_SORT,
	OPTION_SOURCE,
	OPTION_STARTTLS,
	OPTION_STORE,
	OPTION_STRICT,
	OPTION_SUBDOMAINS,
	OPTION_TIME,
	OPTION_UNSET,
	OPTION_VERSION,
	OPTION_YES,
	OPTION_COUNT
};

#define OPTION_BIT(option) (UINT64_C(1) << (option))
/* Those that every verb takes. */
#define OPTIONS_EVERYWHERE                                                    \
	(OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_COLOR) |                 \
	 OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_QUIET) |                 \
	 OPTION_BIT(OPTION_VERSION))

/* --source all */
#define SOURCE_ALL                                                            \
	((unsigned)PINSTORE_HEADER | (unsigned)PINSTORE_TOFU |                \
	 (unsigned)PINSTORE_STATIC)

enum sort_key {
	SORT_HOST,
	SORT_DOMAIN,
	SORT_EXPIRES,
	SORT_NOTED,
	SORT_UPDATED,
	SORT_SOURCE,
	SORT_MODE
};

/* Whose configuration a header is written for. */
enum header_server {
	SERVER_RAW,
	SERVER_NGINX,
	SERVER_APACHE,
	SERVER_HAPROXY
};

/* Protocols in which TLS begins on request. */
enum starttls {
	STARTTLS_NONE,
	STARTTLS_SMTP,
	STARTTLS_LMTP,
	STARTTLS_IMAP,
	STARTTLS_POP3,
	STARTTLS_FTP,
	STARTTLS_SIEVE,
	STARTTLS_LDAP,
	STARTTLS_XMPP
};

enum hash_format {
	HASH_CURL = TOOL_PIN_CURL,
	HASH_RFC7469 = TOOL_PIN_RFC7469,
	HASH_GNUTLS = TOOL_PIN_GNUTLS,
	HASH_OKHTTP = TOOL_PIN_OKHTTP,
	HASH_HEX = TOOL_PIN_HEX,
	HASH_NSC,
	HASH_TRUSTKIT,
	HASH_TLSA,
	HASH_JSON
};

/* A row for each option. */
struct option_row {
	const char *name; /* without "--" */
	char letter;      /* 0 = none */
	const char *argument; /* what stands for it in help; NULL = none */
	const char *summary;
};

struct options {
	uint64_t given; /* OPTION_BIT() of those that were */
	const char *store;
	enum tool_color color;
	int64_t now; /* of --at, else the wall clock */
	struct pinstore_pin *chain_pins;
	size_t n_chain_pins;
	const char *chain; /* a file, as the next two */
	const char *cert;
	const char *csr;
	const char *host;
	const char *note;
	const char *password_file;
	const char *reason;
	const char *cacert;
	const char **connect_to;
	size_t n_connect_to;
	const char *hsts;
	const char **resolve;
	size_t n_resolve;
	unsigned sources; /* 0 = not given */
	enum pinstore_mode mode;
	enum sort_key sort;
	bool is_iso; /* --time */
	const char *format_word; /* of --format, as given; NULL if not */
	enum hash_format format; /* options_take_hash_format() */
	const char *pins_file;
	enum starttls starttls;
	int64_t expires;  /* PINSTORE_NEVER if not given */
	int64_t expiring; /* seconds */
	const char *for_what; /* of --for, as given; NULL if not */
	int64_t duration; /* options_take_duration() */
	enum header_server server; /* options_take_server() */
	int64_t grace;    /* seconds; the default if not given */
	int64_t max_age;  /* seconds */
	const char *report_uri;
	int64_t since;    /* INT64_MIN if not given */
	/* The verb that ssh-keygen's -F, -R or -l stand for; NULL = none. */
	const char *alias;
	/* What is no option, the verb first; pointers into argv. */
	char **operands;
	size_t n_operands;
};

const struct option_row *
option_row(enum option option);

/* What an option is to this verb: the words of its help. */
const char *
option_summary(enum option option, const char *verb);

/* The i-th word that its value may be; NULL behind the last, or if any will do. */
const char *
option_word(enum option option, size_t i);

/*
 * The option of that name, without dashes, or OPTION_COUNT.  A value may be
 * joined to it, "at=@0": *value is where it begins, or NULL.
 */
enum option
option_find(const char *name, const char **value);

/* Whether option stands in *options. */
bool
option_given(const struct options *options, enum option option);

/*
 * Read the command line, options and operands in any order.  Values are checked
 * here, whether an option belongs to the verb is not.
 *
 * Owner: the caller, who ends *out with options_free(), also on failure.
 */
bool
options_parse(int argc, char *argv[], struct options *out,
              struct tool_fault *fault);

/* Whether all that was given is among allowed; if not, *fault names one. */
bool
options_check(const struct options *options, uint64_t allowed,
              const char *verb, struct tool_fault *fault);

/* Read --format of hash. */
bool
options_take_hash_format(struct options *options, struct tool_fault *fault);

/* Say that the value of option is none of those that it may have for verb. */
void
options_bad_value(struct tool_fault *fault, enum option option,
                  const char *verb, const char *value);

/* Read --for: the duration of a bypass, or the server of a header. */
bool
options_take_duration(struct options *options, struct tool_fault *fault);
bool
options_take_server(struct options *options, struct tool_fault *fault);

/* Whether argv asks for JSON: errors must know before all is read. */
bool
options_wants_json(int argc, char *argv[]);

void
options_free(struct options *options);

#endif /* TOOL_OPTIONS_H */
