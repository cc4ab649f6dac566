/* SPDX-License-Identifier: Apache-2.0 */
#include "ground.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

void ground_init(struct ground *ground, const char *kubeconfig)
{
    struct err err = {0};
    *ground = (struct ground){0};
    (void)signal(SIGPIPE, SIG_IGN);
    json_set_alloc_funcs(xmalloc, free);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fail("libcurl", "cannot start");
    }
    ground->loop = loop_new(&err);
    if (ground->loop == NULL || !kube_config_load_file(kubeconfig, NULL, &ground->config, &err)) {
        fail(kubeconfig, err.text);
    }
    ground->client = kube_client_new(ground->loop, &ground->config, &err);
    if (ground->client == NULL) {
        fail(kubeconfig, err.text);
    }
}

void ground_run(struct ground *ground)
{
    struct err err = {0};
    if (!loop_run(ground->loop, &err)) {
        fail("loop", err.text);
    }
}

void ground_fini(struct ground *ground)
{
    kube_client_free(ground->client);
    kube_config_fini(&ground->config);
    loop_free(ground->loop);
    curl_global_cleanup();
}

void ground_check(const char *what, const struct kube_response *response)
{
    if (!response->is_ok) {
        fail(what, response->err.text);
    }
}

json_t *ground_migration(const char *name, const char *to_version, const char *application)
{
    json_t *migration = json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:s, s:s, s:{s:{s:s, s:{s:s}}}}}",
                                  "apiVersion", "interlude.dev/v1alpha1", "kind", "SchemaMigration",
                                  "metadata", "name", name, "spec", "database", "bench", "step",
                                  "Expand", "toVersion", to_version, "run", "container", "image",
                                  "tool:1", "annotations", "kwok.interlude.dev/run-for", "1ms");
    if (application != NULL) {
        json_t *applications =
            json_pack("[{s:s, s:s}]", "name", application, "versions", ">=1.0.0");
        (void)json_object_set_new(json_object_get(migration, "spec"), "applications", applications);
    }
    return migration;
}
