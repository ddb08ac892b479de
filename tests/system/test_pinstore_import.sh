#!/bin/sh
# test_pinstore_import.sh - pinstore import and export, and what others write.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

onpty=$top_srcdir/tests/support/onpty.py
data=$top_srcdir/tests/data
a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
hexb=0202020202020202020202020202020202020202020202020202020202020202
t=1767225600
PINSTORE=$store
export PINSTORE

# fresh: another store
fresh()
{
	rm -rf "$store"
}

# entries EXPRESSION: d is the array of list --json
entries()
{
	must pinstore list --json --at "@$t" >list.json
	expect_json list.json "$1"
}

# expect_skipped EXPRESSION: [(line, reason)] of import --json, in ./out
expect_skipped()
{
	expect_json out "[(s['line'], s['reason']) for s in d['skipped']] == $1"
}

# --------------------------------------------------------------- round trip

about "the round trip is the identity: of every field, text and JSON"
must pinstore pin full.test $a $b --include-subdomains \
	--expires 4000-01-01T00:00:00Z --note 'quote " back \ tab	bücher' >/dev/null
must pinstore pin watched.test $a $b --mode report >/dev/null
must pinstore pin single.test $a --no-backup >/dev/null
must pinstore note --at "@$t" --chain-pin $a head.test \
	"max-age=500; pin-sha256=\"$a\"; pin-sha256=\"$b\"; includeSubDomains; report-uri=\"https://x.test/?a=b;c\"" >/dev/null
must pinstore note --at "@$((t + 9))" --chain-pin $a full.test \
	"max-age=99999999; pin-sha256=\"$a\"; pin-sha256=\"$c\"" >/dev/null
printf 'first.test tofu sha256//%s noted=@%d\n' $c $t >tofu
expect_exit 0 pinstore import tofu
expect_exit 0 pinstore export
must cp out kept.txt
expect_out '^# pinstore entries 1$'
expect_out "^full.test static subdomains sha256//$a sha256//$b noted=.*Z expires=4000-01-01T00:00:00Z note=\"quote .\" back ..* tab.x09bücher\"\$"
expect_out "^watched.test static report sha256//$a"
expect_out "^first.test tofu sha256//$c noted=2026-01-01T00:00:00Z\$"
expect_out "^head.test header subdomains .* max-age=500 report-uri=https://x.test/.a=b;c\$"
expect_exit 0 pinstore export --json
must cp out kept.json
expect_json out 'len(lines) == 6 and list(lines[0]) == ["host", "layer", "source", "mode", "include_subdomains", "pins", "noted", "noted_epoch", "updated", "updated_epoch", "expires", "expires_epoch", "max_age_sent", "report_uri", "note"]'
expect_exit 0 pinstore export --format json
expect_same out kept.json
must pinstore list --json --at "@$t" >kept.list
for kept in kept.txt kept.json; do
	fresh
	expect_exit 0 pinstore import $kept
	expect_out '^6 added, 0 updated, 0 unchanged, 0 skipped$'
	must pinstore export >again.txt
	must pinstore export --json >again.json
	expect_same kept.txt again.txt
	expect_same kept.json again.json
	must pinstore list --json --at "@$t" >again.list
	expect_same kept.list again.list
	expect_exit 0 pinstore import $kept
	expect_out '^0 added, 0 updated, 6 unchanged, 0 skipped$'
done
about "R-2.7-1 what was imported is enforced"
expect_exit 90 pinstore check --chain-pin $c x.full.test
expect_exit 0 pinstore check --chain-pin $b --at "@$t" x.full.test

about "order of lines is nothing, CR LF and a missing end neither"
tac kept.txt >backward.txt
printf '\357\273\277' >crlf.txt
sed 's/$/\r/' kept.txt >>crlf.txt
head -c -1 kept.txt >cut.txt
for kept in backward.txt crlf.txt cut.txt; do
	fresh
	must cp $kept before
	expect_exit 0 pinstore import $kept
	must pinstore export >again.txt
	expect_same kept.txt again.txt
	expect_same $kept before
	fresh
	must sh -c "pinstore import - <$kept >/dev/null"
	must pinstore export >again.txt
	expect_same kept.txt again.txt
done

about "export: globs, source, mode"
expect_exit 0 pinstore export '*d.test' full.test
[ "$(wc -l <out)" -eq 5 ] && ok "two names of three entries, and one more" ||
	fail "$(cat out)"
expect_exit 0 pinstore export --source header
[ "$(grep -c ' header ' out)" -eq 2 ] && [ "$(wc -l <out)" -eq 3 ] &&
	ok "headers alone" || fail "$(cat out)"
expect_exit 0 pinstore export --mode report
[ "$(grep -c ' report ' out)" -eq 1 ] && [ "$(wc -l <out)" -eq 2 ] &&
	ok "those that are watched" || fail "$(cat out)"
