/*
 * faultload.c - one allocation, or one call, of a running program fails.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * To be preloaded.  What fails is told by the environment:
 *
 *   FAULT_OF      whose allocations: ours, gnutls, lmdb, idn2 or curl, each
 *                 with the libraries it alone brings along; or the name of a
 *                 function of GnuTLS that our code calls
 *   FAULT_AT      the how manieth of them; 0: none, they are only counted
 *   FAULT_CODE    what a function returns then
 *   FAULT_REPORT  a file, to which lines are added:
 *                   failed LIBRARY SYMBOL   who met the failure
 *                   crash LIBRARY SYMBOL    who died of a signal
 *                   count N                 how many there were
 *
 * Whose an allocation is tells its return address.  A crash in the C library
 * is its caller's.  SYMBOL is an exported one: that of the function, or of the
 * one that has called it, directly or not.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/ocsp.h>
#include <gnutls/pkcs12.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>

#define RANGES_MAX 128
#define FRAMES_MAX 64

/* The C library's own, under the names by which it can be had at any time. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t border, size_t size);
/* What calls become that are built with _FORTIFY_SOURCE. */
int __vasprintf_chk(char **out, int flag, const char *format, va_list args)
        __attribute__((format(printf, 3, 0)));
int __asprintf_chk(char **out, int flag, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

struct range {
	uintptr_t from, to;
};

static struct range ranges[RANGES_MAX];
static size_t n_ranges;
static atomic_long n_calls;
static long fault_at;
static long fault_code;
static atomic_bool is_over;
static bool is_call;
static const char *fault_of;
static const char *report_path;

/* ------------------------------------------------------------------ reports */

static const char *
base_name(const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	if (slash != NULL)
		return slash + 1;
	return path != NULL && *path != '\0' ? path : "-";
}

/* No allocation here, and nothing that a signal handler may not do. */
static void
report(const char *word, const char *a, const char *b)
{
	const char *const parts[] = {word, " ", a, " ", b, "\n"};
	char line[256];
	size_t len = 0, i, n;
	int fd;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		n = strlen(parts[i]);
		if (n > sizeof(line) - len)
			n = sizeof(line) - len;
		memcpy(line + len, parts[i], n);
		len += n;
	}
	if (report_path == NULL)
		return;
	fd = open(report_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, line, len) != (ssize_t)len)
		_exit(99);
	(void)close(fd);
}

static bool
is_passed_over(const char *library)
{
	return strncmp(library, "libc.so", 7) == 0 ||
	       strncmp(library, "ld-linux", 8) == 0 ||
	       strncmp(library, "libfaultload", 12) == 0;
}

/*
 * The library is that of the first frame that is neither ours here nor the C
 * library's; the symbol, of that frame or of the first one above that has any.
 */
static void
report_frames(const char *word)
{
	void *frames[FRAMES_MAX];
	const char *library = NULL, *symbol = NULL;
	int n = backtrace(frames, FRAMES_MAX), i;
	Dl_info info;

	for (i = 0; i < n && symbol == NULL; i++) {
		/* A call that does not return is the end of a function. */
		if (dladdr((char *)frames[i] - 1, &info) == 0)
			continue;
		if (library == NULL &&
		    is_passed_over(base_name(info.dli_fname)))
			continue;
		if (library == NULL)
			library = base_name(info.dli_fname);
		symbol = info.dli_sname;
	}
	report(word, library != NULL ? library : "-",
	       symbol != NULL ? symbol : "-");
}

static void
on_crash(int number)
{
	report_frames("crash");
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* -------------------------------------------------------------- whose it is */

static bool
is_wanted(const char *library, const char *of)
{
	static const struct {
		const char *of;
		const char *library;
	} table[] = {
		{"ours", "libpinstore"},     {"gnutls", "libgnutls."},
		{"gnutls", "libnettle."},    {"gnutls", "libhogweed."},
		{"gnutls", "libgmp."},       {"gnutls", "libtasn1."},
		{"gnutls", "libp11-kit."},   {"lmdb", "liblmdb."},
		{"idn2", "libidn2."},        {"idn2", "libunistring."},
		{"curl", "libcurl-gnutls."}, {"curl", "libnghttp2."},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].of, of) == 0 &&
		    strncmp(library, table[i].library,
		            strlen(table[i].library)) == 0)
			return true;
	return false;
}

