# SPDX-License-Identifier: LGPL-2.1-or-later

# PS_APPEND_FLAG(VARIABLE, FLAG) - append FLAG if the compiler takes it.
AC_DEFUN([PS_APPEND_FLAG], [
  AS_VAR_PUSHDEF([cache], [ps_cv_flag_][$2])
  AC_CACHE_CHECK([whether $CC takes ][$2], [cache], [
    ps_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror m4_quote($2)"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
    CFLAGS=$ps_save_CFLAGS])
  AS_VAR_IF([cache], [yes], [AS_VAR_APPEND([$1], [" ][$2]["])])
  AS_VAR_POPDEF([cache])
])

# PS_COMPILER_FLAGS - the language, the warnings and the hardening, into
# PS_CFLAGS and PS_LDFLAGS.
AC_DEFUN([PS_COMPILER_FLAGS], [
  PS_CFLAGS=-std=c11
  m4_foreach_w([flag], [
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    -Wformat=2 -Wvla -Wswitch-enum -Wcast-qual -Wwrite-strings -Wundef
    -Wconversion -Wsign-conversion -Wpointer-arith -Wnull-dereference
    -Wdouble-promotion -Wimplicit-fallthrough -Wduplicated-cond -Wlogical-op
    -Wtrampolines -Wbidi-chars=any -Walloca
    -fno-strict-aliasing -fno-strict-overflow
    -fno-delete-null-pointer-checks -fno-semantic-interposition],
    [PS_APPEND_FLAG([PS_CFLAGS], m4_quote(flag))])
  AS_IF([test "x$enable_werror" = xyes], [PS_CFLAGS="$PS_CFLAGS -Werror"])
  AS_IF([test "x$enable_sanitizers" = xno], [
    m4_foreach_w([flag], [
      -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
      -ftrivial-auto-var-init=zero],
      [PS_APPEND_FLAG([PS_CFLAGS], m4_quote(flag))])
    AS_CASE([" $CFLAGS $CPPFLAGS "],
      [*_FORTIFY_SOURCE*], [],
      [*" -O0 "*], [],
      [PS_CFLAGS="$PS_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"])
  ])
  PS_LDFLAGS=
  m4_foreach_w([flag], [
    -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code
    -Wl,--as-needed],
    [PS_APPEND_FLAG([PS_LDFLAGS], m4_quote(flag))])
  AC_SUBST([PS_CFLAGS])
  AC_SUBST([PS_LDFLAGS])
])

# PS_SANITIZERS - those of --enable-sanitizers, into PS_CFLAGS and PS_LDFLAGS.
AC_DEFUN([PS_SANITIZERS], [
  AS_IF([test "x$enable_sanitizers" != xno], [
    ps_sanitize="-fsanitize=$enable_sanitizers -fno-sanitize-recover=all"
    ps_sanitize="$ps_sanitize -fno-omit-frame-pointer -g"
    ps_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS $ps_sanitize"
    AC_MSG_CHECKING([whether $CC links with $ps_sanitize])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])],
      [AC_MSG_RESULT([no])
       AC_MSG_ERROR([$CC cannot build with --enable-sanitizers=$enable_sanitizers])])
    CFLAGS=$ps_save_CFLAGS
    PS_CFLAGS="$PS_CFLAGS $ps_sanitize"
    PS_LDFLAGS="$PS_LDFLAGS -fsanitize=$enable_sanitizers"
  ])
  AC_SUBST([PS_SANITIZERS], [$enable_sanitizers])
  AM_CONDITIONAL([SANITIZED], [test "x$enable_sanitizers" != xno])
  AM_CONDITIONAL([SANITIZED_THREAD],
    [AS_CASE([",$enable_sanitizers,"], [*,thread,*], [:], [false])])
])
