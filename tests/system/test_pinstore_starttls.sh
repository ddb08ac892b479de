#!/bin/sh
# test_pinstore_starttls.sh - how TLS begins on request, in each protocol, and
# everything that can be wrong with it.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

make_pki
mkdir one
start one "$python" "$servers/startserv.py" --pki "$pki" --mode "$T/mode" \
	--log "$T/one/log"
ca="--cacert $pki/trust.pem --resolve pin.test:$one_port:127.0.0.1"

# probe PROTOCOL FAULT
probe()
{
	echo "$1 $2" >mode
	timeout -k 5 60 pinstore --store "$store" probe "pin.test:$one_port" \
		--starttls "$1" $ca
}

# expect_fault PROTOCOL FAULT WORDS: exit 4, with the reason, and no more
expect_fault()
{
	expect_exit 4 probe "$1" "$2"
	expect_err "$3"
	expect_no_err "$(printf '\033')"
	expect_no_err "$(printf '\007')"
	[ -s out ] && fail "something on stdout" || ok "nothing on stdout"
}

for protocol in smtp lmtp imap pop3 ftp sieve ldap xmpp; do
	about "$protocol"
	expect_exit 0 probe $protocol none
	expect_out "^pin.test:$one_port: TLS1.3, the certificate is valid\$"
	expect_fault $protocol garbage \
		": the host answers \"|: the host's answer is no LDAP\$|: the host's answer is no XMPP\$|: the host's answer is no text\$|: the host's answer has more than 4096 octets"
	expect_fault $protocol close ': the host closed the connection before TLS began$|: the connection: '
	expect_fault $protocol middle ': the host closed the connection before TLS began$|: the connection: '
	expect_fault $protocol refused ': the host answers "|: the host refuses STARTTLS$'
	expect_fault $protocol inject '[0-9]+ octets came behind the answer to STARTTLS, before TLS began: they may be injected$'
	expect_fault $protocol plain 'TLS: |may be injected'
	expect_fault $protocol stop 'TLS: '
	[ $protocol = ldap ] && continue
	expect_fault $protocol endless ": the host's answer has more than 4096 octets\$|: the host's answer has a line of more than 4096 octets\$"
	[ $protocol = xmpp ] || expect_fault $protocol nul "the host's answer is no text\$"
	case $protocol in
	smtp | lmtp | imap | sieve | xmpp)
		expect_fault $protocol missing ': the host does not offer STARTTLS$'
		;;
	esac
	case $protocol in
	smtp | lmtp | ftp | sieve)
		expect_fault $protocol lines "(pin.test: greeting: the host's answer has more than|: the host's answer has more than) 200 lines\$"
		;;
	esac
done
grep -q received one/log && fail "something was sent" ||
	ok "nothing was sent over TLS"

about "another protocol than is spoken there"
echo "imap none" >mode
for protocol in smtp lmtp pop3 ftp sieve; do
	expect_exit 4 pinstore probe "pin.test:$one_port" --starttls $protocol $ca
	expect_err 'greeting: the host answers'
done
echo "smtp none" >mode
expect_exit 4 pinstore probe "pin.test:$one_port" $ca
expect_err 'TLS: '

about "silence has an end"
expect_fault smtp mute 'timed out: no answer within 20 seconds'