static int
add_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *of = arg;
	bool is_program = info->dlpi_name == NULL || *info->dlpi_name == '\0';
	size_t i;

	(void)size;
	if (is_program ? strcmp(of, "ours") != 0
	               : !is_wanted(base_name(info->dlpi_name), of))
		return 0;
	for (i = 0; i < info->dlpi_phnum && n_ranges < RANGES_MAX; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type != PT_LOAD || (header->p_flags & PF_X) == 0)
			continue;
		ranges[n_ranges].from = info->dlpi_addr + header->p_vaddr;
		ranges[n_ranges].to =
		        ranges[n_ranges].from + header->p_memsz;
		n_ranges++;
	}
	/* The first object is the program, which has no name. */
	return 0;
}

/* A decimal number, with a sign or without. */
static long
number_of(const char *name)
{
	const char *text = getenv(name);
	bool is_negative = text != NULL && *text == '-';
	long number = 0;

	if (is_negative)
		text++;
	while (text != NULL && *text >= '0' && *text <= '9' && number < 1000000)
		number = number * 10 + (*text++ - '0');
	return is_negative ? -number : number;
}

/* At the first allocation: libraries allocate before constructors here run. */
static void
start(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	static bool is_started;
	struct sigaction action;
	size_t i;

	if (is_started)
		return;
	is_started = true;
	fault_of = getenv("FAULT_OF");
	if (fault_of == NULL)
		return;
	fault_at = number_of("FAULT_AT");
	fault_code = number_of("FAULT_CODE");
	report_path = getenv("FAULT_REPORT");
	is_call = strncmp(fault_of, "gnutls_", 7) == 0;
	(void)dl_iterate_phdr(add_object,
	                      (void *)(uintptr_t)(is_call ? "ours" : fault_of));
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_crash;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &action, NULL);
}

/* The unwinder is loaded while there is memory. */
static void __attribute__((constructor))
prepare(void)
{
	void *frames[4];

	start();
	if (fault_of != NULL)
		(void)backtrace(frames, 4);
}

static void __attribute__((destructor))
finish(void)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%ld", atomic_load(&n_calls));
	if (fault_of != NULL)
		report("count", number, "-");
}

static bool
is_counted(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;
	size_t i;

	for (i = 0; i < n_ranges; i++)
		if (at >= ranges[i].from && at < ranges[i].to)
			return true;
	return false;
}

static void
stop(void)
{
	atomic_store(&is_over, true);
}

/*
 * What gcov allocates at the end, to write its counts, is not the program's;
 * it comes after what main() and those below it have registered.
 */
static bool
has_its_turn(void)
{
	long n;

	if (atomic_load(&is_over))
		return false;
	n = atomic_fetch_add(&n_calls, 1) + 1;
	if (n == 1 && getenv("GCOV_ERROR_FILE") != NULL)
		(void)atexit(stop);
	if (n != fault_at)
		return false;
	report_frames("failed");
	return true;
}

static bool
fails(const void *caller)
{
	start();
	if (fault_of == NULL || is_call || !is_counted(caller) ||
	    !has_its_turn())
		return false;
	errno = ENOMEM;
	return true;
}

/* -------------------------------------------------------------- allocations */

#define CALLER __builtin_return_address(0)

void *
malloc(size_t size)
{
	return fails(CALLER) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails(CALLER) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	return fails(CALLER) ? NULL : __libc_realloc(old, size);
}

void *
reallocarray(void *old, size_t n, size_t size)
{
	size_t total;

	if (fails(CALLER))
		return NULL;
	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(old, total);
}

void *
memalign(size_t border, size_t size)
{
	return fails(CALLER) ? NULL : __libc_memalign(border, size);
}

void *
aligned_alloc(size_t border, size_t size)
{
	return fails(CALLER) ? NULL : __libc_memalign(border, size);
}

