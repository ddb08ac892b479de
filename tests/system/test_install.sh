#!/bin/sh
# test_install.sh - what make install puts into a DESTDIR, all of it and nothing
# else; programs that pkg-config alone builds against it; and make uninstall.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
installs=yes
. "$top_srcdir/tests/support/lib.sh"
# This make is not a part of the one that runs the tests.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES TESTS DESTDIR PKG_CONFIG_PATH \
	LD_LIBRARY_PATH LD_RUN_PATH

dest=$T/dest
cat >folders.mk <<'END'
include Makefile
.PHONY: folders
folders:
	@echo bindir='$(bindir)'; echo docdir='$(docdir)'; \
	echo bashcompdir='$(bashcompdir)'; \
	echo includedir='$(includedir)'; echo libdir='$(libdir)'; \
	echo mandir='$(mandir)'; echo prefix='$(prefix)'; \
	echo pkgconfigdir='$(pkgconfigdir)'
END
must make -s --no-print-directory -C "$top_builddir" -f "$T/folders.mk" folders \
	>folders
. ./folders
must test -n "$prefix" -a -n "$libdir" -a -n "$pkgconfigdir"

# make is given longer than expect_exit gives a program.
made()
{
	timeout -k 5 300 make -C "$top_builddir" DESTDIR="$dest" "$@"
}

about "make install into a DESTDIR"
expect_exit 0 made install || exit 1

# ------------------------------------------------------------- what is there

exported()
{
	sed '/^#/d; /^$/d' "$top_srcdir/libpinstore/symbols.list" \
		"$top_srcdir/libpinstore/curl/symbols.list"
}

