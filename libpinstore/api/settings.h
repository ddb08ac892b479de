/*
 * settings.h - what the store's settings may be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_SETTINGS_H
#define PS_API_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/admin.h>

/* Whether there is such a setting, and value is in its range. */
bool
ps_setting_may_be(enum pinstore_setting which, int64_t value);

#endif /* PS_API_SETTINGS_H */
