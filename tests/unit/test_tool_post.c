/*
 * test_tool_post.c - where a report may go: addresses, and hosts of HSTS.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "common/address.h"
#include "common/hsts.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

/* D-31, T-132: the last of each block, and its neighbours. */
static const struct {
	const char *text;
	bool is_private;
} addresses[] = {
	{"0.0.0.0", true},
	{"0.255.255.255", true},
	{"1.0.0.0", false},
	{"9.255.255.255", false},
	{"10.0.0.0", true},
	{"10.255.255.255", true},
	{"11.0.0.0", false},
	{"100.63.255.255", false},
	{"100.64.0.0", true}, /* carrier's own */
	{"100.127.255.255", true},
	{"100.128.0.0", false},
	{"126.255.255.255", false},
	{"127.0.0.1", true},
	{"127.255.255.255", true},
	{"128.0.0.0", false},
	{"169.253.255.255", false},
	{"169.254.169.254", true}, /* a cloud's metadata */
	{"169.255.0.0", false},
	{"172.15.255.255", false},
	{"172.16.0.0", true},
	{"172.31.255.255", true},
	{"172.32.0.0", false},
	{"192.0.0.1", true},
	{"192.0.1.0", false},
	{"192.0.2.1", true}, /* documentation */
	{"192.167.255.255", false},
	{"192.168.0.0", true},
	{"192.168.255.255", true},
	{"192.169.0.0", false},
	{"198.17.255.255", false},
	{"198.18.0.0", true}, /* benchmarks */
	{"198.19.255.255", true},
	{"198.20.0.0", false},
	{"198.51.100.7", true},
	{"203.0.113.7", true},
	{"203.0.114.0", false},
	{"223.255.255.255", false},
	{"224.0.0.1", true}, /* multicast */
	{"240.0.0.1", true},
	{"255.255.255.255", true},
	{"::", true},
	{"::1", true},
	{"::2", true}, /* compatible with 0.0.0.2 */
	{"::8.8.8.8", false},
	{"::10.0.0.1", true},
	{"::ffff:127.0.0.1", true}, /* mapped */
	{"::ffff:8.8.8.8", false},
	{"::ffff:7f00:1", true},
	{"64:ff9b::a00:1", true}, /* translated: 10.0.0.1 */
	{"64:ff9b::808:808", false},
	{"64:ff9b:1::a9fe:a9fe", true},
	{"100::1", true}, /* discarded */
	{"100:0:0:1::1", false},
	{"2001:db7::1", false},
	{"2001:db8::1", true}, /* documentation */
	{"2001:db9::1", false},
	{"2002:7f00:1::1", true}, /* 6to4 of 127.0.0.1 */
	{"2002:808:808::1", false},
	{"2606:4700::1111", false},
	{"fbff::1", false},
	{"fc00::1", true}, /* unique local */
	{"fdff::1", true},
	{"fe00::1", false},
	{"fe7f::1", false},
	{"fe80::1", true}, /* link */
	{"febf::1", true},
	{"fec0::1", true}, /* site */
	{"feff::1", true},
	{"ff02::1", true}, /* multicast */
};

START_TEST(test_address)
{
	const char *text = addresses[_i].text;
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr *a = (struct sockaddr *)&in;
	char bracketed[64];
	bool is_private;

	if (inet_pton(AF_INET, text, &in.sin_addr) != 1) {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
		a = (struct sockaddr *)&in6;
	}
	ck_assert_msg(tool_address_is_private(a) == addresses[_i].is_private,
	              "%s", text);
	ck_assert(tool_address_parse(text, &is_private));
	ck_assert_int_eq(is_private, addresses[_i].is_private);
	if (a == (struct sockaddr *)&in)
		return;
	(void)snprintf(bracketed, sizeof(bracketed), "[%s%%eth0]", text);
	ck_assert(tool_address_parse(bracketed, &is_private));
	ck_assert_int_eq(is_private, addresses[_i].is_private);
}
END_TEST

