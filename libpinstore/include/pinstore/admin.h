/*
 * admin.h - what an operator's tool needs beyond a client: judging a header,
 * settings, revoked keys, bypasses, failure reports.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PINSTORE_ADMIN_H
#define PINSTORE_ADMIN_H

#include <pinstore/pinstore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a client would do with a field. */
enum pinstore_lint_action {
	PINSTORE_LINT_IGNORE = 0,
	PINSTORE_LINT_NOTE,
	PINSTORE_LINT_REMOVE, /* max-age=0 */
	PINSTORE_LINT_UNPIN,  /* no pin that can be used */
	PINSTORE_LINT_REPORT, /* Report-Only: does not match */
	PINSTORE_LINT_PASS    /* Report-Only: matches */
};

struct pinstore_lint_setup {
	size_t size;
	enum pinstore_kind kind;
	int strict;                  /* the ABNF to the letter */
	const char *host;            /* or NULL; for the public suffix rule */
	/* or NULL: match and backup are not judged */
	const struct pinstore_chain *chain;
	int64_t max_age_cap;         /* seconds, 0 = none */
	int plain_http;              /* it came without TLS */
};

/*
 * One thing in which a field leaves RFC 7469, or which keeps it from being
 * used, and what becomes of it.  Static storage.
 */
struct pinstore_finding {
	size_t size;
	const char *word;     /* of a departure, or of the reason */
	const char *rule;     /* what rules it, "RFC 7469, 2.1" */
	const char *strict;   /* does a client that goes by the letter */
	const char *pinstore; /* does ours, as it is by default */
	const char *lenient;  /* may one do that takes what it finds */
};

struct pinstore_lint; /* what was found */

/*
 * Judge one field value, byte exact; one that is folded over several lines is
 * judged as the one line that it is.
 *
 * Owner:  the caller, who ends *out with pinstore_lint_free().
 * Errors: ARG, NOMEM, HOST (setup->host).
 * Source: RFC 7469, 2.1 to 2.5.
 */
enum pinstore_status
pinstore_lint(const char *value, size_t len,
              const struct pinstore_lint_setup *setup,
              struct pinstore_lint **out) PINSTORE_MUST_CHECK;

enum pinstore_lint_action
pinstore_lint_action(const struct pinstore_lint *lint);
const char *pinstore_lint_action_word(enum pinstore_lint_action action);
enum pinstore_reason pinstore_lint_reason(const struct pinstore_lint *lint);
enum pinstore_syntax pinstore_lint_syntax(const struct pinstore_lint *lint);
/* Of the first fault; 1, or 0 if there is none. */
int pinstore_lint_offset(const struct pinstore_lint *lint, size_t *offset);
/* -1 if the field has none that can be used; after and before the cap. */
int64_t pinstore_lint_max_age(const struct pinstore_lint *lint);
int64_t pinstore_lint_max_age_sent(const struct pinstore_lint *lint);
int pinstore_lint_include_subdomains(const struct pinstore_lint *lint);
/* NULL if there is none, or none that can be used. */
const char *pinstore_lint_report_uri(const struct pinstore_lint *lint);
/* Canonical, in the header's order, no doubles. */
const struct pinstore_pin *
pinstore_lint_pins(const struct pinstore_lint *lint, size_t *n);
/* The i-th departure from the RFC, a word; NULL behind the end. */
const char *pinstore_lint_departure(const struct pinstore_lint *lint, size_t i);
/*
 * The i-th finding: the reason for which the field is not used, if it is not,
 * then each departure.  1, or 0 behind the end.
 */
int pinstore_lint_finding(const struct pinstore_lint *lint, size_t i,
                          struct pinstore_finding *out);
/* The i-th advice, a sentence; NULL behind the end. */
const char *pinstore_lint_advice(const struct pinstore_lint *lint, size_t i);

void pinstore_lint_free(struct pinstore_lint *lint);

/* ------------------------------------------------------------------- store */

/*
 * Put a copy of the store's file in its place that holds not an octet of what
 * was removed or replaced before; others may use the store meanwhile.
 *
 * Errors: ARG, NOMEM, ACCESS, READONLY, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_compact(struct pinstore *ps,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Told of long work: so much of total is done; a total of 0 is not known.  It
 * is called often, with no lock or transaction that it could wait for.
 */
typedef void pinstore_progress_fn(uint64_t done, uint64_t total, void *arg);

