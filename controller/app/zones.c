/* SPDX-License-Identifier: Apache-2.0 */
#include "app/zones.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"

struct zones {
    char *folder;
    struct map known; /* struct known by name */
};

struct known {
    struct arena arena;
    struct time_zone zone;
};

static const struct time_zone utc = {0};

struct zones *zones_new(const char *folder)
{
    struct zones *zones = xcalloc(1, sizeof(*zones));
    zones->folder = xstrdup(folder);
    return zones;
}

static void known_free(struct known *known)
{
    arena_fini(&known->arena);
    free(known);
}

void zones_free(struct zones *zones)
{
    if (zones == NULL) {
        return;
    }
    size_t at = 0;
    for (struct known *known; (known = map_next(&zones->known, &at, NULL)) != NULL;) {
        known_free(known);
    }
    map_fini(&zones->known);
    free(zones->folder);
    free(zones);
}

static void close_file(FILE **file)
{
    if (*file != NULL) {
        (void)fclose(*file);
    }
}

static bool refuse_open(const struct zones *zones, const char *name, int error, struct err *err)
{
    if (access(zones->folder, R_OK | X_OK) != 0) {
        return err_set(err, ERR_INTERNAL,
                       "timeZone \"%s\": the controller has no time zones in %s (%s): install "
                       "tzdata there, or leave timeZone out for UTC",
                       name, zones->folder, strerrordesc_np(errno));
    }
    if (error == ENOENT || error == ENOTDIR) {
        return err_set(err, ERR_NOT_FOUND,
                       "timeZone \"%s\" is not known: write an IANA name such as Europe/Berlin, in "
                       "the same upper and lower case, or leave it out for UTC",
                       name);
    }
    return err_set(err, ERR_INTERNAL, "timeZone \"%s\" cannot be opened: %s", name,
                   strerrordesc_np(error));
}

static bool read_zone(const struct zones *zones, const char *name, struct known *known,
                      struct err *err)
{
    CLEANUP(mem_free_text) char *path = xasprintf("%s/%s", zones->folder, name);
    CLEANUP(close_file) FILE *file = fopen(path, "re");
    if (file == NULL) {
        return refuse_open(zones, name, errno, err);
    }
    CLEANUP(mem_free_text) char *bytes = xmalloc(TIMEZONE_FILE_MAX + 1);
    size_t len = fread(bytes, 1, TIMEZONE_FILE_MAX + 1, file);
    if (ferror(file)) {
        /* A part of a name is a folder: Europe. */
        return err_set(err, errno == EISDIR ? ERR_NOT_FOUND : ERR_INTERNAL,
                       "timeZone \"%s\" cannot be read: %s", name, strerrordesc_np(errno));
    }
    return timezone_parse(&known->arena, bytes, len, &known->zone, err) ||
           err_wrap(err, "timeZone \"%s\", file %s", name, path);
}

const struct time_zone *zones_get(struct zones *zones, const char *name, struct err *err)
{
    if (name == NULL) {
        return &utc;
    }
    struct known *known = map_get(&zones->known, name);
    if (known != NULL) {
        return &known->zone;
    }
    if (!timezone_check_name(name, err)) {
        return NULL;
    }
    known = xcalloc(1, sizeof(*known));
    if (!read_zone(zones, name, known, err)) {
        known_free(known);
        return NULL;
    }
    (void)map_set(&zones->known, name, known);
    return &known->zone;
}
