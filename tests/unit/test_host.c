/*
 * test_host.c - canonical host names, and the keys they have in the store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "model/host.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <idn2.h>

#include "tests/support/suite.h"

struct name {
	const char *in;
	const char *out;
};

#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"
#define X64 L63 "d"
#define N251 L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 "abcdefghi"
#define UUML "\xc3\xbc"

static const struct name names[] = {
	{ "Example.COM", "example.com" },         /* H-5 */
	{ "example.com.", "example.com" },        /* H-6 */
	{ "b" UUML "cher.example", "xn--bcher-kva.example" },
	{ "B\xc3\x9c" "CHER.example", "xn--bcher-kva.example" },
	{ "bu\xcc\x88" "cher.example", "xn--bcher-kva.example" }, /* NFD */
	{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
	{ "b" UUML "cher.example.", "xn--bcher-kva.example" },
	{ "stra\xc3\x9f" "e.de", "xn--strae-oqa.de" }, /* nontransitional */
	{ "strasse.de", "strasse.de" },           /* and so another host */
	{ "fa\xc3\x9f.de", "xn--fa-hia.de" },
	{ "\xef\xbd\x85xample.com", "example.com" },   /* full-width e */
	{ "example\xe3\x80\x82" "com", "example.com" }, /* U+3002 */
	{ "exam\xc2\xad" "ple.com", "example.com" },    /* soft hyphen */
	{ "xn--a.example", "xn--a.example" },     /* H-3: no A-label, kept */
	{ "XN--zzzzzz--.example", "xn--zzzzzz--.example" },
	{ "ab--cd.example", "ab--cd.example" },   /* H-3 */
	{ "-a.example", "-a.example" },           /* H-7 */
	{ "a-.example", "a-.example" },
	{ "a_b.example.com", "a_b.example.com" }, /* never "ab" (H-4) */
	{ "_dmarc.example.com", "_dmarc.example.com" },
	{ "a_b.b" UUML "cher.example", "a_b.xn--bcher-kva.example" },
	{ L63 ".example", L63 ".example" },
	{ N251 ".a", N251 ".a" },                 /* 253 octets */
	{ N251 ".a.", N251 ".a" },                /* 253 and the dot */
	{ N251 "a", N251 "a" },                   /* 252 */
	{ "127.0.0.1.example", "127.0.0.1.example" }, /* H-8 */
	{ "1.2.3.4a", "1.2.3.4a" },
	{ "0x7g", "0x7g" },
	{ "0y7", "0y7" },
	{ "a.x0", "a.x0" },
	{ "1-", "1-" },
	{ "localhost", "localhost" },             /* D-26 */
	{ "a", "a" },
};

