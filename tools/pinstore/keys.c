/*
 * keys.c - the pins of certificates, requests and keys in files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "keys.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"

#define FILE_MAX ((size_t)16 * 1024 * 1024)
#define LABEL_MAX 64
#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

/* What a PEM label means to us. */
enum label {
	LABEL_CERTIFICATE,
	LABEL_REQUEST,
	LABEL_PUBLIC,
	LABEL_PRIVATE,
	LABEL_ENCRYPTED,
	LABEL_PARAMETERS, /* stand beside a key; passed over */
	LABEL_UNKNOWN
};

struct reader {
	const char *file;
	size_t n;
	struct keys *keys;
	struct tool_fault *fault;
};

const char *
key_kind_word(enum key_kind kind)
{
	switch (kind) {
	case KEY_CERTIFICATE:
		return "certificate";
	case KEY_REQUEST:
		return "csr";
	case KEY_PUBLIC:
		return "public-key";
	case KEY_PRIVATE:
		return "private-key";
	}
	return "unknown";
}

void
keys_free(struct keys *keys)
{
	size_t i;

	for (i = 0; i < keys->n; i++) {
		free(keys->key[i].subject);
		free(keys->key[i].der);
	}
	free(keys->key);
	keys->key = NULL;
	keys->n = 0;
}

/* Name the n-th thing of a file: "chain.pem, part 2". */
static bool
refuse(struct reader *reader, const char *what, const char *hint)
{
	char *where = reader->n > 1
	                      ? tool_format("%s, part %zu", reader->file,
	                                    reader->n)
	                      : tool_copy(reader->file, strlen(reader->file));

	tool_fault_set(reader->fault, TOOL_EXIT_USAGE,
	               tool_status_word(PINSTORE_ERR_CHAIN), where, hint, "%s",
	               what);
	free(where);
	return false;
}

static void
append(struct reader *reader, enum key_kind kind, char *subject,
       const struct pinstore_pin *pin)
{
	struct keys *keys = reader->keys;
	struct key *key;

	keys->key = tool_grow(keys->key, keys->n, sizeof(*keys->key));
	key = &keys->key[keys->n++];
	key->file = reader->file;
	key->n = reader->n;
	key->kind = kind;
	key->subject = subject;
	key->der = NULL;
	key->der_len = 0;
	key->pin = *pin;
}

/* The octets of the certificate that was appended. */
static void
keep_der(struct reader *reader, const gnutls_datum_t *der)
{
	struct key *key = &reader->keys->key[reader->keys->n - 1];

	key->der = tool_alloc(der->size, 1);
	memcpy(key->der, der->data, der->size);
	key->der_len = der->size;
}

/* GnuTLS's string for us, NULL if there is none. */
static char *
take_name(int code, gnutls_datum_t *name)
{
	char *out;

	if (code < 0 || name->data == NULL)
		return NULL;
	out = tool_copy((const char *)name->data, name->size);
	gnutls_free(name->data);
	return out;
}

static char *
certificate_subject(const gnutls_datum_t *der)
{
	gnutls_x509_crt_t certificate;
	gnutls_datum_t name = {NULL, 0};
	char *out = NULL;

	if (gnutls_x509_crt_init(&certificate) < 0)
		tool_no_memory();
	if (gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) == 0)
		out = take_name(gnutls_x509_crt_get_dn3(certificate, &name, 0),
		                &name);
	gnutls_x509_crt_deinit(certificate);
	return out;
}

static char *
request_subject(const gnutls_datum_t *der)
{
	gnutls_x509_crq_t request;
	gnutls_datum_t name = {NULL, 0};
	char *out = NULL;

	if (gnutls_x509_crq_init(&request) < 0)
		tool_no_memory();
	if (gnutls_x509_crq_import(request, der, GNUTLS_X509_FMT_DER) == 0)
		out = take_name(gnutls_x509_crq_get_dn3(request, &name, 0),
		                &name);
	gnutls_x509_crq_deinit(request);
	return out;
}

