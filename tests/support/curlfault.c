/*
 * curlfault.c - a library to preload, in which a call of libcurl fails.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CURLFAULT_AT is the number of the call, counted from 1 over all functions
 * below; its name is written into the file CURLFAULT_LOG.  Calls that libcurl
 * makes of its own functions count where the linker lets them through.
 */
#include <config.h>

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

/* Otherwise each of these is a macro that looks at the types. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
#undef curl_share_setopt

static bool
is_failing(const char *name)
{
	static unsigned long calls, wanted;
	const char *text = getenv("CURLFAULT_AT");
	const char *path = getenv("CURLFAULT_LOG");
	FILE *log;

	if (wanted == 0 && text != NULL)
		wanted = strtoul(text, NULL, 10);
	if (++calls != wanted || path == NULL)
		return false;
	log = fopen(path, "w");
	if (log == NULL)
		abort();
	fprintf(log, "%s\n", name);
	(void)fclose(log);
	return true;
}

/* ISO C knows no way from an object's address to a function's. */
static void
find(const char *name, void *out)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	memcpy(out, &found, sizeof(found));
}

#define STAND_IN(type, name, failure, parameters, arguments) \
	type name parameters \
	{ \
		type(*real) parameters; \
		find(#name, &real); \
		return is_failing(#name) ? (failure) : real arguments; \
	}

STAND_IN(CURLcode, curl_global_init, CURLE_FAILED_INIT, (long flags), (flags))
STAND_IN(CURL *, curl_easy_init, NULL, (void), ())
STAND_IN(char *, curl_easy_escape, NULL,
         (CURL * easy, const char *text, int len), (easy, text, len))
STAND_IN(struct curl_slist *, curl_slist_append, NULL,
         (struct curl_slist * list, const char *text), (list, text))
STAND_IN(CURLSH *, curl_share_init, NULL, (void), ())
STAND_IN(CURLM *, curl_multi_init, NULL, (void), ())
STAND_IN(CURLMcode, curl_multi_add_handle, CURLM_OUT_OF_MEMORY,
         (CURLM * multi, CURL *easy), (multi, easy))
STAND_IN(CURLU *, curl_url, NULL, (void), ())
STAND_IN(CURLUcode, curl_url_set, CURLUE_OUT_OF_MEMORY,
         (CURLU * url, CURLUPart what, const char *part, unsigned flags),
         (url, what, part, flags))
STAND_IN(curl_mime *, curl_mime_init, NULL, (CURL * easy), (easy))
STAND_IN(curl_mimepart *, curl_mime_addpart, NULL, (curl_mime * mime), (mime))
STAND_IN(CURLcode, curl_mime_name, CURLE_OUT_OF_MEMORY,
         (curl_mimepart * part, const char *text), (part, text))
STAND_IN(CURLcode, curl_mime_type, CURLE_OUT_OF_MEMORY,
         (curl_mimepart * part, const char *text), (part, text))
STAND_IN(CURLcode, curl_mime_filename, CURLE_OUT_OF_MEMORY,
         (curl_mimepart * part, const char *text), (part, text))
STAND_IN(CURLcode, curl_mime_filedata, CURLE_OUT_OF_MEMORY,
         (curl_mimepart * part, const char *text), (part, text))
STAND_IN(CURLcode, curl_mime_encoder, CURLE_OUT_OF_MEMORY,
         (curl_mimepart * part, const char *text), (part, text))
STAND_IN(CURLcode, curl_mime_data, CURLE_OUT_OF_MEMORY,
         (curl_mimepart * part, const char *text, size_t len),
         (part, text, len))
STAND_IN(CURLcode, curl_mime_subparts, CURLE_OUT_OF_MEMORY,
         (curl_mimepart * part, curl_mime *parts), (part, parts))
STAND_IN(CURLcode, curl_mime_headers, CURLE_OUT_OF_MEMORY,
         (curl_mimepart * part, struct curl_slist *list, int is_owned),
         (part, list, is_owned))

/* Its handle is const since libcurl 8: declared under a name of our own. */
CURLUcode url_get(const CURLU *url, CURLUPart what, char **part,
                  unsigned flags) __asm__("curl_url_get");

CURLUcode
url_get(const CURLU *url, CURLUPart what, char **part, unsigned flags)
{
	CURLUcode (*real)(const CURLU *, CURLUPart, char **, unsigned);

	find("curl_url_get", &real);
	return is_failing("curl_url_get") ? CURLUE_OUT_OF_MEMORY
	                                  : real(url, what, part, flags);
}

CURLcode
curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	CURLcode (*real)(CURL *, CURLoption, ...);
	bool fails = is_failing("curl_easy_setopt");
	CURLcode code = CURLE_OUT_OF_MEMORY;
	va_list args;

	find("curl_easy_setopt", &real);
	va_start(args, option);
	if (fails)
		code = CURLE_OUT_OF_MEMORY;
	else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
		code = real(easy, option, va_arg(args, curl_off_t));
	else if (option < CURLOPTTYPE_OBJECTPOINT)
		code = real(easy, option, va_arg(args, long));
	else
		code = real(easy, option, va_arg(args, void *));
	va_end(args);
	return code;
}

CURLcode
curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
	CURLcode (*real)(CURL *, CURLINFO, ...);
	bool fails = is_failing("curl_easy_getinfo");
	CURLcode code = CURLE_UNKNOWN_OPTION;
	va_list args;

	find("curl_easy_getinfo", &real);
	va_start(args, info);
	if (!fails)
		code = real(easy, info, va_arg(args, void *));
	va_end(args);
	return code;
}

CURLSHcode
curl_share_setopt(CURLSH *share, CURLSHoption option, ...)
{
	CURLSHcode (*real)(CURLSH *, CURLSHoption, ...);
	bool fails = is_failing("curl_share_setopt");
	CURLSHcode code = CURLSHE_NOMEM;
	va_list args;

	find("curl_share_setopt", &real);
	va_start(args, option);
	if (!fails && option == CURLSHOPT_SHARE)
		code = real(share, option, va_arg(args, int));
	else if (!fails)
		code = real(share, option, va_arg(args, void *));
	va_end(args);
	return code;
}
