/*
 * curlclient.c - an application of libpinstore-curl, for the system tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: curlclient STORE CAFILE RESOLVE MODE[,FLAG...] URL...
 *
 * Modes: easy (one handle, one attachment, redirects followed), multi (a handle
 * for each URL, all at once), reset, duplicate, override, share.  Flags: learn,
 * insecure, require, abort (the own prerequest refuses), h1, keep (easy waits
 * for a line on stdin before each URL but the first), failonerror, short (the
 * own header callback fails), dropped (share: connections are not shared),
 * blind (share: the first handle verifies nothing), tls12, later (the clock is
 * an hour ahead), noclock, nosize (of the setup), wait (multi: for a connection
 * that can be shared).
 * For each transfer a line, verified being the library's verifications so far:
 *   code=N status=N verdict=WORD hops=N noted=WORD|- path=N headers=N asked=N
 *   others=N verified=N
 * where others are calls of the own callbacks that the library does not touch.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <config.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/gnutls.h>

#include <pinstore/curl.h>

#define TRANSFERS_MAX 16

struct client {
	CURL *easy;
	struct pinstore_curl *attached;
	size_t headers; /* lines that the own callback got */
	size_t asked;   /* calls of the own prerequest */
	size_t others;  /* kinds of further own callbacks that were called */
	bool seen[4];
	char message[CURL_ERROR_SIZE];
};

static struct pinstore *ps;
static const char *ca_file;
static struct curl_slist *addresses;
static const char *flags;
static size_t verified;
static int64_t ahead;

/*
 * Called instead of GnuTLS's.  libcurl's verification comes without the host
 * and the purpose, so it is the further ones of the library that are counted.
 */
int
gnutls_certificate_verify_peers(gnutls_session_t session,
                                gnutls_typed_vdata_st *data,
                                unsigned elements, unsigned *status)
{
	int (*real)(gnutls_session_t, gnutls_typed_vdata_st *, unsigned,
	            unsigned *);
	void *found = dlsym(RTLD_NEXT, "gnutls_certificate_verify_peers");

	if (!found)
		abort();
	memcpy(&real, &found, sizeof(real));
	verified += elements > 0;
	return real(session, data, elements, status);
}

static bool
has_flag(const char *name)
{
	const char *at = strchr(flags, ',');
	size_t len = strlen(name);

	for (; at; at = strchr(at + 1, ','))
		if (strncmp(at + 1, name, len) == 0 &&
		    (at[1 + len] == ',' || !at[1 + len]))
			return true;
	return false;
}

static void
die(const char *what)
{
	fprintf(stderr, "curlclient: %s\n", what);
	exit(99);
}

static int64_t
now(void *arg)
{
	const int64_t *seconds = arg;

	return (int64_t)time(NULL) + *seconds;
}

static size_t
take_header(char *data, size_t size, size_t n, void *arg)
{
	struct client *client = arg;

	(void)data;
	client->headers++;
	return has_flag("short") ? 0 : size * n;
}

static int
take_prereq(void *arg, char *remote_ip, char *local_ip, int remote_port,
            int local_port)
{
	struct client *client = arg;

	if (!remote_ip || !local_ip || remote_port <= 0 || local_port <= 0)
		die("the own prerequest got no addresses");
	client->asked++;
	return has_flag("abort") ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ------------------------------------------ the application's own callbacks */

static void
see(struct client *client, size_t which)
{
	client->others += !client->seen[which];
	client->seen[which] = true;
}

static size_t
take_body(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	see(arg, 0);
	return size * n;
}

static int
take_progress(void *arg, curl_off_t down, curl_off_t now, curl_off_t up,
              curl_off_t sent)
{
	(void)down;
	(void)now;
	(void)up;
	(void)sent;
	see(arg, 1);
	return 0;
}

static int
take_socket(void *arg, curl_socket_t socket, curlsocktype kind)
{
	(void)socket;
	(void)kind;
	see(arg, 2);
	return CURL_SOCKOPT_OK;
}

static int
take_debug(CURL *easy, curl_infotype kind, char *data, size_t len, void *arg)
{
	(void)easy;
	(void)kind;
	(void)data;
	(void)len;
	see(arg, 3);
	return 0;
}

static void
set_callbacks(struct client *client)
{
	CURL *easy = client->easy;

	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, take_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, client);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, take_socket);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, client);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, take_debug);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, client);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
}

static size_t
drop_body(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static void
set_options(CURL *easy, const char *url)
{
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_file);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, addresses);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
	if (has_flag("h1"))
		curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		                 CURL_HTTP_VERSION_1_1);
	if (has_flag("tls12"))
		curl_easy_setopt(easy, CURLOPT_SSLVERSION,
		                 CURL_SSLVERSION_TLSv1_2 |
		                         CURL_SSLVERSION_MAX_TLSv1_2);
	if (has_flag("failonerror"))
		curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	if (has_flag("wait"))
		curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
}

