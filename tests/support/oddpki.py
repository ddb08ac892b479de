#!/usr/bin/python3
"""oddpki.py - certificates of the lab that are out of shape, or too large.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: oddpki.py DIR DER      DIR is mkpki.py's; DER a certificate whose DSA key
                              inherits its parameters

Chains (NAME.chain and NAME.key), all for pin.test:
  many        mitm below intB, and 400 strays
  huge        a leaf of 90 KiB, by intB
  rsa16k      a leaf with an RSA key of 16384 bits, by intB
  dsa         good below intA, and the DSA authority as a stray
  dsa-mitm    mitm below intB, and the same stray
  cnonly      a leaf whose name is in the subject alone, beside a URI, by intA
  srvonly     the same beside a SRV name
  longsan     the same, and one name of 64 KiB that is not pin.test, by intA
  excluded    by intN, whose constraints exclude PIN.TEST
  excluded-up PIN.test by intM, whose constraints exclude pin.test
  v1          below an authority of X.509 version 1, by rootA
  leafca      below the leaf good, which is no authority
  nobasic     below a certificate by intA that does not say what it is
  cycle       below cyc1, which cyc2 signed, which cyc1 signed

cyc1.pem is one to be trusted.  Nothing here is valid but many, huge, rsa16k,
dsa and dsa-mitm, and cycle where cyc1 is trusted.
"""
import base64
import datetime
import os
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import (ExtendedKeyUsageOID, NameOID,
                                   ObjectIdentifier)

NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
DAY = datetime.timedelta(days=1)
out, dsa_file = sys.argv[1:]


def path(name):
    return os.path.join(out, name)


def read(name):
    with open(path(name), "rb") as file:
        return file.read()


def write(name, octets):
    with open(path(name), "wb") as file:
        file.write(octets)


def load(name):
    """A certificate and its key that mkpki.py made."""
    return (x509.load_pem_x509_certificate(read(name + ".pem")),
            serialization.load_pem_private_key(read(name + ".key"), None))


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def make(name, issuer, extensions, key=None, holder=None, public=None):
    """(certificate, key); issuer is such a pair or a name with a key."""
    key = key or new_key()
    by, signer = issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(holder or subject(name))
        .issuer_name(by if isinstance(by, x509.Name) else by.subject)
        .public_key(public or key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 365 * DAY)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(
            extension, (x509.BasicConstraints, x509.NameConstraints)))
    return builder.sign(signer, hashes.SHA256()), key


def leaf(*names):
    return [x509.BasicConstraints(ca=False, path_length=None),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            x509.SubjectAlternativeName(list(names))]


def authority(*more):
    return [x509.BasicConstraints(ca=True, path_length=None), *more]


def pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def chain(name, key, *members):
    write(name + ".chain", b"".join(pem(member) for member in members))
    write(name + ".key", key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))


def fixed_point(scale, terms):
    """floor(2^8062 * sum of terms(one)), with guard bits."""
    guard = 256
    return terms(1 << (scale + guard)) >> guard


def arctan(one, inverse):
    total = term = one // inverse
    n = 3
    while term:
        term //= -inverse * inverse
        total += term // n
        n += 2
    return total


def pi(one):
    return 4 * (4 * arctan(one, 5) - arctan(one, 239))


def euler(one):
    total = term = one
    n = 1
    while term:
        term //= n
        total += term
        n += 1
    return total


def integer(value):
    """An INTEGER in DER."""
    octets = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return tagged(0x02, octets)


def tagged(tag, octets):
    size = len(octets)
    if size < 128:
        return bytes([tag, size]) + octets
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + size.to_bytes(width, "big") + octets