/* The DER of a private key's public half; *out is freed with gnutls_free(). */
static bool
public_half(const gnutls_datum_t *data, gnutls_x509_crt_fmt_t format,
            gnutls_datum_t *out)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_privkey_t abstract = NULL;
	gnutls_pubkey_t public = NULL;
	bool is_good = false;

	out->data = NULL;
	out->size = 0;
	if (gnutls_x509_privkey_init(&key) < 0 ||
	    gnutls_privkey_init(&abstract) < 0 ||
	    gnutls_pubkey_init(&public) < 0)
		tool_no_memory();
	if (gnutls_x509_privkey_import2(key, data, format, NULL,
	                                GNUTLS_PKCS_PLAIN) == 0 &&
	    gnutls_privkey_import_x509(abstract, key,
	                               GNUTLS_PRIVKEY_IMPORT_COPY) == 0 &&
	    gnutls_pubkey_import_privkey(public, abstract, 0, 0) == 0 &&
	    gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, out) == 0)
		is_good = true;
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(abstract);
	gnutls_x509_privkey_deinit(key);
	return is_good;
}

static bool
add_private(struct reader *reader, const gnutls_datum_t *data,
            gnutls_x509_crt_fmt_t format)
{
	struct pinstore_pin pin;
	gnutls_datum_t der;
	bool is_good;

	if (!public_half(data, format, &der))
		return false;
	is_good = pinstore_pin_from_public_key(der.data, der.size, &pin) ==
	          PINSTORE_OK;
	gnutls_free(der.data);
	if (is_good)
		append(reader, KEY_PRIVATE, NULL, &pin);
	return is_good;
}

/* DER of a known kind, anything but a private key. */
static bool
add_der(struct reader *reader, enum key_kind kind, const gnutls_datum_t *der)
{
	enum pinstore_status status = PINSTORE_ERR_CHAIN;
	struct pinstore_pin pin;
	char *subject = NULL;

	switch (kind) {
	case KEY_CERTIFICATE:
		status = pinstore_pin_from_certificate(der->data, der->size,
		                                       &pin);
		if (status == PINSTORE_OK)
			subject = certificate_subject(der);
		break;
	case KEY_REQUEST:
		status = pinstore_pin_from_request(der->data, der->size, &pin);
		if (status == PINSTORE_OK)
			subject = request_subject(der);
		break;
	case KEY_PUBLIC:
		status = pinstore_pin_from_public_key(der->data, der->size,
		                                      &pin);
		break;
	case KEY_PRIVATE:
		return add_private(reader, der, GNUTLS_X509_FMT_DER);
	}
	if (status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	if (status != PINSTORE_OK)
		return false;
	append(reader, kind, subject, &pin);
	if (kind == KEY_CERTIFICATE)
		keep_der(reader, der);
	return true;
}

static enum label
label_of(const char *text, size_t len)
{
	static const struct {
		const char *text;
		enum label label;
	} labels[] = {
		{"CERTIFICATE", LABEL_CERTIFICATE},
		{"X509 CERTIFICATE", LABEL_CERTIFICATE},
		{"CERTIFICATE REQUEST", LABEL_REQUEST},
		{"NEW CERTIFICATE REQUEST", LABEL_REQUEST},
		{"PUBLIC KEY", LABEL_PUBLIC},
		{"PRIVATE KEY", LABEL_PRIVATE},
		{"RSA PRIVATE KEY", LABEL_PRIVATE},
		{"EC PRIVATE KEY", LABEL_PRIVATE},
		{"DSA PRIVATE KEY", LABEL_PRIVATE},
		{"ENCRYPTED PRIVATE KEY", LABEL_ENCRYPTED},
		{"EC PARAMETERS", LABEL_PARAMETERS},
		{"DH PARAMETERS", LABEL_PARAMETERS},
	};
	size_t i;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strlen(labels[i].text) == len &&
		    memcmp(labels[i].text, text, len) == 0)
			return labels[i].label;
	return LABEL_UNKNOWN;
}

static bool
add_pem_der(struct reader *reader, enum key_kind kind, const char *label,
            const gnutls_datum_t *pem)
{
	gnutls_datum_t der = {NULL, 0};
	bool is_good;

	if (gnutls_pem_base64_decode2(label, pem, &der) < 0)
		return refuse(reader, "the base64 of the PEM is damaged", NULL);
	is_good = add_der(reader, kind, &der);
	gnutls_free(der.data);
	if (is_good)
		return true;
	return refuse(reader,
	              kind == KEY_CERTIFICATE ? "this is no certificate whose "
	                                        "key has a pin"
	              : kind == KEY_REQUEST   ? "this is no certificate request "
	                                        "whose key has a pin"
	                                      : "this is no public key that has "
	                                        "a pin",
	              NULL);
}

