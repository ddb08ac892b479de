/*
 * post.c - send one failure report (RFC 7469, 2.1.4 and 3), and no more than
 * it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/post.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/socket.h>

#include <pinstore/curl.h>

#include "common/address.h"
#include "common/hsts.h"
#include "common/memory.h"
#include "common/store.h"
#include "common/when.h"

/* Addresses of a name that are kept. */
#define ADDRESSES_MAX 32
/* What libcurl takes for a proxy without one. */
#define PROXY_PORT "1080"

/* Where a name leads, asked without going there. */
struct lookup {
	struct sockaddr_storage addresses[ADDRESSES_MAX];
	size_t n;
	bool is_private; /* one of all */
};

/* One report on its way. */
struct posting {
	const struct tool_post_setup *setup;
	CURL *easy;
	CURLU *uri;  /* without what must not go along */
	char *url;   /* uri as text */
	char *proxy; /* without user and password; or NULL */
	bool may_go_private;
	struct lookup proxy_at;
	struct tool_hsts hsts;
	bool was_refused; /* a private address */
	size_t received;
	bool is_answered; /* a final header has come */
	long status;
	int64_t until; /* by tool_clock_ms() */
	struct curl_slist *fields;
	struct tool_posted *out;
};

/* CURLOPT_OPENSOCKETFUNCTION of a lookup: take down the address, do not go. */
static curl_socket_t
take_down(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct lookup *lookup = arg;

	(void)purpose;
	if (tool_address_is_private(&address->addr))
		lookup->is_private = true;
	if (lookup->n < ADDRESSES_MAX &&
	    address->addrlen <= sizeof(lookup->addresses[0])) {
		memset(&lookup->addresses[lookup->n], 0,
		       sizeof(lookup->addresses[0]));
		memcpy(&lookup->addresses[lookup->n++], &address->addr,
		       address->addrlen);
	}
	return CURL_SOCKET_BAD;
}

static long
time_left(const struct posting *posting)
{
	int64_t left = posting->until - tool_clock_ms();

	return left > 1 ? (long)left : 1;
}

/* What every transfer has, a lookup too. */
static CURLcode
set_network(struct posting *posting, CURL *easy)
{
	const struct tool_post_setup *setup = posting->setup;
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
		                        setup->https_only ? "https"
		                                          : "http,https");
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		                        time_left(posting));
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		                        (long)TOOL_POST_CONNECT_MS);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_RESOLVE, setup->resolve);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CONNECT_TO,
		                        setup->connect_to);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
		                        setup->ip_version);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A resolver that hangs is not waited for at the end. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	if (code == CURLE_OK && setup->hsts != NULL) {
		posting->hsts.at = 0;
		code = curl_easy_setopt(easy, CURLOPT_HSTS_CTRL,
		                        (long)CURLHSTS_ENABLE);
		if (code == CURLE_OK)
			code = curl_easy_setopt(easy, CURLOPT_HSTSREADFUNCTION,
			                        tool_hsts_next);
		if (code == CURLE_OK)
			code = curl_easy_setopt(easy, CURLOPT_HSTSREADDATA,
			                        &posting->hsts);
	}
	return code;
}

/*
 * The addresses of url's host, and (if not NULL) the URL that HSTS makes of it.
 * A name that cannot be looked up has none.
 */
static CURLcode
look_up(struct posting *posting, const char *url, struct lookup *out,
        char **effective)
{
	CURL *easy = curl_easy_init();
	CURLcode code;
	char *text = NULL;

	memset(out, 0, sizeof(*out));
	if (easy == NULL)
		return CURLE_OUT_OF_MEMORY;
	code = set_network(posting, easy);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_URL, url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
		                        take_down);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, out);
	if (code == CURLE_OK) {
		(void)curl_easy_perform(easy);
		if (effective != NULL)
			(void)curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL,
			                        &text);
		if (text != NULL)
			*effective = tool_copy(text, strlen(text));
	}
	curl_easy_cleanup(easy);
	return code;
}

/* Whether both are the same address and port. */
static bool
is_same(const struct sockaddr_storage *one, const struct sockaddr *other)
{
	struct sockaddr_in a, b;
	struct sockaddr_in6 a6, b6;

	if (one->ss_family != other->sa_family)
		return false;
	if (other->sa_family == AF_INET) {
		memcpy(&a, one, sizeof(a));
		memcpy(&b, other, sizeof(b));
		return a.sin_port == b.sin_port &&
		       a.sin_addr.s_addr == b.sin_addr.s_addr;
	}
	memcpy(&a6, one, sizeof(a6));
	memcpy(&b6, other, sizeof(b6));
	return other->sa_family == AF_INET6 && a6.sin6_port == b6.sin6_port &&
	       memcmp(a6.sin6_addr.s6_addr, b6.sin6_addr.s6_addr,
	              sizeof(a6.sin6_addr.s6_addr)) == 0;
}

