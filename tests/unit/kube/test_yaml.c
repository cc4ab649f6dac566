/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "kube/yaml.h"

struct row {
    const char *name;
    const char *text;
    const char *json;  /* what it is, keys sorted; NULL: refused */
    const char *error; /* the whole error */
    size_t len;        /* 0: of the text */
};

static const struct row rows[] = {
    /* Structure. */
    {"empty text", "", .json = "null"},
    {"comment alone", "# nothing\n", .json = "null"},
    {"mapping", "a: x\nb: y\n", .json = "{\"a\":\"x\",\"b\":\"y\"}"},
    {"list of mappings", "- a: 1\n  b: 2\n- a: 3\n", .json = "[{\"a\":1,\"b\":2},{\"a\":3}]"},
    {"list at the indent of its key", "k:\n- a\n- b\n", .json = "{\"k\":[\"a\",\"b\"]}"},
    {"flow", "{a: [1, {b: c}], d: {}}", .json = "{\"a\":[1,{\"b\":\"c\"}],\"d\":{}}"},
    {"json", "{\"a\": [true, null, \"x\\u00e9\"]}", .json = "{\"a\":[true,null,\"x\xc3\xa9\"]}"},
    {"document marks", "---\na: 1\n...\n", .json = "{\"a\":1}"},
    {"no value", "a:\nb: 1\n", .json = "{\"a\":null,\"b\":1}"},
    {"key that looks like a number", "1: x\n", .json = "{\"1\":\"x\"}"},
    {"key in quotes that looks like a merge", "'<<': x\n", .json = "{\"<<\":\"x\"}"},
    {"anchor without alias", "a: &x 1\n", .json = "{\"a\":1}"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "a: 1\n",
     .json = "{\"a\":1}"},
    {"same key in two mappings", "a: {k: 1}\nb: {k: 2}\n",
     .json = "{\"a\":{\"k\":1},\"b\":{\"k\":2}}"},

    /* Scalars of the core schema. */
    {"null words", "[null, Null, NULL, ~, ]", .json = "[null,null,null,null]"},
    {"booleans", "[true, True, TRUE, false, False, FALSE]",
     .json = "[true,true,true,false,false,false]"},
    {"booleans of YAML 1.1 are text", "[yes, No, on, OFF, y, tRUE]",
     .json = "[\"yes\",\"No\",\"on\",\"OFF\",\"y\",\"tRUE\"]"},
    {"integers", "[0, -1, +12, 0x1F, 0o17, 007]", .json = "[0,-1,12,31,15,7]"},
    {"almost integers", "[0x, 0o8, -0x1, 1_000, '+', 12a]",
     .json = "[\"0x\",\"0o8\",\"-0x1\",\"1_000\",\"+\",\"12a\"]"},
    {"largest integer", "[9223372036854775807, -9223372036854775808]",
     .json = "[9223372036854775807,-9223372036854775808]"},
    {"floats", "[1.5, -.5, 1., 1e3, 1.5E-1]", .json = "[1.5,-0.5,1.0,1000.0,0.14999999999999999]"},
    {
        "almost floats",
        "[1.2.3, e3, 1e, 1e+, -]",
        .json = "[\"1.2.3\",\"e3\",\"1e\",\"1e+\",\"-\"]",
    },
    {"quotes make text", "['true', \"1\", 'null', '']", .json = "[\"true\",\"1\",\"null\",\"\"]"},
    {"tag makes text", "[!!str 1, ! true]", .json = "[\"1\",\"true\"]"},
    {"tags of containers", "!!map {a: !!seq [1]}", .json = "{\"a\":[1]}"},
    {"literal block", "a: |\n  one\n  two\n", .json = "{\"a\":\"one\\ntwo\\n\"}"},
    {"folded block", "a: >-\n  one\n  two\n", .json = "{\"a\":\"one two\"}"},
    {"literal block that looks like a number", "a: |-\n  12\n", .json = "{\"a\":\"12\"}"},

    /* Refused. */
    {"alias", "a: &x [1]\nb: *x\n",
     .error = "line 2: aliases (*x) are not accepted: write the value out"},
    {"billion laughs", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
     .error = "line 2: aliases (*a) are not accepted: write the value out"},
    {"merge key", "a: 1\n<<: {b: 2}\n",
     .error = "line 2: merge keys (<<) are not accepted: write the keys out"},
    {"duplicate key", "a: 1\nb: 2\na: 3\n",
     .error = "line 3: the key \"a\" is there twice: keep one of them"},
    {"duplicate key with null", "a:\na:\n",
     .error = "line 2: the key \"a\" is there twice: keep one of them"},
    {"two documents", "a: 1\n---\nb: 2\n",
     .error = "line 2: a second document begins (---): keep one in a file"},
    {"empty second document", "a: 1\n---\n",
     .error = "line 2: a second document begins (---): keep one in a file"},
    {"mapping as key", "{a: 1}: b\n", .error = "line 1: a key must be text, not a mapping"},
    {"list as key", "? [a]\n: b\n", .error = "line 1: a key must be text, not a list"},
    {"foreign tag", "a: !!binary aGk=\n",
     .error = "line 1: the tag \"tag:yaml.org,2002:binary\" is not accepted: leave it out"},
    {"tag of another type", "a: !!seq {b: 1}\n",
     .error = "line 1: the tag \"tag:yaml.org,2002:seq\" is not accepted: leave it out"},
    {"integer too large", "a: 1\nb: 9223372036854775808\n",
     .error = "line 2: a number that does not fit: put it in quotes if it is text"},
    {"float too large", "a: 1e999\n",
     .error = "line 1: a number that does not fit: put it in quotes if it is text"},
    {"infinity", "a: -.inf\n",
     .error = "line 1: a number that does not fit: put it in quotes if it is text"},
    {"not a number", "a: .nan\n",
     .error = "line 1: a number that does not fit: put it in quotes if it is text"},
    {"NUL escape", "a: \"x\\0y\"\n", .error = "line 1: a NUL character within text"},
    {"NUL byte", "a: x\0y\n", .len = 7,
     .error = "line 1: control characters are not allowed (byte 4)"},
    {"bad UTF-8", "a: \xff\n", .error = "line 1: invalid leading UTF-8 octet (byte 3)"},
    {"tab as indent", "a:\n\tb: 1\n",
     .error = "line 2: found character that cannot start any token"},
    {"unclosed flow", "a: [1, 2\n", .error = "line 2: did not find expected ',' or ']'"},
    {"unclosed quote", "a: \"x\n", .error = "line 2: found unexpected end of stream"},
    {"unknown anchor", "a: *x\n",
     .error = "line 1: aliases (*x) are not accepted: write the value out"},
};

