/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define FIRST_ROOM_BYTES ((size_t)4096)

void secret_free(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
}

void secret_free_text(char **text)
{
    secret_free(*text);
    *text = NULL;
}

/* Drops the const of jansson's accessor, which is a promise about a value that lives on. */
static void wipe_string(const json_t *value)
{
    const char *text = json_string_value(value);
    char *writable = NULL;
    memcpy(&writable, &text, sizeof(writable));
    explicit_bzero(writable, json_string_length(value));
}

/* The members of a container go on the list of those still to be seen: no recursion. */
static void push_members(json_t *list, json_t *value)
{
    const char *key = NULL;
    json_t *member = NULL;
    size_t i = 0;
    json_object_foreach(value, key, member)
    {
        (void)json_array_append(list, member);
    }
    json_array_foreach(value, i, member)
    {
        (void)json_array_append(list, member);
    }
}

void secret_free_json(json_t **value)
{
    if (*value == NULL) {
        return;
    }
    json_auto_t *list = json_array();
    (void)json_array_append(list, *value);
    while (json_array_size(list) > 0) {
        size_t last = json_array_size(list) - 1;
        json_auto_t *one = json_incref(json_array_get(list, last));
        (void)json_array_remove(list, last);
        if (json_is_string(one)) {
            wipe_string(one);
        } else {
            push_members(list, one);
        }
    }
    json_decref(*value);
    *value = NULL;
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* Twice the room; the old copy is overwritten, which realloc would not do. */
static char *grow(char *text, size_t len, size_t room)
{
    char *larger = xmalloc(room + 1);
    memcpy(larger, text, len);
    explicit_bzero(text, len);
    free(text);
    return larger;
}

/* For a text that is not terminated yet. */
static void discard(char *text, size_t len)
{
    text[len] = '\0';
    explicit_bzero(text, len);
    free(text);
}

bool secret_read_file(const char *path, size_t max, char **ret_text, size_t *ret_len,
                      struct err *err)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INVALID, "cannot open %s: %s",
                       path, strerrordesc_np(errno));
    }
    size_t room = FIRST_ROOM_BYTES;
    size_t len = 0;
    char *text = xmalloc(room + 1);
    while (true) {
        ssize_t count = read(fd, text + len, room - len);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            discard(text, len);
            return err_set(err, ERR_INVALID, "cannot read %s: %s", path, strerrordesc_np(errno));
        }
        if (count == 0) {
            break;
        }
        len += (size_t)count;
        if (len > max) {
            discard(text, len);
            return err_set(err, ERR_INVALID, "%s is larger than the %zu bytes that are read", path,
                           max);
        }
        if (len == room) {
            room *= 2;
            text = grow(text, len, room);
        }
    }
    text[len] = '\0';
    if (strlen(text) != len) {
        discard(text, len);
        return err_set(err, ERR_INVALID, "%s holds a NUL byte: it is not text", path);
    }
    *ret_text = text;
    *ret_len = len;
    return true;
}
