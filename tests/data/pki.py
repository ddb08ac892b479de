#!/usr/bin/python3
"""pki.py - make the certificates of tests/data/pki.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: pki.py DIRECTORY.  NAME.crt.der is a certificate, NAME.key.der the
private key of one that a server uses.  They are made once and kept: the tests
hold the time still at 2026-10-01 instead of making them anew.
"""
import datetime
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
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
          purpose=SERVER, with_key=False):
    SERIAL[0] += 1
    builder = (x509.CertificateBuilder()
               .subject_name(subject.name).issuer_name(issuer.name)
               .public_key(subject.key.public_key())
               .serial_number(SERIAL[0])
               .not_valid_before(START).not_valid_after(end))
    identifier = x509.SubjectKeyIdentifier.from_public_key(
        subject.key.public_key())
    builder = builder.add_extension(identifier, False)
    if issuer is not subject:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                issuer.key.public_key()), False)
    builder = builder.add_extension(
        x509.BasicConstraints(ca, None), True)
    if ca:
        builder = builder.add_extension(x509.KeyUsage(
            False, False, False, False, False, True, True, False, False),
            True)
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
    certificate = builder.sign(issuer.key, hashes.SHA256())
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


def main():
    roots = authorities()
    leaves(roots)
    loop()
    long()


main()
