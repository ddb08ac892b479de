#!/bin/sh
# test_fetch_disk.sh - a disk that refuses: what is stored is enforced, what
# cannot be stored is said, and a store that cannot be read refuses.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
preload=$top_builddir/tests/support/.libs/libdiskfault.so
must test -f "$preload"
# AddressSanitizer wants to be the first library.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export ASAN_OPTIONS

make_pki 'many:intB:pin.test,new.test'
start_nginx web --site pin.test --chain many --site new.test \
	--chain many --header "Public-Key-Pins: $(header 1000 many backup)"
start_nginx fake --site pin.test --chain mitm
url=https://pin.test:$web_port/
count=0

# refusing CALL CODE FILE COMMAND...: while the disk refuses that
refusing()
{
	call=$1
	code=$2
	file=$3
	shift 3
	rm -f hit
	DISKFAULT_CALL=$call DISKFAULT_CODE=$code DISKFAULT_FILE=$file \
		DISKFAULT_LOG=$T/hit LD_PRELOAD=$preload timeout -k 5 60 "$@"
}

was_refused()
{
	[ -e hit ] && ok "something was refused" || fail "nothing was refused"
}

fetching()
{
	refusing "$1" "$2" "$3" pinfetch --store "$store" \
		--cacert "$pki/trust.pem" $(at "$4" "$5") "https://$4:$5/"
}

must pinstore --store "$store" pin pin.test "$(pin many)" "$(pin backup)" \
	>/dev/null
expect_exit 0 fetch $(at pin.test "$web_port") "$url"
count=1
expect_requests web 1
remember

# The errno's number, its words, the call and the file.
while read -r call code file words; do
	about "T-124 T-122 noting while $call of $file fails with $code"
	expect_exit 0 fetching "$call" "$code" "$file" new.test "$web_port"
	was_refused
	expect_out 'hello from new.test'
	expect_err '^pinfetch: warning: the pins that new.test sent could not be stored: '
	expect_err "could not be stored: .*$words"
	count=$((count + 1))
	expect_requests web $count
	expect_unchanged
	about "T-124 the impostor meets the pins meanwhile"
	expect_exit 90 fetching "$call" "$code" "$file" pin.test "$fake_port"
	expect_requests fake 0
	expect_no_out .
	expect_unchanged
	about "T-124 and the operator is told by pinstore"
	expect_exit 3 refusing "$call" "$code" "$file" \
		pinstore --store "$store" pin new.test "$(pin good)" \
		"$(pin backup)"
	expect_err "$words"
	expect_unchanged
done <<'END'
write 5 data.mdb Input/output error
write 28 data.mdb make room
write 122 data.mdb make room
write -5 data.mdb Input/output error
write 30 data.mdb Read-only file system
fdatasync 5 data.mdb Input/output error
fdatasync 28 data.mdb make room
fdatasync 122 data.mdb make room
END

while read -r call code file words; do
	about "T-119 T-120 reading while $call of $file fails with $code"
	expect_exit 120 fetching "$call" "$code" "$file" pin.test "$web_port"
	was_refused
	expect_err '^pinfetch: \(120\) .*pin\.test.*nothing was sent'
	expect_err "^  reason    .*$words"
	expect_no_out .
	expect_requests web $count
	expect_exit 120 fetching "$call" "$code" "$file" pin.test "$fake_port"
	expect_requests fake 0
	expect_exit 3 refusing "$call" "$code" "$file" \
		pinstore --store "$store" check pin.test --chain-none
	expect_no_out 'unpinned'
	expect_unchanged
done <<'END'
pread 5 data.mdb Input/output error
open 5 data.mdb Input/output error
open 13 data.mdb Permission denied
open 24 data.mdb allow more open files
open 13 lock.mdb Permission denied
open 5 gate Input/output error
mmap 12 data.mdb memory
END

about "the disk is well again: all is as it was"
expect_exit 0 fetch $(at pin.test "$web_port") "$url"
count=$((count + 1))
expect_requests web $count
expect_unchanged

about "T-124 a file system that is full"
# 300 KiB hold the lock file and not much more.
cat >"$T/full.sh" <<'END'
mount -t tmpfs -o size=420k,mode=0700 none "$1" || exit 77
shift
exec sh -e "$@"
END
cat >"$T/fill.sh" <<'END'
store=$1/store
pinstore --store "$store" pin pin.test "$2" "$3" >/dev/null
pinstore --store "$store" list >"$T/before"
head -c 2000000 /dev/zero >"$1/rest" 2>/dev/null && exit 98
code=0
pinfetch --store "$store" --cacert "$4" --resolve "new.test:$5:127.0.0.1" \
	"https://new.test:$5/" || code=$?
