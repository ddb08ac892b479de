#!/usr/bin/python3
"""spki.py - make the keys and certificates of tests/data/spki.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: spki.py DIRECTORY.  The files are made once and kept; a new run gives
other keys.  pins.txt has a line for each file: its name, and the pin in hex.
Ordinary keys and their pins come from the openssl command, the unusual ones
are put together here octet by octet.  A file without a pin has "-".
"""
import base64
import hashlib
import os
import subprocess
import sys
import tempfile

OUT = sys.argv[1]
PINS = {}


def tlv(tag, *parts):
    content = b"".join(parts)
    n = len(content)
    if n < 0x80:
        return bytes([tag, n]) + content
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def seq(*parts):
    return tlv(0x30, *parts)


def oid(text):
    numbers = [int(n) for n in text.split(".")]
    octets = [numbers[0] * 40 + numbers[1]]
    for number in numbers[2:]:
        group = [number & 0x7F]
        while number > 0x7F:
            number >>= 7
            group.insert(0, 0x80 | number & 0x7F)
        octets += group
    return tlv(6, bytes(octets))


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def bits(octets, unused=0):
    return tlv(3, bytes([unused]), octets)


NULL = b"\x05\x00"
VERSION = tlv(0xA0, integer(2))
SERIAL = integer(0x1234)
SIGNATURE = seq(oid("1.3.101.112"))
NAME = seq(tlv(0x31, seq(oid("2.5.4.3"), tlv(12, b"pin.test"))),
           tlv(0x31, seq(oid("2.5.4.10"), tlv(12, b"pinstore tests"))))
