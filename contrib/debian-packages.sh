#!/bin/sh
# debian-packages.sh - install packages on Debian without starting a service.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   debian-packages.sh missing PACKAGE...   print those that are not installed
#   debian-packages.sh install PACKAGE...   install them (as root)
#
# PACKAGE may be "a|b": any of them will do, and the first that the archive
# has is installed.  Nothing that is installed is removed.  While dpkg works,
# policy-rc.d forbids to start services; whatever stood in its place is put
# back afterwards, also after an interruption, by the next run at the latest.
set -u
policy=/usr/sbin/policy-rc.d
saved=$policy.pinstore-saved
mark='# pinstore: no services for a moment'

installed()
{
	dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2>/dev/null |
		grep -q '^.i '
}

# Any name of "a|b" will do.
satisfied()
{
	for name in $(echo "$1" | tr '|' ' '); do
		installed "$name" && return 0
	done
	return 1
}

missing()
{
	for package; do
		satisfied "$package" || printf '%s\n' "$package"
	done
}

# The first name of "a|b" that the archive has, else the first.
candidate()
{
	for name in $(echo "$1" | tr '|' ' '); do
		apt-cache show "$name" >/dev/null 2>&1 || continue
		echo "$name"
		return
	done
	echo "${1%%|*}"
}

restore_policy()
{
	rm -f "$policy.pinstore-new"
	if [ -e "$saved" ] || [ -L "$saved" ]; then
		mv -f "$saved" "$policy"
	elif grep -qsF "$mark" "$policy"; then
		rm -f "$policy"
	fi
}

forbid_services()
{
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy.pinstore-new" &&
		chmod 755 "$policy.pinstore-new" || return 1
	if [ -e "$policy" ] || [ -L "$policy" ]; then
		mv "$policy" "$saved" || return 1
	fi
	mv "$policy.pinstore-new" "$policy"
}

apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-remove \
		-o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
		"$@" 9<&- </dev/null
}

# Names are settled anew after each update.
install_all()
{
	names=
	for package; do
		names="$names $(candidate "$package")"
	done
	apt install --no-install-recommends $names
}

refuse_other_curl()
{
	case " $* " in
	*' libcurl4-gnutls-dev '*) ;;
	*) return 0 ;;
	esac
	for other in libcurl4-openssl-dev libcurl4-nss-dev; do
		installed "$other" || continue
		cat >&2 <<-END
		$0: libcurl4-gnutls-dev is needed, and it cannot stand beside
		$other, which is installed here.  Nothing was changed.
		If nothing here needs the other one:  apt-get remove $other
		END
		return 1
	done
}

install()
{
	[ "$(id -u)" -eq 0 ] || {
		echo "$0: install needs root" >&2
		exit 1
	}
	# One at a time: the policy is saved and put back once.
	exec 9</usr/sbin
	flock -w 900 9 || {
		echo "$0: another installation does not end" >&2
		exit 1
	}
	restore_policy
	wanted=$(missing "$@")
	[ -n "$wanted" ] || exit 0
	refuse_other_curl $wanted || exit 1
	trap restore_policy EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	forbid_services || exit 1
	install_all $wanted && exit 0
	echo "$0: once more, with fresh package lists" >&2
	apt update && install_all $wanted && exit 0
	echo "$0: could not install:" $wanted >&2
	exit 1
}

case ${1-} in
missing | install)
	command -v dpkg-query >/dev/null 2>&1 || {
		echo "$0: no dpkg here" >&2
		exit 2
	}
	"$@"
	;;
*)
	echo "usage: $0 missing|install PACKAGE..." >&2
	exit 2
	;;
esac
