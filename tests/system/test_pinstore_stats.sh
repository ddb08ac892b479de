#!/bin/sh
# test_pinstore_stats.sh - pinstore stats: the store in numbers, for people,
# for scripts and for a monitoring system.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
PINSTORE=$store
export PINSTORE
pins="pin-sha256=\"$a\"; pin-sha256=\"$b\""
now=1700000000

# note AT HOST VALUE: as if received
note()
{
	must pinstore note --at "@$1" --chain-pin "$a" "$2" "$3" >/dev/null
}

# What a monitoring system reads, by the parser of its client library, which
# also knows what a text must look like.
metrics()
{
	must pinstore stats --openmetrics --at "@$now" >metrics
	must $python - metrics >metrics.list <<'END'
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
with open(sys.argv[1], encoding="ascii") as file:
    for family in text_string_to_metric_families(file.read()):
        assert family.documentation and family.type in ("gauge", "counter")
        for sample in family.samples:
            labels = ",".join("%s=%s" % pair
                              for pair in sorted(sample.labels.items()))
            print(sample.name, labels or "-", int(sample.value))
END
}

# metric NAME LABELS VALUE
metric()
{
	grep -qxF "pinstore_$1 $2 $3" metrics.list ||
		fail "no pinstore_$1 $2 $3 in: $(cat metrics.list)"
}

about "there is no store, and there is nothing in it"
expect_exit 3 pinstore stats
expect_exit 3 pinstore stats --openmetrics
must mkdir "$store"
must chmod 700 "$store"
expect_exit 0 pinstore stats
expect_out '^entries      0 of 0 names$'
expect_out '^violations   0 refused, 0 watched within 7d$'
expect_out '^file         0 octets$'
metrics
metric names - 0
expect_exit 2 pinstore stats a.test
expect_exit 2 pinstore stats --json --openmetrics
expect_err 'exclude each other'

about "each number counts what it says"
note $((now - 2000)) old.test "max-age=1000; $pins"
note $((now - 10)) soon.test "max-age=1000; $pins; includeSubDomains"
note $((now - 10)) late.test "max-age=5184000; $pins"
must pinstore pin late.test --no-backup "$a" >/dev/null
must pinstore pin watched.test --mode report "$b" "$c" >/dev/null
must pinstore revoke --yes "$c" >/dev/null
must pinstore note --at "@$((now - 8 * 86400))" --chain-pin "$c" \
	late.test max-age=0 >/dev/null
must pinstore note --at "@$((now - 5))" --chain-pin "$c" soon.test max-age=0 \
	>/dev/null
must pinstore note --at "@$((now - 4))" --chain-pin "$a" watched.test \
	max-age=0 >/dev/null
must pinstore note --at "@$((now + 50))" --chain-pin "$c" late.test max-age=0 \
	>/dev/null
expect_exit 0 pinstore stats --at "@$now"
expect_out '^entries      5 of 4 names$'
expect_out '^  static     1 enforced, 1 watched$'
expect_out '^  header     3 enforced, 0 watched$'
expect_out '^  tofu       0 enforced, 0 watched$'
expect_out '^  subdomains 1$'
expect_out '^  expired    1, and 1 more within 14d$'
expect_out '^bypasses     0 in force$'
expect_out '^revoked      1$'
expect_out '^violations   1 refused, 1 watched within 7d; the last in 50s$'
expect_out '^reports      0 waiting, 0 given up since ever$'
expect_out '^limit        1\.0 TiB$'
expect_out '^readers      [0-9]+ of 4096 at most$'

about "a bypass counts while it is in force"
must pinstore bypass soon.test --for 1h --reason test >/dev/null 2>&1
expect_exit 0 pinstore stats
expect_out '^bypasses     1 in force$'
expect_exit 0 pinstore stats --at "@$now"
expect_out '^bypasses     0 in force$'
expect_exit 0 pinstore stats --at 2h
expect_out '^bypasses     0 in force$'

about "the same for scripts"
expect_exit 0 pinstore stats --json --at "@$now"
expect_json out 'd["names"] == 4 and sum(d["entries"].values()) == 5'
expect_json out 'd["entries"]["static_report"] == 1'
expect_json out 'd["entries"]["header_enforce"] == 3'
expect_json out 'd["include_subdomains"] == 1 and d["single_pin"] == 1'
expect_json out 'd["expired"] == 1 and d["expiring"] == 1'
expect_json out 'd["violations"] == {"refused": 1, "watched": 1}'
expect_json out 'd["revoked"] == 1 and d["bypasses"] == 0'
expect_json out 'd["reports"] == {"waiting": 0, "dropped": 0}'
expect_json out 'd["last_violation_epoch"] == 1700000050'
expect_json out '0 < d["used_octets"] <= d["file_octets"] <= d["map_octets"]'
expect_json out 'd["map_octets"] <= d["limit_octets"] == 1 << 40'
must pinstore config max-size 3M
expect_exit 0 pinstore stats
expect_out '^limit        3.0 MiB$'
must pinstore config max-size --unset
expect_exit 0 pinstore stats --json --at "@$now"
expect_json out '0 < d["readers"] <= d["readers_max"] == 4096'
expect_json out 'd["commits"] > 8'

about "and for a monitoring system"
metrics
metric names - 4
metric entries mode=enforce,source=header 3
metric entries mode=report,source=static 1
metric entries mode=report,source=tofu 0
metric entries_expired - 1
metric entries_expiring - 1
metric entries_include_subdomains - 1
metric entries_single_pin - 1
metric violations_recent enforced=true 1
metric violations_recent enforced=false 1
metric revoked_keys - 1
metric reports_dropped_total - 0
metric last_violation_timestamp_seconds - 1700000050

about "a damaged store has no numbers"
must pinstore clear --all --source all --yes >/dev/null 2>&1
size=$(stat -c %s "$store/data.mdb")
must truncate -s $((size / 2)) "$store/data.mdb"
expect_exit 3 pinstore stats --openmetrics
expect_no_out .
