/*
 * meter.c - how far a fetch has come, on stderr.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/meter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/text.h"
#include "common/when.h"

/* Milliseconds from one drawing to the next. */
#define BAR_MS 100
#define ALL_MS 500
/* Columns, where nothing tells how many there are. */
#define COLUMNS_DEFAULT 79
#define COLUMNS_MIN 20
#define COLUMNS_MAX 400
/* What a bar needs beside its marks: " 100.0%". */
#define BAR_TEXT 7
/* Room for a number of octets, a time, a percentage. */
#define FIELD 24

/* A log has no use for a meter, unless it is asked for. */
static bool
is_wanted(const struct fetch_options *options, bool is_stdout)
{
	return !options->silent && !options->no_progress &&
	       (options->progress_bar || isatty(STDERR_FILENO)) &&
	       !(is_stdout && isatty(STDOUT_FILENO));
}

bool
fetch_meter_wanted(const struct fetch_options *options,
                   const struct fetch_sink *sink)
{
	return is_wanted(options, !sink->path);
}

bool
fetch_meter_wanted_for_all(const struct fetch_options *options)
{
	bool is_stdout = options->n_outputs < options->n_urls;

	for (size_t i = 0; i < options->n_outputs; i++)
		if (options->outputs[i].path &&
		    strcmp(options->outputs[i].path, "-") == 0)
			is_stdout = true;
	return is_wanted(options, is_stdout);
}

/* libcurl's own meter passes here, so that it is known where it has ended. */
static ssize_t
pass_on(void *arg, const char *data, size_t len)
{
	struct fetch_meter *meter = arg;

	if (len == 0)
		return 0;
	meter->is_open = data[len - 1] != '\n';
	return fwrite(data, 1, len, stderr) == len ? (ssize_t)len : 0;
}

void
fetch_meter_begin(struct fetch_meter *out)
{
	static const cookie_io_functions_t functions = {.write = pass_on};

	*out = (struct fetch_meter){0};
	out->stream = fopencookie(out, "w", functions);
	if (!out->stream || setvbuf(out->stream, NULL, _IONBF, 0))
		tool_no_memory();
}

static size_t
columns(void)
{
	const char *text = secure_getenv("COLUMNS");
	struct winsize size = {0};
	int64_t number = 0;

	if (text && tool_parse_number(text, strlen(text), 9999, &number) &&
	    number > COLUMNS_MIN)
		return number < COLUMNS_MAX ? (size_t)number : COLUMNS_MAX;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) ||
	    size.ws_col <= COLUMNS_MIN)
		return COLUMNS_DEFAULT;
	return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

/* Marks, and how many of a hundred there are. */
static void
draw_bar(double share)
{
	char marks[COLUMNS_MAX + 1];
	size_t width = columns() - BAR_TEXT;
	size_t n = (size_t)((double)width * share);

	memset(marks, '#', n);
	memset(marks + n, ' ', width - n);
	marks[width] = '\0';
	fprintf(stderr, "\r%s %5.1f%%", marks, share * 100);
}

/* Nobody knows how long it takes: something that wanders to and fro. */
static void
draw_wanderer(unsigned step)
{
	static const char figure[] = "-=O=-";
	size_t width = columns() - 1;
	size_t way = width - (sizeof(figure) - 1);
	size_t at = step % (2 * way);

	if (at > way)
		at = 2 * way - at;
	fprintf(stderr, "\r%*s%s%*s", (int)at, "", figure, (int)(way - at), "");
}

/* CURLOPT_XFERINFOFUNCTION of -#; arg is the meter. */
static int
show_bar(void *arg, curl_off_t down_wanted, curl_off_t down,
         curl_off_t up_wanted, curl_off_t up)
{
	struct fetch_meter *meter = arg;
	double wanted = (double)down_wanted + (double)up_wanted;
	double share = 1;
	int64_t now = tool_clock_ms();
	curl_off_t point = down + up;
	bool is_early = meter->calls > 0 && now - meter->shown < BAR_MS;

	if (wanted > 0)
		share = ((double)point + (double)meter->before) /
		        (wanted + (double)meter->before);
	if (share > 1)
		share = 1;
	/* The end is shown in any case, and once. */
	if (is_early && (wanted <= 0 || share < 1))
		return 0;
	if (wanted > 0 && point != meter->point) {
		draw_bar(share);
		meter->is_open = true;
	} else if (wanted <= 0 && meter->calls > 0) {
		draw_wanderer(meter->calls - 1);
		meter->is_open = true;
	}
	meter->calls++;
	meter->point = point;
	meter->shown = now;
	return 0;
}

CURLcode
fetch_meter_attach(struct fetch_meter *meter,
                   const struct fetch_options *options, CURL *easy)
{
	CURLcode code;

	if (!options->progress_bar)
		return curl_easy_setopt(easy, CURLOPT_STDERR, meter->stream);
	code = curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, show_bar);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_XFERINFODATA, meter);
	return code;
}

