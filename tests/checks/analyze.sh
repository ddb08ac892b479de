#!/bin/sh
# analyze.sh - what gcc's analyser, clang-tidy and cppcheck find in the library
# and in the tools, and what clang warns of in the tests.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   analyze.sh             judge the tree; by `make analyze', which sets
#                          ANALYZE_CPPFLAGS, for it takes too long for each check
#   analyze.sh one FILE    what they find in one file
#
# clang sees all that gcc builds, with the same warnings: nobody builds it twice.
#
# No finding is left standing.  What is switched off, and why: .clang-tidy and
# tools/.clang-tidy for kinds of findings, NOLINT for a line of clang-tidy's;
# fanalyzer.txt and cppcheck.txt beside this script for one file's.
. "$(dirname "$0")/common.sh"
need gcc clang clang-tidy cppcheck timeout xargs

# cppcheck has been seen not to end.
limit='timeout -k 5 600'
flags=${ANALYZE_CPPFLAGS:?run it by: make analyze}

# Those that gcc alone has do not trouble clang.
warnings=-Wno-unknown-warning-option
for flag in ${PS_CFLAGS?run it by: make analyze}; do
	case $flag in
	-Werror*) ;;
	-W*) warnings="$warnings $flag" ;;
	esac
done

# Most of clang's time goes into few functions, where it follows more than two
# hundred thousand steps; these are a third.
steps='-Xclang -analyzer-config -Xclang max-nodes=75000'

# gcc's events and quoted code are many lines; the first names the fault.
one_gcc()
{
	$limit gcc -std=c11 -O2 -Wall -Wextra -fanalyzer -fno-diagnostics-color \
		-fdiagnostics-plain-output -DHAVE_CONFIG_H $flags \
		-c -o /dev/null "$1" >"$scratch/gcc" 2>&1 ||
		echo "$1: gcc did not get through: $(tail -n 1 "$scratch/gcc")"
	grep -E ': (warning|error): ' "$scratch/gcc"
}

# The nearest .clang-tidy above a file counts; a sample has none.
one_tidy()
{
	if [ -n "${ANALYZE_SAMPLE-}" ]; then
		set -- "$1" --config-file="$top_srcdir/.clang-tidy"
	fi
	$limit clang-tidy --quiet "$@" -- -std=c11 -DHAVE_CONFIG_H $flags \
		$warnings $steps >"$scratch/tidy" 2>"$scratch/tidy.err" ||
		grep -qE ': (warning|error): ' "$scratch/tidy" ||
		echo "$1: clang-tidy did not get through:" \
			"$(tail -n 1 "$scratch/tidy.err")"
	grep -E ': (warning|error): ' "$scratch/tidy" | sed "s|^$PWD/||"
}

one_clang()
{
	$limit clang -std=c11 -fsyntax-only -fno-color-diagnostics \
		-DHAVE_CONFIG_H $flags $warnings "$1" >"$scratch/clang" 2>&1 ||
		grep -qE ': (fatal )?error: ' "$scratch/clang" ||
		echo "$1: clang did not get through"
	grep -E ': (warning|(fatal )?error): ' "$scratch/clang"
}

if [ "${1-}" = one ]; then
	case $2 in
	tests/*) found=$(one_clang "$2") ;;
	*) found=$(one_gcc "$2"; one_tidy "$2") ;;
	esac
	[ -z "$found" ] || printf '%s\n' "$found"
	exit 0
fi

all_cppcheck()
{
	set --
	for flag in $flags; do
		case $flag in
		-I/usr/*) ;; # what it does not know, it takes as it is
		-I*) set -- "$@" "$flag" ;;
		esac
	done
	[ -n "${ANALYZE_SAMPLE-}" ] || set -- "$@" --enable=information \
		--suppressions-list="$checks/cppcheck.txt"
	$limit cppcheck --quiet --std=c11 --library=posix --library=gnu \
		--enable=warning,portability,performance --error-exitcode=1 \
		--template='{file}:{line}: {severity}: {message} [{id}]' \
		-DHAVE_CONFIG_H "$@" libpinstore tools 2>&1 >/dev/null ||
		[ $? -eq 1 ] || echo 'cppcheck did not get through'
}

# Take away what fanalyzer.txt names; what it names in vain is a finding.
without_known()
{
	awk -v known="$checks/fanalyzer.txt" -v sample="${ANALYZE_SAMPLE-}" '
	BEGIN {
		while ((getline line <known) > 0) {
			if (line ~ /^#/ || split(line, part, " ") != 2)
				continue
			wanted[part[1] " " part[2]] = 0
		}
	}
	match($0, /\[-Wanalyzer-[a-z-]+\]$/) {
		file = $0
		sub(/:.*/, "", file)
		key = file " " substr($0, RSTART + 1, RLENGTH - 2)
		if (key in wanted) {
			wanted[key]++
			next
		}
	}
	{ print }
	END {
		for (key in wanted)
			if (wanted[key] == 0 && sample == "")
				print "tests/checks/fanalyzer.txt: " key ": nothing of the kind"
	}'
}

# cppcheck takes one processor as long as the others take the other.
judge()
{
	all_cppcheck >"$scratch/cppcheck" &
	find libpinstore tools tests -name '*.c' 2>/dev/null | sort |
		xargs -P "$(nproc)" -n 1 "$checks/analyze.sh" one |
		without_known
	wait
	cat "$scratch/cppcheck"
}

export ANALYZE_CPPFLAGS
ANALYZE_SAMPLE=yes
export ANALYZE_SAMPLE
mkdir "$sample/tools"
plant libpinstore/x.c <<'END'
#include <stdlib.h>

void twice(char *p);

void
twice(char *p)
{
	free(p);
	free(p);
}
END
must_find '[-Wanalyzer-double-free]'
mkdir "$sample/tools"
plant libpinstore/x.c <<'END'
#include <stdio.h>
#include <string.h>

void both(int error);

void
both(int error)
{
	char text[8];

	snprintf(text, sizeof(text), "%s", strerror(error));
}
END
found=$(cd "$sample" && judge 2>&1)
for check in cert-err33-c concurrency-mt-unsafe; do
	case $found in
	*"[$check,"*) ;;
	*)
		echo "$0: the check is blind: it did not say '$check', but: $found"
		exit 1
		;;
	esac
done
plant tools/x.c <<'END'
int beyond(void);

int
beyond(void)
{
	int room[3] = {0};

	room[3] = 1;
	return room[0];
}
END
must_find '[arrayIndexOutOfBounds]'
for folder in tools tests; do
	mkdir "$sample/tools" "$sample/libpinstore" 2>/dev/null
	plant "$folder/x.c" <<'END'
int half(long whole);

int
half(long whole)
{
	return whole / 2;
}
END
	must_find 'shorten-64-to-32'
done
mkdir "$sample/tools"
echo 'int x' | plant libpinstore/x.c
must_find 'gcc did not get through'
mkdir "$sample/tools"
printf 'int one(void);\n\nint\none(void)\n{\n\treturn 1;\n}\n' |
	plant libpinstore/x.c
must_pass

ANALYZE_SAMPLE=
judge_tree "$top_srcdir"
