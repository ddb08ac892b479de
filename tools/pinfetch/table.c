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

#define CALL           FETCH_CALL, 0
#define FLAG(member)   FETCH_FLAG, offsetof(struct fetch_options, member)
#define TEXT(member)   FETCH_TEXT, offsetof(struct fetch_options, member)
#define LIST(member)   FETCH_LIST, offsetof(struct fetch_options, member)

const struct fetch_row fetch_rows[] = {
        {'o', "output", "FILE", CALL, "write to FILE instead of stdout"},
        {'O', "remote-name", NULL, CALL,
         "write to a file named as in the URL"},
        {FETCH_OPT_REMOTE_NAME_ALL, "remote-name-all", NULL, CALL,
         "-O for all URLs that follow and have no -o"},
        {'J', "remote-header-name", NULL, FLAG(header_name),
         "with -O, to the name that the server gives;\n"
         "no file is overwritten then"},
        {FETCH_OPT_OUTPUT_DIR, "output-dir", "DIR", TEXT(output_dir),
         "where the files of -o and -O are made"},
        {FETCH_OPT_CREATE_DIRS, "create-dirs", NULL, FLAG(create_dirs),
         "make the directories that -o, -D name"},
        {'R', "remote-time", NULL, FLAG(remote_time),
         "give the file the time that the server tells"},
        {'C', "continue-at", "OFFSET", CALL,
         "go on at this octet; - where FILE ends"},
        {'r', "range", "RANGE", CALL, "only these octets: 0-99,-5"},
        {'i', "include", NULL, FLAG(include), "write the answer's header too"},
        {'I', "head", NULL, FLAG(head), "ask for the header only"},
        {'D', "dump-header", "FILE", TEXT(dump_header),
         "write the headers to FILE"},
        {'v', "verbose", NULL, FLAG(verbose), "tell what goes on"},
        {'s', "silent", NULL, FLAG(silent), "no progress, no errors"},
        {'S', "show-error", NULL, FLAG(show_error), "show errors even with -s"},
        {'#', "progress-bar", NULL, FLAG(progress_bar),
         "show progress as a bar"},
        {FETCH_OPT_NO_PROGRESS, "no-progress-meter", NULL,
         FLAG(no_progress), "no progress, but errors"},
        {'f', "fail", NULL, FLAG(fail),
         "exit 22 for an HTTP status of 400 and above"},
        {FETCH_OPT_FAIL_WITH_BODY, "fail-with-body", NULL,
         FLAG(fail_with_body), "the same, but write the body"},
        {'L', "location", NULL, FLAG(location), "follow redirects"},
        {FETCH_OPT_MAX_REDIRS, "max-redirs", "N", CALL,
         "at most N redirects; 50, -1 all"},
        {'w', "write-out", "FORMAT", CALL, "print FORMAT after each transfer"},
        {'X', "request", "METHOD", TEXT(method), "use this method"},
        {'H', "header", "LINE|@FILE", CALL,
         "send this field; 'X:' removes X"},
        {'A', "user-agent", "NAME", TEXT(agent), "send this User-Agent"},
        {'e', "referer", "URL", CALL,
         "send this Referer; URL;auto keeps it up\nalong redirects"},
        {'u', "user", "USER:PASSWORD", CALL, "who asks; asked for if short"},
        {'n', "netrc", NULL, FLAG(netrc), "user and password from ~/.netrc"},
        {'b', "cookie", "DATA|FILE", CALL, "send NAME=VALUE, or FILE's cookies"},
        {'c', "cookie-jar", "FILE", TEXT(cookie_jar), "write cookies to FILE"},
        {'d', "data", "DATA|@FILE", CALL,
         "send DATA in a POST; & joins several"},
        {FETCH_OPT_DATA_RAW, "data-raw", "DATA", CALL,
         "the same, where @ means nothing"},
        {FETCH_OPT_DATA_BINARY, "data-binary", "DATA|@FILE", CALL,
         "the same, with all octets of FILE"},
        {FETCH_OPT_DATA_URLENCODE, "data-urlencode", "[NAME]=DATA", CALL,
         "the same, encoded; also NAME@FILE"},
        {FETCH_OPT_JSON, "json", "DATA|@FILE", CALL,
         "the same as JSON, joined without &"},
        {'F', "form", "NAME=DATA", CALL,
         "send a form in a POST; also NAME=@FILE and\nNAME=<FILE"},
        {'T', "upload-file", "FILE", CALL,
         "send FILE in a PUT; - for stdin"},
        {'G', "get", NULL, FLAG(get), "put the data into the URL, and GET"},
        {FETCH_OPT_URL_QUERY, "url-query", "DATA", CALL,
         "add to the URL, as --data-urlencode; +DATA\nas it stands"},
        {'m', "max-time", "SECONDS", CALL, "give up on a URL after this time"},
        {FETCH_OPT_CONNECT_TIMEOUT, "connect-timeout", "SECONDS", CALL,
         "... if there is no connection by then"},
        {FETCH_OPT_LIMIT_RATE, "limit-rate", "SPEED", CALL,
         "octets a second at most; 10k, 2M"},
        {FETCH_OPT_RETRY, "retry", "N", CALL,
         "try again N times after passing troubles"},
        {FETCH_OPT_COMPRESSED, "compressed", NULL, FLAG(compressed),
         "ask for a compressed answer, unpack it"},
        {'x', "proxy", "[PROTOCOL://]HOST", CALL,
         "use this proxy; not https://"},
        {FETCH_OPT_NOPROXY, "noproxy", "HOSTS", TEXT(noproxy),
         "no proxy for these, * for all"},
        {FETCH_OPT_PROXY_CACERT, "proxy-cacert", "FILE", CALL,
         "refused: no HTTPS proxy is ever used"},
        {FETCH_OPT_RESOLVE, "resolve", "HOST:PORT:ADDR", LIST(resolve),
         "the address of HOST"},
        {FETCH_OPT_CONNECT_TO, "connect-to", "H1:P1:H2:P2", LIST(connect_to),
         "connect to H2:P2 instead of H1:P1"},
        {'4', "ipv4", NULL, CALL, "IPv4 addresses only"},
        {'6', "ipv6", NULL, CALL, "IPv6 addresses only"},
        {FETCH_OPT_HTTP11, "http1.1", NULL, CALL, "speak HTTP/1.1"},
        {FETCH_OPT_HTTP2, "http2", NULL, CALL,
         "speak HTTP/2 if the server can"},
        {FETCH_OPT_TLS12, "tlsv1.2", NULL, CALL, "TLS 1.2 or later"},
        {FETCH_OPT_TLS13, "tlsv1.3", NULL, CALL, "TLS 1.3 or later"},
        {FETCH_OPT_CACERT, "cacert", "FILE", TEXT(cacert),
         "trust these CAs, and no others"},
        {FETCH_OPT_CAPATH, "capath", "DIR", TEXT(capath),
         "the same, of the files in DIR"},
        {'E', "cert", "FILE[:PASSWORD]", CALL, "the client's certificate"},
        {FETCH_OPT_KEY, "key", "FILE", TEXT(key), "its private key"},
        {'k', "insecure", NULL, FLAG(insecure),
         "verify no certificate and learn nothing;\n"
         "never for a host that is pinned"},
        {FETCH_OPT_PINNEDPUBKEY, "pinnedpubkey", "PINS|FILE", CALL,
         "one of these must be in the path as well:\n"
         "sha256//B64;sha256//..., or a public key"},
        {FETCH_OPT_HSTS, "hsts", "FILE", TEXT(hsts),
         "keep to https for the hosts in FILE"},
        {FETCH_OPT_STORE, "store", "DIR", TEXT(store),
         "the pin store; else $PINSTORE, else\n~/.local/share/pinstore"},
        {FETCH_OPT_NO_LEARN, "no-learn", NULL, FLAG(no_learn),
         "enforce pins, note none"},
        {FETCH_OPT_REQUIRE_PIN, "require-pin", NULL, FLAG(require_pin),
         "exit 122 for a host that no pin covers"},
        {FETCH_OPT_TOFU, "tofu", "[=MODE]", CALL,
         "trust on first use: accept-new (the default)\n"
         "remembers the leaf's key of a host that no\n"
         "pin covers, ask asks, strict refuses: 122"},
        {FETCH_OPT_REPORT, "report", "[=WHEN]", CALL,
         "reports of failures: queue (without this\n"
         "option), now (also sends what is due, at the\n"
         "end), or off"},
        {FETCH_OPT_STRICT_HEADER, "strict-header", NULL, FLAG(strict_header),
         "note only what keeps to the grammar of RFC\n7469 to the letter"},
        {FETCH_OPT_PIN_INFO, "pin-info", NULL, FLAG(pin_info),
         "print the chain that was judged on stderr"},
        {'Z', "parallel", NULL, FLAG(parallel), "fetch the URLs at the same time"},
        {FETCH_OPT_PARALLEL_MAX, "parallel-max", "N", CALL,
         "... at most N at a time; 50"},
        {FETCH_OPT_PARALLEL_IMMEDIATE, "parallel-immediate", NULL,
         FLAG(parallel_immediate), "... each over a connection of its own"},
        {'K', "config", "FILE", CALL, "read options from FILE; - for stdin"},
        {'q', "disable", NULL, CALL, "nothing: no file is read unasked"},
        {'g', "globoff", NULL, CALL, "nothing: braces have no meaning"},
        {FETCH_OPT_URL, "url", "URL", CALL, "fetch this"},
        {'h', "help", NULL, CALL, "print this"},
        {'V', "version", NULL, CALL, "print the version"},
        {0},
};

