/*
 * pathjudge.c - what the library says of served lists, one handshake for each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: pathjudge STORE DIR
 *
 * DIR has NAME.crt and NAME.key in DER.  Lines of standard input:
 *
 *   pin HOST HEX             a static entry with this one pin
 *   learn HOST HEX HEX       a learned one: a pin of the chain, a backup
 *   judge HOST KEY SERVED ANCHORS
 *                            a server with KEY serves certificates, a client
 *                            trusts anchors: names with commas between them
 *
 * For each `judge' a line is printed:
 *
 *   STATUS PATH VERDICT settled|other PATH
 *
 * the status of the path that GnuTLS settles on and, if that is 0, this path
 * and what the library says of the peer, by which path.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <pinstore/gnutls.h>
#include <pinstore/pinstore.h>

#define CERTS_MAX 400
#define LIST_MAX 24
#define LINE_MAX_LEN 2048
#define WIRE_MAX (1u << 20)
#define NOW INT64_C(1000000000)

struct cert {
	char name[32];
	gnutls_datum_t der;
};

static struct cert certs[CERTS_MAX];
static size_t n_certs;
static const char *dir;
static struct pinstore *store;

#define NEED(what)                                                             \
	do {                                                                   \
		if (!(what)) {                                                 \
			fprintf(stderr, "pathjudge: line %d: %s\n", __LINE__,  \
			        #what);                                        \
			exit(3);                                               \
		}                                                              \
	} while (0)

static gnutls_datum_t
load(const char *name, const char *suffix)
{
	gnutls_datum_t data = {NULL, 0};
	char path[512];

	NEED(snprintf(path, sizeof(path), "%s/%s.%s", dir, name, suffix) <
	     (int)sizeof(path));
	NEED(gnutls_load_file(path, &data) == 0);
	return data;
}

static const struct cert *
cert_of(const char *name)
{
	size_t i;

	for (i = 0; i < n_certs; i++)
		if (strcmp(certs[i].name, name) == 0)
			return &certs[i];
	NEED(n_certs < CERTS_MAX && strlen(name) < sizeof(certs[0].name));
	snprintf(certs[n_certs].name, sizeof(certs[0].name), "%s", name);
	certs[n_certs].der = load(name, "crt");
	return &certs[n_certs++];
}

static size_t
split(char *text, const char *out[LIST_MAX])
{
	char *rest = text, *comma;
	size_t n = 0;

	while (rest != NULL) {
		comma = strchr(rest, ',');
		if (comma != NULL)
			*comma++ = '\0';
		NEED(n < LIST_MAX);
		out[n++] = rest;
		rest = comma;
	}
	return n;
}

/* ----------------------------------------------------------------- the wire */

/* What one side has sent and the other has not read. */
struct pipe {
	uint8_t *at;
	size_t len, read;
};

struct end {
	struct pipe *in, *out;
	gnutls_session_t session;
};

static ssize_t
push(gnutls_transport_ptr_t arg, const void *data, size_t len)
{
	struct pipe *out = ((struct end *)arg)->out;

	NEED(len <= WIRE_MAX - out->len);
	memcpy(out->at + out->len, data, len);
	out->len += len;
	return (ssize_t)len;
}

static ssize_t
pull(gnutls_transport_ptr_t arg, void *data, size_t len)
{
	struct end *end = arg;
	struct pipe *in = end->in;

	if (in->read == in->len) {
		gnutls_transport_set_errno(end->session, EAGAIN);
		return -1;
	}
	if (len > in->len - in->read)
		len = in->len - in->read;
	memcpy(data, in->at + in->read, len);
	in->read += len;
	return (ssize_t)len;
}

static gnutls_session_t
start(struct end *end, unsigned flags,
      gnutls_certificate_credentials_t credentials)
{
	NEED(gnutls_init(&end->session, flags) == 0);
	NEED(gnutls_credentials_set(end->session, GNUTLS_CRD_CERTIFICATE,
	                            credentials) == 0);
	NEED(gnutls_priority_set_direct(
	             end->session,
	             "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519",
	             NULL) == 0);
	gnutls_transport_set_ptr(end->session, end);
	gnutls_transport_set_push_function(end->session, push);
	gnutls_transport_set_pull_function(end->session, pull);
	return end->session;
}

