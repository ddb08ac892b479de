/*
 * bench_note.c - what it costs to have one host's pins on disk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: bench_note FOLDER HOSTS
 *
 * FOLDER has a store of HOSTS hosts of each peer, which is written to.  The
 * median ns and the flushes of noting a host that is stored (refresh) and of
 * one that is not (insert), in turn with the floor, one pwrite() of 4 KiB and
 * one fdatasync().
 */
#include <config.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/bench/peer.h"

/* Past any slack: what is seen again is written again. */
#define STEP 3601
#define ROUND_NOTES 25
#define BLOCK 4096
#define FLOOR_BLOCKS 1024

/* ------------------------------------------------------------ what is flushed */

static atomic_ullong flushes;

/* libc's own; a program's symbol goes before, for libraries too. */
static void
find(const char *name, void *out)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	bench_must(symbol != NULL);
	memcpy(out, &symbol, sizeof(symbol));
}

int
fdatasync(int fd)
{
	static int (*real)(int);

	if (real == NULL)
		find("fdatasync", &real);
	atomic_fetch_add(&flushes, 1);
	return real(fd);
}

int
fsync(int fd)
{
	static int (*real)(int);

	if (real == NULL)
		find("fsync", &real);
	atomic_fetch_add(&flushes, 1);
	return real(fd);
}

ssize_t
pwrite(int fd, const void *octets, size_t len, off_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off_t);

	if (real == NULL)
		find("pwrite", &real);
	/* LMDB writes the head by a descriptor that flushes by itself. */
	if (len < BLOCK && (fcntl(fd, F_GETFL) & O_DSYNC) != 0)
		atomic_fetch_add(&flushes, 1);
	return real(fd, octets, len, at);
}

/* ------------------------------------------------------------------- the floor */

static int
floor_open(const char *folder)
{
	static char block[BLOCK];
	int fd, i;

	fd = open(peer_path(folder, "floor").text, O_RDWR | O_CREAT | O_CLOEXEC,
	          0600);
	bench_must(fd >= 0);
	for (i = 0; i < FLOOR_BLOCKS; i++)
		bench_must(write(fd, block, BLOCK) == BLOCK);
	bench_must(fsync(fd) == 0);
	return fd;
}

static void
floor_write(int fd, size_t i)
{
	static char block[BLOCK];

	memset(block, (int)i, sizeof(block));
	bench_must(pwrite(fd, block, BLOCK,
	                  (off_t)(i * 7919 % FLOOR_BLOCKS) * BLOCK) == BLOCK);
	bench_must(fdatasync(fd) == 0);
}

/* ------------------------------------------------------------------- the notes */

enum deed { REFRESH, INSERT, DEEDS };

static const char *const words[DEEDS] = {"note.refresh", "note.insert"};
static const char *const flush_words[DEEDS] = {"flushes.refresh",
                                               "flushes.insert"};

/* Rounds of notes: the median of each round's is its figure. */
struct figures {
	struct bench ns;
	struct bench flushed;
	double spent[ROUND_NOTES];
	unsigned long long flushes;
	size_t notes;
};

static struct figures figures[PEERS_MAX][DEEDS], floor_figures;
static void *handles[PEERS_MAX];
static size_t hosts;
static int64_t now = PEER_NOW;

static void
note_one(size_t which, enum deed deed, struct figures *out)
{
	static size_t inserted;
	unsigned long long before = flushes;
	char name[PEER_NAME_MAX];
	double start;

	if (deed == REFRESH)
		peer_name(inserted * 2654435761u % hosts, name);
	else
		snprintf(name, sizeof(name), "n%zu.new%zu.test",
		         inserted * 2654435761u % 1000000, inserted / 50);
	inserted++;
	now += STEP;
	start = bench_now();
	peers[which]->note(handles[which], name, now);
	out->spent[out->notes++] = bench_now() - start;
	out->flushes += flushes - before;
}

static void
finish_round(struct figures *figures_of)
{
	bench_add(&figures_of->ns,
	          bench_quantile(figures_of->spent, figures_of->notes, 0.5));
	bench_add(&figures_of->flushed, (double)figures_of->flushes /
	                                        (double)figures_of->notes);
	figures_of->notes = 0;
	figures_of->flushes = 0;
}

/* One who takes a second for a note makes one a round. */
static bool
is_slow(const struct figures *of)
{
	return of->notes > 0 && of->spent[0] > 1e8;
}

static void
run_round(int fd)
{
	bool takes_part[PEERS_MAX];
	size_t i, time;
	int deed;
	double start;

	for (i = 0; i < n_peers; i++)
		takes_part[i] = bench_goes_on(&figures[i][REFRESH].ns);
	for (time = 0; time < ROUND_NOTES; time++) {
		start = bench_now();
		floor_write(fd, time);
		floor_figures.spent[floor_figures.notes++] =
		        bench_now() - start;
		for (deed = 0; deed < DEEDS; deed++)
			for (i = 0; i < n_peers; i++)
				if (takes_part[i] &&
				    !is_slow(&figures[i][deed]))
					note_one(i, (enum deed)deed,
					         &figures[i][deed]);
	}
	finish_round(&floor_figures);
	for (i = 0; i < n_peers; i++)
		for (deed = 0; deed < DEEDS; deed++)
			if (takes_part[i])
				finish_round(&figures[i][deed]);
}

int
main(int argc, char **argv)
{
	int round, deed, fd;
	size_t i;

	bench_must(argc == 3);
	hosts = strtoul(argv[2], NULL, 10);
	fd = floor_open(argv[1]);
	for (i = 0; i < n_peers; i++)
		handles[i] = peers[i]->open(
		        peer_path(argv[1], peers[i]->name).text);
	for (round = 0; round < BENCH_ROUNDS; round++)
		run_round(fd);
	for (deed = 0; deed < DEEDS; deed++) {
		bench_tell(words[deed], argv[2], "floor", &floor_figures.ns,
		           &figures[0][deed].ns);
		for (i = 0; i < n_peers; i++) {
			bench_tell(words[deed], argv[2], peers[i]->name,
			           &figures[i][deed].ns, &figures[0][deed].ns);
			bench_tell(flush_words[deed], argv[2], peers[i]->name,
			           &figures[i][deed].flushed,
			           &figures[0][deed].flushed);
		}
	}
	for (i = 0; i < n_peers; i++)
		peers[i]->close(handles[i]);
	close(fd);
	return EXIT_SUCCESS;
}