_Static_assert(sizeof(fetch_rows) / sizeof(fetch_rows[0]) <= FETCH_ROWS_MAX,
               "FETCH_ROWS_MAX is too small");

static void
put_row(const struct fetch_row *row, FILE *out)
{
	const char *text = row->help;
	char name[48];
	const char *end;

	(void)snprintf(name, sizeof(name), "%s%s%s", row->name,
	               row->argument ? " " : "",
	               row->argument ? row->argument : "");
	if (row->id < 256)
		fprintf(out, "  -%c, --%-27s", row->id, name);
	else
		fprintf(out, "      --%-27s", name);
	for (; (end = strchr(text, '\n')); text = end + 1)
		fprintf(out, " %.*s\n%35s", (int)(end - text), text, "");
	fprintf(out, " %s\n", text);
}

void
fetch_options_help(FILE *out)
{
	fputs("usage: pinfetch [OPTION]... URL...\n"
	      "curl with a memory: fetch URLs, remember the key pins that "
	      "hosts send\n(RFC 7469), and refuse whoever does not fit "
	      "them.\n\n",
	      out);
	for (size_t i = 0; fetch_rows[i].name; i++)
		put_row(&fetch_rows[i], out);
	fputs("\n-w knows variables of curl's and %{pin_status} (matched, "
	      "unpinned, bypassed,\nreject, off), %{pin_match}, "
	      "%{pin_source}, %{pin_host}, %{pin_expires} and\n%{pin_noted} "
	      "(noted, updated, unchanged, removed, ignored).\n"
	      "Exit codes are curl's; 60 certificate, 90 pin mismatch, 120 "
	      "store,\n121 revoked key, 122 no pin.\n",
	      out);
}

bool
fetch_row_may_lack_argument(const struct fetch_row *row)
{
	/* [NAME]=DATA must be there, and only a part of it may be left out. */
	return !row->argument || strncmp(row->argument, "[=", 2) == 0;
}

const struct fetch_row *
fetch_table_find(int id)
{
	for (size_t i = 0; fetch_rows[i].name; i++)
		if (fetch_rows[i].id == id)
			return &fetch_rows[i];
	return NULL;
}

const struct fetch_row *
fetch_table_named(const char *name, bool *is_ambiguous)
{
	const struct fetch_row *found = NULL;
	size_t n = 0;

	*is_ambiguous = false;
	for (size_t i = 0; fetch_rows[i].name; i++) {
		if (strcmp(fetch_rows[i].name, name) == 0)
			return &fetch_rows[i];
		if (strncmp(fetch_rows[i].name, name, strlen(name)) != 0)
			continue;
		found = &fetch_rows[i];
		n++;
	}
	*is_ambiguous = n > 1;
	return n == 1 ? found : NULL;
}
