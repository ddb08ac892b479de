/*
 * pinclient.c - a client on GnuTLS and the library's public headers alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: pinclient [OPTION]... HOST:PORT
 *
 *   --store DIR        the pins
 *   --cafile FILE      the anchors, PEM
 *   --connect ADDRESS  where HOST is to be found; 127.0.0.1
 *   --depth handshake|callback|check   how the library is asked
 *   --session-in FILE  the session to resume
 *   --session-out FILE where to keep it for another run, refused or not
 *   --priority TEXT    of GnuTLS
 *   --psk HEX          a key for the user "user"
 *   --cert FILE        the client's own certificate, and
 *   --key FILE         its key, PEM
 *   --early            as early data (TLS 1.3) unless the host is pinned
 *   --at EPOCH         the time by which pins are judged and noted
 *   --learn            note the response's Public-Key-Pins fields
 *   --timeout MS       of the handshake, and of each wait for an answer; 20000
 *
 * One request is sent, and only when nothing refused the connection.  Prints
 *
 *   verdict=WORD reason=WORD [path=other] resumed=yes|no http=STATUS
 *           [noted=WORD why=WORD]
 *
 * Exit: 0, 2 usage, 7 connection, 35 TLS, 60 certificate, 77 a file, 90 pins,
 * 120 store.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include <pinstore/gnutls.h>
#include <pinstore/pinstore.h>

#define TIMEOUT_MS 20000
#define TIMEOUT_MAX_MS 600000
#define HEAD_MAX 65536
#define FIELDS_MAX 16
#define REQUEST_MAX (PINSTORE_HOST_MAX + 64)

enum exit_code {
	EXIT_OK = 0,
	EXIT_USAGE = 2,
	EXIT_CONNECT = 7,
	EXIT_TLS = 35,
	EXIT_CERTIFICATE = 60,
	EXIT_FILE = 77,
	EXIT_PINS = 90,
	EXIT_STORE = 120
};

enum depth { HANDSHAKE, CALLBACK, CHECK };

struct client {
	const char *store;
	const char *cafile;
	const char *connect;
	enum depth depth;
	const char *session_in;
	const char *session_out;
	const char *priority;
	const char *psk;
	const char *cert;
	const char *key;
	bool early;
	bool has_time;
	int64_t time;
	bool learns;
	int64_t timeout;
	char host[PINSTORE_HOST_MAX + 3];
	uint16_t port;
	/* Of the connection. */
	struct pinstore *ps;
	gnutls_session_t session;
	gnutls_certificate_credentials_t certificate;
	gnutls_anon_client_credentials_t anonymous;
	gnutls_psk_client_credentials_t psk_credentials;
	int fd;
	char head[HEAD_MAX];
	size_t head_len;
};

static enum exit_code
fail(enum exit_code code, const char *what, const char *why)
{
	fprintf(stderr, "pinclient: (%d) %s: %s\n", (int)code, what, why);
	return code;
}

/* ------------------------------------------------------------ command line */

static bool
parse_number(const char *text, int64_t max, int64_t *out)
{
	long long value;
	char *end;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < 0 ||
	    value > max)
		return false;
	*out = value;
	return true;
}

static bool
parse_depth(const char *word, enum depth *out)
{
	static const char *const words[] = {"handshake", "callback", "check"};
	int i;

	for (i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0)
			*out = (enum depth)i;
	return strcmp(word, words[*out]) == 0;
}

static bool
parse_target(const char *text, struct client *client)
{
	const char *colon = strrchr(text, ':');
	size_t len;
	int64_t port;

	if (colon == NULL || !parse_number(colon + 1, 65535, &port))
		return false;
	len = (size_t)(colon - text);
	if (len == 0 || len >= sizeof(client->host))
		return false;
	memcpy(client->host, text, len);
	client->host[len] = '\0';
	client->port = (uint16_t)port;
	return true;
}

