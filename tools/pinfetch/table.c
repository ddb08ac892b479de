/*
 * table.c - the table of options: what is read, and what --help prints.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/table.h"

#include <stdio.h>
#include <string.h>

#include "pinfetch/options.h"

const struct fetch_row fetch_rows[FETCH_ROWS] = {
        {'o', "output", "FILE", "write to FILE instead of stdout"},
        {'O', "remote-name", NULL, "write to a file named as in the URL"},
        {'i', "include", NULL, "write the answer's header too"},
        {'I', "head", NULL, "ask for the header only"},
        {'v', "verbose", NULL, "tell what goes on"},
        {'s', "silent", NULL, "no progress, no errors"},
        {'S', "show-error", NULL, "show errors even with -s"},
        {'f', "fail", NULL, "exit 22 for an HTTP status of 400 and above"},
        {'L', "location", NULL, "follow redirects"},
        {FETCH_OPT_MAX_REDIRS, "max-redirs", "N",
         "at most N redirects; 50, -1 all"},
        {'w', "write-out", "FORMAT", "print FORMAT after each transfer"},
        {'X', "request", "METHOD", "use this method"},
        {'H', "header", "LINE|@FILE", "send this field; 'X:' removes X"},
        {'d', "data", "DATA|@FILE", "send DATA in a POST; & joins several"},
        {'m', "max-time", "SECONDS", "give up on a URL after this time"},
        {'x', "proxy", "[PROTOCOL://]HOST", "use this proxy; not https://"},
        {FETCH_OPT_RESOLVE, "resolve", "HOST:PORT:ADDR", "the address of HOST"},
        {FETCH_OPT_CONNECT_TO, "connect-to", "H1:P1:H2:P2",
         "connect to H2:P2 instead of H1:P1"},
        {FETCH_OPT_HTTP11, "http1.1", NULL, "speak HTTP/1.1"},
        {FETCH_OPT_HTTP2, "http2", NULL, "speak HTTP/2 if the server can"},
        {FETCH_OPT_TLS12, "tlsv1.2", NULL, "TLS 1.2 or later"},
        {FETCH_OPT_TLS13, "tlsv1.3", NULL, "TLS 1.3 or later"},
        {FETCH_OPT_CACERT, "cacert", "FILE", "trust these CAs, and no others"},
        {'k', "insecure", NULL,
         "verify no certificate and learn nothing;\n"
         "never for a host that is pinned"},
        {FETCH_OPT_STORE, "store", "DIR",
         "the pin store; else $PINSTORE, else\n~/.local/share/pinstore"},
        {FETCH_OPT_NO_LEARN, "no-learn", NULL, "enforce pins, note none"},
        {FETCH_OPT_REQUIRE_PIN, "require-pin", NULL,
         "exit 122 for a host that no pin covers"},
        {'h', "help", NULL, "print this"},
        {'V', "version", NULL, "print the version"},
};

void
fetch_options_help(FILE *out)
{
	fputs("usage: pinfetch [OPTION]... URL...\n"
	      "curl with a memory: fetch URLs, remember the key pins that "
	      "hosts send\n(RFC 7469), and refuse whoever does not fit "
	      "them.\n\n",
	      out);
	for (size_t i = 0; i < FETCH_ROWS; i++) {
		const char *argument = fetch_rows[i].argument;
		const char *text = fetch_rows[i].help;
		char name[48];
		const char *end;

		(void)snprintf(name, sizeof(name), "%s%s%s", fetch_rows[i].name,
		               argument ? " " : "", argument ? argument : "");
		if (fetch_rows[i].id < 256)
			fprintf(out, "  -%c, --%-27s", fetch_rows[i].id, name);
		else
			fprintf(out, "      --%-27s", name);
		for (; (end = strchr(text, '\n')); text = end + 1)
			fprintf(out, " %.*s\n%35s", (int)(end - text), text,
			        "");
		fprintf(out, " %s\n", text);
	}
	fputs("\n-w knows curl's variables and %{pin_status} (matched, "
	      "unpinned, bypassed,\nreject, off), %{pin_match}, "
	      "%{pin_source}, %{pin_host}, %{pin_expires} and\n%{pin_noted} "
	      "(noted, updated, unchanged, removed, ignored).\n"
	      "Exit codes are curl's; 60 certificate, 90 pin mismatch, 120 "
	      "store, 122 no pin.\n",
	      out);
}

const struct fetch_row *
fetch_table_find(int id)
{
	for (size_t i = 0; i < FETCH_ROWS; i++)
		if (fetch_rows[i].id == id)
			return &fetch_rows[i];
	return NULL;
}