/* Serve the list to the octet: GnuTLS's other functions sort it. */
static gnutls_certificate_credentials_t
serve(const char *key_name, const char *names[], size_t n)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t data = load(key_name, "key");
	static gnutls_pcert_st list[LIST_MAX];
	gnutls_privkey_t key;
	size_t i;

	NEED(gnutls_certificate_allocate_credentials(&credentials) == 0);
	gnutls_certificate_set_flags(credentials,
	                             GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	for (i = 0; i < n; i++)
		NEED(gnutls_pcert_import_x509_raw(&list[i],
		                                  &cert_of(names[i])->der,
		                                  GNUTLS_X509_FMT_DER, 0) == 0);
	NEED(gnutls_privkey_init(&key) == 0);
	NEED(gnutls_privkey_import_x509_raw(key, &data, GNUTLS_X509_FMT_DER,
	                                    NULL, 0) == 0);
	gnutls_free(data.data);
	NEED(gnutls_certificate_set_key(credentials, NULL, 0, list, (int)n,
	                                key) == 0);
	return credentials;
}

static gnutls_certificate_credentials_t
trust(const char *names[], size_t n)
{
	gnutls_certificate_credentials_t credentials;
	size_t i;

	NEED(gnutls_certificate_allocate_credentials(&credentials) == 0);
	for (i = 0; i < n; i++)
		NEED(gnutls_certificate_set_x509_trust_mem(
		             credentials, &cert_of(names[i])->der,
		             GNUTLS_X509_FMT_DER) >= 0);
	return credentials;
}

static void
shake_hands(gnutls_session_t client, gnutls_session_t server)
{
	int one = GNUTLS_E_AGAIN, two = GNUTLS_E_AGAIN, i;

	for (i = 0; i < 20 && (one != 0 || two != 0); i++) {
		if (one != 0)
			one = gnutls_handshake(client);
		if (two != 0)
			two = gnutls_handshake(server);
		NEED(gnutls_error_is_fatal(one) == 0 || one == 0);
		NEED(gnutls_error_is_fatal(two) == 0 || two == 0);
	}
	NEED(one == 0 && two == 0);
}

/* ------------------------------------------------------------------ judging */

static void
put_path(const struct pinstore_chain *chain)
{
	const uint8_t *at;
	size_t i, j, len;

	for (i = 0; i < pinstore_chain_length(chain); i++) {
		at = pinstore_chain_certificate(chain, i, &len);
		for (j = 0; j < n_certs; j++)
			if (certs[j].der.size == len &&
			    memcmp(certs[j].der.data, at, len) == 0)
				break;
		NEED(j < n_certs);
		printf("%s%s", i == 0 ? "" : ",", certs[j].name);
	}
}

static void
tell(gnutls_session_t session, const char *host)
{
	struct pinstore_peer peer = {sizeof(peer), host, 443, 0};
	struct pinstore_result *result = NULL;
	struct pinstore_chain *chain = NULL;
	enum pinstore_verdict verdict;
	enum pinstore_status status;

	status = pinstore_chain_from_session(session, host, &chain, NULL);
	printf("%d", (int)status);
	if (status == PINSTORE_OK) {
		putchar(' ');
		put_path(chain);
		NEED(pinstore_check_peer(store, session, &peer, chain, NOW,
		                         &verdict, &result, NULL) ==
		     PINSTORE_OK);
		printf(" %s %s ", pinstore_verdict_word(verdict),
		       pinstore_result_other_path(result) ? "other"
		                                          : "settled");
		put_path(pinstore_result_chain(result));
	}
	putchar('\n');
	pinstore_result_free(result);
	pinstore_chain_free(chain);
}

static void
judge(const char *host, const char *key, char *served, char *anchors)
{
	static uint8_t to_server[WIRE_MAX], to_client[WIRE_MAX];
	struct pipe up = {to_server, 0, 0}, down = {to_client, 0, 0};
	struct end client = {&down, &up, NULL}, server = {&up, &down, NULL};
	gnutls_certificate_credentials_t mine, theirs;
	const char *names[LIST_MAX];

	theirs = serve(key, names, split(served, names));
	mine = trust(names, split(anchors, names));
	start(&client, GNUTLS_CLIENT | GNUTLS_NONBLOCK, mine);
	start(&server, GNUTLS_SERVER | GNUTLS_NONBLOCK, theirs);
	shake_hands(client.session, server.session);
	tell(client.session, host);
	gnutls_deinit(client.session);
	gnutls_deinit(server.session);
	gnutls_certificate_free_credentials(mine);
	gnutls_certificate_free_credentials(theirs);
}