static bool
parse(int argc, char **argv, struct client *client)
{
	static const struct option options[] = {
	        {"store", required_argument, NULL, 's'},
	        {"cafile", required_argument, NULL, 'c'},
	        {"connect", required_argument, NULL, 'a'},
	        {"depth", required_argument, NULL, 'd'},
	        {"session-in", required_argument, NULL, 'i'},
	        {"session-out", required_argument, NULL, 'o'},
	        {"priority", required_argument, NULL, 'p'},
	        {"psk", required_argument, NULL, 'k'},
	        {"cert", required_argument, NULL, 'C'},
	        {"key", required_argument, NULL, 'K'},
	        {"early", no_argument, NULL, 'e'},
	        {"at", required_argument, NULL, 't'},
	        {"learn", no_argument, NULL, 'l'},
	        {"timeout", required_argument, NULL, 'm'},
	        {NULL, 0, NULL, 0}};
	bool is_ok = true;
	int option;

	client->connect = "127.0.0.1";
	client->priority = "NORMAL";
	client->timeout = TIMEOUT_MS;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			client->store = optarg;
			break;
		case 'c':
			client->cafile = optarg;
			break;
		case 'a':
			client->connect = optarg;
			break;
		case 'd':
			is_ok = is_ok && parse_depth(optarg, &client->depth);
			break;
		case 'i':
			client->session_in = optarg;
			break;
		case 'o':
			client->session_out = optarg;
			break;
		case 'p':
			client->priority = optarg;
			break;
		case 'k':
			client->psk = optarg;
			break;
		case 'C':
			client->cert = optarg;
			break;
		case 'K':
			client->key = optarg;
			break;
		case 'e':
			client->early = true;
			break;
		case 't':
			client->has_time = true;
			is_ok = is_ok && parse_number(optarg, INT64_MAX,
			                              &client->time);
			break;
		case 'l':
			client->learns = true;
			break;
		case 'm':
			is_ok = is_ok && parse_number(optarg, TIMEOUT_MAX_MS,
			                              &client->timeout);
			break;
		default:
			is_ok = false;
		}
	}
	return is_ok && client->store != NULL && optind == argc - 1 &&
	       (client->cert == NULL) == (client->key == NULL) &&
	       parse_target(argv[optind], client);
}

/* -------------------------------------------------------------- connection */

static int64_t
tell_time(void *arg)
{
	const struct client *client = arg;

	return client->has_time ? client->time : (int64_t)time(NULL);
}

static enum exit_code
make_credentials(struct client *client)
{
	gnutls_datum_t key = {NULL, 0};
	int ret;

	if (gnutls_certificate_allocate_credentials(&client->certificate) !=
	            0 ||
	    gnutls_anon_allocate_client_credentials(&client->anonymous) != 0 ||
	    gnutls_psk_allocate_client_credentials(&client->psk_credentials) !=
	            0)
		return fail(EXIT_TLS, "credentials", "out of memory");
	if (client->cafile != NULL) {
		ret = gnutls_certificate_set_x509_trust_file(
		        client->certificate, client->cafile,
		        GNUTLS_X509_FMT_PEM);
		if (ret <= 0)
			return fail(EXIT_FILE, client->cafile,
			            ret == 0 ? "no certificate" :
			                       gnutls_strerror(ret));
	}
	if (client->cert != NULL) {
		ret = gnutls_certificate_set_x509_key_file(
		        client->certificate, client->cert, client->key,
		        GNUTLS_X509_FMT_PEM);
		if (ret < 0)
			return fail(EXIT_FILE, client->cert,
			            gnutls_strerror(ret));
	}
	if (client->psk == NULL)
		return EXIT_OK;
	key.data = (unsigned char *)(uintptr_t)client->psk;
	key.size = (unsigned)strlen(client->psk);
	ret = gnutls_psk_set_client_credentials(client->psk_credentials,
	                                        "user", &key,
	                                        GNUTLS_PSK_KEY_HEX);
	return ret == 0 ? EXIT_OK :
	                  fail(EXIT_USAGE, "--psk", gnutls_strerror(ret));
}

static enum exit_code
dial(struct client *client)
{
	struct sockaddr_in address;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons(client->port);
	if (inet_pton(AF_INET, client->connect, &address.sin_addr) != 1)
		return fail(EXIT_USAGE, client->connect, "no IPv4 address");
	client->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (client->fd < 0 ||
	    connect(client->fd, (struct sockaddr *)&address,
	            sizeof(address)) != 0)
		return fail(EXIT_CONNECT, client->connect, strerror(errno));
	return EXIT_OK;
}

static enum exit_code
resume(struct client *client)
{
	gnutls_datum_t data;
	int ret;

	ret = gnutls_load_file(client->session_in, &data);
	if (ret == 0) {
		ret = gnutls_session_set_data(client->session, data.data,
		                              data.size);
		gnutls_free(data.data);
	}
	return ret == 0 ? EXIT_OK :
	                  fail(EXIT_FILE, client->session_in,
	                       gnutls_strerror(ret));
}

static enum exit_code
make_session(struct client *client)
{
	const char *at = NULL;
	int ret;

	ret = gnutls_init(&client->session,
	                  GNUTLS_CLIENT | GNUTLS_NO_SIGNAL |
	                          (client->early ? GNUTLS_ENABLE_EARLY_DATA :
	                                           0));
	if (ret != 0)
		return fail(EXIT_TLS, "session", gnutls_strerror(ret));
	ret = gnutls_priority_set_direct(client->session, client->priority,
	                                 &at);
	if (ret != 0)
		return fail(EXIT_USAGE, "--priority", at);
	gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE,
	                       client->certificate);
	gnutls_credentials_set(client->session, GNUTLS_CRD_ANON,
	                       client->anonymous);
	if (client->psk != NULL)
		gnutls_credentials_set(client->session, GNUTLS_CRD_PSK,
		                       client->psk_credentials);
	gnutls_transport_set_int(client->session, client->fd);
	gnutls_handshake_set_timeout(client->session,
	                             (unsigned)client->timeout);
	gnutls_record_set_timeout(client->session, (unsigned)client->timeout);
	return client->session_in == NULL ? EXIT_OK : resume(client);
}

