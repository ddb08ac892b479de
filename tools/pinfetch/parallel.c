/*
 * parallel.c - -Z: fetch several URLs at the same time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A lane does what one URL after the other does, with a libcurl handle of its
 * own; all lanes are in one thread, and share the run with its store.
 */
#include <config.h>

#include "pinfetch/parallel.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/when.h"
#include "pinfetch/meter.h"
#include "pinfetch/session.h"
#include "pinfetch/visit.h"

/* The longest sleep between two looks. */
#define NAP_MS 500

enum lane_state {
	FREE,    /* it has no URL */
	WAITING, /* until its transfer is due */
	RUNNING  /* libcurl has it */
};

struct lane {
	enum lane_state state;
	bool has_session;
	int64_t due; /* of the clock, in milliseconds */
	struct fetch_session session;
	struct fetch_report report;
};

struct road {
	struct fetch_run *run;
	CURLM *multi;
	struct lane *lanes;
	size_t n_lanes;
	size_t n_begun; /* URLs */
	size_t n_busy;  /* lanes that are not free */
	int *codes;
	bool has_meter;
	curl_off_t down; /* octets of the transfers that are over */
	curl_off_t up;
};

static curl_off_t
size_of(CURL *easy, CURLINFO what)
{
	curl_off_t size = 0;

	(void)curl_easy_getinfo(easy, what, &size);
	return size;
}

static void
add_wanted(curl_off_t size, double *wanted)
{
	if (size < 0)
		*wanted = -1;
	else if (*wanted >= 0)
		*wanted += (double)size;
}

/* What is running counts as far as it has come. */
static void
show(struct road *road, bool is_final)
{
	struct fetch_meter_sum sum = {
	        .begun = road->n_begun,
	        .live = road->n_busy,
	        .down = road->down,
	        .up = road->up,
	        .down_wanted = (double)road->down,
	        .up_wanted = (double)road->up,
	};

	for (size_t i = 0; i < road->n_lanes; i++) {
		CURL *easy = road->lanes[i].session.easy;

		if (road->lanes[i].state != RUNNING)
			continue;
		sum.down += size_of(easy, CURLINFO_SIZE_DOWNLOAD_T);
		sum.up += size_of(easy, CURLINFO_SIZE_UPLOAD_T);
		add_wanted(size_of(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T),
		           &sum.down_wanted);
		add_wanted(size_of(easy, CURLINFO_CONTENT_LENGTH_UPLOAD_T),
		           &sum.up_wanted);
	}
	fetch_meter_all(&road->run->meter, &sum, is_final);
}

/* goes_on is what fetch_visit_begin() or fetch_visit_next() said. */
static void
take_up(struct road *road, struct lane *lane, bool goes_on)
{
	struct fetch_report *report = &lane->report;

	if (goes_on) {
		lane->state = WAITING;
		lane->due = tool_clock_ms() + report->wait_ms;
		return;
	}
	road->codes[report->number] = fetch_visit_end(&lane->session, report);
	lane->state = FREE;
	road->n_busy--;
}

static bool
open_lane(struct road *road, struct lane *lane, struct tool_fault *fault)
{
	CURL *easy;

	if (lane->has_session)
		return true;
	if (!fetch_session_begin(road->run, &lane->session, fault)) {
		fetch_session_end(&lane->session);
		return false;
	}
	lane->has_session = true;
	easy = lane->session.easy;
	/*
	 * One connection to a host that can carry several requests is enough.
	 */
	(void)curl_easy_setopt(
	        easy, CURLOPT_PIPEWAIT,
	        road->run->options->parallel_immediate ? 0L : 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, lane);
	return true;
}

