/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time zones of the machine, or of the image: TZif files in a folder, from package tzdata. A zone is read
 * when it is first asked for and kept as long as the process lives: a newer tzdata comes with a newer image.
 */
#ifndef INTERLUDE_APP_ZONES_H
#define INTERLUDE_APP_ZONES_H

#include "base/attrs.h"
#include "base/err.h"
#include "domain/timezone.h"

#define ZONES_FOLDER "/usr/share/zoneinfo"

struct zones;

/* The folder is copied. */
struct zones *zones_new(const char *folder) MUST_CHECK;
void zones_free(struct zones *zones);

/*
 * The zone of that name, borrowed until zones_free(); NULL is UTC, which needs no file. NULL with an error
 * that names the zone and the remedy: INVALID for a name or a file that is none, NOT_FOUND for an unknown zone,
 * INTERNAL when the folder itself cannot be read. A zone that failed is looked for again. Blocks on a small file.
 */
const struct time_zone *zones_get(struct zones *zones, const char *name,
                                  struct err *err) MUST_CHECK;

#endif
