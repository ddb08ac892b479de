#!/usr/bin/python3
"""mkpki.py - the lab's certificates.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: mkpki.py DIR [NAME:ISSUER:SAN[,SAN...]]...

Authorities: rootA (what tests pin), rootB (trusted as well: the attacker always
has a certificate of a trusted authority), rootX (trusted by nobody), below each
an intermediate intA, intB, intX; intA_x has intA's name and key and is issued by
rootB.

Leaves (NAME.pem, NAME.key):
  good      pin.test *.pin.test, by intA        backup   the same, another key
  mitm      every name of the lab, by intB      mitm_x   mitm's key, by intX
  sames     good's key and names, by intX       expired  good's names, by intA
  wrongh    wrong.test, by intA                 early    not valid yet, by intA
  purpose   good's names, by intA, for mail protection only
  multi     pin.test other.test a.test b.test, by intA
  a         a.test *.a.test, by intA            other    other.test, by intA
  b         b.test *.b.test, by intB            ip       127.0.0.1 ::1, by intA
  proxy     proxy.test localhost, by intA       wild     *.test, by intA
  psl       github.io *.github.io, by intA

Chains as a server sends them (NAME.chain; the key is NAME.key):
  each leaf above with its intermediate
  good_root            with rootA as well
  good_x               good below intA_x
  good_ax, good_xa     both intermediates, in that order
  inject, inject2, inject3   mitm with good, intA and rootA as strays: at the
                       end, behind its leaf, behind its root
  injectx              mitm_x with the same strays
  inject-{leaf,int,root}-{front,middle,end}   mitm with one stray: behind its
                       leaf, between intermediate and root, behind its root

trust.pem has rootA and rootB; trustA.pem and trustB.pem one each.  pins.txt has
NAME=sha256//BASE64 for each certificate.
"""
import base64
import datetime
import hashlib
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
DAY = datetime.timedelta(days=1)
GOOD = ["pin.test", "*.pin.test"]
ALL = GOOD + ["other.test", "a.test", "*.a.test", "b.test", "*.b.test", "*.test"]

out = sys.argv[1]
certs = {}
keys = {}


def write(name, octets):
    path = os.path.join(out, name)
    # keys too: the lab's secrets are worth nothing
    with open(path, "wb") as file:
        file.write(octets)


def pem(name):
    return certs[name].public_bytes(serialization.Encoding.PEM)


def subject_of(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def general_name(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def make(name, issuer, sans=None, key=None, subject=None, start=-1, end=365,
         purpose=ExtendedKeyUsageOID.SERVER_AUTH):
    """A certificate; without sans it is an authority's, without issuer a root."""
    if name in certs:
        sys.exit("mkpki.py: there are two of the name " + name)
    if issuer and issuer not in certs:
        sys.exit("mkpki.py: no such issuer: " + issuer)
    keys[name] = keys[key] if key else ec.generate_private_key(ec.SECP256R1())
    holder = certs[subject].subject if subject else subject_of(name)
    public = keys[name].public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(holder)
        .issuer_name(certs[issuer].subject if issuer else holder)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + start * DAY)
        .not_valid_after(NOW + end * DAY)
        .add_extension(x509.BasicConstraints(ca=sans is None, path_length=None),
                       critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public),
                       critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
            keys[issuer or name].public_key()), critical=False)
        .add_extension(x509.KeyUsage(
            digital_signature=sans is not None, content_commitment=False,
            key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=sans is None,
            crl_sign=sans is None, encipher_only=False, decipher_only=False),
            critical=True)
    )
    if sans is not None:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([general_name(s) for s in sans]),
            critical=False)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([purpose]), critical=False)
    certs[name] = builder.sign(keys[issuer or name], hashes.SHA256())


def chain(name, key, *members):
    write(name + ".chain", b"".join(pem(member) for member in members))
    write_key(name, key)


def write_key(name, key):
    write(name + ".key", keys[key].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))


def authorities():
    for letter in "ABX":
        make("root" + letter, None, end=3650)
        make("int" + letter, "root" + letter, end=1825)
    make("intA_x", "rootB", key="intA", subject="intA", end=1825)


def leaves():
    email = ExtendedKeyUsageOID.EMAIL_PROTECTION
    make("good", "intA", GOOD)
    make("backup", "intA", GOOD)
    make("mitm", "intB", ALL)
    make("mitm_x", "intX", ALL, key="mitm")
    make("sames", "intX", GOOD, key="good")
    make("wrongh", "intA", ["wrong.test"])
    make("expired", "intA", GOOD, start=-20, end=-10)
    make("early", "intA", GOOD, start=10, end=20)
    make("purpose", "intA", GOOD, purpose=email)
    make("multi", "intA", ["pin.test", "other.test", "a.test", "b.test"])
    make("a", "intA", ["a.test", "*.a.test"])
    make("b", "intB", ["b.test", "*.b.test"])
    make("other", "intA", ["other.test"])
    make("ip", "intA", ["127.0.0.1", "::1"])
    make("proxy", "intA", ["proxy.test", "localhost"])
    make("wild", "intA", ["*.test"])
    make("psl", "intA", ["github.io", "*.github.io"])
    for more in sys.argv[2:]:
        name, issuer, sans = more.split(":", 2)
        make(name, issuer, sans.split(","))


def chains():
    issuer_of = {certs[n].subject: n for n in ("intA", "intB", "intX")}
    for name, cert in certs.items():
        if not name.startswith(("root", "int")):
            chain(name, name, name, issuer_of[cert.issuer])
    strays = ("good", "intA", "rootA")
    chain("good_root", "good", "good", "intA", "rootA")
    chain("good_x", "good", "good", "intA_x")
    chain("good_ax", "good", "good", "intA", "intA_x")
    chain("good_xa", "good", "good", "intA_x", "intA")
    chain("inject", "mitm", "mitm", "intB", *strays)
    chain("inject2", "mitm", "mitm", *strays, "intB")
    chain("inject3", "mitm", "mitm", "intB", "rootB", *strays)
    chain("injectx", "mitm", "mitm_x", "intX", *strays)
    for word, stray in zip(("leaf", "int", "root"), strays):
        chain("inject-%s-front" % word, "mitm", "mitm", stray, "intB")
        chain("inject-%s-middle" % word, "mitm", "mitm", "intB", stray, "rootB")
        chain("inject-%s-end" % word, "mitm", "mitm", "intB", "rootB", stray)


def pin(name):
    der = certs[name].public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = base64.b64encode(hashlib.sha256(der).digest()).decode()
    return "%s=sha256//%s\n" % (name, digest)


def main():
    os.makedirs(out, exist_ok=True)
    authorities()
    leaves()
    chains()
    for name in certs:
        write(name + ".pem", pem(name))
        write_key(name, name)
    write("trust.pem", pem("rootA") + pem("rootB"))
    write("trustA.pem", pem("rootA"))
    write("trustB.pem", pem("rootB"))
    write("pins.txt", "".join(pin(name) for name in certs).encode())


main()
