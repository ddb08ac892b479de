#!/bin/sh
# manuals.sh - what is promised is documented once and as it is, and nothing else
# is: functions, structs, errors, constants, verbs, options, variables.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/common.sh"
need awk comm grep mandoc pkg-config sort uniq "${CC:=cc}"

flags="-std=c11 -fsyntax-only -Wall -Wextra -Wpedantic -Werror
	$(pkg-config --cflags gnutls libcurl)" || exit 1

# Of two lists of facts: what is in one alone.
compare()
{
	comm -23 "$1" "$3" | sed "s/^/$2, but not $4: /"
	comm -13 "$1" "$3" | sed "s/^/$4, but not $2: /"
}

# facts KIND FILE: those of a kind, sorted, each once
facts()
{
	grep "^$1	" "$2" | sort -u
}

column()
{
	facts "$1" "$2" | cut -f "$3" | sort -u
}

# strangers KIND FILE KNOWN: "PAGE NAME" of facts whose name is not in KNOWN
strangers()
{
	facts "$1" "$2" | awk -F '\t' -v known="$3" '
		BEGIN { while ((getline name <known) > 0) is_known[name] = 1 }
		!($3 in is_known) { print $2, $3 }'
}

# What headers and lists promise, against the pages of section 3.
judge_library()
{
	awk -f "$checks/prototypes.awk" $headers >"$scratch/promised"
	awk -v examples="$scratch/examples" -f "$checks/manuals.awk" man/*.3 \
		>"$scratch/told"
	grep -v '^[A-Z]	' "$scratch/told"
	for kind in P T S E C; do
		facts $kind "$scratch/promised" >"$scratch/one"
		facts $kind "$scratch/told" >"$scratch/two"
		compare "$scratch/one" declared "$scratch/two" documented
	done
	grep '^P	' "$scratch/told" | cut -f 2 | sort | uniq -d |
		sed 's/^/documented twice: /'
	grep -hv -e '^#' -e '^$' $lists | sort -u >"$scratch/one"
	column P "$scratch/told" 2 >"$scratch/two"
	compare "$scratch/one" listed "$scratch/two" documented
}

# Each page is found under the names of its functions, and under no others but
# its own; what it speaks of exists.
judge_names()
{
	awk -f "$checks/manuals.awk" man/*.[13] >"$scratch/told"
	column P "$scratch/told" 2 >"$scratch/functions"
	for page in man/*.[13]; do
		page=${page##*/}
		awk -f "$checks/manuals.awk" "man/$page" >"$scratch/page"
		column N "$scratch/page" 3 >"$scratch/one"
		column P "$scratch/page" 2 >"$scratch/two"
		grep -qxF "${page%.*}" "$scratch/one" ||
			echo "man/$page: does not name itself"
		comm -13 "$scratch/one" "$scratch/two" |
			sed "s|^|man/$page: not in NAME: |"
		comm -23 "$scratch/one" "$scratch/two" | grep -vxF "${page%.*}" |
			sed "s|^|man/$page: in NAME, but not in SYNOPSIS: |"
	done
	column N "$scratch/told" 3 >"$scratch/names"
	strangers F "$scratch/told" "$scratch/functions" |
		sed 's|^\([^ ]*\) |man/\1: there is no function |'
	facts N "$scratch/told" | while read -r kind page name; do
		echo "$name.${page##*.}"
	done | sort >"$scratch/names"
	uniq -d "$scratch/names" | sed 's/^/named by two pages: /'
	for page in man/*.[57]; do
		[ ! -f "$page" ] || echo "${page##*/}" >>"$scratch/names"
	done
	sort -o "$scratch/names" "$scratch/names"
	strangers X "$scratch/told" "$scratch/names" |
		sed -nE 's/^([^ ]*) ((lib)?pin)/man\/\1: there is no manual \2/p'
}