/* Whether address is one of the proxy's. */
static bool
is_proxy(const struct posting *posting, const struct curl_sockaddr *address)
{
	size_t i;

	for (i = 0; i < posting->proxy_at.n; i++)
		if (is_same(&posting->proxy_at.addresses[i], &address->addr))
			return true;
	return false;
}

/*
 * CURLOPT_OPENSOCKETFUNCTION: the address that was resolved decides, whatever
 * the name looks like (D-31).
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct posting *posting = arg;

	(void)purpose;
	if (!posting->may_go_private &&
	    tool_address_is_private(&address->addr) &&
	    !is_proxy(posting, address)) {
		posting->was_refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	              address->protocol);
}

static size_t
take_header(char *data, size_t size, size_t n, void *arg)
{
	struct posting *posting = arg;
	size_t len = size * n;
	long status = 0;

	posting->received += len;
	if (posting->received > TOOL_POST_ANSWER_MAX)
		return 0;
	if (len == 0 || len > 2 || data[0] == ' ' || data[0] == '\t')
		return len;
	/* A blank line: of a proxy's answer to CONNECT there is no status. */
	(void)curl_easy_getinfo(posting->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && !posting->is_answered) {
		posting->is_answered = true;
		posting->status = status;
	}
	return len;
}

static size_t
drop_body(char *data, size_t size, size_t n, void *arg)
{
	struct posting *posting = arg;

	(void)data;
	posting->received += size * n;
	return posting->received > TOOL_POST_ANSWER_MAX ? 0 : size * n;
}

static int64_t
wall_clock(void *arg)
{
	(void)arg;
	return tool_now();
}

static CURLcode
set_request(struct posting *posting, const char *body, size_t len)
{
	static const char *const fields[] = {
		"Content-Type: application/json; charset=utf-8", "Accept:",
		"Expect:"};
	struct curl_slist *more;
	CURL *easy = posting->easy;
	CURLcode code;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		more = curl_slist_append(posting->fields, fields[i]);
		if (more == NULL)
			return CURLE_OUT_OF_MEMORY;
		posting->fields = more;
	}
	code = curl_easy_setopt(easy, CURLOPT_URL, posting->url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		                        (curl_off_t)len);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER,
		                        posting->fields);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_USERAGENT,
		                        "pinstore/" PACKAGE_VERSION);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_NETRC,
		                        (long)CURL_NETRC_IGNORED);
	return code;
}

static CURLcode
set_way(struct posting *posting)
{
	const struct tool_post_setup *setup = posting->setup;
	CURL *easy = posting->easy;
	CURLcode code = set_network(posting, easy);

	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_PROXY,
		                        posting->proxy != NULL ? posting->proxy
		                                               : "");
	if (code == CURLE_OK && setup->noproxy != NULL)
		code = curl_easy_setopt(easy, CURLOPT_NOPROXY, setup->noproxy);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
		                        open_socket);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, posting);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, posting);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER,
		                        posting->out->message);
	/* libcurl would add the system's certificates to these. */
	if (code == CURLE_OK &&
	    (setup->cacert != NULL || setup->capath != NULL)) {
		code = curl_easy_setopt(easy, CURLOPT_CAINFO, setup->cacert);
		if (code == CURLE_OK)
			code = curl_easy_setopt(easy, CURLOPT_CAPATH,
			                        setup->capath);
	}
	return code;
}

static void
end_with(struct posting *posting, enum tool_post_end end, const char *message)
{
	posting->out->end = end;
	if (message != NULL)
		(void)snprintf(posting->out->message,
		               sizeof(posting->out->message), "%s", message);
}

/* What libcurl's code means where neither pins nor an answer tell more. */
static enum tool_post_end
end_of(const struct posting *posting, CURLcode code)
{
	if (posting->was_refused)
		return TOOL_POST_PRIVATE;
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return TOOL_POST_RESOLVE;
	case CURLE_UNSUPPORTED_PROTOCOL:
		return TOOL_POST_URI;
	case CURLE_COULDNT_CONNECT:
		return TOOL_POST_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return TOOL_POST_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
		return TOOL_POST_CERTIFICATE;
	}
	return TOOL_POST_NETWORK;
}

