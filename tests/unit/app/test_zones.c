/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's own time zones (package tzdata), and folders in which something is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/zones.h"
#include "base/clock.h"
#include "base/mem.h"

static int64_t east_of(const struct time_zone *zone, const char *timestamp)
{
    int64_t at_s = 0;
    assert_true(clock_parse(timestamp, &at_s));
    return timezone_span(zone, at_s).east_s;
}

static const struct time_zone *get(struct zones *zones, const char *name)
{
    struct err err;
    const struct time_zone *zone = zones_get(zones, name, &err);
    if (zone == NULL) {
        fail_msg("%s", err.text);
    }
    return zone;
}

static void assert_refused(struct zones *zones, const char *name, enum err_kind kind,
                           const char *words)
{
    struct err err = {0};
    assert_null(zones_get(zones, name, &err));
    assert_int_equal(err.kind, kind);
    if (strstr(err.text, words) == NULL || strstr(err.text, name) == NULL) {
        fail_msg("the error does not say \"%s\" of \"%s\": %s", words, name, err.text);
    }
}

static void reads_the_machines(void **state)
{
    (void)state;
    struct zones *zones = zones_new(ZONES_FOLDER);
    const struct time_zone *berlin = get(zones, "Europe/Berlin");
    assert_int_equal(east_of(berlin, "2026-07-01T00:00:00Z"), 7200);
    assert_int_equal(east_of(berlin, "2026-12-01T00:00:00Z"), 3600);
    assert_int_equal(east_of(berlin, "2199-07-01T00:00:00Z"), 7200);
    assert_int_equal(east_of(get(zones, "Asia/Kolkata"), "2026-07-01T00:00:00Z"), 19800);
    assert_int_equal(east_of(get(zones, "America/New_York"), "2026-07-01T00:00:00Z"), -14400);
    assert_int_equal(east_of(get(zones, "UTC"), "2026-07-01T00:00:00Z"), 0);
    assert_ptr_equal(get(zones, "Europe/Berlin"), berlin); /* kept, and still in its place */
    zones_free(zones);
}

static void refuses_what_is_none(void **state)
{
    (void)state;
    struct zones *zones = zones_new(ZONES_FOLDER);
    assert_refused(zones, "Europe/Berln", ERR_NOT_FOUND, "not known");
    assert_refused(zones, "europe/berlin", ERR_NOT_FOUND, "upper and lower case");
    assert_refused(zones, "Europe/Berlin/Mitte", ERR_NOT_FOUND, "not known");
    assert_refused(zones, "Europe", ERR_NOT_FOUND, "directory");
    assert_refused(zones, "leapseconds", ERR_INVALID, "no time zone file");
    assert_refused(zones, "../zoneinfo/UTC", ERR_INVALID, "write an IANA name");
    zones_free(zones);
}

/* UTC needs no file: who names no zone does not depend on tzdata. */
static void without_folder(void **state)
{
    (void)state;
    struct zones *zones = zones_new("/nonexistent/zoneinfo");
    assert_int_equal(east_of(get(zones, NULL), "2026-07-01T00:00:00Z"), 0);
    assert_refused(zones, "Europe/Berlin", ERR_INTERNAL, "install tzdata");
    zones_free(zones);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[TIMEZONE_FILE_MAX];
    FILE *in = fopen(from, "re");
    FILE *out = fopen(to, "we");
    assert_true(in != NULL && out != NULL);
    size_t len = fread(bytes, 1, sizeof(bytes), in);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

/* What failed is looked for again: a folder that was mounted late, or repaired. */
static void failure_is_not_kept(void **state)
{
    (void)state;
    char folder[] = "/tmp/interlude-zones-XXXXXX";
    assert_non_null(mkdtemp(folder));
    CLEANUP(mem_free_text) char *path = xasprintf("%s/%s", folder, "Here");
    struct zones *zones = zones_new(folder);

    assert_refused(zones, "Here", ERR_NOT_FOUND, "not known");
    copy_file("/dev/null", path);
    assert_refused(zones, "Here", ERR_INVALID, "no time zone file");
    assert_int_equal(truncate(path, TIMEZONE_FILE_MAX + 1), 0);
    assert_refused(zones, "Here", ERR_INVALID, "more than");
    copy_file(ZONES_FOLDER "/Asia/Tokyo", path);
    assert_int_equal(east_of(get(zones, "Here"), "2026-07-01T00:00:00Z"), 32400);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(east_of(get(zones, "Here"), "2026-07-01T00:00:00Z"), 32400);
    assert_int_equal(rmdir(folder), 0);
    zones_free(zones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_machines),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(without_folder),
        cmocka_unit_test(failure_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
