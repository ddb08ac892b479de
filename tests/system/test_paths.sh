#!/bin/sh
# test_paths.sh - T-011: a sample of served lists against a path finder.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make pathdiff' takes many more.
. "$top_srcdir/tests/support/lib.sh"
PATH=$top_builddir/tests/system:$PATH

about "4.6 T-011: the verdict follows from the certificates, not their order"
cases=$((1000 / $(sanitized 10)))
expect_exit 0 timeout -k 5 900 "$python" -W ignore \
	"$top_srcdir/tests/system/paths.py" "$T/paths" 7469 $cases
expect_out "^$cases cases, seed 7469, 0 differences\$"
cat out

about "4.6 T-011: the finder tells a library that compares with what was served"
cat >"$T/strawjudge" <<'END'
#!/bin/sh
pathjudge "$@" | sed -n 's/ reject settled / matched settled /; p'
END
mkdir straw
mv "$T/strawjudge" straw/pathjudge
sed -i "s|pathjudge \"|$(command -v pathjudge) \"|" straw/pathjudge
chmod +x straw/pathjudge
expect_exit 1 env PATH="$T/straw:$PATH" timeout -k 5 900 "$python" -W ignore \
	"$top_srcdir/tests/system/paths.py" "$T/straw-paths" 7469 $((60 / $(sanitized 2)))
expect_out 'accepted without a pinned key on the path'
expect_out 'the verdict should be reject'
