#!/usr/bin/python3
r"""namepki.py - leaves whose names are no names.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: namepki.py DIR NAME:ISSUER:TEXT[,TEXT...]...

DIR is mkpki.py's.  Each TEXT becomes a DNS name in the leaf NAME as it is, with
\0 for a NUL: what looks like an address too, which mkpki.py would not write so.
Writes NAME.chain and NAME.key.
"""
import datetime
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
DAY = datetime.timedelta(days=1)


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def make(folder, name, issuer, texts):
    by = x509.load_pem_x509_certificate(read(folder, issuer + ".pem"))
    signer = serialization.load_pem_private_key(
        read(folder, issuer + ".key"), None)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([
            x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(by.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 365 * DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectAlternativeName(
            [x509.DNSName(text.replace("\\0", "\0")) for text in texts]), False)
        .sign(signer, hashes.SHA256())
    )
    with open(os.path.join(folder, name + ".chain"), "wb") as file:
        file.write(leaf.public_bytes(serialization.Encoding.PEM))
        file.write(by.public_bytes(serialization.Encoding.PEM))
    with open(os.path.join(folder, name + ".key"), "wb") as file:
        file.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))


def main():
    for word in sys.argv[2:]:
        name, issuer, texts = word.split(":")
        make(sys.argv[1], name, issuer, texts.split(","))


main()
