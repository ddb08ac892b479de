#!/bin/sh
# test_differential.sh - command lines mean to pinfetch what they mean to curl:
# differential.table, through Debian's curl and through pinfetch.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
curl=/usr/bin/curl
table=$top_srcdir/tests/system/differential.table
make_pki
start echo "$python" "$servers/echo.py"
start raw "$python" "$servers/raw.py"
mkdir -p web/root/dir
n=0
while [ $n -lt 100 ]; do
	printf '%09d\n' $n
	n=$((n + 1))
done >web/root/whole
cp web/root/whole web/root/dir/name.txt
: >web/root/nothing
for copy in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	cat web/root/whole
done >web/root/long
printf 'us:{PLAIN}pw\n' >web/users

# What a site has; a redirect to elsewhere has its URL in the query.
places()
{
	cat <<END
location /static/ { alias $T/web/root/; }
location /gzip/ {
	alias $T/web/root/;
	gzip on; gzip_min_length 1; gzip_types *;
}
location /disposed/ {
	alias $T/web/root/;
	add_header Content-Disposition 'attachment; filename="given.txt"';
}
location /disposed-token/ {
	alias $T/web/root/;
	add_header Content-Disposition 'inline; filename=token.txt; x=y';
}
location /disposed-path/ {
	alias $T/web/root/;
	add_header Content-Disposition 'attachment; filename="../../up.txt"';
}
location /disposed-dot/ {
	alias $T/web/root/;
	add_header Content-Disposition 'attachment; filename=".curlrc"';
}
location /disposed-empty/ {
	alias $T/web/root/;
	add_header Content-Disposition 'attachment; filename=""';
}
location /disposed-up/ {
	alias $T/web/root/;
	add_header Content-Disposition 'attachment; filename=..';
}
location /disposed-old/ {
	alias $T/web/root/;
	add_header Content-Disposition 'attachment; filename=old';
}
location /disposed-open/ {
	alias $T/web/root/;
	add_header Content-Disposition 'attachment; filename="open';
}
location /disposed-windows/ {
	alias $T/web/root/;
	add_header Content-Disposition 'attachment; filename="..\\up.txt"';
}
location /disposed-star/ {
	alias $T/web/root/;
	add_header Content-Disposition "attachment; filename*=UTF-8''star.txt";
}
location /disposed-upper/ {
	alias $T/web/root/;
	add_header Content-Disposition 'attachment; FILENAME=up.txt';
}
location /auth/ {
	auth_basic lab;
	auth_basic_user_file $T/web/users;
	proxy_pass http://127.0.0.1:$echo_port;
}
location /cookie/ {
	add_header Set-Cookie 'set=here; Path=/';
	add_header Set-Cookie 'deep=there; Path=/echo/deep';
	proxy_pass http://127.0.0.1:$echo_port;
}
location /cookie-go/ {
	add_header Set-Cookie 'way=along; Path=/' always;
	return 302 /echo/after;
}
location /chain/1 { return 302 /chain/2; }
location /chain/2 { return 301 /chain/3; }
location /chain/3 { return 307 /echo/end; }
location /loop { return 302 /loop; }
location /relative/ { return 302 ../echo/rel; }
location /query { return 302 /echo/q?\$args; }
location /fragment { return 302 /echo/f#frag; }
location /ftp { return 302 ftp://pin.test/; }
location /nowhere { return 302 https://127.0.0.1:1/; }
location = /303-body { return 303 /echo/see; }
location /e404 { return 404 'not here'; }
location /e500 { return 500 'broken'; }
location /e401 { return 401 'who'; }
location /e204 { return 204; }
location /e304 { return 304; }
location /e399 { return 399 'odd'; }
location /e400 { return 400 'bad'; }
location /e503 { return 503 'busy'; }
location /drop { return 444; }
location /hsts/ {
	add_header Strict-Transport-Security 'max-age=1000';
	proxy_pass http://127.0.0.1:$echo_port;
}
END
	for code in 301 302 303 307 308; do
		echo "location /same$code { return $code /echo/$code; }"
		echo "location /to$code { return $code \$arg_url; }"
	done
	echo "proxy_pass http://127.0.0.1:$echo_port;"
	echo 'client_max_body_size 10m; break;'
}
places >places
start_nginx web --http2 --site pin.test --chain multi --conf "include $T/places;" \
	--site other.test --chain multi --conf "include $T/places;"
start_nginx plain --plain --site pin.test --conf "include $T/places;" \
	--site other.test --conf "include $T/places;"
start_nginx old --tls 1.2 --site pin.test --conf "include $T/places;"

# compare TABLE AT_LEAST PINFETCH
compare()
{
	rm -rf compared
	mkdir compared
	timeout -k 5 900 "$python" "$top_srcdir/tests/support/differential.py" \
		"$1" "$curl" "$3" "$pki/trust.pem" "$T/compared" "$2" \
		W=https://pin.test:$web_port O=https://other.test:$web_port \
		X=https://wrong.test:$web_port H=http://pin.test:$plain_port \
		G=http://other.test:$plain_port T12=https://pin.test:$old_port \
		RAW=http://127.0.0.1:$raw_port RP=$raw_port \
		P=$web_port PKI="$pki" PIN="$(pin multi)" NOPIN="$(pin backup)" \
		PORTS=$web_port,$plain_port,$old_port >told 2>&1
}

about "a table that is right, and one that is not"
printf '%s\n' '{W}/echo' '! out: for the test' '{W}/echo -A me' >small
cat >bent <<'END'
#!/bin/sh
exec pinfetch "$@" -H 'X-Bent: 1'
END
chmod +x bent
compare small 1 "$(command -v pinfetch)" && fail "a difference that does not come" ||
	ok "a difference that is wanted must come"
grep -q 'differs: nothing, wanted: out' told && ok "and is named" || fail "$(cat told)"
printf '%s\n' '{W}/echo' '-K /nonexistent {W}/e404' >small
compare small 2 "$(command -v pinfetch)" && ok "both the same" || fail "$(cat told)"
compare small 3 "$(command -v pinfetch)" && fail "too few" || ok "too few lines fail"
compare small 2 "$T/bent" && fail "a bent pinfetch passes" || ok "a bent one fails"
grep -q 'line 1: .*/echo' told && ok "and is named" || fail "$(cat told)"
grep -q 'line 2: ' told && fail "what is the same is named" || ok "but no other"

about "differential.table"
if compare "$table" 550 "$(command -v pinfetch)"; then
	ok "$(tail -n 1 told)"
else
	fail "$(cat told)"
fi