void
fetch_meter_restart(struct fetch_meter *meter, curl_off_t before)
{
	meter->calls = 0;
	meter->point = 0;
	meter->before = before;
}

/* A number of octets in five columns. */
static const char *
put_size(curl_off_t n, char out[FIELD])
{
	static const char units[] = "kMGTP";
	double size = (double)n;
	size_t unit = 0;

	if (n < 100000) {
		(void)snprintf(out, FIELD, "%5d", (int)n);
		return out;
	}
	for (size /= 1024; size >= 9999.5 && unit < sizeof(units) - 2; unit++)
		size /= 1024;
	(void)snprintf(out, FIELD, "%4.*f%c", size < 99.95 ? 1 : 0, size,
	               units[unit]);
	return out;
}

/* Seconds in eight columns, or lines in place of what is not known. */
static const char *
put_time(double seconds, char out[FIELD])
{
	int whole;

	if (seconds <= 0 || seconds >= 1000.0 * 24 * 3600) {
		(void)snprintf(out, FIELD, "--:--:--");
		return out;
	}
	whole = (int)seconds;
	if (whole < 100 * 3600)
		(void)snprintf(out, FIELD, "%2d:%02d:%02d", whole / 3600,
		               whole / 60 % 60, whole % 60);
	else
		(void)snprintf(out, FIELD, "%3dd %02dh", whole / 86400,
		               whole / 3600 % 24);
	return out;
}

static const char *
put_share(curl_off_t n, double wanted, char out[FIELD])
{
	double share = wanted > 0 ? (double)n / wanted : 0;

	if (wanted <= 0)
		(void)snprintf(out, FIELD, "--");
	else
		(void)snprintf(out, FIELD, "%3d",
		               share < 1 ? (int)(share * 100) : 100);
	return out;
}

/* Octets a second, lately. */
static double
speed_at(struct fetch_meter *meter, int64_t now, curl_off_t moved)
{
	size_t first = 0;
	size_t at = meter->n_moments % FETCH_METER_MOMENTS;
	int64_t spent;
	double speed = 0;

	if (meter->n_moments >= FETCH_METER_MOMENTS)
		first = at;
	spent = now - (meter->n_moments > 0 ? meter->when[first]
	                                    : meter->start);
	if (spent > 0)
		speed = (double)(moved - (meter->n_moments > 0
		                                  ? meter->moved[first]
		                                  : 0)) *
		        1000 / (double)spent;
	meter->when[at] = now;
	meter->moved[at] = moved;
	meter->n_moments++;
	return speed;
}

static void
draw_all(struct fetch_meter *meter, const struct fetch_meter_sum *sum,
         int64_t now)
{
	double speed = speed_at(meter, now, sum->down + sum->up);
	double wanted = sum->down_wanted >= 0 ? sum->down_wanted
	                                      : sum->up_wanted;
	curl_off_t have = sum->down_wanted >= 0 ? sum->down : sum->up;
	double total = speed > 0 && wanted > 0 ? wanted / speed : 0;
	double left = total > 0 ? (wanted - (double)have) / speed : 0;
	char down_share[FIELD];
	char up_share[FIELD];
	char down[FIELD];
	char up[FIELD];
	char times[3][FIELD];
	char rate[FIELD];

	fprintf(stderr,
	        "\r%-3s %-3s %s %s %5zu %5zu  %s %s %s %s",
	        put_share(sum->down, sum->down_wanted, down_share),
	        put_share(sum->up, sum->up_wanted, up_share),
	        put_size(sum->down, down), put_size(sum->up, up), sum->begun,
	        sum->live, put_time(total, times[0]),
	        put_time((double)(now - meter->start) / 1000, times[1]),
	        put_time(left, times[2]), put_size((curl_off_t)speed, rate));
}

void
fetch_meter_all(struct fetch_meter *meter, const struct fetch_meter_sum *sum,
                bool is_final)
{
	int64_t now = tool_clock_ms();

	if (meter->calls == 0) {
		meter->start = now;
		fputs("DL% UL%  Dled  Uled  Xfers  Live Total     Current  "
		      "Left    Speed\n",
		      stderr);
	} else if (!is_final && now - meter->shown < ALL_MS) {
		return;
	}
	meter->calls++;
	meter->shown = now;
	draw_all(meter, sum, now);
	meter->is_open = true;
}

void
fetch_meter_break(struct fetch_meter *meter)
{
	if (meter->is_open)
		fputc('\n', stderr);
	meter->is_open = false;
}

void
fetch_meter_end(struct fetch_meter *meter)
{
	fetch_meter_break(meter);
	if (meter->stream)
		(void)fclose(meter->stream);
	meter->stream = NULL;
}
