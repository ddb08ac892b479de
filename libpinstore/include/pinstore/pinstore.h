/*
 * pinstore.h - note and enforce HTTP public key pins (RFC 7469).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Strings are NUL-terminated UTF-8 unless a length stands beside them.  Times
 * are seconds since 1970-01-01 UTC and are passed in: the library reads no
 * wall clock, no environment, has no default path and prints nothing.
 *
 * Each out-parameter gets its safe value first (NULL, 0, PINSTORE_REJECT) and
 * its result only on success.  Every free and close function takes NULL; what
 * reads a result, an entry, a chain or a lint takes what a call gave.
 * struct pinstore_error is the caller's and may be NULL where it is not wanted.
 *
 * A store that was opened is looked at again when its files are replaced: each
 * call on a handle can say ACCESS of what it finds then, in the store or in the
 * system's, and FORKED of a store in memory.  Errors: names the others.
 *
 * Structs with a member `size` are filled by the caller, who sets it to the
 * sizeof of that struct; what a later library adds behind it is zero then.
 */
#ifndef PINSTORE_PINSTORE_H
#define PINSTORE_PINSTORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#define PINSTORE_MUST_CHECK __attribute__((warn_unused_result))
#else
#define PINSTORE_MUST_CHECK
#endif

/* Longest host name in octets, without the final NUL. */
#define PINSTORE_HOST_MAX 253
/* Most pins that one entry holds. */
#define PINSTORE_PINS_MAX 32
/* Longest report-uri and longest note of an entry, in octets. */
#define PINSTORE_URI_MAX 1024
#define PINSTORE_NOTE_MAX 256
/* The time of expiry of an entry that does not expire. */
#define PINSTORE_NEVER INT64_MAX
/* The peer's resolved address is a loopback or a private one. */
#define PINSTORE_PEER_PRIVATE 1u

/* One value for each thing that a caller can do about it. */
enum pinstore_status {
	PINSTORE_OK = 0,
	PINSTORE_ERR_ARG = -1,       /* caller's mistake */
	PINSTORE_ERR_NOMEM = -2,     /* out of memory */
	PINSTORE_ERR_HOST = -3,      /* neither host name nor address: refuse */
	PINSTORE_ERR_HEADER = -4,    /* field outside the grammar: ignore it */
	PINSTORE_ERR_UNFIT = -5,     /* may not be noted: ignore, worth a log */
	PINSTORE_ERR_NOTFOUND = -6,  /* no such entry; never from a check */
	PINSTORE_ERR_CHAIN = -7,     /* no validated path */
	PINSTORE_ERR_UNJUDGED = -8,  /* session or transfer no check has seen */
	PINSTORE_ERR_ACCESS = -9,    /* owner, mode, link, permission */
	PINSTORE_ERR_READONLY = -10, /* enforces, but cannot be written */
	PINSTORE_ERR_BUSY = -11,     /* lock limit passed, reader table full */
	PINSTORE_ERR_FULL = -12,     /* disk, quota or size limit */
	PINSTORE_ERR_IO = -13,       /* EIO, EMFILE, the rest of the system's */
	PINSTORE_ERR_VERSION = -14,  /* a later pinstore's, or another machine's */
	PINSTORE_ERR_DAMAGED = -15,  /* to be restored from a backup */
	PINSTORE_ERR_INTERNAL = -16, /* a defect of this library */
	PINSTORE_ERR_FORKED = -17,   /* a store in memory, in a child process */
	PINSTORE_ERR_REMOTE = -18    /* on a network file system: refused */
};

/* What to do with a connection.  Zero, hence the default, is to refuse it. */
enum pinstore_verdict {
	PINSTORE_REJECT = 0,
	PINSTORE_UNPINNED,
	PINSTORE_MATCHED,
	PINSTORE_BYPASSED
};

/* Public-Key-Pins and Public-Key-Pins-Report-Only. */
enum pinstore_kind { PINSTORE_PKP, PINSTORE_PKP_RO };

/*
 * Configured: made by the operator.  Learned: from the network.  System:
 * configured too, but by the operator of the machine, whose published store
 * lies below the one that was opened (pinstore_options_set_system()).
 */
enum pinstore_layer { PINSTORE_CONFIGURED, PINSTORE_LEARNED, PINSTORE_SYSTEM };

