#!/bin/sh
# test_embedding.sh - the programs of docs/embedding.md compile as it says, and
# hold real servers to their pins (R-2.6-7, T-001).
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

# Each block of code into the file that its first line names.
awk '
	/^```(c|python)$/ { on = 1; next }
	/^```$/ { on = 0 }
	on == 1 { file = $0; gsub(/^[^a-z]*|[^a-z.]*$/, "", file); on = 2 }
	on { print > file }
' "$top_srcdir/docs/embedding.md"
libs=$top_builddir/libpinstore/.libs
PKG_CONFIG_PATH=$top_builddir/libpinstore:$top_builddir/libpinstore/curl
export PKG_CONFIG_PATH

# built NAME MODULE...: as the text says, with all that a compiler has to say
built()
{
	name=$1
	shift
	flags=$(pkg-config --define-variable=libdir="$libs" --define-variable=\
includedir="$top_srcdir/libpinstore/include" --cflags --libs "$@") ||
		fail "pkg-config $*"
	expect_exit 0 ${CC:-cc} ${PS_CFLAGS-} -std=gnu11 -Wall -Wextra \
		-Wpedantic -Werror -I"$top_builddir/libpinstore/include" \
		-o "$name" "$name.c" $flags ${PS_LDFLAGS-} -Wl,-rpath,"$libs"
	[ -x "$name" ] || exit 1
	grep -qF "    cc -o $name $name.c \$(pkg-config --cflags --libs $*)" \
		"$top_srcdir/docs/embedding.md" ||
		fail "embedding.md does not say how $name is compiled"
}

about "embedding.md: its programs compile"
built many pinstore-curl
built loop pinstore gnutls
built mail pinstore gnutls

# What a program has when it gives up, it leaves to its end.
ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
export ASAN_OPTIONS

make_pki impostor:intB:localhost
trust=$pki/trust.pem
start_nginx web --site localhost --chain proxy \
	--header "Public-Key-Pins: $(header 600 proxy backup)"
start_nginx evil --site localhost --chain impostor
honest=https://localhost:$web_port/
wrong=https://localhost:$evil_port/

about "many.c: several transfers of one multi handle"
expect_exit 0 ./many curl "$trust" "$honest" "$honest?2" "$honest?3"
expect_requests web 3
expect_exit 1 ./many curl "$trust" "$honest" "$wrong"
expect_err "^$wrong: pin mismatch\$"
expect_requests web 4
expect_requests evil 0
expect_exit 2 ./many curl "$pki/none.pem" "$honest"
expect_exit 2 ./many curl "$trust" http://[
expect_exit 2 ./many

about "loop.c: a handshake that does not wait"
expect_exit 0 ./loop gnutls "$trust" localhost "$web_port"
expect_out '^HTTP/1\.1 200 OK'
expect_out '^noted$'
expect_exit 0 pinstore show localhost --store gnutls
expect_exit 1 ./loop gnutls "$trust" localhost "$evil_port"
expect_err '^pin mismatch$'
expect_requests evil 0
expect_exit 2 ./loop other "$pki/rootB.pem" localhost "$web_port"
expect_no_err 'pin mismatch'
expect_exit 2 ./loop other "$trust" 127.0.0.2 "$web_port"

about "mail.c: SMTP and IMAP with static pins"
for protocol in smtp imap; do
	start $protocol "$python" "$servers/mailserv.py" --pki "$pki" \
		--protocol $protocol --chain proxy --log "$T/$protocol.log"
	start bad_$protocol "$python" "$servers/mailserv.py" --pki "$pki" \
		--protocol $protocol --chain impostor --log "$T/bad_$protocol.log"
done
expect_exit 1 ./mail post "$trust" smtp localhost "$smtp_port"
expect_err '^localhost has no pins$'
must test ! -s smtp.log
must pinstore --store post pin localhost "$(pin proxy)" "$(pin backup)" \
	>/dev/null
expect_exit 0 ./mail post "$trust" smtp localhost "$smtp_port"
expect_out '^250 2\.0\.0 behind TLS'
expect_exit 0 ./mail post "$trust" imap localhost "$imap_port"
expect_out '^a2 OK behind TLS'
expect_exit 1 ./mail post "$trust" smtp localhost "$bad_smtp_port"
expect_err '^pin mismatch$'
expect_exit 1 ./mail post "$trust" imap localhost "$bad_imap_port"
expect_err '^pin mismatch$'
cat bad_smtp.log bad_imap.log >told
grep -q '^tls' told && fail "something was said behind TLS: $(cat told)"
must grep -q '^plain .*STARTTLS' told

about "mail.c: a server that has no TLS, or says too much before it"
start odd "$python" "$servers/mailserv.py" --pki "$pki" --protocol smtp \
	--chain proxy --go-ahead '454 4.7.0 not now\r\n'
expect_exit 2 ./mail post "$trust" smtp localhost "$odd_port"
expect_err '^no STARTTLS$'
start early "$python" "$servers/mailserv.py" --pki "$pki" --protocol smtp \
	--chain proxy --go-ahead '220 ready\r\n250 injected\r\n'
expect_exit 2 ./mail post "$trust" smtp localhost "$early_port"
expect_no_out injected
start mute "$python" "$servers/mailserv.py" --pki "$pki" --protocol imap \
	--chain proxy --greeting '* BYE\r\n'
expect_exit 2 ./mail post "$trust" imap localhost "$mute_port"

about "pins.py: Python's own TLS, which is OpenSSL"
if [ -z "${PS_LDFLAGS-}" ]; then
	LD_LIBRARY_PATH=$libs
	export LD_LIBRARY_PATH
	must pinstore --store ctypes pin localhost "$(pin proxy)" \
		"$(pin backup)" >/dev/null
	expect_exit 0 "$python" pins.py ctypes "$trust" localhost "$web_port"
	expect_out '^HTTP/1\.1 200 OK'
	before=$(requests evil)
	expect_exit 1 "$python" pins.py ctypes "$trust" localhost "$evil_port"
	expect_err '^pin mismatch$'
	expect_requests evil "$before"
	must truncate -s 100 ctypes/data.mdb
	expect_exit 1 "$python" pins.py ctypes "$trust" localhost "$web_port"
	expect_err 'OSError: store .*damaged'
fi