TIME = tlv(23, b"260101000000Z")
VALIDITY = seq(TIME, tlv(23, b"360101000000Z"))
BASIC = tlv(0xA3, seq(seq(oid("2.5.29.19"), tlv(4, seq()))))
VECTOR = bytes.fromhex(
    "302a300506032b6570032100"
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def tbs(key, version=VERSION, serial=SERIAL, validity=VALIDITY, tail=BASIC):
    return seq(version, serial, SIGNATURE, NAME, validity, NAME, key, tail)


def cert(key, after=b"", **other):
    return seq(tbs(key, **other), SIGNATURE, bits(bytes(64)), after)


def request(key, tail=tlv(0xA0)):
    info = seq(integer(0), NAME, key, tail)
    return seq(info, SIGNATURE, bits(bytes(64)))


def save(name, der, key=None):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(der)
    PINS[name] = hashlib.sha256(key).hexdigest() if key else "-"


def openssl(*args, data=None):
    return subprocess.run(("openssl",) + args, input=data, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


KINDS = {
    "rsa": ("RSA", "rsa_keygen_bits:2048"),
    "rsa-pss": ("RSA-PSS", "rsa_keygen_bits:2048", "rsa_pss_keygen_md:sha256",
                "rsa_pss_keygen_mgf1_md:sha256",
                "rsa_pss_keygen_saltlen:32"),
    "p256": ("EC", "ec_paramgen_curve:P-256"),
    "p384": ("EC", "ec_paramgen_curve:P-384"),
    "p521": ("EC", "ec_paramgen_curve:P-521"),
    "p256-explicit": ("EC", "ec_paramgen_curve:P-256",
                      "ec_param_enc:explicit"),
    "ed25519": ("ED25519",),
    "ed448": ("ED448",),
    "x25519": ("X25519",),
    "x448": ("X448",),
}


def ordinary(work):
    for name, (algorithm, *options) in KINDS.items():
        private = os.path.join(work, name)
        arguments = [x for option in options for x in ("-pkeyopt", option)]
        openssl("genpkey", "-algorithm", algorithm, "-out", private,
                *arguments)
        public = openssl("pkey", "-in", private, "-pubout", "-outform", "DER")
        save(name + ".key.der", public, public)
        if name.startswith("x"):
            save(name + ".crt.der", cert(public), public)
            continue
        request_pem = openssl("req", "-new", "-key", private, "-subj",
                              "/CN=pin.test")
        save(name + ".req.der",
             openssl("req", "-outform", "DER", data=request_pem), public)
        pem = openssl("req", "-x509", "-key", private, "-days", "3650",
                      "-subj", "/CN=pin.test")
        save(name + ".crt.der",
             openssl("x509", "-outform", "DER", data=pem), public)
        if name == "p256":
            v1 = openssl("x509", "-req", "-signkey", private, "-days", "3650",
                         "-outform", "DER", data=request_pem)
            save("v1.crt.der", v1, public)


def dsa(work):
    parameters = os.path.join(work, "dsap")
    private = os.path.join(work, "dsa")
    openssl("genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt",
            "dsa_paramgen_bits:1024", "-out", parameters)
    openssl("genpkey", "-paramfile", parameters, "-out", private)
    public = openssl("pkey", "-in", private, "-pubout", "-outform", "DER")
    save("dsa.crt.der", cert(public), public)
    value = public[public.rindex(b"\x03\x81"):]
    algorithm = oid("1.2.840.10040.4.1")
    save("dsa-inherits.crt.der", cert(seq(seq(algorithm), value)))
    save("dsa-inherits.key.der", seq(seq(algorithm), value))
    save("dsa-null.crt.der", cert(seq(seq(algorithm, NULL), value)))
    save("dsa-oiw-inherits.crt.der", cert(seq(seq(oid("1.3.14.3.2.12")),
                                              value)))


def unusual(work):
    with open(os.path.join(OUT, "rsa.key.der"), "rb") as f:
        rsa = f.read()
    key = rsa[rsa.index(b"\x03\x82"):]
    lean = seq(seq(oid("1.2.840.113549.1.1.1")), key)
    save("rsa-without-null.crt.der", cert(lean), lean)
    save("rsa-without-null.req.der", request(lean), lean)
    # A modulus with a leading zero too many: another hash than a re-encoding.
    n = int.from_bytes(key[key.index(b"\x02\x82") + 4:][:257], "big")
    wide = seq(seq(oid("1.2.840.113549.1.1.1"), NULL), bits(seq(
        tlv(2, b"\x00\x00" + n.to_bytes(256, "big")), integer(65537))))
    save("rsa-wide-modulus.crt.der", cert(wide), wide)
    with open(os.path.join(OUT, "p256.key.der"), "rb") as f:
        p256 = f.read()
    point = p256[-66 - 2:]
    ec = oid("1.2.840.10045.2.1")
    save("ec-implicit.crt.der", cert(seq(seq(ec, NULL), point)))
    save("ec-without-parameters.crt.der", cert(seq(seq(ec), point)))
    save("gost2001-inherits.key.der",
         seq(seq(oid("1.2.643.2.2.19")), bits(tlv(4, bytes(64)))))
    save("gost2012-inherits.key.der",
         seq(seq(oid("1.2.643.7.1.1.1.1")), bits(tlv(4, bytes(64)))))
    save("dh-inherits.key.der",
         seq(seq(oid("1.2.840.10046.2.1")), bits(integer(5))))
    unknown = seq(seq(oid("1.2.3.4.5.6")), bits(b"key"))
    save("unknown-algorithm.crt.der", cert(unknown), unknown)


def framing():
    vector = VECTOR
    save("vector.key.der", vector, vector)
    whole = cert(vector)
    content = tbs(vector) + SIGNATURE + bits(bytes(64))
    save("vector.crt.der", whole, vector)
    save("vector.req.der", request(vector), vector)
    save("no-attributes.req.der", request(vector, b""), vector)
    save("v1-made.crt.der", cert(vector, version=b"", tail=b""), vector)
    ids = tlv(0x81, b"\x00\x01") + tlv(0x82, b"\x00\x02")
    save("unique-ids.crt.der", cert(vector, tail=ids + BASIC), vector)
    times = seq(tlv(24, b"20500101000000Z"), tlv(24, b"20510101000000Z"))
    save("generalized-time.crt.der", cert(vector, validity=times), vector)

    bad = {
        "bad-empty": b"",
        "bad-one-octet": b"\x30",
        "bad-empty-sequence": seq(),
        "bad-pem": b"-----BEGIN CERTIFICATE-----\n" +
                   base64.encodebytes(whole) + b"-----END CERTIFICATE-----\n",
        "bad-trailing": whole + b"\x00",
        "bad-twice": whole + whole,
        "bad-trailing-inside": cert(vector, after=NULL),
        "bad-no-signature": seq(tbs(vector), SIGNATURE),
        "bad-tail-unknown": cert(vector, tail=BASIC + tlv(0xA4, NULL)),
        "bad-tail-twice": cert(vector, tail=BASIC + BASIC),
        "bad-tail-order": cert(vector, tail=BASIC + ids),
        "bad-version-filled": cert(vector, version=tlv(
            0xA0, integer(2), integer(2))),
        "bad-version-empty": cert(vector, version=tlv(0xA0)),
        "bad-serial-long-form": cert(vector, serial=b"\x02\x81\x01\x05"),
        "bad-serial-leading-zero": cert(
            vector, serial=b"\x02\x82\x00\x80" + b"\x01" * 128),
        "bad-serial-high-tag": cert(vector, serial=b"\x1f\x02\x01\x05"),
        "bad-validity-three": cert(vector, validity=seq(TIME, TIME, TIME)),
        "bad-validity-one": cert(vector, validity=seq(TIME)),
        "bad-validity-integers": cert(vector, validity=seq(SERIAL, SERIAL)),
        # One octet of the second time is left outside the sequence.
        "bad-validity-short": cert(
            vector, validity=b"\x30\x1d" + VALIDITY[2:]),
        # The validity claims the subject too; another key stands where a
        # reader that trusts this length would look.
        "bad-validity-bent": cert(
            vector, validity=b"\x30" + bytes([30 + len(NAME)]) +
            VALIDITY[2:] + NAME + seq(SIGNATURE, bits(bytes(32)))),
        "bad-indefinite": b"\x30\x80" + content + b"\x00\x00",
        "bad-length-four": b"\x30\x84" + len(content).to_bytes(4, "big") +
                           content,
        "bad-length-five": b"\x30\x85" + len(content).to_bytes(5, "big") +
                           content,
        "bad-length-more": b"\x30\x82" +
                           (len(content) + 1).to_bytes(2, "big") + content,
        "bad-length-less": b"\x30\x82" +
                           (len(content) - 1).to_bytes(2, "big") + content,
        "bad-length-huge": b"\x30\x84\xff\xff\xff\xff" + content,
        "bad-key-missing": cert(b""),
        "bad-key-extra": cert(seq(SIGNATURE, bits(bytes(32)), NULL)),
        "bad-key-algorithm-extra": cert(
            seq(seq(oid("1.3.101.112"), NULL, NULL), bits(bytes(32)))),
        "bad-key-algorithm-empty": cert(seq(seq(), bits(bytes(32)))),
        "bad-key-oid-empty": cert(seq(seq(tlv(6)), bits(bytes(32)))),
        "bad-key-unused-bits": cert(seq(SIGNATURE, bits(bytes(32), 1))),
        "bad-key-no-bits": cert(seq(SIGNATURE, tlv(3))),
        "bad-key-octets": cert(seq(SIGNATURE, tlv(4, bytes(33)))),
        "bad-name-framing": cert(vector).replace(
            tlv(12, b"pin.test"), b"\x0c\x09pin.test", 1),
        "bad-subject-framing": cert(vector)[::-1].replace(
            tlv(12, b"pin.test")[::-1], b"\x0c\x07pin.test"[::-1], 1)[::-1],
    }
    deep = NULL
    for _ in range(20):
        deep = seq(deep)
    bad["bad-too-deep"] = cert(vector, tail=tlv(0xA3, deep))
    for name, der in bad.items():
        save(name + ".crt.der", der)
    save("bad-trailing.req.der", request(vector) + b"\x00")
    save("bad-tail.req.der", request(vector, BASIC))
    save("bad-trailing.key.der", vector + b"\x00")
    save("bad-short.key.der", vector[:-1])
    save("bad-set.key.der", b"\x31" + vector[1:])


def main():
    with tempfile.TemporaryDirectory() as work:
        ordinary(work)
        dsa(work)
        unusual(work)
    framing()
    with open(os.path.join(OUT, "pins.txt"), "w") as f:
        for name in sorted(PINS):
            f.write("%s %s\n" % (name, PINS[name]))


main()