enum pinstore_source {
	PINSTORE_HEADER = 1,
	PINSTORE_TOFU = 2,
	PINSTORE_STATIC = 4
};

enum pinstore_mode { PINSTORE_ENFORCE, PINSTORE_REPORT };

/* What pinstore_note() did with the store. */
enum pinstore_action {
	PINSTORE_IGNORED = 0,
	PINSTORE_NOTED,     /* there was no header entry of that name */
	PINSTORE_UPDATED,   /* the header entry was written anew */
	PINSTORE_UNCHANGED, /* nothing worth a write had changed */
	PINSTORE_REMOVED
};

enum pinstore_host_kind {
	PINSTORE_HOST_BAD = 0,
	PINSTORE_HOST_NAME,
	PINSTORE_HOST_ADDRESS
};

/* Why; a closed list.  pinstore_reason_word() gives the word. */
enum pinstore_reason {
	PINSTORE_WHY_OK = 0,
	/* a header field that is not used, or not for noting */
	PINSTORE_WHY_MALFORMED,
	PINSTORE_WHY_EMPTY,
	PINSTORE_WHY_LIMIT,
	PINSTORE_WHY_DUPLICATE,
	PINSTORE_WHY_BAD_MAX_AGE,
	PINSTORE_WHY_NO_MAX_AGE,
	PINSTORE_WHY_VALUED_INCLUDE_SUBDOMAINS,
	PINSTORE_WHY_VALUELESS_REPORT_URI,
	PINSTORE_WHY_UNQUOTED_PIN,
	PINSTORE_WHY_BAD_PIN,
	PINSTORE_WHY_PIN_LENGTH,
	PINSTORE_WHY_NO_PINS,
	PINSTORE_WHY_NO_MATCH,
	PINSTORE_WHY_NO_BACKUP,
	PINSTORE_WHY_NOT_JUDGED,
	PINSTORE_WHY_NO_REPORT_URI,
	PINSTORE_WHY_REPORT_ONLY,
	PINSTORE_WHY_PIN_MISMATCH,
	PINSTORE_WHY_BYPASSED,
	PINSTORE_WHY_ADDRESS,
	PINSTORE_WHY_OLDER,
	PINSTORE_WHY_FULL,
	/* a check */
	PINSTORE_WHY_PIN_IN_CHAIN,
	PINSTORE_WHY_NO_ENTRY,
	PINSTORE_WHY_NO_PIN_IN_CHAIN,
	PINSTORE_WHY_NO_CHAIN,
	PINSTORE_WHY_REVOKED,
	PINSTORE_WHY_REPORT_MODE,
	PINSTORE_WHY_BYPASS,
	PINSTORE_WHY_LOCAL_ANCHOR,
	/* a step of the walk from a name to the root; new ones at the end */
	PINSTORE_WHY_EXACT,                 /* applies: the name itself */
	PINSTORE_WHY_ANCESTOR,              /* applies: covers subdomains */
	PINSTORE_WHY_EXPIRED,               /* passed over */
	PINSTORE_WHY_NO_INCLUDE_SUBDOMAINS, /* passed over */
	PINSTORE_WHY_NEARER_ENTRY           /* one nearer applies instead */
};

/* What a record of the journal tells; new ones at the end. */
enum pinstore_event {
	PINSTORE_EVENT_NOTED = 1,
	PINSTORE_EVENT_UPDATED,
	PINSTORE_EVENT_REMOVED,
	PINSTORE_EVENT_UNPINNED, /* by a header without usable pins */
	PINSTORE_EVENT_PINNED,   /* by the operator */
	PINSTORE_EVENT_CLEARED,  /* so many entries, of no name */
	PINSTORE_EVENT_EXPIRED,
	PINSTORE_EVENT_CLOCK,     /* a stored sighting lay in the future */
	PINSTORE_EVENT_VIOLATION, /* refused, or not enforced */
	PINSTORE_EVENT_BYPASSED,  /* let through, though pins did not match */
	PINSTORE_EVENT_REVOKED,   /* a key */
	PINSTORE_EVENT_UNREVOKED,
	PINSTORE_EVENT_BYPASS, /* of a host has begun */
	PINSTORE_EVENT_BYPASS_ENDED,
	PINSTORE_EVENT_SETTING,
	PINSTORE_EVENT_MODE,       /* of a static entry was switched */
	PINSTORE_EVENT_OTHER_PATH, /* than the settled one, which was refused */
	PINSTORE_EVENT_ERROR,      /* what could not be learned */
	PINSTORE_EVENT_IMPORTED    /* so many entries, of no name */
};

