/* SPDX-License-Identifier: Apache-2.0 */
/* What application_judge() should say of an application, in the words of a test's row. */
#ifndef INTERLUDE_TESTS_VERDICT_H
#define INTERLUDE_TESTS_VERDICT_H

#include "base/arena.h"
#include "domain/application.h"

struct expected_verdict {
    const char *reason;
    const char *message;   /* see assert_text(); NULL: it is compatible */
    const char *unsettled; /* likewise; NULL: it is settled */
    const char *running;   /* "2.0.0=1 2.1.0=3"; NULL: nothing */
    size_t statuses;
    bool is_absent;
};

/* Its controller, which is its only owner. */
void set_controller(struct arena *arena, struct meta *meta, const char *kind, const char *name,
                    const char *uid);

void assert_verdict(struct arena *arena, const struct application_verdict *verdict,
                    const struct expected_verdict *expected);

#endif
