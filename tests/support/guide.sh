# guide.sh - the commands of a text in docs/, run as they stand.  After lib.sh:
#
#     . "$top_srcdir/tests/support/guide.sh"
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# They run in ./work, with $store as PINSTORE, and find what stands in ./bin
# before anything else.
#
#   stand_in NAME          write ./bin/NAME, a script whose lines are the input;
#                          $real is what NAME would be without it
#   pinfetch_finds NAME:PORT... [-- OPTION...]   a pinfetch for which NAME:443 is
#                          PORT here, also where the text connects to it by
#                          --connect-to; it trusts the lab, and has the OPTIONs
#   reloads ID...          (echo) lines that let each of these nginx read its
#                          files again, and wait for the worker that has them
#   guide TEXT             run docs/TEXT and judge it

PINSTORE=$store
export PINSTORE
must mkdir work bin

stand_in()
{
	{
		echo '#!/bin/sh'
		echo "real=$(command -v "$1")"
		cat
	} >"bin/$1"
	must chmod +x "bin/$1"
}

pinfetch_finds()
{
	named=
	found=
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		named="$named	*:${1%:*}:443) word=\${word%:*:443}:127.0.0.1:${1#*:} ;;
"
		found="$found --connect-to ${1%:*}:443:127.0.0.1:${1#*:}"
		shift
	done
	[ $# -eq 0 ] || shift
	stand_in pinfetch <<END
for word; do
	shift
	case \$word in
$named	esac
	set -- "\$@" "\$word"
done
exec \$real --cacert $pki/trust.pem $* "\$@" $found
END
}

reloads()
{
	cat <<END
for at in $(printf "$T/%s " "$@"); do
	started()
	{
		grep -c 'start worker process [0-9]' "\$at/error.log"
	}
	before=\$(started)
	kill -HUP "\$(cat "\$at/nginx.pid")"
	tries=0
	until [ "\$(started)" -gt "\$before" ]; do
		tries=\$((tries + 1))
		[ \$tries -lt 400 ] || exit 1
		sleep 0.05
	done
	sleep 0.1
done
END
}

guide()
{
	about "docs/$1"
	(cd work && PATH=$T/bin:$PATH "$python" \
		"$top_srcdir/tests/system/walkthrough.py" \
		"$top_srcdir/docs/$1") >steps 2>&1
	code=$?
	cat steps
	if [ $code -eq 0 ]; then
		ok "$(tail -n 1 steps)"
	else
		fail "a command went otherwise"
	fi
}