/* The first rule of the grammar that a malformed field breaks. */
enum pinstore_syntax {
	PINSTORE_SYNTAX_OK = 0,
	PINSTORE_SYNTAX_NAME,
	PINSTORE_SYNTAX_VALUE,
	PINSTORE_SYNTAX_QUOTE,
	PINSTORE_SYNTAX_SEP
};

enum pinstore_option {
	PINSTORE_OPT_READONLY = 1,  /* 0 or 1; never create, never write */
	PINSTORE_OPT_MAX_AGE_CAP,   /* seconds, 0 = none; 5,184,000 */
	PINSTORE_OPT_STRICT,        /* 0 or 1; the ABNF to the letter; 0 */
	PINSTORE_OPT_REFRESH_SLACK, /* 1/10000 of max-age, 0 = none; 100 */
	PINSTORE_OPT_LOCK_LIMIT_MS, /* wait for a writer at most; 5,000 */
	PINSTORE_OPT_MAX_BYTES,     /* of the store's file; 2^40 */
	PINSTORE_OPT_QUOTA_DOMAIN,  /* learned per registrable domain; 200 */
	PINSTORE_OPT_QUOTA_TOTAL,   /* learned in all; 1,000,000 */
	PINSTORE_OPT_SUFFIX_RULE,   /* 0 or 1; no subdomains of a suffix; 1 */
	PINSTORE_OPT_REPORT,        /* 0 or 1; queue failure reports; 1 */
	PINSTORE_OPT_REMOTE         /* 0 or 1; on a network file system too; 0 */
};

/* SHA-256 of the DER SubjectPublicKeyInfo of a certificate (RFC 7469, 2.4). */
struct pinstore_pin {
	uint8_t sha256[32];
};

/* Filled on every failure, without allocation. */
struct pinstore_error {
	enum pinstore_status status;
	int os_error;   /* errno or 0 */
	int lib_error;  /* LMDB's or GnuTLS's number or 0 */
	char text[244]; /* the thing, the place, the way out; one line */
};

struct pinstore_peer {
	size_t size;
	const char *host; /* as in the URL, without port */
	uint16_t port;
	unsigned flags; /* PINSTORE_PEER_... */
};

/* One header field of a response.  This struct never grows. */
struct pinstore_field {
	enum pinstore_kind kind;
	const char *value; /* len octets, unfolded, no NUL needed */
	size_t len;
};

/* What became of the fields of one response. */
struct pinstore_noted {
	size_t size;
	enum pinstore_action action;
	enum pinstore_reason why;
	enum pinstore_syntax syntax; /* if why is MALFORMED */
	size_t offset;               /* in octets, of the first fault */
	int64_t expires;             /* of the header entry; 0 = none */
	size_t ignored_fields;       /* behind the first of each kind */
	int suffix_rule;             /* includeSubDomains was left out */
	int clock_went_back;         /* replaced one noted in the future */
	/* of the Report-Only field: OK if it was judged, else why not */
	enum pinstore_reason report_only;
	int would_refuse;            /* no pin of it is in the chain */
	int report_queued;           /* and a report of that is new */
};

/* A static entry to be written. */
struct pinstore_rule {
	size_t size;
	const char *host;
	const struct pinstore_pin *pins;
	size_t n_pins;
	int include_subdomains;
	enum pinstore_mode mode;
	int64_t expires;        /* PINSTORE_NEVER or a time */
	const char *report_uri; /* or NULL */
	const char *note;       /* or NULL */
	int no_backup;          /* a single pin is meant */
};

/* Which entries to remove; all conditions must hold. */
struct pinstore_filter {
	size_t size;
	const char *host;  /* NULL = every host */
	int subdomains;    /* and what lies below host */
	unsigned sources;  /* of PINSTORE_HEADER, ...; 0 = every source */
	int64_t since;     /* noted at or after; INT64_MIN = ever */
	int keep_octets;   /* leave those of the file to pinstore_compact() */
};

