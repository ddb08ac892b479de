/*
 * handle.c - options, open and close.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/handle.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "api/settings.h"
#include "base/status.h"

#define MAX_AGE_CAP INT64_C(5184000)
#define REFRESH_SLACK 100
#define REFRESH_SLACK_MAX 10000
#define LOCK_LIMIT_MS 5000
#define MAX_BYTES (INT64_C(1) << 40)
#define QUOTA_DOMAIN 200
#define QUOTA_TOTAL 1000000

/* So long what the store was told of need not be told again. */
#define QUIET_SECONDS 3600

static const struct pinstore_options defaults = {
	.store = {
		.read_only = false,
		.lock_limit_ms = LOCK_LIMIT_MS,
		.max_bytes = (uint64_t)MAX_BYTES,
	},
	.max_age_cap = MAX_AGE_CAP,
	.is_strict = false,
	.refresh_slack = REFRESH_SLACK,
	.quota_domain = QUOTA_DOMAIN,
	.quota_total = QUOTA_TOTAL,
	.has_suffix_rule = true,
	.has_reports = true,
};

struct pinstore_options *
pinstore_options_new(void)
{
	struct pinstore_options *options;

	options = malloc(sizeof(*options));
	if (options != NULL)
		*options = defaults;
	return options;
}

void
pinstore_options_free(struct pinstore_options *options)
{
	if (options == NULL)
		return;
	free(options->system);
	free(options);
}

enum pinstore_status
pinstore_options_set_system(struct pinstore_options *options, const char *path)
{
	char *copy = NULL;

	if (options == NULL || (path != NULL && path[0] == '\0'))
		return PINSTORE_ERR_ARG;
	if (path != NULL) {
		copy = strdup(path);
		if (copy == NULL)
			return PINSTORE_ERR_NOMEM;
	}
	free(options->system);
	options->system = copy;
	return PINSTORE_OK;
}

const char *
pinstore_system_path(void)
{
	return PINSTORE_STATE_DIR "/system";
}

static enum pinstore_status
set_flag(bool *flag, int64_t value)
{
	if (value != 0 && value != 1)
		return PINSTORE_ERR_ARG;
	*flag = value == 1;
	return PINSTORE_OK;
}

static enum pinstore_status
set_count(uint64_t *count, int64_t value, int64_t least)
{
	if (value < least)
		return PINSTORE_ERR_ARG;
	*count = (uint64_t)value;
	return PINSTORE_OK;
}

static enum pinstore_status
set_option(struct pinstore_options *options, enum pinstore_option what,
           int64_t value)
{
	switch (what) {
	case PINSTORE_OPT_READONLY:
		return set_flag(&options->store.read_only, value);
	case PINSTORE_OPT_STRICT:
		return set_flag(&options->is_strict, value);
	case PINSTORE_OPT_SUFFIX_RULE:
		return set_flag(&options->has_suffix_rule, value);
	case PINSTORE_OPT_REPORT:
		return set_flag(&options->has_reports, value);
	case PINSTORE_OPT_REMOTE:
		return set_flag(&options->store.may_be_remote, value);
	case PINSTORE_OPT_MAX_BYTES:
		return set_count(&options->store.max_bytes, value,
		                 PS_MAX_BYTES_MIN);
	case PINSTORE_OPT_QUOTA_DOMAIN:
		return set_count(&options->quota_domain, value, 0);
	case PINSTORE_OPT_QUOTA_TOTAL:
		return set_count(&options->quota_total, value, 0);
	case PINSTORE_OPT_MAX_AGE_CAP:
		if (value < 0)
			return PINSTORE_ERR_ARG;
		options->max_age_cap = value;
		return PINSTORE_OK;
	case PINSTORE_OPT_REFRESH_SLACK:
		if (value < 0 || value > REFRESH_SLACK_MAX)
			return PINSTORE_ERR_ARG;
		options->refresh_slack = value;
		return PINSTORE_OK;
	case PINSTORE_OPT_LOCK_LIMIT_MS:
		if (value < 0 || value > INT_MAX)
			return PINSTORE_ERR_ARG;
		options->store.lock_limit_ms = (int)value;
		return PINSTORE_OK;
	}
	return PINSTORE_ERR_ARG;
}

enum pinstore_status
pinstore_options_set(struct pinstore_options *options,
                     enum pinstore_option what, int64_t value)
{
	enum pinstore_status status;

	if (options == NULL)
		return PINSTORE_ERR_ARG;
	status = set_option(options, what, value);
	if (status == PINSTORE_OK)
		options->given |= UINT32_C(1) << what;
	return status;
}

