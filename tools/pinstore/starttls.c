/*
 * starttls.c - from a protocol in the clear to the beginning of TLS.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SMTP: RFC 3207; LMTP: RFC 2033; IMAP: RFC 9051; POP3: RFC 2595; FTP: RFC
 * 4217; ManageSieve: RFC 5804; LDAP: RFC 4511, 4.14; XMPP: RFC 6120, 5.
 */
#include <config.h>

#include "starttls.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"

/* Lines of one answer. */
#define LINES_MAX 200
/* Of the host's own words in a message. */
#define SHOWN 80

uint16_t
starttls_port(enum starttls protocol)
{
	switch (protocol) {
	case STARTTLS_NONE:
		return 443;
	case STARTTLS_SMTP:
		return 25;
	case STARTTLS_LMTP:
		return 24;
	case STARTTLS_IMAP:
		return 143;
	case STARTTLS_POP3:
		return 110;
	case STARTTLS_FTP:
		return 21;
	case STARTTLS_SIEVE:
		return 4190;
	case STARTTLS_LDAP:
		return 389;
	case STARTTLS_XMPP:
		return 5222;
	}
	return 0;
}

static bool
say(struct wire *wire, const char *text)
{
	return wire_send(wire, text, strlen(text));
}

static bool
refused(struct wire *wire, const char *step, const char *answer)
{
	return wire_fail(wire, "%s: the host answers \"%.*s\"", step, SHOWN,
	                 answer);
}

static bool
not_offered(struct wire *wire)
{
	return wire_fail(wire, "the host does not offer STARTTLS");
}

/* Whether line begins with word, in either case, and it ends there. */
static bool
begins(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncasecmp(line, word, len) == 0 &&
	       !isalnum((unsigned char)line[len]);
}

/* Whether word stands among those of line. */
static bool
has_word(const char *line, const char *word)
{
	const char *at = line;

	while (*at != '\0') {
		at += strspn(at, " \t");
		if (begins(at, word) && strchr(" \t", at[strlen(word)]) != NULL)
			return true;
		at += strcspn(at, " \t");
	}
	return false;
}

/* ----------------------------------------------- three digits (RFC 5321) */

/* An answer of one or more lines; *has: one is word, which may be NULL. */
static bool
read_reply(struct wire *wire, const char *step, const char *code,
           const char *word, bool *has)
{
	char line[WIRE_LINE_MAX + 1];
	size_t n;

	for (n = 0; n < LINES_MAX; n++) {
		if (!wire_line(wire, line))
			return false;
		if (strncmp(line, code, 3) != 0)
			return refused(wire, step, line);
		if (word != NULL && line[3] != '\0' && begins(line + 4, word))
			*has = true;
		if (line[3] != '-')
			return line[3] == ' ' || line[3] == '\0'
			               ? true
			               : refused(wire, step, line);
	}
	return wire_fail(wire, "%s: the host's answer has more than %d lines",
	                 step, LINES_MAX);
}

static bool
begin_smtp(struct wire *wire, const char *hello)
{
	bool has = false;

	if (!read_reply(wire, "greeting", "220", NULL, NULL) ||
	    !say(wire, hello) ||
	    !read_reply(wire, "EHLO", "250", "STARTTLS", &has))
		return false;
	if (!has)
		return not_offered(wire);
	return say(wire, "STARTTLS\r\n") &&
	       read_reply(wire, "STARTTLS", "220", NULL, NULL);
}

/* Lines in front of the last one begin with what they like (RFC 959, 4.2). */
static bool
read_ftp(struct wire *wire, const char *step, const char *code)
{
	char line[WIRE_LINE_MAX + 1];
	size_t n = 0;

	if (!wire_line(wire, line))
		return false;
	if (strncmp(line, code, 3) != 0)
		return refused(wire, step, line);
	if (line[3] != '-')
		return true;
	while (n++ < LINES_MAX) {
		if (!wire_line(wire, line))
			return false;
		if (strncmp(line, code, 3) == 0 && line[3] == ' ')
			return true;
	}
	return wire_fail(wire, "%s: the host's answer has more than %d lines",
	                 step, LINES_MAX);
}