/* Pins of a host that are judged, but not enforced, for a time. */
struct pinstore_bypass {
	size_t size;
	const char *host;
	int subdomains; /* and what lies below host */
	int64_t start;  /* in force from then */
	int64_t end;    /* to then, both included */
	const char *reason;
};

/* One stop of the walk from a name to the root. */
struct pinstore_step {
	size_t size;
	enum pinstore_layer layer;
	const char *name; /* lives as long as the result */
	int found;
	int expired;
	int include_subdomains;
	int applies;
	enum pinstore_reason why;
};

struct pinstore;         /* an open store */
struct pinstore_options; /* how to open one */
struct pinstore_chain;   /* a path that validated; leaf first, anchor last */
struct pinstore_result;  /* what a check found, and why */
struct pinstore_entry;   /* what is known of one host in one layer */
struct pinstore_record;  /* one thing that happened */

/* ------------------------------------------------------------ words, names */

/* The version of the library in use, such as "0.1.0".  Static storage. */
const char *pinstore_version(void);

/* status in English, never NULL.  Static storage. */
const char *pinstore_strerror(enum pinstore_status status);

/*
 * The words of the command line's JSON, never NULL.  Static storage.  A value
 * outside the enum gives "unknown".  That of PINSTORE_SYSTEM is "configured".
 */
const char *pinstore_reason_word(enum pinstore_reason reason);
const char *pinstore_syntax_word(enum pinstore_syntax syntax);
const char *pinstore_verdict_word(enum pinstore_verdict verdict);
const char *pinstore_action_word(enum pinstore_action action);
const char *pinstore_layer_word(enum pinstore_layer layer);
const char *pinstore_source_word(enum pinstore_source source);
const char *pinstore_mode_word(enum pinstore_mode mode);
const char *pinstore_event_word(enum pinstore_event event);

/*
 * Bring the host of a URL (percent-decoded, len octets) to the one form in
 * which DNS, SNI, the certificate's name check and the store must see it:
 * lower-case A-labels without a final dot.  An address comes out as it went in,
 * lower-cased but for the zone behind a %, and mapped.
 *
 * Threads: any.
 * Errors:  ARG, NOMEM, HOST (neither name nor address; *kind is HOST_BAD).
 * Source:  RFC 6797, 8.2 and 10; RFC 5891.
 */
enum pinstore_status
pinstore_host_canonical(const char *text, size_t len,
                        char out[PINSTORE_HOST_MAX + 1],
                        enum pinstore_host_kind *kind) PINSTORE_MUST_CHECK;

/*
 * The pin of a DER certificate, of a DER certificate request, or of a DER
 * SubjectPublicKeyInfo: the hash of the octets that stand there.
 *
 * Errors: ARG, NOMEM, CHAIN (not such a structure, or a key that cannot be
 *         taken alone, as a DSA key that inherits its parameters).
 * Source: RFC 7469, 2.4.
 */
enum pinstore_status
pinstore_pin_from_certificate(const uint8_t *der, size_t len,
                              struct pinstore_pin *out) PINSTORE_MUST_CHECK;
enum pinstore_status
pinstore_pin_from_request(const uint8_t *der, size_t len,
                          struct pinstore_pin *out) PINSTORE_MUST_CHECK;
enum pinstore_status
pinstore_pin_from_public_key(const uint8_t *der, size_t len,
                             struct pinstore_pin *out) PINSTORE_MUST_CHECK;

/* ---------------------------------------------------------------- handle */

/* Options at their defaults, or NULL without memory.  Owner: the caller. */
struct pinstore_options *pinstore_options_new(void);

/* Errors: ARG (no such option, or a value out of its range). */
enum pinstore_status
pinstore_options_set(struct pinstore_options *options,
                     enum pinstore_option what,
                     int64_t value) PINSTORE_MUST_CHECK;

/*
 * Put the published store in directory path (NULL: none, the default) below the
 * one that is opened: its entries count as configured ones that must be
 * satisfied too, and its revoked keys are refused.  It is only read.  If there
 * is no such directory, or nothing in it, nothing is below; that is looked for
 * again, and a new copy is noticed, within a second.  One that cannot be read,
 * is damaged, is not published, or that others than root and the caller own or
 * may write to, makes open and every check fail; so does one that is removed
 * while in use.
 *
 * Errors: ARG (an empty path), NOMEM.
 */