/* The caller's option wins over the store's setting, that over the default. */
static int64_t
choose(const struct pinstore_options *options, enum pinstore_option what,
       int64_t option, const struct ps_settings *settings,
       enum pinstore_setting which)
{
	if ((options->given & UINT32_C(1) << what) != 0 ||
	    (settings->set & UINT32_C(1) << which) == 0)
		return option;
	return settings->value[which];
}

static bool
is_on(const struct ps_settings *settings, enum pinstore_setting which,
      bool by_default)
{
	if ((settings->set & UINT32_C(1) << which) == 0)
		return by_default;
	return settings->value[which] != 0;
}

enum pinstore_status
ps_handle_limits(struct pinstore *ps, struct ps_limits *out,
                 struct pinstore_error *error)
{
	const struct pinstore_options *options = &ps->options;
	struct ps_settings settings;
	enum pinstore_status status;

	memset(out, 0, sizeof(*out));
	status = ps_store_settings(ps->store, &settings, error);
	if (status != PINSTORE_OK)
		return status;
	out->max_age_cap = choose(options, PINSTORE_OPT_MAX_AGE_CAP,
	                          options->max_age_cap, &settings,
	                          PINSTORE_SETTING_MAX_AGE_CAP);
	out->refresh_slack = choose(options, PINSTORE_OPT_REFRESH_SLACK,
	                            options->refresh_slack, &settings,
	                            PINSTORE_SETTING_REFRESH_SLACK);
	out->quota_domain = (uint64_t)choose(
	        options, PINSTORE_OPT_QUOTA_DOMAIN,
	        (int64_t)options->quota_domain, &settings,
	        PINSTORE_SETTING_QUOTA_DOMAIN);
	out->quota_total = (uint64_t)choose(
	        options, PINSTORE_OPT_QUOTA_TOTAL,
	        (int64_t)options->quota_total, &settings,
	        PINSTORE_SETTING_QUOTA_TOTAL);
	out->has_suffix_rule = choose(options, PINSTORE_OPT_SUFFIX_RULE,
	                              options->has_suffix_rule, &settings,
	                              PINSTORE_SETTING_SUFFIX_RULE) != 0;
	out->reports.is_on = choose(options, PINSTORE_OPT_REPORT,
	                            options->has_reports, &settings,
	                            PINSTORE_SETTING_REPORT) != 0;
	/* Of these there is no option. */
	out->learns_subdomains =
	        is_on(&settings, PINSTORE_SETTING_LEARN_SUBDOMAINS, true);
	out->reports.is_report_only_on =
	        is_on(&settings, PINSTORE_SETTING_REPORT_ONLY, true);
	out->reports.is_https_only =
	        is_on(&settings, PINSTORE_SETTING_REPORT_HTTPS_ONLY, false);
	out->reports.is_same_origin_only = is_on(
	        &settings, PINSTORE_SETTING_REPORT_SAME_ORIGIN_ONLY, false);
	out->may_report_to_private =
	        is_on(&settings, PINSTORE_SETTING_REPORT_PRIVATE, false);
	/* Of these two the smaller holds: the operator's disk is limited. */
	out->max_bytes = (int64_t)options->store.max_bytes;
	if ((settings.set & UINT32_C(1) << PINSTORE_SETTING_MAX_BYTES) != 0 &&
	    settings.value[PINSTORE_SETTING_MAX_BYTES] < out->max_bytes)
		out->max_bytes = settings.value[PINSTORE_SETTING_MAX_BYTES];
	return PINSTORE_OK;
}

/* A store that is the system's itself has none below it; NULL: in memory. */
static enum pinstore_status
open_both(struct pinstore *ps, const char *path, const char *system,
          struct pinstore_error *error)
{
	struct ps_store_options below = ps->options.store;
	enum pinstore_status status;

	status = path != NULL ? ps_store_open(path, &ps->options.store,
	                                      &ps->store, error)
	                      : ps_store_open_memory(&ps->options.store,
	                                             &ps->store, error);
	if (status != PINSTORE_OK || system == NULL)
		return status;
	below.read_only = true;
	below.is_system = true;
	status = ps_store_open(system, &below, &ps->system, error);
	if (status == PINSTORE_OK && ps_store_is_same(ps->store, ps->system)) {
		ps_store_close(ps->system);
		ps->system = NULL;
	}
	return status;
}

static enum pinstore_status
open_handle(const char *path, const struct pinstore_options *options,
            struct pinstore **out, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct pinstore *ps;

	ps = calloc(1, sizeof(*ps));
	if (ps == NULL)
		return ps_fail_nomem(error);
	ps->options = options != NULL ? *options : defaults;
	ps->options.system = NULL; /* the caller's */
	atomic_init(&ps->swept, INT64_MIN);
	status = open_both(ps, path, options != NULL ? options->system : NULL,
	                   error);
	if (status != PINSTORE_OK) {
		pinstore_close(ps);
		return status;
	}
	*out = ps;
	return PINSTORE_OK;
}

