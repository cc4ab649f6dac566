/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/soak.h"

#include "base/clock.h"
#include "base/str.h"
#include "domain/gates.h"
#include "domain/observed.h"

/* As long as a line of a condition; the gate's message quotes it. */
#define BREACH_MESSAGE_MAX_BYTES 512

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- since when one workload has been what is asked of it ---- */

const char *soak_needs(struct arena *arena, const struct application *application, bool must_settle)
{
    bool is_image = application->source == SOURCE_IMAGE_TAG;
    const char *where = is_image ? application->container : application->key;
    const char *kind = application->source == SOURCE_LABEL ? "label" : "annotation";
    return arena_printf(
        arena, "%s%s%s", application->versions == NULL ? "any version" : application->versions,
        where == NULL ? "" : arena_printf(arena, ", %s %s", is_image ? "container" : kind, where),
        must_settle ? ", settled" : "");
}

/* What was asked of it before was another question, and its answer counts for nothing. */
static const struct application_status *last_of(const struct soak_sight *sight)
{
    for (size_t i = 0; i < sight->last_count; i++) {
        const struct application_status *last = &sight->last[i];
        if (str_eq(last->workload, sight->status->workload) &&
            str_eq(last->needs, sight->status->needs)) {
            return last;
        }
    }
    return NULL;
}

/* What its status tells is of this template only once its controller has seen that. */
static int64_t rolled_out_at(const struct workload *workload, int64_t now_s)
{
    bool is_told =
        workload->rolled_out_s != 0 && workload->observed_generation >= workload->meta.generation;
    return is_told ? later(workload->rolled_out_s, workload->meta.created_s) : now_s;
}

int64_t soak_since(const struct soak_sight *sight)
{
    const struct application_status *last = last_of(sight);
    int64_t since_s = 0;
    if (sight->is_broken) {
        return 0;
    }
    if (last == NULL) {
        since_s = rolled_out_at(sight->workload, sight->now_s);
    } else if (!str_eq(last->uid, sight->status->uid) ||
               !str_eq(last->revision, sight->status->revision)) {
        /* A time that is no later was told of the revision before: that of this one is not known. */
        since_s = rolled_out_at(sight->workload, sight->now_s);
        since_s = since_s > last->compatible_since_s ? since_s : sight->now_s;
    } else if (last->compatible_since_s == 0) {
        since_s = sight->now_s; /* the breach that was noted is just over */
    } else {
        since_s = last->compatible_since_s;
    }
    /* Another clock was ahead: what is still to come has not begun. */
    return earlier(since_s, sight->now_s);
}

/* ---- the last breach ---- */

bool breach_same(const struct breach *a, const struct breach *b)
{
    return str_eq(a->reason, b->reason) && a->at_s == b->at_s && a->until_s == b->until_s;
}

static struct breach last_breach(struct arena *arena, const struct observed *seen,
                                 const struct breach *current)
{
    struct breach last = seen->migration->status.last_breach;
    bool goes_on = last.reason != NULL && last.until_s == 0;
    if (current->reason != NULL && !goes_on) {
        last = *current;
        last.at_s = seen->now_s;
        last.until_s = 0;
        size_t kept = str_utf8_len(str_or_empty(last.message), BREACH_MESSAGE_MAX_BYTES);
        last.message = arena_strndup(arena, str_or_empty(last.message), kept);
    } else if (current->reason == NULL && seen->unwritten_breach != NULL) {
        /* Copied: the plan that tells it takes the place of what it was remembered by. */
        last = *seen->unwritten_breach;
        last.reason = arena_strdup(arena, last.reason);
        last.message = arena_strdup(arena, last.message);
        last.until_s = seen->now_s;
    } else if (current->reason == NULL && goes_on) {
        last.until_s = seen->now_s;
    }
    last.until_s = earlier(last.until_s, seen->now_s);
    return last;
}

/* ---- the gate ---- */

struct terms {
    int64_t soak_s;
    const char *text; /* "1d (spec.soak)" */
};

