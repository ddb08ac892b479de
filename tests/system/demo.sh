#!/bin/sh
# demo.sh - what has been built so far, shown.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
library=$top_builddir/libpinstore/.libs/libpinstore.so
[ -f "$library" ]
echo "libpinstore exports so far:"
nm -D --defined-only "$library" | sed -n 's/.* T \(pinstore_[a-z0-9_]*\).*/  \1/p'
