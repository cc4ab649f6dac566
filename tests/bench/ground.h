/* SPDX-License-Identifier: Apache-2.0 */
/* What the measuring programs share: the controller's own client, and an end at the first failure. */
#ifndef TESTS_BENCH_GROUND_H
#define TESTS_BENCH_GROUND_H

#include "base/attrs.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/loop.h"

#define MIGRATIONS "/apis/interlude.dev/v1alpha1/namespaces/%s/schemamigrations"
#define DATABASES  "/apis/interlude.dev/v1alpha1/namespaces/%s/databases"
#define JOBS       "/apis/batch/v1/namespaces/%s/jobs"

struct ground {
    struct loop *loop;
    struct kube_config config;
    struct kube_client *client;
};

void ground_init(struct ground *ground, const char *kubeconfig);
void ground_run(struct ground *ground);
void ground_fini(struct ground *ground);

/* Ends the program unless the answer is good. */
void ground_check(const char *what, const struct kube_response *response);

/* A migration that runs for a millisecond; application NULL: none. New. */
json_t *ground_migration(const char *name, const char *to_version,
                         const char *application) MUST_CHECK;

#endif
