#!/bin/sh
# test_pinstore_hash.sh - pins of certificates, requests and keys, compared with
# what openssl computes.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
must command -v openssl >/dev/null
must command -v certtool >/dev/null

# recipe KEY: the pin of RFC 7469, appendix A
recipe()
{
	openssl pkey -in "$1" -pubout -outform der |
		openssl dgst -sha256 -binary | openssl base64
}

# expect_pin BASE64 FILE...: each file has that pin
expect_pin()
{
	wanted=$1
	shift
	for file in "$@"; do
		if [ "$(pinstore hash "$file" 2>&1)" = "sha256//$wanted" ]; then
			ok "$file"
		else
			fail "$file: $(pinstore hash "$file" 2>&1)"
		fi
	done
}

# make_key NAME ARGUMENTS of genpkey...: the key in all the shapes it comes in
make_key()
{
	name=$1
	shift
	must openssl genpkey -quiet -out "$name.key" "$@"
	must openssl pkey -in "$name.key" -outform der -out "$name.key.der"
	must openssl pkey -in "$name.key" -pubout -out "$name.pub"
	must openssl pkey -in "$name.key" -pubout -outform der \
		-out "$name.pub.der"
	must openssl req -new -key "$name.key" -subj "/CN=$name.test" \
		-out "$name.csr"
	must openssl req -in "$name.csr" -outform der -out "$name.csr.der"
	must openssl req -x509 -key "$name.key" -subj "/CN=$name.test" \
		-days 1 -out "$name.crt"
	must openssl x509 -in "$name.crt" -outform der -out "$name.crt.der"
}

about "R-A-1: the recipe of appendix A, every kind of key and file"
make_key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
make_key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
make_key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
make_key p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
make_key ed25519 -algorithm ED25519
make_key ed448 -algorithm ED448
for name in rsa p256 p384 p521 ed25519 ed448; do
	expect_pin "$(recipe $name.key)" $name.key $name.key.der $name.pub \
		$name.pub.der $name.csr $name.csr.der $name.crt $name.crt.der
done
must openssl rsa -in rsa.key -traditional -out rsa.old 2>/dev/null
must openssl ec -in p256.key -out p256.old 2>/dev/null
must openssl ecparam -name prime256v1 -genkey -out params.key
expect_pin "$(recipe rsa.key)" rsa.old
expect_pin "$(recipe p256.key)" p256.old
expect_pin "$(recipe params.key)" params.key

about "R-2.4-1: the vector of requirements.md, from stdin"
printf '\060\052\060\005\006\003\053\145\160\003\041\000\327\132\230\001\202\261\012\267\325\113\376\323\311\144\007\072\016\341\162\363\332\246\043\045\257\002\032\150\367\007\121\032' >rfc8032.der
expect_exit 0 sh -c 'pinstore hash - <rfc8032.der'
expect_out '^sha256//BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=$'

about "formats"
b64=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
expect_format()
{
	expect_exit 0 pinstore hash --format "$1" rfc8032.der
	printf '%s\n' "$2" >wanted
	expect_same wanted out
}
expect_format curl "sha256//$b64"
expect_format rfc7469 "pin-sha256=\"$b64\""
expect_format gnutls "pin-sha256:$b64"
expect_format okhttp "sha256/$b64"
expect_format hex 06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9
expect_exit 0 pinstore hash --format json rfc8032.der
expect_json out 'd == [{"file": "rfc8032.der", "n": 1, "kind": "public-key", "subject": None, "pin": "BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k="}]'
expect_format nsc "<pin digest=\"SHA-256\">$b64</pin>"
expect_format trustkit "<string>$b64</string>"
expect_format tlsa "3 1 1 06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9"
expect_exit 2 pinstore hash --format tlsb rfc8032.der
expect_err 'tlsa'
# A certificate and its key in one file are one line for an app, not for DNS if
# the certificate is that of an authority.
expect_exit 0 pinstore hash --format nsc rfc8032.der rfc8032.der
expect_out_lines()
{
	[ "$(wc -l <out)" -eq "$1" ] && ok "$1 lines" || fail "$(cat out)"
}
expect_out_lines 1
expect_exit 0 pinstore hash rfc8032.der rfc8032.der
expect_out_lines 2
expect_exit 0 pinstore hash --format tlsa p256.crt p256.key
expect_out_lines 2
expect_exit 0 pinstore hash --format trustkit p256.crt p256.key
expect_out_lines 1

about "certtool and danetool say the same"
must openssl req -x509 -key p256.key -subj /CN=leaf.test -days 1 \
	-addext basicConstraints=critical,CA:FALSE -out leaf.crt
for name in rsa p256 ed25519; do
	certtool -i --infile $name.crt | sed -n 's/.*pin-sha256:/pin-sha256:/p' \
		>wanted
	expect_exit 0 pinstore hash --format gnutls $name.crt
	expect_same wanted out
	expect_exit 0 pinstore hash --format gnutls $name.key
	expect_same wanted out
