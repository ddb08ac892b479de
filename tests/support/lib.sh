# lib.sh - what the system tests share.  Source it first:
#
#     . "$top_srcdir/tests/support/lib.sh"
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A test runs in a folder of its own, $T, which is the current folder and HOME
# and is removed at the end with the processes that were started here, each by
# its number.  A script passes if it has judged something and nothing failed.
# Call nothing of this in a subshell but what is marked (echo).
#
#   about WORDS            what follows, with its requirement ids (R-2.6-2 T-001)
#   ok WORDS, fail WORDS   one judgement
#   sanitized N            (echo) N in a build with sanitizers, otherwise 1: how
#                          far a long loop goes, which quickstart lets the build
#                          that is shipped run in full (FULL_SYSTEM_TESTS)
#   must COMMAND...        preparation: if it fails the test ends, failed
#
#   expect_exit CODE COMMAND...   run, a program for at most 900 s; standard
#                          output to ./out, error to ./err (shown on failure)
#   expect_out PATTERN     a line of ./out, ./err matches (grep -E) or not
#   expect_err PATTERN
#   expect_no_out PATTERN
#   expect_no_err PATTERN
#   expect_same FILE FILE  octet by octet
#   expect_json FILE EXPRESSION   Python expression that is true; d is the JSON
#                          value in FILE, lines is all of them if one a line
#
#   make_pki [NAME:ISSUER:SAN[,SAN...]]...   the lab of mkpki.py, in $pki, with
#                          further leaves if wanted
#   pin NAME               (echo) sha256//... of a certificate of the lab
#   header MAX_AGE NAME... [-- MORE]   (echo) a Public-Key-Pins value with the
#                          pins of these, and MORE behind it
#   fingerprint NAME       (echo) bare base64
#
#   start_nginx ID ARGUMENT...     nginx.py; sets ${ID}_port, log in ID/access.log
#   start_tlsserv ID ARGUMENT...   tlsserv.py; sets ${ID}_port, log in ID/log
#   start_proxy ID ARGUMENT...     proxy.py; sets ${ID}_port, log in ID/log
#   start_collector ID ARGUMENT... collector.py; sets ${ID}_port, log in ID/log;
#                          the n-th request is ID/n.head and ID/n.body
#   start ID COMMAND...    any other server; it gets the option --ready ID/port
#                          and writes its port there; sets ${ID}_port, ${ID}_pid
#   stop ID
#   requests ID            (echo) how many requests ID's log has
#   expect_requests ID N   there are N; waits for the N-th, as servers log late
#
#   store                  path of a store that does not exist yet, $T/store
#   fetch ARGUMENT...      pinfetch --store $store --cacert $pki/trust.pem ...
#   at NAME PORT           (echo) --resolve NAME:PORT:127.0.0.1
#   remember               keep `pinstore list --json` of $store ...
#   expect_unchanged       ... and compare it with what it says now

set -u
: "${top_srcdir:?is not set; run this with make check TESTS=...}"
: "${top_builddir:?is not set; run this with make check TESTS=...}"
. "$top_srcdir/tests/support/linked.sh"
python=/usr/bin/python3
servers=$top_srcdir/tests/servers
# The tools themselves, not libtool's wrappers, which take twice their time.
# Without a shared library there are none.
PATH=$top_builddir/tools/pinstore:$top_builddir/tools/pinfetch:$PATH
PATH=$top_builddir/tools/pinstore/.libs:$top_builddir/tools/pinfetch/.libs:$PATH
LD_LIBRARY_PATH=$top_builddir/libpinstore/.libs
PYTHONDONTWRITEBYTECODE=1
LC_ALL=C.UTF-8
export PATH LD_LIBRARY_PATH PYTHONDONTWRITEBYTECODE LC_ALL
unset PINSTORE XDG_DATA_HOME XDG_CONFIG_HOME SSLKEYLOGFILE NO_COLOR \
	http_proxy https_proxy all_proxy no_proxy \
	HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY CURL_HOME

# Not that of this machine.
PINSTORE_SYSTEM=/nonexistent/system
export PINSTORE_SYSTEM

T=$(mktemp -d "${TMPDIR:-/tmp}/pinstore-system.XXXXXX") || exit 99
HOME=$T
export HOME
pki=$T/pki
store=$T/store
judged=0
failures=0
subject=
running=

cleanup()
{
	status=$?
	trap '' HUP INT TERM
	for entry in $running; do
		kill "${entry#*=}" 2>/dev/null
	done
	for entry in $running; do
		wait "${entry#*=}" 2>/dev/null
	done
	cd / && chmod -R u+rwX "$T" 2>/dev/null
	rm -rf "$T"
	if [ "$status" -eq 0 ] && [ "$judged" -eq 0 ]; then
		echo "FAIL: nothing was judged"
		status=1
	fi
	[ "$failures" -eq 0 ] || status=1
	echo "$judged judged, $failures failed"
	trap - EXIT
	exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$T" || exit 99

# ------------------------------------------------------------- judgements

about()
{
	subject=$*
	echo "-- $subject"
}

ok()
{
	judged=$((judged + 1))
	echo "ok: ${subject:+$subject: }$*"
}

fail()
{
	judged=$((judged + 1))
	failures=$((failures + 1))
	echo "FAIL: ${subject:+$subject: }$*"
}

sanitized()
{
	case ${PS_CFLAGS-} in
	*-fsanitize*) echo "$1" ;;
	*) echo 1 ;;
	esac
}

must()
{
	"$@" || {
		fail "cannot be prepared: $*"
		exit 1
	}
}