def wide_rsa():
    """Public key, and private key in PEM, of two known primes of 8192 bits:
    RFC 3526, 7 and RFC 7919, A.5.  To make such a key takes minutes."""
    base = 2 ** 8192 - 2 ** 8128 - 1
    p = base + 2 ** 64 * (fixed_point(8062, pi) + 4743158)
    q = base + 2 ** 64 * (fixed_point(8062, euler) + 10965728)
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = (0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    der = tagged(0x30, b"".join(integer(number) for number in numbers))
    return (rsa.RSAPublicNumbers(e, p * q).public_key(),
            b"-----BEGIN RSA PRIVATE KEY-----\n" + base64.encodebytes(der)
            + b"-----END RSA PRIVATE KEY-----\n")


def too_large():
    mitm, mitm_key = load("mitm")
    int_b = load("intB")
    chain("many", mitm_key, mitm, int_b[0], *[load("rootB")[0]] * 400)
    padding = x509.UnrecognizedExtension(
        ObjectIdentifier("1.3.6.1.4.1.55555.1"), bytes(90 * 1024))
    huge, key = make("huge", int_b, leaf(x509.DNSName("pin.test")) + [padding])
    chain("huge", key, huge, int_b[0])
    public, private = wide_rsa()
    wide, key = make("rsa16k", int_b, leaf(x509.DNSName("pin.test")),
                     public=public)
    chain("rsa16k", key, wide, int_b[0])
    write("rsa16k.key", private)


def strays():
    with open(dsa_file, "rb") as file:
        stray = x509.load_der_x509_certificate(file.read())
    for name, by, to in (("good", "intA", "dsa"), ("mitm", "intB", "dsa-mitm")):
        cert, key = load(name)
        chain(to, key, cert, load(by)[0], stray)


def names():
    by = load("intA")
    root = load("rootA")
    holder = subject("pin.test")
    uri = x509.UniformResourceIdentifier("https://elsewhere.test/")
    # id-on-dnsSRV, an IA5String: _https.elsewhere.test
    srv = x509.OtherName(ObjectIdentifier("1.3.6.1.5.5.7.8.7"),
                         b"\x16\x15_https.elsewhere.test")
    far = x509.DNSName(".".join(["x" * 60] * 1100) + ".test")
    for name, other in (("cnonly", uri), ("srvonly", srv), ("longsan", far)):
        cert, key = make(name, by, leaf(other), holder=holder)
        chain(name, key, cert, by[0])
    for name, ca, excluded, mine in (
            ("excluded", "intN", "PIN.TEST", "pin.test"),
            ("excluded-up", "intM", "pin.test", "PIN.test")):
        limit = make(ca, root, authority(x509.NameConstraints(
            None, [x509.DNSName(excluded)])))
        cert, key = make(name, limit, leaf(x509.DNSName(mine)))
        chain(name, key, cert, limit[0])


def old_authority():
    """openssl makes version 1 where no extension is asked for."""
    key = new_key()
    write("v1ca.key", key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    request = x509.CertificateSigningRequestBuilder().subject_name(
        subject("v1ca")).sign(key, hashes.SHA256())
    cert = x509.load_pem_x509_certificate(subprocess.run(
        ["openssl", "x509", "-req", "-days", "300", "-CA", path("rootA.pem"),
         "-CAkey", path("rootA.key"), "-set_serial", "7"],
        input=request.public_bytes(serialization.Encoding.PEM), check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    if cert.version != x509.Version.v1:
        sys.exit("oddpki.py: openssl made no certificate of version 1")
    return cert, key


def authorities():
    name = x509.DNSName("pin.test")
    int_a = load("intA")
    for what, by, above in (
            ("v1", old_authority(), []),
            ("leafca", load("good"), [int_a[0]]),
            ("nobasic", make("nobasic-ca", int_a, []), [int_a[0]])):
        cert, key = make(what, by, leaf(name))
        chain(what, key, cert, by[0], *above)
    keys = new_key(), new_key()
    first = make("cyc1", (subject("cyc2"), keys[1]), authority(), keys[0])[0]
    second = make("cyc2", (subject("cyc1"), keys[0]), authority(), keys[1])[0]
    cert, key = make("cycle", (first, keys[0]), leaf(name))
    chain("cycle", key, cert, first, second, first, second)
    write("cyc1.pem", pem(first))


def main():
    too_large()
    strays()
    names()
    authorities()


main()
