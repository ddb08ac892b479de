/*
 * slot.c - something of ours that hangs on a GnuTLS session.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "tls/slot.h"

#include <stddef.h>

#include "base/status.h"

static int
receive_nothing(gnutls_session_t session, const unsigned char *data,
                size_t len)
{
	(void)session;
	(void)data;
	(void)len;
	return 0;
}

static int
send_nothing(gnutls_session_t session, gnutls_buffer_t extdata)
{
	(void)session;
	(void)extdata;
	return 0;
}

void *
ps_slot_find(gnutls_session_t session, enum ps_slot slot)
{
	gnutls_ext_priv_data_t data = NULL;

	if (session == NULL || gnutls_ext_get_data(session, slot, &data) != 0)
		return NULL;
	return data;
}

enum pinstore_status
ps_slot_fill(gnutls_session_t session, enum ps_slot slot, void *data,
             void (*drop)(gnutls_ext_priv_data_t data),
             struct pinstore_error *error)
{
	int ret;

	/* Valid in a message that the client does not send. */
	ret = gnutls_session_ext_register(session, "pinstore", (int)slot,
	                                  GNUTLS_EXT_NONE, receive_nothing,
	                                  send_nothing, drop, NULL, NULL,
	                                  GNUTLS_EXT_FLAG_EE);
	if (ret != 0) {
		drop(data);
		if (ret == GNUTLS_E_MEMORY_ERROR)
			return ps_fail_nomem(error);
		return ps_fail_lib(error, PINSTORE_ERR_INTERNAL, ret,
		                   "the session has no place for an "
		                   "extension: %s",
		                   gnutls_strerror(ret));
	}
	gnutls_ext_set_data(session, slot, data);
	/* GnuTLS has it now, even if it does not say so. */
	if (ps_slot_find(session, slot) != data)
		return ps_fail(error, PINSTORE_ERR_INTERNAL,
		               "GnuTLS does not keep an extension's data");
	return PINSTORE_OK;
}