/* ------------------------------------------------------------- the library */

static enum exit_code
code_of(enum pinstore_status status)
{
	return status == PINSTORE_ERR_CHAIN ? EXIT_CERTIFICATE : EXIT_STORE;
}

static enum exit_code
attach(struct client *client)
{
	struct pinstore_peer peer = {sizeof(peer), client->host, client->port,
	                             PINSTORE_PEER_PRIVATE};
	struct pinstore_error error;
	enum pinstore_status status;

	status = pinstore_session_attach(client->session, client->ps, &peer,
	                                 tell_time, client, &error);
	return status == PINSTORE_OK ? EXIT_OK :
	                               fail(EXIT_STORE, client->host,
	                                    error.text);
}

static int
shake(struct client *client)
{
	int ret;

	do
		ret = client->depth == HANDSHAKE ?
		              pinstore_handshake(client->session) :
		              gnutls_handshake(client->session);
	while (ret < 0 && gnutls_error_is_fatal(ret) == 0);
	return ret;
}

/* What the library found, in words; *code says whether to go on. */
static void
tell(struct client *client, int ret, enum exit_code *code)
{
	struct pinstore_result *result = NULL;
	enum pinstore_verdict verdict;
	struct pinstore_error error;
	enum pinstore_status status;

	if (client->depth == CHECK && ret == 0)
		status = pinstore_session_check(client->session, &verdict,
		                                &result, &error);
	else
		status = pinstore_session_last(client->session, &verdict,
		                               &result, &error);
	*code = EXIT_OK;
	if (status == PINSTORE_ERR_UNJUDGED) {
		/* The callback alone says nothing of a resumed session. */
		printf("verdict=unjudged reason=none ");
		if (ret != 0)
			*code = fail(EXIT_TLS, "handshake",
			             gnutls_strerror(ret));
		return;
	}
	if (status != PINSTORE_OK) {
		printf("verdict=error reason=none ");
		*code = fail(code_of(status), client->host, error.text);
		return;
	}
	printf("verdict=%s reason=%s ", pinstore_verdict_word(verdict),
	       pinstore_reason_word(pinstore_result_reason(result)));
	if (pinstore_result_other_path(result))
		printf("path=other ");
	pinstore_result_free(result);
	if (verdict == PINSTORE_REJECT)
		*code = fail(EXIT_PINS, client->host, "pin mismatch");
	else if (ret != 0)
		*code = fail(EXIT_TLS, "handshake", gnutls_strerror(ret));
}

/* ---------------------------------------------------------------- exchange */

static size_t
write_request(const struct client *client, char out[REQUEST_MAX])
{
	int len = snprintf(out, REQUEST_MAX,
	                   "GET / HTTP/1.1\r\nHost: %s\r\n"
	                   "Connection: close\r\n\r\n",
	                   client->host);

	return len > 0 && len < REQUEST_MAX ? (size_t)len : 0;
}

/* No check can come before early data: it is for hosts without pins alone. */
static enum exit_code
send_early(struct client *client)
{
	struct pinstore_result *result = NULL;
	char request[REQUEST_MAX];
	struct pinstore_error error;
	enum pinstore_status status;
	ssize_t n = 0;
	size_t len;

	status = pinstore_lookup(client->ps, client->host, tell_time(client),
	                         &result, &error);
	if (status != PINSTORE_OK)
		return fail(EXIT_STORE, client->host, error.text);
	len = write_request(client, request);
	if (pinstore_result_verdict(result) == PINSTORE_UNPINNED)
		n = gnutls_record_send_early_data(client->session, request,
		                                  len);
	pinstore_result_free(result);
	return n >= 0 ? EXIT_OK :
	                fail(EXIT_TLS, "early data", gnutls_strerror((int)n));
}

/* One request, and the response up to the end of its header. */
static bool
exchange(struct client *client)
{
	char request[REQUEST_MAX];
	ssize_t n;
	size_t len;

	len = write_request(client, request);
	do
		n = gnutls_record_send(client->session, request, len);
	while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
	while (n > 0 || n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) {
		if (strstr(client->head, "\r\n\r\n") != NULL)
			return true;
		if (client->head_len == HEAD_MAX - 1)
			return false;
		n = gnutls_record_recv(client->session,
		                       client->head + client->head_len,
		                       HEAD_MAX - 1 - client->head_len);
		if (n > 0)
			client->head_len += (size_t)n;
	}
	return false;
}