expect_exit 0 pinstore export none.test
[ "$(wc -l <out)" -eq 1 ] && ok "nothing" || fail "$(cat out)"
expect_exit 3 pinstore export --store nowhere
expect_exit 2 pinstore export --format none
expect_exit 2 pinstore export --format chromium
expect_err 'only read'

# ----------------------------------------------------------------- own text

about "the format by hand: few words, any order"
fresh
cat >hand <<END

# a remark
   # another
a.test sha256//$a sha256//$b
B.test. pin-sha256="$a" sha256/$b subdomains report
c.test $a header noted=@5 note="" max-age=7
d.test expires=2030-01-02 $hexb static enforce
END
expect_exit 0 pinstore import hand
expect_out '^4 added'
entries "[(e['host'], e['source'], e['mode'], e['include_subdomains'], len(e['pins']), e['expires'], e['note'], e['max_age_sent']) for e in d] == [('a.test','static','enforce',False,2,None,None,None),('b.test','static','report',True,2,None,None,None),('c.test','header','enforce',False,1,None,None,7),('d.test','static','enforce',False,1,'2030-01-02T00:00:00Z',None,None)]"
expect_exit 0 pinstore import hand --format text
expect_out '^0 added, 0 updated, 4 unchanged'

about "T-126 bad lines are named and passed over, or all is refused"
{
	printf 'good.test sha256//%s\n' $a
	printf 'two.test static header sha256//%s\n' $a
	printf 'word.test sha256//%s other\n' $a
	printf 'key.test sha256//%s color=red\n' $a
	printf 'pin.test sha256//%s\n' "${a%=}"
	printf 'stray.test sha256//%s\n' "${a%k=}l="
	printf 'none.test static\n'
	printf '127.0.0.1 sha256//%s\n' $a
	printf 'a..b sha256//%s\n' $a
	printf 'time.test sha256//%s noted=soon\n' $a
	printf 'date.test sha256//%s expires=30d\n' $a
	printf 'num.test sha256//%s max-age=99999999999999999999\n' $a
	printf 'neg.test sha256//%s max-age=-1\n' $a
	printf 'uri.test sha256//%s report-uri=ftp://a/\n' $a
	printf 'utf.test sha256//%s note="\377"\n' $a
	printf 'open.test sha256//%s note="x\n' $a
	printf 'esc.test sha256//%s note="\\q"\n' $a
	printf 'nul.test sha256//%s note="\\x00"\n' $a
	printf 'raw.test sha256//%s \000\n' $a
	printf 'tail.test sha256//%s note="x"y\n' $a
	printf 'long.test sha256//%s note="%070000d"\n' $a 0
	printf 'note.test sha256//%s note="%0257d"\n' $a 0
	printf 'many.test'
	i=0
	while [ $i -lt 33 ]; do
		printf ' %064d' $i
		i=$((i + 1))
	done
	printf '\nlast.test sha256//%s' $b
} >bad
must cp bad before
bad_lines="[(2,'malformed'),(3,'malformed'),(4,'malformed'),(5,'bad-pin'),(6,'bad-pin'),(7,'no-pins'),(8,'address'),(9,'bad-host'),(10,'bad-time'),(11,'bad-time'),(12,'bad-time'),(13,'bad-time'),(14,'bad-report-uri'),(15,'bad-note'),(16,'malformed'),(17,'malformed'),(18,'malformed'),(19,'limit'),(20,'malformed'),(21,'limit'),(22,'bad-note'),(23,'limit')]"
fresh
expect_exit 2 pinstore import --strict bad
expect_err 'line 2 is no line of this format'
expect_err 'line 23 is too long, or has too many pins'
expect_err 'nothing is imported: 22 lines cannot be taken'
[ -e "$store" ] && fail "strict made a store" || ok "strict writes nothing"
expect_exit 1 pinstore import --dry-run bad
expect_out '^would be: 2 added, 0 updated, 0 unchanged, 22 skipped'
[ -e "$store" ] && fail "--dry-run made a store" || ok "--dry-run writes nothing"
expect_exit 1 pinstore import --json bad
expect_json out '(d["added"], d["updated"], d["unchanged"]) == (2, 0, 0)'
expect_skipped "$bad_lines"
expect_same bad before
entries "[e['host'] for e in d] == ['good.test', 'last.test']"
expect_exit 1 pinstore import -n --json bad
expect_json out '(d["added"], d["unchanged"]) == (0, 2)'

