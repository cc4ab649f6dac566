/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/status.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* As much of a body that is no Status as a person wants to see. */
#define SHOWN_CHARS 200

enum err_kind kube_status_kind(int code, const char *reason)
{
    switch (code) {
    case 401:
        return ERR_UNAUTHORIZED;
    case 403:
        return ERR_FORBIDDEN;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return str_eq(reason, "AlreadyExists") ? ERR_EXISTS : ERR_CONFLICT;
    case 410:
        return ERR_GONE;
    case 408:
    case 425:
    case 429:
        return ERR_TRANSIENT;
    default:
        return code >= 400 && code < 500 ? ERR_INVALID : ERR_TRANSIENT;
    }
}

/* The first characters of any bytes, made printable and on one line. */
static void show(const char *body, size_t len, char text[SHOWN_CHARS + 1])
{
    size_t used = 0;
    for (size_t i = 0; i < len && used < SHOWN_CHARS; i++) {
        unsigned char c = (unsigned char)body[i];
        bool is_blank = c <= 0x20 || c == 0x7f;
        if (is_blank && (used == 0 || text[used - 1] == ' ')) {
            continue;
        }
        text[used++] = (char)(is_blank ? ' ' : (c < 0x80 ? c : '?'));
    }
    text[used] = '\0';
}

static int64_t clamp_wait_ms(int64_t seconds)
{
    if (seconds <= 0) {
        return 0;
    }
    return seconds > STATUS_RETRY_AFTER_MAX_MS / 1000 ? STATUS_RETRY_AFTER_MAX_MS : seconds * 1000;
}

/* Fills everything but the code; false when the object is no Status of a failure. */
static bool read_status(const json_t *object, int code, struct kube_status *status)
{
    const char *kind = json_string_value(json_object_get(object, "kind"));
    if (!str_eq(kind, "Status")) {
        return false;
    }
    const char *reason = str_or_empty(json_string_value(json_object_get(object, "reason")));
    const char *message = str_or_empty(json_string_value(json_object_get(object, "message")));
    const json_t *details = json_object_get(object, "details");
    json_int_t seconds = json_integer_value(json_object_get(details, "retryAfterSeconds"));

    (void)snprintf(status->reason, sizeof(status->reason), "%s", reason);
    if (message[0] != '\0') {
        err_set(&status->err, kube_status_kind(code, reason), "%s", message);
    } else {
        err_set(&status->err, kube_status_kind(code, reason), "HTTP status %d %s", code, reason);
    }
    status->retry_after_ms = clamp_wait_ms(seconds);
    return true;
}

void kube_status_decode(int code, const char *body, size_t len, struct kube_status *ret_status)
{
    *ret_status = (struct kube_status){.code = code};
    json_auto_t *object = json_loadb(body, len, JSON_ALLOW_NUL, NULL);
    if (object != NULL && read_status(object, code, ret_status)) {
        return;
    }
    char shown[SHOWN_CHARS + 1];
    show(body, len, shown);
    err_set(&ret_status->err, kube_status_kind(code, NULL), "HTTP status %d%s%s", code,
            shown[0] == '\0' ? "" : ": ", shown);
}

void kube_status_from_object(const json_t *object, struct kube_status *ret_status)
{
    json_int_t code = json_integer_value(json_object_get(object, "code"));
    *ret_status = (struct kube_status){.code = code >= 100 && code < 600 ? (int)code : 500};
    if (!read_status(object, ret_status->code, ret_status)) {
        ret_status->code = 0;
        err_set(&ret_status->err, ERR_INVALID, "the server sent an error that is no Status");
    }
}

int64_t kube_status_retry_after_ms(const char *value, int64_t now_s)
{
    uint64_t seconds = 0;
    if (str_is_empty(value)) {
        return 0;
    }
    if (str_parse_u64(value, &seconds)) {
        return clamp_wait_ms(seconds > INT32_MAX ? INT32_MAX : (int64_t)seconds);
    }
    int64_t at_s = (int64_t)curl_getdate(value, NULL);
    return at_s < 0 ? 0 : clamp_wait_ms(at_s - now_s);
}
