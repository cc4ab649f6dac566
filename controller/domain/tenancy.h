/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrations and Databases of different namespaces. A migration may name a Database of another one ("shop/orders"),
 * if that one's spec.allowedNamespaces lists the migration's. Its claim and its entry of the ledger then say where
 * the migration is. Pure.
 */
#ifndef INTERLUDE_DOMAIN_TENANCY_H
#define INTERLUDE_DOMAIN_TENANCY_H

#include <stdbool.h>

#include "base/arena.h"
#include "domain/gates.h"
#include "domain/observed.h"
#include "domain/types.h"

/* Its Database is of its own namespace, and goes with it. */
bool tenancy_is_at_home(const struct migration *migration);

/* Migrations of this namespace may name the Database: its own, or one that it allows. */
bool tenancy_admits(const struct database *database, const char *ns);

/* Where the migration is that the claim names, or the passage. */
const char *tenancy_of_claim(const struct database *database);
const char *tenancy_of_passage(const struct database *database, const struct passage *passage);

/* What a claim or passage of a migration of this namespace says of it; NULL: nothing, it is the Database's own. */
const char *tenancy_to_write(const struct database *database, const char *ns);

/* The name for whoever looks from a namespace: with its own where that is another one. */
const char *tenancy_name(struct arena *arena, const char *ns, const char *name, const char *from);

/* Closes a gate where access is not granted: names the Database, the field and the remedy. */
struct gate_verdict tenancy_refusal(struct arena *arena, const struct migration *migration,
                                    enum access access);

#endif
