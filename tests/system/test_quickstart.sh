#!/bin/sh
# test_quickstart.sh - quickstart's arguments, and packages without services,
# with an apt-get that is a stand-in: nothing is installed here.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

mkdir -p bin sbin tree/contrib
cp "$top_srcdir/quickstart" tree/
sed "s|^policy=.*|policy=$T/sbin/policy-rc.d|; s|</usr/sbin|<$T/sbin|" \
	"$top_srcdir/contrib/debian-packages.sh" >tree/contrib/debian-packages.sh
chmod +x tree/quickstart tree/contrib/debian-packages.sh
must grep -q "policy=$T" tree/contrib/debian-packages.sh
must grep -q "<$T/sbin" tree/contrib/debian-packages.sh
packages=$T/tree/contrib/debian-packages.sh

# stand_in NAME: the standard input becomes a program that is found first
stand_in()
{
	{
		echo '#!/bin/sh'
		cat
	} >"bin/$1"
	chmod +x "bin/$1"
}

stand_in dpkg-query <<END
for last; do :; done
grep -qx "\$last" "$T/installed" && echo 'ii '
END
stand_in apt-cache <<'END'
case $2 in absent*) exit 100 ;; esac
END
# Keeps its arguments and the policy it works under; fails as often as told.
stand_in apt-get <<END
echo "\$*" >>"$T/apt.log"
cat "$T/sbin/policy-rc.d" >"$T/policy.seen"
"$T/sbin/policy-rc.d" nginx start; echo \$? >"$T/policy.says"
if [ -s "$T/apt.fails" ]; then
	sed -i 1d "$T/apt.fails"
	exit 100
fi
for word; do
	case \$word in -* | install | update | *=*) ;; *) echo "\$word" ;; esac
done >>"$T/installed"
[ ! -f "$T/apt.slow" ] || { echo \$\$ >"$T/apt.pid"; sleep 2; }
END
stand_in id <<'END'
echo "${FAKE_UID:-0}"
END

# with COMMAND...: on a machine that has these programs
with()
{
	timeout -k 5 60 env PATH="$T/bin:$PATH" "$@"
}

