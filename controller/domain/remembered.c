/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/remembered.h"

#include "base/str.h"
#include "domain/application_name.h"
#include "domain/soak.h"

/* A workload that is there is judged by itself. */
static bool is_there(struct arena *arena, const struct observed *seen,
                     const struct application_status *remembered)
{
    for (size_t i = 0; i < seen->migration->application_count; i++) {
        const struct application_seen *application = &seen->applications[i];
        for (size_t k = 0; k < application->workload_count; k++) {
            if (application_is_same(arena, &seen->migration->applications[i],
                                    application->workloads[k], remembered)) {
                return true;
            }
        }
    }
    return false;
}

/* What was selected tells no longer by whom: only while the spec is the same one it counts. */
static bool was_selected_by(const struct migration *migration,
                            const struct application *application, const char *workload)
{
    if (!application->has_selector || !application_selects_kind(application, workload) ||
        migration->status.observed_generation != migration->meta.generation) {
        return false;
    }
    for (size_t i = 0; i < migration->application_count; i++) {
        if (application_names(&migration->applications[i], workload)) {
            return false;
        }
    }
    return true;
}

static bool means(const struct migration *migration, size_t index, const char *workload)
{
    const struct application *application = &migration->applications[index];
    return application_names(application, workload) ||
           was_selected_by(migration, application, workload);
}

/* The entry that asks the same question as the one that it was written for; the count of entries: none does. */
static size_t heir_of(struct arena *arena, const struct migration *migration,
                      const struct application_status *remembered)
{
    for (size_t i = 0; i < migration->application_count; i++) {
        const char *needs =
            soak_needs(arena, &migration->applications[i], migration->rollout == ROLLOUT_SETTLED);
        if (means(migration, i, remembered->workload) && str_eq(needs, remembered->needs)) {
            return i;
        }
    }
    return migration->application_count;
}

static bool is_among(const struct application_status *found, size_t count,
                     const struct application_status *remembered)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(found[i].workload, remembered->workload) &&
            str_eq(found[i].selector, remembered->selector)) {
            return true;
        }
    }
    return false;
}

size_t remembered_of(struct arena *arena, const struct observed *seen, size_t index,
                     const struct application_status **ret_remembered)
{
    const struct migration *migration = seen->migration;
    const struct migration_status *status = &migration->status;
    struct application_status *found =
        arena_array(arena, status->application_count, sizeof(*found));
    size_t count = 0;
    for (size_t i = 0; i < status->application_count; i++) {
        const struct application_status *remembered = &status->applications[i];
        size_t heir = heir_of(arena, migration, remembered);
        bool is_its = heir < migration->application_count
                          ? heir == index
                          : means(migration, index, remembered->workload);
        if (is_its && !is_there(arena, seen, remembered) && !is_among(found, count, remembered)) {
            found[count++] = *remembered;
        }
    }
    *ret_remembered = found;
    return count;
}
