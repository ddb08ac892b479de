#!/bin/sh
# test_fetch_store.sh - a store that cannot be used: 120, and nothing is sent.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
start_nginx web --site pin.test --chain good \
	--header "Public-Key-Pins: $(header 1000 good backup)"
url=https://pin.test:$web_port/
count=0

sound()
{
	chmod -R u+rwX "$store" 2>/dev/null
	rm -rf "$store"
	must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" \
		>/dev/null
}

# refused WORDS [STORE]: 120 with the path, a reason and a way out
refused()
{
	place=${2-$store}
	about "9 T-120 $1"
	expect_exit 120 timeout -k 5 60 pinfetch --store "$place" \
		--cacert "$pki/trust.pem" $(at pin.test "$web_port") "$url"
	expect_err '^pinfetch: \(120\) .*pin\.test.*nothing was sent'
	expect_err "^  store     $place\$"
	expect_err '^  reason    .'
	expect_err '^  mend      .'
	expect_no_out .
	expect_requests web $count
}

about "a sound store: the positive control in the same log"
sound
expect_exit 0 fetch $(at pin.test "$web_port") "$url"
count=1
expect_requests web 1

about "9 T-111 a new store is 0700 and 0600 under umask 000"
rm -rf "$store"
(umask 000 && fetch $(at pin.test "$web_port") "$url" >out 2>err)
count=2
expect_requests web 2
modes=$(find "$store" -printf '%m\n' | sort -u | tr '\n' ' ')
[ "$modes" = '600 700 ' ] && ok "modes are $modes" || fail "modes are $modes"

sound
printf 'no store\n' >"$store/data.mdb"
refused "not a store"
sound
truncate -s 5000 "$store/data.mdb"
refused "a truncated store"
sound
size=$(stat -c %s "$store/data.mdb")
head -c "$size" /dev/zero >"$store/data.mdb"
refused "a zeroed store"
sound
: >"$store/data.mdb"
refused "an empty file for a store"
sound
# The version in both of LMDB's heads; pinstore's own is in test_store_open.
for at in 20 4116; do
	printf '\011' | dd of="$store/data.mdb" bs=1 seek=$at conv=notrunc 2>/dev/null
done
refused "a store of a later version"
expect_err '^  reason    .*version'
expect_err '^  mend      use the pinstore that wrote the store$'
for seed in 1 2 3 4 5 6 7 8; do
	sound
	must "$python" - "$store/data.mdb" $seed <<'END'
import random, sys
random.seed(int(sys.argv[2]))
with open(sys.argv[1], "r+b") as file:
    size = file.seek(0, 2)
    file.seek(8192)
    file.write(random.randbytes(size - 8192))
END
	about "T-118 a store overwritten by what is none, seed $seed"
	expect_exit 120 fetch $(at pin.test "$web_port") "$url"
	expect_err '^pinfetch: \(120\) the pin store cannot be used'
	expect_err "^  store     $store\$"
	expect_err '^  reason    .'
	expect_err '^  mend      .'
	expect_no_out .
	expect_requests web $count
	expect_exit 3 pinstore --store "$store" check pin.test --json --chain-none
	expect_no_out .
	expect_json err 'd["error"]["exit"] == 3 and d["error"]["status"] == "damaged"'
done
sound
chmod 0777 "$store"
refused "a folder that others can write"
sound
chmod 0666 "$store/data.mdb"
refused "a file that others can write"
sound
chmod 0770 "$store"
refused "a folder that the group can write"
sound
mv "$store/data.mdb" "$store/there"
ln -s there "$store/data.mdb"
refused "a link for a file"
sound
mkdir "$T/elsewhere"
rm "$store/data.mdb"
mkdir "$store/data.mdb"
refused "a folder for a file"
rm -rf "$store"
: >"$store"
refused "a file for a folder"
rm -f "$store"
refused "a path below a file" "$pki/trust.pem/store"
refused "a path below /proc" /proc/none/store
refused "a name too long" "$T/$("$python" -c 'print("x" * 300)')"

if [ "$(id -u)" -eq 0 ]; then
	sound
	must chown -R nobody "$store"
	refused "a store of another owner"
else
	sound
	chmod 0000 "$store"
	refused "a store that cannot be read"
	sound
	chmod 0000 "$store/data.mdb"
	refused "a file that cannot be read"
	refused "a store of another owner" /etc
fi

about "9 what the operating system refuses comes with a way out of that"
sound
# whichever file it is that cannot be had
for limit in 4 5 6 7 8; do
	expect_exit 3 sh -c "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
		ulimit -n $limit; pinstore --store '$store' list"
	expect_err 'cannot be (used|opened): .*: allow more open files$'
done
expect_requests web $count

about "T-120 no more open files, and no more memory: refused, nothing is sent"
sound
for limit in 4 5 6 7 8; do
	expect_exit 120 sh -c "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
		ulimit -n $limit; pinfetch --store '$store' \
			--cacert '$pki/trust.pem' $(at pin.test "$web_port") '$url'"
	expect_err '^  reason    .*: allow more open files$'
	expect_no_out .
