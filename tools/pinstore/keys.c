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
#include <gnutls/pkcs12.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/secret.h"
#include "common/text.h"

#define FILE_MAX ((size_t)16 * 1024 * 1024)
#define PASSWORD_FILE_MAX 4096
#define LABEL_MAX 64
#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"
#define PROC_TYPE "Proc-Type: 4,ENCRYPTED"

static const char way_out[] =
        "pinstore hash --password-file FILE reads it; or take its public key: "
        "openssl pkey -in FILE -pubout | pinstore hash -";

/* What a PEM label means to us. */
enum label {
	LABEL_CERTIFICATE,
	LABEL_REQUEST,
	LABEL_PUBLIC,
	LABEL_PRIVATE,
	LABEL_ENCRYPTED,
	LABEL_PKCS7,
	LABEL_PKCS12,
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

static bool
add_der(struct reader *reader, enum key_kind kind, const gnutls_datum_t *der);

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
	key->is_authority = false;
	key->der = NULL;
	key->der_len = 0;
	key->pin = *pin;
}

static bool
is_authority(const gnutls_datum_t *der)
{
	gnutls_x509_crt_t certificate;
	bool is_one;

	if (gnutls_x509_crt_init(&certificate) < 0)
		tool_no_memory();
	is_one = gnutls_x509_crt_import(certificate, der,
	                                GNUTLS_X509_FMT_DER) == 0 &&
	         gnutls_x509_crt_get_ca_status(certificate, NULL) > 0;
	gnutls_x509_crt_deinit(certificate);
	return is_one;
}

/* The octets of the certificate that was appended. */
static void
keep_der(struct reader *reader, const gnutls_datum_t *der)
{
	struct key *key = &reader->keys->key[reader->keys->n - 1];

	key->der = tool_alloc(der->size, 1);
	memcpy(key->der, der->data, der->size);
	key->der_len = der->size;
	key->is_authority = is_authority(der);
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
public_half(gnutls_x509_privkey_t key, gnutls_datum_t *out)
{
	gnutls_privkey_t abstract = NULL;
	gnutls_pubkey_t public = NULL;
	bool is_good = false;

	out->data = NULL;
	out->size = 0;
	if (gnutls_privkey_init(&abstract) < 0 ||
	    gnutls_pubkey_init(&public) < 0)
		tool_no_memory();
	if (gnutls_privkey_import_x509(abstract, key,
	                               GNUTLS_PRIVKEY_IMPORT_COPY) == 0 &&
	    gnutls_pubkey_import_privkey(public, abstract, 0, 0) == 0 &&
	    gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, out) == 0)
		is_good = true;
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(abstract);
	return is_good;
}

static bool
append_private(struct reader *reader, gnutls_x509_privkey_t key)
{
	struct pinstore_pin pin;
	gnutls_datum_t der;
	bool is_good;

	if (!public_half(key, &der))
		return false;
	is_good = pinstore_pin_from_public_key(der.data, der.size, &pin) ==
	          PINSTORE_OK;
	gnutls_free(der.data);
	if (is_good)
		append(reader, KEY_PRIVATE, NULL, &pin);
	return is_good;
}

/* GnuTLS wipes what it frees of a key. */
static int
import_private(gnutls_x509_privkey_t *out, const gnutls_datum_t *data,
               gnutls_x509_crt_fmt_t format, const char *password)
{
	if (gnutls_x509_privkey_init(out) < 0)
		tool_no_memory();
	return gnutls_x509_privkey_import2(
	        *out, data, format, password,
	        password == NULL ? (unsigned)GNUTLS_PKCS_PLAIN : 0);
}

static bool
add_private(struct reader *reader, const gnutls_datum_t *data,
            gnutls_x509_crt_fmt_t format)
{
	gnutls_x509_privkey_t key;
	bool is_good;

	is_good = import_private(&key, data, format, NULL) == 0 &&
	          append_private(reader, key);
	gnutls_x509_privkey_deinit(key);
	return is_good;
}

/* -------------------------------------------------------- what is encrypted */

static char *
password_in(const char *file, struct tool_fault *fault)
{
	char *data, *password;
	size_t len;

	if (!tool_file_read(file, PASSWORD_FILE_MAX, &data, &len)) {
		tool_fault_usage(fault, file, NULL,
		                 "--password-file cannot be read: %s",
		                 strerror(errno));
		return NULL;
	}
	password = tool_copy(data, strcspn(data, "\r\n"));
	tool_file_free(data, len);
	return password;
}

/* NULL, and the fault is told of.  Owner: the caller, tool_file_free(). */
static char *
password_of(struct reader *reader, const char *what)
{
	char *password;

	if (reader->keys->password_file != NULL)
		return password_in(reader->keys->password_file, reader->fault);
	password = tool_secret_ask("Password of ", reader->file, ": ");
	if (password == NULL)
		refuse(reader, what, way_out);
	return password;
}

