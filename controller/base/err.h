/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as values. A fallible function takes `struct err *err` last, returns true when it is done and
 * false when it failed; then err says what the caller should do (kind) and what a person should read
 * (text). A struct err lives on the caller's stack and owns nothing. err must not be NULL.
 */
#ifndef INTERLUDE_BASE_ERR_H
#define INTERLUDE_BASE_ERR_H

#include <stdbool.h>

#include "base/attrs.h"

/* X(name, word): the kind names what the caller should do about it. */
#define ERR_KINDS(X)                                                                               \
    X(ERR_NONE, "None")                 /* no error */                                             \
    X(ERR_TRANSIENT, "Transient")       /* try again later: network, 429, 5xx */                   \
    X(ERR_CONFLICT, "Conflict")         /* 409: what was read is stale; look again */              \
    X(ERR_EXISTS, "AlreadyExists")      /* 409 on create: an object of that name exists */         \
    X(ERR_NOT_FOUND, "NotFound")        /* 404 */                                                  \
    X(ERR_INVALID, "Invalid")           /* 400, 422, malformed input: waits for an edit */         \
    X(ERR_FORBIDDEN, "Forbidden")       /* 403: permission, quota, terminating namespace */        \
    X(ERR_UNAUTHORIZED, "Unauthorized") /* 401: read the credentials again */                      \
    X(ERR_GONE, "Gone")                 /* 410: a watch must start over */                         \
    X(ERR_CANCELED, "Canceled")         /* we gave it up ourselves */                              \
    X(ERR_INTERNAL, "Internal")         /* a bug, or a machine that cannot do what it must */

#define X(name, word) name,
enum err_kind { ERR_KINDS(X) ERR_KIND_MAX };
#undef X

/* A server's message with a whole admission error fits; longer text is cut and ends in "...". */
#define ERR_TEXT_MAX 1024

struct err {
    enum err_kind kind;
    char text[ERR_TEXT_MAX];
};

/* Sets kind and text. Returns false, so that a failure is one line: return err_set(err, ...). */
bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);

/* Puts "context: " before the text and keeps the kind. Returns false. */
bool err_wrap(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* The kind's word, for logs and metrics. Static. */
const char *err_kind_name(enum err_kind kind);

#endif
