/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/named.h"

#include <stdio.h>

#include "base/str.h"

json_t *named_item(const json_t *list, const char *name)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        if (name != NULL && str_eq(json_string_value(json_object_get(item, "name")), name)) {
            return item;
        }
    }
    return NULL;
}

void named_free(const char *wanted, const json_t *list, const json_t *other, char *ret_name,
                size_t size)
{
    (void)snprintf(ret_name, size, "%s", wanted);
    for (unsigned i = 2; named_item(list, ret_name) != NULL || named_item(other, ret_name) != NULL;
         i++) {
        (void)snprintf(ret_name, size, "%s-%u", wanted, i);
    }
}
