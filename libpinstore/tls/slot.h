/*
 * slot.h - something of ours that hangs on a GnuTLS session.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * It is the data of a TLS extension that is never sent: it has a destructor,
 * and leaves the application's session pointer alone.
 */
#ifndef PS_TLS_SLOT_H
#define PS_TLS_SLOT_H

#include <gnutls/gnutls.h>

#include <pinstore/pinstore.h>

/* One for each kind of data; of the range for private use (RFC 8446, 11). */
enum ps_slot {
	PS_SLOT_ATTACHED = 0xff50,
	PS_SLOT_CHAIN = 0xff51
};

/* What hangs there, or NULL; session may be NULL. */
void *
ps_slot_find(gnutls_session_t session, enum ps_slot slot);

/*
 * Hang data on a session whose slot is empty; drop ends it with the session.
 *
 * Owner:  the session, also after an error.
 * Errors: NOMEM, INTERNAL (the session has no place for it).
 */
enum pinstore_status
ps_slot_fill(gnutls_session_t session, enum ps_slot slot, void *data,
             void (*drop)(gnutls_ext_priv_data_t data),
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_TLS_SLOT_H */