/*
 * Call fn (NULL: nobody) during pinstore_expire() and pinstore_walk(), with
 * records that were looked at, pinstore_backup() and pinstore_publish(), with
 * records that were copied, and pinstore_import_run(), with items, by this
 * handle.
 *
 * Threads: no other call on ps may be running.
 */
void pinstore_set_progress(struct pinstore *ps, pinstore_progress_fn *fn,
                           void *arg);

/* What a store takes up, and who reads it. */
struct pinstore_usage {
	size_t size;
	uint64_t file_octets;  /* of its file, to the end of what is in use */
	uint64_t map_octets;   /* of this process's map of it */
	uint64_t limit_octets; /* to which it may grow for this process */
	uint64_t names;        /* that have an entry */
	uint64_t commits;      /* since it was made */
	unsigned readers;      /* most at once since it was last left alone */
	unsigned readers_max;
	int64_t latest;        /* time that a write has brought; or INT64_MIN */
	uint64_t used_octets;  /* of the file; the rest is free for new entries */
};

/*
 * out->size must be set.  A store in an empty folder takes up nothing.
 * Errors: ARG, NOMEM, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_usage(struct pinstore *ps, struct pinstore_usage *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* -------------------------------------------------------------------- fsck */

/* What pinstore_fsck() finds wrong. */
enum pinstore_flaw_kind {
	PINSTORE_FLAW_HEAD = 1,   /* one of the two heads of the file */
	PINSTORE_FLAW_SHORT,      /* a page behind the end of the file */
	PINSTORE_FLAW_UNREADABLE, /* a page that the disk does not give */
	PINSTORE_FLAW_PAGE,       /* a page that is none, or another's */
	PINSTORE_FLAW_TWICE,      /* a page that is used twice */
	PINSTORE_FLAW_FREE,       /* a page that is used, and free as well */
	PINSTORE_FLAW_FREE_LIST,  /* the list of free pages */
	PINSTORE_FLAW_ORDER,      /* keys that do not ascend, or are elsewhere */
	PINSTORE_FLAW_DEPTH,      /* a branch of another length than the rest */
	PINSTORE_FLAW_COUNT,      /* other pages or records than were counted */
	PINSTORE_FLAW_TABLE,      /* a database that is missing, or none */
	PINSTORE_FLAW_RECORD,     /* a record's checksum or form */
	PINSTORE_FLAW_LINK,       /* what follows is not what a record names */
	PINSTORE_FLAW_SUMMARY     /* a count that the records do not bear out */
};

/* One thing that is wrong, and where. */
struct pinstore_flaw {
	size_t size;
	enum pinstore_flaw_kind kind;
	int64_t page;         /* of the file; -1 = of none */
	const char *database; /* or NULL */
	/* Of which record: a host, a pin, a word, a number; or NULL. */
	const char *record;
};

/* A word for a kind, and what it means.  Static storage. */
const char *pinstore_flaw_word(enum pinstore_flaw_kind kind);
const char *pinstore_flaw_text(enum pinstore_flaw_kind kind);

/* Called for each flaw, which lives for the call. */
typedef void pinstore_flaw_fn(const struct pinstore_flaw *flaw, void *arg);

struct pinstore_fsck_setup {
	size_t size;
	pinstore_flaw_fn *flaw;         /* or NULL */
	pinstore_progress_fn *progress; /* or NULL; with octets */
	void *arg;                      /* of both */
	int lock_limit_ms;              /* 0 = 5,000 */
	int repair;      /* what has flaws */
	int accept_loss; /* with repair: names in gaps count as never stored */
};

struct pinstore_fsck_result {
	size_t size;
	uint64_t flaws;
	uint64_t gaps;    /* whose loss was not accepted yet */
	uint64_t names;   /* that have an entry, as the store counts them */
	uint64_t records; /* of all kinds that were read */
	uint64_t later;   /* of a later pinstore, not judged */
	uint64_t pages;   /* of the file */
	uint64_t free_pages;
	uint64_t idle_pages; /* neither used nor free: harmless */
	int is_repaired;     /* what follows, and all above but flaws, is new */
	int64_t lost_names;  /* that could not be repaired; -1 = nobody knows */
	uint64_t closed_gaps; /* whose loss was accepted */
	int has_lost_settings;
	char old_name[32];   /* of the damaged file, in the same folder */
};