static void
conclude(struct posting *posting, struct pinstore_curl *attached,
         CURLcode code)
{
	size_t hops = pinstore_curl_hops(attached);
	const struct pinstore_result *result;
	enum pinstore_verdict verdict;
	enum pinstore_status status;
	struct pinstore_error error;

	status = pinstore_curl_outcome(attached, code, &verdict, &error);
	if (hops == 0 && code != CURLE_OK) {
		end_with(posting, end_of(posting, code),
		         posting->was_refused
		                 ? "it resolves to a private address"
		                 : NULL);
		return;
	}
	if (status != PINSTORE_OK) {
		end_with(posting,
		         status == PINSTORE_ERR_CHAIN ? TOOL_POST_CERTIFICATE
		                                      : TOOL_POST_STORE,
		         error.text);
		return;
	}
	if (verdict == PINSTORE_REJECT) {
		result = pinstore_curl_result(attached, hops - 1);
		end_with(posting,
		         pinstore_result_reason(result) == PINSTORE_WHY_REVOKED
		                 ? TOOL_POST_REVOKED
		                 : TOOL_POST_PIN,
		         "nothing was sent");
		return;
	}
	/*
	 * Once the collector has said 2xx, the rest of its answer is its own.
	 */
	posting->out->status = posting->status;
	if (!posting->is_answered)
		end_with(posting, end_of(posting, code), NULL);
	else if (posting->status < 300)
		end_with(posting, TOOL_POST_DELIVERED, "");
	else
		end_with(posting, TOOL_POST_STATUS, "");
}

static void
transfer(struct posting *posting, struct pinstore *ps,
         const struct pinstore_report *report)
{
	struct pinstore_curl_setup setup = {
		.size = sizeof(setup),
		.clock = wall_clock,
		.header = take_header,
		.header_arg = posting,
		.no_learn = 1,
	};
	struct pinstore_curl *attached = NULL;
	struct pinstore_error error;
	const char *body;
	CURLcode code;
	size_t len;

	body = pinstore_report_body(report, &len);
	posting->easy = curl_easy_init();
	code = posting->easy != NULL ? CURLE_OK : CURLE_OUT_OF_MEMORY;
	if (code == CURLE_OK)
		code = set_way(posting);
	if (code == CURLE_OK)
		code = set_request(posting, body, len);
	if (code != CURLE_OK) {
		end_with(posting, TOOL_POST_NETWORK, curl_easy_strerror(code));
	} else if (pinstore_curl_attach(posting->easy, ps, &setup, &attached,
	                                &error) != PINSTORE_OK) {
		end_with(posting, TOOL_POST_STORE, error.text);
	} else {
		code = curl_easy_perform(posting->easy);
		conclude(posting, attached, code);
	}
	pinstore_curl_detach(attached);
	curl_easy_cleanup(posting->easy);
	curl_slist_free_all(posting->fields);
}

/* The text of one part, or NULL.  Owner: the caller, curl_free(). */
static char *
part_of(CURLU *url, CURLUPart part, CURLUcode *code)
{
	char *text = NULL;

	*code = curl_url_get(url, part, &text, 0);
	return *code == CURLUE_OK ? text : NULL;
}

/* Take away what must not go along, and the port if it is 80. */
static CURLUcode
strip(CURLU *uri, bool has_port_80)
{
	static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_PASSWORD,
	                                  CURLUPART_FRAGMENT, CURLUPART_PORT};
	CURLUcode code = CURLUE_OK;
	size_t i, n = has_port_80 ? 4 : 3;

	for (i = 0; i < n && code == CURLUE_OK; i++)
		code = curl_url_set(uri, parts[i], NULL, 0);
	return code;
}

/*
 * The URI of the report without user and password; port 80 is left out, so that
 * HSTS leads to 443 (RFC 6797, 8.3).  TOOL_POST_URI: it is none for reports; if
 * that cannot be told, TOOL_POST_NETWORK.
 */
static enum tool_post_end
read_uri(struct posting *posting, const char *text)
{
	enum tool_post_end end = TOOL_POST_NETWORK;
	char *scheme = NULL, *port = NULL;
	CURLUcode code;
	bool is_http;

	code = curl_url_set(posting->uri, CURLUPART_URL, text,
	                    CURLU_NON_SUPPORT_SCHEME);
	if (code != CURLUE_OK)
		return code == CURLUE_OUT_OF_MEMORY ? TOOL_POST_NETWORK
		                                    : TOOL_POST_URI;
	scheme = part_of(posting->uri, CURLUPART_SCHEME, &code);
	if (scheme == NULL)
		goto out;
	is_http = strcasecmp(scheme, "http") == 0;
	end = TOOL_POST_URI;
	if (!is_http && strcasecmp(scheme, "https") != 0)
		goto out;
	end = TOOL_POST_NETWORK;
	port = part_of(posting->uri, CURLUPART_PORT, &code);
	if (port == NULL && code != CURLUE_NO_PORT)
		goto out;
	if (strip(posting->uri, is_http && port != NULL &&
	                                strcmp(port, "80") == 0) != CURLUE_OK)
		goto out;
	posting->url = part_of(posting->uri, CURLUPART_URL, &code);
	if (posting->url != NULL)
		end = TOOL_POST_DELIVERED;
out:
	curl_free(port);
	curl_free(scheme);
	return end;
}

