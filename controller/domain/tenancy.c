/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tenancy.h"

#include "base/str.h"

bool tenancy_is_at_home(const struct migration *migration)
{
    return str_eq(migration->database_ns, migration->meta.ns);
}

bool tenancy_admits(const struct database *database, const char *ns)
{
    bool is_admitted = str_eq(database->meta.ns, ns);
    for (size_t i = 0; i < database->allowed_count && !is_admitted; i++) {
        is_admitted = str_eq(database->allowed[i], ns);
    }
    return is_admitted;
}

const char *tenancy_of_claim(const struct database *database)
{
    return database->claim.ns != NULL ? database->claim.ns : database->meta.ns;
}

const char *tenancy_of_passage(const struct database *database, const struct passage *passage)
{
    return passage->ns != NULL ? passage->ns : database->meta.ns;
}

const char *tenancy_to_write(const struct database *database, const char *ns)
{
    return str_eq(database->meta.ns, ns) ? NULL : ns;
}

const char *tenancy_name(struct arena *arena, const char *ns, const char *name, const char *from)
{
    return str_eq(ns, from) ? name : arena_printf(arena, "%s/%s", str_or_empty(ns), name);
}

struct gate_verdict tenancy_refusal(struct arena *arena, const struct migration *migration,
                                    enum access access)
{
    struct gate_verdict verdict = {.status = CONDITION_FALSE};
    const char *ns = migration->meta.ns;
    const char *name = migration->database;
    switch (access) {
    case ACCESS_REFUSED:
        verdict.reason = "NamespaceNotAllowed";
        verdict.message = arena_printf(arena,
                                       "Database %s does not allow migrations of namespace %s: add "
                                       "%s to its spec.allowedNamespaces",
                                       name, ns, ns);
        break;
    case ACCESS_MISSING:
        verdict.reason = "DatabaseMissing";
        verdict.message =
            arena_printf(arena,
                         "Database %s does not exist, and in another namespace none is "
                         "created: create it, with %s in its spec.allowedNamespaces",
                         name, ns);
        break;
    case ACCESS_UNSEEN:
        verdict.status = CONDITION_UNKNOWN;
        verdict.reason = "DatabaseNotSeen";
        verdict.message = arena_printf(arena,
                                       "Database %s cannot be seen: this controller is limited to "
                                       "namespace %s (--namespace)",
                                       name, ns);
        break;
    case ACCESS_GRANTED:
        verdict.status = CONDITION_TRUE;
        break;
    }
    return verdict;
}
