/*
 * queuereport.c - put a report into a store's queue, whatever it says.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: queuereport STORE HOST PORT public|private URI < TEXT
 *
 * What no connection here can bring about: a failure at a public address, and a
 * URI that no policy may have.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pinstore/pinstore.h>

#include "api/handle.h"
#include "base/siphash.h"
#include "store/store.h"

struct queueing {
	struct ps_report report;
	char text[PS_REPORT_TEXT_MAX];
	bool is_queued;
};

static enum pinstore_status
work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct queueing *queueing = arg;
	int64_t since;

	return ps_write_queue(write, &queueing->report, queueing->text,
	                      &queueing->is_queued, &since, error);
}

int
main(int argc, char *argv[])
{
	static const uint8_t no_key[PS_SIPHASH_KEY_LEN] = {0};
	static struct queueing queueing;
	struct ps_report *report = &queueing.report;
	struct pinstore *ps = NULL;
	struct pinstore_error error = {0};
	enum pinstore_host_kind kind;
	struct ps_siphash hash;
	bool is_good;

	if (argc != 6 || strlen(argv[5]) >= sizeof(report->uri)) {
		fputs("usage: queuereport STORE HOST PORT public|private URI\n",
		      stderr);
		return 2;
	}
	report->text_len = fread(queueing.text, 1, sizeof(queueing.text), stdin);
	if (report->text_len == 0)
		report->text_len = (size_t)snprintf(
		        queueing.text, sizeof(queueing.text), "{}");
	report->created = (int64_t)time(NULL);
	report->next = report->created;
	report->port = (uint16_t)strtoul(argv[3], NULL, 10);
	report->is_private = strcmp(argv[4], "private") == 0;
	memcpy(report->uri, argv[5], strlen(argv[5]) + 1);
	ps_siphash_init(&hash, no_key);
	ps_siphash_update(&hash, (const uint8_t *)argv[2], strlen(argv[2]));
	ps_siphash_update(&hash, (const uint8_t *)argv[5], strlen(argv[5]));
	report->key = ps_siphash_final(&hash);
	is_good = ps_handle_host(argv[2], &report->host, &kind, &error) ==
	                  PINSTORE_OK &&
	          pinstore_open(argv[1], NULL, &ps, &error) == PINSTORE_OK;
	report->is_waiting = true;
	report->noted_len = (uint8_t)report->host.len;
	if (is_good)
		is_good = ps_store_write(ps->store, report->created, work,
		                         &queueing, &error) == PINSTORE_OK;
	pinstore_close(ps);
	if (is_good && queueing.is_queued)
		return 0;
	fprintf(stderr, "queuereport: %s\n",
	        is_good ? "one such is there" : error.text);
	return 1;
}
