#!/bin/sh
# test_recipes_headers.sh - fields that an attacker, or a careless server, sends:
# what of them is noted, and that nothing else changes.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# T-072, T-081, T-084 and T-087 are in test_fetch_headers.sh; the fields go
# through the parser alone in tests/unit/test_header.c as well.
. "$top_srcdir/tests/support/lib.sh"
make_pki
A=$(fingerprint good)
B=$(fingerprint backup)
P="pin-sha256=\"$A\"; pin-sha256=\"$B\""
H="max-age=1000; $P"
F='HTTP/1.1 200 OK\r\nContent-Length: 0\r\nPublic-Key-Pins:'
n=0
# A sanitizer's shadow memory counts as the process's own.
kib=65536
case ${PS_CFLAGS-} in *-fsanitize*) kib=2097152 ;; esac

cat >answers.py <<'PYTHON'
"""answers.py DIR: lines "WORD TEXT" become answers DIR/1, DIR/2 ...

WORD is what %{pin_noted} is to say; TEXT the value of the field, or a whole
answer if it begins with "HTTP/".  TEXT knows the escapes of serving.py, and
@A@, @B@, @H@, and @N*TEXT*@, N times TEXT.
"""
import os
import re
import sys

sys.path.insert(0, os.environ["servers"])
import serving  # noqa: E402

folder = sys.argv[1]
os.mkdir(folder)
with open(folder + "/words", "w", newline="\n") as words:
    for i, line in enumerate(sys.stdin.read().splitlines(), 1):
        word, _, text = line.partition(" ")
        for name in "ABH":
            text = text.replace("@%s@" % name, os.environ[name])
        text = re.sub(r"@(\d+)\*(.*?)\*@",
                      lambda m: m.group(2) * int(m.group(1)), text)
        answer = serving.octets(text)
        if not answer.startswith(b"HTTP/"):
            answer = b"HTTP/1.1 200 OK\r\nPublic-Key-Pins: " + answer + \
                b"\r\nContent-Length: 2\r\n\r\nok"
        with open("%s/%d" % (folder, i), "wb") as file:
            file.write(answer)
        words.write("%s %s\n" % (word, line.partition(" ")[2][:70]))
PYTHON
export servers A B H

# each OPTION...: fetch each answer that stands on stdin, from one server, in the
# state that is kept; what is not noted leaves it as it is.
each()
{
	n=$((n + 1))
	must "$python" answers.py "a$n"
	files=
	count=$(wc -l <"a$n/words")
	i=0
	while [ $i -lt "$count" ]; do
		i=$((i + 1))
		files="$files -f a$n/$i"
	done
	# shellcheck disable=SC2086
	start_tlsserv s$n --chain good --close $files
	eval "port=\$s${n}_port"
	while IFS=' ' read -r word text <&3; do
		restore
		# shellcheck disable=SC2046
		fetch $(at pin.test "$port") -s -w '%{pin_noted}' -o body "$@" \
			"https://pin.test:$port/" >out 2>err </dev/null
		got=$?
		said=$(cat out)
		if [ $got -eq 0 ] && [ "${said:-none}" = "$word" ]; then
			ok "$word: $text"
		else
			fail "exit $got, '$said', not $word: $text"
			tail -n 5 err
		fi
		case $word in
		noted | updated | removed) ;;
		*) expect_unchanged ;;
		esac
	done 3<"a$n/words"
	expect_requests s$n "$count"
	stop s$n
}

# The state before each answer: pin.test is pinned, or not, and another host is.
known()
{
	unknown
	must pinstore --store "$store" note --chain-pin "$A" pin.test "$H" >/dev/null
	keep
}

unknown()
{
	rm -rf "$store"
	must pinstore --store "$store" pin other.test "$A" "$B" >/dev/null
	keep
}

keep()
{
	rm -rf kept
	cp -a "$store" kept
	remember
}

restore()
{
	rm -rf "$store"
	cp -a kept "$store"
}

stored()
{
	expect_exit 0 pinstore --store "$store" list --json
	expect_json out "$1"
}

