/*
 * test_tool_starttls.c - what hosts say before TLS begins, and what is no such
 * answer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test_pinstore_starttls.sh has the whole way of each protocol; here are the
 * answers that are nearly right.  All of the host's words are there before the
 * first is read.
 */
#include <config.h>

#include "starttls.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/when.h"
#include "tests/support/suite.h"

/* A wire whose other end is *peer. */
static void
connect_wire(struct wire *wire, struct tool_fault *fault, int *peer)
{
	int both[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	                                             SOCK_NONBLOCK, 0, both),
	                 0);
	memset(wire, 0, sizeof(*wire));
	memset(fault, 0, sizeof(*fault));
	wire->fd = both[0];
	wire->fault = fault;
	wire->host = "pin.test";
	wire->deadline = tool_clock_ms() + WIRE_MILLISECONDS;
	*peer = both[1];
}

static void
disconnect(struct wire *wire, int peer)
{
	if (wire->fd >= 0)
		(void)close(wire->fd);
	if (peer >= 0)
		(void)close(peer);
}

#define STREAM "<?xml version='1.0'?><stream:stream>"
#define FEATURES(inner) STREAM "<stream:features>" inner "</stream:features>"
#define XMPP "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define NOT_OFFERED "the host does not offer STARTTLS"
#define NO_LDAP "the host's answer is no LDAP"
#define NO_XMPP "the host's answer is no XMPP"
#define CLOSED "the host closed the connection before TLS began"
#define SAYS(step, line) step ": the host answers \"" line "\""
#define LONG_LINE "the host's answer has a line of more than 4096 octets"
#define LINES(step) step ": the host's answer has more than 200 lines"
#define OF(text) text, sizeof(text) - 1

