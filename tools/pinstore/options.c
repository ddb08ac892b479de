/*
 * options.c - the command line, read by one table.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "common/when.h"

#define DEFAULT_GRACE (INT64_C(7) * 24 * 60 * 60)
#define TIME_FORMS "@EPOCH, 2026-10-02T12:00:00Z, or from now 90s 15m 12h 30d"

static const struct option_row rows[OPTION_COUNT] = {
	[OPTION_ACCEPT_LOSS] = {"accept-loss", 0, NULL, "repair, and names that "
	                        "may have been lost count as never stored"},
	[OPTION_ALL] = {"all", 0, NULL, "all of them"},
	[OPTION_ASSUME_VALID] = {"assume-valid", 0, NULL, "take the path of "
	                         "--chain as it stands"},
	[OPTION_AT] = {"at", 0, "TIME", "judge as of TIME: " TIME_FORMS},
	[OPTION_CACERT] = {"cacert", 0, "FILE", "trust these CAs, and no "
	                   "others"},
	[OPTION_CERT] = {"cert", 0, "FILE", "judge by the key of this "
	                 "certificate alone"},
	[OPTION_CHAIN] = {"chain", 0, "FILE", "the certificates that are to be "
	                  "served, leaf first; validated as a client does"},
	[OPTION_CHAIN_NONE] = {"chain-none", 0, NULL, "the validated path is "
	                       "empty"},
	[OPTION_CHAIN_PIN] = {"chain-pin", 0, "PIN", "the validated path has "
	                      "this key; once for each, leaf first"},
	[OPTION_COLOR] = {"color", 0, "WHEN", "auto, always or never"},
	[OPTION_CONNECT_TO] = {"connect-to", 0, "HOST:PORT:HOST:PORT",
	                       "connect there instead, as curl does"},
	[OPTION_CSR] = {"csr", 0, "FILE", "judge by the key of this request "
	                "alone"},
	[OPTION_DRY_RUN] = {"dry-run", 'n', NULL, "only say what would be "
	                    "done"},
	[OPTION_END] = {"end", 0, NULL, "end the bypass at once"},
	[OPTION_EXPIRED] = {"expired", 0, NULL, "only entries that have "
	                    "expired; exit 1 if none has"},
	[OPTION_EXPIRES] = {"expires", 0, "TIME", "end of the life of an entry "
	                    "that says none itself; without it there is none"},
	[OPTION_EXPIRING] = {"expiring", 0, "DURATION", "only entries that "
	                     "will have expired by then; exit 1 if none"},
	[OPTION_FOLLOW] = {"follow", 0, NULL, "go on printing what happens"},
	[OPTION_FOR] = {"for", 0, "WHAT", "how long, or for which server"},
	[OPTION_FORCE] = {"force", 0, NULL, "do what is refused otherwise"},
	[OPTION_FORMAT] = {"format", 0, "FORM", "the format"},
	[OPTION_FROM_HOST] = {"from-host", 0, NULL, "connect to HOST, and pin "
	                      "the key of its leaf too"},
	[OPTION_GRACE] = {"grace", 0, "DURATION", "spare what expired less than "
	                  "DURATION ago (7d)"},
	[OPTION_HELP] = {"help", 'h', NULL, "print help"},
	[OPTION_HOST] = {"host", 0, "HOST", "judge for HOST: its suffix may be "
	                 "public"},
	[OPTION_HSTS] = {"hsts", 0, "FILE", "keep to https for the hosts in "
	                 "FILE, which has curl's form and is only read"},
	[OPTION_HTTP] = {"http", 0, NULL, "the field came over plain http"},
	[OPTION_INCLUDE_SUBDOMAINS] = {"include-subdomains", 0, NULL, "cover "
	                               "the names below HOST too"},
	[OPTION_JSON] = {"json", 0, NULL, "machine output, errors on stderr "
	                 "too"},
	[OPTION_LIST] = {"list", 0, NULL, "print the keys that are revoked"},
	[OPTION_MAX_AGE] = {"max-age", 0, "DURATION", "how long clients are to "
	                    "keep the pins (1d); 0: forget them"},
	[OPTION_MODE] = {"mode", 0, "MODE", "enforce or report"},
	[OPTION_NO_BACKUP] = {"no-backup", 0, NULL, "a single pin is meant"},
	[OPTION_NOTE] = {"note", 0, "TEXT", "a remark kept with the entry"},
	[OPTION_OPENMETRICS] = {"openmetrics", 0, NULL, "in the text format of "
	                        "OpenMetrics"},
	[OPTION_PASSWORD_FILE] = {"password-file", 0, "FILE", "the first line "
	                          "of FILE is the password"},
	[OPTION_PINS] = {"pins", 0, "FILE", "what the names of Chromium's pins "
	                 "stand for; else the file beside FILE that ends in "
	                 ".pins"},
	[OPTION_PUBLISH] = {"publish", 0, NULL, "a read-only store for all "
	                    "users, modes 0755 and 0644"},
	[OPTION_QUIET] = {"quiet", 'q', NULL, "draw no progress bar"},
	[OPTION_REASON] = {"reason", 0, "TEXT", "why; kept and shown with it"},
	[OPTION_REPAIR] = {"repair", 0, NULL, "put a file of what is sound in "
	                   "the place of a damaged one, which is kept"},
	[OPTION_REPORT_ONLY] = {"report-only", 0, NULL, "the field is "
	                        "Public-Key-Pins-Report-Only"},
	[OPTION_REPORT_URI] = {"report-uri", 0, "URI", "where clients are to "
	                       "report failures"},
	[OPTION_RESOLVE] = {"resolve", 0, "HOST:PORT:ADDRESS", "the address of "
	                    "a host, as curl has it"},
	[OPTION_SINCE] = {"since", 0, "TIME", "only what happened or was noted "
	                  "since TIME; a duration counts back from now"},
	[OPTION_SORT] = {"sort", 0, "KEY", "domain, host, expires, noted, "
	                 "updated, source or mode"},
	[OPTION_SOURCE] = {"source", 0, "SOURCE", "only entries from SOURCE: "
	                   "static, header, tofu or all"},
	[OPTION_STARTTLS] = {"starttls", 0, "PROTOCOL", "begin TLS as smtp, "
	                     "lmtp, imap, pop3, ftp, sieve, ldap or xmpp do"},
	[OPTION_STORE] = {"store", 0, "DIR", "the store, instead of $PINSTORE "
	                  "and the default"},
	[OPTION_STRICT] = {"strict", 0, NULL, "take nothing that is not good"},
	[OPTION_SUBDOMAINS] = {"subdomains", 0, NULL, "and every name below "
	                       "HOST"},
	[OPTION_TIME] = {"time", 0, "STYLE", "times as relative (in 59d), the "
	                 "default, or iso (RFC 3339)"},
	[OPTION_UNSET] = {"unset", 0, NULL, "back to the default"},
	[OPTION_VERSION] = {"version", 0, NULL, "print the version"},
	[OPTION_YES] = {"yes", 0, NULL, "do not ask"},
};

/* A word that stands for a value, in tables ended by NULL. */
struct word {
	const char *word;
	unsigned value;
};