/* -------------------------------------------------------------- the entries */

static struct pinstore_pin
read_pin(const char *hex)
{
	size_t len = sizeof(struct pinstore_pin);
	struct pinstore_pin pin;

	NEED(gnutls_hex2bin(hex, strlen(hex), pin.sha256, &len) == 0);
	NEED(len == sizeof(pin));
	return pin;
}

static void
make_static(const char *host, const char *hex)
{
	struct pinstore_pin pin = read_pin(hex);
	struct pinstore_rule rule = {.size = sizeof(rule),
	                             .host = host,
	                             .pins = &pin,
	                             .n_pins = 1,
	                             .expires = PINSTORE_NEVER,
	                             .no_backup = 1};

	NEED(pinstore_pin(store, &rule, NOW, NULL) == PINSTORE_OK);
}

/* A static entry of the same host must be made after it. */
static void
make_learned(const char *host, const char *hex, const char *backup)
{
	struct pinstore_peer peer = {sizeof(peer), host, 443, 0};
	struct pinstore_pin pin = read_pin(hex), pins[2] = {pin, {{0}}};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	gnutls_datum_t data, text[2];
	struct pinstore_result *result;
	struct pinstore_chain *chain;
	struct pinstore_field field;
	enum pinstore_verdict verdict;
	char value[512];
	int i;

	pins[1] = read_pin(backup);
	for (i = 0; i < 2; i++) {
		data.data = pins[i].sha256;
		data.size = sizeof(pins[i]);
		NEED(gnutls_base64_encode2(&data, &text[i]) == 0);
	}
	snprintf(value, sizeof(value),
	         "pin-sha256=\"%s\"; pin-sha256=\"%s\"; max-age=5000000",
	         (char *)text[0].data, (char *)text[1].data);
	field.kind = PINSTORE_PKP;
	field.value = value;
	field.len = strlen(value);
	NEED(pinstore_chain_from_validated_pins(&pin, 1, &chain) ==
	     PINSTORE_OK);
	NEED(pinstore_check(store, &peer, chain, NOW, &verdict, &result,
	                    NULL) == PINSTORE_OK);
	NEED(pinstore_note(store, result, &field, 1, NOW, &noted, NULL) ==
	             PINSTORE_OK &&
	     noted.action == PINSTORE_NOTED);
	pinstore_result_free(result);
	pinstore_chain_free(chain);
	gnutls_free(text[0].data);
	gnutls_free(text[1].data);
}

static void
obey(char *line)
{
	char *word[5] = {NULL}, *rest = line;
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (rest != NULL && n < 5) {
		word[n++] = rest;
		rest = strchr(rest, ' ');
		if (rest != NULL)
			*rest++ = '\0';
	}
	NEED(rest == NULL);
	if (n == 3 && strcmp(word[0], "pin") == 0)
		make_static(word[1], word[2]);
	else if (n == 4 && strcmp(word[0], "learn") == 0)
		make_learned(word[1], word[2], word[3]);
	else if (n == 5 && strcmp(word[0], "judge") == 0)
		judge(word[1], word[2], word[3], word[4]);
	else {
		fprintf(stderr, "pathjudge: unknown line: %s\n", word[0]);
		exit(3);
	}
}

int
main(int argc, char **argv)
{
	struct pinstore_error error;
	char line[LINE_MAX_LEN];
	size_t i;

	if (argc != 3) {
		fprintf(stderr, "usage: pathjudge STORE DIR\n");
		return 2;
	}
	dir = argv[2];
	if (pinstore_open(argv[1], NULL, &store, &error) != PINSTORE_OK) {
		fprintf(stderr, "pathjudge: %s\n", error.text);
		return 3;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		NEED(strchr(line, '\n') != NULL);
		obey(line);
	}
	pinstore_close(store);
	for (i = 0; i < n_certs; i++)
		gnutls_free(certs[i].der.data);
	return fflush(stdout) == 0 ? 0 : 3;
}
