/*
 * driver.c - ask the library what the reference is asked, line by line.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: driver FOLDER
 *
 * Each line of the standard input is a command, and gets one line of JSON:
 *
 *   lint pkp|pkp-ro STRICT CAP CHAIN HOST TEXT
 *   host TEXT
 *   open STRICT CAP SLACK PER-DOMAIN TOTAL SUFFIX-RULE   a new store in FOLDER
 *   reopen
 *   check SLOT HOST CHAIN NOW        the result stays in SLOT, 0 to 3
 *   note SLOT NOW KIND:TEXT...
 *   lookup HOST NOW
 *   pin HOST NOW PINS SUBDOMAINS enforce|report EXPIRES URI NOTE NO-BACKUP
 *   show HOST configured|learned
 *   clear HOST SUBDOMAINS SOURCES SINCE NOW
 *   expire BEFORE NOW DRY-RUN FORCE
 *   revoke PINS NOW                  the first of them; so does unrevoke
 *   unrevoke PINS NOW
 *   anchors PINS NOW
 *   bypass HOST SUBDOMAINS START END REASON NOW
 *   bypass_end HOST NOW
 *   set_mode HOST enforce|report NOW
 *   list
 *
 * Texts are x and hexadecimal digits, or - for NULL.  A chain, or pins, are 64
 * hexadecimal digits each, with commas between them, . for none, - for NULL.
 * The order of the answers' members is not promised.
 */
#include <config.h>

#include <ftw.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <pinstore/admin.h>
#include <pinstore/pinstore.h>

#define WORDS_MAX 128
#define PINS_MAX 64
#define SLOTS 4

struct text {
	char *octets; /* NULL, or with a NUL behind them */
	size_t len;
};

struct line {
	char *word[WORDS_MAX];
	size_t n;
	size_t at; /* the word to be taken next */
};

static char store_path[4096];
static struct pinstore_options *options;
static struct pinstore *store;
/* The operator's, and what is published of it for all users. */
static char machine_path[4096], system_path[4096];
static struct pinstore *machine;
static bool is_published;
static struct pinstore_result *slots[SLOTS];

/* ------------------------------------------------------------- arguments */

/* The commands come from a script of ours: what is wrong ends the program. */
static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "driver: %s\n", what);
	exit(2);
}

static char *
next_word(struct line *line)
{
	if (line->at == line->n)
		give_up("an argument is missing");
	return line->word[line->at++];
}

static int64_t
next_number(struct line *line)
{
	char *end;
	intmax_t number = strtoimax(next_word(line), &end, 10);

	if (*end != '\0')
		give_up("not a number");
	return number;
}

/* Whether the next word is "-", which is then passed. */
static bool
next_is_absent(struct line *line)
{
	if (line->at >= line->n || strcmp(line->word[line->at], "-") != 0)
		return false;
	line->at++;
	return true;
}

static unsigned
nibble(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	if (at == NULL)
		give_up("not a hexadecimal digit");
	return (unsigned)(at - digits);
}

/* n octets of 2 n digits. */
static void
read_hex(const char *digits, size_t n, uint8_t *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (uint8_t)(nibble(digits[2 * i]) << 4 |
		                   nibble(digits[2 * i + 1]));
}

/* Owner: the caller, of text->octets. */
static void
read_text(const char *word, struct text *text)
{
	text->octets = NULL;
	text->len = 0;
	if (strcmp(word, "-") == 0)
		return;
	if (*word != 'x')
		give_up("not a text");
	text->len = strlen(word + 1) / 2;
	text->octets = malloc(text->len + 1);
	if (text->octets == NULL)
		give_up("no memory");
	read_hex(word + 1, text->len, (uint8_t *)text->octets);
	text->octets[text->len] = '\0';
}

/* Whether there are pins at all, be it none. */
static bool
read_pins(const char *word, struct pinstore_pin pins[PINS_MAX], size_t *n)
{
	*n = 0;
	if (strcmp(word, "-") == 0)
		return false;
	if (strcmp(word, ".") == 0)
		return true;
	for (;;) {
		if (*n == PINS_MAX || strlen(word) < 64)
			give_up("too many pins, or not 64 digits");
		read_hex(word, 32, pins[(*n)++].sha256);
		if (word[64] != ',')
			return true;
		word += 65;
	}
}

