/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdlib.h>
#include <string.h>

#include "base/attrs.h"
#include "base/mem.h"
#include "kube/json.h"

struct row {
    const char *name;
    const char *text;
    const char *value; /* compact; NULL: refused */
};

#define FIELDS "\"managedFields\":[{\"manager\":\"a]}\",\"fieldsV1\":{\"f:x\\\"]\":{}}},[]]"

static const struct row rows[] = {
    {"nothing", "", NULL},
    {"an object without", "{\"metadata\":{\"name\":\"a\"}}", "{\"metadata\":{\"name\":\"a\"}}"},
    {"of an object", "{\"metadata\":{" FIELDS ",\"name\":\"a\"},\"spec\":{}}",
     "{\"metadata\":{\"managedFields\":[],\"name\":\"a\"},\"spec\":{}}"},
    {"of an event", "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"," FIELDS "}}}",
     "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\",\"managedFields\":[]}}}"},
    {"of each in a list", "{\"items\":[{\"metadata\":{" FIELDS "}},{\"metadata\":{" FIELDS "}}]}",
     "{\"items\":[{\"metadata\":{\"managedFields\":[]}},{\"metadata\":{\"managedFields\":[]}}]}"},
    {"empty already", "{\"metadata\":{\"managedFields\":[]}}",
     "{\"metadata\":{\"managedFields\":[]}}"},
    {"of what the user wrote",
     "{\"spec\":{\"run\":{\"podTemplate\":{\"metadata\":{\"managedFields\":[1]}}}}}",
     "{\"spec\":{\"run\":{\"podTemplate\":{\"metadata\":{\"managedFields\":[1]}}}}}"},
    {"within a text", "{\"note\":\"\\\"managedFields\\\":[1]\\\\\"}",
     "{\"note\":\"\\\"managedFields\\\":[1]\\\\\"}"},
    {"no list", "{\"metadata\":{\"managedFields\":null}}",
     "{\"metadata\":{\"managedFields\":null}}"},
    {"pretty", "{ \"metadata\": { \"managedFields\": [ 1 ] } }",
     "{\"metadata\":{\"managedFields\":[1]}}"},
    {"too many brackets", "{\"metadata\":{" FIELDS "]}}", NULL},
    {"wrong bracket", "{\"metadata\":{\"managedFields\":[1}}", NULL},
    {"a text that does not end", "{\"metadata\":{\"managedFields\":[\"a\\", NULL},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_error_t err = {0};
        json_auto_t *value = kube_json_load(rows[i].text, strlen(rows[i].text), &err);
        CLEANUP(mem_free_text) char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);
        if (rows[i].value == NULL ? value != NULL || err.text[0] == '\0'
                                  : text == NULL || strcmp(text, rows[i].value) != 0) {
            fail_msg("%s: %s", rows[i].name, text == NULL ? err.text : text);
        }
    }
}

/* What is cut anywhere is refused; exact allocations let the sanitizer see a byte too many. */
static void test_truncated(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t len = 0; len + 1 < strlen(rows[i].text); len++) {
            char *piece = xmalloc(len + 1);
            memcpy(piece + 1, rows[i].text, len);
            assert_null(kube_json_load(piece + 1, len, NULL));
            free(piece);
        }
    }
}

static void test_nul_is_a_byte(void **state)
{
    (void)state;
    static const char text[] = "{\"note\":\"a\\u0000b\"}";
    json_auto_t *value = kube_json_load(text, sizeof(text) - 1, NULL);
    assert_int_equal(json_string_length(json_object_get(value, "note")), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_nul_is_a_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
