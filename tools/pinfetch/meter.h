/*
 * meter.h - how far a fetch has come, on stderr.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The refusal's first line is the first of stderr where that is no terminal, so
 * only -# draws there.  One URL after the other: the meter is libcurl's own,
 * the bar of -# is drawn here.  -Z has a meter for all, whatever -# says, as in
 * curl.  An answer that goes to a terminal has none.
 */
#ifndef FETCH_METER_H
#define FETCH_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <curl/curl.h>

#include "pinfetch/options.h"
#include "pinfetch/sink.h"

/* Moments that the speed of -Z is measured over. */
#define FETCH_METER_MOMENTS 10

struct fetch_meter_sum {
	size_t begun; /* URLs */
	size_t live;  /* of these, not yet over */
	curl_off_t down;
	curl_off_t up;
	double down_wanted; /* negative = not known */
	double up_wanted;
};

struct fetch_meter {
	FILE *stream;    /* what libcurl draws on */
	bool is_open;    /* the cursor stands behind what was drawn */
	int64_t shown;   /* when, in milliseconds of the clock */
	unsigned calls;  /* of the bar for this transfer */
	curl_off_t before; /* octets that were there already */
	curl_off_t point;
	/* of -Z */
	int64_t start;
	size_t n_moments;
	int64_t when[FETCH_METER_MOMENTS];
	curl_off_t moved[FETCH_METER_MOMENTS];
};

/* Whether an answer that goes to sink has a meter. */
bool
fetch_meter_wanted(const struct fetch_options *options,
                   const struct fetch_sink *sink);

/* Whether -Z has one. */
bool
fetch_meter_wanted_for_all(const struct fetch_options *options);

/* Out of memory ends the program.  fetch_meter_end() ends *out. */
void
fetch_meter_begin(struct fetch_meter *out);

/* Make the handle draw on it, where CURLOPT_NOPROGRESS lets it. */
CURLcode
fetch_meter_attach(struct fetch_meter *meter,
                   const struct fetch_options *options, CURL *easy);

/* A transfer begins, behind that many octets. */
void
fetch_meter_restart(struct fetch_meter *meter, curl_off_t before);

/* -Z: draw, if it is time for it or is_final. */
void
fetch_meter_all(struct fetch_meter *meter, const struct fetch_meter_sum *sum,
                bool is_final);

/* Before anything else is told on stderr: leave the line. */
void
fetch_meter_break(struct fetch_meter *meter);

void
fetch_meter_end(struct fetch_meter *meter);

#endif /* FETCH_METER_H */
