/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones for tests: TZif files as zic writes them, made in memory, so that no test depends on the machine's. */
#ifndef INTERLUDE_TESTS_ZONE_FILES_H
#define INTERLUDE_TESTS_ZONE_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/timezone.h"

#define ZONE_FILE_MAX 1024 /* bytes */

struct zone_file {
    const char *name;
    const char *footer;
    int32_t first_east_s;
    struct zone_change changes[4]; /* those with at_s != 0 count */
};

/* Version 2, with a first block that is empty. Returns how many bytes it wrote. */
size_t zone_file_write(const struct zone_file *file, unsigned char bytes[ZONE_FILE_MAX]);

/*
 * One of the zones that are known here, read from such a file; the changes live in the arena. Fails the test when
 * there is none of that name.
 */
struct time_zone zone_named(struct arena *arena, const char *name);

/* An instant by its timestamp. Fails the test when it is none. */
int64_t instant_of(const char *timestamp);

#endif
