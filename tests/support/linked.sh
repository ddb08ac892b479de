# linked.sh - `make install' links anew, and what runs meanwhile finds half a
# library: who uses what is built and who installs it keep out of each other's
# way, by a lock that ends with the process and what it has started.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Sourced; the one that installs sets installs=yes before.
if [ -w "$top_builddir/tests" ]; then
	exec 8>>"$top_builddir/tests/linked.lock"
	if [ "${installs-}" = yes ]; then
		flock -x -w 900 8
	else
		flock -s -w 900 8
	fi || {
		echo "$0: whoever holds $top_builddir/tests/linked.lock does not end"
		exit 1
	}
fi
