/*
 * chain.c - struct pinstore_chain: a validated path and what was served.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "tls/chain.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>

#include "tls/spki.h"

struct item {
	const uint8_t *der;
	size_t len;
};

/* One block: the items, and behind them their octets. */
struct list {
	size_t n;
	struct item *items;
};

struct pinstore_chain {
	size_t n;
	struct pinstore_pin *pins;
	const struct pinstore_pin **pointers; /* into pins; NULL: no pin */
	struct list path;                     /* empty if made from pins */
	struct list served;
};

static enum pinstore_status
list_make(const uint8_t *const der[], const size_t len[], size_t n,
          struct list *out)
{
	size_t total, i;
	uint8_t *at;

	out->n = 0;
	out->items = NULL;
	if (n == 0)
		return PINSTORE_OK;
	if (n > SIZE_MAX / sizeof(*out->items))
		return PINSTORE_ERR_NOMEM;
	total = n * sizeof(*out->items);
	for (i = 0; i < n; i++) {
		if (len[i] > SIZE_MAX - total)
			return PINSTORE_ERR_NOMEM;
		total += len[i];
	}
	out->items = malloc(total);
	if (out->items == NULL)
		return PINSTORE_ERR_NOMEM;
	at = (uint8_t *)(out->items + n);
	for (i = 0; i < n; i++) {
		if (len[i] > 0)
			memcpy(at, der[i], len[i]);
		out->items[i].der = at;
		out->items[i].len = len[i];
		at += len[i];
	}
	out->n = n;
	return PINSTORE_OK;
}

static enum pinstore_status
list_copy(const struct list *list, struct list *out)
{
	const uint8_t **der;
	enum pinstore_status status;
	size_t *len, i;

	out->n = 0;
	out->items = NULL;
	if (list->n == 0)
		return PINSTORE_OK;
	der = calloc(list->n, sizeof(*der));
	len = calloc(list->n, sizeof(*len));
	if (der == NULL || len == NULL) {
		status = PINSTORE_ERR_NOMEM;
		goto out;
	}
	for (i = 0; i < list->n; i++) {
		der[i] = list->items[i].der;
		len[i] = list->items[i].len;
	}
	status = list_make(der, len, list->n, out);
out:
	free(len);
	free(der);
	return status;
}

static const uint8_t *
list_at(const struct list *list, size_t i, size_t *len)
{
	if (len != NULL)
		*len = i < list->n ? list->items[i].len : 0;
	return i < list->n ? list->items[i].der : NULL;
}

/* A chain of n keys, none of which has a pin yet. */
static struct pinstore_chain *
chain_new(size_t n)
{
	struct pinstore_chain *chain;

	chain = calloc(1, sizeof(*chain));
	if (chain == NULL)
		return NULL;
	chain->n = n;
	/* One more than wanted: what calloc(0) gives differs. */
	chain->pins = calloc(n + 1, sizeof(*chain->pins));
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are meant */
	chain->pointers = calloc(n + 1, sizeof(*chain->pointers));
	if (chain->pins == NULL || chain->pointers == NULL) {
		pinstore_chain_free(chain);
		return NULL;
	}
	return chain;
}

static void
set_pin(struct pinstore_chain *chain, size_t i, const struct pinstore_pin *pin)
{
	chain->pins[i] = *pin;
	chain->pointers[i] = &chain->pins[i];
}

static enum pinstore_status
check_certificate(const uint8_t *der, size_t len)
{
	gnutls_datum_t datum;
	gnutls_x509_crt_t crt;
	int ret;

	if (len == 0 || len > UINT32_MAX)
		return PINSTORE_ERR_CHAIN;
	ret = gnutls_x509_crt_init(&crt);
	if (ret != 0)
		return PINSTORE_ERR_NOMEM;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): is only read */
	datum.data = (unsigned char *)(uintptr_t)der;
	datum.size = (unsigned)len;
	ret = gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER);
	gnutls_x509_crt_deinit(crt);
	if (ret == GNUTLS_E_MEMORY_ERROR)
		return PINSTORE_ERR_NOMEM;
	return ret == 0 ? PINSTORE_OK : PINSTORE_ERR_CHAIN;
}

/* A key that gives no pin is no error: it matches nothing (RFC 7469, 2.4). */
static enum pinstore_status
add_pin(struct pinstore_chain *chain, size_t i, const uint8_t *der, size_t len)
{
	struct pinstore_pin pin;
	enum pinstore_status status;

	status = ps_spki_pin(PS_SPKI_CERTIFICATE, der, len, &pin);
	if (status == PINSTORE_ERR_CHAIN)
		return PINSTORE_OK;
	if (status == PINSTORE_OK)
		set_pin(chain, i, &pin);
	return status;
}

enum pinstore_status
ps_chain_from_parsed(const uint8_t *const der[], const size_t len[], size_t n,
                     struct pinstore_chain **out)
{
	enum pinstore_status status = PINSTORE_OK;
	struct pinstore_chain *chain;
	size_t i;

