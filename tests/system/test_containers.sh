#!/bin/sh
# test_containers.sh - the commands of docs/containers.md, run as they stand.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
PINSTORE=$store
export PINSTORE
name=api.example.test
make_pki api:intA:$name,www.example.test backup2:intA:$name next:intA:$name \
	stranger:intB:$name
mkdir -p work/image/var/lib/pinstore bin
must cp "$pki/api.pem" work/api.crt
for key in backup2:backup next:next; do
	must openssl req -new -key "$pki/${key%:*}.key" -subj "/CN=$name" \
		-out "work/${key#*:}.csr"
done
start_nginx web --site $name --chain api
start_nginx impostor --site $name --chain stranger

real=$(command -v pinfetch)
cat >bin/pinfetch <<END
#!/bin/sh
for word; do
	shift
	case \$word in
	*:impostor.example.test:443) word="\${word%%:impostor*}:127.0.0.1:$impostor_port" ;;
	esac
	set -- "\$@" "\$word"
done
# In the container nothing was learned yet.
exec $real --cacert $pki/trust.pem --store $T/container "\$@" \\
	--connect-to $name:443:127.0.0.1:$web_port \\
	--connect-to www.example.test:443:127.0.0.1:$web_port
END
chmod +x bin/pinfetch

about "containers"
( cd work && PATH=$T/bin:$PATH "$python" \
	"$top_srcdir/tests/system/walkthrough.py" \
	"$top_srcdir/docs/containers.md" ) >steps 2>&1
code=$?
cat steps
[ $code -eq 0 ] && ok "$(tail -n 1 steps)" || fail "a command went otherwise"
expect_requests impostor 0
expect_requests web 2
