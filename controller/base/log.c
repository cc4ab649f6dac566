/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

#define RECORD_MAX_BYTES ((size_t)16 * 1024)

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

/* The process's one logger: set once at start-up, read by every record. */
static enum log_level least_level = LOG_INFO;
static enum log_format record_format = LOG_LOGFMT;

void log_setup(enum log_level level, enum log_format format)
{
    least_level = level;
    record_format = format;
}

bool log_is_on(enum log_level level)
{
    return level >= least_level;
}

/* The inside of a JSON string; logfmt uses the same escapes. A full buffer cuts the record. */
static void add_escaped(struct buf *buf, const char *text)
{
    bool fits = true;
    for (const char *at = text; *at != '\0' && fits; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\') {
            fits = buf_printf(buf, "\\%c", c);
        } else if (c == '\n') {
            fits = buf_append_text(buf, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            fits = buf_printf(buf, "\\u%04x", c);
        } else {
            fits = buf_append(buf, at, 1);
        }
    }
}

/* What logfmt may show without quotes. */
static bool is_plain_word(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c <= ' ' || c == 0x7f || c == '=' || c == '"' || c == '\\') {
            return false;
        }
    }
    return text[0] != '\0';
}

/* A record that is too long is cut, never lost: the end of a text that has begun always fits. */
static void add_text(struct buf *buf, const char *key, const char *text)
{
    bool json = record_format == LOG_JSON;
    bool bare = !json && is_plain_word(text);
    const char *before = json ? (buf->len > 1 ? ",\"" : "\"") : (buf->len > 0 ? " " : "");
    if (!buf_printf(buf, "%s%s%s%s", before, key, json ? "\":" : "=", bare ? "" : "\"")) {
        return;
    }
    add_escaped(buf, text);
    buf->max += 1;
    bool fits = bare || buf_append_text(buf, "\"");
    (void)fits;
}

static void add_field(struct buf *buf, const struct log_field *field)
{
    if (field->text != NULL) {
        add_text(buf, field->key, field->text);
        return;
    }
    bool json = record_format == LOG_JSON;
    bool fits =
        buf_printf(buf, json ? ",\"%s\":%" PRId64 : " %s=%" PRId64, field->key, field->number);
    (void)fits;
}

static void add_time(struct buf *buf)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc = {0};
    (void)gmtime_r(&now.tv_sec, &utc);
    char seconds[32];
    char text[48];
    (void)strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text, sizeof(text), "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
    add_text(buf, "time", text);
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields, size_t count)
{
    if (!log_is_on(level)) {
        return;
    }
    struct buf buf;
    buf_init(&buf, RECORD_MAX_BYTES);
    bool json = record_format == LOG_JSON;
    bool fits = !json || buf_append_text(&buf, "{");
    add_time(&buf);
    add_text(&buf, "level", level_names[level]);
    add_text(&buf, "msg", msg);
    for (size_t i = 0; i < count; i++) {
        add_field(&buf, &fields[i]);
    }
    /* One write for the whole line, so that two processes never mix within one. */
    buf.max += sizeof("}\n");
    fits = fits && buf_append_text(&buf, json ? "}\n" : "\n");
    ssize_t written = fits ? write(STDERR_FILENO, buf.data, buf.len) : 0;
    (void)written; /* there is nowhere left to say that the log cannot be written */
    buf_fini(&buf);
}