static struct pinstore_chain *
next_chain(struct line *line)
{
	struct pinstore_pin pins[PINS_MAX];
	struct pinstore_chain *chain = NULL;
	size_t n;

	if (read_pins(next_word(line), pins, &n) &&
	    pinstore_chain_from_validated_pins(pins, n, &chain) != PINSTORE_OK)
		give_up("no chain");
	return chain;
}

/* ---------------------------------------------------------------- answers */

static void
print(json_t *answer)
{
	if (answer == NULL || json_dumpf(answer, stdout, JSON_COMPACT) != 0)
		give_up("an answer that is no JSON");
	putchar('\n');
	json_decref(answer);
}

static void
print_status(enum pinstore_status status)
{
	print(json_pack("{s:i}", "status", status));
}

static json_t *
pin_json(const struct pinstore_pin *pin)
{
	char digits[65];
	size_t i;

	for (i = 0; i < 32; i++)
		snprintf(digits + 2 * i, 3, "%02x", pin->sha256[i]);
	return json_string(digits);
}

static json_t *
pins_json(const struct pinstore_pin *pins, size_t n)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(array, pin_json(&pins[i]));
	return array;
}

static json_t *
entry_json(const struct pinstore_entry *entry)
{
	size_t n;
	const struct pinstore_pin *pins = pinstore_entry_pins(entry, &n);

	return json_pack(
	        "{s:s, s:s, s:s, s:s, s:b, s:o, s:I, s:I, s:I, s:I, s:s?, s:s?}",
	        "host", pinstore_entry_host(entry), "layer",
	        pinstore_layer_word(pinstore_entry_layer(entry)), "source",
	        pinstore_source_word(pinstore_entry_source(entry)), "mode",
	        pinstore_mode_word(pinstore_entry_mode(entry)),
	        "include_subdomains",
	        pinstore_entry_include_subdomains(entry), "pins",
	        pins_json(pins, n), "noted",
	        (json_int_t)pinstore_entry_noted(entry), "updated",
	        (json_int_t)pinstore_entry_updated(entry), "expires",
	        (json_int_t)pinstore_entry_expires(entry), "max_age_sent",
	        (json_int_t)pinstore_entry_max_age_sent(entry), "report_uri",
	        pinstore_entry_report_uri(entry), "note",
	        pinstore_entry_note(entry));
}

/* ------------------------------------------------- without a store: values */

static void
do_host(struct line *line)
{
	static const char *const words[] = {"bad", "name", "address"};
	char host[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	struct text text;

	read_text(next_word(line), &text);
	if (pinstore_host_canonical(text.octets, text.len, host, &kind) !=
	    PINSTORE_OK)
		kind = PINSTORE_HOST_BAD;
	print(json_pack("{s:s, s:s}", "kind", words[kind], "host", host));
	free(text.octets);
}

static void
print_lint(const struct pinstore_lint *lint)
{
	json_t *departures = json_array();
	const struct pinstore_pin *pins;
	const char *word;
	size_t offset = 0, n, i;
	bool has_offset = pinstore_lint_offset(lint, &offset);

	for (i = 0; (word = pinstore_lint_departure(lint, i)) != NULL; i++)
		json_array_append_new(departures, json_string(word));
	pins = pinstore_lint_pins(lint, &n);
	print(json_pack(
	        "{s:s, s:s, s:s, s:o, s:I, s:I, s:b, s:s?, s:o, s:o}",
	        "action", pinstore_lint_action_word(pinstore_lint_action(lint)),
	        "reason", pinstore_reason_word(pinstore_lint_reason(lint)),
	        "rule", pinstore_syntax_word(pinstore_lint_syntax(lint)),
	        "offset",
	        has_offset ? json_integer((json_int_t)offset) : json_null(),
	        "max_age", (json_int_t)pinstore_lint_max_age(lint),
	        "max_age_sent", (json_int_t)pinstore_lint_max_age_sent(lint),
	        "include_subdomains", pinstore_lint_include_subdomains(lint),
	        "report_uri", pinstore_lint_report_uri(lint), "pins",
	        pins_json(pins, n), "departures", departures));
}

static void
do_lint(struct line *line)
{
	struct pinstore_lint_setup setup = {.size = sizeof(setup)};
	struct pinstore_lint *lint = NULL;
	enum pinstore_status status;
	struct pinstore_chain *chain;
	struct text host, text;

	setup.kind = strcmp(next_word(line), "pkp") == 0 ? PINSTORE_PKP
	                                                 : PINSTORE_PKP_RO;
	setup.strict = next_number(line) != 0;
	setup.max_age_cap = next_number(line);
	chain = next_chain(line);
	setup.chain = chain;
	read_text(next_word(line), &host);
	setup.host = host.octets;
	read_text(next_word(line), &text);
	status = pinstore_lint(text.octets, text.len, &setup, &lint);
	if (status == PINSTORE_OK)
		print_lint(lint);
	else
		print_status(status);
	pinstore_lint_free(lint);
	pinstore_chain_free(chain);
	free(host.octets);
	free(text.octets);
}

/* ---------------------------------------------------------------- the store */

/* Nothing here lasts, so nothing need reach a disk; liblmdb asks these. */
int fsync(int fd);
int fdatasync(int fd);

int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
close_store(void)
{
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		pinstore_result_free(slots[i]);
		slots[i] = NULL;
	}
	pinstore_close(store);
	store = NULL;
}

