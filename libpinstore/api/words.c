/*
 * words.c - the words of statuses, reasons and the other closed lists.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/pinstore.h>

const char *
pinstore_version(void)
{
	return PACKAGE_VERSION;
}

const char *
pinstore_strerror(enum pinstore_status status)
{
	switch (status) {
	case PINSTORE_OK:
		return "no error";
	case PINSTORE_ERR_ARG:
		return "argument not allowed";
	case PINSTORE_ERR_NOMEM:
		return "out of memory";
	case PINSTORE_ERR_HOST:
		return "neither a host name nor an address";
	case PINSTORE_ERR_HEADER:
		return "header field outside the grammar";
	case PINSTORE_ERR_UNFIT:
		return "conditions not met";
	case PINSTORE_ERR_NOTFOUND:
		return "no such entry";
	case PINSTORE_ERR_CHAIN:
		return "no validated certificate path";
	case PINSTORE_ERR_UNJUDGED:
		return "connection that no check has seen";
	case PINSTORE_ERR_ACCESS:
		return "store not accessible, or not safely kept";
	case PINSTORE_ERR_READONLY:
		return "store cannot be written";
	case PINSTORE_ERR_BUSY:
		return "store is busy";
	case PINSTORE_ERR_FULL:
		return "store is full";
	case PINSTORE_ERR_IO:
		return "system error on the store";
	case PINSTORE_ERR_VERSION:
		return "store of a later version or another machine";
	case PINSTORE_ERR_DAMAGED:
		return "store is damaged";
	case PINSTORE_ERR_INTERNAL:
		return "defect in pinstore";
	case PINSTORE_ERR_FORKED:
		return "store in memory of the parent process";
	case PINSTORE_ERR_REMOTE:
		return "store on a network file system";
	}
	return "unknown status";
}

const char *
pinstore_reason_word(enum pinstore_reason reason)
{
	switch (reason) {
	case PINSTORE_WHY_OK:
		return "ok";
	case PINSTORE_WHY_MALFORMED:
		return "malformed";
	case PINSTORE_WHY_EMPTY:
		return "empty";
	case PINSTORE_WHY_LIMIT:
		return "limit";
	case PINSTORE_WHY_DUPLICATE:
		return "duplicate";
	case PINSTORE_WHY_BAD_MAX_AGE:
		return "bad-max-age";
	case PINSTORE_WHY_NO_MAX_AGE:
		return "no-max-age";
	case PINSTORE_WHY_VALUED_INCLUDE_SUBDOMAINS:
		return "valued-include-subdomains";
	case PINSTORE_WHY_VALUELESS_REPORT_URI:
		return "valueless-report-uri";
	case PINSTORE_WHY_UNQUOTED_PIN:
		return "unquoted-pin";
	case PINSTORE_WHY_BAD_PIN:
		return "bad-pin";
	case PINSTORE_WHY_PIN_LENGTH:
		return "pin-length";
	case PINSTORE_WHY_NO_PINS:
		return "no-pins";
	case PINSTORE_WHY_NO_MATCH:
		return "no-match";
	case PINSTORE_WHY_NO_BACKUP:
		return "no-backup";
	case PINSTORE_WHY_NOT_JUDGED:
		return "not-judged";
	case PINSTORE_WHY_NO_REPORT_URI:
		return "no-report-uri";
	case PINSTORE_WHY_REPORT_ONLY:
		return "report-only";
	case PINSTORE_WHY_PIN_MISMATCH:
		return "pin-mismatch";
	case PINSTORE_WHY_BYPASSED:
		return "bypassed";
	case PINSTORE_WHY_ADDRESS:
		return "address";
	case PINSTORE_WHY_OLDER:
		return "older";
	case PINSTORE_WHY_FULL:
		return "full";
	case PINSTORE_WHY_PIN_IN_CHAIN:
		return "pin-in-chain";
	case PINSTORE_WHY_NO_ENTRY:
		return "no-entry";
	case PINSTORE_WHY_NO_PIN_IN_CHAIN:
		return "no-pin-in-chain";
	case PINSTORE_WHY_NO_CHAIN:
		return "no-chain";
	case PINSTORE_WHY_REVOKED:
		return "revoked";
	case PINSTORE_WHY_REPORT_MODE:
		return "report-mode";
	case PINSTORE_WHY_BYPASS:
		return "bypass";
	case PINSTORE_WHY_LOCAL_ANCHOR:
		return "local-anchor";
	case PINSTORE_WHY_EXACT:
		return "exact-name";
	case PINSTORE_WHY_ANCESTOR:
		return "covers-subdomains";
	case PINSTORE_WHY_EXPIRED:
		return "expired";
	case PINSTORE_WHY_NO_INCLUDE_SUBDOMAINS:
		return "no-include-subdomains";
	case PINSTORE_WHY_NEARER_ENTRY:
		return "nearer-entry";
	}
	return "unknown";
}

const char *
pinstore_syntax_word(enum pinstore_syntax syntax)
{
	switch (syntax) {
	case PINSTORE_SYNTAX_OK:
		return "ok";
	case PINSTORE_SYNTAX_NAME:
		return "NAME";
	case PINSTORE_SYNTAX_VALUE:
		return "VALUE";
	case PINSTORE_SYNTAX_QUOTE:
		return "QUOTE";
	case PINSTORE_SYNTAX_SEP:
		return "SEP";
	}
	return "unknown";
}

const char *
pinstore_verdict_word(enum pinstore_verdict verdict)
{
	switch (verdict) {
	case PINSTORE_REJECT:
		return "reject";
	case PINSTORE_UNPINNED:
		return "unpinned";
	case PINSTORE_MATCHED:
		return "matched";
	case PINSTORE_BYPASSED:
		return "bypassed";
	}
	return "unknown";
}

const char *
pinstore_action_word(enum pinstore_action action)
{
	switch (action) {
	case PINSTORE_IGNORED:
		return "ignored";
	case PINSTORE_NOTED:
		return "noted";
	case PINSTORE_UPDATED:
		return "updated";
	case PINSTORE_UNCHANGED:
		return "unchanged";
	case PINSTORE_REMOVED:
		return "removed";
	}
	return "unknown";
}

const char *
pinstore_layer_word(enum pinstore_layer layer)
{
	switch (layer) {
	case PINSTORE_CONFIGURED:
	case PINSTORE_SYSTEM:
		return "configured";
	case PINSTORE_LEARNED:
		return "learned";
	}
	return "unknown";
}

const char *
pinstore_source_word(enum pinstore_source source)
{
	switch (source) {
	case PINSTORE_HEADER:
		return "header";
	case PINSTORE_TOFU:
		return "tofu";
	case PINSTORE_STATIC:
		return "static";
	}
	return "unknown";
}

const char *
pinstore_mode_word(enum pinstore_mode mode)
{
	switch (mode) {
	case PINSTORE_ENFORCE:
		return "enforce";
	case PINSTORE_REPORT:
		return "report";
	}
	return "unknown";
}