judge_examples()
{
	for example in "$scratch"/examples/*.c; do
		[ -f "$example" ] || continue
		"$CC" $flags $include "$example" 2>&1 |
			sed "s|^$scratch/||"
	done
}

# help COMMAND...: the options that it lists, "-n --dry-run", "--at arg"
options()
{
	"$@" | awk '
		match($0, /^ +(-., )?--[^ ]+( [^ ]|  |$)/) {
			sub(/^ +/, "")
			arg = $0 ~ /^(-., )?--[^ ]+ [^ ]/ ? " arg" : ""
			sub(/,/, "", $1)
			print ($1 ~ /^--/ ? $1 : $1 " " $2) arg
		}' | sort -u
}

# What the tools say of themselves, against the pages of section 1.
judge_pinstore()
{
	options "$pinstore" help | awk -v OFS='\t' '
		{ print "O", "pinstore.1", "", $0 }'
	options "$pinstore" help >"$scratch/everywhere"
	"$pinstore" help | awk '/^Options/ { exit } /^  [a-z]/ { print $1 }' |
		while read -r verb; do
			printf 'V\tpinstore.1\t%s\n' "$verb"
			options "$pinstore" help "$verb" |
				comm -23 - "$scratch/everywhere" |
				awk -v verb="$verb" -v OFS='\t' '
				{ print "O", "pinstore.1", verb, $0 }'
		done
}

judge_tools()
{
	judge_pinstore >"$scratch/all"
	options "$pinfetch" --help | awk -v OFS='\t' '
		{ print "O", "pinfetch.1", "", $0 }' >>"$scratch/all"
	sed -n 's/^[ \t]*{"\([a-z_]*\)", [A-Z]*, [A-Z].*/W\tpinfetch.1\t\1/p' \
		"$variables" >>"$scratch/all"
	awk -f "$checks/manuals.awk" man/*.1 >"$scratch/told"
	for kind in V O W; do
		facts $kind "$scratch/all" >"$scratch/one"
		facts $kind "$scratch/told" >"$scratch/two"
		compare "$scratch/one" built "$scratch/two" documented
		grep "^$kind	" "$scratch/told" | sort | uniq -d |
			sed 's/^/documented twice: /'
	done
	# an option of another program is not marked as ours would be
	column O "$scratch/all" 4 | tr ' ' '\n' >"$scratch/options"
	strangers U "$scratch/told" "$scratch/options" |
		sed 's|^\([^ ]*\) |man/\1: there is no option |'
}

judge_form()
{
	mandoc -T lint -W warning man/*.[1357]
}

# Parts of the judge; a bent sample is shown to the one that is to see it.
parts='form library names examples tools'
judge()
{
	rm -rf "$scratch/examples"
	mkdir "$scratch/examples"
	for part in $parts; do
		"judge_$part"
	done
}

# ----------------------------------------------------------------- samples

header=include/pinstore/pinstore.h
headers=$header
lists='symbols.list'
include="-I$sample/include"
pinstore=./pinstore
pinfetch=./pinfetch
variables=writeout.c

# A small project whose manuals are right; "sample FILE SED" then bends one.
sample_right()
{
	plant $header <<'END'
#include <stddef.h>
#define PINSTORE_MAX 3
enum pinstore_status { PINSTORE_OK, PINSTORE_ERR_ARG, PINSTORE_ERR_IO };
/* One. */
struct pinstore_thing {
	size_t size; /* of it */
	int n;
};
/* Called back. */
typedef int pinstore_visit_fn(void *arg);
/*
 * Make it.
 *
 * Errors: ARG (n is 0).
 * Source: RFC 7469, 2.4.
 */
enum pinstore_status
pinstore_make(const struct pinstore_thing *thing, size_t n,
              char out[PINSTORE_MAX + 1]);
/* Break it.  Errors: those of pinstore_make(); IO. */
enum pinstore_status pinstore_break(pinstore_visit_fn *visit, void *arg);
const char *pinstore_word(void);
END
	printf '# x\npinstore_break\npinstore_make\npinstore_word\n' |
		plant symbols.list
	plant man/pinstore_make.3 <<'END'
.Dd November 21, 2026
.Dt PINSTORE_MAKE 3
.Os
.Sh NAME
.Nm pinstore_make ,
.Nm pinstore_break ,
.Nm pinstore_word
.Nd make and break
.Sh SYNOPSIS
.In pinstore/pinstore.h
.Ft enum pinstore_status
.Fo pinstore_make
.Fa "const struct pinstore_thing *thing"
.Fa "size_t n"
.Fa "char out[PINSTORE_MAX + 1]"
.Fc
.Vt "typedef int pinstore_visit_fn(void *arg);"
.Ft enum pinstore_status
.Fo pinstore_break
.Fa "pinstore_visit_fn *visit"
.Fa "void *arg"
.Fc
.Ft "const char *"
.Fo pinstore_word
.Fa void
.Fc
.Sh DESCRIPTION
.Fn pinstore_make
makes
.Dv PINSTORE_MAX :
.Bd -literal
struct pinstore_thing {
	size_t size; /* how large */
	int n;
};
.Ed
.Sh RETURN VALUES
.Dv PINSTORE_OK
or an error.
.Sh EXAMPLES
.Bd -literal
#include <pinstore/pinstore.h>

const char *what(void);
const char *what(void) { return pinstore_word(); }
.Ed
.Sh ERRORS
.Bl -tag -width Ds
.It Fn pinstore_make
.Dv PINSTORE_ERR_ARG .
.It Fn pinstore_break
Those of
.Fn pinstore_make ;
.Dv PINSTORE_ERR_IO .
.El
.Sh SEE ALSO
.Xr pinstore 1 ,
.Xr strerror 3
END
	plant man/pinstore.1 <<'END'
.Dd November 21, 2026
.Dt PINSTORE 1
.Os
.Sh NAME
.Nm pinstore
.Nd a tool
.Sh OPTIONS
.Bl -tag -width Ds
.It Fl h , Fl -help
Help.
.El
.Sh VERBS
.Ss show
.Bl -tag -width Ds
.It Fl -at Ar time
Then; not with
.Fl h .
.El
END
	plant man/pinfetch.1 <<'END'
.Dd November 21, 2026
.Dt PINFETCH 1
.Os
.Sh NAME
.Nm pinfetch
.Nd another tool
.Sh OPTIONS
.Bl -tag -width Ds
.It Fl o Ar file , Fl -output Ar file
There.
.El
.Ss Variables
.Cm url
and
.Bl -tag -width Ds
.It Cm pin_host
host
.El
.Sh SEE ALSO
.Xr pinstore_break 3
END
	printf '\t{"url", OURS, URL},\n\t{"pin_host", OURS, HOST},\n' |
		plant writeout.c
	plant pinstore <<'END'
#!/bin/sh
[ "$2" = show ] || printf '  show   to see\n\nOptions:\n'
[ "$2" != show ] || echo '  --at TIME    at that time, as --in does'
echo '  -h, --help   help'
END
	printf '#!/bin/sh\necho "  -o, --output FILE  there"\n' |
		plant pinfetch
	chmod +x "$sample/pinstore" "$sample/pinfetch"
}