static void check_row(const struct row *row)
{
    json_t *value = NULL;
    struct err err = {0};
    bool done = yaml_parse(row->text, row->len > 0 ? row->len : strlen(row->text), &value, &err);
    if (row->json == NULL) {
        assert_false(done);
        assert_null(value);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, row->error);
        return;
    }
    assert_string_equal(err.text, "");
    assert_true(done);
    char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    json_decref(value);
    assert_string_equal(json, row->json);
    free(json);
}

static void run_row(void **state)
{
    check_row(*state);
}

/* count times `open`, and an error or none. */
static void nest(const char *open, size_t count, const char *error)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        assert_true(buf_append_text(&text, open));
    }
    json_t *value = NULL;
    struct err err = {0};
    assert_false(yaml_parse(text.data, text.len, &value, &err));
    assert_string_equal(err.text, error);
    buf_fini(&text);
}

static void depth_is_limited(void **state)
{
    (void)state;
    nest("[", YAML_MAX_DEPTH + 1, "line 1: nested deeper than 32 levels");
    nest("- ", YAML_MAX_DEPTH + 1, "line 1: nested deeper than 32 levels");
    nest("{a: ", 100000, "line 1: nested deeper than 32 levels");
    nest("[", YAML_MAX_DEPTH, "line 2: did not find expected node content");
}

static void deepest_is_accepted(void **state)
{
    (void)state;
    char text[(size_t)2 * YAML_MAX_DEPTH + 1];
    memset(text, '[', YAML_MAX_DEPTH);
    memset(text + YAML_MAX_DEPTH, ']', YAML_MAX_DEPTH);
    text[2 * YAML_MAX_DEPTH] = '\0';
    check_row(&(struct row){.text = text, .json = text});
}

static void size_is_limited(void **state)
{
    (void)state;
    char *text = xmalloc(YAML_MAX_BYTES + 1);
    memset(text, '#', YAML_MAX_BYTES + 1);
    json_t *value = NULL;
    struct err err = {0};
    assert_true(yaml_parse(text, YAML_MAX_BYTES, &value, &err));
    assert_true(json_is_null(value));
    assert_false(yaml_parse(text, YAML_MAX_BYTES + 1, &value, &err));
    assert_string_equal(err.text, "line 1: 1048577 bytes, more than the 1048576 that are read");
    free(text);
}

int main(void)
{
    struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0]) + 3];
    size_t count = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const void *row = &rows[i];
        tests[count] = (struct CMUnitTest){.name = rows[i].name, .test_func = run_row};
        memcpy(&tests[count].initial_state, &row, sizeof(row)); /* cmocka takes no const */
        count++;
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(depth_is_limited);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(deepest_is_accepted);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(size_is_limited);
    return _cmocka_run_group_tests("yaml", tests, count, NULL, NULL);
}
