/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/application_name.h"

#include <string.h>

#include "base/str.h"
#include "domain/selector.h"

const char *application_kind(const struct application *application)
{
    return application->kind == WORKLOAD_OTHER ? application->other_kind
                                               : workload_kind_name(application->kind);
}

static const char *type_of(const struct application *application)
{
    return application->kind == WORKLOAD_OTHER ? application->other_type
                                               : workload_kind_name(application->kind);
}

const char *application_workload(struct arena *arena, const struct application *application,
                                 const struct workload *workload)
{
    return arena_printf(arena, "%s/%s", type_of(application), workload->meta.name);
}

bool application_names(const struct application *application, const char *workload)
{
    const char *slash = strchr(workload, '/');
    return !application->has_selector && slash != NULL && str_eq(slash + 1, application->name) &&
           application_selects_kind(application, workload);
}

bool application_selects_kind(const struct application *application, const char *workload)
{
    const char *type = type_of(application);
    size_t len = strlen(type);
    return strncmp(workload, type, len) == 0 && workload[len] == '/';
}

bool application_is_same(struct arena *arena, const struct application *application,
                         const struct workload *workload,
                         const struct application_status *remembered)
{
    return str_eq(remembered->workload, application_workload(arena, application, workload)) &&
           str_eq(str_or_empty(remembered->selector), selector_text(arena, &workload->selector));
}
