/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The applications: workloads and pods of the namespaces, and of the kinds, that an unfinished migration
 * names, watched no longer than that. Who needs a kind in a namespace retains it and releases it; the
 * watch lives between the first and the last.
 */
#ifndef INTERLUDE_APP_FLEET_H
#define INTERLUDE_APP_FLEET_H

#include <stdbool.h>

#include "app/kind_watch.h"
#include "app/store.h"
#include "base/attrs.h"
#include "domain/ownership.h"
#include "domain/types.h"

/* The kinds of enum workload_kind but WORKLOAD_OTHER, and pods. */
#define FLEET_PODS      WORKLOAD_KIND_MAX
#define FLEET_KINDS     (WORKLOAD_KIND_MAX + 1)
#define FLEET_BIT(kind) (1U << (unsigned)(kind))

struct fleet;

struct fleet_handler {
    /* Something of this owner changed in the namespace, or (of anybody) all of a kind is known now. */
    void (*on_change)(void *arg, const char *ns, struct whose whose);
    void (*on_error)(void *arg, const char *ns, const struct err *err);
};

/* Borrows the handler, and what the ground names. */
struct fleet *fleet_new(const struct kind_watch_ground *ground, const struct fleet_handler *handler,
                        void *arg) MUST_CHECK;
void fleet_free(struct fleet *fleet); /* NULL accepted */

/* Kinds as bits (FLEET_BIT). Each retain is ended by one release of the same kinds. */
void fleet_retain(struct fleet *fleet, const char *ns, unsigned kinds);
void fleet_release(struct fleet *fleet, const char *ns, unsigned kinds);

/* Likewise of any other kind, wherever the API server has it. All texts are copied. */
void fleet_retain_other(struct fleet *fleet, const char *ns, const char *api_version,
                        const char *kind);
void fleet_release_other(struct fleet *fleet, const char *ns, const char *api_version,
                         const char *kind);

/* True when all objects of all these kinds in the namespace are known. */
bool fleet_is_known(const struct fleet *fleet, const char *ns, unsigned kinds);

/* NULL when nobody retains it. Borrowed until the loop's next turn. */
const struct store *fleet_store(const struct fleet *fleet, const char *ns, unsigned kind);

/* What is known of another kind in a namespace; borrowed until the loop's next turn. */
struct fleet_other {
    bool is_known;             /* all its objects, or why they cannot be read */
    enum kind_state state;     /* if that is known */
    const char *why;           /* unless KIND_READ */
    const struct store *store; /* NULL: nobody retains it */
    const char *path;          /* of its objects; NULL: not known */
};
struct fleet_other fleet_see_other(const struct fleet *fleet, const char *ns,
                                   const char *api_version, const char *kind) MUST_CHECK;

/* How many watches run, and how many of them do not work at present, not counting those of other
 * kinds, which others install and allow: for metrics and readiness. */
size_t fleet_watches(const struct fleet *fleet);
size_t fleet_broken_watches(const struct fleet *fleet);

#endif