done
for name in leaf rsa; do
	usage=--ca
	[ $name = leaf ] && usage=
	danetool --tlsa-rr $usage --host x.test --load-certificate $name.crt |
		sed -n 's/.*( 0\([0-9]\) 0\([0-9]\) 0\([0-9]\) \([0-9a-f]*\) ).*/\1 \2 \3 \4/p' \
		>wanted
	grep -q . wanted || fail "danetool says nothing of $name"
	expect_exit 0 pinstore hash --format tlsa $name.crt
	sed 's/^[01]/x/; s/^[23]/x/' wanted >one
	sed 's/^[23]/x/' out >two
	expect_same one two
done
expect_exit 0 pinstore hash --format tlsa leaf.crt rsa.crt rsa.key rsa.csr
[ "$(cut -c1-5 out | tr '\n' ,)" = "3 1 1,2 1 1,3 1 1," ] &&
	ok "an authority's key is an anchor" || fail "$(cat out)"

about "PKCS#7, PKCS#12, what is encrypted"
echo secret >password
printf 'wrong\n' >wrong
: >none
pkcs12()
{
	file=$1
	shift
	must openssl pkcs12 -export -out "$file" -passout "$@"
}
for name in rsa p256 ed25519; do
	right=$(recipe $name.key)
	pkcs12 $name.p12 pass:secret -inkey $name.key -in $name.crt
	pkcs12 $name-old.p12 pass:secret -legacy -inkey $name.key -in $name.crt
	pkcs12 $name-cert.p12 pass:secret -nokeys -in $name.crt
	pkcs12 $name-key.p12 pass:secret -nocerts -inkey $name.key
	pkcs12 $name-nomac.p12 pass:secret -nomac -inkey $name.key -in $name.crt
	pkcs12 $name-plain.p12 pass: -keypbe NONE -certpbe NONE \
		-inkey $name.key -in $name.crt
	pkcs12 $name-empty.p12 pass: -inkey $name.key -in $name.crt
	(echo -----BEGIN PKCS12-----; openssl base64 -in $name.p12
	echo -----END PKCS12-----) >$name.p12.pem
	must openssl crl2pkcs7 -nocrl -certfile $name.crt -out $name.p7
	must openssl crl2pkcs7 -nocrl -certfile $name.crt -outform der \
		-out $name.p7.der
	must openssl pkcs8 -topk8 -in $name.key -passout pass:secret \
		-out $name.locked
	must openssl pkcs8 -topk8 -in $name.key -passout pass:secret \
		-outform der -out $name.locked.der
	for file in $name.p12 $name-old.p12 $name-cert.p12 $name-key.p12 \
		$name-nomac.p12 $name.p12.pem $name.locked $name.locked.der; do
		expect_exit 0 pinstore hash --password-file password $file
		[ "$(sort -u out)" = "sha256//$right" ] && ok "$file" ||
			fail "$file: $(cat out)"
		expect_exit 2 pinstore hash --password-file wrong $file
		expect_err 'decrypted'
		expect_exit 2 pinstore hash --password-file none $file
	done
	for file in $name-empty.p12 $name-plain.p12 $name.p7 $name.p7.der; do
		expect_exit 0 pinstore hash $file
		[ "$(sort -u out)" = "sha256//$right" ] && ok "$file" ||
			fail "$file: $(cat out)"
	done
done
expect_exit 0 pinstore hash --json --password-file password p256.p12
expect_json out '[(x["n"], x["kind"], x["subject"]) for x in d] == [(1, "certificate", "CN=p256.test"), (2, "private-key", None)]'
expect_exit 0 pinstore hash --json p256-plain.p12
expect_json out '[x["kind"] for x in d] == ["certificate", "private-key"]'
cat rsa.crt p256.crt ed25519.crt >three.pem
must openssl crl2pkcs7 -nocrl -certfile three.pem -out three.p7
expect_exit 0 pinstore hash --json three.p7
expect_json out '[(x["n"], x["subject"]) for x in d] == [(1, "CN=rsa.test"), (2, "CN=p256.test"), (3, "CN=ed25519.test")]'
must openssl rsa -in rsa.key -traditional -aes256 -passout pass:secret \
	-out rsa.locked.old 2>/dev/null
expect_exit 0 pinstore hash --password-file password rsa.locked.old
expect_exit 2 pinstore hash --password-file absent rsa.locked
expect_err 'password-file cannot be read'
must openssl crl2pkcs7 -nocrl -out empty.p7
printf 'secret\r\nmore' >crlf
expect_exit 0 pinstore hash --password-file crlf rsa.p12

