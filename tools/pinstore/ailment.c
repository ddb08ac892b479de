/*
 * ailment.c - what can be wrong with a store, and what was found to be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "ailment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/screen.h"
#include "common/text.h"

/* Where the text of an ailment begins. */
#define INDENT 2

static const struct {
	enum severity severity;
	const char *word;
	const char *title;
	const char *meaning;
	const char *remedy;
} table[AILMENTS] = {
	[AILMENT_DAMAGED] = {
		SEVERITY_ERROR, "damaged", "the store is damaged",
		"What cannot be read, or proved, is refused; what a lost write "
		"has taken may be missing unnoticed. Nothing else is judged "
		"before it is repaired.",
		"restore a backup, or pinstore fsck --repair"},
	[AILMENT_GAPS] = {
		SEVERITY_ERROR, "gaps",
		"a repair has left gaps, whose names are refused",
		"Entries may have been lost there, and nobody is let in as if "
		"they had not been.",
		"restore a backup, or pinstore fsck --accept-loss: those names "
		"are unpinned then"},
	[AILMENT_REFUSED] = {
		SEVERITY_ERROR, "refused", "connections were refused",
		"Within the last 7 days a host showed a chain without a pinned "
		"key, or with a revoked one: somebody else's, or its own after "
		"a change of keys that was not prepared.",
		"pinstore check HOST; pinstore explain HOST; pinstore log "
		"--since 7d"},
	[AILMENT_ALL_REVOKED] = {
		SEVERITY_ERROR, "all-pins-revoked",
		"every pin of an entry is revoked",
		"No chain can satisfy the entry: the host cannot be reached.",
		"pinstore pin HOST NEW-KEY BACKUP-KEY, or pinstore clear HOST "
		"if the entry was learned"},
	[AILMENT_CLOCK] = {
		SEVERITY_ERROR, "clock-behind",
		"the clock is behind the store",
		"A write has brought a later time than it is now. Either that "
		"clock ran ahead, or this one is slow; then entries live "
		"longer than they should.",
		"set the clock right; date -u tells what it says"},
	[AILMENT_FUTURE] = {
		SEVERITY_ERROR, "noted-in-future",
		"entries were noted in the future",
		"They come from a clock that ran ahead, and a shorter max-age "
		"that the host sends now does not take their place.",
		"set the clock right, then pinstore clear HOST"},
	[AILMENT_FULL] = {
		SEVERITY_ERROR, "nearly-full",
		"the store is nearly as large as it may be",
		"Soon nothing can be noted any more; what is stored stays in "
		"force.",
		"pinstore config max-size SIZE, if the disk has the room; else "
		"pinstore expire, or pinstore clear for learned entries that "
		"nobody needs"},
	[AILMENT_QUOTA] = {
		SEVERITY_ERROR, "quota-full",
		"headers were not learned, as a quota was full",
		"Within the last 7 days a domain, or all together, had more "
		"learned entries than the quota allows.",
		"pinstore config quota-domain N, if they are wanted; else "
		"pinstore clear --subdomains DOMAIN"},
	[AILMENT_EXPIRED_STATIC] = {
		SEVERITY_ERROR, "expired-static",
		"static entries have expired",
		"The operator meant these hosts to be pinned, and they are not "
		"any more.",
		"pinstore pin HOST KEY BACKUP-KEY, or pinstore clear HOST if "
		"that is meant"},
	[AILMENT_BYPASSED] = {
		SEVERITY_WARNING, "bypassed", "hosts are bypassed",
		"Their pins are judged and not enforced until the bypass "
		"ends.",
		"pinstore bypass HOST --end, when the host has its keys again"},
	[AILMENT_SINGLE_PIN] = {
		SEVERITY_WARNING, "single-pin", "entries have no backup pin",
		"When the one key is lost or replaced, the host cannot be "
		"reached.",
		"pinstore pin HOST KEY BACKUP-KEY"},
	[AILMENT_REVOKED_PIN] = {
		SEVERITY_WARNING, "revoked-pin",
		"entries still name a revoked key",
		"The key satisfies nothing any more, so the entry has fewer "
		"ways out than it shows.",
		"pinstore pin HOST KEY BACKUP-KEY without it"},
	[AILMENT_SUFFIX] = {
		SEVERITY_WARNING, "public-suffix",
		"an entry covers a public suffix",
		"With includeSubDomains it rules hosts that belong to many "
		"others.",
		"pinstore clear HOST, and pin the hosts that are meant"},
	[AILMENT_EXPIRING] = {
		SEVERITY_WARNING, "expiring",
		"static entries expire within 14 days",
		"From then on the hosts are not pinned.",
		"pinstore pin HOST KEY BACKUP-KEY --expires TIME"},
	[AILMENT_WATCHED] = {
		SEVERITY_WARNING, "watched-mismatch",
		"entries in mode report would have refused",
		"Within the last 7 days a connection went through that the "
		"entry does not allow.",
		"pinstore check HOST, before pinstore mode HOST enforce"},
	[AILMENT_UNREAD] = {
		SEVERITY_WARNING, "not-walked",
		"the pages of the store were not looked at",
		"Its entries could be read; but a page that was lost, and what "
		"is damaged and was not asked for, is not found so.",
		"pinstore backup DIR to a local directory, then pinstore fsck "
		"--store DIR"},
	[AILMENT_PARENT] = {
		SEVERITY_WARNING, "parent-writable",
		"others may replace the store",
		"A folder above it is writable for others, and has no sticky "
		"bit.",
		"chmod go-w FOLDER"},
	[AILMENT_READABLE] = {
		SEVERITY_WARNING, "readable",
		"others may read the store",
		"It tells which hosts are visited.",
		"chmod go-rwx FOLDER-OR-FILE"},
	[AILMENT_REPORTS_LOST] = {
		SEVERITY_WARNING, "reports-lost",
		"failure reports were given up",
		"Their collector did not take them within a day, or there were "
		"too many.",
		"pinstore report list; pinstore report send --all shows what "
		"the collector says"},
	[AILMENT_REPORTS_WAITING] = {
		SEVERITY_WARNING, "reports-waiting",
		"failure reports wait, and nobody sends them",
		"They have been due for an hour, and are given up after a "
		"day.",
		"pinstore report send, from a timer; contrib has one for "
		"systemd"},
	[AILMENT_ANCHORS] = {
		SEVERITY_ADVICE, "anchors",
		"chains of local anchors are let through",
		"Whoever has the key of such an authority is not held to any "
		"pin.",
		"pinstore config anchors shows them; pinstore config anchors "
		"--unset"},
	[AILMENT_NEVER_MATCHED] = {
		SEVERITY_ADVICE, "never-matched",
		"static pins that the host itself does not name",
		"The host's own header names other keys, so these backups have "
		"never matched, and may never do.",
		"ask who runs the host, then pinstore pin HOST KEY BACKUP-KEY"},
	[AILMENT_QUIET] = {
		SEVERITY_ADVICE, "watched-quiet",
		"entries in mode report that never mismatched",
		"For 7 days no connection went through that they would have "
		"refused.",
		"pinstore mode HOST enforce"},
	[AILMENT_EXPIRED] = {
		SEVERITY_ADVICE, "expired",
		"learned entries that expired long ago are still stored",
		"They do nothing but take room.",
		"pinstore expire, from a timer; contrib has one for systemd"},
};