# other FILE: what FILE, a listing, has of other.test
other()
{
	"$python" -c 'import json, sys
for entry in json.load(open(sys.argv[1])):
    if entry["host"] == "other.test":
        print(entry)' "$1"
}

about "T-070 max-age in other words, on a host that is pinned"
known
each <<END
ignored max-age=abc; $P
ignored max-age=; $P
ignored max-age=-1; $P
ignored max-age=+1; $P
ignored max-age=1.5; $P
ignored max-age=1e3; $P
ignored max-age=0x10; $P
ignored max-age=1 2; $P
ignored max-age='1'; $P
ignored max-age="; $P
ignored max-age=0 0; $P
ignored max-age=-0
ignored max-age=0.0
updated max-age=1;1; $P
updated max-age="1"; $P
END
stored '[e["max_age_sent"] for e in d if e["host"] == "pin.test"] == [1]'

about "T-071 only pins of other kinds"
each -S <<END
removed max-age=1000; pin-sha1="2jmj7l5rSw0yVb/vlWAYkK/YBwk="
removed max-age=1000; pin-foo="x"
END
expect_err '^pinfetch: warning: pin\.test sent no pin of a known kind'
stored '[e["host"] for e in d] == ["other.test"]'
about "T-071 the same over a chain that does not match"
start_tlsserv foreign --chain mitm -r 'HTTP/1.1 200 OK\r\nPublic-Key-Pins: max-age=1000; pin-foo="x"\r\nContent-Length: 0\r\n\r\n'
restore
expect_exit 90 fetch $(at pin.test "$foreign_port") "https://pin.test:$foreign_port/"
expect_requests foreign 0
expect_unchanged

about "T-073 pins where no pin stands"
unknown
each <<END
ignored max-age=1000; report-uri="https://x.test/?pin-sha256=@A@"; pin-sha256="@B@"
ignored max-age=1000; report-uri="https://x.test/?pin-sha256=\\\\"@A@\\\\""; pin-sha256="@B@"
ignored max-age=1000; x-pin-sha256="@A@"; pin-sha256="@B@"
ignored max-age=1000; foo="; pin-sha256=@A@;"; pin-sha256="@B@"
ignored max-age=1000; foo="; pin-sha256=\\\\"@A@\\\\";"; pin-sha256="@B@"
ignored max-age=1000; pin-sha256; $P
ignored max-age=1000; pin-sha256=; $P
ignored max-age=1000; $P; pin-sha256="
ignored max-age=1000; pin-sha256=""; $P
ignored max-age=1000; pin-sha256="x"; $P
ignored x
ignored "
ignored =
ignored ;
ignored ""
noted max-age=1000; foo=";"; bar=""; $P
noted max-age=1000; report-uri="https://x.test/a;pin-sha256=;b"; $P
END
stored 'sorted(p for e in d if e["host"] == "pin.test" for p in e["pins"]) == sorted(__import__("os").environ[x] for x in "AB")'
stored '[e["report_uri"] for e in d if e["host"] == "pin.test"] == ["https://x.test/a;pin-sha256=;b"]'

about "T-074 what is too large is the cap, exactly"
for age in 2147483647 2147483648 4294967296 9223372036854775807 \
	9223372036854775808 18446744073709551616 \
	1000000000000000000000000000000 @4000*9*@ 5184001; do
	each <<END
noted max-age=$age; $P
END
	stored '[e["expires_epoch"] - e["noted_epoch"] for e in d if e["host"] == "pin.test"] == [5184000]'
	other remembered.json >other.before
	other out >other.now
	expect_same other.before other.now
done
must pinstore --store "$store" config max-age-cap 100 >/dev/null
keep
each <<END
updated max-age=101; $P
END
stored '[e["expires_epoch"] - e["noted_epoch"] for e in d if e["host"] == "pin.test"] == [100]'

