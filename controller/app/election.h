/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out what domain/lease.h decides: watches the Lease while somebody else leads, takes it, renews it,
 * gives it back. Its requests have a connection of their own. Losing the Lease is no failure: the process
 * stands by again, and goes on.
 */
#ifndef INTERLUDE_APP_ELECTION_H
#define INTERLUDE_APP_ELECTION_H

#include <stdbool.h>

#include "app/telemetry.h"
#include "base/attrs.h"
#include "domain/lease.h"
#include "kube/client.h"
#include "kube/loop.h"

struct election;

struct election_spec {
    const char *ns; /* of the Lease; all copied */
    const char *name;
    struct lease_timing timing;
};

/* All run from the loop, never inside a call of the functions below. */
struct election_handler {
    void (*on_elected)(void *arg);
    void (*on_lost)(
        void *arg); /* it may not act any more: whatever is under way is to be given up */
    void (*on_left)(void *arg); /* after election_leave(): the Lease is released, or cannot be */
};

/* Borrows loop, client, handler and telemetry. Watches at once, but is no candidate yet. */
struct election *election_new(struct loop *loop, struct kube_client *client,
                              const struct election_spec *spec,
                              const struct election_handler *handler, void *arg,
                              struct telemetry *telemetry) MUST_CHECK;
void election_free(struct election *election); /* NULL accepted; does not release the Lease */

/* From now on a candidate. */
void election_stand(struct election *election);

/* Gives the Lease back, for somebody else to take at once. By then nothing may be under way. */
void election_leave(struct election *election);

/* Elected, and not for longer than the last renewal allows, by the clock as it is now. */
bool election_may_act(const struct election *election);

/* It leads, or knows who does. Else *ret_why, static, says what does not work. */
bool election_is_ready(const struct election *election, const char **ret_why);

#endif
