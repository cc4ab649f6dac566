/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "verdict.h"

#include "cases.h"

static const char *running_of(struct arena *arena, const struct application_verdict *verdict)
{
    const char *text = NULL;
    for (size_t i = 0; i < verdict->status_count; i++) {
        for (size_t k = 0; k < verdict->statuses[i].running_count; k++) {
            const struct running_version *running = &verdict->statuses[i].running[k];
            text = arena_printf(arena, "%s%s%s=%d", text == NULL ? "" : text,
                                text == NULL ? "" : " ", running->version, (int)running->pods);
        }
    }
    return text;
}

void set_controller(struct arena *arena, struct meta *meta, const char *kind, const char *name,
                    const char *uid)
{
    meta->owners = arena_array(arena, 1, sizeof(*meta->owners));
    meta->owners[0] =
        (struct owner_reference){.kind = kind, .name = name, .uid = uid, .is_controller = true};
    meta->owner_count = 1;
}

void assert_verdict(struct arena *arena, const struct application_verdict *verdict,
                    const struct expected_verdict *expected)
{
    assert_string_equal(verdict->compatible_reason, expected->reason);
    assert_int_equal(verdict->is_compatible, verdict->compatible_message == NULL);
    assert_text(verdict->compatible_message, expected->message);
    assert_int_equal(verdict->is_settled, expected->unsettled == NULL);
    assert_text(verdict->settled_message, expected->unsettled);
    assert_text(running_of(arena, verdict), expected->running);
    assert_int_equal(verdict->is_absent, expected->is_absent);
    assert_int_equal(verdict->status_count, expected->statuses);
}
