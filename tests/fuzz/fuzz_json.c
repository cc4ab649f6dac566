/* SPDX-License-Identifier: Apache-2.0 */
/* What jansson reads of a text, managedFields aside, is what is read of it without them. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kube/json.h"

/* NOLINTNEXTLINE(misc-no-recursion): as deep as jansson goes */
static void strip(json_t *value)
{
    const char *key = NULL;
    json_t *child = NULL;
    void *next = NULL;
    size_t i = 0;
    json_object_foreach_safe(value, next, key, child)
    {
        if (strcmp(key, "managedFields") == 0) {
            (void)json_object_del(value, key);
        } else {
            strip(child);
        }
    }
    json_array_foreach(value, i, child)
    {
        strip(child);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_auto_t *plain = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
    json_auto_t *ours = kube_json_load((const char *)data, size, NULL);
    if (plain != NULL) {
        strip(plain);
        strip(ours);
        if (ours == NULL || json_equal(plain, ours) == 0) {
            abort();
        }
    }
    return 0;
}