/* What is of no known kind is private; what is no address says so. */
START_TEST(test_no_address)
{
	static const char *const texts[] = {"", "a.test", "1.2.3", "1.2.3.4.5",
	                                    "[", "[]", "[1.2.3.4", ":::",
	                                    "0x7f.1", "1.2.3.4 "};
	struct sockaddr other = {.sa_family = AF_UNIX};
	char large[100];
	bool is_private;
	size_t i;

	ck_assert(tool_address_is_private(&other));
	for (i = 0; i < COUNT(texts); i++) {
		ck_assert_msg(!tool_address_parse(texts[i], &is_private), "%s",
		              texts[i]);
		ck_assert(is_private);
	}
	memset(large, '1', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	ck_assert(!tool_address_parse(large, &is_private));
}
END_TEST

/* R-2.1.4-5: the file that curl writes, and files that are none. */
static const struct {
	const char *text, *wanted; /* "NAME/SUBDOMAINS/EXPIRES ..." */
} files[] = {
	{"", ""},
	{"# comment \"20990101 00:00:00\"\n", ""},
	{"a.test \"20990101 00:00:00\"\n", "a.test/0/20990101 00:00:00 "},
	{".a.test \"20990101 00:00:00\"\n", "a.test/1/20990101 00:00:00 "},
	{"a.test \"unlimited\"\n", "a.test/0/ "},
	{"a.test \"unlimitee\"\n", "a.test/0/unlimitee "},
	{"a.test\t\"20990101 00:00:00\"", "a.test/0/20990101 00:00:00 "},
	{"a.test \"1\"\n\n#\nb.test \"2\"\n", "a.test/0/1 b.test/0/2 "},
	{"a.test\nb.test \"2\"\n", "b.test/0/2 "},  /* no date */
	{"a.test \"2\nb.test \"2\"\n", "b.test/0/2 "}, /* without an end */
	{" \"2\"\n", ""},                           /* no name */
	{".\"2\"\n", ""},
	{"a.test \"123456789012345678\"\n", ""}, /* too long a date */
	{"a.test \"12345678901234567\"\n", "a.test/0/12345678901234567 "},
};

START_TEST(test_hsts)
{
	char name[257], told[512] = "";
	struct curl_hstsentry entry = {.name = name, .namelen = sizeof(name)};
	struct tempdir dir;
	struct tool_hsts hsts;
	char path[sizeof(dir.path) + 16];
	FILE *file;

	tempdir_make(&dir);
	(void)snprintf(path, sizeof(path), "%s/hsts", dir.path);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(files[_i].text, file);
	fclose(file);
	tool_hsts_begin(path, &hsts);
	while (tool_hsts_next(NULL, &entry, &hsts) == CURLSTS_OK)
		(void)snprintf(told + strlen(told), sizeof(told) - strlen(told),
		               "%s/%d/%s ", entry.name,
		               (int)entry.includeSubDomains, entry.expire);
	ck_assert_str_eq(told, files[_i].wanted);
	tool_hsts_end(&hsts);
	ck_assert_int_eq(unlink(path), 0);
	tempdir_remove(&dir);
}
END_TEST

/* A name that has no room is left out; no file has no hosts. */
START_TEST(test_hsts_bounds)
{
	char name[8];
	struct curl_hstsentry entry = {.name = name, .namelen = sizeof(name)};
	char text[] = "12345678 \"1\"\n1234567 \"2\"\n";
	struct tool_hsts hsts = {text, strlen(text), 0};

	ck_assert_int_eq(tool_hsts_next(NULL, &entry, &hsts), CURLSTS_OK);
	ck_assert_str_eq(entry.name, "1234567");
	ck_assert_int_eq(tool_hsts_next(NULL, &entry, &hsts), CURLSTS_DONE);
	tool_hsts_begin("/nonexistent/hsts", &hsts);
	ck_assert_int_eq(tool_hsts_next(NULL, &entry, &hsts), CURLSTS_DONE);
	tool_hsts_end(&hsts);
	tool_hsts_begin(NULL, &hsts);
	ck_assert_int_eq(tool_hsts_next(NULL, &entry, &hsts), CURLSTS_DONE);
	tool_hsts_end(&hsts);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tool_post");
	TCase *tcase = tcase_create("where");

	tcase_add_loop_test(tcase, test_address, 0, COUNT(addresses));
	tcase_add_test(tcase, test_no_address);
	tcase_add_loop_test(tcase, test_hsts, 0, COUNT(files));
	tcase_add_test(tcase, test_hsts_bounds);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