/* H-9, D-22: addresses, however they are written. */
static const struct name addresses[] = {
	{ "127.0.0.1", "127.0.0.1" },
	{ "127.1", "127.1" },
	{ "0x7f.1", "0x7f.1" },
	{ "0X7F.1", "0x7f.1" },
	{ "0177.0.0.1", "0177.0.0.1" },
	{ "2130706433", "2130706433" },
	{ "1.2.3", "1.2.3" },
	{ "127.0.0.1.", "127.0.0.1" },
	{ "256.0.0.1", "256.0.0.1" },
	{ "1.2.3.4.5", "1.2.3.4.5" },
	{ "08.1", "08.1" },
	{ "0x", "0x" },
	{ "a.0xff", "a.0xff" },                   /* whatever stands before */
	{ "99999999999999999999999", "99999999999999999999999" },
	{ "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1", "127.0.0.1" },
	                                          /* full-width 127 */
	{ "127\xe3\x80\x82" "1", "127.1" },       /* ideographic full stop */
	{ "[::1]", "[::1]" },
	{ "[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]" },
	{ "[fe80::1%25eth0]", "[fe80::1%25eth0]" },
	{ "[FE80::1%Wlan0]", "[fe80::1%Wlan0]" }, /* an interface has case */
	{ "::1", "::1" },
	{ "fe80::A%lo", "fe80::a%lo" },
	{ "[v1.x]", "[v1.x]" },
	{ "[VfF.a:b]", "[vff.a:b]" },
	{ "[v1.a!(b)*~_-]", "[v1.a!(b)*~_-]" },
	{ "[fe80::1%25a-b_c.d~e]", "[fe80::1%25a-b_c.d~e]" },
	{ "[fe80::1%25a%20B]", "[fe80::1%25a%20B]" },
	{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
};

struct bad {
	const char *text;
	size_t len; /* 0 = up to the NUL */
};

static const struct bad bads[] = {
	{ "", 0 },                     /* H-6: empty */
	{ ".", 0 },                    /* nothing but the dot */
	{ "..", 0 },
	{ "example.com..", 0 },        /* one dot only is dropped */
	{ "a..b", 0 },                 /* an empty label */
	{ ".example.com", 0 },
	{ "a..example.test", 0 },      /* T-037 */
	{ ".example.test", 0 },        /* T-037 */
	{ "1..2", 0 },                 /* also of an address */
	{ "a b.example", 0 },          /* H-2 */
	{ " example.com", 0 },
	{ "example.com ", 0 },
	{ "example.com\n", 0 },
	{ "exa\tmple.com", 0 },
	{ "example.com\0", 12 },       /* T-038 */
	{ "pin.test\0.evil.test", 19 },
	{ "\0", 1 },
	{ "b" UUML "cher\0.test", 12 },
	{ "a%20b.example", 0 },
	{ "a/b.example", 0 },          /* T-041 */
	{ "evil.test\\@pin.test", 0 },
	{ "user@pin.test", 0 },
	{ "a?b", 0 }, { "a#b", 0 }, { "a\"b", 0 }, { "a<b", 0 }, { "a>b", 0 },
	{ "a[b", 0 }, { "a]b", 0 }, { "a^b", 0 }, { "a`b", 0 }, { "a{b", 0 },
	{ "a|b", 0 }, { "a}b", 0 }, { "a\x7f" "b", 0 },
	{ "a!b", 0 }, { "a$b", 0 }, { "a&b", 0 }, { "a'b", 0 }, { "a(b", 0 },
	{ "a)b", 0 }, { "a*b", 0 }, { "a+b", 0 }, { "a,b", 0 }, { "a;b", 0 },
	{ "a=b", 0 }, { "a~b", 0 },    /* H-7 */
	{ "*.example.com", 0 },
	{ X64 ".example", 0 },         /* a label of 64 octets */
	{ "example." X64, 0 },
	{ N251 ".ab", 0 },             /* 254 octets */
	{ N251 ".ab.", 0 },
	{ "pin.test:8443", 0 },        /* H-1: no address */
	{ "127.0.0.1:443", 0 },
	{ "[::1]:443", 0 },
	{ "[::1", 0 }, { "::1]", 0 }, { "[", 0 }, { "[]", 0 }, { "]", 0 },
	{ "[::1]x", 0 },
	{ "[127.0.0.1]", 0 },          /* no IPv6 address */
	{ "[pin.test]", 0 },
	{ "[:::1]", 0 },
	{ "[1:2:3:4:5:6:7]", 0 },
	{ "[1:2:3:4:5:6:7:8:9]", 0 },
	{ "[::g]", 0 },
	{ "[::1%]", 0 },               /* an empty zone */
	{ "::1%", 0 },
	{ "[::1%a b]", 0 },
	{ "[::1%a/b]", 0 },
	{ "[::1\0]", 6 },              /* NUL before the bracket */
	{ "::1\0", 4 },
	{ "[::1%\0]", 7 },             /* and in the zone */
	{ "[::1%a{]", 0 },
	{ "[1234567890123456789012345678901234567890123456]", 0 },
	                               /* longer than any address */
	{ "[v.x]", 0 }, { "[v1.]", 0 }, { "[v1x]", 0 }, { "[vg.x]", 0 },
	{ "[vfff]", 0 }, { "[v1-a]", 0 }, { "[v1.a\0]", 7 },
	{ "[v1.a b]", 0 }, { "[v1.a@b]", 0 },
	{ "v1.x:", 0 },                /* IPvFuture without brackets */
	{ ":", 0 }, { "::::", 0 },
	{ "\xe2\x98\x83.example", 0 }, /* H-4: snowman */
	{ "\xe2\x80\x8d.example", 0 }, /* zero width joiner */
	{ "\xc2\xad", 0 },             /* mapped to nothing */
	{ "a.\xc2\xad.b", 0 },
	{ "\xe3\x80\x82", 0 },
	{ "\xef\xbc\x8f.example", 0 }, /* full-width / */
	{ "\xef\xbc\xa0" "a.example", 0 }, /* full-width @ */
	{ "a\xef\xbc\x9a" "1", 0 },    /* full-width : */
	{ "\xef\xbc\xbb::1\xef\xbc\xbd", 0 }, /* full-width brackets */
	{ "a\xe2\x84\x80.example", 0 }, /* U+2100, which maps to a/c */
	{ "\xff.example", 0 },         /* no UTF-8 */
	{ "\xc0\xae.example", 0 },     /* an overlong dot */
	{ "\xed\xa0\x80.example", 0 }, /* a surrogate */
	{ "b\xc3.example", 0 },        /* a cut sequence */
	{ "b" UUML "cher..example", 0 },
	{ "-b" UUML "cher.example", 0 },
	{ "b\xc3", 0 },
};

START_TEST(name_is_canonical)
{
	const struct name *n = &names[_i];
	enum pinstore_host_kind kind;
	struct ps_host host, again;

	ck_assert_int_eq(ps_host_parse(n->in, strlen(n->in), &host, &kind),
	                 PINSTORE_OK);
	ck_assert_int_eq(kind, PINSTORE_HOST_NAME);
	ck_assert_str_eq(host.name, n->out);
	ck_assert_uint_eq(host.len, strlen(n->out));
	/* The canonical form is its own. */
	ck_assert_int_eq(ps_host_parse(host.name, host.len, &again, &kind),
	                 PINSTORE_OK);
	ck_assert_str_eq(again.name, host.name);
}
END_TEST

START_TEST(address_is_told)
{
	const struct name *n = &addresses[_i];
	enum pinstore_host_kind kind;
	struct ps_host host;

	ck_assert_int_eq(ps_host_parse(n->in, strlen(n->in), &host, &kind),
	                 PINSTORE_OK);
	ck_assert_msg(kind == PINSTORE_HOST_ADDRESS, "%s is a name", n->in);
	ck_assert_str_eq(host.name, n->out);
	ck_assert_uint_eq(host.len, strlen(n->out));
}
END_TEST

START_TEST(bad_is_refused)
{
	const struct bad *b = &bads[_i];
	size_t len = b->len > 0 ? b->len : strlen(b->text);
	enum pinstore_host_kind kind = PINSTORE_HOST_NAME;
	struct ps_host host;

	memset(&host, 'x', sizeof(host));
	ck_assert_msg(ps_host_parse(b->text, len, &host, &kind) ==
	              PINSTORE_ERR_HOST, "took \"%s\"", b->text);
	ck_assert_int_eq(kind, PINSTORE_HOST_BAD);
	ck_assert_uint_eq(host.len, 0);
	ck_assert_str_eq(host.name, "");
}
END_TEST

/* H-2 and H-7: of the ASCII octets 65 may stand in a name, the dot counted. */
START_TEST(octets_of_a_name)
{
	enum pinstore_host_kind kind;
	struct ps_host host;
	char text[] = "axb.test";
	int c, n = 0;

	for (c = 0; c < 128; c++) {
		text[1] = (char)c;
		if (ps_host_parse(text, 8, &host, &kind) != PINSTORE_OK)
			continue;
		ck_assert_int_eq(kind, PINSTORE_HOST_NAME);
		n++;
	}
	/* a-z, A-Z, 0-9, "-", "_", "." */
	ck_assert_int_eq(n, 26 + 26 + 10 + 3);
}
END_TEST

/* H-5 to H-8 once more, label by label; what ends in a number is left out. */
static bool
is_name(const char *text, size_t len, char *out)
{
	size_t i, start = 0;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len > PINSTORE_HOST_MAX)
		return false;
	for (i = 0; i <= len; i++) {
		char c = i < len ? text[i] : '.';

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		out[i] = c;
		if (c == '.') {
			if (i == start || i - start > 63)
				return false;
			start = i + 1;
		} else if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", c)
		           == NULL) {
			return false;
		}
	}
	out[len] = '\0';
	return true;
}

