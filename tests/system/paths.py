#!/usr/bin/python3
"""paths.py - T-011: random served lists, judged by the library and by a path
finder of its own.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: paths.py DIR SEED N

A small PKI is made in DIR; N times some of its certificates are served, in two
orders, to a client that trusts some others and has pins.  pathjudge says what
the library does.  Here all ways from the leaf to an anchor are searched, each
link by its signature, and the verdict must be: matched if and only if one valid
way has a key of every entry.  A list of which GnuTLS refuses the path that it
settles on is refused; how often is counted, and it must not happen when every
way that the names allow is valid and ends at an anchor.

Written from RFC 5280, RFC 7469 and design.md, not from the library.
"""
import collections
import datetime
import hashlib
import os
import random
import subprocess
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OUT, SEED, CASES = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
RANDOM = random.Random(SEED)
NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)
ROOTS, INTERMEDIATES, LEAVES, STRANGERS = 6, 10, 4, 10
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
MAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION

keys = {}    # of a name: one key each
certs = {}   # by file name
spki = {}    # of a file name: the pin
faulty = []  # files that are not what an authority's should be
name_of = {} # of a file: issuer and subject


def key_of(name):
    if name not in keys:
        keys[name] = ec.derive_private_key(1000003 + 7919 * len(keys),
                                           ec.SECP256R1())
    return keys[name]


def dn(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def issue(file, subject, issuer, leaf=False, key=None, signer=None, start=-1,
          end=400, authority=True, signs=True, length=None, purpose=None,
          excluded=None, digest=None, host="*.pin.test"):
    public = key_of(key or subject).public_key()
    signer = key_of(signer or issuer)
    builder = (x509.CertificateBuilder()
               .subject_name(dn(subject)).issuer_name(dn(issuer))
               .public_key(public).serial_number(1000 + len(certs))
               .not_valid_before(NOW + start * DAY)
               .not_valid_after(NOW + end * DAY))
    builder = builder.add_extension(x509.BasicConstraints(
        not leaf and authority, length if not leaf else None), True)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(public), False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(
            key_of(issuer).public_key()), False)
    builder = builder.add_extension(x509.KeyUsage(
        leaf or not signs, False, False, False, False,
        not leaf and signs, not leaf and signs, False, False), True)
    if leaf:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), False)
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
    if excluded:
        builder = builder.add_extension(x509.NameConstraints(
            None, [x509.DNSName(excluded)]), True)
    cert = builder.sign(signer, digest or hashes.SHA256())
    certs[file] = cert
    name_of[file] = cert.issuer.public_bytes(), cert.subject.public_bytes()
    spki[file] = hashlib.sha256(public.public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    with open(os.path.join(OUT, file + ".crt"), "wb") as out:
        out.write(cert.public_bytes(serialization.Encoding.DER))
    return file


# What a bad certificate of an authority has: nothing of it may count.
FAULTS = {
    "old": {"end": -0.5}, "young": {"start": 5}, "noca": {"authority": False},
    "nosign": {"signs": False}, "mail": {"purpose": MAIL},
    "sha1": {"digest": hashes.SHA1()}, "names": {"excluded": "pin.test"},
    "forged": {"signer": "Stranger 0"}, "short": {"length": 0},
    "other": {"excluded": "other.test"}, "server": {"purpose": SERVER},
}


def make_pki():
    roots = ["Root %d" % i for i in range(ROOTS)]
    inters = ["Inter %d" % i for i in range(INTERMEDIATES)]
    for i, root in enumerate(roots):
        issue("r%d" % i, root, root)
    issue("r0new", roots[0], roots[0])
    faulty.append(issue("r5old", roots[5], roots[5], start=-20, end=-1))
    # Each root by another, as new authorities begin.
    for i in range(ROOTS - 1):
        issue("r%dby%d" % (i, i + 1), roots[i], roots[i + 1])
    for i, inter in enumerate(inters):
        for j in sorted(RANDOM.sample(range(ROOTS), 3)):
            issue("i%dr%d" % (i, j), inter, roots[j])
        for j in sorted(RANDOM.sample(range(INTERMEDIATES), 2)):
            if j != i:
                issue("i%di%d" % (i, j), inter, inters[j])
        for word in RANDOM.sample(sorted(FAULTS), 3):
            j = RANDOM.randrange(ROOTS)
            faulty.append(issue("i%d%s" % (i, word), inter, roots[j],
                                **FAULTS[word]))
        # The name of one, the key of a stranger: it issued nothing.
        faulty.append(issue("i%dfake" % i, inter, RANDOM.choice(roots),
                            key="Stranger %d" % (i % STRANGERS)))
    for i in range(STRANGERS):
        issue("s%d" % i, "Stranger %d" % i, RANDOM.choice(roots))
    leaves = []
    for i in range(LEAVES):
        for j in RANDOM.sample(range(INTERMEDIATES), 4):
            leaves.append(issue("l%di%d" % (i, j), "Leaf %d" % i, inters[j],
                                leaf=True, purpose=SERVER))
    j = inters[0]
    leaves.append(issue("lroot", "Leaf 0", roots[1], leaf=True))
    leaves.append(issue("lold", "Leaf 0", j, leaf=True, end=-0.5))
    leaves.append(issue("lmail", "Leaf 0", j, leaf=True, purpose=MAIL))
    leaves.append(issue("lhost", "Leaf 0", j, leaf=True, host="else.test"))
    leaves.append(issue("lany", "Leaf 1", inters[1], leaf=True))
    for leaf in leaves:
        name = certs[leaf].subject.rfc4514_string()[3:]
        with open(os.path.join(OUT, leaf + ".key"), "wb") as out:
            out.write(key_of(name).private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))
    return leaves


