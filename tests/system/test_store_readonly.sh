#!/bin/sh
# test_store_readonly.sh - stores that can be read and not written: they
# enforce, note nothing, and say so.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
start_nginx web --site pin.test --chain multi --site a.test --chain multi \
	--header "Public-Key-Pins: $(header 1000 multi backup)"
a=$(pin multi)
b=$(pin backup)
other=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
must pinstore --store "$store" pin pin.test "$a" "$b" >/dev/null
must pinstore --store "$store" pin bad.test $other --no-backup >/dev/null
must pinstore --store "$store" backup copy >/dev/null
must pinstore --store "$store" backup --publish published >/dev/null

# reads_only DIR REASON: enforced, fetched, warned of, not written
reads_only()
{
	before=$(cd "$1" && sha256sum data.mdb)
	expect_exit 0 pinfetch --store "$1" --cacert "$pki/trust.pem" \
		$(at a.test $web_port) https://a.test:$web_port/
	expect_err "could not be stored: .*$2"
	expect_no_err 'more could not be stored'
	# It is told once, and how often it was met.
	for more in '' -Z; do
		expect_exit 0 pinfetch --store "$1" --cacert "$pki/trust.pem" \
			$more $(at a.test $web_port) https://a.test:$web_port/ \
			https://a.test:$web_port/ https://a.test:$web_port/
		expect_err "could not be stored: .*$2"
		expect_err '^pinfetch: warning: for the same reason 2 more could not be stored$'
		[ "$(grep -c warning err)" -eq 2 ] && ok "two warnings" ||
			fail "not two warnings: $(cat err)"
	done
	expect_exit 0 pinfetch -s --store "$1" --cacert "$pki/trust.pem" \
		$(at a.test $web_port) https://a.test:$web_port/
	expect_no_err .
	expect_exit 0 pinstore --store "$1" check --chain-pin "$a" pin.test
	expect_exit 90 pinstore --store "$1" check --chain-pin $other pin.test
	expect_exit 90 pinfetch --store "$1" --cacert "$pki/trust.pem" \
		--connect-to bad.test:443:127.0.0.1:1 \
		--connect-to pin.test:443:127.0.0.1:$web_port \
		--pinnedpubkey "sha256//$other" https://pin.test/
	for words in "pin x.test $a $b" "clear --yes pin.test" "revoke --yes $other" \
		"expire" \
		"bypass pin.test --for 1h --reason x"; do
		expect_exit 3 pinstore --store "$1" $words
		expect_err "$2"
	done
	expect_exit 1 pinstore --store "$1" show a.test
	[ "$(cd "$1" && sha256sum data.mdb)" = "$before" ] &&
		ok "$1 is as it was" || fail "$1 has changed"
}

about "T-119: a backup, and a published store"
reads_only copy 'it is a backup'
reads_only published 'it is a published copy'

if [ "$(id -u)" -eq 0 ] && mkdir mnt bind &&
	mount -t tmpfs -o mode=755 none mnt 2>/dev/null; then
	about "T-119: a read-only file system"
	trap 'umount -l bind mnt 2>/dev/null; exit 143' HUP INT TERM
	must cp -r "$store" mnt/store
	must chmod 700 mnt/store
	must mount -o remount,ro mnt
	reads_only mnt/store 'its file system is read-only'
	must mount -o remount,rw mnt
	expect_exit 0 pinstore --store mnt/store pin x.test "$a" "$b"
	about "T-119: a way that is read-only into one that is not"
	if mount --bind mnt bind && mount -o remount,bind,ro bind; then
		expect_exit 3 pinstore --store bind/store list
		expect_err 'pinstore backup --publish'
		expect_exit 120 pinfetch --store bind/store https://pin.test/
		umount bind
	fi
	umount mnt
fi

about "T-119: a network file system"
preload=$top_builddir/tests/support/.libs/libdiskfault.so
must test -f "$preload"
# AddressSanitizer wants to be the first library.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export ASAN_OPTIONS

# on_nfs COMMAND...: while all files lie on one
on_nfs()
{
	DISKFAULT_FS=6969 LD_PRELOAD=$preload timeout -k 5 60 "$@"
}

remember
expect_exit 3 on_nfs pinstore --store "$store" list
expect_err 'lies on NFS, a network file system'
expect_err 'use a local directory'
expect_exit 3 on_nfs pinstore --store "$store" --json show pin.test
expect_json err 'd["error"]["status"] == "remote"'
expect_exit 3 on_nfs pinstore --store "$store" pin x.test "$a" "$b"
expect_exit 3 on_nfs pinstore --store "$store" fsck
expect_err 'lies on NFS'
expect_exit 120 on_nfs pinfetch --store "$store" --cacert "$pki/trust.pem" \
	$(at pin.test $web_port) https://pin.test:$web_port/
expect_err 'lies on NFS'
expect_unchanged
expect_exit 3 on_nfs pinstore --store new/store pin x.test "$a" "$b"
[ ! -e new ] && ok "nothing was made" || fail "a directory was made"
expect_exit 0 on_nfs pinstore --store published check --chain-pin "$a" pin.test
expect_exit 90 on_nfs pinstore --store published check --chain-pin $other pin.test
PINSTORE_ALLOW_REMOTE=1
export PINSTORE_ALLOW_REMOTE
expect_exit 0 on_nfs pinstore --store "$store" check --chain-pin "$a" pin.test
expect_exit 0 on_nfs pinstore --store "$store" pin x.test "$a" "$b"
# It is said that not all was looked at, and what it says shows the rest.
expect_exit 1 on_nfs pinstore --store "$store" doctor
expect_out '^warning: the pages of the store were not looked at [(]not-walked[)]$'
expect_out "^  $store  store $store: lies on NFS, a network file system"
expect_exit 1 on_nfs pinstore --store "$store" doctor --json
expect_json out '[(f["meaning"], f["remedy"]) for f in d if f["finding"] == "not-walked"] == [("Its entries could be read; but a page that was lost, and what is damaged and was not asked for, is not found so.", "pinstore backup DIR to a local directory, then pinstore fsck --store DIR")]'
expect_exit 0 on_nfs pinstore --store "$store" backup walked
expect_exit 0 pinstore fsck --store walked
expect_exit 1 pinstore --store "$store" doctor
expect_no_out 'not-walked'
PINSTORE_ALLOW_REMOTE=yes
expect_exit 3 on_nfs pinstore --store "$store" list
unset PINSTORE_ALLOW_REMOTE
