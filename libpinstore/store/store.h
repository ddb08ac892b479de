/*
 * store.h - the records of one directory, shared by threads and processes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one header of this floor that the floors above include.  Nothing read
 * here is "not found" unless that was proved by the records around the gap.
 */
#ifndef PS_STORE_STORE_H
#define PS_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/entry.h"
#include "model/host.h"
#include "model/order.h"
#include "store/copy.h"

struct ps_store; /* a share in an open environment */
struct ps_write; /* a write transaction under way */

struct ps_store_options {
	bool read_only;
	int lock_limit_ms;  /* wait for another process at most */
	uint64_t max_bytes; /* of the data file; 0: the default */
	uint64_t map_bytes; /* of the first map, which grows; 0: the default */
	bool is_system;     /* a published one, or none */
	bool may_be_remote; /* on a file system that other machines have too */
};

#define PS_STORE_MAX_BYTES ((uint64_t)1 << 40)
/* Smaller limits and maps are taken for this. */
#define PS_STORE_LEAST_BYTES ((uint64_t)1 << 20)

/*
 * Open or create the store in directory path; missing parents are created too.
 * All handles of a process on one store share an environment, and the largest
 * of their max_bytes holds, or the store's own setting if that is smaller.  With read_only an empty directory is an empty
 * store, until a writer creates one there.  With is_system so is a directory
 * that is not there, and a store that is not published is refused.
 *
 * Owner:   the caller, who ends *out with ps_store_close().
 * Threads: any, on one handle; after fork() in the parent and in the child.
 * Errors:  as pinstore_open().
 */
