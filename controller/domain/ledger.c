/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/ledger.h"

#include "base/str.h"
#include "domain/tenancy.h"

const char *ledger_version(const struct database *database)
{
    if (database == NULL) {
        return NULL;
    }
    return database->version != NULL ? database->version : database->baseline;
}

bool ledger_has(const struct database *database, const char *version)
{
    if (database == NULL) {
        return false;
    }
    for (size_t i = 0; i < database->passed_count; i++) {
        if (str_eq(database->passed[i], version)) {
            return true;
        }
    }
    return database->version == NULL && str_eq(database->baseline, version);
}

const struct passage *ledger_passage(const struct database *database,
                                     const struct migration *migration)
{
    for (size_t i = 0; database != NULL && i < database->history_count; i++) {
        const struct passage *passage = &database->history[i];
        if (str_eq(passage->migration, migration->meta.name) &&
            str_eq(tenancy_of_passage(database, passage), migration->meta.ns) &&
            str_eq(passage->spec_hash, migration->spec_hash) &&
            str_eq(passage->version, migration->to_version) &&
            ledger_has(database, passage->version)) {
            return passage;
        }
    }
    return NULL;
}