# try FILE SED WORDS: what $parts must say of a sample with this difference
try()
{
	sample_right
	cp -p "$sample/$1" "$scratch/before"
	sed -i "$2" "$sample/$1"
	cmp -s "$sample/$1" "$scratch/before" && {
		echo "$0: '$2' changes nothing in $1"
		exit 99
	}
	must_find "$3"
}

sample_right
must_pass
page=man/pinstore_make.3
parts=library
try $header 's/size_t n,/int n,/' 'declared, but not documented: P	pinstore_make'
try $page 's/^\.Ft "const/.Ft "/' 'documented, but not declared: P	pinstore_word'
try $page 's/^\.In.*/.In pinstore\/other.h/' 'documented, but not declared: P'
try $page 's/^\.Fa void/.Fa "int x"/' 'documented, but not declared: P'
try $page '/^\.Vt/d' 'declared, but not documented: T'
try $header 's/int n;/long n;/' 'documented, but not declared: S'
try $header 's/ARG (n is 0)/IO/' \
	'documented, but not declared: E	pinstore_make	PINSTORE_ERR_ARG'
try $header 's/those of.*(); //' \
	'documented, but not declared: E	pinstore_break	pinstore_make'
try $page 's/PINSTORE_OK/PINSTORE_NO/' 'documented, but not declared: C'
try $page 's/PINSTORE_OK/0/' 'declared, but not documented: C'
try symbols.list '/_word/d' 'documented, but not listed: pinstore_word'
try symbols.list '$a pinstore_more' 'listed, but not documented: pinstore_more'
parts=names
try $page 's/^\.Nm pinstore_make ,//' 'does not name itself'
try $page 's/^\.Nm pinstore_break ,//' 'not in NAME: pinstore_break'
try $page 's/^\.Nm pinstore_break ,/&\n.Nm pinstore_mend ,/' \
	'in NAME, but not in SYNOPSIS: pinstore_mend'