about "T-126 what stands twice, is cut off, or is nearly right"
{
	printf 'twice.test sha256//%s note="a" note="b"\n' $a
	printf 'noted.test sha256//%s noted=@5 noted=@5\n' $a
	printf 'first.test note="x sha256//%s\n' $a
	printf 'hex.test sha256//%s note="\\x4"\n' $a
	printf 'upper.test sha256//%s note="\\xFF"\n' $a
	printf 'word.test sha256//%s note=x\n' $a
	printf 'at.test sha256//%s noted=@x\n' $a
	printf 'year.test sha256//%s noted=2026\n' $a
	printf 'dash.test sha256//%s noted=2026x10y20\n' $a
	printf 'same.test note="\\x41\\x7e" %s sha256//%s sha256/%s\tupdated=@7 noted=@-6 expires=never\n' $hexb $b $b
} >bad
fresh
expect_exit 1 pinstore import --json bad
expect_skipped "[(1,'malformed'),(2,'malformed'),(3,'malformed'),(4,'malformed'),(5,'malformed'),(6,'malformed'),(7,'bad-time'),(8,'bad-time'),(9,'bad-time')]"
entries "[(e['host'], e['pins'], e['noted_epoch'], e['updated_epoch'], e['expires'], e['note']) for e in d] == [('same.test', ['$b'], -6, 7, None, 'A~')]"

about "T-126 a contradiction names both lines, in either order"
printf 'a.test sha256//%s\nx.test sha256//%s\na.test sha256//%s\n' $a $a $b >two
tac two >owt
for file in two owt; do
	fresh
	expect_exit 1 pinstore import $file
	expect_err 'line 1 contradicts another line of the same host: line 3'
	expect_err 'line 3 contradicts another line of the same host: line 1'
	entries "[e['host'] for e in d] == ['x.test']"
	fresh
	expect_exit 2 pinstore import --strict $file
	[ -e "$store" ] && pinstore list --json >now && expect_json now 'd == []'
done

about "what is stored: a static entry is not made looser without --force"
fresh
must pinstore pin a.test $a $b --include-subdomains >/dev/null
printf 'a.test sha256//%s sha256//%s\nb.test sha256//%s\n' $a $c $a >loose
expect_exit 1 pinstore import loose
expect_err 'line 1 would make a static entry looser; --force'
expect_out '^1 added, 0 updated, 0 unchanged, 1 skipped'
entries "d[0]['pins'] == ['$a', '$b'] and d[0]['include_subdomains']"
expect_exit 2 pinstore import --strict loose
expect_exit 1 pinstore import --json loose
expect_skipped "[(1, 'looser')]"
expect_exit 0 pinstore import --force loose
expect_out '^0 added, 1 updated, 1 unchanged, 0 skipped'
entries "d[0]['pins'] == ['$a', '$c'] and not d[0]['include_subdomains']"
printf 'a.test sha256//%s\n' $a >tight
expect_exit 0 pinstore import tight
expect_out '^0 added, 1 updated'

about "what was learned: the later sighting stays"
printf 'l.test header sha256//%s sha256//%s noted=@%d\n' $a $b $((t + 5)) >later
printf 'l.test header sha256//%s sha256//%s noted=@%d\n' $a $c $t >earlier
expect_exit 0 pinstore import later
expect_exit 1 pinstore import earlier
expect_err 'was noted before what is stored'
expect_exit 0 pinstore import -n --json later
expect_json out 'd["unchanged"] == 1 and d["skipped"] == []'

about "one record in the journal for each import that changed anything"
must pinstore log --json >log.json
expect_json log.json "[(e['host'], e['count']) for e in lines if e['event'] == 'imported'] == [(None, 1), (None, 1), (None, 1), (None, 1)]"
expect_exit 0 pinstore log
expect_out 'imported      -  1 entries'

# ----------------------------------------------------------------- own JSON

about "T-126 JSON: deep nesting, double keys, huge numbers, no UTF-8"
fresh
"$python" - >bad.json <<END
def line(**more):
    import json
    print(json.dumps({"host": "a.test", "pins": ["$a"], **more}))
line()
print('{"host": "b.test", "pins": ["$a"], "host": "c.test"}')
print('{"host": "d.test", "pins": ' + '[' * 20000 + ']' * 20000 + '}')
line(host="e.test", noted_epoch=10**30)
line(host="f.test", expires_epoch=1.5)
line(host="g.test", pins=[7])
line(host="h.test", pins="$a")
line(host="i.test", pins=[])
line(host=5)
line(host="j.test", source="other")
line(host="k.test", mode=None, include_subdomains="yes")
print('["l.test"]')
print('{"host": "m.test"')
line(host="n.test\x00.b.test")
line(host="o.test", note="a\x00b")
line(host="p.test", max_age_sent=-5)
line(host="q.test", later_member={"x": [1]}, expires="2030-01-01T00:00:00Z", noted="@7")
print('nonsense')
print('"a.test"')
line(host="r.test", pins=["%064d" % i for i in range(33)])
END
printf '{"host": "s.test", "note": "\377", "pins": ["%s"]}\n' $a >>bad.json
expect_exit 1 pinstore import --json bad.json
expect_skipped "[(2,'malformed'),(3,'malformed'),(4,'malformed'),(5,'bad-time'),(6,'bad-pin'),(7,'malformed'),(8,'no-pins'),(9,'malformed'),(10,'malformed'),(11,'malformed'),(12,'malformed'),(13,'malformed'),(14,'malformed'),(15,'malformed'),(16,'bad-time'),(18,'malformed'),(19,'malformed'),(20,'limit'),(21,'malformed')]"
entries "[(e['host'], e['noted_epoch'] if e['host'] == 'q.test' else 0, e['expires']) for e in d] == [('a.test', 0, None), ('q.test', 7, '2030-01-01T00:00:00Z')]"