static bool
add_locked(struct reader *reader, const gnutls_datum_t *data,
           gnutls_x509_crt_fmt_t format)
{
	char *password = password_of(reader, "this private key is encrypted");
	gnutls_x509_privkey_t key;
	bool is_good;

	if (password == NULL)
		return false;
	is_good = import_private(&key, data, format, password) == 0 &&
	          append_private(reader, key);
	gnutls_x509_privkey_deinit(key);
	tool_file_free(password, strlen(password));
	return is_good ||
	       refuse(reader, "this private key cannot be decrypted: is that "
	              "its password?", NULL);
}

/* --------------------------------------------------------------- containers */

/* Give up what was appended behind the first `before`. */
static void
drop_behind(struct reader *reader, size_t before, size_t n)
{
	struct keys *keys = reader->keys;

	while (keys->n > before) {
		keys->n--;
		free(keys->key[keys->n].subject);
		free(keys->key[keys->n].der);
	}
	reader->n = n;
}

static bool
add_element(struct reader *reader, gnutls_pkcs12_bag_t bag, unsigned i,
            const char *password)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t data;
	bool is_good;
	int type = gnutls_pkcs12_bag_get_type(bag, i);

	if (type < 0 || gnutls_pkcs12_bag_get_data(bag, i, &data) < 0)
		return false;
	if (type == GNUTLS_BAG_CERTIFICATE) {
		is_good = add_der(reader, KEY_CERTIFICATE, &data);
	} else if (type == GNUTLS_BAG_PKCS8_KEY ||
	           type == GNUTLS_BAG_PKCS8_ENCRYPTED_KEY) {
		is_good = import_private(&key, &data, GNUTLS_X509_FMT_DER,
		                         type == GNUTLS_BAG_PKCS8_KEY
		                                 ? NULL
		                                 : password) == 0 &&
		          append_private(reader, key);
		gnutls_x509_privkey_deinit(key);
	} else {
		return true; /* a revocation list, a secret: no pin */
	}
	if (is_good)
		reader->n++;
	return is_good;
}

/* What is in a bag; one that is encrypted is opened first. */
static bool
add_elements(struct reader *reader, gnutls_pkcs12_bag_t bag,
             const char *password)
{
	int type = gnutls_pkcs12_bag_get_type(bag, 0), i, n;

	if (type == GNUTLS_BAG_ENCRYPTED &&
	    gnutls_pkcs12_bag_decrypt(bag, password) != 0)
		return false;
	n = gnutls_pkcs12_bag_get_count(bag);
	for (i = 0; i < n; i++)
		if (!add_element(reader, bag, (unsigned)i, password))
			return false;
	return type >= 0 && n >= 0;
}

/* One of the bags; *is_last: there is none of that number. */
static bool
add_bag(struct reader *reader, gnutls_pkcs12_t box, int i, const char *password,
        bool *is_last)
{
	gnutls_pkcs12_bag_t bag;
	bool is_good;
	int code;

	*is_last = true;
	if (gnutls_pkcs12_bag_init(&bag) < 0)
		tool_no_memory();
	code = gnutls_pkcs12_get_bag(box, i, bag);
	is_good = code == 0 || code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
	if (code == 0) {
		*is_last = false;
		is_good = add_elements(reader, bag, password);
	}
	gnutls_pkcs12_bag_deinit(bag);
	return is_good;
}

/* Its keys and certificates; nothing is left of an attempt that fails. */
static bool
add_opened(struct reader *reader, gnutls_pkcs12_t box, const char *password)
{
	size_t before = reader->keys->n, n = reader->n;
	bool is_good = true, is_last = false;
	int i;

	for (i = 0; is_good && !is_last; i++)
		is_good = add_bag(reader, box, i, password, &is_last);
	is_good = is_good && reader->keys->n > before;
	if (!is_good)
		drop_behind(reader, before, n);
	return is_good;
}

static bool
open_pkcs12(struct reader *reader, gnutls_pkcs12_t box)
{
	char *password;
	bool is_good;

	/* To have none is not to have the empty one: some mean this. */
	if (reader->keys->password_file == NULL &&
	    (add_opened(reader, box, "") || add_opened(reader, box, NULL)))
		return true;
	password = password_of(reader, "this PKCS#12 is encrypted, or has "
	                       "neither key nor certificate");
	if (password == NULL)
		return false;
	is_good = add_opened(reader, box, password) ||
	          refuse(reader, "this PKCS#12 cannot be decrypted, or has "
	                 "neither key nor certificate: is that its password?",
	                 NULL);
	tool_file_free(password, strlen(password));
	return is_good;
}

/* False without a fault: it is none. */
static bool
add_pkcs12(struct reader *reader, const gnutls_datum_t *data,
           gnutls_x509_crt_fmt_t format)
{
	gnutls_pkcs12_t box;
	bool is_good;

	if (gnutls_pkcs12_init(&box) < 0)
		tool_no_memory();
	is_good = gnutls_pkcs12_import(box, data, format, 0) == 0 &&
	          open_pkcs12(reader, box);
	gnutls_pkcs12_deinit(box);
	return is_good;
}