static const struct word source_words[] = {
	{"static", PINSTORE_STATIC}, {"header", PINSTORE_HEADER},
	{"tofu", PINSTORE_TOFU},     {"all", SOURCE_ALL},
	{NULL, 0},
};
static const struct word mode_words[] = {
	{"enforce", PINSTORE_ENFORCE}, {"report", PINSTORE_REPORT}, {NULL, 0},
};
static const struct word sort_words[] = {
	{"domain", SORT_DOMAIN},   {"host", SORT_HOST},
	{"expires", SORT_EXPIRES}, {"noted", SORT_NOTED},
	{"updated", SORT_UPDATED}, {"source", SORT_SOURCE},
	{"mode", SORT_MODE},
	{NULL, 0},
};
static const struct word time_words[] = {
	{"relative", false}, {"iso", true}, {NULL, 0},
};
static const struct word server_words[] = {
	{"raw", SERVER_RAW},       {"nginx", SERVER_NGINX},
	{"apache", SERVER_APACHE}, {"haproxy", SERVER_HAPROXY},
	{NULL, 0},
};
static const struct word starttls_words[] = {
	{"smtp", STARTTLS_SMTP},   {"lmtp", STARTTLS_LMTP},
	{"imap", STARTTLS_IMAP},   {"pop3", STARTTLS_POP3},
	{"ftp", STARTTLS_FTP},     {"sieve", STARTTLS_SIEVE},
	{"ldap", STARTTLS_LDAP},   {"xmpp", STARTTLS_XMPP},
	{NULL, 0},
};
static const struct word format_words[] = {
	{"curl", HASH_CURL},     {"rfc7469", HASH_RFC7469},
	{"gnutls", HASH_GNUTLS}, {"okhttp", HASH_OKHTTP},
	{"hex", HASH_HEX},       {"json", HASH_JSON},
	{"nsc", HASH_NSC},       {"trustkit", HASH_TRUSTKIT},
	{"tlsa", HASH_TLSA},
	{NULL, 0},
};