/*
 * Read every page and every record of the store in folder path, which others
 * may use and write to meanwhile.  setup may be NULL, out->size must be set.
 * An empty folder is a sound store.
 *
 * With setup->repair a file of what is sound is put in the place of one that has
 * flaws, which is kept.  Names of which it cannot be told whether they were
 * stored are refused, as in a damaged store, until setup->accept_loss.
 *
 * Errors: ARG, NOTFOUND (no such folder), NOMEM, ACCESS, READONLY (published:
 *         not repaired), BUSY, FULL, IO, VERSION, DAMAGED (flaws or gaps are
 *         left; *out and *error tell of them).
 */
enum pinstore_status
pinstore_fsck(const char *path, const struct pinstore_fsck_setup *setup,
              struct pinstore_fsck_result *out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Write all that the store holds at one moment into the directory path: others
 * may use the store meanwhile.  The directory above it must be there; it itself
 * is made, with mode 0700, or is empty, or has an earlier backup of this store,
 * which is replaced as a whole or not at all.  With replace so is the backup of
 * another store, and what cannot be read; never a store in use.  *hosts (may be
 * NULL) counts the names.
 *
 * A backup can be opened like a store, and is never written.
 *
 * Errors: ARG, NOMEM, UNFIT (what lies there is no earlier backup of this
 *         store), ACCESS, NOTFOUND (there is no store), BUSY, FULL, IO,
 *         VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_backup(struct pinstore *ps, const char *path, int replace,
                uint64_t *hosts,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The same for all users of the machine, with modes 0755 and 0644: static
 * entries, revoked keys, bypasses, settings and local anchors; nothing that was
 * learned, no journal and no reports.  What lies there may be any published
 * store.  It is what pinstore_options_set_system() names; who has it open
 * notices the new one within a second.
 * Errors: ARG, NOMEM, UNFIT (what lies there is no published store), ACCESS,
 *         NOTFOUND (there is no store), BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_publish(struct pinstore *ps, const char *path, int replace,
                 uint64_t *hosts,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Put what the backup in directory from holds in the place of all that the
 * store in path holds, which is made if there is none; from may also be a store,
 * or a published one.  Others may have the store open meanwhile: their writes
 * wait, and go on with what was restored; a host that was stored before and
 * behind is never not found.  A store that is damaged is replaced if nobody has
 * it open.  What it held is gone then: back it up before.  Its clock's mark and
 * the numbers of its journal go on.  progress (may be NULL) is called with arg
 * and the records that were copied; *hosts (may be NULL) counts the names.
 *
 * Errors: ARG, NOTFOUND (there is no such backup), NOMEM, ACCESS, READONLY,
 *         BUSY (also: damaged, and in use), FULL, IO, VERSION, DAMAGED (the
 *         backup is; the store is as it was).
 */
enum pinstore_status
pinstore_restore(const char *path, const char *from, int64_t now,
                 pinstore_progress_fn *progress, void *arg, uint64_t *hosts,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* ------------------------------------------------------------------ import */

/*
 * Entries from elsewhere are gathered in memory, in any order, and written in
 * one transaction:
 *
 *	status = pinstore_import_new(&import);
 *	while (...)
 *		status = pinstore_import_add(import, &item, &error);
 *	status = pinstore_import_run(ps, import, 0, now, &totals, &error);
 *	pinstore_import_walk(import, tell, NULL);
 *	pinstore_import_free(import);
 */
struct pinstore_import;

/* The time of what does not say when it was noted: that of the import. */
#define PINSTORE_UNDATED INT64_MIN

struct pinstore_import_item {
	size_t size;
	uint64_t line; /* where it was met; only told back */
	const char *host;
	enum pinstore_source source;
	enum pinstore_mode mode;
	int include_subdomains;
	const struct pinstore_pin *pins;
	size_t n_pins;
	int64_t noted;          /* or PINSTORE_UNDATED */
	int64_t updated;        /* the same; then it is noted */
	int64_t expires;        /* PINSTORE_NEVER or a time */
	int64_t max_age_sent;   /* -1 = none */
	const char *report_uri; /* or NULL */
	const char *note;       /* or NULL */
	/* Others of the same host and source may bring more of its pins. */
	int is_part;
};

/* What became of an item. */
enum pinstore_fate {
	PINSTORE_FATE_NONE = 0, /* nothing yet */
	PINSTORE_FATE_ADDED,
	PINSTORE_FATE_UPDATED,
	PINSTORE_FATE_UNCHANGED, /* what is stored says the same */
	/* Passed over: */
	PINSTORE_FATE_DOUBLE, /* another item says something else */
	PINSTORE_FATE_CROWD,  /* the parts have too many pins together */
	PINSTORE_FATE_OLDER,  /* what is stored was noted later */
	PINSTORE_FATE_LOOSER  /* what is stored is stricter, and static */
};

/* How many items, of each kind. */
struct pinstore_import_totals {
	size_t size;
	uint64_t added;
	uint64_t updated;
	uint64_t unchanged;
	uint64_t skipped;
};

/* Of pinstore_import_run(); 0 is none. */
#define PINSTORE_IMPORT_DRY_RUN 1u /* only say what would become of them */
#define PINSTORE_IMPORT_FORCE 2u   /* also what makes static entries looser */
#define PINSTORE_IMPORT_STRICT 4u  /* all of them or none */

/*
 * Owner:  the caller, pinstore_import_free().
 * Errors: ARG, NOMEM.
 */
enum pinstore_status
pinstore_import_new(struct pinstore_import **out) PINSTORE_MUST_CHECK;

/*
 * Add a copy of item.
 * Errors: ARG (no pins, too many, no such source or mode, a report-uri that
 *         cannot be used, an overlong note), NOMEM, HOST (also an address).
 */
enum pinstore_status
pinstore_import_add(struct pinstore_import *import,
                    const struct pinstore_import_item *item,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Write what was added, in one transaction, with one record in the journal.
 * Items of one host and source that say the same count once, parts are joined,
 * others are passed over, whichever came first.  With what is stored: a later
 * sighting wins, a header wins over tofu, a static entry is not made looser
 * without FORCE.  With DRY_RUN ps may be NULL: a store that is empty.
 * totals->size must be set; totals may be NULL.
 *
 * Errors: ARG, NOMEM, UNFIT (STRICT, and items were passed over), READONLY,
 *         BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_import_run(struct pinstore *ps, struct pinstore_import *import,
                    unsigned flags, int64_t now,
                    struct pinstore_import_totals *totals,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* other is the line that a DOUBLE contradicts, else 0. */
typedef void pinstore_import_fn(uint64_t line, const char *host,
                                enum pinstore_fate fate, uint64_t other,
                                void *arg);

/*
 * Tell the fate of each item, in order of the reversed labels of the hosts;
 * before the first run there is nothing to tell.
 */
void pinstore_import_walk(const struct pinstore_import *import,
                          pinstore_import_fn *visit, void *arg);

void pinstore_import_free(struct pinstore_import *import);

/* ---------------------------------------------------------------- settings */

/*
 * What holds for all who use a store.  An option that the opener of a handle
 * has set wins over the setting for that handle, the setting over the default.
 */
enum pinstore_setting {
	PINSTORE_SETTING_MAX_AGE_CAP = 0, /* as PINSTORE_OPT_MAX_AGE_CAP */
	PINSTORE_SETTING_REFRESH_SLACK,
	PINSTORE_SETTING_QUOTA_DOMAIN,
	PINSTORE_SETTING_QUOTA_TOTAL,
	PINSTORE_SETTING_SUFFIX_RULE,
	PINSTORE_SETTING_REPORT,            /* 0 or 1; any report; 1 */
	PINSTORE_SETTING_REPORT_ONLY,       /* 0 or 1; of Report-Only; 1 */
	PINSTORE_SETTING_REPORT_HTTPS_ONLY, /* 0 or 1; 0 */
	PINSTORE_SETTING_REPORT_SAME_ORIGIN_ONLY, /* 0 or 1; 0 */
	PINSTORE_SETTING_REPORT_PRIVATE,    /* 0 or 1; to private addresses; 0 */
	PINSTORE_SETTING_LEARN_SUBDOMAINS,  /* 0 or 1; learned too; 1 */
	PINSTORE_SETTING_MAX_BYTES /* or PINSTORE_OPT_MAX_BYTES if smaller */
};

/*
 * The value that holds for ps; *is_set (may be NULL) tells whether the store
 * has one.  Errors: ARG, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_setting_get(struct pinstore *ps, enum pinstore_setting which,
                     int64_t *value, int *is_set,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Set it, or with NULL take it away.
 * Errors: ARG (no such setting, out of range), NOMEM, READONLY, BUSY, FULL, IO,
 *         VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_setting_put(struct pinstore *ps, enum pinstore_setting which,
                     const int64_t *value, int64_t now,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Most local anchors. */
#define PINSTORE_ANCHORS_MAX 32

/*
 * The local anchors: keys of certificate authorities whose chains are let
 * through whatever is pinned, and from which nothing is learned.  None is the
 * default.
 * Errors: ARG, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_anchors(struct pinstore *ps,
                 struct pinstore_pin out[PINSTORE_ANCHORS_MAX], size_t *n,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Replace them all; n may be 0.
 * Errors: ARG, NOMEM, READONLY, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_set_anchors(struct pinstore *ps, const struct pinstore_pin *pins,
                     size_t n, int64_t now,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* ------------------------------------------------------------ revoked keys */

/*
 * Refuse every chain that has this key.  note (may be NULL) is kept with it.  A
 * key that is revoked already stays as it is.
 * Errors: ARG, NOMEM, READONLY, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_revoke(struct pinstore *ps, const struct pinstore_pin *pin,
                const char *note, int64_t now,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * End that.
 * Errors: ARG, NOMEM, NOTFOUND, READONLY, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_unrevoke(struct pinstore *ps, const struct pinstore_pin *pin,
                  int64_t now,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Called once for each key; note may be NULL; not 0 stops. */
typedef int pinstore_revoked_fn(const struct pinstore_pin *pin, int64_t since,
                                const char *note, void *arg);

/*
 * In order of the pins, no transaction open.
 * Errors: ARG, NOMEM, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_walk_revoked(struct pinstore *ps, pinstore_revoked_fn *visit,
                      void *arg,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* ---------------------------------------------------------------- bypasses */

/* Longest bypass: 7 days. */
#define PINSTORE_BYPASS_SECONDS_MAX 604800

/*
 * Judge the pins of bypass->host but do not enforce them while start <= now <=
 * end; nothing is learned meanwhile.  It takes the place of one that is there.
 * A certificate that is not valid, and a revoked key, are refused all the same.
 * Errors: ARG (no reason, too long, over before it began), NOMEM, HOST,
 *         READONLY, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_bypass(struct pinstore *ps, const struct pinstore_bypass *bypass,
                int64_t now,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * End it at once.
 * Errors: ARG, NOMEM, HOST, NOTFOUND, READONLY, BUSY, FULL, IO, VERSION,
 *         DAMAGED.
 */
enum pinstore_status
pinstore_bypass_end(struct pinstore *ps, const char *host, int64_t now,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Called once for each bypass, over or not; not 0 stops. */
typedef int pinstore_bypass_fn(const struct pinstore_bypass *bypass, void *arg);

/*
 * In order of the reversed names.
 * Errors: ARG, NOMEM, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_walk_bypasses(struct pinstore *ps, pinstore_bypass_fn *visit,
                       void *arg,
                       struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* ----------------------------------------------------------------- reports */

/*
 * Failure reports (RFC 7469, 3) are composed by pinstore_check() and
 * pinstore_note() and wait in the store; the library sends none.  A sender
 * takes one after the other, sends it, and tells what came of it:
 *
 *	while (pinstore_report_take(ps, now, &report, &error) == PINSTORE_OK)
 *		pinstore_report_settle(ps, report, send(report), now, &error);
 *
 * Settings say what is queued; the sender asks PINSTORE_SETTING_REPORT_PRIVATE
 * before it connects to a loopback or private address for a report whose own
 * peer was not at one.
 */

/* What passes these bounds is given up, the oldest first, and counted. */
#define PINSTORE_REPORTS_MAX 100
#define PINSTORE_REPORTS_OCTETS_MAX 8388608
#define PINSTORE_REPORT_OCTETS_MAX 262144
#define PINSTORE_REPORT_SECONDS_MAX 86400
#define PINSTORE_REPORT_ATTEMPTS_MAX 5
/* So long a report is its taker's alone. */
#define PINSTORE_REPORT_LEASE_SECONDS 120

struct pinstore_report; /* one that waits, or was taken */

enum pinstore_outcome {
	PINSTORE_OUTCOME_FAILED = 0, /* to be tried again later */
	PINSTORE_OUTCOME_DELIVERED,
	PINSTORE_OUTCOME_DROPPED     /* not to be tried again */
};

/* What is in the queue, and what has gone from it undelivered. */
struct pinstore_report_totals {
	size_t size;
	uint64_t waiting;
	uint64_t octets; /* of the bodies that wait */
	uint64_t dropped; /* given up, or never written, since ever */
};

/*
 * Take the oldest report that is due: nobody else gets it for
 * PINSTORE_REPORT_LEASE_SECONDS.  Each taking is an attempt: of a sender that
 * dies, the report is due again when that time has passed.
 *
 * Owner:   the caller, who ends *out with pinstore_report_settle(), or with
 *          pinstore_report_free() as if he had died.
 * Threads: any.
 * Errors:  ARG, NOMEM, NOTFOUND (none is due), READONLY, BUSY, FULL, IO,
 *          VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_report_take(struct pinstore *ps, int64_t now,
                     struct pinstore_report **out,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The same with the report of that number, also before it is due.
 * Errors: ARG, NOMEM, NOTFOUND (no such report), READONLY, BUSY (also one that
 *         another has taken), FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_report_take_id(struct pinstore *ps, uint64_t id, int64_t now,
                        struct pinstore_report **out,
                        struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Tell what came of a report that was taken; it is freed, also on an error.
 * What failed is due again after 60 seconds, then after twice as many, and is
 * given up with its fifth attempt.  One that has gone meanwhile, or that
 * another has taken since, is no error.
 *
 * Errors: ARG, NOMEM, READONLY, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_report_settle(struct pinstore *ps, struct pinstore_report *report,
                       enum pinstore_outcome outcome, int64_t now,
                       struct pinstore_error *error) PINSTORE_MUST_CHECK;

void pinstore_report_free(struct pinstore_report *report);

/* Its number, which no other report of that store ever has; not 0. */
uint64_t pinstore_report_id(const struct pinstore_report *report);
/* Of which kind of policy it tells. */
enum pinstore_kind pinstore_report_kind(const struct pinstore_report *report);
/* The canonical host, and the port, of the connection it tells of. */
const char *pinstore_report_host(const struct pinstore_report *report);
uint16_t pinstore_report_port(const struct pinstore_report *report);
/* 1 if that went to a loopback or private address, else 0. */
int pinstore_report_peer_is_private(const struct pinstore_report *report);
/* Where it is to be sent: an http or https URI without fragment. */
const char *pinstore_report_uri(const struct pinstore_report *report);
/* The JSON text, len octets of ASCII and a NUL. */
const char *pinstore_report_body(const struct pinstore_report *report,
                                 size_t *len);
int64_t pinstore_report_created(const struct pinstore_report *report);
/* The last second in which it is sent. */
int64_t pinstore_report_expires(const struct pinstore_report *report);
/* How often it was taken. */
unsigned pinstore_report_attempts(const struct pinstore_report *report);
/* When it is due, its taker's time being over. */
int64_t pinstore_report_next(const struct pinstore_report *report);

/* Called once for each report, which lives for the call; not 0 stops. */
typedef int pinstore_report_fn(const struct pinstore_report *report, void *arg);

/*
 * Visit all reports that wait, oldest first, with no transaction open.
 * Errors: ARG, NOMEM, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_walk_reports(struct pinstore *ps, pinstore_report_fn *visit, void *arg,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Drop reports unsent: that number's (0: any), of that host (NULL: of any).
 * *dropped (may be NULL) counts them.  With neither the queue is emptied, also
 * a damaged one, and forgets what was reported within the hour.
 * Errors: ARG, NOMEM, HOST, READONLY, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_drop_reports(struct pinstore *ps, uint64_t id, const char *host,
                      int64_t now, size_t *dropped,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * out->size must be set.
 * Errors: ARG, NOMEM, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_report_count(struct pinstore *ps, struct pinstore_report_totals *out,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* -------------------------------------------------------------------- mode */

/*
 * Switch the static entry of host.  ENFORCE is refused, unless force, when the
 * journal has connections of the last 7 days that it would have refused.
 * Errors: ARG, NOMEM, HOST, NOTFOUND, UNFIT (such connections), READONLY, BUSY,
 *         FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
pinstore_set_mode(struct pinstore *ps, const char *host,
                  enum pinstore_mode mode, int force, int64_t now,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif /* PINSTORE_ADMIN_H */
