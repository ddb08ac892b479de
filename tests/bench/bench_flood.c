/*
 * bench_flood.c - what a crowd of one domain's names costs its neighbours.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * 20,000 subdomains of one domain each send a valid header, of which the quota
 * lets in 200 (T-096).  Told are the median and the 99th percentile of a check
 * of a host that was pinned before, in a store that has it alone and in the one
 * that was flooded, side by side; and the sizes of the files.
 */
#include <config.h>

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pinstore/pinstore.h>

#include "tests/bench/bench.h"

#define NOW INT64_C(1767225600)
#define CROWD 20000
#define ASKED 20000
#define STORES 2

static const char *const store_words[STORES] = {"alone", "flooded"};
static char directory[] = "/tmp/pinstore-bench-XXXXXX";
static double spent[STORES][ASKED];

static void
note(struct pinstore *ps, const char *host, const struct pinstore_chain *chain)
{
	static const char value[] =
		"max-age=5184000; "
		"pin-sha256=\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\"; "
		"pin-sha256=\"QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=\"";
	struct pinstore_field field = {PINSTORE_PKP, value, sizeof(value) - 1};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct pinstore_result *result;
	enum pinstore_verdict verdict;

	bench_must(pinstore_check(ps, &peer, chain, NOW, &verdict, &result,
	                          NULL) == PINSTORE_OK);
	bench_must(pinstore_note(ps, result, &field, 1, NOW, &noted, NULL) ==
	           PINSTORE_OK);
	pinstore_result_free(result);
}

static struct pinstore *
make_store(int which, const struct pinstore_chain *chain)
{
	struct pinstore *ps;
	char path[64], host[64];
	int i;

	snprintf(path, sizeof(path), "%s/%d", directory, which);
	bench_must(pinstore_open(path, NULL, &ps, NULL) == PINSTORE_OK);
	note(ps, "victim.test", chain);
	for (i = 0; which != 0 && i < CROWD; i++) {
		snprintf(host, sizeof(host), "n%d.crowd.test", i);
		note(ps, host, chain);
	}
	return ps;
}

static double
ask(struct pinstore *ps, const struct pinstore_chain *chain)
{
	struct pinstore_peer peer = {.size = sizeof(peer),
	                             .host = "victim.test"};
	enum pinstore_verdict verdict;
	double start = bench_cpu();

	bench_must(pinstore_check(ps, &peer, chain, NOW, &verdict, NULL,
	                          NULL) == PINSTORE_OK);
	bench_must(verdict == PINSTORE_MATCHED);
	return bench_cpu() - start;
}

static long
size_of(int which)
{
	struct stat st;
	char path[80];

	snprintf(path, sizeof(path), "%s/%d/data.mdb", directory, which);
	bench_must(stat(path, &st) == 0);
	return (long)st.st_size / 1024;
}

static int
unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
main(void)
{
	struct pinstore *ps[STORES];
	struct pinstore_chain *chain;
	struct pinstore_pin pin;
	double p99[STORES];
	int which, i;

	bench_must(mkdtemp(directory) != NULL);
	memset(pin.sha256, 'A', sizeof(pin.sha256));
	bench_must(pinstore_chain_from_validated_pins(&pin, 1, &chain) ==
	           PINSTORE_OK);
	for (which = 0; which < STORES; which++)
		ps[which] = make_store(which, chain);
	for (i = 0; i < ASKED; i++)
		for (which = 0; which < STORES; which++)
			spent[which][i] = ask(ps[which], chain);
	for (which = 0; which < STORES; which++) {
		p99[which] = bench_quantile(spent[which], ASKED, 0.99);
		printf("%-8s check of another host  median %5.0f ns  "
		       "p99 %5.0f ns  data.mdb %ld KiB\n",
		       store_words[which],
		       bench_quantile(spent[which], ASKED, 0.5), p99[which],
		       size_of(which));
		pinstore_close(ps[which]);
	}
	printf("flooded / alone, p99: %.2f\n", p99[1] / p99[0]);
	pinstore_chain_free(chain);
	bench_must(nftw(directory, unlink_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
	return EXIT_SUCCESS;
}