static const struct word color_words[] = {
	{"auto", 0}, {"always", 0}, {"never", 0}, {NULL, 0},
};

const char *
option_word(enum option option, size_t i)
{
	static const struct word *const words[OPTION_COUNT] = {
		[OPTION_COLOR] = color_words,   [OPTION_FOR] = server_words,
		[OPTION_FORMAT] = format_words, [OPTION_MODE] = mode_words,
		[OPTION_SORT] = sort_words,     [OPTION_SOURCE] = source_words,
		[OPTION_TIME] = time_words,
	};
	size_t k;

	if (words[option] == NULL)
		return NULL;
	for (k = 0; k < i && words[option][k].word != NULL; k++)
		continue;
	return words[option][k].word;
}

const struct option_row *
option_row(enum option option)
{
	return &rows[option];
}

/* What an option is to a verb, where it is something else to another. */
static const struct {
	enum option option;
	const char *verb;
	const char *summary;
} senses[] = {
	{OPTION_ALL, "check", "every stored host"},
	{OPTION_ALL, "clear", "every stored host; static entries only with "
	 "--source"},
	{OPTION_ALL, "doctor", "every finding, however many are alike"},
	{OPTION_ALL, "report", "every report, due or not"},
	{OPTION_FOR, "bypass", "how long, at most 7d: 90s, 15m, 12h or 3d"},
	{OPTION_FOR, "header", "as a line of the configuration of nginx, apache "
	 "or haproxy, or raw"},
	{OPTION_FORCE, "expire", "also when the clock seems to run ahead"},
	{OPTION_FORCE, "import", "also make static entries looser"},
	{OPTION_FORCE, "mode", "also when connections would have been refused"},
	{OPTION_FORMAT, "export", "text, json, wget2, gnutls, curl, nsc or "
	 "okhttp"},
	{OPTION_FORMAT, "hash", "curl, rfc7469, gnutls, okhttp, nsc, trustkit, "
	 "tlsa, hex or json"},
	{OPTION_FORMAT, "import", "text, json, wget2, gnutls, curl, chromium or "
	 "tlsa"},
	{OPTION_STRICT, "import", "all of the file, or nothing"},
	{OPTION_STRICT, "lint", "the grammar of RFC 7469 to the letter"},
};

const char *
option_summary(enum option option, const char *verb)
{
	size_t i;

	for (i = 0; i < sizeof(senses) / sizeof(senses[0]); i++)
		if (senses[i].option == option &&
		    strcmp(senses[i].verb, verb) == 0)
			return senses[i].summary;
	return rows[option].summary;
}

bool
option_given(const struct options *options, enum option option)
{
	return (options->given & OPTION_BIT(option)) != 0;
}

bool
options_wants_json(int argc, char *argv[])
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

void
options_free(struct options *options)
{
	free(options->chain_pins);
	free(options->connect_to);
	free(options->resolve);
	free(options->operands);
	memset(options, 0, sizeof(*options));
}

/* Where an option stands for messages: "--at". */
static void
bad_value(struct tool_fault *fault, enum option option, const char *value,
          const char *hint)
{
	char *where = tool_format("--%s", rows[option].name);

	tool_fault_usage(fault, where, hint, "--%s: %s \"%s\" is not "
	                 "understood", rows[option].name, rows[option].argument,
	                 value);
	free(where);
}

static bool
find_word(const struct word words[], const char *value, unsigned *out)
{
	size_t i;

	for (i = 0; words[i].word != NULL; i++) {
		if (strcmp(words[i].word, value) == 0) {
			*out = words[i].value;
			return true;
		}
	}
	return false;
}