/* Made-up texts: mostly names, some with what no name has. */
START_TEST(names_are_read_twice)
{
	static const char octets[] = "abcxyzAXZ0189-_.....%/ @";
	char text[300], wanted[300];
	unsigned seed = 5, round, n_names = 0;
	enum pinstore_host_kind kind;
	struct ps_host host;

	for (round = 0; round < 100000 / suite_stride(40); round++) {
		size_t most = round % 50 == 0 ? 299 : 24;
		size_t len = (size_t)rand_r(&seed) % most, i;
		size_t of = sizeof(octets) - 1 - (round % 4 == 0 ? 0 : 5);
		bool is_accepted;

		for (i = 0; i < len; i++)
			text[i] = octets[(size_t)rand_r(&seed) % of];
		/* A last label that is no number. */
		if (len > 2)
			text[len - 1 - round % 2] = 'g';
		is_accepted = ps_host_parse(text, len, &host, &kind) ==
		              PINSTORE_OK;
		if (len <= 2 && is_accepted &&
		    kind == PINSTORE_HOST_ADDRESS)
			continue;
		n_names += is_accepted;
		if (is_accepted == is_name(text, len, wanted) &&
		    (!is_accepted || (kind == PINSTORE_HOST_NAME &&
		                      host.len == strlen(wanted) &&
		                      strcmp(host.name, wanted) == 0)))
			continue;
		ck_abort_msg("\"%.*s\"", (int)len, text);
	}
	ck_assert_uint_gt(n_names, round / 10);
}
END_TEST