/* False without a fault: it is none. */
static bool
add_pkcs7(struct reader *reader, const gnutls_datum_t *data,
          gnutls_x509_crt_fmt_t format)
{
	gnutls_datum_t der = {NULL, 0};
	gnutls_pkcs7_t box;
	bool is_good;
	int i, n = 0;

	if (gnutls_pkcs7_init(&box) < 0)
		tool_no_memory();
	is_good = gnutls_pkcs7_import(box, data, format) == 0;
	if (is_good)
		n = gnutls_pkcs7_get_crt_count(box);
	for (i = 0; is_good && i < n; i++) {
		is_good = gnutls_pkcs7_get_crt_raw2(box, (unsigned)i, &der) ==
		          0;
		if (!is_good)
			break;
		is_good = add_der(reader, KEY_CERTIFICATE, &der);
		gnutls_free(der.data);
		reader->n++;
	}
	gnutls_pkcs7_deinit(box);
	if (is_good && n <= 0)
		return refuse(reader, "there is no certificate in this PKCS#7",
		              NULL);
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
		{"PKCS7", LABEL_PKCS7},
		{"PKCS #7 SIGNED DATA", LABEL_PKCS7},
		{"CMS", LABEL_PKCS7},
		{"PKCS12", LABEL_PKCS12},
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
add_box(struct reader *reader, enum label kind, const char *label,
        const gnutls_datum_t *pem)
{
	gnutls_datum_t der = {NULL, 0};
	bool is_good;

	if (gnutls_pem_base64_decode2(label, pem, &der) < 0)
		return refuse(reader, "the base64 of the PEM is damaged", NULL);
	is_good = kind == LABEL_PKCS7
	                  ? add_pkcs7(reader, &der, GNUTLS_X509_FMT_DER)
	                  : add_pkcs12(reader, &der, GNUTLS_X509_FMT_DER);
	gnutls_free(der.data);
	if (is_good || reader->fault->exit != 0)
		return is_good;
	return refuse(reader, kind == LABEL_PKCS7
	                              ? "this is no PKCS#7 that can be read"
	                              : "this is no PKCS#12 that can be read",
	              NULL);
}

static bool
add_block(struct reader *reader, const char *label, size_t label_len,
          const gnutls_datum_t *pem)
{
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
		/* Of old they say so in a line of their own. */
		if (memmem(pem->data, pem->size, PROC_TYPE,
		           strlen(PROC_TYPE)) != NULL)
			return add_locked(reader, pem, GNUTLS_X509_FMT_PEM);
		if (add_private(reader, pem, GNUTLS_X509_FMT_PEM))
			return true;
		return refuse(reader, "this private key cannot be read", NULL);
	case LABEL_ENCRYPTED:
		return add_locked(reader, pem, GNUTLS_X509_FMT_PEM);
	case LABEL_PKCS7:
	case LABEL_PKCS12:
		return add_box(reader, label_of(label, label_len), text, pem);
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

/* Whether it is a key that wants a password. */
static bool
is_locked(const gnutls_datum_t *der)
{
	gnutls_x509_privkey_t key;
	int code;

	code = import_private(&key, der, GNUTLS_X509_FMT_DER, "");
	gnutls_x509_privkey_deinit(key);
	return code == GNUTLS_E_DECRYPTION_FAILED;
}

/* So does a PKCS#12; a private key has version 0 or 1 there. */
static bool
has_version_3(const char *data, size_t len)
{
	static const char version[] = {0x02, 0x01, 0x03};
	size_t at = 2;

	if (((unsigned char)data[1] & 0x80) != 0)
		at += (unsigned char)data[1] & 0x7f;
	return at + sizeof(version) <= len &&
	       memcmp(data + at, version, sizeof(version)) == 0;
}

static bool
read_der(struct reader *reader, char *data, size_t len)
{
	static const enum key_kind kinds[] = {KEY_CERTIFICATE, KEY_REQUEST,
	                                      KEY_PUBLIC};
	gnutls_datum_t der = {(unsigned char *)data, (unsigned)len};
	size_t i;

	reader->n = 1;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (add_der(reader, kinds[i], &der))
			return true;
	if (add_pkcs7(reader, &der, GNUTLS_X509_FMT_DER))
		return true;
	if (reader->fault->exit == 0 &&
	    add_pkcs12(reader, &der, GNUTLS_X509_FMT_DER))
		return true;
	if (reader->fault->exit != 0)
		return false;
	/* GnuTLS would see no more than the key of a PKCS#12. */
	if (has_version_3(data, len))
		return refuse(reader,
		              "this is no PKCS#12 in DER that can be read",
		              NULL);
	if (add_private(reader, &der, GNUTLS_X509_FMT_DER))
		return true;
	if (is_locked(&der))
		return add_locked(reader, &der, GNUTLS_X509_FMT_DER);
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