static const char *const severity_words[] = {
	[SEVERITY_ERROR] = "error",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ADVICE] = "advice",
};

void
findings_add(struct findings *findings, enum ailment ailment, const char *name,
             char *detail)
{
	struct finding *finding = &findings->of[ailment];
	struct patient *patient;

	finding->count++;
	if (!findings->keeps_all && finding->n_patients >= AILMENT_HOSTS) {
		free(detail);
		return;
	}
	finding->patients = tool_grow(finding->patients, finding->n_patients,
	                              sizeof(*finding->patients));
	patient = &finding->patients[finding->n_patients++];
	patient->name = tool_copy(name, strlen(name));
	patient->detail = detail;
}

bool
findings_are_bad(const struct findings *findings)
{
	size_t i;

	for (i = 0; i < AILMENTS; i++)
		if (findings->of[i].count > 0 &&
		    table[i].severity != SEVERITY_ADVICE)
			return true;
	return false;
}

static void
print_one(const struct finding *finding, size_t at, bool is_colored, FILE *out)
{
	enum severity severity = table[at].severity;
	size_t i;

	tool_put_tinted(severity_words[severity],
	                severity == SEVERITY_ERROR ? TOOL_TINT_BAD
	                                           : TOOL_TINT_DIM,
	                is_colored, out);
	fprintf(out, ": %s (%s)\n", table[at].title, table[at].word);
	for (i = 0; i < finding->n_patients; i++) {
		fprintf(out, "%*s", INDENT, "");
		tool_put_escaped(finding->patients[i].name, out);
		if (finding->patients[i].detail != NULL) {
			fputs("  ", out);
			tool_put_escaped(finding->patients[i].detail, out);
		}
		fputc('\n', out);
	}
	if (finding->count > finding->n_patients)
		fprintf(out, "%*sand %" PRIu64 " more; --all prints them\n",
		        INDENT, "", finding->count - finding->n_patients);
	fprintf(out, "%*s", INDENT, "");
	tool_put_wrapped(table[at].meaning, INDENT, out);
	fprintf(out, "%*snext: ", INDENT, "");
	tool_put_wrapped(table[at].remedy, INDENT + strlen("next: "), out);
}