/* Linked in place of libidn2's: see model.inc. */
static int idn2_code;

int __real_idn2_lookup_u8(const uint8_t *src, uint8_t **out, int flags);
int __wrap_idn2_lookup_u8(const uint8_t *src, uint8_t **out, int flags);

int
__wrap_idn2_lookup_u8(const uint8_t *src, uint8_t **out, int flags)
{
	return idn2_code == IDN2_OK ? __real_idn2_lookup_u8(src, out, flags)
	                            : idn2_code;
}

/* No memory is not "no such name"; whatever else is wrong, is. */
START_TEST(libidn2_fails)
{
	static const int codes[] = { IDN2_MALLOC, IDN2_NFC, IDN2_ICONV_FAIL };
	enum pinstore_host_kind kind = PINSTORE_HOST_NAME;
	struct ps_host host;

	idn2_code = codes[_i];
	ck_assert_int_eq(ps_host_parse("b" UUML "cher", 7, &host, &kind),
	                 codes[_i] == IDN2_MALLOC ? PINSTORE_ERR_NOMEM
	                                          : PINSTORE_ERR_HOST);
	ck_assert_int_eq(kind, PINSTORE_HOST_BAD);
	ck_assert_uint_eq(host.len, 0);
	/* ASCII does without it. */
	ck_assert_int_eq(ps_host_parse("a.test", 6, &host, &kind),
	                 PINSTORE_OK);
	idn2_code = IDN2_OK;
}
END_TEST

/* Text of any length is safe, and refused behind 253 octets. */
START_TEST(long_text_is_safe)
{
	static const char *const units[] = { "a", "a.", UUML, "[", ":", "1.",
		                             "\xc2\xad", "%", "v1." };
	const char *unit = units[_i];
	size_t unit_len = strlen(unit), len, max = 1 << 20;
	enum pinstore_host_kind kind;
	struct ps_host host;
	char *text = malloc(max + unit_len);

	ck_assert_ptr_nonnull(text);
	for (len = 0; len < max; len += unit_len)
		memcpy(text + len, unit, unit_len);
	for (len = 510; len <= max; len = len * 2 - 1) {
		ck_assert_int_eq(ps_host_parse(text, len, &host, &kind),
		                 PINSTORE_ERR_HOST);
		ck_assert_int_eq(kind, PINSTORE_HOST_BAD);
	}
	free(text);
}
END_TEST