static bool
begin_ftp(struct wire *wire)
{
	return read_ftp(wire, "greeting", "220") &&
	       say(wire, "AUTH TLS\r\n") && read_ftp(wire, "AUTH TLS", "234");
}

/* ------------------------------------------------------------------- words */

static bool
begin_pop3(struct wire *wire)
{
	char line[WIRE_LINE_MAX + 1];

	if (!wire_line(wire, line))
		return false;
	if (!begins(line, "+OK"))
		return refused(wire, "greeting", line);
	if (!say(wire, "STLS\r\n") || !wire_line(wire, line))
		return false;
	return begins(line, "+OK") || refused(wire, "STLS", line);
}

/* To the answer with our tag; *has: a line of capabilities names STARTTLS. */
static bool
read_imap(struct wire *wire, const char *step, bool *has)
{
	char line[WIRE_LINE_MAX + 1];
	size_t n;

	for (n = 0; n < LINES_MAX; n++) {
		if (!wire_line(wire, line))
			return false;
		if (strncmp(line, "a ", 2) == 0)
			return begins(line + 2, "OK") ||
			       refused(wire, step, line);
		if (strncmp(line, "* ", 2) != 0)
			return refused(wire, step, line);
		if (has != NULL && begins(line + 2, "CAPABILITY") &&
		    has_word(line, "STARTTLS"))
			*has = true;
	}
	return wire_fail(wire, "%s: the host's answer has more than %d lines",
	                 step, LINES_MAX);
}

static bool
begin_imap(struct wire *wire)
{
	char line[WIRE_LINE_MAX + 1];
	bool has = false;

	if (!wire_line(wire, line))
		return false;
	if (strncmp(line, "* ", 2) != 0 || !begins(line + 2, "OK"))
		return refused(wire, "greeting", line);
	if (!say(wire, "a CAPABILITY\r\n") ||
	    !read_imap(wire, "CAPABILITY", &has))
		return false;
	if (!has)
		return not_offered(wire);
	return say(wire, "a STARTTLS\r\n") && read_imap(wire, "STARTTLS", NULL);
}

static bool
begin_sieve(struct wire *wire)
{
	char line[WIRE_LINE_MAX + 1];
	bool has = false;
	size_t n;

	for (n = 0; n < LINES_MAX; n++) {
		if (!wire_line(wire, line))
			return false;
		if (begins(line, "OK"))
			break;
		if (line[0] != '"')
			return refused(wire, "greeting", line);
		if (begins(line, "\"STARTTLS\""))
			has = true;
	}
	if (n == LINES_MAX)
		return wire_fail(wire, "greeting: the host's answer has more "
		                 "than %d lines", LINES_MAX);
	if (!has)
		return not_offered(wire);
	if (!say(wire, "STARTTLS\r\n") || !wire_line(wire, line))
		return false;
	return begins(line, "OK") || refused(wire, "STARTTLS", line);
}

/* -------------------------------------------------------------------- LDAP */

/* ExtendedRequest 1, of that name. */
static const unsigned char ldap_request[] = {
	0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16, '1', '.', '3',
	'.',  '6',  '.',  '1',  '.',  '4',  '.',  '1',  '.',  '1', '4', '6',
	'6',  '.',  '2',  '0',  '0',  '3',  '7'};