int
posix_memalign(void **out, size_t border, size_t size)
{
	void *at = fails(CALLER) ? NULL : __libc_memalign(border, size);

	if (at == NULL)
		return ENOMEM;
	*out = at;
	return 0;
}

static char *
copy(const char *text, size_t len)
{
	char *out = __libc_malloc(len + 1);

	if (out == NULL)
		return NULL;
	memcpy(out, text, len);
	out[len] = '\0';
	return out;
}

char *
strdup(const char *text)
{
	return fails(CALLER) ? NULL : copy(text, strlen(text));
}

char *
strndup(const char *text, size_t len)
{
	return fails(CALLER) ? NULL : copy(text, strnlen(text, len));
}

static int __attribute__((format(printf, 2, 0)))
format_into(char **out, const char *format, va_list args)
{
	va_list again;
	int len;

	*out = NULL;
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		return -1;
	*out = __libc_malloc((size_t)len + 1);
	if (*out == NULL)
		return -1;
	return vsnprintf(*out, (size_t)len + 1, format, args);
}

int
vasprintf(char **out, const char *format, va_list args)
{
	return fails(CALLER) ? -1 : format_into(out, format, args);
}

int
__vasprintf_chk(char **out, int flag, const char *format, va_list args)
{
	(void)flag;
	return fails(CALLER) ? -1 : format_into(out, format, args);
}

int
asprintf(char **out, const char *format, ...)
{
	va_list args;
	int len;

	if (fails(CALLER))
		return -1;
	va_start(args, format);
	len = format_into(out, format, args);
	va_end(args);
	return len;
}

int
__asprintf_chk(char **out, int flag, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	if (fails(CALLER))
		return -1;
	va_start(args, format);
	len = format_into(out, format, args);
	va_end(args);
	return len;
}

/* ------------------------------------------------- calls of the tools' own */

static void *
real(const char *name)
{
	void *at = dlsym(RTLD_NEXT, name);

	if (at == NULL)
		abort();
	return at;
}

static bool
call_fails(const char *name, const void *caller)
{
	start();
	return fault_of != NULL && is_call && strcmp(fault_of, name) == 0 &&
	       is_counted(caller) && has_its_turn();
}