enum pinstore_status
pinstore_open(const char *path, const struct pinstore_options *options,
              struct pinstore **out, struct pinstore_error *error)
{
	ps_error_clear(error);
	if (out == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_open: no place for the handle");
	*out = NULL;
	if (path == NULL || path[0] == '\0')
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_open: the path is empty");
	return open_handle(path, options, out, error);
}

enum pinstore_status
pinstore_open_memory(const struct pinstore_options *options,
                     struct pinstore **out, struct pinstore_error *error)
{
	ps_error_clear(error);
	if (out == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_open_memory: no place for the handle");
	*out = NULL;
	if (options != NULL && options->store.read_only)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_open_memory: what begins empty and is "
		               "read-only has no use");
	return open_handle(NULL, options, out, error);
}

void
pinstore_close(struct pinstore *ps)
{
	if (ps == NULL)
		return;
	ps_store_close(ps->store);
	ps_store_close(ps->system);
	free(ps);
}

enum pinstore_status
ps_handle_host(const char *text, struct ps_host *out,
               enum pinstore_host_kind *kind, struct pinstore_error *error)
{
	enum pinstore_status status;

	*kind = PINSTORE_HOST_BAD;
	if (text == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG, "no host given");
	status = ps_host_parse(text, strlen(text), out, kind);
	if (status == PINSTORE_ERR_NOMEM)
		return ps_fail_nomem(error);
	if (status != PINSTORE_OK)
		return ps_fail(error, status,
		               "\"%.120s\" is neither a host name nor an "
		               "address; give the host of the URL alone",
		               text);
	return PINSTORE_OK;
}

enum pinstore_status
ps_handle_name(const char *text, struct ps_host *out,
               struct pinstore_error *error)
{
	enum pinstore_host_kind kind;
	enum pinstore_status status;

	status = ps_handle_host(text, out, &kind, error);
	if (status != PINSTORE_OK)
		return status;
	if (kind != PINSTORE_HOST_NAME)
		return ps_fail(error, PINSTORE_ERR_HOST,
		               "\"%.120s\" is an address; only names are "
		               "pinned (RFC 7469, 2.3.3)",
		               text);
	return PINSTORE_OK;
}

enum pinstore_status
pinstore_host_canonical(const char *text, size_t len,
                        char out[PINSTORE_HOST_MAX + 1],
                        enum pinstore_host_kind *kind)
{
	struct ps_host host;
	enum pinstore_host_kind found;
	enum pinstore_status status;

	if (out != NULL)
		out[0] = '\0';
	if (kind != NULL)
		*kind = PINSTORE_HOST_BAD;
	if (text == NULL || out == NULL || kind == NULL)
		return PINSTORE_ERR_ARG;
	status = ps_host_parse(text, len, &host, &found);
	if (status != PINSTORE_OK)
		return status;
	memcpy(out, host.name, host.len + 1);
	*kind = found;
	return PINSTORE_OK;
}

bool
ps_handle_is_ahead(int64_t now, int64_t high_water)
{
	if (high_water == INT64_MIN || now <= high_water)
		return false;
	/* now > high_water, so this cannot wrap in the direction that counts */
	return (uint64_t)now - (uint64_t)high_water > (uint64_t)PS_CLOCK_AHEAD;
}

static struct ps_quiet *
place_of(struct pinstore *ps, uint64_t hash)
{
	return &ps->quiet[hash / 2 % PS_QUIET];
}

bool
ps_handle_is_quiet(struct pinstore *ps, uint64_t hash, int64_t now)
{
	struct ps_quiet *quiet = place_of(ps, hash);
	int64_t since;

	if (atomic_load(&quiet->hash) != hash)
		return false;
	since = atomic_load(&quiet->since);
	return now >= since &&
	       (uint64_t)now - (uint64_t)since < QUIET_SECONDS;
}

void
ps_handle_hush(struct pinstore *ps, uint64_t hash, int64_t since)
{
	struct ps_quiet *quiet = place_of(ps, hash);

	atomic_store(&quiet->since, since);
	atomic_store(&quiet->hash, hash);
}

void
pinstore_set_progress(struct pinstore *ps, pinstore_progress_fn *fn, void *arg)
{
	if (ps == NULL)
		return;
	ps->progress = fn;
	ps->progress_arg = arg;
}

void
ps_handle_tell(const struct pinstore *ps, uint64_t done, uint64_t total)
{
	if (ps->progress != NULL)
		ps->progress(done, total, ps->progress_arg);
}