void
findings_print(const struct findings *findings, bool is_colored, FILE *out)
{
	bool is_first = true;
	size_t i;

	for (i = 0; i < AILMENTS; i++) {
		if (findings->of[i].count == 0)
			continue;
		if (!is_first)
			fputc('\n', out);
		print_one(&findings->of[i], i, is_colored, out);
		is_first = false;
	}
	if (is_first)
		fputs("nothing found\n", out);
}

void
findings_print_json(const struct findings *findings, FILE *out)
{
	json_t *all = tool_json_array(), *object, *patients, *one;
	const struct finding *finding;
	size_t i, k;

	for (i = 0; i < AILMENTS; i++) {
		finding = &findings->of[i];
		if (finding->count == 0)
			continue;
		object = tool_json_object();
		patients = tool_json_array();
		tool_json_add(object, "severity",
		              tool_json_text(severity_words[table[i].severity]));
		tool_json_add(object, "finding", tool_json_text(table[i].word));
		tool_json_add(object, "title", tool_json_text(table[i].title));
		tool_json_add(object, "meaning",
		              tool_json_text(table[i].meaning));
		tool_json_add(object, "remedy",
		              tool_json_text(table[i].remedy));
		tool_json_add(object, "count",
		              tool_json_integer((int64_t)finding->count));
		for (k = 0; k < finding->n_patients; k++) {
			one = tool_json_object();
			tool_json_add(one, "name", tool_json_text(
			              finding->patients[k].name));
			tool_json_add(one, "detail", tool_json_text(
			              finding->patients[k].detail));
			tool_json_append(patients, one);
		}
		tool_json_add(object, "of", patients);
		tool_json_append(all, object);
	}
	tool_json_write(all, out);
	fputc('\n', out);
}

void
findings_free(struct findings *findings)
{
	size_t i, k;

	for (i = 0; i < AILMENTS; i++) {
		for (k = 0; k < findings->of[i].n_patients; k++) {
			free(findings->of[i].patients[k].name);
			free(findings->of[i].patients[k].detail);
		}
		free(findings->of[i].patients);
	}
	memset(findings, 0, sizeof(*findings));
}