try $page 's/^\.Fn pinstore_make$/.Fn pinstore_mend/' \
	'there is no function pinstore_mend'
try man/pinfetch.1 's/_break 3/_mend 3/' 'there is no manual pinstore_mend.3'
try man/pinfetch.1 's/^\.Nm .*/&,\n.Nm pinstore/' 'named by two pages'
parts='library examples'
try $page 's/return pinstore_word/return pinstore_wort/' 'pinstore_wort'
parts=form
try $page 's/^\.Sh RETURN/.Zz\n&/' 'unknown macro'
parts=tools
try pinstore 's/show   to/hide   to/' 'built, but not documented: V	pinstore.1	hide'
try man/pinstore.1 's/^\.Ss show/.Ss hide/' 'documented, but not built: V'
try pinstore 's/-h, --help/-H, --help/' 'built, but not documented: O'
try pinstore 's/--at TIME/--at     /' 'documented, but not built: O'
try man/pinstore.1 's/^\.Fl h/.Fl z/' 'there is no option -z'
try pinfetch 's/"  -o.*"/"&; echo "      --more N  more"/; s/""/"/' \
	'built, but not documented: O	pinfetch.1		--more arg'
try writeout.c 's/"url"/"method"/' 'built, but not documented: W	pinfetch.1	method'
try man/pinfetch.1 's/^\.It Cm pin_host/.It Cm pin_hast/' \
	'documented, but not built: W	pinfetch.1	pin_hast'
try man/pinfetch.1 's/^\.It Fl o.*/&\nx\n&/' 'documented twice: O'
sample_right
parts=library
cp "$sample/$page" "$sample/man/pinstore_word.3"
must_find 'documented twice: pinstore_word'

# -------------------------------------------------------------------- tree

parts='form library names examples tools'
include="-I$top_srcdir/libpinstore/include -I$top_builddir/libpinstore/include"
headers=
for header in pinstore.h admin.h gnutls.h curl.h version.h.in; do
	headers="$headers $top_srcdir/libpinstore/include/pinstore/$header"
done
lists="$top_srcdir/libpinstore/symbols.list
	$top_srcdir/libpinstore/curl/symbols.list"
pinstore=$top_builddir/tools/pinstore/pinstore
pinfetch=$top_builddir/tools/pinfetch/pinfetch
variables=$top_srcdir/tools/pinfetch/writeout.c
for tool in "$pinstore" "$pinfetch"; do
	[ -x "$tool" ] || { echo "$0: $tool: not built"; exit 1; }
done
judge_tree "$top_srcdir/docs"