const char *
tool_post_environment_proxy(const char *url)
{
	static const char *const https[] = {"https_proxy", "HTTPS_PROXY",
	                                    "all_proxy", "ALL_PROXY", NULL};
	static const char *const http[] = {"http_proxy", "all_proxy",
	                                   "ALL_PROXY", NULL};
	const char *const *name = strncasecmp(url, "https:", 6) == 0 ? https
	                                                             : http;
	const char *value;

	for (; *name != NULL; name++) {
		value = secure_getenv(*name);
		if (value != NULL && value[0] != '\0')
			return value;
	}
	return NULL;
}

static bool
may_have_proxy(const struct tool_post_setup *setup)
{
	if (setup->proxy != NULL)
		return setup->proxy[0] != '\0';
	/* A process of raised rights takes no proxy from its caller. */
	if (getauxval(AT_SECURE) != 0)
		return false;
	return tool_post_environment_proxy("https:") != NULL ||
	       tool_post_environment_proxy("http:") != NULL;
}

/* Keep of text what names the proxy, and find its addresses. */
static bool
take_proxy(struct posting *posting, const char *text)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL, *there;
	bool is_good = false;
	CURLUcode code;

	if (url == NULL)
		tool_no_memory();
	if (curl_url_set(url, CURLUPART_URL, text,
	                 CURLU_NON_SUPPORT_SCHEME | CURLU_DEFAULT_SCHEME |
	                         CURLU_GUESS_SCHEME) != CURLUE_OK)
		goto out;
	if (strip(url, false) != CURLUE_OK)
		goto out;
	/* A proxy is one of HTTP if nothing is said, whatever its name is. */
	if (strstr(text, "://") == NULL &&
	    curl_url_set(url, CURLUPART_SCHEME, "http", 0) != CURLUE_OK)
		goto out;
	scheme = part_of(url, CURLUPART_SCHEME, &code);
	host = part_of(url, CURLUPART_HOST, &code);
	port = part_of(url, CURLUPART_PORT, &code);
	if (port == NULL && code != CURLUE_NO_PORT)
		goto out;
	posting->proxy = part_of(url, CURLUPART_URL, &code);
	if (scheme == NULL || host == NULL || posting->proxy == NULL ||
	    strcasecmp(scheme, "https") == 0)
		goto out;
	there = tool_format("http://%s:%s/", host,
	                    port != NULL ? port : PROXY_PORT);
	is_good = look_up(posting, there, &posting->proxy_at, NULL) ==
	          CURLE_OK;
	free(there);
out:
	curl_free(port);
	curl_free(host);
	curl_free(scheme);
	curl_url_cleanup(url);
	return is_good;
}

/*
 * Behind a proxy no address of the collector is seen: what it resolves to here
 * must do.  A name that only the proxy knows is left to the proxy.
 */
static bool
choose_proxy(struct posting *posting)
{
	const struct tool_post_setup *setup = posting->setup;
	char *effective = NULL;
	const char *proxy = setup->proxy;
	struct lookup lookup;
	bool is_good;

	if (!may_have_proxy(setup))
		return true;
	is_good = look_up(posting, posting->url, &lookup, &effective) ==
	          CURLE_OK;
	if (is_good && lookup.is_private && !posting->may_go_private) {
		end_with(posting, TOOL_POST_PRIVATE,
		         "it resolves to a private address");
		free(effective);
		return false;
	}
	if (proxy == NULL)
		proxy = tool_post_environment_proxy(
		        effective != NULL ? effective : posting->url);
	free(effective);
	if (is_good && (proxy == NULL || take_proxy(posting, proxy)))
		return true;
	end_with(posting, TOOL_POST_NETWORK,
	         "the proxy cannot be used: name one of HTTP or SOCKS");
	return false;
}

enum pinstore_status
tool_post_open(const char *path, struct pinstore **out,
               struct pinstore_error *error)
{
	struct pinstore_options *options = pinstore_options_new();
	enum pinstore_status status;