about "T-075 base64 that is none"
known
each <<END
ignored max-age=1000; pin-sha256="${A%=}"; $P
ignored max-age=1000; pin-sha256="$A="; $P
ignored max-age=1000; pin-sha256="${A%=}A"; $P
ignored max-age=1000; pin-sha256="$(echo "$A" | sed 's/^\(.....\)./\1=/')"; $P
ignored max-age=1000; pin-sha256="$(echo "$A" | sed 's/^\(.....\)./\1-/')"; $P
ignored max-age=1000; pin-sha256="$(echo "$A" | sed 's/^\(.....\)./\1_/')"; $P
ignored max-age=1000; pin-sha256=" $A"; $P
ignored max-age=1000; pin-sha256="$A "; $P
ignored max-age=1000; pin-sha256="$(echo "$A" | sed 's/^...../& /')"; $P
ignored max-age=1000; pin-sha256="AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=="; $P
ignored max-age=1000; pin-sha256="AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC"; $P
ignored max-age=1000; pin-sha256="@90000*A*@"; $P
updated max-age=1000; pin-sha256="AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="; $P
updated max-age=1000; pin-sha256="AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgJ="; $P
END
about "T-075 stray bits are refused by --strict-header alone"
each --strict-header <<END
ignored max-age=1000; pin-sha256="AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgJ="; $P
updated max-age=1000; pin-sha256="AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="; $P
END

about "T-076 too much of it"
cat >bounded.py <<'PYTHON'
"""Run a command: a signal, 10 s or too much memory is exit 99."""
import resource
import subprocess
import sys

process = subprocess.Popen(sys.argv[2:])
try:
    code = process.wait(10)
except subprocess.TimeoutExpired:
    process.kill()
    sys.exit(99)
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
sys.exit(99 if code < 0 or used > int(sys.argv[1]) else code)
PYTHON
known
must "$python" answers.py big <<END
long HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: max-age=7; $P\\r\\nX: @90000*x*@\\r\\nContent-Length: 2\\r\\n\\r\\nok
over HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: @102401*x*@\\r\\nContent-Length: 2\\r\\n\\r\\nok
over HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: @1048576*x*@\\r\\nContent-Length: 2\\r\\n\\r\\nok
over HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: max-age=9@5000*; pin-sha256="$A"*@\\r\\nContent-Length: 2\\r\\n\\r\\nok
fits HTTP/1.1 200 OK\\r\\n@10000*X: y\\r\\n*@Content-Length: 2\\r\\n\\r\\nok
limit HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: max-age=9@50000*;*@\\r\\nContent-Length: 2\\r\\n\\r\\nok
limit HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: max-age=9@65*;x*@\\r\\nContent-Length: 2\\r\\n\\r\\nok
END
start_tlsserv big --close -f big/1 -f big/2 -f big/3 -f big/4 -f big/5 -f big/6 \
	-f big/7
while read -r word text <&3; do
	restore
	wanted=0
	[ "$word" = over ] && wanted=27 # as libcurl has it
	# shellcheck disable=SC2046
	expect_exit $wanted "$python" bounded.py $kib pinfetch --store "$store" \
		--cacert "$pki/trust.pem" $(at pin.test "$big_port") -o body -v \
		"https://pin.test:$big_port/"
	case $word in
	over)
		# and in words of what happened
		expect_err '^pinfetch: \(27\) .*The answer has a header line of more than 100 KiB, or there is no memory left'
		expect_no_err '[Oo]ut of memory'
		;;
	limit) expect_err 'ignored, limit' ;;
	long) stored '[e["max_age_sent"] for e in d if e["host"] == "pin.test"] == [7]' ;;
	esac
	[ "$word" = long ] || expect_unchanged
done 3<big/words

about "T-086 R-2.1-14 a control octet, also where libcurl cuts it off"
known
each <<END
ignored max-age=0\\r; $P
ignored max-age=0\\rx
ignored max-age=7; $P\\r
ignored max-age=0\\x0b
ignored max-age=0\\x0c
ignored max-age=0\\x7f
ignored max-age=0;\\r\\n x\\ry
ignored $F max-age=0\\rx\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\n
removed $F max-age=0\\r\\nPublic-Key-Pins: max-age=0\\rx\\r\\n\\r\\n
removed HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nPublic-Key-Pins-Report-Only: x\\rx\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\n
removed HTTP/1.1 103 Early\\r\\nPublic-Key-Pins: x\\rx\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\n
removed $F max-age=0\\r\\nX: y\\r\\n z\\rz\\r\\n\\r\\n
END

