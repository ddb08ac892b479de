/*
 * coverage.h - what `make coverage' includes into each source.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A child that leaves by _exit() leaves its counts behind as well.
 */
#ifndef PS_SUPPORT_COVERAGE_H
#define PS_SUPPORT_COVERAGE_H

#include <unistd.h>

void __gcov_dump(void);

#define _exit(code) (__gcov_dump(), (_exit)(code))

#endif /* PS_SUPPORT_COVERAGE_H */