about "T-126 JSON: each member of another kind"
"$python" - >bad.json <<END
import json
def line(**more):
    print(json.dumps({"host": "x.test", "pins": ["$a"], **more}))
print("  \t")
line(source=5)
line(mode=5)
line(mode="other")
line(report_uri=5)
line(note=["x"])
line(max_age_sent="5")
line(include_subdomains=1)
line(noted=5)
line(noted="soon")
line(updated="soon")
line(updated_epoch="7")
line(expires="@x")
line(pins=["$a", None])
line(pins=["$a", "$b="])
line(host=None)
line(host="y.test", source=None, mode="report", pins=["$b", "$b", "$a"],
     include_subdomains=None, max_age_sent=None, updated=None, expires="never")
END
fresh
expect_exit 1 pinstore import --json bad.json
expect_skipped "[(2,'malformed'),(3,'malformed'),(4,'malformed'),(5,'malformed'),(6,'malformed'),(7,'malformed'),(8,'malformed'),(9,'bad-time'),(10,'bad-time'),(11,'bad-time'),(12,'bad-time'),(13,'bad-time'),(14,'bad-pin'),(15,'bad-pin'),(16,'malformed')]"
entries "[(e['host'], e['mode'], e['pins'], e['expires']) for e in d] == [('y.test', 'report', ['$b', '$a'], None)]"

# ------------------------------------------------------------ others' files

make_pki local:intA:localhost
v=$(header 5000 local backup -- includeSubDomains)
start_nginx web --site localhost --chain local \
	--conf "add_header Public-Key-Pins '$v' always; root $T;"
pin_local=$(fingerprint local)

about "wget2: what it writes is read, as a header's"
wget2 --ca-certificate="$pki/trust.pem" --hpkp --hpkp-file="$T/hpkp" -q -O - \
	"https://localhost:$web_port/" >wget2.out 2>&1 || must cat wget2.out
grep -q '^localhost 1 ' hpkp && ok "wget2 has noted the host" || fail "$(cat hpkp)"
created=$(sed -n 's/^localhost 1 \([0-9]*\) 5000$/\1/p' hpkp)
fresh
expect_exit 0 pinstore import hpkp
entries "[(e['host'], e['include_subdomains']) for e in d] == [('localhost', False)]"
fresh
must pinstore config suffix-rule off >/dev/null
expect_exit 0 pinstore import hpkp
expect_out '^1 added'
entries "[(e['host'], e['source'], e['include_subdomains'], e['noted_epoch'], e['expires_epoch'], e['max_age_sent'], sorted(e['pins'])) for e in d] == [('localhost','header',True,$created,$created+5000,5000,sorted(['$pin_local','$(fingerprint backup)']))]"
expect_exit 0 pinstore export --format wget2 --at "@$created"
grep -v '^#' hpkp | sort >one
grep -v '^#' out | sort >two
expect_same one two

about "wget2 reads what is exported, and keeps to it"
fresh
printf 'localhost sha256//%s\nlong.test sha256//%s\n' $a $a >hand
must pinstore import hand >/dev/null
must pinstore export --format wget2 >hpkp.ours
wget2 --ca-certificate="$pki/trust.pem" --hpkp --hpkp-file="$T/hpkp.ours" -O - \
	--tries=1 "https://localhost:$web_port/" >wget2.out 2>&1 &&
	fail "wget2 took another key" || ok "wget2 refuses another key"

about "T-126 libwget's file: its limits and its faults"
fresh
{
	printf '# HPKP 1.0 file\r\n#x\r\n\r\n'
	printf 'long.test 0 %d 99999999\n*sha256 %s\n*sha1 abc\n' $t $a
	printf 'bad.test 2 5 5\n*sha256 %s\n' $a
	printf 'few.test 0 5\n'
	printf 'big.test 0 5 99999999999999999999\n'
	printf 'none.test 0 5 5\n'
	printf 'pin.test 0 5 5\n*sha256 %s\n*sha256 xyz\n*sha256 %s\n' $a $b
	printf '%0300d.test 0 5 5\n*sha256 %s\n' 7 $a
	printf 'last.test 1 %d 9\n*sha256 %s' $t $b
} >odd
expect_exit 1 pinstore import --json odd
expect_skipped "[(7,'malformed'),(9,'malformed'),(10,'bad-time'),(11,'no-pins'),(14,'bad-pin'),(16,'bad-host')]"
entries "[(e['host'], e['max_age_sent'], e['expires_epoch']) for e in d] == [('last.test', 9, $t + 9), ('long.test', 99999999, $t + 5184000)]"
printf '*sha256 %s\n' $a >orphan
expect_exit 1 pinstore import --format wget2 orphan
must pinstore config max-age-cap 100 >/dev/null
must pinstore clear --all --yes >/dev/null
expect_exit 1 pinstore import --json odd
entries "[(e['host'], e['expires_epoch']) for e in d] == [('last.test', $t + 9), ('long.test', $t + 100)]"