about "T-077 a field in interim answers, trailers and a proxy's words"
unknown
each <<END
none HTTP/1.1 100 Continue\\r\\nPublic-Key-Pins: @H@\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n
none HTTP/1.1 102 Processing\\r\\nPublic-Key-Pins: @H@\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n
none HTTP/1.1 103 Early\\r\\nPublic-Key-Pins: @H@\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n
none HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n2\\r\\nok\\r\\n0\\r\\nPublic-Key-Pins: @H@\\r\\n\\r\\n
noted HTTP/1.1 103 Early\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nPublic-Key-Pins: @H@\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n2\\r\\nok\\r\\n0\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\n
END
start_tlsserv origin --chain good
for status in '200 Connection established' '407 Who' '502 No'; do
	start_proxy via --map "pin.test:443=$origin_port" \
		--connect-status "$status" --connect-field "Public-Key-Pins: $H"
	restore
	wanted=56
	[ "${status%% *}" = 200 ] && wanted=0
	expect_exit $wanted fetch -x "http://127.0.0.1:$via_port" -o body \
		https://pin.test/
	expect_requests via 1
	expect_unchanged
	stop via
	rm -f via/log
done
expect_requests origin 1

about "T-078 folded fields: one line, or, with nothing on the first, ignored whole"
unknown
each <<END
noted $F max-age=1000;\\r\\n pin-sha256="@A@"; pin-sha256="@B@"\\r\\n\\r\\n
noted $F max-age=1000;\\r\\n\\tpin-sha256="@A@"; pin-sha256="@B@"\\r\\n\\r\\n
noted $F max-age=1000;\\r\\n \\t pin-sha256="@A@"\\r\\n  ;\\r\\n\\t\\tpin-sha256="@B@"\\r\\n \\r\\n\\r\\n
ignored $F\\r\\n max-age=1000; pin-sha256="@A@"; pin-sha256="@B@"\\r\\n\\r\\n
ignored $F \\r\\n\\tmax-age=1000; pin-sha256="@A@"; pin-sha256="@B@"\\r\\n\\r\\n
noted $F max-age=1000; foo="a\\r\\n b"; pin-sha256="@A@"; pin-sha256="@B@"\\r\\n\\r\\n
ignored $F max-age=1000; pin-sha256="@A@\\r\\n "; pin-sha256="@B@"\\r\\n\\r\\n
ignored $F max-age=10\\r\\n 00; pin-sha256="@A@"; pin-sha256="@B@"\\r\\n\\r\\n
END
about "T-078 as a guide of that time has it"
restore
start_tlsserv guide --chain good -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: pin-sha256=\"$A\";\\r\\n                 pin-sha256=\"$B\";\\r\\n                 max-age=15768000; includeSubDomains\\r\\nContent-Length: 0\\r\\n\\r\\n"
expect_exit 0 fetch $(at pin.test "$guide_port") "https://pin.test:$guide_port/"
stored '[(len(e["pins"]), e["max_age_sent"], e["include_subdomains"]) for e in d if e["host"] == "pin.test"] == [(2, 15768000, True)]'

about "T-079 two fields, on a host that is pinned"
known
each <<END
updated $F max-age=5; $P\\r\\nPublic-Key-Pins: @H@\\r\\n\\r\\n
ignored $F max-age\\r\\nPublic-Key-Pins: @H@\\r\\n\\r\\n
updated $F max-age=5; $P\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\n
removed $F max-age=0\\r\\nPublic-Key-Pins: @H@\\r\\n\\r\\n
ignored $F @H@, @H@\\r\\n\\r\\n
END