# ------------------------------------------------------------- the path finder

signed = {}
facts = {}


def is_signed(child, parent):
    """The child's signature, by the parent's key."""
    if (child, parent) not in signed:
        one, two = certs[child], certs[parent]
        try:
            two.public_key().verify(one.signature, one.tbs_certificate_bytes,
                                    ec.ECDSA(one.signature_hash_algorithm))
            signed[child, parent] = True
        except InvalidSignature:
            signed[child, parent] = False
    return signed[child, parent]


def extension(file, kind):
    if (file, kind) not in facts:
        try:
            found = certs[file].extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            found = None
        facts[file, kind] = found
    return facts[file, kind]


def names(child, parent):
    return name_of[child][0] == name_of[parent][1]


def holder(file):
    return name_of[file][1], spki[file]


def is_in_time(file):
    if (file, "time") not in facts:
        facts[file, "time"] = (certs[file].not_valid_before <= NOW <=
                               certs[file].not_valid_after)
    return facts[file, "time"]


def serves(file, needed):
    usage = extension(file, x509.ExtendedKeyUsage)
    return usage is None or needed in usage


def may_issue(file, below):
    """An authority with `below` other authorities under it on the way."""
    basic = extension(file, x509.BasicConstraints)
    usage = extension(file, x509.KeyUsage)
    return (basic.ca and usage.key_cert_sign and
            (basic.path_length is None or basic.path_length >= below))


def allows(file, host):
    limits = extension(file, x509.NameConstraints)
    return limits is None or not any(
        host == tree.value or host.endswith("." + tree.value)
        for tree in limits.excluded_subtrees or [])


def is_valid(way, host):
    """A way from the leaf to its anchor, by RFC 5280 and for a TLS server."""
    leaf, anchor = way[0], way[-1]
    san = extension(leaf, x509.SubjectAlternativeName)
    if host.split(".", 1)[1] not in [name[2:] for name in
                                     san.get_values_for_type(x509.DNSName)]:
        return False
    for at, file in enumerate(way):
        if not is_in_time(file):
            return False
        if at > 0 and not may_issue(file, at - 1):
            return False
        if file != anchor and (
                not is_signed(file, way[at + 1]) or
                not serves(file, SERVER) or
                isinstance(certs[file].signature_hash_algorithm, hashes.SHA1)):
            return False
        if at > 0 and not allows(file, host):
            return False
    return True