enum pinstore_status
ps_store_open(const char *path, const struct ps_store_options *options,
              struct ps_store **out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Make a store in memory that is on no file system, and gone with its handle
 * or this process; in a child of that all calls on it are FORKED.  Owner,
 * threads: as above.  Errors: NOMEM, BUSY, FULL, IO.
 */
enum pinstore_status
ps_store_open_memory(const struct ps_store_options *options,
                     struct ps_store **out,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

void
ps_store_close(struct ps_store *store);

/* Whether there is a file to be read, as far as is known. */
bool
ps_store_is_there(const struct ps_store *store);

/* Whether both read the same file. */
bool
ps_store_is_same(const struct ps_store *a, const struct ps_store *b);

/* ------------------------------------------------------------------ reading */

/*
 * Called for each stored record on the way from a name to the root, nearest
 * first, inside a read transaction: it must not call the store.  key_len is
 * how much of the key that was asked for is the record's own; equal to the
 * whole for the name itself.  False ends the walk.
 */
typedef bool
ps_store_step_fn(size_t key_len, const struct ps_entry_view *view, void *arg);

/*
 * What the operator has laid down beside the entries, for one judgement: what
 * is asked, then what is told.
 */
struct ps_ruling {
	const struct pinstore_pin *const *pins; /* of the path; some NULL */
	size_t n_pins;
	int64_t now;
	/* Whether a bypass holds; is_exact: it is one of the very name. */
	bool (*in_force)(const struct ps_order *order, bool is_exact,
	                 int64_t now);
	struct ps_order *bypass; /* a place for it, or NULL */

	bool wants_chain; /* keys are revoked, or anchors are local */
	bool is_revoked;
	size_t revoked;   /* the index of the pin */
	bool is_local;    /* the last pin is that of a local anchor */
	bool has_bypass;
	size_t bypass_len; /* how much of the host's key is the bypass's own */
};

/*
 * Walk from host (NULL: an address) to the root in one snapshot, with every gap
 * proved.  ruling is filled in the same snapshot, first; it may be NULL.
 * Errors: NOMEM, BUSY, IO, VERSION, DAMAGED.
 */
enum pinstore_status
ps_store_climb(struct ps_store *store, const struct ps_host *host,
               struct ps_ruling *ruling, ps_store_step_fn *step, void *arg,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* One host's record, copied out.  Errors: NOTFOUND (proved), as climb. */
enum pinstore_status
ps_store_get(struct ps_store *store, const struct ps_host *host,
             struct ps_entry *out,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Called for each record, with no transaction open; false ends the scan.
 */
typedef bool
ps_store_visit_fn(const struct ps_host *host, const struct ps_entry *entry,
                  void *arg);

/*
 * Visit all records behind the key of `after` (NULL: all), in key order, in
 * batches of at most 1,000 a transaction.  Every record and every link is
 * checked.  Errors: as climb.
 */
enum pinstore_status
ps_store_scan(struct ps_store *store, const struct ps_host *after,
              ps_store_visit_fn *visit, void *arg,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* How many records there are. */
enum pinstore_status
ps_store_count(struct ps_store *store, uint64_t *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Most settings, and most anchors. */
#define PS_SETTINGS_MAX 16
#define PS_ANCHORS_MAX 32

/* By the numbers of enum pinstore_setting. */
struct ps_settings {
	uint32_t set; /* bit n: value[n] is one */
	int64_t value[PS_SETTINGS_MAX];
	size_t n_anchors;
	struct pinstore_pin anchor[PS_ANCHORS_MAX];
};

enum pinstore_status
ps_store_settings(struct ps_store *store, struct ps_settings *out,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Visit the orders of a kind in the order of their keys, with no transaction
 * open; false ends it.  key is the pin, or the host's.
 */
typedef bool
ps_store_order_fn(const struct ps_key *key, const struct ps_order *order,
                  void *arg);
enum pinstore_status
ps_store_orders(struct ps_store *store, enum ps_order_kind kind,
                ps_store_order_fn *visit, void *arg,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The high-water mark of the times that writes have brought; INT64_MIN if there
 * was none.
 */
enum pinstore_status
ps_store_high_water(struct ps_store *store, int64_t *out,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* What the store takes up, see struct pinstore_usage. */
struct ps_usage {
	uint64_t file_octets;
	uint64_t map_octets;
	uint64_t limit_octets;
	uint64_t used_octets; /* of the file: what is not free */
	uint64_t names;
	uint64_t commits;
	unsigned readers;
	unsigned readers_max;
	int64_t latest;
};

enum pinstore_status
ps_store_usage(struct ps_store *store, struct ps_usage *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* ------------------------------------------------------------------ writing */

/*
 * The work of one change.  It may be called again from the start, when the map
 * had to grow, and by another thread that writes at the same time: what it
 * computes must depend only on what it reads through write, and on arg's
 * inputs.  Anything but OK rolls all of it back and is what ps_store_write()
 * returns; error is to be filled then.
 */
typedef enum pinstore_status
ps_store_work_fn(struct ps_write *write, void *arg,
                 struct pinstore_error *error);

/*
 * Run work in a durable transaction, with what other threads write meanwhile,
 * and raise the high-water mark towards now, by 60 days at most: OK means that
 * it is on disk, with all that work has read.  A change of nothing writes
 * nothing.
 *
 * Errors: NOMEM, READONLY, BUSY (lock limit), FULL, IO, VERSION, DAMAGED, and
 *         work's own.
 */
enum pinstore_status
ps_store_write(struct ps_store *store, int64_t now, ps_store_work_fn *work,
               void *arg, struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The same for work that may take long, which no other change shares, and for
 * what the operator lays down or takes away: the limit of size does not bind
 * it, or a store that is full could not be mended.
 */
enum pinstore_status
ps_store_write_alone(struct ps_store *store, int64_t now,
                     ps_store_work_fn *work, void *arg,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The same, waiting for other writers limit_ms at most. */
enum pinstore_status
ps_store_write_soon(struct ps_store *store, int64_t now, int limit_ms,
                    ps_store_work_fn *work, void *arg,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Inside work.  A name that has no record gives OK and an entry without
 * sections; an entry without sections is removed by put.  put keeps the links
 * of the neighbours, which it proves first, and the learned counts.
 */
enum pinstore_status
ps_write_get(struct ps_write *write, const struct ps_host *host,
             struct ps_entry *out,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_write_put(struct ps_write *write, const struct ps_host *host,
             const struct ps_entry *entry,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Whether no host has a record; then many can be put at once: next gives them
 * in the order of their keys, each with a section, and false behind the last.
 * DAMAGED also if they are not in order.
 */
typedef bool
ps_load_fn(struct ps_key *key, struct ps_entry *entry, void *arg);
enum pinstore_status
ps_write_may_load(struct ps_write *write, bool *may,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_write_load(struct ps_write *write, ps_load_fn *next, void *arg,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* As ps_store_climb(), over what the transaction has written by now. */
enum pinstore_status
ps_write_climb(struct ps_write *write, const struct ps_host *host,
               struct ps_ruling *ruling, ps_store_step_fn *step, void *arg,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Learned entries that count: of the registrable domain that is the last
 * `labels` labels of host, and of the whole store.
 */
enum pinstore_status
ps_write_counts(struct ps_write *write, const struct ps_host *host,
                size_t labels, uint64_t *domain, uint64_t *total,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Visit the records of host (NULL: of all) and of all names below it, in key
 * order, inside the transaction; the visitor may put the record it is shown.
 */
typedef enum pinstore_status
ps_write_visit_fn(struct ps_write *write, const struct ps_host *host,
                  const struct ps_entry *entry, void *arg,
                  struct pinstore_error *error);
enum pinstore_status
ps_write_each(struct ps_write *write, const struct ps_host *host,
              ps_write_visit_fn *visit, void *arg,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * An order of a kind: get it (*found false if there is none), put it in the
 * place of one that is there, drop it if it is there.
 */
enum pinstore_status
ps_write_get_order(struct ps_write *write, enum ps_order_kind kind,
                   const struct ps_key *key, bool *found, struct ps_order *out,
                   struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_write_put_order(struct ps_write *write, const struct ps_key *key,
                   const struct ps_order *order,
                   struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_write_drop_order(struct ps_write *write, enum ps_order_kind kind,
                    const struct ps_key *key,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The order behind key *at (one octet of zero: the first), which moves on. */
enum pinstore_status
ps_write_next_order(struct ps_write *write, enum ps_order_kind kind,
                    struct ps_key *at, bool *found, struct ps_order *out,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

enum pinstore_status
ps_write_settings(struct ps_write *write, struct ps_settings *out,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_write_put_settings(struct ps_write *write,
                      const struct ps_settings *settings,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* What the journal tells. */
enum ps_event_kind {
	PS_EVENT_NOTED = 1,
	PS_EVENT_UPDATED,
	PS_EVENT_REMOVED,
	PS_EVENT_UNPINNED, /* a header without usable pins */
	PS_EVENT_PINNED,   /* by the operator */
	PS_EVENT_CLEARED,  /* count entries, no name */
	PS_EVENT_EXPIRED,  /* count entries, no name */
	PS_EVENT_CLOCK,    /* a stored sighting lay in the future */
	/* With a judgement behind them: */
	PS_EVENT_VIOLATION, /* refused, or would have been in mode enforce */
	PS_EVENT_BYPASSED,  /* let through, though pins would have refused */
	PS_EVENT_REVOKED,   /* the pin */
	PS_EVENT_UNREVOKED,
	/* And without: */
	PS_EVENT_BYPASS, /* begun, for the host */
	PS_EVENT_BYPASS_ENDED,
	PS_EVENT_SETTING,
	PS_EVENT_MODE, /* of a static entry */
	/* With one again: */
	PS_EVENT_OTHER_PATH, /* let through by another than the settled path */
	PS_EVENT_ERROR, /* could not be learned: why; for the domain or for all */
	/* And without: */
	PS_EVENT_IMPORTED /* count entries, no name */
};
#define PS_EVENT_LAST PS_EVENT_IMPORTED

struct ps_event {
	enum ps_event_kind kind;
	enum pinstore_layer layer;
	int64_t at;
	uint64_t count;
	const struct ps_host *host; /* or NULL */
	/* Of those with a judgement. */
	enum pinstore_reason why;
	bool is_enforced; /* the connection was refused */
	uint64_t policy;  /* a hash of what was judged by */
	/* The leaf's, of another path its anchor's; zero if there was none. */
	struct pinstore_pin pin;
};

/* Append to the ring; the oldest records behind its bound go. */
enum pinstore_status
ps_write_event(struct ps_write *write, const struct ps_event *event,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Whether the journal's latest records tell of the same kind, host, policy and
 * pin within the hour before event->at, and when.
 */
enum pinstore_status
ps_write_is_repeated(struct ps_write *write, const struct ps_event *event,
                     bool *is_repeated, int64_t *since,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Called for each journal record, with its host or NULL, inside the
 * transaction: whether it is to go.  It may read through write.
 */
typedef enum pinstore_status
ps_write_ask_fn(struct ps_write *write, const struct ps_host *host, void *arg,
                bool *is_meant, struct pinstore_error *error);

/* Drop the journal's records that ask picks; it is asked once for each. */
enum pinstore_status
ps_write_forget(struct ps_write *write, ps_write_ask_fn *ask, void *arg,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Put a file in the place of the data file that holds what the store holds now
 * and not an octet of what it held before: see store/compact.h.  Others may
 * have the store open, and write to it behind that.
 * Errors: as ps_store_write().
 */
enum pinstore_status
ps_store_compact(struct ps_store *store,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* A copy of all records, or of what the operator has laid down, for all. */
enum ps_copy_kind { PS_COPY_BACKUP, PS_COPY_PUBLISHED };

/*
 * Write what the store holds at one moment into directory path, which may be
 * missing or empty or have an earlier one, and with may_replace another one;
 * *hosts says of how many names.  Others may write meanwhile.  step is told, or
 * NULL.
 * Errors: UNFIT (something else lies there), ARG, ACCESS, NOMEM, BUSY, FULL, IO,
 *         VERSION, DAMAGED.
 */
enum pinstore_status
ps_store_backup(struct ps_store *store, const char *path,
                enum ps_copy_kind kind, bool may_replace,
                const struct ps_progress *step, uint64_t *hosts,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Put what the store in directory from holds, a backup, in the place of what
 * the store in path holds, which is made if there is none; others may have that
 * open and write to it, but not if it is damaged.  The clock's high-water mark
 * and the journal's numbers do not fall.
 * Errors: ARG (from is path), NOTFOUND (there is nothing in from), and as
 *         ps_store_open() and ps_store_compact().
 */
enum pinstore_status
ps_store_restore(const char *path, const char *from,
                 const struct ps_store_options *options, int64_t now,
                 const struct ps_progress *step, uint64_t *hosts,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Called for each journal record, oldest first, no transaction open. */
typedef bool
ps_store_event_fn(uint64_t number, const struct ps_event *event, void *arg);

/* Visit the journal behind record `after` (0: all). */
enum pinstore_status
ps_store_events(struct ps_store *store, uint64_t after,
                ps_store_event_fn *visit, void *arg,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Most octets of a report's text, and how long it waits. */
#define PS_REPORT_TEXT_MAX (256 << 10)
#define PS_REPORT_SECONDS INT64_C(86400)
/* So long the same is not queued again when a report has gone. */
#define PS_REPORT_QUIET_SECONDS INT64_C(3600)

struct ps_report {
	uint64_t id;
	uint64_t key;    /* of what it tells, and to whom */
	bool is_waiting; /* else it has gone, and is quiet */
	enum pinstore_kind kind;
	bool is_private; /* so was the peer's address */
	uint16_t port;
	uint16_t attempts;
	int64_t created; /* of one that is quiet: when it went */
	int64_t next;    /* due from then */
	int64_t leased;  /* someone's until then */
	struct ps_host host;
	uint8_t noted_len; /* so much of its end is the name of the entry */
	char uri[PINSTORE_URI_MAX + 1];
	size_t text_len;
};

/* How a report that waits ends; one that is quiet is gone in any case. */
enum ps_report_end {
	PS_REPORT_SENT, /* quiet from now */
	PS_REPORT_LOST, /* the same, and counted */
	PS_REPORT_GONE, /* without a trace */
	PS_REPORT_AGED  /* the same, and counted */
};

/*
 * Queue a report of created, whose id this gives, with text_len octets of text,
 * unless one of that key waits or is quiet.  What is over goes, and the oldest
 * where there is no room.  *since is when it was queued, or became quiet.
 */
enum pinstore_status
ps_write_queue(struct ps_write *write, const struct ps_report *report,
               const char *text, bool *is_queued, int64_t *since,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The report behind number `after`, waiting or quiet; and its text, a copy. */
enum pinstore_status
ps_write_next_report(struct ps_write *write, uint64_t after, bool *found,
                     struct ps_report *out,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_write_report_text(struct ps_write *write, const struct ps_report *report,
                     char **out,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Write the fields of one that waits anew; end one. */
enum pinstore_status
ps_write_put_report(struct ps_write *write, const struct ps_report *report,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_write_end_report(struct ps_write *write, const struct ps_report *report,
                    enum ps_report_end end, int64_t now,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* End those that are over; count n that were never written. */
enum pinstore_status
ps_write_age_reports(struct ps_write *write, int64_t now,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_write_lose_reports(struct ps_write *write, uint64_t n,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Remove them all, whatever their records look like; so many waited. */
enum pinstore_status
ps_write_empty_reports(struct ps_write *write, uint64_t *waiting,
                       struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The first report that waits behind number `after`, and a copy of its text.
 * Owner: the caller.  Errors: as climb.
 */
enum pinstore_status
ps_store_next_report(struct ps_store *store, uint64_t after, bool *found,
                     struct ps_report *out, char **text,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Reports that wait, octets of their texts, and how many were lost. */
enum pinstore_status
ps_store_count_reports(struct ps_store *store, uint64_t *waiting,
                       uint64_t *octets, uint64_t *dropped,
                       struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_STORE_H */