about "gnutls-cli --tofu: what it writes is read, and it reads what is written"
printf 'y\n' | must gnutls-cli --tofu --x509cafile="$pki/trust.pem" -p "$web_port" \
	localhost >gnutls.out 2>&1
known=$(find "$T" -name known_hosts)
grep -q '^|g0|localhost|' "$known" && ok "it has stored the key" || fail "$known"
fresh
expect_exit 0 pinstore import "$known"
entries "[(e['host'], e['source'], e['pins'], e['expires']) for e in d] == [('localhost','static',['$pin_local'],None)]"
must pinstore export --format gnutls >known.ours
must cp known.ours "$known"
gnutls-cli --strict-tofu --x509cafile="$pki/trust.pem" -p "$web_port" localhost \
	</dev/null >gnutls.out 2>&1 && ok "it knows the key again" ||
	fail "$(tail -5 gnutls.out)"
sed 's/|......\([0-9a-f]*\)$/|000000\1/' known.ours >"$known"
gnutls-cli --strict-tofu --x509cafile="$pki/trust.pem" -p "$web_port" localhost \
	</dev/null >gnutls.out 2>&1 && fail "it takes another key" ||
	ok "it refuses another key"

about "known_hosts: lines of a host are parts, others are named"
key=$(openssl pkey -in "$pki/local.key" -pubout -outform DER 2>/dev/null |
	base64 -w0)
{
	printf '|g0|k.test|443|0|%s\n' "$key"
	printf '|c0|k.test|*|4000000000|6|%s\n' $hexb
	printf '|c0|*|443|0|6|%s\n' $hexb
	printf '|c0|k.test|443|1|6|%064d\n' 5
	printf '|c0|k.test|443|0|3|%040d\n' 5
	printf '|c0|k.test|443|0|6|%063d\n' 5
	printf '|g0|k.test|443|0|AAAA\n'
	printf '|g0|k.test|443|never|%s\n' "$key"
	printf '|g1|k.test|443|0|%s\n' "$key"
	printf '|g0|192.0.2.1|443|0|%s\n' "$key"
	printf 'nothing\n'
} >known
fresh
expect_exit 1 pinstore import --json known
expect_skipped "[(3,'bad-host'),(4,'expired'),(5,'other-hash'),(6,'bad-pin'),(7,'bad-pin'),(8,'bad-time'),(9,'malformed'),(10,'address'),(11,'malformed')]"
entries "[(e['host'], sorted(e['pins']), e['expires']) for e in d] == [('k.test', sorted(['$pin_local', '$b']), None)]"

about "curl's pin strings"
fresh
printf '# made by hand\na.test sha256//%s;sha256//%s\nb.test\tsha256//%s\n' $a $b $a >pins
expect_exit 0 pinstore import pins
expect_out '^2 added'
entries "[(e['host'], e['pins'], e['source']) for e in d] == [('a.test', ['$a', '$b'], 'static'), ('b.test', ['$a'], 'static')]"
expect_exit 0 pinstore export --format curl
printf 'a.test sha256//%s;sha256//%s\nb.test sha256//%s\n' $a $b $a >one
expect_same one out
printf 'a.test sha256//%s;sha256//x\nb.test\nc.test sha256//%s d\nd.test sha1//x;sha256//%s\n' \
	$a $a $a >pins
expect_exit 1 pinstore import --format curl --json pins
expect_skipped "[(1,'bad-pin'),(2,'malformed'),(3,'malformed'),(4,'bad-pin')]"

"$python" - >pins <<END
import base64
print("\n \na.test sha256//$a;sha256//$a\nmany.test " + ";".join(
    "sha256//" + base64.b64encode(b"%032d" % i).decode() for i in range(33)))
END
fresh
expect_exit 1 pinstore import --format curl --json pins
expect_skipped "[(4,'limit')]"
entries "[(e['host'], e['pins']) for e in d] == [('a.test', ['$a'])]"