/* Give each free lane a URL, as long as there are some. */
static void
begin_urls(struct road *road)
{
	size_t n_urls = road->run->options->n_urls;

	for (size_t i = 0; i < road->n_lanes && road->n_begun < n_urls; i++) {
		struct lane *lane = &road->lanes[i];
		struct tool_fault fault = {0};
		size_t n = road->n_begun;

		if (lane->state != FREE)
			continue;
		road->n_begun++;
		if (open_lane(road, lane, &fault)) {
			road->n_busy++;
			take_up(road, lane,
			        fetch_visit_begin(&lane->session, n,
			                          &lane->report));
			continue;
		}
		tool_fault_put(&fault, "pinfetch", stderr);
		road->codes[n] = fault.exit;
	}
}

static void
finish_transfer(struct road *road, struct lane *lane, CURLcode code)
{
	take_up(road, lane,
	        fetch_visit_next(&lane->session, &lane->report, code));
}

/* Hand over what is due.  How long there is nothing to do, at most. */
static int
start_transfers(struct road *road)
{
	int64_t now = tool_clock_ms();
	int64_t nap = NAP_MS;

	for (size_t i = 0; i < road->n_lanes; i++) {
		struct lane *lane = &road->lanes[i];

		if (lane->state == WAITING && lane->due <= now) {
			lane->state = RUNNING;
			if (curl_multi_add_handle(road->multi,
			                          lane->session.easy))
				finish_transfer(road, lane,
				                CURLE_OUT_OF_MEMORY);
		}
		if (lane->state == WAITING && lane->due - now < nap)
			nap = lane->due > now ? lane->due - now : 0;
	}
	return (int)nap;
}

/* Whether there were any. */
static bool
finish_transfers(struct road *road)
{
	const CURLMsg *message;
	bool has_any = false;
	int left;

	while ((message = curl_multi_info_read(road->multi, &left))) {
		CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		has_any = true;
		road->down += size_of(easy, CURLINFO_SIZE_DOWNLOAD_T);
		road->up += size_of(easy, CURLINFO_SIZE_UPLOAD_T);
		/* The message is gone with this. */
		(void)curl_multi_remove_handle(road->multi, easy);
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		finish_transfer(road, (struct lane *)(void *)private, code);
	}
	return has_any;
}

/* libcurl cannot go on: what it has comes to nothing. */
static void
give_up(struct road *road)
{
	for (size_t i = 0; i < road->n_lanes; i++) {
		struct lane *lane = &road->lanes[i];

		if (lane->state != RUNNING)
			continue;
		(void)curl_multi_remove_handle(road->multi,
		                               lane->session.easy);
		finish_transfer(road, lane, CURLE_OUT_OF_MEMORY);
	}
}

static void
drive(struct road *road)
{
	size_t n_urls = road->run->options->n_urls;
	int running;
	int nap;

	while (road->n_begun < n_urls || road->n_busy > 0) {
		begin_urls(road);
		nap = start_transfers(road);
		if (road->has_meter)
			show(road, false);
		if (curl_multi_perform(road->multi, &running))
			give_up(road);
		else if (!finish_transfers(road) && road->n_busy > 0)
			(void)curl_multi_poll(road->multi, NULL, 0, nap, NULL);
	}
	if (road->has_meter)
		show(road, true);
}

bool
fetch_parallel(struct fetch_run *run, int *codes, struct tool_fault *fault)
{
	size_t n_urls = run->options->n_urls;
	size_t most = (size_t)run->options->parallel_max;
	struct road road = {
	        .run = run,
	        .multi = curl_multi_init(),
	        .n_lanes = n_urls < most ? n_urls : most,
	        .codes = codes,
	        .has_meter = fetch_meter_wanted_for_all(run->options),
	};

	if (!road.multi) {
		tool_fault_set(fault, CURLE_OUT_OF_MEMORY, "libcurl", NULL,
		               NULL, "%s",
		               curl_easy_strerror(CURLE_OUT_OF_MEMORY));
		return false;
	}
	road.lanes = tool_alloc(road.n_lanes, sizeof(*road.lanes));
	drive(&road);
	for (size_t i = 0; i < road.n_lanes; i++)
		fetch_session_end(&road.lanes[i].session);
	free(road.lanes);
	(void)curl_multi_cleanup(road.multi);
	return true;
}