static bool
take_word(const struct word words[], enum option option, const char *value,
          unsigned *out, struct tool_fault *fault)
{
	if (find_word(words, value, out))
		return true;
	bad_value(fault, option, value, rows[option].summary);
	return false;
}

static bool
take_time(enum option option, const char *value, int64_t now, bool is_past,
          int64_t *out, struct tool_fault *fault)
{
	if (tool_time_parse(value, now, is_past, out))
		return true;
	bad_value(fault, option, value, "write " TIME_FORMS);
	return false;
}

static bool
take_duration(enum option option, const char *value, int64_t *out,
              struct tool_fault *fault)
{
	if (tool_duration_parse(value, out))
		return true;
	bad_value(fault, option, value, "write 90, 90s, 15m, 12h or 30d");
	return false;
}

static bool
take_chain_pin(const char *value, struct options *options,
               struct tool_fault *fault)
{
	options->chain_pins = tool_grow(options->chain_pins,
	                                options->n_chain_pins,
	                                sizeof(*options->chain_pins));
	if (!tool_pin_parse(value,
	                    &options->chain_pins[options->n_chain_pins])) {
		bad_value(fault, OPTION_CHAIN_PIN, value,
		          "write sha256//BASE64; pinstore hash FILE prints "
		          "it");
		return false;
	}
	options->n_chain_pins++;
	return true;
}

bool
options_take_duration(struct options *options, struct tool_fault *fault)
{
	return options->for_what == NULL ||
	       take_duration(OPTION_FOR, options->for_what, &options->duration,
	                     fault);
}

void
options_bad_value(struct tool_fault *fault, enum option option,
                  const char *verb, const char *value)
{
	bad_value(fault, option, value, option_summary(option, verb));
}

bool
options_take_hash_format(struct options *options, struct tool_fault *fault)
{
	const char *value = options->format_word;
	unsigned word = HASH_CURL;

	if (value != NULL && !find_word(format_words, value, &word)) {
		options_bad_value(fault, OPTION_FORMAT, "hash", value);
		return false;
	}
	options->format = (enum hash_format)word;
	return true;
}

bool
options_take_server(struct options *options, struct tool_fault *fault)
{
	const char *value = options->for_what;
	unsigned word = SERVER_RAW;

	if (value != NULL && !find_word(server_words, value, &word)) {
		options_bad_value(fault, OPTION_FOR, "header", value);
		return false;
	}
	options->server = (enum header_server)word;
	return true;
}

static void
append(const char ***values, size_t *n, const char *value)
{
	*values = tool_grow(*values, *n, sizeof(**values));
	(*values)[(*n)++] = value;
}

/* Times that are relative to --at are taken when all has been read. */
struct late {
	const char *expires, *since;
};

static bool
take(enum option option, const char *value, struct options *options,
     struct late *late, struct tool_fault *fault)
{
	unsigned word = 0;
	bool is_good = true;

