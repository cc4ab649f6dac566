/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leader election by a Lease (coordination.k8s.io/v1), as client-go's leaderelection does it: the same
 * fields, with the same meaning. What to do next follows from the record as it was last seen, from when we
 * first saw it so, and from our own clock; nobody's clock is ever compared with another's. Pure.
 *
 * A leader acts until renew_deadline after it began the request that renewed the Lease last, and anyone
 * else waits lease_duration from when it saw that renewal: so the one has stopped before the other begins.
 */
#ifndef INTERLUDE_DOMAIN_LEASE_H
#define INTERLUDE_DOMAIN_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/observed.h"

/* What a Lease says. The times are their writer's: compared, kept and written, never computed with. */
struct lease {
    const char *resource_version; /* NULL: it does not exist yet */
    const char *holder;           /* NULL or "": nobody */
    int64_t duration_s;           /* 0: not told */
    const char *acquired;         /* acquireTime; NULL: not told */
    const char *renewed;          /* renewTime; likewise */
    int64_t transitions;
};

struct lease_timing {
    int64_t duration_ms; /* whole seconds: others wait so long for us */
    int64_t deadline_ms; /* we act so long without having renewed */
    int64_t retry_ms;
};

enum lease_role {
    LEASE_STANDING, /* not leading; perhaps a candidate */
    LEASE_LEADING,
    LEASE_LEAVING, /* gives back what it holds, and is done */
};

struct lease_seen {
    const char *identity; /* ours, of this process alone */
    struct lease_timing timing;
    enum lease_role role;
    bool is_willing;        /* a candidate: it could act if it were elected */
    bool is_asking;         /* a request of the election is under way */
    bool is_doubtful;       /* a write failed or got no answer: the Lease must be read */
    enum presence presence; /* of the Lease */
    struct lease lease;     /* as it was last seen, also of one that is gone by now */
    int64_t observed_ms;    /* when the record was first seen as it is */
    int64_t renewed_ms;     /* leading: when the request began by which we hold the Lease */
    int64_t next_try_ms;
    int64_t leave_by_ms; /* leaving: after that nothing is tried any more */
    int64_t now_ms;
};

enum lease_action {
    LEASE_WAIT,    /* until at_ms, or until something is heard */
    LEASE_READ,    /* GET */
    LEASE_CREATE,  /* POST of our record */
    LEASE_TAKE,    /* CAS: our record instead of nobody's, or of one that has expired */
    LEASE_RENEW,   /* CAS: it is ours already */
    LEASE_RELEASE, /* CAS: nobody's */
    LEASE_LOSE,    /* we are no leader any more; why says it */
    LEASE_DONE,    /* leaving: nothing is ours, or there is no time left */
};

struct lease_plan {
    enum lease_action action;
    int64_t at_ms; /* of LEASE_WAIT; INT64_MAX: for ever */
    const char *why;
};

struct lease_plan lease_decide(const struct lease_seen *seen);

/* The leader may act at this time: asked before every request, since timers of a frozen process are late. */
bool lease_may_act(const struct lease_seen *seen);

/* The record that the action writes; now is the time as renewTime wants it. Texts are borrowed. */
struct lease lease_written(const struct lease_seen *seen, enum lease_action action,
                           const char *now);

/* Both say the same, whatever their versions: a record is observed anew only when it is another one. */
bool lease_same(const struct lease *a, const struct lease *b);

/* When to try again what has just not worked: a leader in time, others with client-go's jitter. */
int64_t lease_retry_delay_ms(const struct lease_seen *seen, uint32_t chance);

#endif