/* The longer of the migration's own and the least that its Database asks of its step. */
static struct terms terms_of(struct arena *arena, const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    int64_t least_s = seen->database == NULL ? 0 : seen->database->soak.least_s[migration->step];
    bool is_own = migration->soak_s >= least_s;
    struct terms terms = {.soak_s = is_own ? migration->soak_s : least_s};
    char duration[CLOCK_TEXT_MAX];
    clock_format_duration(terms.soak_s, duration);
    terms.text = is_own ? arena_printf(arena, "%s (spec.soak)", duration)
                        : arena_printf(arena, "%s (spec.soak.%s of Database %s)", duration,
                                       step_name(migration->step), migration->database);
    return terms;
}

static int64_t held_since(const struct gates *gates)
{
    int64_t since_s = gates->last_breach.until_s;
    for (size_t i = 0; i < gates->application_count; i++) {
        since_s = later(since_s, gates->applications[i].compatible_since_s);
    }
    return since_s;
}

static const char *breach_text(struct arena *arena, const struct breach *breach)
{
    if (breach->reason == NULL) {
        return "";
    }
    char at[CLOCK_TEXT_MAX];
    clock_format(breach->at_s, at);
    return arena_printf(arena, "; last broken at %s: %s", at, str_or_empty(breach->message));
}

/* Held since then: long enough? *ret_end_s is when it is. */
static struct gate_verdict judge_held(struct arena *arena, const struct terms *terms,
                                      const struct gates *gates, int64_t now_s, int64_t *ret_end_s)
{
    int64_t since_s = held_since(gates);
    char since[CLOCK_TEXT_MAX];
    char end[CLOCK_TEXT_MAX];
    *ret_end_s = since_s + terms->soak_s;
    clock_format(since_s, since);
    clock_format(*ret_end_s, end);
    if (since_s == 0) {
        *ret_end_s = 0;
        return (struct gate_verdict){CONDITION_TRUE, "NothingRuns",
                                     "no application is there that could break the soak"};
    }
    if (now_s < *ret_end_s) {
        return (struct gate_verdict){
            CONDITION_FALSE, "Soaking",
            arena_printf(arena,
                         "versions and rollout have held since %s; a soak of %s is over at %s%s",
                         since, terms->text, end, breach_text(arena, &gates->last_breach))};
    }
    *ret_end_s = 0;
    return (struct gate_verdict){
        CONDITION_TRUE, "Held",
        arena_printf(arena, "versions and rollout have held since %s, for a soak of %s", since,
                     terms->text)};
}

void soak_judge(struct arena *arena, const struct observed *seen, const struct breach *current,
                struct gates *gates)
{
    struct gate_verdict *verdict = &gates->verdicts[GATE_SOAKED];
    struct terms terms = terms_of(arena, seen);
    int64_t end_s = 0;

    if (gates->are_applications_judged) {
        gates->last_breach = last_breach(arena, seen, current);
    }
    if (seen->database != NULL && seen->database->soak.error != NULL) {
        *verdict =
            (struct gate_verdict){CONDITION_FALSE, "SoakInvalid",
                                  arena_printf(arena, "Database %s: %s", seen->migration->database,
                                               seen->database->soak.error)};
    } else if (terms.soak_s == 0) {
        *verdict = (struct gate_verdict){CONDITION_TRUE, "NotRequired", "no soak is asked for"};
    } else if (!gates->are_applications_judged) {
        *verdict = (struct gate_verdict){CONDITION_UNKNOWN, "NotChecked",
                                         "the applications are not read yet"};
    } else if (current->reason != NULL) {
        *verdict = (struct gate_verdict){
            CONDITION_FALSE, "NotHeld",
            arena_printf(arena, "a soak of %s begins when versions and rollout hold", terms.text)};
    } else {
        *verdict = judge_held(arena, &terms, gates, seen->now_s, &end_s);
    }
    if (end_s != 0 && (gates->wake_at_s == 0 || end_s < gates->wake_at_s)) {
        gates->wake_at_s = end_s;
    }
}