/* A zone may be long, but not longer than a host. */
START_TEST(zone_has_a_limit)
{
	enum pinstore_host_kind kind;
	struct ps_host host;
	char text[300];

	memset(text, 'z', sizeof(text));
	memcpy(text, "fe80::1%", 8);
	ck_assert_int_eq(ps_host_parse(text, 252, &host, &kind), PINSTORE_OK);
	ck_assert_int_eq(ps_host_parse(text, 253, &host, &kind), PINSTORE_OK);
	ck_assert_uint_eq(host.len, 253);
	ck_assert_int_eq(ps_host_parse(text, 254, &host, &kind),
	                 PINSTORE_ERR_HOST);
}
END_TEST

/* --------------------------------------------------------------------- keys */

static void
parse(const char *text, struct ps_host *host)
{
	enum pinstore_host_kind kind;

	ck_assert_int_eq(ps_host_parse(text, strlen(text), host, &kind),
	                 PINSTORE_OK);
	ck_assert_int_eq(kind, PINSTORE_HOST_NAME);
}

static const struct name keys[] = {
	{ "www.example.com", "com.example.www" },
	{ "example.com", "com.example" },
	{ "com", "com" },
	{ "1.example", "example.1" },
	{ "a.b.c.d.e", "e.d.c.b.a" },
	{ "-a._b.c-", "c-._b.-a" },
};

START_TEST(key_is_reversed)
{
	struct ps_host host, back;
	struct ps_key key;

	parse(keys[_i].in, &host);
	ps_host_key(&host, &key);
	ck_assert_uint_eq(key.len, strlen(keys[_i].out));
	ck_assert_mem_eq(key.octets, keys[_i].out, key.len);
	ck_assert_int_eq(ps_key_host(key.octets, key.len, &back), PINSTORE_OK);
	ck_assert_str_eq(back.name, keys[_i].in);
	ck_assert_uint_eq(back.len, host.len);
	ck_assert(ps_key_is_host(key.octets, key.len));
}
END_TEST

START_TEST(longest_name_has_a_key)
{
	struct ps_host host, back;
	struct ps_key key;

	parse(N251 ".a", &host);
	ps_host_key(&host, &key);
	ck_assert_uint_eq(key.len, PINSTORE_HOST_MAX);
	ck_assert_mem_eq(key.octets, "a.", 2);
	ck_assert_int_eq(ps_key_host(key.octets, key.len, &back), PINSTORE_OK);
	ck_assert_str_eq(back.name, host.name);
}
END_TEST

static const struct bad bad_keys[] = {
	{ "", 0 },
	{ ".", 0 },
	{ "com.", 0 },             /* an empty label in front */
	{ ".com", 0 },
	{ "com..www", 0 },
	{ "com.Example", 0 },      /* not canonical */
	{ "com.exa mple", 0 },
	{ "com.b" UUML "cher", 0 },
	{ "com\0", 4 },
	{ "com.\0", 5 },
	{ "1.com", 0 },            /* "com.1": an address */
	{ "127", 0 },
	{ "0xff.a", 0 },
	{ "com." X64, 0 },
	{ "a." N251 "b.", 0 },
	{ "a." N251 "bc", 0 },     /* 255 octets */
	{ "ab." N251, 0 },         /* 254 */
};

START_TEST(bad_key_is_damage)
{
	const struct bad *b = &bad_keys[_i];
	size_t len = b->len > 0 ? b->len : strlen(b->text);
	struct ps_host host;

	memset(&host, 'x', sizeof(host));
	ck_assert_msg(ps_key_host((const uint8_t *)b->text, len, &host) ==
	              PINSTORE_ERR_DAMAGED, "took \"%s\"", b->text);
	ck_assert_msg(!ps_key_is_host((const uint8_t *)b->text, len),
	              "\"%s\" is one", b->text);
	ck_assert_uint_eq(host.len, 0);
	ck_assert_str_eq(host.name, "");
}
END_TEST

struct relation {
	const char *ancestor;
	const char *name;
	bool is;
};