	*out = NULL;
	chain = chain_new(n);
	if (chain == NULL)
		return PINSTORE_ERR_NOMEM;
	for (i = 0; i < n && status == PINSTORE_OK; i++)
		status = add_pin(chain, i, der[i], len[i]);
	if (status == PINSTORE_OK)
		status = list_make(der, len, n, &chain->path);
	if (status != PINSTORE_OK) {
		pinstore_chain_free(chain);
		return status;
	}
	*out = chain;
	return PINSTORE_OK;
}

static bool
is_list(const uint8_t *const der[], const size_t len[], size_t n)
{
	size_t i;

	if (n > 0 && (der == NULL || len == NULL))
		return false;
	for (i = 0; i < n; i++)
		if (der[i] == NULL)
			return false;
	return true;
}

enum pinstore_status
pinstore_chain_from_validated_certificates(const uint8_t *const der[],
                                           const size_t len[], size_t n,
                                           struct pinstore_chain **out)
{
	enum pinstore_status status;
	size_t i;

	if (out == NULL)
		return PINSTORE_ERR_ARG;
	*out = NULL;
	if (n > PS_CHAIN_LEN_MAX)
		return PINSTORE_ERR_CHAIN;
	if (!is_list(der, len, n))
		return PINSTORE_ERR_ARG;
	for (i = 0; i < n; i++) {
		status = check_certificate(der[i], len[i]);
		if (status != PINSTORE_OK)
			return status;
	}
	return ps_chain_from_parsed(der, len, n, out);
}

enum pinstore_status
pinstore_chain_from_validated_pins(const struct pinstore_pin *pins, size_t n,
                                   struct pinstore_chain **out)
{
	struct pinstore_chain *chain;
	size_t i;

	if (out == NULL)
		return PINSTORE_ERR_ARG;
	*out = NULL;
	if (n > PS_CHAIN_PINS_MAX)
		return PINSTORE_ERR_CHAIN;
	if (n > 0 && pins == NULL)
		return PINSTORE_ERR_ARG;
	chain = chain_new(n);
	if (chain == NULL)
		return PINSTORE_ERR_NOMEM;
	for (i = 0; i < n; i++)
		set_pin(chain, i, &pins[i]);
	*out = chain;
	return PINSTORE_OK;
}

enum pinstore_status
pinstore_chain_set_served(struct pinstore_chain *chain,
                          const uint8_t *const der[], const size_t len[],
                          size_t n)
{
	enum pinstore_status status;
	struct list served;

	if (chain == NULL || !is_list(der, len, n))
		return PINSTORE_ERR_ARG;
	status = list_make(der, len, n, &served);
	if (status != PINSTORE_OK)
		return status;
	free(chain->served.items);
	chain->served = served;
	return PINSTORE_OK;
}

size_t
pinstore_chain_length(const struct pinstore_chain *chain)
{
	return chain == NULL ? 0 : chain->n;
}

size_t
pinstore_chain_served_length(const struct pinstore_chain *chain)
{
	return chain == NULL ? 0 : chain->served.n;
}

const struct pinstore_pin *
pinstore_chain_pin(const struct pinstore_chain *chain, size_t i)
{
	return chain == NULL || i >= chain->n ? NULL : chain->pointers[i];
}

const uint8_t *
pinstore_chain_certificate(const struct pinstore_chain *chain, size_t i,
                           size_t *len)
{
	static const struct list none;

	return list_at(chain == NULL ? &none : &chain->path, i, len);
}

const uint8_t *
pinstore_chain_served(const struct pinstore_chain *chain, size_t i,
                      size_t *len)
{
	static const struct list none;

	return list_at(chain == NULL ? &none : &chain->served, i, len);
}

void
pinstore_chain_free(struct pinstore_chain *chain)
{
	if (chain == NULL)
		return;
	free(chain->served.items);
	free(chain->path.items);
	free(chain->pointers);
	free(chain->pins);
	free(chain);
}

enum pinstore_status
ps_chain_copy(const struct pinstore_chain *chain, struct pinstore_chain **out)
{
	enum pinstore_status status;
	struct pinstore_chain *copy;
	size_t i;

	*out = NULL;
	copy = chain_new(chain->n);
	if (copy == NULL)
		return PINSTORE_ERR_NOMEM;
	for (i = 0; i < chain->n; i++)
		if (chain->pointers[i] != NULL)
			set_pin(copy, i, chain->pointers[i]);
	status = list_copy(&chain->path, &copy->path);
	if (status == PINSTORE_OK)
		status = list_copy(&chain->served, &copy->served);
	if (status != PINSTORE_OK) {
		pinstore_chain_free(copy);
		return status;
	}
	*out = copy;
	return PINSTORE_OK;
}

const struct pinstore_pin *const *
ps_chain_pins(const struct pinstore_chain *chain, size_t *n)
{
	*n = chain->n;
	return chain->pointers;
}