{
	printf '%s\n' "$bindir/pinfetch" "$bindir/pinstore" \
		"$bashcompdir/pinfetch" "$bashcompdir/pinstore"
	for name in expire report; do
		echo "$docdir/systemd/pinstore-$name.service"
		echo "$docdir/systemd/pinstore-$name.timer"
	done
	for name in admin curl gnutls pinstore version; do
		echo "$includedir/pinstore/$name.h"
	done
	for name in pinstore pinstore-curl; do
		echo "$libdir/lib$name.la"
		echo "$libdir/lib$name.so"
		echo "$libdir/lib$name.so.0"
		echo "$libdir/lib$name.so.0.0.0"
		echo "$pkgconfigdir/$name.pc"
	done
	for name in README.md NEWS SECURITY.md architecture.md embedding.md store-format.md \
		walkthrough-report-only.md walkthrough.md locked-out.md \
		threat-model.md upgrading.md containers.md performance.md performance.svg \
		rfc7469.md; do
		echo "$docdir/$name"
	done
	(cd "$top_srcdir/docs/man" && ls ./*.[1-9]) |
		sed "s|^\./\(.*\)\.\(.\)$|$mandir/man\2/\1.\2|"
	exported | sed "s|.*|$mandir/man3/&.3|"
} | sort -u >wanted
# A tree that was configured with --enable-static has archives besides.
(cd "$dest" && find . ! -type d) | sed 's|^\.||; /\.a$/d' | sort >found
expect_same wanted found

about "its modes and links"
find "$dest" ! -type l -perm /022 | sed 's|$| can be written by others|' >odd
find "$dest" -type f ! -perm -444 | sed 's|$| cannot be read by all|' >>odd
find "$dest$includedir" "$dest$mandir" "$dest$docdir" "$dest$pkgconfigdir" \
	-type f -perm /111 | sed 's|$| can be executed|' >>odd
find "$dest$bindir" -type f ! -perm -111 | sed 's|$| cannot be|' >>odd
for name in pinstore pinstore-curl; do
	for link in so so.0; do
		[ "$(readlink "$dest$libdir/lib$name.$link")" = \
			"lib$name.so.0.0.0" ] || echo "lib$name.$link leads astray"
	done
	readelf -d "$dest$libdir/lib$name.so" |
		grep -q "SONAME.*\[lib$name\.so\.0\]" ||
		echo "lib$name.so has another name inside"
done >>odd
: >none
expect_same none odd

about "each function's manual leads to a page that is there"
for name in $(exported); do
	page=$dest$mandir/man3/$name.3
	target=$(sed -n 's/^\.so //p' "$page")
	[ -f "${target:+$dest$mandir/}${target:-$page}" ] || echo "$page: $target"
done >odd
expect_same none odd

about "nothing of the build tree or of DESTDIR is in it"
(cd "$dest" && grep -rIlF -e "$top_builddir/" -e "$dest" .) >odd
expect_same none odd
# Where libtool leaves a run path, it is that of the folder of libraries.
for file in "$dest$bindir"/* "$dest$libdir"/*.so; do
	readelf -d "$file" | grep -E '\((RPATH|RUNPATH)\)' |
		grep -vF "[$libdir]" | sed "s|^|$file: |"
done >odd
expect_same none odd

# judged here once more, for libtool has linked it anew
about "hardened as what was built is"
for file in "$dest$bindir"/* "$dest$libdir"/*.so; do
	readelf -W -h -l -d "$file" >elf
	for trait in 'Type:.*DYN ' 'GNU_RELRO' 'BIND_NOW|Flags: NOW' \
		'GNU_STACK.* RW '; do
		grep -Eq "$trait" elf || echo "$file: not '$trait'"
	done
	if grep -q 'TEXTREL' elf; then
		echo "$file: relocates its text"
	fi
done >odd
expect_same none odd

# ------------------------------------------------------ what is built with it

PKG_CONFIG_SYSROOT_DIR=$dest
PKG_CONFIG_PATH=$dest$pkgconfigdir
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
version=$(sed -n 's/.*PINSTORE_VERSION *"\(.*\)".*/\1/p' \
	"$dest$includedir/pinstore/version.h")

# compile NAME MODULE: by what pkg-config says of the module
compile()
{
	flags=$(pkg-config --cflags --libs "$2") || fail "pkg-config $2"
	expect_exit 0 ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror \
		-o "$1" "$1.c" $flags
}

# installed COMMAND...: with the libraries that were installed
installed()
{
	LD_LIBRARY_PATH=$dest$libdir timeout -k 5 60 "$@"
}

about "a program with libpinstore alone"
cat >alone.c <<'END'
#include <stdio.h>
#include <string.h>
#include <pinstore/admin.h>
#include <pinstore/gnutls.h>
#include <pinstore/pinstore.h>
#include <pinstore/version.h>

int
main(int argc, char **argv)
{
	struct pinstore_peer peer = { .size = sizeof(peer), .host = "pin.test" };
	struct pinstore_error error = { .text = "usage: STORE" };
	struct pinstore_chain *chain = NULL;
	struct pinstore_pin pin;
	enum pinstore_verdict verdict = PINSTORE_REJECT;
	struct pinstore *store = NULL;

	memset(&pin, 7, sizeof(pin));
	if (argc != 2 || pinstore_open(argv[1], NULL, &store, &error) ||
	    pinstore_chain_from_validated_pins(&pin, 1, &chain) ||
	    pinstore_check(store, &peer, chain, 1000000000, &verdict, NULL,
	                   &error))
		fprintf(stderr, "%s\n", error.text);
	printf("%s %d\n", PINSTORE_VERSION, verdict == PINSTORE_UNPINNED);
	pinstore_chain_free(chain);
	pinstore_close(store);
	return verdict != PINSTORE_UNPINNED;
}
END
compile alone pinstore
expect_exit 0 installed ./alone "$T/new"
expect_out "^$version 1\$"
expect_exit 0 installed ldd ./alone
expect_out "libpinstore\.so\.0 => $dest$libdir/"
expect_no_out 'libcurl'
expect_exit 0 pkg-config --modversion pinstore pinstore-curl
expect_no_out "^[^$(echo "$version" | cut -c1)]"

about "a program with libpinstore-curl"
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$top_srcdir/README.md" \
	>example.c
compile example pinstore-curl
make_pki
start_nginx web --site localhost --chain proxy
expect_exit 0 installed ./example "$T/store" "$pki/trust.pem" \
	"https://localhost:$web_port/"
expect_out 'hello from localhost'
expect_requests web 1
expect_exit 0 installed ldd ./example
expect_out "libpinstore\.so\.0 => $dest$libdir/"
expect_out "libpinstore-curl\.so\.0 => $dest$libdir/"

about "what is linked dynamically and statically"
expect_exit 0 pkg-config --libs pinstore
expect_out '(^| )-lpinstore( |$)'
expect_no_out '-l(lmdb|idn2|psl|jansson|curl)( |$)'
expect_exit 0 pkg-config --static --libs pinstore
for name in pinstore gnutls lmdb idn2 psl jansson; do
	expect_out "(^| )-l$name( |\$)"
done
expect_exit 0 pkg-config --static --libs pinstore-curl
expect_out '(^| )-lpinstore-curl .*-lpinstore .*-llmdb( |$)'
expect_out '(^| )-lcurl'

about "the tools that were installed"
for name in pinfetch pinstore; do
	expect_exit 0 installed "$dest$bindir/$name" --version
	expect_out "^$name $version"
	expect_exit 0 installed ldd "$dest$bindir/$name"
	expect_out "libpinstore\.so\.0 => $dest$libdir/"
done

about "make uninstall leaves nothing"
expect_exit 0 made uninstall
find "$dest" ! -type d >odd
expect_same none odd