#define CALL_OF(type, name, parameters, arguments) \
	type name parameters \
	{ \
		type(*call) parameters; \
		void *at; \
\
		if (call_fails(#name, CALLER)) \
			return (type)fault_code; \
		at = real(#name); \
		memcpy(&call, &at, sizeof(call)); \
		return call arguments; \
	}
#define CALL(name, parameters, arguments) \
	CALL_OF(int, name, parameters, arguments)

CALL(gnutls_certificate_allocate_credentials,
     (gnutls_certificate_credentials_t *out), (out))
CALL(gnutls_certificate_set_x509_system_trust,
     (gnutls_certificate_credentials_t credentials), (credentials))
CALL(gnutls_certificate_set_x509_trust_file,
     (gnutls_certificate_credentials_t credentials, const char *file,
      gnutls_x509_crt_fmt_t format), (credentials, file, format))
CALL(gnutls_credentials_set,
     (gnutls_session_t session, gnutls_credentials_type_t type, void *what),
     (session, type, what))
CALL(gnutls_handshake, (gnutls_session_t session), (session))
CALL(gnutls_init, (gnutls_session_t *out, unsigned flags), (out, flags))
CALL(gnutls_ocsp_resp_get_single,
     (gnutls_ocsp_resp_const_t answer, unsigned i,
      gnutls_digest_algorithm_t *digest, gnutls_datum_t *name,
      gnutls_datum_t *key, gnutls_datum_t *serial, unsigned *status,
      time_t *from, time_t *until, time_t *revoked, unsigned *reason),
     (answer, i, digest, name, key, serial, status, from, until, revoked,
      reason))
CALL(gnutls_ocsp_resp_import,
     (gnutls_ocsp_resp_t answer, const gnutls_datum_t *data), (answer, data))
CALL(gnutls_ocsp_resp_init, (gnutls_ocsp_resp_t *out), (out))
CALL(gnutls_ocsp_status_request_get,
     (gnutls_session_t session, gnutls_datum_t *out), (session, out))
CALL_OF(unsigned, gnutls_ocsp_status_request_is_checked,
        (gnutls_session_t session, unsigned flags), (session, flags))
CALL(gnutls_priority_set_direct,
     (gnutls_session_t session, const char *text, const char **error),
     (session, text, error))
CALL_OF(gnutls_protocol_t, gnutls_protocol_get_version,
        (gnutls_session_t session), (session))
CALL_OF(ssize_t, gnutls_record_recv,
        (gnutls_session_t session, void *out, size_t len), (session, out, len))
CALL_OF(ssize_t, gnutls_record_send,
        (gnutls_session_t session, const void *data, size_t len),
        (session, data, len))
CALL(gnutls_server_name_set,
     (gnutls_session_t session, gnutls_server_name_type_t type,
      const void *name, size_t len), (session, type, name, len))
CALL(gnutls_session_get_data2, (gnutls_session_t session, gnutls_datum_t *out),
     (session, out))
CALL_OF(unsigned, gnutls_session_get_flags, (gnutls_session_t session),
        (session))
CALL(gnutls_session_get_id2, (gnutls_session_t session, gnutls_datum_t *out),
     (session, out))
CALL(gnutls_session_is_resumed, (gnutls_session_t session), (session))
CALL(gnutls_session_set_data,
     (gnutls_session_t session, const void *data, size_t len),
     (session, data, len))
CALL(gnutls_certificate_verification_status_print,
     (unsigned output, gnutls_certificate_type_t type, gnutls_datum_t *out,
      unsigned flags), (output, type, out, flags))
CALL(gnutls_pem_base64_decode2,
     (const char *label, const gnutls_datum_t *text, gnutls_datum_t *out),
     (label, text, out))
CALL(gnutls_pkcs12_bag_decrypt,
     (gnutls_pkcs12_bag_t bag, const char *password), (bag, password))
CALL(gnutls_pkcs12_bag_get_count, (gnutls_pkcs12_bag_t bag), (bag))
CALL(gnutls_pkcs12_bag_get_data,
     (gnutls_pkcs12_bag_t bag, unsigned i, gnutls_datum_t *out), (bag, i, out))
CALL(gnutls_pkcs12_bag_get_type, (gnutls_pkcs12_bag_t bag, unsigned i),
     (bag, i))
CALL(gnutls_pkcs12_bag_init, (gnutls_pkcs12_bag_t *out), (out))
CALL(gnutls_pkcs12_get_bag,
     (gnutls_pkcs12_t box, int i, gnutls_pkcs12_bag_t bag), (box, i, bag))
CALL(gnutls_pkcs12_import,
     (gnutls_pkcs12_t box, const gnutls_datum_t *data,
      gnutls_x509_crt_fmt_t format, unsigned flags), (box, data, format, flags))
CALL(gnutls_pkcs12_init, (gnutls_pkcs12_t *out), (out))
CALL(gnutls_pkcs7_get_crt_count, (gnutls_pkcs7_t box), (box))
CALL(gnutls_pkcs7_get_crt_raw2,
     (gnutls_pkcs7_t box, unsigned i, gnutls_datum_t *out), (box, i, out))
CALL(gnutls_pkcs7_import,
     (gnutls_pkcs7_t box, const gnutls_datum_t *data,
      gnutls_x509_crt_fmt_t format), (box, data, format))
CALL(gnutls_pkcs7_init, (gnutls_pkcs7_t *out), (out))
CALL(gnutls_privkey_import_x509,
     (gnutls_privkey_t key, gnutls_x509_privkey_t from, unsigned flags),
     (key, from, flags))
CALL(gnutls_privkey_init, (gnutls_privkey_t *out), (out))
CALL(gnutls_pubkey_export2,
     (gnutls_pubkey_t key, gnutls_x509_crt_fmt_t format, gnutls_datum_t *out),
     (key, format, out))
CALL(gnutls_pubkey_import_privkey,
     (gnutls_pubkey_t key, gnutls_privkey_t from, unsigned usage,
      unsigned flags), (key, from, usage, flags))
CALL(gnutls_pubkey_init, (gnutls_pubkey_t *out), (out))
CALL(gnutls_x509_crq_get_dn3,
     (gnutls_x509_crq_t request, gnutls_datum_t *out, unsigned flags),
     (request, out, flags))
CALL(gnutls_x509_crq_import,
     (gnutls_x509_crq_t request, const gnutls_datum_t *data,
      gnutls_x509_crt_fmt_t format), (request, data, format))
CALL(gnutls_x509_crq_init, (gnutls_x509_crq_t *out), (out))
CALL_OF(unsigned, gnutls_x509_crt_check_hostname,
        (gnutls_x509_crt_t crt, const char *host), (crt, host))
CALL(gnutls_x509_crt_get_ca_status,
     (gnutls_x509_crt_t crt, unsigned *critical), (crt, critical))
CALL(gnutls_x509_crt_get_subject_alt_name,
     (gnutls_x509_crt_t crt, unsigned i, void *out, size_t *len,
      unsigned *critical), (crt, i, out, len, critical))
CALL(gnutls_x509_trust_list_add_system_trust,
     (gnutls_x509_trust_list_t list, unsigned flags, unsigned more),
     (list, flags, more))
CALL(gnutls_x509_trust_list_add_trust_file,
     (gnutls_x509_trust_list_t list, const char *cas, const char *crls,
      gnutls_x509_crt_fmt_t format, unsigned flags, unsigned more),
     (list, cas, crls, format, flags, more))
CALL(gnutls_x509_trust_list_init,
     (gnutls_x509_trust_list_t *out, unsigned size), (out, size))
CALL_OF(time_t, gnutls_x509_crt_get_activation_time, (gnutls_x509_crt_t crt),
        (crt))
CALL_OF(time_t, gnutls_x509_crt_get_expiration_time, (gnutls_x509_crt_t crt),
        (crt))
CALL(gnutls_x509_crt_get_issuer_dn3,
     (gnutls_x509_crt_t crt, gnutls_datum_t *out, unsigned flags),
     (crt, out, flags))
CALL(gnutls_x509_crt_get_pk_algorithm,
     (gnutls_x509_crt_t crt, unsigned *bits), (crt, bits))
CALL(gnutls_x509_crt_get_dn3,
     (gnutls_x509_crt_t crt, gnutls_datum_t *out, unsigned flags),
     (crt, out, flags))
CALL(gnutls_x509_crt_get_dn_by_oid,
     (gnutls_x509_crt_t crt, const char *oid, unsigned i, unsigned raw,
      void *out, size_t *len), (crt, oid, i, raw, out, len))
CALL(gnutls_x509_crt_import,
     (gnutls_x509_crt_t crt, const gnutls_datum_t *data,
      gnutls_x509_crt_fmt_t format), (crt, data, format))
CALL(gnutls_x509_crt_init, (gnutls_x509_crt_t *out), (out))
CALL(gnutls_x509_privkey_import2,
     (gnutls_x509_privkey_t key, const gnutls_datum_t *data,
      gnutls_x509_crt_fmt_t format, const char *password, unsigned flags),
     (key, data, format, password, flags))
CALL(gnutls_x509_privkey_init, (gnutls_x509_privkey_t *out), (out))

/* No list. */
const gnutls_datum_t *
gnutls_certificate_get_peers(gnutls_session_t session, unsigned *n)
{
	const gnutls_datum_t *(*call)(gnutls_session_t session, unsigned *n);
	void *at;

	if (call_fails("gnutls_certificate_get_peers", CALLER))
		return NULL;
	at = real("gnutls_certificate_get_peers");
	memcpy(&call, &at, sizeof(call));
	return call(session, n);
}

/* It has no error to return: what it was to fill stays as it was. */
void
gnutls_session_get_random(gnutls_session_t session, gnutls_datum_t *client,
                          gnutls_datum_t *server)
{
	void (*call)(gnutls_session_t session, gnutls_datum_t *client,
	             gnutls_datum_t *server);
	void *at;

	if (call_fails("gnutls_session_get_random", CALLER))
		return;
	at = real("gnutls_session_get_random");
	memcpy(&call, &at, sizeof(call));
	call(session, client, server);
}