def ways(served, anchors):
    """All that the names allow; no certificate and no authority comes twice.

    And whether one is a dead end.
    """
    found, dead = [], []

    def walk(way):
        ends = [anchor for anchor in anchors if names(way[-1], anchor)]
        found.extend(way + [anchor] for anchor in ends)
        nearer = [holder(w) for w in way]
        for file in sorted(set(served)):
            if file not in way and names(way[-1], file):
                if holder(file) in nearer:
                    ends or dead.append(way)
                else:
                    walk(way + [file])
                    continue
        if not ends:
            dead.append(way)

    walk([served[0]])
    return found, bool(dead)


# ------------------------------------------------------------------- the cases

Case = collections.namedtuple("Case", "host pins leaf served anchors group")


def issuers(file, is_clean):
    return [other for other in sorted(certs) if names(file, other) and
            not (is_clean and other in faulty)]


def clean_list(leaf):
    """A few whole ways to a root, and strangers."""
    chosen = []
    for _ in range(RANDOM.randint(1, 4)):
        file = leaf
        while len(chosen) < 9:
            file = RANDOM.choice(issuers(file, True))
            if file[0] == "r" and RANDOM.random() < 0.7:
                break
            chosen.append(file)
            if names(file, file):
                break
    for _ in range(RANDOM.randint(0, 2)):
        chosen.append(RANDOM.choice([c for c in sorted(certs)
                                     if c[0] in "sl"]))
    return chosen


def messy_list(leaf):
    """The leaf's authorities for the most part, and what else comes along."""
    size = RANDOM.randint(0, 11)
    chosen, edge = [], [leaf]
    while len(chosen) < size:
        kind = RANDOM.random()
        if kind < 0.75:
            file = RANDOM.choice(issuers(RANDOM.choice(edge), False))
            edge.append(file)
        elif kind < 0.85 and chosen:
            file = RANDOM.choice(chosen)
        else:
            file = RANDOM.choice(sorted(certs))
        chosen.append(file)
    return chosen


def one_case(leaves, hosts, group):
    kind = RANDOM.random()
    is_clean = kind < 0.7
    leaf = RANDOM.choice(leaves[:LEAVES * 4] if is_clean else leaves)
    rest = clean_list(leaf) if is_clean else messy_list(leaf)
    # From all to few: what the names allow then ends at no anchor.
    trusted = RANDOM.sample(["r%d" % i for i in range(ROOTS)],
                            ROOTS if kind < 0.85 else RANDOM.randint(1, 4))
    if not is_clean:
        if "r5" in trusted and RANDOM.random() < 0.1:
            trusted[trusted.index("r5")] = "r5old"
        if RANDOM.random() < 0.2:
            trusted.append(RANDOM.choice(sorted(c for c in certs
                                                if c[0] == "i")))
    # Most pins are of what may be on some way.
    near = [h for h in hosts if set(h[1]) & {spki[f] for f in rest + trusted}]
    host, pins = RANDOM.choice(near if near and RANDOM.random() < 0.9
                               else hosts)
    if RANDOM.random() < 0.03:
        host, pins = hosts[-1]
    for _ in range(2):
        RANDOM.shuffle(rest)
        yield Case(host, pins, leaf, [leaf] + rest, trusted, group)