expect_exit()
{
	wanted=$1
	shift
	case $(command -v "$1") in
	*/timeout) "$@" >out 2>err </dev/null ;;
	/*) timeout -k 5 900 "$@" >out 2>err </dev/null ;;
	*) "$@" >out 2>err </dev/null ;; # a function sets its own limit
	esac
	got=$?
	if [ "$got" -eq "$wanted" ]; then
		ok "exit $wanted of $*"
		return 0
	fi
	fail "exit $got, not $wanted, of $*"
	tail -n 20 out err
	return 1
}

# matches FILE PATTERN YES|NO
matches()
{
	if grep -Eq -e "$2" "$1"; then
		found=yes
	else
		found=no
	fi
	if [ "$found" = "$3" ]; then
		ok "./$1 matches '$2': $found"
		return 0
	fi
	fail "./$1 matches '$2': $found; it is:"
	tail -n 30 "$1"
	return 1
}

expect_out() { matches out "$1" yes; }
expect_err() { matches err "$1" yes; }
expect_no_out() { matches out "$1" no; }
expect_no_err() { matches err "$1" no; }

expect_same()
{
	if cmp -s "$1" "$2"; then
		ok "$1 and $2 are the same"
		return 0
	fi
	fail "$1 and $2 differ"
	diff "$1" "$2" | tail -n 20
	return 1
}

expect_json()
{
	"$python" - "$1" "$2" <<'END' && ok "$1: $2" && return 0
import json, sys
text = open(sys.argv[1], encoding="utf-8").read()
try:
    d = json.loads(text)
    lines = [d]
except ValueError:
    lines = [json.loads(line) for line in text.splitlines()]
    d = lines[0] if lines else None
if not eval(sys.argv[2]):
    print(text[:3000])
    sys.exit(1)
END
	fail "$1: $2"
	return 1
}

# ---------------------------------------------------------------- the lab

make_pki()
{
	must "$python" "$top_srcdir/tests/support/mkpki.py" "$pki" "$@"
}

fingerprint()
{
	sed -n "s|^$1=sha256//||p" "$pki/pins.txt" | grep .
}

pin()
{
	sed -n "s|^$1=||p" "$pki/pins.txt" | grep .
}

header()
{
	value="max-age=$1"
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		value="$value; pin-sha256=\"$(fingerprint "$1")\""
		shift
	done
	if [ $# -gt 1 ]; then
		shift
		value="$value; $*"
	fi
	printf '%s\n' "$value"
}

# ---------------------------------------------------------------- servers

# wait_for FILE PID: until the server has written it
wait_for()
{
	tries=0
	until [ -s "$1" ]; do
		tries=$((tries + 1))
		if [ "$tries" -gt 400 ] || ! kill -0 "$2" 2>/dev/null; then
			return 1
		fi
		sleep 0.05
	done
}

start()
{
	id=$1
	shift
	mkdir -p "$T/$id"
	rm -f "$T/$id/port"
	"$@" --ready "$T/$id/port" >"$T/$id/server.out" 2>&1 </dev/null &
	server=$!
	running="$running $id=$server"
	wait_for "$T/$id/port" "$server" || {
		fail "the server $id does not start"
		cat "$T/$id/server.out"
		exit 1
	}
	eval "${id}_port=\$(cat \"\$T/\$id/port\"); ${id}_pid=\$server"
}

start_nginx()
{
	id=$1
	shift
	start "$id" "$python" "$servers/nginx.py" --dir "$T/$id" --pki "$pki" "$@"
	wait_for "$T/$id/nginx.pid" "$server" || {
		fail "nginx $id does not start"
		cat "$T/$id/server.out" "$T/$id/error.log"
		exit 1
	}
}

start_tlsserv()
{
	id=$1
	shift
	start "$id" "$python" "$servers/tlsserv.py" --log "$T/$id/log" \
		--pki "$pki" "$@"
}

start_proxy()
{
	id=$1
	shift
	start "$id" "$python" "$servers/proxy.py" --log "$T/$id/log" \
		--pki "$pki" "$@"
}

start_collector()
{
	id=$1
	shift
	mkdir -p "$T/$id"
	start "$id" "$python" "$servers/collector.py" --log "$T/$id/log" \
		--dir "$T/$id" --pki "$pki" "$@"
}

stop()
{
	left=
	for entry in $running; do
		if [ "${entry%%=*}" = "$1" ]; then
			kill "${entry#*=}" 2>/dev/null
			wait "${entry#*=}" 2>/dev/null
		else
			left="$left $entry"
		fi
	done
	running=$left
}

# nginx logs a line for each request; ours a line "request ..." before answering
requests()
{
	if [ -f "$T/$1/access.log" ]; then
		grep -c . "$T/$1/access.log"
	elif [ -f "$T/$1/log" ]; then
		grep -c '^request ' "$T/$1/log"
	else
		echo 0
	fi
}

expect_requests()
{
	tries=0
	while [ "$(requests "$1")" -lt "$2" ] && [ "$tries" -lt 40 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	seen=$(requests "$1")
	if [ "$seen" -eq "$2" ]; then
		ok "$seen requests in the log of $1"
		return 0
	fi
	fail "$seen requests in the log of $1, not $2"
	tail -n 20 "$T/$1/access.log" "$T/$1/log" 2>/dev/null
	return 1
}

# ------------------------------------------------------------ the tools

fetch()
{
	timeout -k 5 180 pinfetch --store "$store" --cacert "$pki/trust.pem" "$@"
}

at()
{
	printf -- '--resolve %s:%s:127.0.0.1\n' "$1" "$2"
}

remember()
{
	must pinstore --store "$store" list --json >"$T/remembered.json"
}

expect_unchanged()
{
	pinstore --store "$store" list --json >"$T/listed.json" 2>"$T/listed.err"
	expect_same "$T/remembered.json" "$T/listed.json"
}
