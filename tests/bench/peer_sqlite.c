/*
 * peer_sqlite.c - SQLite with a log and every commit flushed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "tests/bench/peer.h"

#ifdef HAVE_SQLITE

#include <sqlite3.h>

/* What waits longer for others fails. */
#define PATIENCE_MS 60000

/* A connection, which each thread has of its own. */
struct handle {
	sqlite3 *db;
	sqlite3_stmt *get;
	sqlite3_stmt *put;
};

static void
run(struct handle *handle, const char *sql)
{
	bench_must(sqlite3_exec(handle->db, sql, NULL, NULL, NULL) ==
	           SQLITE_OK);
}

static sqlite3_stmt *
prepare(struct handle *handle, const char *sql)
{
	sqlite3_stmt *statement;

	bench_must(sqlite3_prepare_v2(handle->db, sql, -1, &statement, NULL) ==
	           SQLITE_OK);
	return statement;
}

static void *
open_handle(const char *folder)
{
	struct peer_path path = peer_path(folder, "pins.sqlite");
	struct handle *handle = calloc(1, sizeof(*handle));

	bench_must(handle != NULL);
	bench_must(sqlite3_open(path.text, &handle->db) == SQLITE_OK);
	bench_must(sqlite3_busy_timeout(handle->db, PATIENCE_MS) ==
	           SQLITE_OK);
	run(handle, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	            "CREATE TABLE IF NOT EXISTS hosts (name TEXT PRIMARY KEY,"
	            " covers INTEGER, expires INTEGER, pins BLOB)"
	            " WITHOUT ROWID");
	handle->get = prepare(handle, "SELECT covers, expires, pins FROM hosts"
	                              " WHERE name = ?");
	handle->put = prepare(handle, "INSERT OR REPLACE INTO hosts"
	                              " VALUES (?, ?, ?, ?)");
	return handle;
}

static void
close_handle(void *arg)
{
	struct handle *handle = arg;

	sqlite3_finalize(handle->get);
	sqlite3_finalize(handle->put);
	bench_must(sqlite3_close(handle->db) == SQLITE_OK);
	free(handle);
}

static void
put(struct handle *handle, const char *host, bool covers, int64_t expires)
{
	static const uint8_t pins[64];

	sqlite3_bind_text(handle->put, 1, host, -1, SQLITE_STATIC);
	sqlite3_bind_int(handle->put, 2, covers);
	sqlite3_bind_int64(handle->put, 3, expires);
	sqlite3_bind_blob(handle->put, 4, pins, sizeof(pins), SQLITE_STATIC);
	bench_must(sqlite3_step(handle->put) == SQLITE_DONE);
	bench_must(sqlite3_reset(handle->put) == SQLITE_OK);
}

static double
fill(const char *folder, size_t n)
{
	struct peer_host *hosts = peer_sorted(n);
	double start = bench_now();
	struct handle *handle = open_handle(folder);
	size_t i;

	run(handle, "BEGIN");
	for (i = 0; i < n; i++)
		put(handle, hosts[i].name, hosts[i].covers,
		    PEER_NOW + PEER_MAX_AGE);
	run(handle, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
	close_handle(handle);
	start = bench_now() - start;
	free(hosts);
	return start;
}

static bool
check(void *arg, const char *host)
{
	struct handle *handle = arg;
	const char *at = host;
	bool is_found = false;

	while (!is_found && at != NULL) {
		sqlite3_bind_text(handle->get, 1, at, -1, SQLITE_STATIC);
		if (sqlite3_step(handle->get) == SQLITE_ROW)
			is_found = sqlite3_column_int64(handle->get, 1) >
			                   PEER_NOW &&
			           (at == host ||
			            sqlite3_column_int(handle->get, 0) != 0);
		bench_must(sqlite3_reset(handle->get) == SQLITE_OK);
		at = strchr(at, '.');
		if (at != NULL)
			at++;
	}
	return is_found;
}

static void
note(void *arg, const char *host, int64_t now)
{
	put(arg, host, false, now + PEER_MAX_AGE);
}

const struct peer peer_sqlite = {
	"sqlite", true, fill, open_handle, close_handle, check, note,
};

#endif /* HAVE_SQLITE */
