/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The applications: workloads and pods of the namespaces, and of the kinds, that an unfinished migration
 * names, watched no longer than that. Who needs a kind in a namespace retains it and releases it; the
 * watch lives between the first and the last.
 */
#ifndef INTERLUDE_APP_FLEET_H
#define INTERLUDE_APP_FLEET_H

#include <stdbool.h>

#include "app/store.h"
#include "base/attrs.h"
#include "domain/types.h"
#include "kube/client.h"

/* The kinds of enum workload_kind, and pods. */
#define FLEET_PODS      WORKLOAD_KIND_MAX
#define FLEET_KINDS     (WORKLOAD_KIND_MAX + 1)
#define FLEET_BIT(kind) (1U << (unsigned)(kind))

struct fleet;

struct fleet_handler {
    /* Something of this kind changed in the namespace, or all of it is known now. */
    void (*on_change)(void *arg, const char *ns);
    void (*on_error)(void *arg, const char *ns, const struct err *err);
};

/* Borrows the client and the handler. */
struct fleet *fleet_new(struct kube_client *client, const struct fleet_handler *handler,
                        void *arg) MUST_CHECK;
void fleet_free(struct fleet *fleet); /* NULL accepted */

/* Kinds as bits (FLEET_BIT). Each retain is ended by one release of the same kinds. */
void fleet_retain(struct fleet *fleet, const char *ns, unsigned kinds);
void fleet_release(struct fleet *fleet, const char *ns, unsigned kinds);

/* True when all objects of all these kinds in the namespace are known. */
bool fleet_is_known(const struct fleet *fleet, const char *ns, unsigned kinds);

/* NULL when nobody retains it. Borrowed until the loop's next turn. */
const struct store *fleet_store(const struct fleet *fleet, const char *ns, unsigned kind);

/* How many watches run, and how many of them do not work at present: for metrics and readiness. */
size_t fleet_watches(const struct fleet *fleet);
size_t fleet_broken_watches(const struct fleet *fleet);

#endif