static void
open_store(void)
{
	struct pinstore_error error;

	if (pinstore_open(store_path, options, &store, &error) != PINSTORE_OK)
		give_up(error.text);
}

static void
do_open(struct line *line)
{
	static const enum pinstore_option which[] = {
	        PINSTORE_OPT_STRICT,        PINSTORE_OPT_MAX_AGE_CAP,
	        PINSTORE_OPT_REFRESH_SLACK, PINSTORE_OPT_QUOTA_DOMAIN,
	        PINSTORE_OPT_QUOTA_TOTAL,   PINSTORE_OPT_SUFFIX_RULE,
	};
	size_t i;

	close_store();
	pinstore_close(machine);
	machine = NULL;
	is_published = false;
	nftw(store_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	nftw(machine_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	nftw(system_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	pinstore_options_free(options);
	options = pinstore_options_new();
	if (options == NULL || pinstore_options_set_system(
	                               options, system_path) != PINSTORE_OK)
		give_up("no memory");
	for (i = 0; i < sizeof(which) / sizeof(which[0]); i++)
		if (!next_is_absent(line) &&
		    pinstore_options_set(options, which[i],
		                         next_number(line)) != PINSTORE_OK)
			give_up("an option that cannot be set");
	open_store();
	print_status(PINSTORE_OK);
}

static void
do_reopen(struct line *line)
{
	(void)line;
	close_store();
	open_store();
	print_status(PINSTORE_OK);
}

static json_t *
layer_json(const struct pinstore_result *result, enum pinstore_layer layer)
{
	const struct pinstore_entry *entry =
	        pinstore_result_entry(result, layer);
	const struct pinstore_entry *beside =
	        pinstore_result_report_entry(result, layer);
	json_t *matched = json_null();
	size_t pin, certificate, n;

	if (entry != NULL &&
	    pinstore_result_matched(result, layer, &pin, &certificate)) {
		const struct pinstore_pin *pins =
		        pinstore_entry_pins(entry, &n);

		if (pin >= n)
			give_up("a match behind the last pin");
		matched = json_pack("[o, I]", pin_json(&pins[pin]),
		                    (json_int_t)certificate);
	}
	return json_pack(
	        "{s:s, s:s?, s:s?, s:o, s:s?}", "layer",
	        pinstore_layer_word(layer), "host",
	        entry == NULL ? NULL : pinstore_entry_host(entry), "source",
	        entry == NULL
	                ? NULL
	                : pinstore_source_word(pinstore_entry_source(entry)),
	        "matched", matched, "report_host",
	        beside == NULL ? NULL : pinstore_entry_host(beside));
}

static struct pinstore_result **
next_slot(struct line *line)
{
	int64_t slot = next_number(line);

	if (slot < 0 || slot >= SLOTS)
		give_up("no such slot");
	return &slots[slot];
}

static void
do_check(struct line *line)
{
	struct pinstore_result **slot = next_slot(line);
	struct pinstore_peer peer = {.size = sizeof(peer), .port = 443};
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	enum pinstore_status status;
	struct pinstore_chain *chain;
	struct pinstore_error error;
	struct text host;
	json_t *layers;
	int64_t now;

	read_text(next_word(line), &host);
	chain = next_chain(line);
	now = next_number(line);
	peer.host = host.octets;
	pinstore_result_free(*slot);
	*slot = NULL;
	status = pinstore_check(store, &peer, chain, now, &verdict, slot,
	                        &error);
	if (status != PINSTORE_OK) {
		if (verdict != PINSTORE_REJECT || *slot != NULL)
			give_up("an error that does not refuse");
		print_status(status);
	} else {
		if (verdict != pinstore_result_verdict(*slot))
			give_up("two verdicts");
		layers = json_pack("[o, o]",
		                   layer_json(*slot, PINSTORE_CONFIGURED),
		                   layer_json(*slot, PINSTORE_LEARNED));
		if (is_published)
			json_array_append_new(layers, layer_json(*slot,
			                                         PINSTORE_SYSTEM));
		print(json_pack("{s:i, s:s, s:s, s:s, s:b, s:o}", "status",
		                status, "host", pinstore_result_host(*slot),
		                "verdict", pinstore_verdict_word(verdict),
		                "reason",
		                pinstore_reason_word(
		                        pinstore_result_reason(*slot)),
		                "violation", pinstore_result_violation(*slot),
		                "layers", layers));
	}
	pinstore_chain_free(chain);
	free(host.octets);
}

static int
append_name(const struct pinstore_entry *entry, void *arg)
{
	return json_array_append_new(
	        arg, json_pack("[s, s]",
	                       pinstore_layer_word(pinstore_entry_layer(entry)),
	                       pinstore_entry_host(entry)));
}

/* The names that are stored now: a write may remove what is long dead. */
static json_t *
names_left(void)
{
	json_t *left = json_array();
	struct pinstore_error error;

	if (pinstore_walk(store, NULL, append_name, left, &error) !=
	    PINSTORE_OK)
		give_up(error.text);
	return left;
}

static void
print_noted(const struct pinstore_noted *noted)
{
	print(json_pack(
	        "{s:i, s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:b, s:o}", "status",
	        PINSTORE_OK, "action", pinstore_action_word(noted->action),
	        "reason", pinstore_reason_word(noted->why), "rule",
	        pinstore_syntax_word(noted->syntax), "offset",
	        (json_int_t)noted->offset, "expires",
	        (json_int_t)noted->expires, "ignored_fields",
	        (json_int_t)noted->ignored_fields, "suffix_rule",
	        noted->suffix_rule, "clock_went_back",
	        noted->clock_went_back, "left", names_left()));
}

static void
do_note(struct line *line)
{
	struct pinstore_result **slot = next_slot(line);
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field fields[WORDS_MAX];
	struct text texts[WORDS_MAX];
	enum pinstore_status status;
	struct pinstore_error error;
	int64_t now = next_number(line);
	size_t n = 0, i;

	while (line->at < line->n) {
		char *word = next_word(line);
		char *colon = strchr(word, ':');

		if (colon == NULL)
			give_up("not a field");
		read_text(colon + 1, &texts[n]);
		fields[n].kind = strncmp(word, "pkp:", 4) == 0
		                         ? PINSTORE_PKP
		                         : PINSTORE_PKP_RO;
		fields[n].value = texts[n].octets;
		fields[n].len = texts[n].len;
		n++;
	}
	if (*slot == NULL) {
		print(json_pack("{s:n}", "status"));
	} else {
		status = pinstore_note(store, *slot, fields, n, now, &noted,
		                       &error);
		if (status != PINSTORE_OK)
			print_status(status);
		else
			print_noted(&noted);
	}
	for (i = 0; i < n; i++)
		free(texts[i].octets);
}

static void
do_trust(struct line *line)
{
	struct pinstore_result **slot = next_slot(line);
	struct pinstore_noted noted = {.size = sizeof(noted)};
	int64_t now = next_number(line);
	enum pinstore_status status;
	struct pinstore_error error;

	if (*slot == NULL) {
		print(json_pack("{s:n}", "status"));
		return;
	}
	status = pinstore_trust(store, *slot, now, &noted, &error);
	if (status != PINSTORE_OK)
		print_status(status);
	else
		print(json_pack("{s:i, s:s, s:s, s:I, s:o}", "status", status,
		                "action", pinstore_action_word(noted.action),
		                "reason", pinstore_reason_word(noted.why),
		                "expires", (json_int_t)noted.expires, "left",
		                names_left()));
}

static enum pinstore_setting
next_setting(struct line *line)
{
	static const struct {
		const char *name;
		enum pinstore_setting which;
	} settings[] = {
	        {"cap", PINSTORE_SETTING_MAX_AGE_CAP},
	        {"slack", PINSTORE_SETTING_REFRESH_SLACK},
	        {"per_domain", PINSTORE_SETTING_QUOTA_DOMAIN},
	        {"total", PINSTORE_SETTING_QUOTA_TOTAL},
	        {"suffix_rule", PINSTORE_SETTING_SUFFIX_RULE},
	};
	const char *word = next_word(line);
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(word, settings[i].name) == 0)
			return settings[i].which;
	give_up("no such setting");
}

static void
do_setting(struct line *line)
{
	enum pinstore_setting which = next_setting(line);
	bool is_absent = next_is_absent(line);
	int64_t value = is_absent ? 0 : next_number(line);
	struct pinstore_error error;

	print_status(pinstore_setting_put(store, which,
	                                  is_absent ? NULL : &value,
	                                  next_number(line), &error));
}

static void
do_setting_get(struct line *line)
{
	enum pinstore_setting which = next_setting(line);
	enum pinstore_status status;
	struct pinstore_error error;
	int64_t value = 0;
	int is_set = 0;

	status = pinstore_setting_get(store, which, &value, &is_set, &error);
	if (status != PINSTORE_OK)
		print_status(status);
	else
		print(json_pack("{s:i, s:I, s:b}", "status", status, "value",
		                (json_int_t)value, "is_set", is_set));
}

static void
do_lookup(struct line *line)
{
	struct pinstore_step step = {.size = sizeof(step)};
	struct pinstore_result *result = NULL;
	enum pinstore_status status;
	struct pinstore_error error;
	json_t *steps;
	struct text host;
	size_t i;

	read_text(next_word(line), &host);
	status = pinstore_lookup(store, host.octets, next_number(line), &result,
	                         &error);
	free(host.octets);
	if (status != PINSTORE_OK) {
		print_status(status);
		return;
	}
	steps = json_array();
	for (i = 0; pinstore_result_step(result, i, &step); i++)
		json_array_append_new(
		        steps,
		        json_pack("{s:s, s:s, s:b, s:b, s:b, s:b, s:s}",
		                  "layer", pinstore_layer_word(step.layer),
		                  "name", step.name, "found", step.found,
		                  "expired", step.expired,
		                  "include_subdomains", step.include_subdomains,
		                  "applies", step.applies, "why",
		                  pinstore_reason_word(step.why)));
	print(json_pack("{s:i, s:s, s:s, s:o}", "status", status, "host",
	                pinstore_result_host(result), "verdict",
	                pinstore_verdict_word(pinstore_result_verdict(result)),
	                "steps", steps));
	pinstore_result_free(result);
}

static void
do_pin(struct line *line)
{
	struct pinstore_rule rule = {.size = sizeof(rule)};
	struct pinstore_pin pins[PINS_MAX];
	struct text host, uri, note;
	struct pinstore_error error;
	int64_t now;

	read_text(next_word(line), &host);
	now = next_number(line);
	read_pins(next_word(line), pins, &rule.n_pins);
	rule.host = host.octets;
	rule.pins = pins;
	rule.include_subdomains = next_number(line) != 0;
	rule.mode = strcmp(next_word(line), "report") == 0 ? PINSTORE_REPORT
	                                                   : PINSTORE_ENFORCE;
	rule.expires = next_number(line);
	read_text(next_word(line), &uri);
	read_text(next_word(line), &note);
	rule.report_uri = uri.octets;
	rule.note = note.octets;
	rule.no_backup = next_number(line) != 0;
	print_status(pinstore_pin(store, &rule, now, &error));
	free(host.octets);
	free(uri.octets);
	free(note.octets);
}

static void
do_show(struct line *line)
{
	struct pinstore_entry *entry = NULL;
	enum pinstore_status status;
	enum pinstore_layer layer;
	struct pinstore_error error;
	const char *word;
	struct text host;
	json_t *answer;

	read_text(next_word(line), &host);
	word = next_word(line);
	layer = strcmp(word, "learned") == 0  ? PINSTORE_LEARNED
	        : strcmp(word, "system") == 0 ? PINSTORE_SYSTEM
	                                      : PINSTORE_CONFIGURED;
	status = pinstore_show(store, host.octets, layer, &entry, &error);
	free(host.octets);
	if (status != PINSTORE_OK) {
		print_status(status);
		return;
	}
	answer = entry_json(entry);
	json_object_set_new(answer, "status", json_integer(PINSTORE_OK));
	print(answer);
	pinstore_entry_free(entry);
}

static void
print_removed(enum pinstore_status status, size_t removed)
{
	if (status != PINSTORE_OK)
		print_status(status);
	else
		print(json_pack("{s:i, s:I}", "status", status, "removed",
		                (json_int_t)removed));
}

static int
append_bypass(const struct pinstore_bypass *bypass, void *arg)
{
	return json_array_append_new(arg, json_string(bypass->host));
}

static void
do_clear(struct line *line)
{
	struct pinstore_filter filter = {.size = sizeof(filter)};
	enum pinstore_status status;
	struct pinstore_error error;
	json_t *bypasses;
	struct text host;
	size_t removed = 0;

	read_text(next_word(line), &host);
	filter.host = host.octets;
	filter.subdomains = next_number(line) != 0;
	filter.sources = (unsigned)next_number(line);
	filter.since = next_number(line);
	status = pinstore_clear(store, &filter, next_number(line), &removed,
	                        &error);
	free(host.octets);
	if (status != PINSTORE_OK) {
		print_status(status);
		return;
	}
	bypasses = json_array();
	if (pinstore_walk_bypasses(store, append_bypass, bypasses, &error) !=
	    PINSTORE_OK)
		give_up(error.text);
	print(json_pack("{s:i, s:I, s:o}", "status", status, "removed",
	                (json_int_t)removed, "bypasses", bypasses));
}

/* The first pin of a list. */
static struct pinstore_pin
next_pin(struct line *line)
{
	struct pinstore_pin pins[PINS_MAX];
	size_t n;

	if (!read_pins(next_word(line), pins, &n) || n == 0)
		give_up("no pin");
	return pins[0];
}

static void
do_revoke(struct line *line)
{
	struct pinstore_pin pin = next_pin(line);
	struct pinstore_error error;

	print_status(pinstore_revoke(store, &pin, NULL, next_number(line),
	                             &error));
}

static void
do_unrevoke(struct line *line)
{
	struct pinstore_pin pin = next_pin(line);
	struct pinstore_error error;

	print_status(pinstore_unrevoke(store, &pin, next_number(line),
	                               &error));
}

static void
do_anchors(struct line *line)
{
	struct pinstore_pin pins[PINS_MAX];
	struct pinstore_error error;
	size_t n;

	read_pins(next_word(line), pins, &n);
	print_status(pinstore_set_anchors(store, pins, n, next_number(line),
	                                  &error));
}

static void
do_bypass(struct line *line)
{
	struct pinstore_bypass bypass = {.size = sizeof(bypass)};
	struct text host, reason;
	struct pinstore_error error;

	read_text(next_word(line), &host);
	bypass.host = host.octets;
	bypass.subdomains = next_number(line) != 0;
	bypass.start = next_number(line);
	bypass.end = next_number(line);
	read_text(next_word(line), &reason);
	bypass.reason = reason.octets;
	print_status(pinstore_bypass(store, &bypass, next_number(line),
	                             &error));
	free(host.octets);
	free(reason.octets);
}

static void
do_bypass_end(struct line *line)
{
	struct text host;
	struct pinstore_error error;

	read_text(next_word(line), &host);
	print_status(pinstore_bypass_end(store, host.octets, next_number(line),
	                                 &error));
	free(host.octets);
}

static void
do_set_mode(struct line *line)
{
	enum pinstore_mode mode;
	struct text host;
	struct pinstore_error error;

	read_text(next_word(line), &host);
	mode = strcmp(next_word(line), "report") == 0 ? PINSTORE_REPORT
	                                              : PINSTORE_ENFORCE;
	print_status(pinstore_set_mode(store, host.octets, mode, 1,
	                               next_number(line), &error));
	free(host.octets);
}

static void
do_expire(struct line *line)
{
	enum pinstore_status status;
	struct pinstore_error error;
	int64_t before = next_number(line), now = next_number(line);
	int dry_run = next_number(line) != 0, force = next_number(line) != 0;
	size_t removed = 0;

	status = pinstore_expire(store, before, now, dry_run, force, &removed,
	                         &error);
	print_removed(status, removed);
}

static int
append_entry(const struct pinstore_entry *entry, void *arg)
{
	return json_array_append_new(arg, entry_json(entry));
}

static void
do_list(struct line *line)
{
	json_t *entries = json_array();
	enum pinstore_status status;
	struct pinstore_error error;

	(void)line;
	status = pinstore_walk(store, NULL, append_entry, entries, &error);
	print(json_pack("{s:i, s:o}", "status", status, "entries", entries));
}

/* --------------------------------------------------------------- the import */

#define ITEMS_MAX 16

/* An item, what its texts point to, and what became of it. */
struct item {
	struct pinstore_import_item is;
	struct pinstore_pin pins[PINS_MAX];
	struct text host, uri;
	enum pinstore_fate fate;
};

static void
read_item(struct line *line, struct item *item)
{
	struct pinstore_import_item *is = &item->is;

	memset(item, 0, sizeof(*item));
	is->size = sizeof(*is);
	read_text(next_word(line), &item->host);
	is->host = item->host.octets;
	is->source = (enum pinstore_source)next_number(line);
	is->mode = strcmp(next_word(line), "report") == 0 ? PINSTORE_REPORT
	                                                  : PINSTORE_ENFORCE;
	is->include_subdomains = next_number(line) != 0;
	read_pins(next_word(line), item->pins, &is->n_pins);
	is->pins = item->pins;
	is->noted = next_number(line);
	is->updated = PINSTORE_UNDATED;
	is->expires = next_number(line);
	is->max_age_sent = next_number(line);
	read_text(next_word(line), &item->uri);
	is->report_uri = item->uri.octets;
	is->is_part = next_number(line) != 0;
}

static void
see_fate(uint64_t at, const char *host, enum pinstore_fate fate,
         uint64_t other, void *arg)
{
	struct item *items = arg;

	(void)host;
	(void)other;
	items[at].fate = fate;
}

/* In the order given, or backwards. */
static enum pinstore_status
run_import(struct item *items, size_t n, bool is_reversed, unsigned flags,
           int64_t now)
{
	struct pinstore_import *import = NULL;
	struct pinstore_error error;
	enum pinstore_status status = pinstore_import_new(&import);
	size_t i;

	for (i = 0; i < n && status == PINSTORE_OK; i++) {
		const size_t at = is_reversed ? n - 1 - i : i;

		items[at].is.line = at;
		items[at].fate = PINSTORE_FATE_NONE;
		status = pinstore_import_add(import, &items[at].is, &error);
	}
	if (status == PINSTORE_OK)
		status = pinstore_import_run(store, import, flags, now, NULL,
		                             &error);
	if (status == PINSTORE_OK)
		pinstore_import_walk(import, see_fate, items);
	pinstore_import_free(import);
	return status;
}

/* What comes of an item does not depend on the order. */
static void
do_import(struct line *line)
{
	static const char *const words[] = {
		"none", "added", "updated", "unchanged",
		"double", "crowd", "older", "looser",
	};
	static struct item items[ITEMS_MAX];
	enum pinstore_fate backwards[ITEMS_MAX];
	const unsigned flags = (unsigned)next_number(line);
	const int64_t now = next_number(line);
	enum pinstore_status status, other;
	json_t *fates = json_array();
	size_t n = 0, i;

	for (; line->at < line->n; n++) {
		if (n == ITEMS_MAX)
			give_up("too many items");
		read_item(line, &items[n]);
	}
	other = run_import(items, n, true, flags | PINSTORE_IMPORT_DRY_RUN,
	                   now);
	for (i = 0; i < n; i++)
		backwards[i] = items[i].fate;
	status = run_import(items, n, false, flags, now);
	if (status != other)
		give_up("in another order the import ends otherwise");
	for (i = 0; i < n; i++) {
		if (status == PINSTORE_OK && items[i].fate != backwards[i])
			give_up("in another order an item has another fate");
		json_array_append_new(fates, json_string(words[items[i].fate]));
		free(items[i].host.octets);
		free(items[i].uri.octets);
	}
	if (status != PINSTORE_OK) {
		json_decref(fates);
		print_status(status);
		return;
	}
	print(json_pack("{s:i, s:o, s:o}", "status", status, "fates", fates,
	                "left", names_left()));
}

/* ------------------------------------------------------ the system's store */

static void
run_words(struct line *line);

static void
open_machine(void)
{
	struct pinstore_error error;

	if (machine == NULL && pinstore_open(machine_path, NULL, &machine,
	                                     &error) != PINSTORE_OK)
		give_up(error.text);
}

/* The rest of the line is a command to the store that is published. */
static void
do_machine(struct line *line)
{
	struct pinstore *own = store;

	open_machine();
	store = machine;
	run_words(line);
	store = own;
}

/* A handle would notice the new one within a second: another does at once. */
static void
do_publish(struct line *line)
{
	enum pinstore_status status;
	struct pinstore_error error;
	uint64_t hosts = 0;

	(void)line;
	open_machine();
	status = pinstore_publish(machine, system_path, 0, &hosts, &error);
	if (status != PINSTORE_OK)
		give_up(error.text);
	is_published = true;
	close_store();
	open_store();
	print(json_pack("{s:i, s:I}", "status", status, "hosts",
	                (json_int_t)hosts));
}

static const struct command {
	const char *name;
	void (*run)(struct line *line);
	bool has_store;
} commands[] = {
        {"lint", do_lint, false},  {"host", do_host, false},
        {"open", do_open, false},  {"reopen", do_reopen, true},
        {"check", do_check, true}, {"note", do_note, true},
        {"trust", do_trust, true}, {"setting", do_setting, true},
        {"setting_get", do_setting_get, true},
        {"lookup", do_lookup, true}, {"pin", do_pin, true},
        {"show", do_show, true},   {"clear", do_clear, true},
        {"expire", do_expire, true}, {"list", do_list, true},
        {"revoke", do_revoke, true}, {"unrevoke", do_unrevoke, true},
        {"anchors", do_anchors, true}, {"bypass", do_bypass, true},
        {"bypass_end", do_bypass_end, true}, {"set_mode", do_set_mode, true},
        {"machine", do_machine, true}, {"publish", do_publish, true},
        {"import", do_import, true},
};

static void
run_words(struct line *line)
{
	const char *name = next_word(line);
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (commands[i].has_store && store == NULL)
			give_up("no store is open");
		commands[i].run(line);
		return;
	}
	give_up("no such command");
}

static void
run(char *text)
{
	struct line line = {.n = 0};
	char *rest = NULL, *word;

	for (word = strtok_r(text, " \n", &rest); word != NULL;
	     word = strtok_r(NULL, " \n", &rest)) {
		if (line.n == WORDS_MAX)
			give_up("too many words");
		line.word[line.n++] = word;
	}
	run_words(&line);
}

int
main(int argc, char **argv)
{
	char *text = NULL;
	size_t room = 0;

	if (argc != 2)
		give_up("usage: driver FOLDER");
	snprintf(store_path, sizeof(store_path), "%s/store", argv[1]);
	snprintf(machine_path, sizeof(machine_path), "%s/machine", argv[1]);
	snprintf(system_path, sizeof(system_path), "%s/system", argv[1]);
	while (getline(&text, &room, stdin) > 0)
		run(text);
	free(text);
	close_store();
	pinstore_close(machine);
	pinstore_options_free(options);
	return ferror(stdin) || fflush(stdout) != 0 ? EXIT_FAILURE
	                                            : EXIT_SUCCESS;
}
