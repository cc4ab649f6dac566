/* SPDX-License-Identifier: Apache-2.0 */
/* What a Database's status tells of its schema: where it stands, and who brought it there. Pure. */
#ifndef INTERLUDE_DOMAIN_LEDGER_H
#define INTERLUDE_DOMAIN_LEDGER_H

#include <stdbool.h>

#include "domain/types.h"

/* True when `passed`, or the baseline of a database without a ledger, has the version. */
bool ledger_has(const struct database *database, const char *version);

/* Where the ledger stands; NULL: empty. */
const char *ledger_version(const struct database *database);

/* The entry by which this migration with this spec brought the database to toVersion; NULL: none. */
const struct passage *ledger_passage(const struct database *database,
                                     const struct migration *migration);

#endif