about "T-080 what is no answer of HTTP, what stands in a body, plain http"
unknown
each <<END
none HTTP/1.1 200 OK\\r\\n\\r\\nPublic-Key-Pins: @H@
none HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\n\\r\\n<meta http-equiv="Public-Key-Pins" content='@H@'>
END
start_tlsserv old --chain good --close -r "Public-Key-Pins: $H\\r\\n\\r\\n"
restore
expect_exit 1 fetch $(at pin.test "$old_port") "https://pin.test:$old_port/"
expect_requests old 1
expect_unchanged
start_tlsserv clear --plain -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $H\\r\\nContent-Length: 0\\r\\n\\r\\n"
expect_exit 0 fetch $(at pin.test "$clear_port") "http://pin.test:$clear_port/"
expect_requests clear 1
expect_unchanged

about "D-14 T-082 an anchor of one's own: judged like others, unless it is listed"
M=$(header 1000 mitm backup)
known
start_tlsserv local --chain mitm -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $M\\r\\nContent-Length: 0\\r\\n\\r\\n" \
	-r 'HTTP/1.1 200 OK\r\nPublic-Key-Pins: max-age=0\r\nContent-Length: 0\r\n\r\n'
expect_exit 90 fetch $(at pin.test "$local_port") "https://pin.test:$local_port/"
expect_requests local 0
expect_unchanged
must pinstore --store "$store" config anchors "$pki/rootB.pem" >/dev/null
for i in 1 2; do
	expect_exit 0 fetch $(at pin.test "$local_port") -w '%{pin_status}' \
		"https://pin.test:$local_port/"
	expect_out '^bypassed$'
	expect_requests local $i
	expect_unchanged
done
must pinstore --store "$store" config anchors --unset >/dev/null
expect_exit 90 fetch $(at pin.test "$local_port") "https://pin.test:$local_port/"
expect_requests local 2
expect_unchanged

about "T-083 Report-Only: nothing is refused and nothing stored"
known
O='HTTP/1.1 200 OK\r\nContent-Length: 0\r\nPublic-Key-Pins-Report-Only:'
W=$(header 1000 mitm backup)
each <<END
ignored $O $W\\r\\n\\r\\n
ignored $O $W; report-uri="https://r.invalid/x"\\r\\n\\r\\n
ignored $O max-age=0\\r\\n\\r\\n
ignored $O max-age=1000; pin-foo="x"\\r\\n\\r\\n
updated $O $W; report-uri="https://r.invalid/x"\\r\\nPublic-Key-Pins: max-age=7; $P\\r\\n\\r\\n
END
unknown
each <<END
ignored $O $W; report-uri="https://r.invalid/x"\\r\\n\\r\\n
ignored $O @H@; report-uri="https://r.invalid/x"\\r\\n\\r\\n
noted $O $W\\r\\nPublic-Key-Pins: @H@\\r\\n\\r\\n
END

about "T-085 the field's name, and what is none"
each <<END
noted HTTP/1.1 200 OK\\r\\npublic-key-pins: @H@\\r\\nContent-Length: 0\\r\\n\\r\\n
noted HTTP/1.1 200 OK\\r\\nPUBLIC-KEY-PINS:@H@\\r\\nContent-Length: 0\\r\\n\\r\\n
none HTTP/1.1 200 OK\\r\\nPublic-Key-Pins : @H@\\r\\nContent-Length: 0\\r\\n\\r\\n
none HTTP/1.1 200 OK\\r\\nX-Public-Key-Pins: @H@\\r\\nContent-Length: 0\\r\\n\\r\\n
none HTTP/1.1 200 OK\\r\\nPublic-Key-Pins2: @H@\\r\\nContent-Length: 0\\r\\n\\r\\n
END

about "T-086 each octet at six places, and every prefix"
"$python" "$top_srcdir/tests/system/header_octets.py" make "$H" octets ||
	fail "the answers cannot be made"
# shellcheck disable=SC2046
start_tlsserv served --chain good $(cat octets/list)
rm -rf "$store"
fetch -s -w '%{pin_noted}\n' -o /dev/null \
	-K octets/urls --connect-to "::127.0.0.1:$served_port" >octets/out 2>err
expect_exit 0 "$python" "$top_srcdir/tests/system/header_octets.py" judge "$H" octets
expect_no_out '^FAIL'
expect_out '^ok: [0-9]+ answers'
