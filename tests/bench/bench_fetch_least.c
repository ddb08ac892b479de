/*
 * bench_fetch_least.c - the least that libcurl needs: what pinfetch is held to.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: bench_fetch_least CACERT HOST:PORT:ADDRESS URL...
 *
 * Fetches the URLs one after the other and writes them to stdout.
 */
#include <config.h>

#include <stdio.h>

#include <curl/curl.h>

int
main(int argc, char *argv[])
{
	struct curl_slist *resolve;
	CURLcode code = CURLE_OK;
	CURL *easy;

	if (argc < 4 || curl_global_init(CURL_GLOBAL_DEFAULT))
		return 2;
	easy = curl_easy_init();
	resolve = curl_slist_append(NULL, argv[2]);
	if (!easy || !resolve)
		return 2;
	curl_easy_setopt(easy, CURLOPT_CAINFO, argv[1]);
	/* Else the system's certificates are loaded beside these. */
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve);
	for (int i = 3; i < argc && !code; i++) {
		curl_easy_setopt(easy, CURLOPT_URL, argv[i]);
		code = curl_easy_perform(easy);
	}
	curl_easy_cleanup(easy);
	curl_slist_free_all(resolve);
	curl_global_cleanup();
	return code || fflush(stdout) ? 1 : 0;
}