/* Let the host pass, and remember its key, if there is an argument. */
static enum pinstore_curl_unknown
meet(const struct pinstore_result *result, void *arg)
{
	if (!pinstore_result_chain(result))
		die("no chain");
	return arg ? PINSTORE_CURL_TRUST : PINSTORE_CURL_REFUSE;
}

static void
attach(struct client *client)
{
	struct pinstore_error error;
	struct pinstore_curl_setup setup = {
	        .size = has_flag("nosize") ? 1 : sizeof(setup),
	        .clock = has_flag("noclock") ? NULL : now,
	        .clock_arg = &ahead,
	        .header = take_header,
	        .header_arg = client,
	        .prereq = take_prereq,
	        .prereq_arg = client,
	        .no_learn = !has_flag("learn"),
	        .require_pin = has_flag("require"),
	        .insecure_unpinned = has_flag("insecure"),
	        .keep_chain = has_flag("chain"),
	        .unknown = has_flag("stranger") ? meet : NULL,
	        .unknown_arg = has_flag("welcome") ? client : NULL,
	        .through_proxy = has_flag("proxied"),
	};

	if (pinstore_curl_attach(client->easy, ps, &setup, &client->attached,
	                         &error))
		die(error.text);
	curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, client->message);
}

static void
begin(struct client *client, const char *url)
{
	client->easy = curl_easy_init();
	if (!client->easy)
		die("no handle");
	set_options(client->easy, url);
	set_callbacks(client);
	attach(client);
}

static void
end(struct client *client)
{
	pinstore_curl_detach(client->attached);
	curl_easy_cleanup(client->easy);
	*client = (struct client){0};
}

static const char *
noted_word(const struct pinstore_curl *attached)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	size_t hops = pinstore_curl_hops(attached);
	enum pinstore_status status;

	if (hops == 0 || !pinstore_curl_noted(attached, hops - 1, &noted,
	                                      &status, NULL))
		return "-";
	return status ? pinstore_strerror(status)
	              : pinstore_action_word(noted.action);
}

/* How long the path is that was kept for the last hop. */
static size_t
path_length(const struct pinstore_curl *attached)
{
	size_t hops = pinstore_curl_hops(attached);
	const struct pinstore_result *result = NULL;
	const struct pinstore_chain *chain = NULL;

	if (hops > 0)
		result = pinstore_curl_result(attached, hops - 1);
	if (result)
		chain = pinstore_result_chain(result);
	return chain ? pinstore_chain_length(chain) : 0;
}

static void
tell(struct client *client, CURLcode code)
{
	struct pinstore_error error = {0};
	enum pinstore_verdict verdict;
	enum pinstore_status status;

	status = pinstore_curl_outcome(client->attached, code, &verdict,
	                               &error);
	printf("code=%d status=%d verdict=%s hops=%zu noted=%s path=%zu "
	       "headers=%zu asked=%zu others=%zu verified=%zu\n",
	       (int)code, (int)status, pinstore_verdict_word(verdict),
	       pinstore_curl_hops(client->attached),
	       noted_word(client->attached), path_length(client->attached),
	       client->headers, client->asked, client->others, verified);
	if (status)
		printf("  %s\n", error.text);
	fflush(stdout);
}

static void
run_easy(char *urls[], int n)
{
	struct client client = {0};
	char line[16];

	begin(&client, urls[0]);
	for (int i = 0; i < n; i++) {
		if (i > 0 && has_flag("keep") &&
		    !fgets(line, sizeof(line), stdin))
			die("no line on stdin");
		curl_easy_setopt(client.easy, CURLOPT_URL, urls[i]);
		tell(&client, curl_easy_perform(client.easy));
	}
	end(&client);
}

static void
run_multi(char *urls[], int n)
{
	struct client clients[TRANSFERS_MAX] = {0};
	CURLcode codes[TRANSFERS_MAX];
	CURLM *multi = curl_multi_init();
	int running = 1;
	int left;
	CURLMsg *message;

	if (!multi || n > TRANSFERS_MAX)
		die("no multi handle, or too many URLs");
	for (int i = 0; i < n; i++) {
		begin(&clients[i], urls[i]);
		codes[i] = CURLE_OBSOLETE20;
		curl_multi_add_handle(multi, clients[i].easy);
	}
	while (running) {
		if (curl_multi_perform(multi, &running) ||
		    curl_multi_poll(multi, NULL, 0, 100, NULL))
			die("multi");
		while ((message = curl_multi_info_read(multi, &left)))
			for (int i = 0; i < n; i++)
				if (clients[i].easy == message->easy_handle)
					codes[i] = message->data.result;
	}
	for (int i = 0; i < n; i++) {
		curl_multi_remove_handle(multi, clients[i].easy);
		tell(&clients[i], codes[i]);
		end(&clients[i]);
	}
	curl_multi_cleanup(multi);
}