def make_hosts():
    """A host for each key, and some whose two layers differ."""
    lines, hosts = [], []
    pins = sorted(set(spki.values()))
    backup = hashlib.sha256(b"backup").hexdigest()
    for i, pin in enumerate(pins):
        hosts.append(("h%d.pin.test" % i, (pin,)))
        if i % 2:
            lines.append("pin h%d.pin.test %s" % (i, pin))
        else:
            lines.append("learn h%d.pin.test %s %s" % (i, pin, backup))
    for i in range(20):
        one, two = RANDOM.sample(pins, 2)
        hosts.append(("b%d.pin.test" % i, (one, two)))
        lines.append("learn b%d.pin.test %s %s" % (i, one, backup))
        lines.append("pin b%d.pin.test %s" % (i, two))
    hosts.append(("none.pin.test", ()))
    return hosts, lines


def is_linked(way):
    """By signatures; an anchor may be another certificate of its last key."""
    return all(is_signed(one, two) or holder(one) == holder(two)
               for one, two in zip(way, way[1:]))


counts = collections.Counter()
faults = []


def fault(case, answer, text):
    faults.append(text)
    if len(faults) <= 20:
        print("%s\n  %s\n  %s" % (text, " ".join(
            [case.host, case.leaf, ",".join(case.served),
             ",".join(case.anchors)]), answer))


def judge(case, answer):
    """The library's answer against what follows from the certificates."""
    words = answer.split(" ")
    all_ways, has_dead_end = ways(case.served, case.anchors)
    valid = [way for way in all_ways if is_valid(way, case.host)]
    fit = [way for way in valid
           if all(pin in [spki[f] for f in way] for pin in case.pins)]
    if words[0] != "0":
        counts["refused by GnuTLS"] += 1
        if valid:
            counts["  of these with another valid way"] += 1
        if all_ways and len(valid) == len(all_ways) and not has_dead_end:
            fault(case, answer, "refused although every way is valid")
        return None
    settled, verdict, which, path = (words[1].split(","), words[2], words[3],
                                     words[4].split(","))
    expected = ("unpinned" if not case.pins else
                "matched" if fit else "reject")
    counts[verdict + (" by another way" if which == "other" else "")] += 1
    if not valid:
        fault(case, answer, "valid to GnuTLS, and no way is")
    for way in (settled, path):
        if way[0] != case.leaf or way[-1] not in case.anchors or \
                not is_linked(way):
            fault(case, answer, "not a path: " + ",".join(way))
    if verdict == "matched" and \
            not all(pin in [spki[f] for f in path] for pin in case.pins):
        fault(case, answer, "accepted without a pinned key on the path")
    if (which == "other") != (path != settled):
        fault(case, answer, "told of another path wrongly")
    if verdict != expected:
        fault(case, answer, "the verdict should be " + expected)
    return verdict


def main():
    os.makedirs(OUT, exist_ok=True)
    leaves = make_pki()
    hosts, lines = make_hosts()
    cases = [case for group in range(CASES // 2)
             for case in one_case(leaves, hosts, group)]
    lines += ["judge %s %s %s %s" % (c.host, c.leaf, ",".join(c.served),
                                     ",".join(c.anchors)) for c in cases]
    done = subprocess.run(
        ["pathjudge", os.path.join(OUT, "store"), OUT], text=True,
        input="\n".join(lines) + "\n", stdout=subprocess.PIPE, check=True)
    answers = done.stdout.splitlines()
    if len(answers) != len(cases):
        sys.exit("paths.py: %d answers for %d cases" %
                 (len(answers), len(cases)))
    last = {}
    for case, answer in zip(cases, answers):
        verdict = judge(case, answer)
        before = last.setdefault(case.group, verdict)
        if None not in (before, verdict) and before != verdict:
            fault(case, answer, "the order decided: " + before)
    for word in sorted(counts):
        print("%6d %s" % (counts[word], word))
    print("%d cases, seed %d, %d differences" %
          (len(cases), SEED, len(faults)))
    # A test that meets one kind of case alone shows nothing.
    if CASES >= 1000 and min(counts[word] for word in (
            "matched", "matched by another way", "reject", "unpinned",
            "refused by GnuTLS")) < CASES // 200:
        sys.exit("paths.py: too few cases of a kind")
    sys.exit(1 if faults else 0)


main()
