#!/bin/sh
# layers.sh - includes go down the floors of docs/architecture.md, never up.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/common.sh"
need awk find

judge()
{
	c_files | xargs awk -f "$checks/strip.awk" |
		awk -f "$checks/layers.awk"
}

# bad FILE INCLUDE WORDS: a sample with that line must be found out
bad()
{
	echo "#include $2" | plant "$1"
	must_find "$3"
}

bad libpinstore/base/scan.c '"model/host.h"' 'floor base may not include'
bad libpinstore/model/entry.c '"rules/policy.h"' 'floor model may not'
bad libpinstore/model/host.h '"model/entry.h"' "come before model/entry.h"
bad libpinstore/rules/policy.c '"store/store.h"' 'floor rules may not'
bad libpinstore/rules/policy.c '<pinstore/gnutls.h>' 'floor rules may not'
bad libpinstore/store/store.c '"tls/chain.h"' 'floor store may not'
bad libpinstore/store/store.c '<lmdb.h>' 'may not include lmdb.h'
bad libpinstore/store/store.h '<lmdb.h>' 'may not include lmdb.h'
bad libpinstore/tls/chain.c '"store/store.h"' 'floor tls may not'
bad libpinstore/tls/chain.c '"rules/policy.h"' 'floor tls may not'
bad libpinstore/model/entry.c '<idn2.h>' 'may not include idn2.h'
bad libpinstore/api/handle.c '<gnutls/gnutls.h>' 'may not include gnutls/'
bad libpinstore/store/db.c '<gnutls/crypto.h>' 'may not include gnutls/'
bad libpinstore/rules/policy.c '<libpsl.h>' 'may not include libpsl.h'
bad libpinstore/rules/lint.c '<jansson.h>' 'may not include jansson.h'
bad libpinstore/curl/curl.c '"api/handle.h"' 'floor curl may not'
bad libpinstore/api/handle.c '<curl/curl.h>' 'may not include curl/'
bad libpinstore/api/handle.c '"handle.h"' 'names no floor'
bad libpinstore/api/handle.c '"api/../store/store.h"' 'climbs out'
bad libpinstore/include/pinstore/admin.h '"base/scan.h"' 'a public header'
bad libpinstore/attic/x.c '<string.h>' 'stands on no known floor'
bad tools/pinstore/main.c '"store/store.h"' 'only public headers'
bad tools/pinstore/main.c '"pinstore/pinstore.h"' 'quotes a public header'
bad tests/system/client.c '"api/handle.h"' 'only public headers'
bad tests/unit/test_host.c '"model/host.c"' 'includes a .c file'
bad 'libpinstore/base/scan.c' '/* why */ "model/host.h"' 'floor base'

plant libpinstore/base/scan.c <<'END'
/* #include "model/host.h" */
#include "base/scan.h"
END
must_pass
plant libpinstore/api/session.c <<'END'
#include <config.h>
#include "api/handle.h"
#include <gnutls/gnutls.h>
#include <pinstore/gnutls.h>
#include "tls/chain.h"
END
must_pass
plant tools/pinstore/main.c <<'END'
#include <pinstore/admin.h>
#include "common/open.h"
#include "pinstore/verb.h"
END
must_pass

judge_tree "$top_srcdir"