/* curl_easy_reset() drops the callbacks: no transfer may pass for judged. */
static void
run_reset(char *urls[])
{
	struct client client = {0};

	begin(&client, urls[0]);
	tell(&client, curl_easy_perform(client.easy));
	curl_easy_reset(client.easy);
	set_options(client.easy, urls[0]);
	tell(&client, curl_easy_perform(client.easy));
	/* The same without an outcome in between: what is known is stale. */
	pinstore_curl_detach(client.attached);
	attach(&client);
	(void)curl_easy_perform(client.easy);
	curl_easy_reset(client.easy);
	set_options(client.easy, urls[0]);
	tell(&client, curl_easy_perform(client.easy));
	pinstore_curl_detach(client.attached);
	attach(&client);
	tell(&client, curl_easy_perform(client.easy));
	end(&client);
}

/* A duplicate has our callbacks with the original's pointer. */
static void
run_duplicate(char *urls[])
{
	struct client client = {0};
	struct client other = {0};

	begin(&client, urls[0]);
	other.easy = curl_easy_duphandle(client.easy);
	if (!other.easy)
		die("no duplicate");
	curl_easy_setopt(other.easy, CURLOPT_ERRORBUFFER, other.message);
	printf("duplicate: code=%d\n", (int)curl_easy_perform(other.easy));
	tell(&client, curl_easy_perform(client.easy));
	printf("duplicate: code=%d\n", (int)curl_easy_perform(other.easy));
	attach(&other);
	tell(&other, curl_easy_perform(other.easy));
	end(&other);
	tell(&client, curl_easy_perform(client.easy));
	end(&client);
	/* What the original did last, plain http, says nothing about it. */
	begin(&client, urls[1]);
	tell(&client, curl_easy_perform(client.easy));
	other.easy = curl_easy_duphandle(client.easy);
	if (!other.easy)
		die("no duplicate");
	curl_easy_setopt(other.easy, CURLOPT_ERRORBUFFER, other.message);
	curl_easy_setopt(other.easy, CURLOPT_URL, urls[0]);
	printf("duplicate: code=%d\n", (int)curl_easy_perform(other.easy));
	curl_easy_cleanup(other.easy);
	end(&client);
}

/* The application takes our prerequest away, and keeps the header callback. */
static void
run_override(char *urls[])
{
	struct client client = {0};

	begin(&client, urls[0]);
	curl_easy_setopt(client.easy, CURLOPT_PREREQFUNCTION, NULL);
	tell(&client, curl_easy_perform(client.easy));
	end(&client);
}

/* One pool: the first handle filled it without asking pins. */
static void
run_share(char *urls[])
{
	CURLSH *share = curl_share_init();
	CURL *plain = curl_easy_init();
	struct client client = {0};

	if (!share || !plain)
		die("no share");
	if (!has_flag("dropped"))
		curl_share_setopt(share, CURLSHOPT_SHARE,
		                  CURL_LOCK_DATA_CONNECT);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	set_options(plain, urls[0]);
	if (has_flag("blind")) {
		curl_easy_setopt(plain, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(plain, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	curl_easy_setopt(plain, CURLOPT_SHARE, share);
	printf("plain: code=%d\n", (int)curl_easy_perform(plain));
	begin(&client, urls[0]);
	curl_easy_setopt(client.easy, CURLOPT_SHARE, share);
	tell(&client, curl_easy_perform(client.easy));
	end(&client);
	curl_easy_cleanup(plain);
	curl_share_cleanup(share);
}

int
main(int argc, char *argv[])
{
	struct pinstore_error error;
	const char *mode;

	if (argc < 6)
		die("usage: curlclient STORE CAFILE RESOLVE MODE URL...");
	ca_file = argv[2];
	mode = flags = argv[4];
	ahead = has_flag("later") ? 3600 : 0;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	addresses = curl_slist_append(NULL, argv[3]);
	if (pinstore_open(argv[1], NULL, &ps, &error))
		die(error.text);
	if (strncmp(mode, "easy", 4) == 0)
		run_easy(argv + 5, argc - 5);
	else if (strncmp(mode, "multi", 5) == 0)
		run_multi(argv + 5, argc - 5);
	else if (strncmp(mode, "reset", 5) == 0)
		run_reset(argv + 5);
	else if (strncmp(mode, "duplicate", 9) == 0)
		run_duplicate(argv + 5);
	else if (strncmp(mode, "override", 8) == 0)
		run_override(argv + 5);
	else if (strncmp(mode, "share", 5) == 0)
		run_share(argv + 5);
	else
		die("unknown mode");
	pinstore_close(ps);
	curl_slist_free_all(addresses);
	curl_global_cleanup();
	return 0;
}