done
case $PS_CFLAGS in
*sanitize*) ;;
*)
	# From where a program starts to where it has what it needs.
	space=40000
	code=1
	: >codes
	while [ $code -ne 0 ] && [ $space -lt 4000000 ]; do
		(ulimit -v $space && fetch $(at pin.test "$web_port") "$url") \
			>out 2>err </dev/null
		code=$?
		echo "$code" >>codes
		[ $code -ne 120 ] || grep -q '^  reason    .*memory' err ||
			fail "$space KiB: $(cat err)"
		[ $code -eq 0 ] || [ ! -s out ] || fail "$space KiB: $(cat out)"
		space=$((space + space / 8))
	done
	[ $code -eq 0 ] && grep -qx 120 codes && ok "refused, then fetched" ||
		fail "$(tr '\n' ' ' <codes)"
	count=$((count + 1))
	;;
esac
expect_requests web $count

about "T-112 no lock, nor anything else, is left in a folder for all"
must mkdir tmp
expect_exit 0 env TMPDIR="$T/tmp" timeout 60 pinfetch --store "$store" \
	--cacert "$pki/trust.pem" $(at pin.test "$web_port") "$url"
count=$((count + 1))
must env TMPDIR="$T/tmp" pinstore --store "$store" backup copied
must env TMPDIR="$T/tmp" pinstore --store "$store" fsck
must rmdir tmp

about "120 stays, whatever the next URL does"
start_nginx plain --plain --site plain.test
sound
: >"$store/data.mdb"
expect_exit 120 fetch $(at pin.test "$web_port") $(at plain.test "$plain_port") \
	"$url" "http://plain.test:$plain_port/" -w '%{exitcode}\n'
expect_out '^hello from plain.test'
expect_requests plain 1
expect_requests web $count

about "http:// needs no store"
expect_exit 0 fetch $(at plain.test "$plain_port") "http://plain.test:$plain_port/"
expect_requests plain 2

about "--require-pin: 122 where no pin covers, http:// too"
rm -rf "$store"
expect_exit 122 fetch --require-pin $(at pin.test "$web_port") "$url"
expect_err '^pinfetch: \(122\) no pin covers pin.test: '
expect_err '^  next .* pin pin.test PIN BACKUP-PIN'
expect_requests web $count
expect_exit 122 fetch --require-pin $(at plain.test "$plain_port") \
	"http://plain.test:$plain_port/"
expect_err '^  next .*use https'
expect_exit 122 fetch --require-pin 'https://127.0.0.1:1/' \
	$(at pin.test "$web_port") "$url"
expect_requests web $count
expect_requests plain 2
must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" >/dev/null
expect_exit 0 fetch --require-pin $(at pin.test "$web_port") "$url"
count=$((count + 1))
expect_requests web $count

about "an empty folder is an empty store, \$PINSTORE names one"
rm -rf "$store"
mkdir -m 0700 "$store"
expect_exit 0 env PINSTORE="$store" timeout 60 pinfetch --cacert "$pki/trust.pem" \
	$(at pin.test "$web_port") "$url"
expect_exit 0 pinstore --store "$store" list --json
expect_json out 'len(d) == 1'
count=$((count + 1))
expect_requests web $count

about "T-124 a store that cannot be written goes on enforcing, and says so"
sound
must pinstore --store "$store" clear pin.test --source all --yes >/dev/null 2>&1
must pinstore --store "$store" pin other.test "$(pin good)" "$(pin backup)" >/dev/null
remember
# No file may grow, so nothing can be written to the store; what is said goes
# through a pipe.
limited()
{
	(
		trap - EXIT
		(
			trap - EXIT
			ulimit -f 0
			fetch "$@" 2>&1
		)
		echo $? >code
	) | cat
	return "$(cat code)"
}
expect_exit 0 limited $(at pin.test "$web_port") "$url"
expect_out 'hello from pin.test'
expect_out '^pinfetch: warning: the pins that pin.test sent could not be stored: '
count=$((count + 1))
expect_requests web $count
expect_unchanged
expect_exit 0 limited $(at pin.test "$web_port") -s "$url" -w ' %{pin_noted}.'
expect_out '^hello from pin.test \.$'
count=$((count + 1))
start_nginx fake --site other.test --chain multi
expect_exit 90 limited $(at other.test "$fake_port") "https://other.test:$fake_port/"
expect_requests fake 0
expect_requests web $count
expect_unchanged
expect_exit 0 fetch $(at pin.test "$web_port") "$url"
expect_exit 0 pinstore --store "$store" list pin.test --json
expect_json out 'len(d) == 1'
must pinstore --store "$store" clear other.test --source all --yes >/dev/null 2>&1
expect_exit 0 fetch $(at other.test "$fake_port") "https://other.test:$fake_port/"
expect_requests fake 1
