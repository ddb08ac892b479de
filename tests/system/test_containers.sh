#!/bin/sh
# test_containers.sh - the commands of docs/containers.md, run as they stand.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
. "$top_srcdir/tests/support/guide.sh"
name=api.example.test
make_pki api:intA:$name,www.example.test backup2:intA:$name next:intA:$name \
	stranger:intB:$name
must mkdir -p work/image/var/lib/pinstore
must cp "$pki/api.pem" work/api.crt
for key in backup2:backup next:next; do
	must openssl req -new -key "$pki/${key%:*}.key" -subj "/CN=$name" \
		-out "work/${key#*:}.csr"
done
start_nginx web --site $name --chain api
start_nginx impostor --site $name --chain stranger
# In the container nothing was learned yet.
pinfetch_finds $name:$web_port www.example.test:$web_port \
	impostor.example.test:$impostor_port -- --store "$T/container"

guide containers.md
expect_requests impostor 0
expect_requests web 2
