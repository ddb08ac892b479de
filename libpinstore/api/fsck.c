/*
 * fsck.c - judging a store for its operator.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include "api/sized.h"
#include "base/status.h"
#include "store/fsck.h"
#include "store/page.h"

#define LOCK_LIMIT_MS 5000

struct telling {
	const char *path;
	const struct pinstore_fsck_setup *setup;
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
sum_up(const struct ps_audit_totals *totals, struct pinstore_fsck_result *out)
{
	struct pinstore_fsck_result result = {
		.flaws = totals->walk.flaws,
		.gaps = totals->gaps,
		.names = totals->walk.entries[PS_HOSTS],
		.records = totals->records,
		.later = totals->later,
		.pages = totals->walk.pages,
		.free_pages = totals->walk.free,
		.idle_pages = totals->walk.idle,
	};

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
	struct telling telling = {path, &known, {0}};
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
	status = ps_fsck_run(&want, &totals, error);
	sum_up(&totals, out);
	if (status != PINSTORE_OK || totals.walk.flaws == 0)
		return status;
	if (error != NULL)
		*error = telling.first;
	return PINSTORE_ERR_DAMAGED;
}
