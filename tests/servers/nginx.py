#!/usr/bin/python3
"""nginx.py - nginx on a port of the kernel's choice, in a folder of its own.

SPDX-License-Identifier: LGPL-2.1-or-later

usage: nginx.py --dir DIR --ready FILE --pki DIR [--http2] [--tls 1.2|1.3]
                [--no-tickets] [--plain] [--site NAME [--chain NAME]
                [--key NAME] [--header 'FIELD: VALUE']... [--status CODE]
                [--redirect URL] [--conf TEXT]...]...

Binds 127.0.0.1, tells the port in FILE, and becomes nginx, which takes the
socket over: no port is ever free between choice and use.  The first site
answers for names that none has.  What follows --site belongs to it: a chain of
the lab (its key is the one of the same name unless --key says), fields of every
response whatever its status, a redirect (@PORT@ in it is the port), further
configuration in its location.

DIR/access.log has one line a request, written when it was answered:
  "REQUEST" STATUS host= sni= tls= cipher= reused=r|. http= conn= nth=
DIR/error.log, DIR/nginx.pid and DIR/nginx.conf are beside it.
"""
import os
import shutil
import sys

import serving

HTTP = """\
{user}daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
events {{ worker_connections 128; }}
http {{
	client_body_temp_path {dir}/body;
	proxy_temp_path {dir}/proxy;
	fastcgi_temp_path {dir}/fastcgi;
	uwsgi_temp_path {dir}/uwsgi;
	scgi_temp_path {dir}/scgi;
	server_tokens off;
	keepalive_timeout 60;
	default_type text/plain;
	log_format line '"$request" $status host=$host sni=$ssl_server_name '
		'tls=$ssl_protocol cipher=$ssl_cipher reused=$ssl_session_reused '
		'http=$server_protocol conn=$connection nth=$connection_requests';
	access_log {dir}/access.log line;
{sites}}}
"""

SITE = """\
	server {{
		listen 127.0.0.1:{port}{listen};
		server_name {name};
{tls}{fields}		location / {{
{inside}		}}
	}}
"""

TLS = """\
		ssl_certificate {pki}/{chain}.chain;
		ssl_certificate_key {pki}/{key}.key;
		ssl_protocols {protocols};
		ssl_session_cache shared:sessions:1m;
		ssl_session_tickets {tickets};
"""


def usage(why):
    sys.exit("nginx.py: %s\n%s" % (why, __doc__.split("\n\n")[2]))


def parse(words):
    top = {"dir": None, "ready": None, "pki": None, "tls": None}
    flags = {"http2": False, "plain": False, "no-tickets": False}
    sites = []
    words = list(words)
    while words:
        word = words.pop(0)
        name = word[2:]
        if not word.startswith("--"):
            usage("what is %s?" % word)
        if name in flags:
            flags[name] = True
            continue
        if not words:
            usage("%s needs a value" % word)
        value = words.pop(0)
        if name in top:
            top[name] = value
        elif name == "site":
            sites.append({"name": value, "header": [], "conf": []})
        elif name in ("chain", "key", "status", "redirect") and sites:
            sites[-1][name] = value
        elif name in ("header", "conf") and sites:
            sites[-1][name].append(value)
        else:
            usage("unknown, or before a --site: %s" % word)
    if not (top["dir"] and top["ready"] and top["pki"] and sites):
        usage("--dir, --ready, --pki and a --site are needed")
    return top, flags, sites


def quote(text):
    if "$" in text or "\n" in text:
        usage("cannot be written in nginx's language: %r" % text)
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def site_text(site, top, flags, port):
    fields = ""
    for header in site["header"]:
        name, _, value = header.partition(":")
        fields += "\t\tadd_header %s %s always;\n" % (
            name.strip(), quote(value.strip()))
    status = site.get("status", "200")
    inside = "".join("\t\t\t%s\n" % text for text in site["conf"])
    if "redirect" in site:
        if status == "200":
            status = "302"
        inside += "\t\t\treturn %s %s;\n" % (
            status, quote(site["redirect"].replace("@PORT@", str(port))))
    else:
        inside += "\t\t\treturn %s %s;\n" % (
            status, quote("hello from %s" % site["name"]))
    tls = "" if flags["plain"] else TLS.format(
        pki=top["pki"], chain=site.get("chain", "good"),
        key=site.get("key", site.get("chain", "good")),
        protocols={None: "TLSv1.2 TLSv1.3", "1.2": "TLSv1.2",
                   "1.3": "TLSv1.3"}[top["tls"]],
        tickets="off" if flags["no-tickets"] else "on")
    listen = "" if flags["plain"] else " ssl"
    if flags["http2"]:
        listen += " http2"
    return SITE.format(port=port, listen=listen, name=site["name"], tls=tls,
                       fields=fields, inside=inside)


def main():
    top, flags, sites = parse(sys.argv[1:])
    serving.die_with_parent()
    nginx = shutil.which(
        "nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not nginx:
        sys.exit("nginx.py: nginx is missing; ./quickstart installs it")
    sock = serving.listen()
    port = sock.getsockname()[1]
    path = os.path.abspath(top["dir"])
    conf = os.path.join(path, "nginx.conf")
    # the worker too must reach into the test's folder
    user = "user root;\n" if os.geteuid() == 0 else ""
    text = HTTP.format(dir=path, user=user, sites="".join(
        site_text(site, top, flags, port) for site in sites))
    with open(conf, "w") as file:
        file.write(text)
    sock.set_inheritable(True)
    os.environ["NGINX"] = "%d;" % sock.fileno()
    serving.tell_port(top["ready"], sock)
    os.execv(nginx, [nginx, "-p", path, "-e", os.path.join(path, "error.log"),
                     "-c", conf])


main()
