/* SPDX-License-Identifier: Apache-2.0 */
/* A kubeconfig, and with it all of YAML. Beyond not crashing: what is accepted is encrypted and whole. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "fuzz.h"
#include "kube/auth.h"
#include "kube/config_internal.h"

/* No folder of that name: relative paths of the text lead nowhere. */
#define PATH "/nowhere/kubeconfig"

static void claim(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void parse(const char *text, size_t len, const char *context)
{
    struct kube_config config = {0};
    struct err err = {0};
    if (kubeconfig_parse(PATH, text, len, context, &config, &err)) {
        claim(str_starts_with(config.server, "https://") && !str_ends_with(config.server, "/"));
        claim(config.auth != NULL && (config.ca_file == NULL || config.ca_data == NULL));
        struct kube_credentials credentials = {0};
        (void)kube_auth_get(config.auth, &credentials);
        claim(credentials.bearer_token == NULL || credentials.basic_user == NULL);
        kube_config_fini(&config);
    } else {
        claim(err.kind == ERR_INVALID && str_starts_with(err.text, PATH ": "));
        claim(config.auth == NULL && config.server == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "";
    parse(text, size, NULL);
    parse(text, size, "main");
    return 0;
}