static bool
add_block(struct reader *reader, const char *label, size_t label_len,
          const gnutls_datum_t *pem)
{
	static const char way_out[] =
	        "take its public key: openssl pkey -in FILE -pubout | "
	        "pinstore hash -";
	char text[LABEL_MAX + 1];

	if (label_len > LABEL_MAX)
		return refuse(reader, "this PEM label is too long", NULL);
	memcpy(text, label, label_len);
	text[label_len] = '\0';
	switch (label_of(label, label_len)) {
	case LABEL_CERTIFICATE:
		return add_pem_der(reader, KEY_CERTIFICATE, text, pem);
	case LABEL_REQUEST:
		return add_pem_der(reader, KEY_REQUEST, text, pem);
	case LABEL_PUBLIC:
		return add_pem_der(reader, KEY_PUBLIC, text, pem);
	case LABEL_PRIVATE:
		if (add_private(reader, pem, GNUTLS_X509_FMT_PEM))
			return true;
		return refuse(reader, "this private key cannot be read; is it "
		              "encrypted?", way_out);
	case LABEL_ENCRYPTED:
		return refuse(reader, "this private key is encrypted", way_out);
	case LABEL_PARAMETERS:
		return true;
	case LABEL_UNKNOWN:
		break;
	}
	return refuse(reader, "this PEM holds neither a certificate nor a "
	              "certificate request nor a key",
	              "pinstore hash reads CERTIFICATE, CERTIFICATE REQUEST, "
	              "PUBLIC KEY and PRIVATE KEY");
}

/* The blocks of PEM text one by one; what stands between them is a remark. */
static bool
read_pem(struct reader *reader, char *data, size_t len)
{
	char *at = data, *label, *end, *stop = data + len;
	gnutls_datum_t pem;

	while ((at = memmem(at, (size_t)(stop - at), BEGIN,
	                    strlen(BEGIN))) != NULL) {
		reader->n++;
		label = at + strlen(BEGIN);
		end = memmem(label, (size_t)(stop - label), DASHES,
		             strlen(DASHES));
		if (end == NULL)
			return refuse(reader, "the PEM has no end", NULL);
		pem.data = (unsigned char *)at;
		at = memmem(end, (size_t)(stop - end), END, strlen(END));
		if (at != NULL)
			at = memmem(at + strlen(END),
			            (size_t)(stop - at) - strlen(END), DASHES,
			            strlen(DASHES));
		if (at == NULL)
			return refuse(reader, "the PEM has no end", NULL);
		at += strlen(DASHES);
		pem.size = (unsigned)(at - (char *)pem.data);
		if (!add_block(reader, label, (size_t)(end - label), &pem))
			return false;
	}
	return true;
}

static bool
read_der(struct reader *reader, char *data, size_t len)
{
	static const enum key_kind kinds[] = {KEY_CERTIFICATE, KEY_REQUEST,
	                                      KEY_PUBLIC, KEY_PRIVATE};
	gnutls_datum_t der = {(unsigned char *)data, (unsigned)len};
	size_t i;

	reader->n = 1;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (add_der(reader, kinds[i], &der))
			return true;
	return refuse(reader, "this is no certificate, certificate request or "
	              "key in DER that has a pin", NULL);
}

bool
keys_read(const char *file, struct keys *keys, struct tool_fault *fault)
{
	struct reader reader = {.file = file, .keys = keys, .fault = fault};
	size_t len, before = keys->n;
	bool is_good;
	char *data;

	if (!tool_file_read(file, FILE_MAX, &data, &len)) {
		tool_fault_usage(fault, file, NULL, "cannot be read: %s",
		                 strerror(errno));
		return false;
	}
	/* DER begins with a SEQUENCE, no text with its digit 0. */
	if (len > 1 && data[0] == 0x30 && memmem(data, len, BEGIN,
	                                         strlen(BEGIN)) == NULL)
		is_good = read_der(&reader, data, len);
	else
		is_good = read_pem(&reader, data, len);
	tool_file_free(data, len);
	if (is_good && keys->n == before)
		return refuse(&reader, "there is no certificate, certificate "
		              "request or key in it",
		              "PEM and DER are read");
	return is_good;
}

char *
key_subject(const uint8_t *der, size_t len)
{
	gnutls_datum_t data = {tool_alloc(len, 1), (unsigned)len};
	char *subject, *out = NULL;
	size_t room;

	memcpy(data.data, der, len);
	subject = certificate_subject(&data);
	free(data.data);
	if (subject == NULL)
		return NULL;
	room = 8 * strlen(subject) + 1;
	out = tool_alloc(room, 1);
	(void)tool_escape(subject, strlen(subject), out, room);
	free(subject);
	return out;
}
