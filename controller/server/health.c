/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health.h"

#include <string.h>

/* A reason is one line, whatever it was made of. */
static void flatten(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '\n' || *at == '\r') {
            *at = ' ';
        }
    }
}

void health_reply(void *arg, struct http_server_reply *reply)
{
    const struct health *health = arg;
    bool fits = true;
    bool is_well = true;
    for (size_t i = 0; i < health->count; i++) {
        const struct health_check *check = &health->checks[i];
        char reason[HEALTH_REASON_MAX] = "";
        if (!check->fn(check->arg, reason)) {
            is_well = false;
            flatten(reason);
            fits = fits && buf_printf(&reply->body, "[-]%s %s\n", check->name, reason);
        }
    }
    if (is_well) {
        fits = buf_append_text(&reply->body, "ok");
    } else {
        fits = fits && buf_printf(&reply->body, "%s check failed\n", health->name);
        reply->status = 500;
    }
    (void)fits; /* a longer answer is cut; the status says the same */
}