	switch (option) {
	case OPTION_AT:
		return take_time(option, value, tool_now(), false,
		                 &options->now, fault);
	case OPTION_CHAIN_PIN:
		return take_chain_pin(value, options, fault);
	case OPTION_COLOR:
		if (tool_color_parse(value, &options->color))
			return true;
		bad_value(fault, option, value, rows[option].summary);
		return false;
	case OPTION_EXPIRES:
		late->expires = value;
		return true;
	case OPTION_EXPIRING:
		return take_duration(option, value, &options->expiring, fault);
	case OPTION_FOR: /* the verb knows what it is */
		options->for_what = value;
		return true;
	case OPTION_MAX_AGE:
		return take_duration(option, value, &options->max_age, fault);
	case OPTION_REPORT_URI:
		options->report_uri = value;
		return true;
	case OPTION_PASSWORD_FILE:
		options->password_file = value;
		return true;
	case OPTION_REASON:
		options->reason = value;
		return true;
	case OPTION_GRACE:
		return take_duration(option, value, &options->grace, fault);
	case OPTION_FORMAT: /* the verb knows what it is */
		options->format_word = value;
		return true;
	case OPTION_PINS:
		options->pins_file = value;
		return true;
	case OPTION_STARTTLS:
		is_good = take_word(starttls_words, option, value, &word,
		                    fault);
		options->starttls = (enum starttls)word;
		return is_good;
	case OPTION_MODE:
		is_good = take_word(mode_words, option, value, &word, fault);
		options->mode = (enum pinstore_mode)word;
		return is_good;
	case OPTION_SORT:
		is_good = take_word(sort_words, option, value, &word, fault);
		options->sort = (enum sort_key)word;
		return is_good;
	case OPTION_TIME:
		is_good = take_word(time_words, option, value, &word, fault);
		options->is_iso = word != 0;
		return is_good;
	case OPTION_SOURCE:
		return take_word(source_words, option, value, &options->sources,
		                 fault);
	case OPTION_SINCE:
		late->since = value;
		return true;
	case OPTION_CACERT:
		options->cacert = value;
		return true;
	case OPTION_CERT:
		options->cert = value;
		return true;
	case OPTION_CHAIN:
		options->chain = value;
		return true;
	case OPTION_CSR:
		options->csr = value;
		return true;
	case OPTION_CONNECT_TO:
		append(&options->connect_to, &options->n_connect_to, value);
		return true;
	case OPTION_RESOLVE:
		append(&options->resolve, &options->n_resolve, value);
		return true;
	case OPTION_HSTS:
		options->hsts = value;
		return true;
	case OPTION_HOST:
		options->host = value;
		return true;
	case OPTION_NOTE:
		options->note = value;
		return true;
	case OPTION_STORE:
		options->store = value;
		return true;
	case OPTION_ACCEPT_LOSS:
	case OPTION_ALL:
	case OPTION_ASSUME_VALID:
	case OPTION_CHAIN_NONE:
	case OPTION_DRY_RUN:
	case OPTION_END:
	case OPTION_EXPIRED:
	case OPTION_FOLLOW:
	case OPTION_FORCE:
	case OPTION_FROM_HOST:
	case OPTION_HELP:
	case OPTION_HTTP:
	case OPTION_INCLUDE_SUBDOMAINS:
	case OPTION_JSON:
	case OPTION_LIST:
	case OPTION_NO_BACKUP:
	case OPTION_QUIET:
	case OPTION_OPENMETRICS:
	case OPTION_PUBLISH:
	case OPTION_REPAIR:
	case OPTION_REPORT_ONLY:
	case OPTION_STRICT:
	case OPTION_SUBDOMAINS:
	case OPTION_UNSET:
	case OPTION_VERSION:
	case OPTION_YES:
	case OPTION_COUNT:
		break;
	}
	return true;
}

static bool
take_late(const struct late *late, struct options *options,
          struct tool_fault *fault)
{
	int64_t clock = tool_now();

	if (late->expires != NULL &&
	    !take_time(OPTION_EXPIRES, late->expires, clock, false,
	               &options->expires, fault))
		return false;
	return late->since == NULL ||
	       take_time(OPTION_SINCE, late->since, clock, true,
	                 &options->since, fault);
}

enum option
option_find(const char *name, const char **value)
{
	const char *sign = strchr(name, '=');
	size_t len = sign != NULL ? (size_t)(sign - name) : strlen(name);
	int i;

	*value = sign != NULL ? sign + 1 : NULL;
	for (i = 0; i < OPTION_COUNT; i++)
		if (strlen(rows[i].name) == len &&
		    strncmp(rows[i].name, name, len) == 0)
			break;
	return (enum option)i;
}

static enum option
find_letter(char letter)
{
	int i;

	for (i = 0; i < OPTION_COUNT; i++)
		if (rows[i].letter == letter)
			break;
	return (enum option)i;
}

static void
unknown(const char *text, struct tool_fault *fault)
{
	const char *names[OPTION_COUNT + 1] = {NULL}, *near;
	const char *word = text + strspn(text, "-");
	char *name = tool_copy(word, strcspn(word, "="));
	size_t i;

	for (i = 0; i < OPTION_COUNT; i++)
		names[i] = rows[i].name;
	near = tool_nearest(name, names);
	if (near != NULL)
		tool_fault_usage(fault, text, "pinstore help VERB lists the "
		                 "options of a verb",
		                 "unknown option \"%s\"; did you mean --%s?",
		                 text, near);
	else
		tool_fault_usage(fault, text, "pinstore help VERB lists the "
		                 "options of a verb",
		                 "unknown option \"%s\"", text);
	free(name);
}