enum pinstore_status
pinstore_options_set_system(struct pinstore_options *options,
                            const char *path) PINSTORE_MUST_CHECK;

/*
 * Where the system's published store lies as this library was configured, such
 * as "/var/lib/pinstore/system"; nothing opens it by itself.  Static storage.
 */
const char *pinstore_system_path(void);

void pinstore_options_free(struct pinstore_options *options);

/*
 * Open a new and empty store that is never on a disk, and that is gone when the
 * handle is closed or the process ends, killed or not: for callers that must
 * leave no trace.  It is memory without a name, which no program that the
 * process executes inherits; memory can be swapped out.
 *
 * Owner:   as pinstore_open().  It is not shared with a child of the process:
 *          there each call on the handle but pinstore_close() is FORKED.
 * Threads: as pinstore_open().
 * Errors:  ARG (OPT_READONLY), NOMEM, BUSY, FULL, IO; and those of
 *          pinstore_open() that concern the system's store.
 * Source:  RFC 7469, 5.
 */
enum pinstore_status
pinstore_open_memory(const struct pinstore_options *options,
                     struct pinstore **out,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Open the store in directory path, and create it with mode 0700 if there is
 * none (not with OPT_READONLY).  options may be NULL and is not kept.
 *
 * Owner:   the caller, who ends *out with pinstore_close().
 * Threads: one handle serves any number of threads.  Two handles on one path
 *          share one environment.  A handle may be used after fork() in the
 *          parent and in the child; the child must not fork inside a callback.
 * Errors:  ARG, NOMEM, ACCESS, NOTFOUND (no store there, OPT_READONLY), BUSY,
 *          FULL, IO, VERSION, DAMAGED, REMOTE.  Whatever the error, "there are
 *          no pins" does not follow from it: refuse to connect.
 */
enum pinstore_status
pinstore_open(const char *path, const struct pinstore_options *options,
              struct pinstore **out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* No other call on ps may be running. */
void pinstore_close(struct pinstore *ps);

/* ----------------------------------------------------------------- chains */

/*
 * Make a chain by hand.  The caller vouches that the certificates, or pins,
 * are a path that was validated for the host and for the purpose TLS server,
 * leaf first, anchor last.  A list as a peer sent it is no such path: whoever
 * passes that lets anyone in who appends the pinned certificate to his own.
 * With GnuTLS use pinstore_chain_from_session() instead.  n may be 0.
 *
 * Owner:  the caller; the input is copied.
 * Errors: ARG, NOMEM, CHAIN (a certificate that does not parse; more than 16
 *         certificates, or 1,000 pins).
 */
enum pinstore_status
pinstore_chain_from_validated_certificates(
        const uint8_t *const der[], const size_t len[], size_t n,
        struct pinstore_chain **out) PINSTORE_MUST_CHECK;
enum pinstore_status
pinstore_chain_from_validated_pins(
        const struct pinstore_pin *pins, size_t n,
        struct pinstore_chain **out) PINSTORE_MUST_CHECK;

/*
 * Keep beside chain what the peer sent, for messages and reports.  It is never
 * compared with pins.  Errors: ARG, NOMEM.
 */
enum pinstore_status
pinstore_chain_set_served(struct pinstore_chain *chain,
                          const uint8_t *const der[], const size_t len[],
                          size_t n) PINSTORE_MUST_CHECK;

/* Certificates (or pins) of the path; of the list that the peer sent. */
size_t pinstore_chain_length(const struct pinstore_chain *chain);
size_t pinstore_chain_served_length(const struct pinstore_chain *chain);

/* The i-th pin, or NULL: behind the end, or a key that gives no pin. */
const struct pinstore_pin *
pinstore_chain_pin(const struct pinstore_chain *chain, size_t i);

/* The i-th certificate's DER, or NULL: behind the end, or made from pins. */
const uint8_t *pinstore_chain_certificate(const struct pinstore_chain *chain,
                                          size_t i, size_t *len);
const uint8_t *pinstore_chain_served(const struct pinstore_chain *chain,
                                     size_t i, size_t *len);

void pinstore_chain_free(struct pinstore_chain *chain);

/* ---------------------------------------------------------- judge and note */

/*
 * What is known of host at now, without a chain: the whole walk, all layers.
 * The result's verdict is UNPINNED if nothing applies, else REJECT, and it
 * cannot be given to pinstore_note().
 *
 * Owner:   the caller, who ends *out with pinstore_result_free().
 * Threads: any.
 * Errors:  ARG, NOMEM, HOST, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_lookup(struct pinstore *ps, const char *host, int64_t now,
                struct pinstore_result **out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Decide whether the connection to peer->host that chain authenticated may go
 * on.  chain may be NULL: a host to which an entry applies is refused then
 * (PINSTORE_WHY_NO_CHAIN).  The chain is copied into the result.  An error is
 * a refusal, and leaves *verdict at PINSTORE_REJECT.
 *
 * A chain with a revoked key is refused whatever else; one that ends in a local
 * anchor, and any to a host with a bypass in force, gives PINSTORE_BYPASSED.
 * What is refused, or would have been, is written into the store's journal,
 * once an hour for the same host, entries and leaf; if that cannot be done
 * within 50 ms, the verdict stands without it.
 *
 * Owner:   the caller, who ends *out (out may be NULL) with
 *          pinstore_result_free().
 * Threads: any.
 * Errors:  ARG, NOMEM, HOST, BUSY, IO, VERSION, DAMAGED.
 * Source:  RFC 7469, 2.6.
 */
enum pinstore_status
pinstore_check(struct pinstore *ps, const struct pinstore_peer *peer,
               const struct pinstore_chain *chain, int64_t now,
               enum pinstore_verdict *verdict, struct pinstore_result **out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Whether pin is revoked, of which *is_revoked becomes 1 or 0; 1 stands there
 * before, and after an error.
 * Errors: ARG, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_is_revoked(struct pinstore *ps, const struct pinstore_pin *pin,
                    int *is_revoked,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Process all Public-Key-Pins and Public-Key-Pins-Report-Only fields of one
 * response, in order of arrival; the first of each kind counts.  checked is
 * what pinstore_check() gave for the connection, with this store or another:
 * noting without a check that passed does nothing, and the chain must also pass
 * what is stored here by now.  A field that is ignored is no error; *out says
 * why.  A Report-Only field is judged now, and nothing of it is kept but the
 * report of a mismatch; what becomes of that is no error either.
 *
 * Threads: any; also another than the one that checked.
 * Errors:  ARG, NOMEM, CHAIN (checked without a chain), READONLY, BUSY, FULL,
 *          IO, VERSION, DAMAGED; the store is unchanged.
 * Source:  RFC 7469, 2.3.1, 2.3.3, 2.5.
 */
enum pinstore_status
pinstore_note(struct pinstore *ps, const struct pinstore_result *checked,
              const struct pinstore_field *fields, size_t n, int64_t now,
              struct pinstore_noted *out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Trust on first use: remember the leaf's key of the chain in checked, without
 * an end, for that very name, if no live entry of either layer applies to it
 * (UNCHANGED if one does).  A header replaces it.  checked is what
 * pinstore_check() gave for the connection; nothing is remembered of one that
 * was refused or bypassed, or of an address: IGNORED, and *out says why.
 *
 * Threads: any; also another than the one that checked.
 * Errors:  ARG, NOMEM, CHAIN (checked without a chain, or its leaf gives no
 *          pin), READONLY, BUSY, FULL, IO, VERSION, DAMAGED; the store is
 *          unchanged.
 */
enum pinstore_status
pinstore_trust(struct pinstore *ps, const struct pinstore_result *checked,
               int64_t now, struct pinstore_noted *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

enum pinstore_verdict
pinstore_result_verdict(const struct pinstore_result *result);
enum pinstore_reason
pinstore_result_reason(const struct pinstore_result *result);

/* The canonical host that was asked for. */
const char *pinstore_result_host(const struct pinstore_result *result);

/* The chain that was judged, or NULL.  Lives as long as the result. */
const struct pinstore_chain *
pinstore_result_chain(const struct pinstore_result *result);

/*
 * Whether that is another path than the one GnuTLS had settled on, which was
 * refused (pinstore_check_peer()).
 */
int pinstore_result_other_path(const struct pinstore_result *result);

/*
 * The enforcing entry of a layer that applied, or NULL; and the one in report
 * mode that was judged beside it, or NULL.  Both live as long as the result.
 */
const struct pinstore_entry *
pinstore_result_entry(const struct pinstore_result *result,
                      enum pinstore_layer layer);
const struct pinstore_entry *
pinstore_result_report_entry(const struct pinstore_result *result,
                             enum pinstore_layer layer);

/*
 * Whether something was let through that an entry would have refused: one in
 * report mode, or any one where the verdict is BYPASSED.
 */
int pinstore_result_violation(const struct pinstore_result *result);

/*
 * Whether the verdict depends on the chain: an entry applies, or the store has
 * revoked keys or local anchors.  After pinstore_lookup(): check with a chain.
 */
int pinstore_result_wants_chain(const struct pinstore_result *result);

/*
 * 1 if a key of the chain is revoked, *certificate (may be NULL) being the
 * first such one's index in the chain.  Else 0.
 */
int pinstore_result_revoked(const struct pinstore_result *result,
                            size_t *certificate);

/*
 * 1 if a bypass of the host or of an ancestor was in force: *out, whose size
 * must be set, and whose texts live as long as the result.  Else 0.
 */
int pinstore_result_bypass(const struct pinstore_result *result,
                           struct pinstore_bypass *out);

/*
 * 1 if the layer's entry matched: *pin is the index in the entry and
 * *certificate the one in the chain, the first pair in order of the chain.
 * Else 0.  Either pointer may be NULL.
 */
int pinstore_result_matched(const struct pinstore_result *result,
                            enum pinstore_layer layer, size_t *pin,
                            size_t *certificate);

/*
 * The i-th step of the walk: 1, or 0 behind the end.  out->size must be set.
 * Configured layer first, then learned, then that of the system if there is
 * one, each from the name itself towards the root.  Only pinstore_lookup()
 * takes every step.
 */
int pinstore_result_step(const struct pinstore_result *result, size_t i,
                         struct pinstore_step *out);

void pinstore_result_free(struct pinstore_result *result);

/* ---------------------------------------------------------------- entries */

const char *pinstore_entry_host(const struct pinstore_entry *entry);
enum pinstore_layer pinstore_entry_layer(const struct pinstore_entry *entry);
enum pinstore_source pinstore_entry_source(const struct pinstore_entry *entry);
enum pinstore_mode pinstore_entry_mode(const struct pinstore_entry *entry);
int pinstore_entry_include_subdomains(const struct pinstore_entry *entry);
const struct pinstore_pin *
pinstore_entry_pins(const struct pinstore_entry *entry, size_t *n);

/* When it was last seen, from which its life counts (Effective Pin Date). */
int64_t pinstore_entry_noted(const struct pinstore_entry *entry);
/* When anything but the times last changed. */
int64_t pinstore_entry_updated(const struct pinstore_entry *entry);
/* The last second of its life, or PINSTORE_NEVER. */
int64_t pinstore_entry_expires(const struct pinstore_entry *entry);
/* max-age as sent, at most 2^31, before the cap; -1 without a header. */
int64_t pinstore_entry_max_age_sent(const struct pinstore_entry *entry);
/* NULL if there is none. */
const char *pinstore_entry_report_uri(const struct pinstore_entry *entry);
const char *pinstore_entry_note(const struct pinstore_entry *entry);

/* ---------------------------------------------------------------- operator */

/*
 * The stored entry of that very host in layer, expired or not; PINSTORE_SYSTEM
 * is the one in the system's store.
 *
 * Owner:  the caller, who ends *out with pinstore_entry_free().
 * Errors: ARG, NOMEM, HOST, NOTFOUND, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_show(struct pinstore *ps, const char *host,
              enum pinstore_layer layer, struct pinstore_entry **out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

void pinstore_entry_free(struct pinstore_entry *entry);

/*
 * Write a static entry, in place of the one that rule->host may have.  pins
 * are one or more; one alone only with no_backup.
 *
 * Errors: ARG (no pins, a single pin without no_backup, too many, a report-uri
 *         that cannot be used, an overlong note), NOMEM, HOST (also an
 *         address), READONLY, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_pin(struct pinstore *ps, const struct pinstore_rule *rule,
             int64_t now, struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Remove the entries that filter names, with their hosts' journal records and
 * reports, in one transaction; *removed counts sections (a name may have two).
 * What the journal keeps of it is the count.  Without `since`, also the journal
 * records and reports of hosts in question that have no entry any more are
 * dropped, and, if static entries are among the sources, the hosts' bypasses.
 *
 * Then, unless keep_octets, a copy takes the place of the store's file that
 * holds not an octet of what was removed from it by now: milliseconds for a few
 * hosts, a second or two for a million, while other writers wait.  If that
 * fails, for want of room say, the entries are removed all the same, *removed
 * tells of them, and the text that their octets remain until the next clear.
 *
 * Errors: ARG, NOMEM, HOST, ACCESS, READONLY, BUSY, FULL, IO, VERSION,
 *         DAMAGED.
 */
enum pinstore_status
pinstore_clear(struct pinstore *ps, const struct pinstore_filter *filter,
               int64_t now, size_t *removed,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Remove the entries that expired before `before`, which must not lie behind
 * now, and the reports that are over; with dry_run only count the entries.  A
 * now that lies more than 60 days past the latest time the store has seen is
 * refused unless force: a clock that runs ahead must not cost pins.  It works
 * in short transactions: *removed counts what has gone, also when a later one
 * fails.
 *
 * Errors: ARG, NOMEM, UNFIT (the clock), READONLY, BUSY, FULL, IO, VERSION,
 *         DAMAGED.
 */
enum pinstore_status
pinstore_expire(struct pinstore *ps, int64_t before, int64_t now, int dry_run,
                int force, size_t *removed,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Called once for each entry, which lives for the call; not 0 stops. */
typedef int pinstore_visit_fn(const struct pinstore_entry *entry, void *arg);

/*
 * Visit every entry, in order of the reversed labels of the hosts, configured
 * before learned; with `after` (a host, stored or not) those behind it.  No
 * transaction is open during a call, which may use ps: each entry is
 * consistent, the whole is no snapshot.
 *
 * Errors: ARG, NOMEM, HOST, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_walk(struct pinstore *ps, const char *after, pinstore_visit_fn *visit,
              void *arg, struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The same for the entries of the system's store; none if there is none. */
enum pinstore_status
pinstore_walk_system(struct pinstore *ps, const char *after,
                     pinstore_visit_fn *visit, void *arg,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* ----------------------------------------------------------------- journal */

/* Called once for each record, which lives for the call; not 0 stops. */
typedef int pinstore_log_fn(const struct pinstore_record *record, void *arg);

/*
 * Visit the records of the journal behind number `after` (0: all that it still
 * has), oldest first.  Numbers only grow.  No transaction is open during a
 * call, which may use ps.
 *
 * Errors: ARG, NOMEM, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_log(struct pinstore *ps, uint64_t after, pinstore_log_fn *visit,
             void *arg, struct pinstore_error *error) PINSTORE_MUST_CHECK;

uint64_t pinstore_record_number(const struct pinstore_record *record);
int64_t pinstore_record_time(const struct pinstore_record *record);
enum pinstore_event
pinstore_record_event(const struct pinstore_record *record);
/* NULL: of no host in particular, or of an address. */
const char *pinstore_record_host(const struct pinstore_record *record);
/* Entries, or times that it happened, those it could not be told included. */
uint64_t pinstore_record_count(const struct pinstore_record *record);
/* 1 and the layer of the entry that it is about, or 0 if it is about none. */
int pinstore_record_layer(const struct pinstore_record *record,
                          enum pinstore_layer *layer);
/* PINSTORE_WHY_OK if there is nothing to say. */
enum pinstore_reason
pinstore_record_reason(const struct pinstore_record *record);
/* Whether the connection was refused; 0 also if it is about none. */
int pinstore_record_enforced(const struct pinstore_record *record);
/* Of the leaf, of another path its anchor, or the revoked key; or NULL. */
const struct pinstore_pin *
pinstore_record_pin(const struct pinstore_record *record);

#ifdef __cplusplus
}
#endif

#endif /* PINSTORE_PINSTORE_H */