static const struct {
	const char *name;
	enum starttls protocol;
	const char *text; /* what the host says, and how long it is */
	size_t len;
	const char *fault; /* NULL: TLS may begin */
} dialogues[] = {
	/* Three digits, and what stands behind them. */
	{"a code alone is an end", STARTTLS_SMTP,
	 OF("220\r\n250-x\r\n250 STARTTLS\r\n220\r\n"), NULL},
	{"lines end by LF too", STARTTLS_SMTP,
	 OF("220 x\n250 STARTTLS\n220 x\n"), NULL},
	{"words in small letters", STARTTLS_SMTP,
	 OF("220 x\r\n250 starttls\r\n220 x\r\n"), NULL},
	{"something else behind the code", STARTTLS_SMTP, OF("220x\r\n"),
	 SAYS("greeting", "220x")},
	{"a longer word", STARTTLS_SMTP, OF("220 x\r\n250 STARTTLSX\r\n"),
	 NOT_OFFERED},
	{"a code alone among the words", STARTTLS_SMTP,
	 OF("220 x\r\n250\r\n"), NOT_OFFERED},
	{"another code in the second line", STARTTLS_SMTP,
	 OF("220 x\r\n250-x\r\n251 STARTTLS\r\n"),
	 SAYS("EHLO", "251 STARTTLS")},
	{"the end instead of an answer to EHLO", STARTTLS_SMTP, OF("220 x\r\n"),
	 CLOSED},
	{"the end instead of an answer to STARTTLS", STARTTLS_SMTP,
	 OF("220 x\r\n250 STARTTLS\r\n"), CLOSED},
	{"an empty line", STARTTLS_LMTP, OF("\r\n"), SAYS("greeting", "")},
	{"half a code", STARTTLS_LMTP, OF("22\r\n"), SAYS("greeting", "22")},
	/* FTP: lines in between say what they like. */
	{"FTP: the end in the middle of an answer", STARTTLS_FTP,
	 OF("220-x\r\n 230 x\r\n"), CLOSED},
	{"FTP: a code that goes on is no end", STARTTLS_FTP,
	 OF("220-x\r\n220-y\r\n220 z\r\n234 x\r\n"), NULL},
	{"FTP: nothing", STARTTLS_FTP, OF(""), CLOSED},
	{"FTP: the end instead of an answer", STARTTLS_FTP, OF("220 x\r\n"),
	 CLOSED},
	/* POP3. */
	{"POP3: a longer word", STARTTLS_POP3, OF("+OKAY\r\n"),
	 SAYS("greeting", "+OKAY")},
	{"POP3: the end instead of an answer", STARTTLS_POP3, OF("+OK\r\n"),
	 CLOSED},
	{"POP3: no", STARTTLS_POP3, OF("+OK\r\n-ERR x\r\n"),
	 SAYS("STLS", "-ERR x")},
	/* IMAP. */
	{"IMAP: spaces and tabs between the words", STARTTLS_IMAP,
	 OF("* OK\r\n* CAPABILITY X \t starttls\tX\r\na OK\r\na OK\r\n"),
	 NULL},
	{"IMAP: not OK", STARTTLS_IMAP, OF("* BYE x\r\n"),
	 SAYS("greeting", "* BYE x")},
	{"IMAP: a longer word", STARTTLS_IMAP,
	 OF("* OK\r\n* CAPABILITY STARTTLS2 XSTARTTLS\r\na OK\r\n"),
	 NOT_OFFERED},
	{"IMAP: a word that a sign ends", STARTTLS_IMAP,
	 OF("* OK\r\n* CAPABILITY STARTTLS=1\r\na OK\r\n"), NOT_OFFERED},
	{"IMAP: the word in another line", STARTTLS_IMAP,
	 OF("* OK\r\n* FLAGS STARTTLS\r\na OK\r\n"), NOT_OFFERED},
	{"IMAP: no tag", STARTTLS_IMAP, OF("* OK\r\nb OK\r\n"),
	 SAYS("CAPABILITY", "b OK")},
	{"IMAP: another word with our tag", STARTTLS_IMAP,
	 OF("* OK\r\na BAD x\r\n"), SAYS("CAPABILITY", "a BAD x")},
	{"IMAP: the end in front of the tag", STARTTLS_IMAP,
	 OF("* OK\r\n* CAPABILITY STARTTLS\r\n"), CLOSED},
	{"IMAP: words before the answer to STARTTLS", STARTTLS_IMAP,
	 OF("* OK\r\n* CAPABILITY STARTTLS\r\na OK\r\n* X\r\na OK\r\n"), NULL},
	{"IMAP: it names STARTTLS again, and says no", STARTTLS_IMAP,
	 OF("* OK\r\n* CAPABILITY STARTTLS\r\na OK\r\n* CAPABILITY STARTTLS\r\n"
	    "a NO\r\n"), SAYS("STARTTLS", "a NO")},
	/* ManageSieve. */
	{"Sieve: a line without quotes", STARTTLS_SIEVE, OF("STARTTLS\r\n"),
	 SAYS("greeting", "STARTTLS")},
	{"Sieve: the end in front of OK", STARTTLS_SIEVE,
	 OF("\"STARTTLS\"\r\n"), CLOSED},
	{"Sieve: the end instead of an answer", STARTTLS_SIEVE,
	 OF("\"STARTTLS\"\r\nOK\r\n"), CLOSED},
	{"Sieve: a longer word", STARTTLS_SIEVE,
	 OF("\"STARTTLSX\"\r\nOK\r\n"), NOT_OFFERED},
	{"Sieve: no", STARTTLS_SIEVE, OF("\"STARTTLS\"\r\nOK\r\nBYE\r\n"),
	 SAYS("STARTTLS", "BYE")},
	/* LDAP: lengths of one to three octets. */
	{"LDAP: the answer's length in two octets", STARTTLS_LDAP,
	 OF("\x30\x81\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0"), NULL},
	{"LDAP: the answer's length in three", STARTTLS_LDAP,
	 OF("\x30\x82\0\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0"), NULL},
	{"LDAP: the inner length in two", STARTTLS_LDAP,
	 OF("\x30\x0d\x02\x01\x01\x78\x81\x07\x0a\x01\0\x04\0\x04\0"), NULL},
	{"LDAP: the inner length in three", STARTTLS_LDAP,
	 OF("\x30\x0e\x02\x01\x01\x78\x82\0\x07\x0a\x01\0\x04\0\x04\0"), NULL},
	{"LDAP: a length in four", STARTTLS_LDAP, OF("\x30\x83\0\0\x0c"),
	 NO_LDAP},
	{"LDAP: the end in front of the length", STARTTLS_LDAP, OF("\x30"),
	 CLOSED},
	{"LDAP: the end in a length of two", STARTTLS_LDAP, OF("\x30\x81"),
	 CLOSED},
	{"LDAP: the end in a length of three", STARTTLS_LDAP, OF("\x30\x82\0"),
	 CLOSED},
	{"LDAP: the end behind the length", STARTTLS_LDAP, OF("\x30\x0c\x02"),
	 CLOSED},
	{"LDAP: longer than any answer", STARTTLS_LDAP, OF("\x30\x82\xff\xff"),
	 "the host's answer is too long"},
	{"LDAP: shorter than any answer", STARTTLS_LDAP,
	 OF("\x30\x09\x02\x01\x01\x78\x04\x0a\x01\0\x04"), NO_LDAP},
	{"LDAP: another id", STARTTLS_LDAP,
	 OF("\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\0\x04\0\x04\0"), NO_LDAP},
	{"LDAP: an answer to a search", STARTTLS_LDAP,
	 OF("\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\0\x04\0\x04\0"), NO_LDAP},
	{"LDAP: no code of a result", STARTTLS_LDAP,
	 OF("\x30\x0c\x02\x01\x01\x78\x07\x02\x01\0\x04\0\x04\0"), NO_LDAP},
	{"LDAP: a code of two octets", STARTTLS_LDAP,
	 OF("\x30\x0c\x02\x01\x01\x78\x07\x0a\x02\0\x04\0\x04\0"), NO_LDAP},
	{"LDAP: the shortest, with the longest of lengths", STARTTLS_LDAP,
	 OF("\x30\x0a\x02\x01\x01\x78\x82\0\x03\x0a\x01\0"), NULL},
	{"LDAP: the same with another code", STARTTLS_LDAP,
	 OF("\x30\x0a\x02\x01\x01\x78\x82\0\x03\x0a\x01\x01"),
	 "the host refuses STARTTLS"},
	{"LDAP: an octet behind the answer", STARTTLS_LDAP,
	 OF("\x30\x0a\x02\x01\x01\x78\x82\0\x03\x0a\x01\0x"), "1 octets came"},
	{"LDAP: another code", STARTTLS_LDAP,
	 OF("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x35\x04\0\x04\0"),
	 "the host refuses STARTTLS"},
	{"LDAP: nothing", STARTTLS_LDAP, OF(""), CLOSED},
	/* XMPP. */
	{"XMPP: a stream that ends", STARTTLS_XMPP,
	 OF(STREAM "</stream:stream>"), NO_XMPP},
	{"XMPP: features that end before they begin", STARTTLS_XMPP,
	 OF("</stream:features>"), NO_XMPP},
	{"XMPP: the end of the stream in front of its features", STARTTLS_XMPP,
	 OF(STREAM "</stream:stream>" FEATURES(XMPP)), NO_XMPP},
	{"XMPP: the stream ends behind its features", STARTTLS_XMPP,
	 OF(FEATURES("") "</stream:stream>"), NOT_OFFERED},
	{"XMPP: another kind of STARTTLS", STARTTLS_XMPP,
	 OF(FEATURES("<starttls xmlns='other'/>")), NOT_OFFERED},
	{"XMPP: the end instead of an answer", STARTTLS_XMPP,
	 OF(FEATURES(XMPP)), CLOSED},
	{"XMPP: go on", STARTTLS_XMPP, OF(FEATURES(XMPP) "<proceed/>"), NULL},
	{"XMPP: something else", STARTTLS_XMPP,
	 OF(FEATURES(XMPP) "<failure/>"), SAYS("starttls", "<failure/>")},
	{"XMPP: nothing", STARTTLS_XMPP, OF(""), CLOSED},
	/* Without a dialogue there is none. */
	{"TLS at once", STARTTLS_NONE, OF(""), NULL},
};

