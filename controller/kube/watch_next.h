/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a watch does next when one of its steps has ended. Pure: no I/O, no clock, the chance comes in.
 * kube/watch.c carries the steps out. A case's number stands in watch_next() and in its test.
 */
#ifndef INTERLUDE_KUBE_WATCH_NEXT_H
#define INTERLUDE_KUBE_WATCH_NEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/err.h"

enum watch_step {
    WATCH_STREAM, /* from nothing: the present objects and then every change, in one stream */
    WATCH_LIST,   /* from nothing: the first page of a list */
    WATCH_PAGE,   /* the list's next page */
    WATCH_RESUME, /* the changes after the last version seen */
};

enum watch_outcome {
    WATCH_PAGE_READ, /* a page that is not the last */
    WATCH_LIST_READ, /* the last page */
    WATCH_CLOSED,    /* the server ended the stream in good order */
    WATCH_REFUSED,   /* an HTTP status other than 200; kind says which */
    WATCH_ERROR,     /* an ERROR event within the stream; kind says which */
    WATCH_BROKEN,    /* a cut connection, no connection, or silence */
    WATCH_GARBLED,   /* what came cannot be read */
};

struct watch_end {
    enum watch_step step;
    enum watch_outcome outcome;
    enum err_kind kind;      /* of WATCH_REFUSED and WATCH_ERROR */
    bool has_version;        /* all objects have been seen up to a version to resume from */
    bool is_steady;          /* the stream lived long enough to be no part of a row of failures */
    bool is_streaming_known; /* the server has not refused a streaming list */
    bool has_hurried;        /* a 410 or 401 was followed at once, and no stream was steady since */
    unsigned failures;       /* in a row, before this */
    int64_t retry_after_ms;  /* the server's wish; 0: none */
    uint32_t chance;
};

struct watch_plan {
    enum watch_step step;
    int64_t delay_ms;
    unsigned failures;         /* in a row, with this */
    bool has_hurried;          /* for the next end */
    bool is_error;             /* worth telling */
    bool is_streaming_refused; /* worth remembering for all watches */
};

struct watch_plan watch_next(const struct watch_end *end, const struct backoff_policy *policy);

#endif