fresh()
{
	rm -rf apt.log apt.fails apt.slow policy.seen policy.says sbin/*
	printf 'one\ntwo\n' >installed
}

about "arguments"
expect_exit 0 tree/quickstart --help
expect_out '^usage: ./quickstart '
expect_exit 2 tree/quickstart chekc
expect_err 'unknown argument: chekc'
expect_exit 2 tree/quickstart check more
expect_err 'unknown argument: more'
expect_exit 2 "$packages"
expect_exit 2 "$packages" remove one

about "what is there is not asked for"
fresh
expect_exit 0 with "$packages" missing one two 'absent|two' 'three|one'
[ -s out ] && fail "something is missing: $(cat out)" || ok "nothing is missing"
expect_exit 0 with "$packages" install one two 'three|one'
[ -e apt.log ] && fail "apt-get was called" || ok "apt-get was not called"
expect_exit 0 with "$packages" missing one three 'four|five'
[ "$(tr '\n' ' ' <out)" = 'three four|five ' ] && ok "the missing" ||
	fail "missing: $(cat out)"

about "a policy forbids services and is gone afterwards"
fresh
expect_exit 0 with "$packages" install one 'absent|three'
expect_same policy.says - <<END
101
END
expect_exit 0 cat apt.log
expect_out '--no-remove'
expect_out 'DPkg::Lock::Timeout='
expect_out ' three$'
expect_no_out 'update'
[ -z "$(ls -A sbin)" ] && ok "nothing is left" || fail "left: $(ls -A sbin)"

about "a policy that was there is put back as it was"
fresh
printf '#!/bin/sh\nexit 0 # the house rule\n' >sbin/policy-rc.d
chmod 751 sbin/policy-rc.d
cp -p sbin/policy-rc.d before
before=$(stat -c '%i %a %Y' sbin/policy-rc.d)
expect_exit 0 with "$packages" install three
expect_same policy.says - <<END
101
END
expect_same sbin/policy-rc.d before
[ "$(stat -c '%i %a %Y' sbin/policy-rc.d)" = "$before" ] && ok "the same file" ||
	fail "another file"
cp before house-rule
rm sbin/policy-rc.d
ln -s "$T/house-rule" sbin/policy-rc.d
expect_exit 0 with "$packages" install four
[ "$(readlink sbin/policy-rc.d)" = "$T/house-rule" ] &&
	ok "a link stays a link" || fail "the link is gone"
expect_same house-rule before

about "apt-get fails: once more with fresh lists, then said; policy restored"
fresh
cp -p before sbin/policy-rc.d
echo 1 >apt.fails
expect_exit 0 with "$packages" install three
expect_exit 0 cat apt.log
expect_out ' update$'
fresh
cp -p before sbin/policy-rc.d
printf '1\n2\n3\n4\n' >apt.fails
expect_exit 1 with "$packages" install three
expect_err 'could not install: three'
expect_same sbin/policy-rc.d before

about "interrupted: policy restored; killed: by the next run"
for signal in INT TERM HUP; do
	fresh
	cp -p before sbin/policy-rc.d
	touch apt.slow
	rm -f apt.pid
	# not through timeout, which would be the one that is signalled; and with
	# none ignored, as INT is for a shell's background commands, HUP by nohup
	PATH="$T/bin:$PATH" "$python" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$packages" install three >out 2>err &
	child=$!
	wait_for apt.pid $child
	kill -s $signal $child
	wait $child
	[ $? -ge 128 ] && ok "$signal ended it" || fail "$signal did not end it"
	expect_same sbin/policy-rc.d before
done
fresh
cp -p before sbin/policy-rc.d.pinstore-saved
printf '#!/bin/sh\n# pinstore: no services for a moment\nexit 101\n' \
	>sbin/policy-rc.d
expect_exit 0 with "$packages" install one
expect_same sbin/policy-rc.d before
rm sbin/policy-rc.d
printf '#!/bin/sh\n# pinstore: no services for a moment\nexit 101\n' \
	>sbin/policy-rc.d
expect_exit 0 with "$packages" install one
[ -z "$(ls -A sbin)" ] && ok "nothing is left" || fail "left: $(ls -A sbin)"

about "two at once wait for each other"
fresh
cp -p before sbin/policy-rc.d
touch apt.slow
with "$packages" install three >first 2>&1 &
first=$!
with "$packages" install three >second 2>&1
wait $first
[ "$(grep -c install apt.log)" -eq 1 ] && ok "one installed for both" ||
	fail "both installed: $(cat apt.log)"
expect_same sbin/policy-rc.d before

about "the other libcurl"
fresh
echo libcurl4-openssl-dev >>installed
expect_exit 1 with "$packages" install one libcurl4-gnutls-dev
expect_err 'cannot stand beside'
expect_err 'apt-get remove libcurl4-openssl-dev'
[ -e apt.log ] && fail "apt-get was called" || ok "apt-get was not called"

about "neither root nor sudo"
fresh
# Stand-ins first, links to the machine's own programs last: nothing is ever
# written where a link could lead to the machine.
mkdir plain
cp bin/* plain/
for tool in sh env dirname cat flock grep tr sed; do
	must ln -s "$(command -v $tool)" "plain/$tool"
done
expect_exit 1 env PATH="$T/plain" FAKE_UID=1000 tree/quickstart
expect_err 'neither root nor sudo'
expect_err 'liblmdb-dev'
[ -e apt.log ] && fail "apt-get was called" || ok "apt-get was not called"
expect_exit 1 with env FAKE_UID=1000 "$packages" install three
expect_err 'needs root'

about "a missing tool fails the check: without libcheck no unit test is built"
fresh
tr -cs 'a-z0-9.+-' '\n' <tree/quickstart >installed
mkdir -p tree/build-aux
: >tree/build-aux/ltmain.sh
# Writes what configure says of libcheck; and a make whose tests all pass.
cat >tree/configure <<END
#!/bin/sh
cat "$T/libcheck" >config.status
END
chmod +x tree/configure
stand_in make <<'END'
printf ':test-result: PASS\n' >"$2/test.trs"
END
for comment in '#' ''; do
	printf 'S["HAVE_CHECK_TRUE"]="%s"\n' "$comment" >libcheck
	rm -rf tree/build-*/config.status
	expect_exit "$([ -n "$comment" ] && echo 1 || echo 0)" \
		with env FAKE_UID=1000 tree/quickstart check
	[ -z "$comment" ] || expect_err 'libcheck is missing: build-check/'
	expect_out '^4 passed'
done