about "TLSA: only records that mean the SHA-256 of a key"
fresh
{
	printf '; <<>> DiG\n\n'
	printf '_443._tcp.t.test.\t3600\tIN\tTLSA\t3 1 1 %s\n' $hexb
	printf '_25._tcp.T.test. IN TLSA 2 1 1 ( %s\n' "$(echo $hexb | cut -c 1-32) $(echo $hexb | cut -c 34-64)3 )"
	printf '_443._tcp.u.test. TLSA 3 0 1 %s\n' $hexb
	printf '_443._tcp.u.test. TLSA 1 1 2 %s%s\n' $hexb $hexb
	printf '_443._tcp.u.test. TLSA 4 1 1 %s\n' $hexb
	printf '_443._tcp.u.test. TLSA 3 1 1 0203\n'
	printf '_443._tcp.u.test. A 192.0.2.1\n'
	printf 'u.test. TLSA 3 1 1 %s\n' $hexb
	printf '_443._tcp.u.test. TLSA 1 1 1 %s ; remark\n' $hexb
} >zone
expect_exit 1 pinstore import --json zone
expect_skipped "[(5,'other-hash'),(6,'other-hash'),(7,'other-hash'),(8,'bad-pin'),(9,'malformed'),(10,'malformed')]"
entries "[(e['host'], len(e['pins'])) for e in d] == [('t.test', 2), ('u.test', 1)]"

{
	printf '_443._tcp.u.test.\n_443._tcp.u.test. TLSA\n'
	printf '_443._tcp.u.test. TLSA 3 1 1 %s00\n' $hexb
	printf '_443.u.test. TLSA 3 1 1 %s\n' $hexb
	printf '_443._tcp.u.test.\tTLSA\t3 1\n'
	printf '_443._tcp.v.test.\tIN\tTLSA 3 1 1 ( %s )\n' $hexb
} >zone
fresh
expect_exit 1 pinstore import --json zone
expect_skipped "[(1,'malformed'),(2,'malformed'),(3,'bad-pin'),(4,'malformed'),(5,'malformed')]"
entries "[e['host'] for e in d] == ['v.test']"

about "Chromium's static pins: names from the file of pins"
fresh
{
	printf '# remark\nPinsListTimestamp\n1700000000\n\nKeyA\nsha256/%s\n\nKeyB\n' $a
	cat "$pki/backup.pem"
	printf '\nKeyC\n'
	openssl pkey -in "$pki/local.key" -pubout 2>/dev/null
	printf 'KeyD\nsha256/%s\n' $c
} >state.pins
cat >state.json <<'END'
// Copyright of nobody
// "entries": [ { "name": "no.test", "pins": "one" } ]
{
  "pinsets": [
    // a remark with "quotes" and { brackets [
    { "name": "one", "static_spki_hashes": ["KeyA", "KeyB"],
      "bad_static_spki_hashes": ["KeyD"], "report_uri": "https://r.test/x//y" },
    { "name": "two", "static_spki_hashes": ["KeyC"] },
    { "name": "bad", "static_spki_hashes": ["KeyA", "KeyZ"] }
  ],
  "entries": [
    { "name": "a.test", "include_subdomains": true, "mode": "force-https", "pins": "one" },
    { "name": "https.test", "include_subdomains": true, "mode": "force-https" },
    // between
    { "name": "b.test", "include_subdomains_for_pinning": true, "pins": "two" },
    { "name": "c.test", "pins": "two" }, { "name": "d.test", "pins": "bad" },
    { "name": "e.test", "pins": "none" },
    { "name": "192.0.2.1", "pins": "two" },
    { "pins": "two" }
  ]
}
END
expect_exit 1 pinstore import --json state.json
expect_skipped "[(16,'unknown-name'),(17,'unknown-name'),(18,'address'),(19,'bad-host')]"
entries "[(e['host'], e['include_subdomains'], e['pins'], e['report_uri'], e['source']) for e in d] == [('a.test',True,['$a','$(fingerprint backup)'],'https://r.test/x//y','static'),('b.test',True,['$pin_local'],None,'static'),('c.test',False,['$pin_local'],None,'static')]"
must cp state.pins other.pins
fresh
expect_exit 1 pinstore import --pins other.pins state.json
expect_exit 1 pinstore import --pins other.pins --expires 2030-01-01 -n state.json
must mv state.pins moved.pins
expect_exit 2 pinstore import state.json
expect_err 'state.pins.*cannot be read'
pinstore import - <state.json >out 2>err
[ $? -eq 2 ] && grep -q 'where are the pins' err && ok "stdin needs --pins" ||
	fail "$(cat err)"
printf 'KeyA\nsha256/%s\nKeyA\nsha256/%s\n' $a $b >twice.pins
expect_exit 2 pinstore import --pins twice.pins state.json
expect_err 'line 4.*another key has this name'
printf 'KeyA\nrubbish\n' >rubbish.pins
expect_exit 2 pinstore import --pins rubbish.pins state.json
expect_err 'line 2.*neither a pin nor'
printf 'KeyA\n-----BEGIN CERTIFICATE-----\nAAAA\n' >open.pins
expect_exit 2 pinstore import --pins open.pins state.json
printf 'KeyA\n' >end.pins
expect_exit 2 pinstore import --pins end.pins state.json
expect_err 'nothing follows this name'
printf '{ "pinsets": [], "entries": [ }' >broken.json
expect_exit 2 pinstore import --pins other.pins broken.json
expect_err 'line 1'
printf '{ "pinsets": {}, "entries": [] }' >wrong.json
expect_exit 2 pinstore import --pins other.pins wrong.json

