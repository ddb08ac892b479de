/*
 * bench_header.c - what parsing a Public-Key-Pins field costs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <string.h>

#include "model/header.h"
#include "tests/bench/bench.h"

#define TIMES 20000
#define PIN_A "pin-sha256=\"BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=\""
#define PIN_B "pin-sha256=\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\""

static const struct {
	const char *what;
	const char *value;
} fields[] = {
	{"two pins", "max-age=5184000; " PIN_A "; " PIN_B},
	{"two pins, subdomains, report-uri",
	 "max-age=5184000; includeSubDomains; " PIN_A "; " PIN_B
	 "; report-uri=\"https://r.example/pins\""},
	{"malformed at its end", "max-age=5184000; " PIN_A "; " PIN_B ", x"},
	{"removal", "max-age=0"},
};

int
main(void)
{
	struct ps_header header;
	struct bench bench;
	double start;
	size_t i, len;
	int round, n;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		len = strlen(fields[i].value);
		memset(&bench, 0, sizeof(bench));
		for (round = 0; round < BENCH_ROUNDS; round++) {
			start = bench_cpu();
			for (n = 0; n < TIMES; n++)
				ps_header_parse(fields[i].value, len,
				                PINSTORE_PKP, false, &header);
			bench_add(&bench, (bench_cpu() - start) / TIMES);
		}
		printf("header parse   %-34s %7.0f ns\n", fields[i].what,
		       bench_median(&bench));
	}
	return EXIT_SUCCESS;
}
