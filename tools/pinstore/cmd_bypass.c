/*
 * cmd_bypass.c - pinstore bypass HOST --for DURATION --reason TEXT | --end
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <string.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "common/text.h"
#include "entry.h"
#include "verb.h"

static int
end(struct run *run, const char *host)
{
	struct pinstore_error error;
	enum pinstore_status status;

	if (!run_open(run, true))
		return run->fault.exit;
	status = pinstore_bypass_end(run->store, host, run->options.now,
	                             &error);
	if (status == PINSTORE_ERR_NOTFOUND) {
		if (!run->is_json)
			tool_warn(PROGRAM, "%s has no bypass", host);
	} else if (status != PINSTORE_OK) {
		return run_fail(run, &error);
	}
	if (run->is_json) {
		json_t *all = tool_json_object();

		tool_json_add(all, "host", tool_json_text(host));
		tool_json_add(all, "bypass", json_null());
		tool_json_write(all, run->out);
		fputc('\n', run->out);
	} else if (status == PINSTORE_OK) {
		fprintf(run->out, "%s: pins are enforced again\n", host);
	}
	return status == PINSTORE_OK ? TOOL_EXIT_OK : EXIT_NONE;
}

static bool
check_options(struct run *run)
{
	struct options *options = &run->options;
	const char *reason = options->reason;

	if (!option_given(options, OPTION_FOR) || reason == NULL ||
	    reason[0] == '\0') {
		tool_fault_usage(&run->fault, "bypass",
		                 "--for 2h --reason TEXT, or --end",
		                 "for how long, and why?");
		return false;
	}
	if (!options_take_duration(options, &run->fault))
		return false;
	if (options->duration <= 0 ||
	    options->duration > PINSTORE_BYPASS_SECONDS_MAX) {
		tool_fault_usage(&run->fault, "--for", "write 90s, 15m, 12h or "
		                 "3d", "a bypass lasts between a second and "
		                 "7 days");
		return false;
	}
	if (strlen(reason) > PINSTORE_NOTE_MAX ||
	    !tool_is_utf8(reason, strlen(reason))) {
		tool_fault_usage(&run->fault, "--reason",
		                 "write it shorter, in UTF-8",
		                 "the reason has more than %d octets, or is "
		                 "not UTF-8", PINSTORE_NOTE_MAX);
		return false;
	}
	return true;
}

static int
begin(struct run *run, const char *host)
{
	struct pinstore_bypass bypass = {
		.size = sizeof(bypass),
		.host = host,
		.subdomains = option_given(&run->options, OPTION_SUBDOMAINS),
		.start = run->options.now,
		.reason = run->options.reason,
	};
	struct pinstore_error error;

	if (!check_options(run))
		return EXIT_USAGE;
	bypass.end = run->options.now + run->options.duration;
	if (!run_open(run, true))
		return run->fault.exit;
	if (pinstore_bypass(run->store, &bypass, run->options.now, &error) !=
	    PINSTORE_OK)
		return run_fail(run, &error);
	if (run->is_json) {
		json_t *all = tool_json_object();

		tool_json_add(all, "host", tool_json_text(host));
		tool_json_add(all, "bypass", bypass_json(&bypass));
		tool_json_write(all, run->out);
		fputc('\n', run->out);
	} else {
		fprintf(run->out, "%s\n", host);
		bypass_print(&bypass, run->options.now, run->out);
		fputs("Until its end pins are judged and not enforced, and nothing "
		      "is learned.\n", stderr);
	}
	return TOOL_EXIT_OK;
}

int
cmd_bypass(struct run *run)
{
	const uint64_t others = OPTION_BIT(OPTION_FOR) |
	                        OPTION_BIT(OPTION_REASON) |
	                        OPTION_BIT(OPTION_SUBDOMAINS);
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;

	if (!run_host(run, run->operands[0], name, &kind))
		return EXIT_USAGE;
	if (kind == PINSTORE_HOST_ADDRESS) {
		tool_fault_usage(&run->fault, name, NULL,
		                 "an address has no pins to bypass");
		return EXIT_USAGE;
	}
	if (!option_given(&run->options, OPTION_END))
		return begin(run, name);
	if ((run->options.given & others) != 0) {
		tool_fault_usage(&run->fault, "--end", NULL,
		                 "--end takes no other option of bypass");
		return EXIT_USAGE;
	}
	return end(run, name);
}