echo; echo "fetched $code"
code=0
pinstore --store "$store" pin late.test "$2" "$3" || code=$?
echo "pinned $code"
code=0
pinfetch --store "$store" --cacert "$4" --resolve "pin.test:$6:127.0.0.1" \
	"https://pin.test:$6/" || code=$?
echo "impostor $code"
pinstore --store "$store" list >"$T/after"
rm "$1/rest"
pinstore --store "$store" pin late.test "$2" "$3" >/dev/null
pinstore --store "$store" list late.test
END
mkdir "$T/small"
export T
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	expect_exit 0 unshare -m sh "$T/full.sh" "$T/small" "$T/fill.sh" \
		"$T/small" "$(pin many)" "$(pin backup)" "$pki/trust.pem" \
		"$web_port" "$fake_port"
	expect_out '^hello from new.test'
	expect_out '^fetched 0'
	expect_err '^pinfetch: warning: the pins that new.test sent could not be stored: .*make room'
	expect_out '^pinned 3'
	expect_err 'make room'
	expect_out '^impostor 90'
	expect_same before after
	expect_out '^late.test'
	count=$((count + 1))
	expect_requests web $count
	expect_requests fake 0
fi

about "T-119 T-120 T-124 a device that has no more blocks, and one that lost some"
# ext4 on a loop device, whose file is as full as its file system, then cut
# behind the first two pages of data.mdb.  Without nodioread_nolock ext4 loses
# what is written behind an error of the device, though fdatasync() succeeds.
cat >"$T/device.sh" <<'END'
for tool in mkfs.ext4 filefrag losetup; do
	command -v $tool >/dev/null || exit 77
done
mkdir back mnt
mount -t tmpfs -o size=18m none back || exit 77
truncate -s 16M back/image
mkfs.ext4 -q -b 4096 back/image || exit 77
losetup -f >/dev/null && mount -o loop,nodioread_nolock back/image mnt || exit 77
trap 'umount -l mnt back' EXIT
set -e
store=$PWD/mnt/own/store
mkdir -m 700 mnt/own
pinstore --store "$store" pin pin.test "$1" "$2" >/dev/null
pinstore --store "$store" export >before
sync
head -c 19000000 /dev/zero >back/rest 2>/dev/null && exit 98
code=0
pinfetch --store "$store" --cacert "$3" --resolve "new.test:$4:127.0.0.1" \
	"https://new.test:$4/" || code=$?
echo; echo "fetched $code"
code=0
pinstore --store "$store" pin late.test "$1" "$2" || code=$?
echo "pinned $code"
pinstore --store "$store" export >after
rm back/rest
pinstore --store "$store" pin late.test "$1" "$2" >/dev/null
pinstore --store "$store" fsck
# What is on the device, not in memory.
sync
umount mnt
mount -o loop,nodioread_nolock back/image mnt
pinstore --store "$store" fsck
pinstore --store "$store" list late.test
first=$(filefrag -v "$store/data.mdb" | awk '$1 == "0:" { print $4 + 0 }')
umount mnt
mount -o loop,nodioread_nolock back/image mnt
truncate -s $((first * 4096 + 8192)) back/image
code=0
pinfetch --store "$store" --cacert "$3" --resolve "pin.test:$5:127.0.0.1" \
	"https://pin.test:$5/" || code=$?
echo "impostor $code"
code=0
pinstore --store "$store" check pin.test --chain-none || code=$?
echo "checked $code"
END
mkdir device
cd device || exit 1
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	unshare -m sh "$T/device.sh" "$(pin many)" "$(pin backup)" \
		"$pki/trust.pem" "$web_port" "$fake_port" \
		>../out 2>../err </dev/null
	code=$?
	cd ..
	if [ $code -ne 77 ]; then
		[ $code -eq 0 ] && ok "all is played" ||
			fail "ended with $code: $(cat out err)"
		expect_out '^hello from new.test'
		expect_out '^fetched 0'
		expect_err '^pinfetch: warning: the pins that new.test sent could not be stored: .*make room'
		expect_out '^pinned 3'
		expect_same device/before device/after
		[ "$(grep -c '^sound: 2 names' out)" -eq 2 ] &&
			ok "sound in memory and on the device" ||
			fail "$(cat out)"
		expect_out '^late.test'
		expect_out '^impostor 120'
		expect_err '^  reason    its data.mdb is cut short or overwritten, or the disk does not give it$'
		expect_out '^checked 3'
		count=$((count + 1))
		expect_requests web $count
		expect_requests fake 0
	fi
fi