about "the password from a terminal"
"$python" - "$(command -v pinstore)" rsa.p12 >asked 2>&1 <<'END'
import os, pty, signal, sys
signal.alarm(60)
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], ["pinstore", "hash", sys.argv[2]])
seen = b""
sent = False
while True:
    try:
        more = os.read(fd, 4096)
    except OSError:
        break
    if not more:
        break
    seen += more
    if b": " in seen and not sent:
        sent = True
        os.write(fd, b"secret\n")
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
[ $? -eq 0 ] && ok "it was asked for" || fail "$(cat asked)"
grep -q '^Password of rsa.p12:' asked && ok "asked" || fail "$(cat asked)"
grep -q secret asked && fail "the password is shown" || ok "it is not shown"
grep -qF "sha256//$(recipe rsa.key)" asked && ok "the pin" ||
	fail "$(cat asked)"

about "JSON: members, their order, the parts of a file"
cat rsa.crt p256.crt ed25519.csr >chain.pem
expect_exit 0 pinstore hash --json chain.pem rsa.key
expect_json out '[list(x) for x in d] == [["file", "n", "kind", "subject", "pin"]] * 4'
expect_json out '[(x["file"], x["n"], x["kind"]) for x in d] == [("chain.pem", 1, "certificate"), ("chain.pem", 2, "certificate"), ("chain.pem", 3, "csr"), ("rsa.key", 1, "private-key")]'
expect_json out '[x["subject"] for x in d] == ["CN=rsa.test", "CN=p256.test", "CN=ed25519.test", None]'
expect_json out 'd[0]["pin"] == d[3]["pin"] != d[1]["pin"]'
[ "$(wc -l <out)" -eq 1 ] && ok "one line" || fail "more than one line"

about "a private key is not printed"
expect_exit 0 pinstore hash --json rsa.key
secret=$(sed -n 2p rsa.key)
expect_no_out "$secret"
expect_no_err "$secret"

# expect_refusal FILE WORDS: exit 2, nothing on stdout, the file is named
expect_refusal()
{
	expect_exit 2 pinstore hash "$1"
	[ -s out ] && fail "$1: something on stdout" || ok "nothing on stdout"
	expect_err "$1"
	expect_err "$2"
	expect_exit 2 pinstore hash --json rsa.crt "$1"
	[ -s out ] && fail "$1: something on stdout" || ok "nothing on stdout"
	expect_json err 'list(d) == ["error"] and list(d["error"]) == ["exit", "status", "message", "where", "hint"] and d["error"]["exit"] == 2'
}

about "wrong files"
: >empty
expect_refusal empty 'no certificate'
echo 'Dear reader' >text
expect_refusal text 'no certificate'
expect_refusal absent 'No such file'
mkdir folder
expect_refusal folder 'directory'
head -c 200 rsa.crt >cut.pem
expect_refusal cut.pem 'no end'
head -c 200 rsa.crt.der >cut.der
expect_refusal cut.der 'DER'
sed '3s/^..../!!!!/' rsa.crt >bent.pem
expect_refusal bent.pem 'base64'
sed 's/CERTIFICATE/PUBLIC KEY/' rsa.crt >label.pem
expect_refusal label.pem 'no public key'
sed 's/CERTIFICATE/CERTIFICATE REQUEST/' rsa.crt >label2.pem
expect_refusal label2.pem 'no certificate request'
sed 's/CERTIFICATE/X509 CRL/' rsa.crt >crl.pem
expect_refusal crl.pem 'neither a certificate'
{ cat rsa.crt.der; echo more; } >trailing.der
expect_refusal trailing.der 'DER'
must openssl pkey -in rsa.key -aes256 -passout pass:x -out locked.key
expect_refusal locked.key 'encrypted'
expect_err 'openssl pkey'
must openssl rsa -in rsa.key -traditional -aes256 -passout pass:x \
	-out locked.old 2>/dev/null
expect_refusal locked.old 'encrypted'
expect_refusal rsa.p12 'encrypted'
expect_refusal rsa.locked.der 'encrypted'
expect_refusal empty.p7 'no certificate in this PKCS#7'
head -c 500 rsa.p12 >cut.p12
expect_refusal cut.p12 'DER'
head -c 500 rsa.p7.der >cut.p7.der
expect_refusal cut.p7.der 'DER'
sed 's/PKCS7/PKCS12/' rsa.p7 >label.p12
expect_refusal label.p12 'no PKCS#12'
sed 's/CERTIFICATE/PKCS7/' rsa.crt >label.p7
expect_refusal label.p7 'no PKCS#7'
{ cat rsa.crt; head -c 300 p256.crt; } >half.pem
expect_refusal half.pem 'part 2'
expect_exit 2 pinstore hash
expect_err 'FILE'
expect_exit 2 pinstore hash --store "$store" rsa.crt
expect_err 'no option --store'