/* H-10 and T-037: whole labels from the right. */
static const struct relation relations[] = {
	{ "example.test", "a.example.test", true },
	{ "example.test", "a.b.example.test", true },
	{ "test", "example.test", true },
	{ "example.test", "example.test", false }, /* the same is no ancestor */
	{ "example.test", "forexample.test", false },
	{ "example.test", "notexample.test", false },
	{ "example.test", "xexample.test", false },
	{ "example.test", "example.test.evil.test", false },
	{ "example.test", "test", false },
	{ "example.test", "t", false },
	{ "a.example.test", "example.test", false },
	{ "a.example.test", "b.example.test", false },
	{ "pin.test", "pin-x.test", false }, /* '-' sorts before '.' */
	{ "est", "test", false },
	{ "t", "t.t", true },
};

START_TEST(ancestors_end_at_labels)
{
	struct ps_host ancestor, host;
	struct ps_key a, k;

	parse(relations[_i].ancestor, &ancestor);
	parse(relations[_i].name, &host);
	ps_host_key(&ancestor, &a);
	ps_host_key(&host, &k);
	ck_assert(ps_key_is_ancestor(a.octets, a.len, k.octets, k.len) ==
	          relations[_i].is);
	ck_assert(!ps_key_is_ancestor(a.octets, 0, k.octets, k.len));
}
END_TEST

struct within {
	const char *key;
	size_t limit;
	size_t len;
};

static const struct within withins[] = {
	{ "test.pin.www", 12, 8 }, /* not the name itself */
	{ "test.pin.www", 99, 8 }, /* nor with a larger limit */
	{ "test.pin.www", 11, 8 },
	{ "test.pin.www", 9, 8 },
	{ "test.pin.www", 8, 8 },  /* it may fill the limit */
	{ "test.pin.www", 7, 4 },
	{ "test.pin.www", 5, 4 },
	{ "test.pin.www", 4, 4 },
	{ "test.pin.www", 3, 0 },  /* "tes" is no ancestor */
	{ "test.pin.www", 0, 0 },
	{ "test", 4, 0 },
	{ "test", 99, 0 },
	{ "", 0, 0 },
	{ "", 5, 0 },
	{ "t.p", 2, 1 },
	{ "t.p", 1, 1 },
};

START_TEST(ancestor_within_a_limit)
{
	const struct within *w = &withins[_i];

	ck_assert_uint_eq(ps_key_ancestor_within((const uint8_t *)w->key,
	                                         strlen(w->key), w->limit),
	                  w->len);
}
END_TEST

START_TEST(labels_are_counted)
{
	struct ps_host host;

	parse("a", &host);
	ck_assert_uint_eq(ps_host_labels(&host), 1);
	parse("a.b.c", &host);
	ck_assert_uint_eq(ps_host_labels(&host), 3);
	parse("example.com.", &host);
	ck_assert_uint_eq(ps_host_labels(&host), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("host");
	TCase *tcase = tcase_create("host");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, name_is_canonical, 0, COUNT(names));
	tcase_add_loop_test(tcase, address_is_told, 0, COUNT(addresses));
	tcase_add_loop_test(tcase, bad_is_refused, 0, COUNT(bads));
	tcase_add_test(tcase, octets_of_a_name);
	tcase_add_test(tcase, names_are_read_twice);
	tcase_add_loop_test(tcase, libidn2_fails, 0, 3);
	tcase_add_loop_test(tcase, long_text_is_safe, 0, 9);
	tcase_add_test(tcase, zone_has_a_limit);
	tcase_add_loop_test(tcase, key_is_reversed, 0, COUNT(keys));
	tcase_add_test(tcase, longest_name_has_a_key);
	tcase_add_loop_test(tcase, bad_key_is_damage, 0, COUNT(bad_keys));
	tcase_add_loop_test(tcase, ancestors_end_at_labels, 0,
	                    COUNT(relations));
	tcase_add_loop_test(tcase, ancestor_within_a_limit, 0,
	                    COUNT(withins));
	tcase_add_test(tcase, labels_are_counted);
	return suite_run(suite);
}
