# common.sh - what the checks share.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A check defines judge(), which writes one line for each fault that it finds
# below the current folder.  It is first shown samples: a judge that finds
# nothing in a bad sample finds nothing anywhere.
#
#   plant FILE          the standard input becomes FILE of the sample tree
#   must_find WORDS     judge names WORDS in the sample; then it is cleared away
#   must_pass           judge finds nothing in the sample; cleared away as well
#   judge_tree FOLDER   judge FOLDER and end the check with what was found

set -u
LC_ALL=C
export LC_ALL
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$(pwd)}"
. "$top_srcdir/tests/support/linked.sh"
checks=$top_srcdir/tests/checks
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pinstore-check.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
sample=$scratch/sample
mkdir "$sample"
samples=0

plant()
{
	mkdir -p "$sample/$(dirname "$1")"
	cat >"$sample/$1"
}

judge_sample()
{
	found=$(cd "$sample" && judge 2>&1)
	samples=$((samples + 1))
	rm -rf "$sample"
	mkdir "$sample"
}

must_find()
{
	judge_sample
	case $found in
	*"$1"*) ;;
	*)
		echo "$0: the check is blind: it did not say '$1', but: $found"
		exit 1
		;;
	esac
}

must_pass()
{
	judge_sample
	if [ -n "$found" ]; then
		echo "$0: the check sees ghosts: $found"
		exit 1
	fi
}

judge_tree()
{
	cd "$1" || exit 99
	faults=$(judge 2>&1)
	if [ -n "$faults" ]; then
		printf '%s\n' "$faults"
		exit 1
	fi
	echo "$0: nothing found; $samples samples judged rightly"
	exit 0
}

# need TOOL...: a check that cannot look has failed, it is not skipped.
need()
{
	for tool; do
		command -v "$tool" >/dev/null 2>&1 || {
			echo "$0: $tool is missing; ./quickstart check installs it"
			exit 1
		}
	done
}

# The C sources below the current folder, NUL-free names one per line.
c_files()
{
	for folder in libpinstore tools tests contrib; do
		[ -d "$folder" ] && find "$folder" -name '*.[ch]' -type f
	done | sort
}