START_TEST(hosts_are_understood)
{
	const char *wanted = dialogues[_i].fault;
	struct tool_fault fault;
	struct wire wire;
	bool is_good;
	int peer;

	connect_wire(&wire, &fault, &peer);
	ck_assert_int_eq(write(peer, dialogues[_i].text, dialogues[_i].len),
	                 (ssize_t)dialogues[_i].len);
	ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
	is_good = starttls_begin(dialogues[_i].protocol, &wire);
	ck_assert_msg(is_good == (wanted == NULL), "%s: %s",
	              dialogues[_i].name, fault.message);
	ck_assert_msg(wanted == NULL || strstr(fault.message, wanted) != NULL,
	              "%s: %s", dialogues[_i].name, fault.message);
	disconnect(&wire, peer);
}
END_TEST

/* ----------------------------------------------------------------- no end */

static const struct {
	const char *name;
	enum starttls protocol;
	const char *head;
	const char *each; /* that often */
	size_t n;
	const char *fault;
} lengths[] = {
	{"SMTP: 200 lines", STARTTLS_SMTP, "", "220-x\r\n", 200,
	 LINES("greeting")},
	{"SMTP: 199 lines, and the end", STARTTLS_SMTP, "", "220-x\r\n", 199,
	 CLOSED},
	{"SMTP: words without end", STARTTLS_SMTP, "220 x\r\n", "250-x\r\n",
	 200, LINES("EHLO")},
	{"FTP: 200 lines behind the first", STARTTLS_FTP, "220-x\r\n", "y\r\n",
	 200, LINES("greeting")},
	{"IMAP: 200 lines", STARTTLS_IMAP, "* OK\r\n", "* X\r\n", 200,
	 LINES("CAPABILITY")},
	{"Sieve: 200 lines", STARTTLS_SIEVE, "", "\"X\"\r\n", 200,
	 LINES("greeting")},
	{"a line that fills all there is", STARTTLS_SMTP, "", "x", 4096,
	 LONG_LINE},
	{"a line that fills it with its end", STARTTLS_SMTP, "", "\n", 4096,
	 SAYS("greeting", "")},
	{"features without end", STARTTLS_XMPP, STREAM, "<x/>", 1100,
	 "the host's answer has more than 4096 octets"},
	{"octets without end", STARTTLS_FTP, "220-x\r\n",
	 "a line of more than three hundred and thirty octets "
	 "a line of more than three hundred and thirty octets "
	 "a line of more than three hundred and thirty octets "
	 "a line of more than three hundred and thirty octets "
	 "a line of more than three hundred and thirty octets "
	 "a line of more than three hundred and thirty octets "
	 "a line of more than three hundred and thirty octets\r\n", 199,
	 "the host says more than 65536 octets before TLS"},
};