/* A length of one to three octets, as BER has it. */
static bool
read_length(struct wire *wire, size_t *out)
{
	unsigned char octet, more[2];

	if (!wire_read(wire, &octet, 1))
		return false;
	*out = octet;
	if (octet < 0x80)
		return true;
	if (octet == 0x81 && wire_read(wire, more, 1)) {
		*out = more[0];
		return true;
	}
	if (octet == 0x82 && wire_read(wire, more, 2)) {
		*out = (size_t)more[0] << 8 | more[1];
		return true;
	}
	/* Longer than any such answer; or the wire has said what is wrong. */
	return wire->fault->exit != 0 ? false
	                              : wire_fail(wire, "the host's answer is "
	                                          "no LDAP");
}

/* Its id, that it is an ExtendedResponse, and resultCode 0. */
static bool
is_ldap_success(const unsigned char *at, size_t len, bool *is_ldap)
{
	size_t head = 5;

	*is_ldap = len >= 10 && memcmp(at, "\x02\x01\x01\x78", 4) == 0;
	if (!*is_ldap)
		return false;
	if (at[4] == 0x81)
		head = 6;
	else if (at[4] == 0x82)
		head = 7;
	/* Ten octets reach so far, whatever the head. */
	*is_ldap = at[head] == 0x0a && at[head + 1] == 1;
	return *is_ldap && at[head + 2] == 0;
}

static bool
begin_ldap(struct wire *wire)
{
	unsigned char answer[WIRE_LINE_MAX];
	bool is_ldap = false;
	size_t len;

	if (!wire_send(wire, ldap_request, sizeof(ldap_request)) ||
	    !wire_read(wire, answer, 1))
		return false;
	if (answer[0] != 0x30)
		return wire_fail(wire, "the host's answer is no LDAP");
	if (!read_length(wire, &len) || !wire_read(wire, answer, len))
		return false;
	if (is_ldap_success(answer, len, &is_ldap))
		return true;
	return wire_fail(wire, is_ldap ? "the host refuses STARTTLS"
	                               : "the host's answer is no LDAP");
}

/* -------------------------------------------------------------------- XMPP */

static bool
begin_xmpp(struct wire *wire)
{
	char text[WIRE_LINE_MAX + 1];
	char *hello = tool_format(
	        "<?xml version='1.0'?><stream:stream to='%s' version='1.0' "
	        "xmlns='jabber:client' "
	        "xmlns:stream='http://etherx.jabber.org/streams'>",
	        wire->host);
	bool is_good;

	is_good = say(wire, hello) &&
	          wire_until(wire, "</stream:features>", "</stream:stream>",
	                     text);
	free(hello);
	if (!is_good)
		return false;
	if (strstr(text, "<stream:features") == NULL)
		return wire_fail(wire, "the host's answer is no XMPP");
	if (strstr(text, "<starttls") == NULL ||
	    strstr(text, "urn:ietf:params:xml:ns:xmpp-tls") == NULL)
		return not_offered(wire);
	if (!say(wire, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") ||
	    !wire_until(wire, ">", NULL, text))
		return false;
	return strncmp(text, "<proceed", 8) == 0 ||
	       refused(wire, "starttls", text);
}

bool
starttls_begin(enum starttls protocol, struct wire *wire)
{
	bool is_good = true;

	switch (protocol) {
	case STARTTLS_NONE:
		return true;
	case STARTTLS_SMTP:
		is_good = begin_smtp(wire, "EHLO localhost\r\n");
		break;
	case STARTTLS_LMTP:
		is_good = begin_smtp(wire, "LHLO localhost\r\n");
		break;
	case STARTTLS_IMAP:
		is_good = begin_imap(wire);
		break;
	case STARTTLS_POP3:
		is_good = begin_pop3(wire);
		break;
	case STARTTLS_FTP:
		is_good = begin_ftp(wire);
		break;
	case STARTTLS_SIEVE:
		is_good = begin_sieve(wire);
		break;
	case STARTTLS_LDAP:
		is_good = begin_ldap(wire);
		break;
	case STARTTLS_XMPP:
		is_good = begin_xmpp(wire);
		break;
	}
	return is_good && wire_is_clear(wire);
}
