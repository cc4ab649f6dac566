/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/arena.h"
#include "cases.h"
#include "domain/decide.h"
#include "domain/tenancy.h"
#include "world.h"

static const char *others[] = {"billing", "web"};
#define ALLOWS .meta = {.ns = "data", .has_finalizer = true}, .allowed = others, .allowed_count = 2

static void test_admits(void **state)
{
    (void)state;
    struct database database = {ALLOWS};
    assert_true(tenancy_admits(&database, "data"));
    assert_true(tenancy_admits(&database, "web"));
    assert_false(tenancy_admits(&database, "shop"));
    assert_false(tenancy_admits(&database, "we"));
    database.allowed_count = 0;
    assert_false(tenancy_admits(&database, "web"));
}

static void test_namespaces(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct database database = {ALLOWS};
    struct passage passage = {.version = "1"};
    assert_string_equal(tenancy_of_claim(&database), "data");
    assert_string_equal(tenancy_of_passage(&database, &passage), "data");
    database.claim.ns = "web";
    passage.ns = "billing";
    assert_string_equal(tenancy_of_claim(&database), "web");
    assert_string_equal(tenancy_of_passage(&database, &passage), "billing");
    assert_null(tenancy_to_write(&database, "data"));
    assert_string_equal(tenancy_to_write(&database, "web"), "web");
    assert_string_equal(tenancy_name(&arena, "web", "first", "web"), "first");
    assert_string_equal(tenancy_name(&arena, "web", "first", "data"), "web/first");
    arena_fini(&arena);
}

/* ---- the decision ---- */

#define ALL_OPEN .dry_run = {.result = DRY_RUN_ACCEPTED}, .are_applications_known = true
#define WAITS    .case_id = "W5", .actions = ACTION_WRITE_STATUS, .phase = PHASE_WAITING

static struct passage of_web[] = {
    {.version = "3", .ns = "web", .migration = "orders-3", .spec_hash = HASH}};
static struct passage of_shop[] = {
    {.version = "3", .ns = "shop", .migration = "orders-3", .spec_hash = HASH}};
static const char *three[] = {"3"};

static const struct world rows[] = {
    {
        .name = "W5 another namespace's Database that does not allow it: the field and the remedy",
        .no_database = true,
        .seen = {ALL_OPEN, .access = ACCESS_REFUSED},
        .expected = {WAITS, .reason = "NamespaceNotAllowed",
                     .message = "Database orders does not allow migrations of namespace shop: add "
                                "shop to its spec.allowedNamespaces"},
    },
    {
        .name = "W5 another namespace's Database that is not there is not created",
        .no_database = true,
        .seen = {ALL_OPEN, .access = ACCESS_MISSING},
        .expected = {WAITS, .reason = "DatabaseMissing",
                     .message = "~in another namespace none is created: create it, with shop in "
                                "its spec.allowedNamespaces"},
    },
    {
        .name = "W5 another namespace's Database, and only one namespace is seen",
        .no_database = true,
        .seen = {ALL_OPEN, .access = ACCESS_UNSEEN},
        .expected = {WAITS, .reason = "DatabaseNotSeen",
                     .message = "~this controller is limited to namespace shop (--namespace)"},
    },
    {
        .name = "W2 the dry run is made all the same",
        .no_database = true,
        .seen = {.access = ACCESS_REFUSED},
        .expected = {.case_id = "W2", .actions = ACTION_DRY_RUN},
    },
    {
        .name = "W2 one that allows it is held",
        .database = {.meta = {.ns = "data"}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W2", .actions = ACTION_HOLD_DATABASE},
    },
    {
        .name = "S2 R7 it is not allowed any more: the claim is given back",
        .migration = {.meta = {.has_finalizer = true}},
        .database = {ALLOWS},
        .claim_attempt = 1,
        .seen = {ALL_OPEN, .is_fresh = true, .access = ACCESS_REFUSED},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "NamespaceNotAllowed",
                     .message = "~changed just before the start",
                     .withdrawn = 1},
    },
    {
        .name = "W5 R3 a namesake of another namespace brought it there: not this one",
        .database = {ALLOWS, .version = "3", .passed = three, .passed_count = 1, .history = of_web,
                     .history_count = 1},
        .seen = {ALL_OPEN},
        .expected = {WAITS, .reason = "VersionTaken",
                     .message = "database orders has passed version 3 already, by migration "
                                "web/orders-3: give this migration a toVersion of its own"},
    },
    {
        .name = "W1 R3 this one did, from its own namespace",
        .database = {ALLOWS, .version = "3", .passed = three, .passed_count = 1, .history = of_shop,
                     .history_count = 1},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W1",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_SUCCEEDED,
                     .reason = "AlreadyApplied"},
    },
    {
        .name = "W5 R2 a migration of another namespace holds it",
        .database = {ALLOWS, .claim = {.ns = "web",
                                       .migration = "orders-3",
                                       .uid = "u",
                                       .attempt = 1,
                                       .since_s = NOW}},
        .seen = {ALL_OPEN},
        .expected = {WAITS, .reason = "DatabaseBusy",
                     .message = "~migration web/orders-3 holds database orders", .is_ready = true},
    },
};

/* The claim says where the migration is, and nothing where that is the Database's own namespace. */
static void test_claim(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct world world = {.database = {ALLOWS}, .seen = {ALL_OPEN}};
    struct observed seen = world_see(&arena, &world);
    struct plan plan;
    decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, "W4");
    assert_string_equal(plan.claim.ns, "shop");
    world.database.meta.ns = "shop";
    decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, "W4");
    assert_null(plan.claim.ns);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest others_[] = {
        cmocka_unit_test(test_admits),
        cmocka_unit_test(test_namespaces),
        cmocka_unit_test(test_claim),
    };
    int failed = CASES_RUN("tenancy", rows, world_test);
    return failed + cmocka_run_group_tests_name("tenancy, more", others_, NULL, NULL);
}
