#!/usr/bin/python3
"""pki.py - make the certificates of tests/data/pki.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: pki.py DIRECTORY [others|stapled].  With a word, only those of test_others
are made, whose authorities are their own; the second ones come with answers of
an OCSP responder, NAME.ocsp.der.  NAME.crt.der is a certificate, NAME.key.der the
private key of one that a server uses.  They are made once and kept: the tests
hold the time still at 2026-10-01 instead of making them anew.
"""
import datetime
import ipaddress
import math
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OUT = sys.argv[1]
START = datetime.datetime(2026, 1, 1)
END = datetime.datetime(2046, 1, 1)
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
SERIAL = [1000]


class Entity:
    """A name with a key; what it issues is signed with them."""

    def __init__(self, name, key=None):
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = key or ec.generate_private_key(ec.SECP256R1())


def save(file, octets):
    with open(os.path.join(OUT, file), "wb") as f:
        f.write(octets)


def issue(file, subject, issuer, ca=False, hosts=("pin.test",), end=END,
          purpose=SERVER, with_key=False, start=START, length=None, signs=True,
          limit=None, digest=None, ca_purpose=None,
          claimed=None):
    SERIAL[0] += 1
    builder = (x509.CertificateBuilder()
               .subject_name(subject.name).issuer_name(issuer.name)
               .public_key(subject.key.public_key())
               .serial_number(SERIAL[0])
               .not_valid_before(start).not_valid_after(end))
    identifier = x509.SubjectKeyIdentifier.from_public_key(
        subject.key.public_key())
    builder = builder.add_extension(identifier, False)
    if issuer is not subject:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                (claimed or issuer).key.public_key()), False)
    builder = builder.add_extension(
        x509.BasicConstraints(ca, length), True)
    if ca:
        builder = builder.add_extension(x509.KeyUsage(
            not signs, False, False, False, False, signs, signs, False, False),
            True)
        if limit:
            builder = builder.add_extension(x509.NameConstraints(
                None, [x509.DNSName(limit)]), True)
        if ca_purpose:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ca_purpose]), False)
    else:
        names = []
        for host in hosts:
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(host)))
            except ValueError:
                names.append(x509.DNSName(host.replace("dns:", "")))
        builder = builder.add_extension(
            x509.SubjectAlternativeName(names), False)
        if purpose:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([purpose]), False)
    certificate = builder.sign(issuer.key, digest or hashes.SHA256())
    save(file + ".crt.der",
         certificate.public_bytes(serialization.Encoding.DER))
    if with_key:
        save(file + ".key.der", subject.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
    return subject


def leaf(file, issuer, **other):
    return issue(file, Entity(other.pop("name", "pin.test")), issuer,
                 with_key=True, **other)


def authorities():
    roots = {}
    for letter in "ABX":
        root = Entity("Root " + letter)
        issue("root" + letter, root, root, ca=True)
        roots[letter] = root
        roots["int" + letter] = issue(
            "int" + letter, Entity("Intermediate " + letter), root, ca=True)
    # The same name and key as intA, from another root.
    issue("intA-by-rootB", roots["intA"], roots["B"], ca=True)
    # The same name and key as rootA and intA, other octets.
    issue("rootA-renewed", roots["A"], roots["A"], ca=True)
    issue("intA-renewed", roots["intA"], roots["A"], ca=True)
    return roots


def leaves(roots):
    good = leaf("good", roots["intA"])
    leaf("mitm", roots["intB"])
    leaf("untrusted", roots["intX"])
    # The pinned key, certified by a root that nobody trusts.
    issue("samekey-by-intX", good, roots["intX"])
    # R-2.4-5: renewed, with the same key.
    issue("good-renewed", good, roots["intA"])
    leaf("wrong-host", roots["intA"], hosts=("other.test",))
    leaf("expired", roots["intA"], end=datetime.datetime(2026, 6, 1))
    leaf("mail", roots["intA"], purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION)
    leaf("any-purpose", roots["intA"], purpose=None)
    leaf("address", roots["intA"], hosts=("127.0.0.1", "::1"))
    # an address in the place of a name.
    leaf("address-as-name", roots["intA"], hosts=("dns:127.0.0.1",))
    # T-022: a server's certificate that plays the authority.
    leaf("by-leaf", good)
    alone = Entity("pin.test")
    issue("selfsigned", alone, alone, with_key=True)


def loop():
    """T-009: two authorities, each certified by the other."""
    one, two = Entity("Cycle 1"), Entity("Cycle 2")
    issue("cycle1", one, two, ca=True)
    issue("cycle2", two, one, ca=True)
    leaf("cycle-leaf", one)


def long():
    """A root, 16 intermediates, and leaves at the 14th to the 16th."""
    issuer = Entity("Long root")
    issue("long-root", issuer, issuer, ca=True)
    for n in range(1, 17):
        issuer = issue("long%d" % n, Entity("Long %d" % n), issuer, ca=True)
        if n >= 13:
            leaf("long-leaf%d" % (n + 2), issuer)


def odd_exponent():
    """An RSA key whose exponent is longer than anybody's."""
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    phi = (numbers.p - 1) * (numbers.q - 1)
    e = 2 ** 80 + 13
    while math.gcd(e, phi) != 1:
        e += 2
    d = pow(e, -1, phi)
    return rsa.RSAPrivateNumbers(
        numbers.p, numbers.q, d, rsa.rsa_crt_dmp1(d, numbers.p),
        rsa.rsa_crt_dmq1(d, numbers.q), rsa.rsa_crt_iqmp(numbers.p, numbers.q),
        rsa.RSAPublicNumbers(e, numbers.public_numbers.n)).private_key()


def der(tag, *parts):
    content = b"".join(parts)
    n = len(content)
    length = bytes([n]) if n < 128 else bytes([0x82]) + n.to_bytes(2, "big")
    return bytes([tag]) + length + content


def version_1(file, root):
    """A root as they were before there were extensions."""
    algorithm = der(0x30, bytes.fromhex("06082a8648ce3d040302"))
    name = root.name.public_bytes()
    body = der(0x30, der(0x02, b"\x01"), algorithm, name,
               der(0x30, der(0x17, b"260101000000Z"),
                   der(0x17, b"460101000000Z")), name,
               root.key.public_key().public_bytes(
                   serialization.Encoding.DER,
                   serialization.PublicFormat.SubjectPublicKeyInfo))
    signature = root.key.sign(body, ec.ECDSA(hashes.SHA256()))
    save(file + ".crt.der",
         der(0x30, body, algorithm, der(0x03, b"\0", signature)))


def renewals(file, subject, issuer, n):
    for i in range(n):
        issue("%s-%d" % (file, i), subject, issuer, ca=True)


def others():
    """T-008: an intermediate that several roots certify, well and badly."""
    one, two, three = (Entity("Other root %d" % i) for i in (1, 2, 3))
    small = Entity("Other root small", rsa.generate_private_key(65537, 1024))
    large = Entity("Other root large", rsa.generate_private_key(65537, 4096))
    old = Entity("Other root old")
    middle = Entity("Other middle")
    inter = Entity("Other inter")
    for i, root in enumerate((one, two, three)):
        issue("oroot%d" % (i + 1), root, root, ca=True)
    issue("oroot-small", small, small, ca=True)
    issue("oroot-large", large, large, ca=True)
    version_1("oroot-old", old)
    leaf("oleaf", inter)
    leaf("oleaf-address", inter, hosts=("127.0.0.1",))
    issue("ointer1", inter, one, ca=True)
    issue("ointer2", inter, two, ca=True)
    issue("ointer2-expired", inter, two, ca=True,
          end=datetime.datetime(2026, 6, 1))
    issue("ointer2-early", inter, two, ca=True,
          start=datetime.datetime(2027, 6, 1))
    issue("ointer2-noca", inter, two, hosts=("pin.test",))
    issue("ointer2-nosign", inter, two, ca=True, signs=False)
    issue("ointer2-limit", inter, two, ca=True, limit="pin.test")
    issue("ointer2-mail", inter, two, ca=True,
          ca_purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION)
    issue("ointer2-sha1", inter, two, ca=True, digest=hashes.SHA1())
    forger = Entity("Other root 2")
    issue("ointer2-forged", inter, forger, ca=True, claimed=two)
    issue("omiddle2", middle, two, ca=True)
    issue("omiddle2-short", middle, two, ca=True, length=0)
    issue("ointer-middle", inter, middle, ca=True)
    issue("omiddle-inter", middle, inter, ca=True)
    issue("ointer-small", inter, small, ca=True)
    issue("ointer-large", inter, large, ca=True)
    issue("ointer-large-md5", inter, large, ca=True, digest=hashes.MD5())
    issue("ointer-old", inter, old, ca=True)
    for word, key in (("bits", rsa.generate_private_key(65537, 8448)),
                      ("exponent", odd_exponent())):
        costly = Entity("Other " + word, key)
        leaf("oleaf-" + word, costly)
        issue("o%s1" % word, costly, one, ca=True)
        issue("o%s2" % word, costly, two, ca=True)
    # Renewed again and again: the ways multiply.
    steps = [Entity("Other step %d" % i) for i in range(4)]
    leaf("oleaf-many", steps[0])
    for i, n in enumerate((5, 5, 4)):
        renewals("ostep%d" % i, steps[i], steps[i + 1], n)
    renewals("ostep3", steps[3], one, 3)
    issue("ostep3-root2", steps[2], two, ca=True)
    issue("ostep0-root3", steps[0], three, ca=True)
    revoked = x509.RevokedCertificateBuilder().serial_number(
        serial_of("ointer2")).revocation_date(START).build()
    crl = (x509.CertificateRevocationListBuilder().issuer_name(two.name)
           .last_update(START).next_update(END)
           .add_revoked_certificate(revoked))
    save("oroot2.crl.der", crl.sign(two.key, hashes.SHA256()).public_bytes(
        serialization.Encoding.DER))


def answer(file, certificate, issuer, issued_by, status):
    """What the issuer's OCSP responder says of a certificate."""
    is_revoked = status == ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=read(certificate), issuer=read(issuer),
        algorithm=hashes.SHA1(), cert_status=status, this_update=START,
        next_update=END, revocation_time=START if is_revoked else None,
        revocation_reason=None)
    save(file + ".ocsp.der",
         builder.responder_id(ocsp.OCSPResponderEncoding.NAME, read(issuer))
         .sign(issued_by.key, hashes.SHA256())
         .public_bytes(serialization.Encoding.DER))


def stapled():
    """Two roots that certify an intermediate, and what they say of it now."""
    good, bad = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED
    one, two = (Entity("Stapled root %d" % i) for i in (1, 2))
    inter = Entity("Stapled inter")
    for i, root in enumerate((one, two)):
        issue("sroot%d" % (i + 1), root, root, ca=True)
        issue("sinter%d" % (i + 1), inter, root, ca=True)
    leaf("sleaf", inter)
    answer("sleaf-good", "sleaf", "sinter1", inter, good)
    answer("sleaf-revoked", "sleaf", "sinter1", inter, bad)


def read(file):
    with open(os.path.join(OUT, file + ".crt.der"), "rb") as f:
        return x509.load_der_x509_certificate(f.read())


def serial_of(file):
    return read(file).serial_number


def main():
    if sys.argv[2:] == ["others"]:
        SERIAL[0] = 5000
        others()
        return
    if sys.argv[2:] == ["stapled"]:
        SERIAL[0] = 7000
        stapled()
        return
    roots = authorities()
    leaves(roots)
    loop()
    long()
    others()
    stapled()


main()