START_TEST(hosts_come_to_an_end)
{
	const char *each = lengths[_i].each;
	struct tool_fault fault;
	struct wire wire;
	char *text = NULL;
	size_t i, len;
	int peer;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	fputs(lengths[_i].head, out);
	for (i = 0; i < lengths[_i].n; i++)
		fputs(each, out);
	ck_assert_int_eq(fclose(out), 0);
	connect_wire(&wire, &fault, &peer);
	ck_assert_int_eq(write(peer, text, len), (ssize_t)len);
	free(text);
	ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
	ck_assert(!starttls_begin(lengths[_i].protocol, &wire));
	ck_assert_msg(strstr(fault.message, lengths[_i].fault) != NULL,
	              "%s: %s", lengths[_i].name, fault.message);
	disconnect(&wire, peer);
}
END_TEST

/* --------------------------------------------------------------- the wire */

static const enum starttls protocols[] = {
	STARTTLS_SMTP, STARTTLS_LMTP,  STARTTLS_IMAP, STARTTLS_POP3,
	STARTTLS_FTP,  STARTTLS_SIEVE, STARTTLS_LDAP, STARTTLS_XMPP};

/* Nobody is there who hears it; what he said before is read. */
START_TEST(words_reach_nobody)
{
	static const char *const said[] = {
		"220 x\r\n", "220 x\r\n", "* OK\r\n", "+OK\r\n",
		"220 x\r\n", "\"STARTTLS\"\r\nOK\r\n", "", ""};
	struct tool_fault fault;
	struct wire wire;
	int peer;

	connect_wire(&wire, &fault, &peer);
	ck_assert_int_ge(write(peer, said[_i], strlen(said[_i])), 0);
	ck_assert_int_eq(close(peer), 0);
	ck_assert(!starttls_begin(protocols[_i], &wire));
	ck_assert_ptr_nonnull(strstr(fault.message, "cannot be sent to: "));
	disconnect(&wire, -1);
}
END_TEST

