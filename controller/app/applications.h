/* SPDX-License-Identifier: Apache-2.0 */
/* The applications of a migration, as the fleet knows them. No I/O. */
#ifndef INTERLUDE_APP_APPLICATIONS_H
#define INTERLUDE_APP_APPLICATIONS_H

#include <stdbool.h>

#include "app/fleet.h"
#include "base/arena.h"
#include "base/attrs.h"
#include "domain/application.h"
#include "domain/types.h"

/* The kinds of the fleet that must be watched to judge them, as bits; those of other kinds not among them. */
unsigned applications_needs(const struct migration *migration);

/*
 * Of each that is of another kind all are known, or why they cannot be read. False: the server's words about the
 * first that is not known are in *ret_why, if there are any, borrowed until the loop's next turn.
 */
bool applications_others_are_known(const struct fleet *fleet, const char *ns,
                                   const struct migration *migration, const char **ret_why);

/* One for each of spec.applications; borrows from the fleet and the arena. */
struct application_seen *applications_see(struct arena *arena, const struct fleet *fleet,
                                          const char *ns,
                                          const struct migration *migration) MUST_CHECK;

/* What is known of an application's kind, which is WORKLOAD_OTHER. */
struct fleet_other applications_kind(const struct fleet *fleet, const char *ns,
                                     const struct application *application) MUST_CHECK;

#endif
