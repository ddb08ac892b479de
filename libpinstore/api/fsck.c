/*
 * fsck.c - judging a store for its operator.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <assert.h>
#include <string.h>

#include <pinstore/admin.h>

#include "api/sized.h"
#include "base/status.h"
#include "store/fsck.h"
#include "store/page.h"

#define LOCK_LIMIT_MS 5000

struct telling {
	const char *path;
	const struct pinstore_fsck_setup *setup;
	uint64_t n;
	struct pinstore_error first; /* the words for the first flaw */
};

const char *
pinstore_flaw_word(enum pinstore_flaw_kind kind)
{
	return ps_flaw_word(kind);
}

const char *
pinstore_flaw_text(enum pinstore_flaw_kind kind)
{
	return ps_flaw_text(kind);
}

static void
tell(const struct ps_flaw *found, void *arg)
{
	struct telling *telling = arg;
	struct pinstore_flaw flaw = {
		.size = sizeof(flaw),
		.kind = found->kind,
		.page = found->page == PS_PAGE_NONE ? -1 : (int64_t)found->page,
		.database = found->database,
	};
	char record[PS_FLAW_RECORD_LEN];

	telling->n++;
	if (telling->first.status == PINSTORE_OK)
		(void)ps_audit_fail(telling->path, found, &telling->first);
	if (telling->setup->flaw == NULL)
		return;
	ps_flaw_record(found, record);
	flaw.record = record[0] != '\0' ? record : NULL;
	telling->setup->flaw(&flaw, telling->setup->arg);
}

static void
step(uint64_t done, uint64_t total, void *arg)
{
	const struct telling *telling = arg;

	if (telling->setup->progress != NULL)
		telling->setup->progress(done, total, telling->setup->arg);
}

static void
sum_up(const struct ps_audit_totals *totals, uint64_t flaws,
       const struct ps_repair_totals *repaired, bool is_accepted,
       struct pinstore_fsck_result *out)
{
	struct pinstore_fsck_result result = {
		.flaws = flaws,
		.gaps = totals->gaps,
		.names = totals->walk.entries[PS_HOSTS],
		.records = totals->records,
		.later = totals->later,
		.pages = totals->walk.pages,
		.free_pages = totals->walk.free,
		.idle_pages = totals->walk.idle,
		.is_repaired = repaired->old_name[0] != '\0',
		.lost_names = repaired->lost_names,
		.closed_gaps = is_accepted ? repaired->gaps : 0,
		.has_lost_settings = repaired->has_lost_settings,
	};

	static_assert(sizeof(result.old_name) == PS_KEPT_LEN,
	              "a file's name does not fit");
	memcpy(result.old_name, repaired->old_name, sizeof(result.old_name));
	/* The head record is none of them. */
	if (result.names > 0)
		result.names--;
	(void)ps_sized_write(out, &result, sizeof(result));
}

enum pinstore_status
pinstore_fsck(const char *path, const struct pinstore_fsck_setup *setup,
              struct pinstore_fsck_result *out, struct pinstore_error *error)
{
	struct pinstore_fsck_setup known = {.size = sizeof(known)};
	struct pinstore_fsck_result none = {0};
	struct telling telling = {.path = path, .setup = &known};
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	enum pinstore_status status;
	struct ps_fsck_want want = {
		.path = path,
		.flaw = tell,
		.step = step,
		.arg = &telling,
	};

	ps_error_clear(error);
	if (path == NULL || !ps_sized_write(out, &none, sizeof(none)) ||
	    (setup != NULL &&
	     !ps_sized_read(&known, sizeof(known), setup)) ||
	    known.lock_limit_ms < 0)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_fsck: no path, no place for the "
		               "result, or a setup that is none");
	want.lock_limit_ms =
	        known.lock_limit_ms == 0 ? LOCK_LIMIT_MS : known.lock_limit_ms;
	want.repair = known.repair != 0;
	want.accept_loss = known.accept_loss != 0;
	status = ps_fsck_run(&want, &totals, &repaired, error);
	sum_up(&totals, telling.n, &repaired, want.accept_loss, out);
	if (status != PINSTORE_OK)
		return status;
	if (totals.walk.flaws > 0) {
		if (error != NULL)
			*error = telling.first;
		return PINSTORE_ERR_DAMAGED;
	}
	if (totals.gaps > 0)
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s: a repair has left gaps, and names in "
		               "them are refused: restore a backup, or run "
		               "\"pinstore fsck --accept-loss\"", path);
	return PINSTORE_OK;
}