/* Time is over, for him who waits and for him who is not heard. */
START_TEST(silence_has_an_end)
{
	static const char octets[4096];
	struct tool_fault fault;
	struct wire wire;
	char line[WIRE_LINE_MAX + 1];
	int peer;

	connect_wire(&wire, &fault, &peer);
	wire.deadline = tool_clock_ms() - 1;
	ck_assert(!wire_line(&wire, line));
	ck_assert_ptr_nonnull(strstr(fault.message, "timed out"));
	memset(&fault, 0, sizeof(fault));
	while (fault.exit == 0)
		(void)wire_send(&wire, octets, sizeof(octets));
	ck_assert_ptr_nonnull(strstr(fault.message, "timed out"));
	/* Within its time it goes on as soon as there is room. */
	wire.deadline = tool_clock_ms() + WIRE_MILLISECONDS;
	while (read(peer, line, sizeof(octets)) > 0)
		continue;
	ck_assert(wire_send(&wire, octets, sizeof(octets)));
	disconnect(&wire, peer);
}
END_TEST

START_TEST(wire_is_none)
{
	struct tool_fault fault;
	struct wire wire;
	char line[WIRE_LINE_MAX + 1];
	int peer;

	connect_wire(&wire, &fault, &peer);
	disconnect(&wire, peer);
	ck_assert(!wire_line(&wire, line));
	ck_assert_ptr_nonnull(strstr(fault.message, "the connection: "));
	wire.fd = -1;
}
END_TEST

/* By name, and by address with brackets and without; nobody listens there. */
START_TEST(nobody_listens)
{
	static const char *const hosts[] = {"localhost", "::1", "[::1]",
	                                    "127.0.0.1"};
	const struct options options = {.given = 0};
	const struct wire_target target = {
		.host = hosts[_i], .port = 1, .options = &options};
	struct tool_fault fault = {.exit = 0};
	struct wire wire;

	ck_assert(!wire_open(&wire, &target, &fault));
	ck_assert_ptr_nonnull(
	        strstr(fault.message, "no connection to port 1: "));
	wire_close(&wire);
}
END_TEST

/* RFC 3207 and its like: each has a port of its own. */
START_TEST(ports)
{
	static const uint16_t wanted[] = {25, 24, 143, 110, 21, 4190, 389,
	                                  5222};
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_uint_eq(starttls_port(protocols[i]), wanted[i]);
	ck_assert_uint_eq(starttls_port(STARTTLS_NONE), 443);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("all");
	Suite *suite = suite_create("tool_starttls");

	tcase_add_loop_test(tcase, hosts_are_understood, 0, COUNT(dialogues));
	tcase_add_loop_test(tcase, hosts_come_to_an_end, 0, COUNT(lengths));
	tcase_add_loop_test(tcase, words_reach_nobody, 0, COUNT(protocols));
	tcase_add_test(tcase, silence_has_an_end);
	tcase_add_test(tcase, wire_is_none);
	tcase_add_loop_test(tcase, nobody_listens, 0, 4);
	tcase_add_test(tcase, ports);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
