/*
 * settings.c - what holds for all who use a store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/settings.h"

#include <string.h>

#include "api/handle.h"
#include "base/status.h"

/* A life of an entry that is longer than this saturates anyhow. */
#define CAP_MAX (INT64_C(1) << 31)
#define SLACK_MAX 10000
#define QUOTA_MAX (INT64_C(1) << 40)
#define BYTES_MAX (INT64_C(1) << 40)

static const struct {
	int64_t least, most;
} ranges[] = {
	[PINSTORE_SETTING_MAX_AGE_CAP] = {0, CAP_MAX},
	[PINSTORE_SETTING_REFRESH_SLACK] = {0, SLACK_MAX},
	[PINSTORE_SETTING_QUOTA_DOMAIN] = {0, QUOTA_MAX},
	[PINSTORE_SETTING_QUOTA_TOTAL] = {0, QUOTA_MAX},
	[PINSTORE_SETTING_SUFFIX_RULE] = {0, 1},
	[PINSTORE_SETTING_REPORT] = {0, 1},
	[PINSTORE_SETTING_REPORT_ONLY] = {0, 1},
	[PINSTORE_SETTING_REPORT_HTTPS_ONLY] = {0, 1},
	[PINSTORE_SETTING_REPORT_SAME_ORIGIN_ONLY] = {0, 1},
	[PINSTORE_SETTING_REPORT_PRIVATE] = {0, 1},
	[PINSTORE_SETTING_LEARN_SUBDOMAINS] = {0, 1},
	[PINSTORE_SETTING_MAX_BYTES] = {PS_MAX_BYTES_MIN, BYTES_MAX},
};

#define N_SETTINGS (sizeof(ranges) / sizeof(ranges[0]))

static bool
is_setting(enum pinstore_setting which)
{
	return (size_t)which < N_SETTINGS;
}

bool
ps_setting_may_be(enum pinstore_setting which, int64_t value)
{
	return is_setting(which) && value >= ranges[which].least &&
	       value <= ranges[which].most;
}

static int64_t
effective(const struct ps_limits *limits, enum pinstore_setting which)
{
	switch (which) {
	case PINSTORE_SETTING_MAX_AGE_CAP:
		return limits->max_age_cap;
	case PINSTORE_SETTING_REFRESH_SLACK:
		return limits->refresh_slack;
	case PINSTORE_SETTING_QUOTA_DOMAIN:
		return (int64_t)limits->quota_domain;
	case PINSTORE_SETTING_QUOTA_TOTAL:
		return (int64_t)limits->quota_total;
	case PINSTORE_SETTING_SUFFIX_RULE:
		return limits->has_suffix_rule;
	case PINSTORE_SETTING_REPORT:
		return limits->reports.is_on;
	case PINSTORE_SETTING_REPORT_ONLY:
		return limits->reports.is_report_only_on;
	case PINSTORE_SETTING_REPORT_HTTPS_ONLY:
		return limits->reports.is_https_only;
	case PINSTORE_SETTING_REPORT_SAME_ORIGIN_ONLY:
		return limits->reports.is_same_origin_only;
	case PINSTORE_SETTING_REPORT_PRIVATE:
		return limits->may_report_to_private;
	case PINSTORE_SETTING_LEARN_SUBDOMAINS:
		return limits->learns_subdomains;
	case PINSTORE_SETTING_MAX_BYTES:
		return limits->max_bytes;
	}
	return 0;
}

enum pinstore_status
pinstore_setting_get(struct pinstore *ps, enum pinstore_setting which,
                     int64_t *value, int *is_set, struct pinstore_error *error)
{
	struct ps_settings settings;
	struct ps_limits limits;
	enum pinstore_status status;

	ps_error_clear(error);
	if (value != NULL)
		*value = 0;
	if (is_set != NULL)
		*is_set = 0;
	if (ps == NULL || value == NULL || !is_setting(which))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_setting_get: no store, no such "
		               "setting, or no place for the value");
	status = ps_handle_limits(ps, &limits, error);
	if (status == PINSTORE_OK)
		status = ps_store_settings(ps->store, &settings, error);
	if (status != PINSTORE_OK)
		return status;
	*value = effective(&limits, which);
	if (is_set != NULL)
		*is_set = (settings.set & UINT32_C(1) << which) != 0;
	return PINSTORE_OK;
}

/* ------------------------------------------------------------------ writing */

struct setting {
	int64_t now;
	enum pinstore_setting which;
	const int64_t *value; /* NULL: take it away */
	const struct pinstore_pin *anchors;
	size_t n_anchors;
	bool is_anchors;
};

static enum pinstore_status
work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct setting *setting = arg;
	struct ps_event event = {
		.kind = PS_EVENT_SETTING,
		.at = setting->now,
		.count = 1,
	};
	struct ps_settings settings;
	enum pinstore_status status;

	status = ps_write_settings(write, &settings, error);
	if (status != PINSTORE_OK)
		return status;
	if (setting->is_anchors) {
		settings.n_anchors = setting->n_anchors;
		if (setting->n_anchors > 0)
			memcpy(settings.anchor, setting->anchors,
			       setting->n_anchors * sizeof(*settings.anchor));
	} else if (setting->value != NULL) {
		settings.set |= UINT32_C(1) << setting->which;
		settings.value[setting->which] = *setting->value;
	} else {
		settings.set &= ~(UINT32_C(1) << setting->which);
		settings.value[setting->which] = 0;
	}
	status = ps_write_put_settings(write, &settings, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_write_event(write, &event, error);
}

enum pinstore_status
pinstore_setting_put(struct pinstore *ps, enum pinstore_setting which,
                     const int64_t *value, int64_t now,
                     struct pinstore_error *error)
{
	struct setting setting = {.now = now, .which = which, .value = value};

	ps_error_clear(error);
	if (ps == NULL || !is_setting(which) ||
	    (value != NULL && !ps_setting_may_be(which, *value)))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_setting_put: no store, no such "
		               "setting, or a value out of its range");
	return ps_store_write_alone(ps->store, now, work, &setting, error);
}

/* ------------------------------------------------------------------ anchors */

enum pinstore_status
pinstore_anchors(struct pinstore *ps,
                 struct pinstore_pin out[PINSTORE_ANCHORS_MAX], size_t *n,
                 struct pinstore_error *error)
{
	struct ps_settings settings;
	enum pinstore_status status;

	ps_error_clear(error);
	if (n != NULL)
		*n = 0;
	if (ps == NULL || out == NULL || n == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_anchors: no store, or no place for "
		               "the pins");
	status = ps_store_settings(ps->store, &settings, error);
	if (status != PINSTORE_OK)
		return status;
	memcpy(out, settings.anchor, settings.n_anchors * sizeof(*out));
	*n = settings.n_anchors;
	return PINSTORE_OK;
}

enum pinstore_status
pinstore_set_anchors(struct pinstore *ps, const struct pinstore_pin *pins,
                     size_t n, int64_t now, struct pinstore_error *error)
{
	struct setting setting = {
		.now = now,
		.anchors = pins,
		.n_anchors = n,
		.is_anchors = true,
	};

	ps_error_clear(error);
	if (ps == NULL || (pins == NULL && n > 0) || n > PINSTORE_ANCHORS_MAX)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_set_anchors: no store, no pins, or "
		               "more than %d", PINSTORE_ANCHORS_MAX);
	return ps_store_write_alone(ps->store, now, work, &setting, error);
}