/*
 * A long option: "--at", "--at=@0"; *used is 2 if the next word is its value.
 */
static bool
parse_long(char *argv[], int left, struct options *out, struct late *late,
           int *used, struct tool_fault *fault)
{
	const char *value;
	enum option option = option_find(argv[0] + 2, &value);

	*used = 1;
	if (option == OPTION_COUNT) {
		unknown(argv[0], fault);
		return false;
	}
	if (rows[option].argument == NULL && value != NULL) {
		tool_fault_usage(fault, argv[0], NULL, "--%s takes no value",
		                 rows[option].name);
		return false;
	}
	if (rows[option].argument != NULL && value == NULL) {
		if (left < 2) {
			tool_fault_usage(fault, argv[0], rows[option].summary,
			                 "--%s needs a value: %s",
			                 rows[option].name,
			                 rows[option].argument);
			return false;
		}
		*used = 2;
		value = argv[1];
	}
	out->given |= OPTION_BIT(option);
	return take(option, value, out, late, fault);
}

/*
 * ssh-keygen's letters: -F finds a host, -R removes one, -l lists; -l beside
 * -F adds nothing, as pins are shown anyway.
 */
static const char *
alias_of(char letter)
{
	switch (letter) {
	case 'F':
		return "show";
	case 'R':
		return "clear";
	case 'l':
		return "list";
	}
	return NULL;
}

static bool
take_alias(const char *verb, const char *word, struct options *out,
           struct tool_fault *fault)
{
	if (out->alias == NULL || strcmp(out->alias, "list") == 0) {
		out->alias = verb;
		return true;
	}
	if (strcmp(verb, "list") == 0 || strcmp(verb, out->alias) == 0)
		return true;
	tool_fault_usage(fault, word, NULL, "-F and -R exclude each other");
	return false;
}

/* Letters behind one dash; none of them takes a value. */
static bool
parse_letters(const char *word, struct options *out, struct tool_fault *fault)
{
	enum option option;
	size_t i;

	for (i = 1; word[i] != '\0'; i++) {
		if (alias_of(word[i]) != NULL) {
			if (!take_alias(alias_of(word[i]), word, out, fault))
				return false;
			continue;
		}
		option = find_letter(word[i]);
		if (option == OPTION_COUNT) {
			unknown(word, fault);
			return false;
		}
		out->given |= OPTION_BIT(option);
	}
	return true;
}

bool
options_parse(int argc, char *argv[], struct options *out,
              struct tool_fault *fault)
{
	struct late late = {NULL, NULL};
	bool is_open = true, is_good = true;
	int i, used;

	memset(out, 0, sizeof(*out));
	out->now = tool_now();
	out->expires = PINSTORE_NEVER;
	out->since = INT64_MIN;
	out->grace = DEFAULT_GRACE;
	out->operands = tool_alloc((size_t)argc + 1, sizeof(char *));
	for (i = 1; i < argc && is_good; i += used) {
		used = 1;
		if (is_open && strcmp(argv[i], "--") == 0)
			is_open = false;
		else if (is_open && strncmp(argv[i], "--", 2) == 0)
			is_good = parse_long(argv + i, argc - i, out, &late,
			                     &used, fault);
		else if (is_open && argv[i][0] == '-' && argv[i][1] != '\0')
			is_good = parse_letters(argv[i], out, fault);
		else
			out->operands[out->n_operands++] = argv[i];
	}
	return is_good && take_late(&late, out, fault);
}

bool
options_check(const struct options *options, uint64_t allowed,
              const char *verb, struct tool_fault *fault)
{
	uint64_t stray = options->given & ~(allowed | OPTIONS_EVERYWHERE);
	char *where;
	int i;

	for (i = 0; i < OPTION_COUNT; i++) {
		if ((stray & OPTION_BIT(i)) == 0)
			continue;
		where = tool_format("--%s", rows[i].name);
		tool_fault_usage(fault, where, "pinstore help VERB lists the "
		                 "options of a verb",
		                 "pinstore %s has no option --%s", verb,
		                 rows[i].name);
		free(where);
		return false;
	}
	return true;
}