	*out = NULL;
	if (options == NULL)
		tool_no_memory();
	status = pinstore_options_set(options, PINSTORE_OPT_REPORT, 0);
	if (status == PINSTORE_OK)
		status = tool_store_set_system(options);
	if (status == PINSTORE_OK)
		status = tool_store_set_remote(options);
	if (status == PINSTORE_OK)
		status = pinstore_open(path, options, out, error);
	else
		*error = (struct pinstore_error){.status = status};
	pinstore_options_free(options);
	return status;
}

void
tool_post(struct pinstore *ps, const struct tool_post_setup *setup,
          const struct pinstore_report *report, long limit_ms,
          struct tool_posted *out)
{
	struct posting posting = {
		.setup = setup,
		.may_go_private = setup->may_go_private ||
		                  pinstore_report_peer_is_private(report),
		.until = tool_clock_ms() + limit_ms,
		.out = out,
	};
	enum tool_post_end end;

	*out = (struct tool_posted){.end = TOOL_POST_NETWORK};
	tool_hsts_begin(setup->hsts, &posting.hsts);
	posting.uri = curl_url();
	if (posting.uri == NULL)
		tool_no_memory();
	end = read_uri(&posting, pinstore_report_uri(report));
	if (end == TOOL_POST_URI)
		end_with(&posting, end, "not for http or https");
	else if (end == TOOL_POST_DELIVERED && choose_proxy(&posting))
		transfer(&posting, ps, report);
	tool_hsts_end(&posting.hsts);
	curl_free(posting.proxy);
	curl_free(posting.url);
	curl_url_cleanup(posting.uri);
}

const char *
tool_post_word(enum tool_post_end end)
{
	switch (end) {
	case TOOL_POST_DELIVERED:
		return "delivered";
	case TOOL_POST_PIN:
		return "report-failed:pin";
	case TOOL_POST_REVOKED:
		return "report-failed:revoked";
	case TOOL_POST_CERTIFICATE:
		return "report-failed:certificate";
	case TOOL_POST_PRIVATE:
		return "report-failed:private-address";
	case TOOL_POST_STATUS:
		return "report-failed:status";
	case TOOL_POST_RESOLVE:
		return "report-failed:resolve";
	case TOOL_POST_CONNECT:
		return "report-failed:connect";
	case TOOL_POST_TIMEOUT:
		return "report-failed:timeout";
	case TOOL_POST_NETWORK:
		return "report-failed:network";
	case TOOL_POST_STORE:
		return "report-failed:store";
	case TOOL_POST_URI:
		break;
	}
	return "report-failed:uri";
}

bool
tool_post_may(struct pinstore *ps, struct tool_post_setup *setup, bool *is_on,
              struct pinstore_error *error)
{
	int64_t on, is_private, https_only;

	*is_on = false;
	if (pinstore_setting_get(ps, PINSTORE_SETTING_REPORT, &on, NULL,
	                         error) != PINSTORE_OK ||
	    pinstore_setting_get(ps, PINSTORE_SETTING_REPORT_PRIVATE,
	                         &is_private, NULL, error) != PINSTORE_OK ||
	    pinstore_setting_get(ps, PINSTORE_SETTING_REPORT_HTTPS_ONLY,
	                         &https_only, NULL, error) != PINSTORE_OK)
		return false;
	setup->may_go_private = is_private != 0;
	setup->https_only = https_only != 0;
	*is_on = on != 0;
	return true;
}

enum pinstore_outcome
tool_post_outcome(enum tool_post_end end)
{
	switch (end) {
	case TOOL_POST_DELIVERED:
		return PINSTORE_OUTCOME_DELIVERED;
	case TOOL_POST_URI:
		return PINSTORE_OUTCOME_DROPPED;
	case TOOL_POST_PIN:
	case TOOL_POST_REVOKED:
	case TOOL_POST_CERTIFICATE:
	case TOOL_POST_PRIVATE:
	case TOOL_POST_STATUS:
	case TOOL_POST_RESOLVE:
	case TOOL_POST_CONNECT:
	case TOOL_POST_TIMEOUT:
	case TOOL_POST_NETWORK:
	case TOOL_POST_STORE:
		break;
	}
	return PINSTORE_OUTCOME_FAILED;
}

char *
tool_post_why(const struct tool_posted *posted)
{
	const char *word = tool_post_word(posted->end);

	if (posted->end == TOOL_POST_STATUS)
		return tool_format("%s %ld", word, posted->status);
	if (posted->message[0] == '\0')
		return tool_format("%s", word);
	return tool_format("%s (%s)", word, posted->message);
}
