#!/bin/sh
# test_readme.sh - the example in README.md compiles as README.md says, and
# holds a real server to its pins (R-2.3.1-1, R-2.6-7, T-001).
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

about "README.md's example"
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$top_srcdir/README.md" \
	>example.c
must test -s example.c
libs=$top_builddir/libpinstore/.libs
PKG_CONFIG_PATH=$top_builddir/libpinstore:$top_builddir/libpinstore/curl
export PKG_CONFIG_PATH
flags=$(pkg-config --define-variable=libdir="$libs" \
	--define-variable=includedir="$top_srcdir/libpinstore/include" \
	--cflags --libs pinstore-curl) || fail "pkg-config pinstore-curl"
expect_exit 0 ${CC:-cc} ${PS_CFLAGS-} -std=c11 -Wall -Wextra -Wpedantic \
	-Werror -I"$top_builddir/libpinstore/include" -o example example.c \
	$flags ${PS_LDFLAGS-} -Wl,-rpath,"$libs"
[ -x example ] || exit 1

make_pki impostor:intB:localhost
start_nginx web --site localhost --chain proxy \
	--header "Public-Key-Pins: $(header 600 proxy backup)"
start_nginx evil --site localhost --chain impostor

# One name, two servers: they differ in the port, and pins hold for any.
about "it trusts a first visit, and only then refuses"
expect_exit 0 ./example other-store "$pki/trust.pem" \
	"https://localhost:$evil_port/"
expect_out 'hello from localhost'
expect_requests evil 1
expect_exit 0 ./example store "$pki/trust.pem" "https://localhost:$web_port/"
expect_out 'hello from localhost'
expect_requests web 1
expect_exit 1 ./example store "$pki/trust.pem" "https://localhost:$evil_port/"
expect_err '^refused$'
expect_no_out 'hello'
expect_exit 0 ./example store "$pki/trust.pem" "https://localhost:$web_port/"
expect_requests web 2
expect_requests evil 1

about "what the pins allow and libcurl could not fetch is no success"
start_tlsserv cut --chain proxy --close -r \
	'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'
expect_exit 1 ./example store "$pki/trust.pem" "https://localhost:$cut_port/"
expect_out '^half'
expect_err '[Pp]artial'
expect_no_err '^refused$'

about "it says what it wants"
expect_exit 1 ./example
expect_err 'usage: STORE CAFILE URL'
