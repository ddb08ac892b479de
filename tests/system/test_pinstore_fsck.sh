#!/bin/sh
# test_pinstore_fsck.sh - pinstore fsck: what is damaged, by its place (T-123).
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
PINSTORE=$store
export PINSTORE

# overwrite OLD NEW: text of the same length, everywhere in the data file
overwrite()
{
	must $python - "$store/data.mdb" "$1" "$2" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    octets = file.read()
    assert sys.argv[2].encode() in octets
    file.seek(0)
    file.write(octets.replace(sys.argv[2].encode(), sys.argv[3].encode()))
END
}

about "there is no store, and there is nothing in it"
expect_exit 3 pinstore fsck
must mkdir "$store"
must chmod 700 "$store"
expect_exit 0 pinstore fsck
expect_out '^sound: 0 names, 0 records, 0 pages$'
expect_exit 2 pinstore fsck a.test
expect_exit 2 pinstore fsck --at @1

about "a sound store"
for host in a b c d; do
	must pinstore pin --note "kept by $host" "$host.test" "$a" "$b" >/dev/null
done
expect_exit 0 pinstore fsck
expect_out '^sound: 4 names, [0-9]* records, [0-9]* pages$'
expect_exit 0 pinstore fsck --json
expect_json out 'd["sound"] and d["names"] == 4 and d["flaws"] == []'

about "T-123: a record that was changed is named"
must cp "$store/data.mdb" sound.mdb
overwrite 'kept by b' 'Kept by b'
expect_exit 3 pinstore fsck
expect_out '^hosts, page [0-9]*, b\.test: a record does not match'
expect_out '^1 flaw in 4 names'
expect_err 'the store is damaged'
expect_exit 3 pinstore fsck --json
expect_json out 'not d["sound"] and len(d["flaws"]) == 1'
expect_json out 'd["flaws"][0]["record"] == "b.test"'
expect_json out 'd["flaws"][0]["kind"] == "record"'
expect_json out 'd["flaws"][0]["page"] > 1'

about "a store that cannot be opened is read all the same"
must cp sound.mdb "$store/data.mdb"
overwrite quota quotb
expect_exit 3 pinstore list
expect_exit 3 pinstore fsck
expect_out '^databases, quota: a database is missing'

about "a repair keeps what is sound, and the damaged file"
expect_exit 0 pinstore fsck --repair
expect_out '^repaired; the damaged file is data\.mdb\.damaged$'
expect_out '^sound: 4 names'
expect_exit 0 pinstore fsck --json
expect_json out 'd["sound"] and not d["repaired"]'
expect_exit 0 pinstore show b.test
must test -f "$store/data.mdb.damaged"

about "what may have been lost is refused until that is accepted"
must cp sound.mdb "$store/data.mdb"
overwrite 'kept by b' 'Kept by b'
expect_exit 3 pinstore fsck --repair
expect_out '^repaired; the damaged file is data\.mdb\.damaged\.1$'
expect_err 'names may have been lost'
expect_err 'accept-loss'
expect_exit 3 pinstore show b.test
expect_exit 0 pinstore show d.test
expect_exit 0 pinstore list
expect_no_out '^b\.test'
expect_exit 3 pinstore fsck
expect_exit 3 pinstore fsck --json
expect_json out 'd["gaps"] == 1 and d["flaws"] == []'
expect_exit 0 pinstore fsck --accept-loss --json
expect_json out 'd["repaired"] and d["closed_gaps"] == 1 and d["sound"]'
expect_exit 1 pinstore show b.test
expect_exit 0 pinstore fsck

about "a file that is none, and one that is gone"
must cp sound.mdb "$store/data.mdb"
must truncate -s 5000 "$store/data.mdb"
expect_exit 3 pinstore fsck
expect_err 'damaged'
must rm "$store/data.mdb"
expect_exit 3 pinstore fsck --json
expect_err '"status": "damaged"'