for odd in '{ "pinsets": [], "entries": [] } }]' '{ "entries": [ "open' \
	'{ "entries": "\' '{ "pinsets": [] }'; do
	printf '%s' "$odd" >broken.json
	expect_exit 2 pinstore import --format chromium --pins other.pins broken.json
	expect_err 'line 1|this has no'
done

about "T-126 Chromium: odd names, kinds and numbers of pins"
i=0
while [ $i -lt 33 ]; do
	printf 'Key%d\r\nsha256/%s\r\n' $i "$(printf '%032d' $i | base64)"
	i=$((i + 1))
done >odd.pins
printf 'Key0\nsha256/%s' "$(printf '%032d' 0 | base64)" >>odd.pins
cat >odd.json <<END
{ "pinsets": [
    { "static_spki_hashes": ["Key1"] },
    { "name": "a\\"b/", "static_spki_hashes": ["Key1", "Key1", "Key2"] },
    { "name": "void" }, { "name": "five", "static_spki_hashes": [5] },
    { "name": "all", "static_spki_hashes": [$(seq -f '"Key%g"' -s, 0 32)] }
  ], "other": [[], {}], "version": "1",
  "entries": [ { "name": "x.test", "pins": "a\\"b/" },
    { "name": "y.test", "pins": "void" }, { "name": "z.test", "pins": "five" },
    { "name": "w.test", "pins": "all" },
    { "name": "v.test", "pins": 5 }, "pins", [ { "name": "u.test" } ],
    { "name": 5, "pins": "a\\"b/" } ] }
END
fresh
expect_exit 1 pinstore import --json --pins odd.pins odd.json
expect_skipped "[(8,'unknown-name'),(8,'unknown-name'),(9,'limit'),(10,'malformed'),(10,'malformed'),(10,'malformed'),(11,'bad-host')]"
entries "[(e['host'], len(e['pins']), e['include_subdomains']) for e in d] == [('x.test', 2, False)]"
: >none.pins
fresh
expect_exit 1 pinstore import --json --pins none.pins odd.json
expect_json out 'd["added"] == 0'

about "--expires: for what does not say when it ends"
fresh
expect_exit 0 pinstore import --expires 2030-01-01 tight
entries "[e['expires'] for e in d] == ['2030-01-01T00:00:00Z']"

about "Android and OkHttp are written"
fresh
printf 'a.test sha256//%s sha256//%s subdomains expires=2030-05-06\nb.test sha256//%s\n' \
	$a $b $a >hand
must pinstore import hand >/dev/null
expect_exit 0 pinstore export --format nsc
must "$python" - out <<END
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
told = [(c.find("domain").text, c.find("domain").get("includeSubdomains"),
         c.find("pin-set").get("expiration"),
         [(p.get("digest"), p.text) for p in c.iter("pin")])
        for c in root.findall("domain-config")]
wanted = [("a.test", "true", "2030-05-06", [("SHA-256", "$a"), ("SHA-256", "$b")]),
          ("b.test", "false", None, [("SHA-256", "$a")])]
sys.exit(told != wanted)
END
ok "an XML parser finds them in the network-security-config"
expect_exit 0 pinstore export --format okhttp
expect_out '^CertificatePinner certificatePinner = new CertificatePinner.Builder\(\)$'
expect_out "^    .add\\(\"\\*\\*.a.test\", \"sha256/$a\"\\)\$"
expect_out "^    .add\\(\"b.test\", \"sha256/$a\"\\)\$"
expect_out '^    .build\(\);$'

about "what another program cannot hold is left out, and told"
fresh
printf 'a.test sha256//%s report\nb.test sha256//%s expires=@5\nc.test sha256//%s\nc.test header sha256//%s noted=@5 expires=2100-01-01\n' \
	$a $a $a $b >hand
must pinstore import hand >/dev/null
expect_exit 0 pinstore export --format curl
printf 'c.test sha256//%s\n' $a >one
expect_same one out
expect_err '1 left out that are only watched'
expect_err '1 left out that have expired'
expect_err '1 learned left out beside static ones'
expect_exit 0 pinstore export --format curl --at @3
expect_out '^b.test '

about "T-126 what is of no known format is named or refused"
printf 'a.test:HPKP\t0\t17000\t1700000000000,1,1,%s\n' $a >firefox
expect_exit 2 pinstore import firefox
expect_err "Firefox's SiteSecurityServiceState"
must pinstore export --format nsc >nsc
expect_exit 2 pinstore import nsc
expect_err 'only written'
expect_exit 2 pinstore import --format okhttp nsc
expect_err 'only written'
head -c 5000 /dev/urandom >noise
printf '\0' >>noise
expect_exit 2 pinstore import noise
expect_err 'no format that is known'
expect_exit 2 pinstore import --format other hand
expect_err 'other'
expect_exit 2 pinstore import missing
expect_err 'missing.*cannot be read'
expect_exit 2 pinstore import "$T"
expect_exit 2 pinstore import
printf '# pinstore entries 2\na.test new sha256//%s\n' $a >future
expect_exit 2 pinstore import future
expect_err 'later pinstore'
: >empty
expect_exit 0 pinstore import empty
expect_out '^0 added, 0 updated, 0 unchanged, 0 skipped'
printf '\n# only a remark\n' >remark
expect_exit 0 pinstore import remark

for odd in '// x
rubbish' '# pinstore entries 12' '# pinstore entries ' 'x "network'; do
	printf '%s\n' "$odd" >noise
	expect_exit 2 pinstore import noise
done
printf '#HPKP 1.0 file\n' >noise
expect_exit 0 pinstore import noise
for odd in 'a	TLSA	x' '_443._tcp.a.test.	TLSA 3 1 1 x' ' 
a sha256//' 'a= b'; do
	printf '%s\n' "$odd" >noise
	expect_exit 1 pinstore import noise
	expect_out '^0 added'
done

about "T-126 what is imported is only read"
for source in *.txt *.json crlf.txt backward.txt; do
	[ -f "$source" ] || continue
	before=$(sha256sum "$source"; stat -c '%Y %a %i' "$source")
	pinstore import "$source" >/dev/null 2>&1
	pinstore import --strict --dry-run "$source" >/dev/null 2>&1
	[ "$(sha256sum "$source"; stat -c '%Y %a %i' "$source")" = "$before" ] &&
		ok "$source is as it was" || fail "$source was changed"
done

# ------------------------------------------------------------- on a terminal

about "progress: on a terminal, not in a pipe, not with --quiet"
fresh
slowly()
{
	i=0
	while [ $i -lt 6 ]; do
		seq -f "h$i-%g.test sha256//$a" 300
		sleep 0.2
		i=$((i + 1))
	done
}
slowly | timeout 60 "$python" "$onpty" 80 2 seen pinstore import - >out
tr '\r' '\n' <seen | grep -Eq '^read  [0-9]+ kB  [0-9]+ kB/s  0:0[01]' &&
	ok "a bar is seen" || fail "$(cat seen)"
tr '\r' '\n' <seen | awk 'length > 79 { exit 1 }' && ok "within 80 columns" ||
	fail "$(cat seen)"
tail -c 80 seen | tr -d ' \r' | grep -q . && fail "it is left behind: $(cat seen)" ||
	ok "and it is gone at the end"
expect_out '^1800 added'
slowly | timeout 60 "$python" "$onpty" 80 2 seen pinstore import -q - >out
[ -s seen ] && fail "--quiet: $(cat seen)" || ok "--quiet draws nothing"
slowly | timeout 60 pinstore import - >out 2>err
[ -s err ] && fail "in a pipe: $(cat err)" || ok "nothing in a pipe"

about "Ctrl-C: the line is gone, nothing is written, the signal is told"
fresh
must pinstore pin a.test $a $b >/dev/null
must pinstore export >kept.txt
mkfifo pipe
(slowly; sleep 5) >pipe &
feeder=$!
timeout 60 "$python" "$onpty" 80 2 seen sh -c \
	"timeout --foreground -s INT 1 pinstore import pipe; echo \$? >code" >out
kill $feeder 2>/dev/null
wait $feeder 2>/dev/null
[ "$(cat code)" = 124 ] && ok "it ended by the signal" || fail "$(cat code)"
tail -c 80 seen | tr -d ' \r' | grep -q . && fail "left behind: $(cat seen)" ||
	ok "the line is gone"
must pinstore export >again.txt
expect_same kept.txt again.txt
(slowly; sleep 5) >pipe &
feeder=$!
pinstore import pipe >out 2>err &
importer=$!
sleep 0.5
kill -INT $importer 2>/dev/null
kill $feeder 2>/dev/null
wait $feeder 2>/dev/null
wait $importer 2>/dev/null

about "export | head stops at once"
fresh
seq -f "h%g.test sha256//$a sha256//$b" 20000 >many
expect_exit 0 pinstore import many
pinstore export | head -n 1 >out
expect_out '^# pinstore entries 1$'
pinstore export >/dev/full 2>err
[ $? -eq 2 ] && grep -q 'stdout cannot be written' err &&
	ok "a full disk is told" || fail "$(cat err)"
must pinstore export >all
[ "$(wc -l <all)" -eq 20001 ] && ok "and all are there" || fail "$(wc -l <all)"