static bool
is_field(const char *line, const char *name, enum pinstore_kind kind,
         struct pinstore_field *out)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return false;
	out->value = line + len + 1;
	out->value += strspn(out->value, " \t");
	out->kind = kind;
	out->len = strcspn(out->value, "\r\n");
	return true;
}

static void
learn(struct client *client)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field fields[FIELDS_MAX];
	enum pinstore_status status;
	struct pinstore_error error;
	const char *line = client->head;
	size_t n = 0;

	while (n < FIELDS_MAX && (line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (is_field(line, "Public-Key-Pins", PINSTORE_PKP,
		             &fields[n]) ||
		    is_field(line, "Public-Key-Pins-Report-Only",
		             PINSTORE_PKP_RO, &fields[n]))
			n++;
	}
	status = pinstore_session_note(client->session, fields, n, &noted,
	                               &error);
	if (status != PINSTORE_OK)
		fprintf(stderr, "pinclient: not noted: %s\n", error.text);
	printf(" noted=%s why=%s", pinstore_action_word(noted.action),
	       pinstore_reason_word(noted.why));
}

static enum exit_code
save_session(struct client *client)
{
	enum exit_code code = EXIT_FILE;
	gnutls_datum_t data;
	FILE *file;

	if (gnutls_session_get_data2(client->session, &data) != 0)
		return fail(EXIT_FILE, client->session_out, "no session");
	file = fopen(client->session_out, "wb");
	if (file != NULL &&
	    fwrite(data.data, 1, data.size, file) == data.size)
		code = EXIT_OK;
	if (file != NULL && fclose(file) != 0)
		code = EXIT_FILE;
	gnutls_free(data.data);
	return code == EXIT_OK ? EXIT_OK :
	                         fail(EXIT_FILE, client->session_out,
	                              strerror(errno));
}

static enum exit_code
visit(struct client *client)
{
	enum exit_code code;
	unsigned status = 0;
	int ret;

	if (client->depth != CHECK) {
		code = attach(client);
		if (code != EXIT_OK)
			return code;
	}
	if (client->depth == CALLBACK)
		gnutls_session_set_verify_function(client->session,
		                                   pinstore_verify_callback);
	if (client->early) {
		code = send_early(client);
		if (code != EXIT_OK)
			return code;
	}
	ret = shake(client);
	if (client->depth == CHECK) {
		code = attach(client);
		if (code != EXIT_OK)
			return code;
	}
	tell(client, ret, &code);
	printf("resumed=%s ",
	       gnutls_session_is_resumed(client->session) ? "yes" : "no");
	if (code == EXIT_OK && !exchange(client))
		code = fail(EXIT_TLS, client->host, "no answer");
	if (code == EXIT_OK)
		status = (unsigned)strtoul(
		        client->head + strcspn(client->head, " "), NULL, 10);
	printf("http=%u", status);
	if (code == EXIT_OK && client->learns)
		learn(client);
	putchar('\n');
	if (ret == 0 && client->session_out != NULL) {
		enum exit_code saved = save_session(client);

		code = code == EXIT_OK ? saved : code;
	}
	if (code == EXIT_OK)
		gnutls_bye(client->session, GNUTLS_SHUT_WR);
	return code;
}

static enum exit_code
run(struct client *client)
{
	struct pinstore_error error;
	enum exit_code code;

	if (pinstore_open(client->store, NULL, &client->ps, &error) !=
	    PINSTORE_OK)
		return fail(EXIT_STORE, client->store, error.text);
	code = make_credentials(client);
	if (code == EXIT_OK)
		code = dial(client);
	if (code == EXIT_OK)
		code = make_session(client);
	if (code == EXIT_OK)
		code = visit(client);
	return code;
}

int
main(int argc, char **argv)
{
	static struct client client;
	enum exit_code code;

	client.fd = -1;
	if (!parse(argc, argv, &client)) {
		fprintf(stderr, "usage: pinclient --store DIR [OPTION]... "
		                "HOST:PORT\n");
		return EXIT_USAGE;
	}
	code = run(&client);
	if (client.session != NULL)
		gnutls_deinit(client.session);
	if (client.fd >= 0)
		close(client.fd);
	if (client.certificate != NULL)
		gnutls_certificate_free_credentials(client.certificate);
	if (client.anonymous != NULL)
		gnutls_anon_free_client_credentials(client.anonymous);
	if (client.psk_credentials != NULL)
		gnutls_psk_free_client_credentials(client.psk_credentials);
	pinstore_close(client.ps);
	return fflush(stdout) == 0 ? (int)code : EXIT_FILE;
}
