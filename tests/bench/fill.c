/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills a namespace with finished migrations: creates them and writes their status, copied from one that
 * really succeeded. Done in C because 2,000 of them would take a script a minute.
 *
 * usage: bench_fill KUBECONFIG NAMESPACE COUNT PATTERN     PATTERN: name of the migration to copy
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ground.h"

#define AT_ONCE 16 /* requests in flight: the API server's fair queues refuse many more */

struct fill {
    struct ground ground;
    const char *ns;
    long count;
    long created;
    long finished;
    json_t *pattern; /* the migration that is copied */
};

static void call(struct fill *fill, enum kube_method method, char *path, json_t *body,
                 kube_response_fn *fn)
{
    struct kube_call what = {
        .method = method,
        .path = path,
        .content_type = method == KUBE_PATCH ? KUBE_MERGE_PATCH : NULL,
        .body = body,
    };
    (void)kube_client_call(fill->ground.client, &what, fn, fill);
    json_decref(body);
    free(path);
}

static void create_one(struct fill *fill);

static void on_finished(void *arg, const struct kube_response *response)
{
    struct fill *fill = arg;
    ground_check("write a status", response);
    if (++fill->finished == fill->count) {
        loop_stop(fill->ground.loop);
    } else {
        create_one(fill);
    }
}

static void on_created(void *arg, const struct kube_response *response)
{
    struct fill *fill = arg;
    ground_check("create a migration", response);
    const json_t *metadata = json_object_get(response->body, "metadata");
    const char *name = json_string_value(json_object_get(metadata, "name"));
    json_t *patch = json_pack("{s:O}", "status", json_object_get(fill->pattern, "status"));
    call(fill, KUBE_PATCH, xasprintf(MIGRATIONS "/%s/status", fill->ns, name), patch, on_finished);
}

static void create_one(struct fill *fill)
{
    if (fill->created == fill->count) {
        return;
    }
    char *name = xasprintf("old-%05ld", fill->created++);
    json_t *migration = json_pack("{s:s, s:s, s:{s:s}, s:O}", "apiVersion",
                                  "interlude.dev/v1alpha1", "kind", "SchemaMigration", "metadata",
                                  "name", name, "spec", json_object_get(fill->pattern, "spec"));
    call(fill, KUBE_POST, xasprintf(MIGRATIONS, fill->ns), migration, on_created);
    free(name);
}

static void on_pattern(void *arg, const struct kube_response *response)
{
    struct fill *fill = arg;
    ground_check("read the pattern", response);
    fill->pattern = json_incref(response->body);
    for (int i = 0; i < AT_ONCE; i++) {
        create_one(fill);
    }
}

int main(int argc, char **argv)
{
    struct fill fill = {0};
    if (argc != 5) {
        (void)fprintf(stderr, "usage: bench_fill KUBECONFIG NAMESPACE COUNT PATTERN\n");
        return EXIT_FAILURE;
    }
    fill.ns = argv[2];
    fill.count = strtol(argv[3], NULL, 10);
    ground_init(&fill.ground, argv[1]);
    call(&fill, KUBE_GET, xasprintf(MIGRATIONS "/%s", fill.ns, argv[4]), NULL, on_pattern);
    ground_run(&fill.ground);
    json_decref(fill.pattern);
    ground_fini(&fill.ground);
    return EXIT_SUCCESS;
}
