/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials that renew themselves: a token, a token file that is read again when it changed, an exec
 * plugin (client.authentication.k8s.io/v1) that is run again when its credential expires or is refused,
 * or a client certificate. Values are secret: never in an error, never in a log.
 */
#ifndef INTERLUDE_KUBE_AUTH_H
#define INTERLUDE_KUBE_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"
#include "kube/loop.h"

struct kube_auth;

struct kube_credentials {     /* borrowed until the next call on the same struct kube_auth */
    const char *bearer_token; /* NULL: none */
    const char *basic_user;   /* NULL: none */
    const char *basic_password;
    const char *cert_file; /* client certificate: file, or PEM text in cert_data */
    const char *cert_data;
    const char *key_file;
    const char *key_data;
    uint64_t generation; /* changes whenever any of the above does */
};

/*
 * Calls fn(arg) from the loop once the credentials are as good as they can be: at once for most kinds,
 * after the plugin has ended for exec. Either credentials or err is NULL. Not more than one wait at a
 * time for each arg; waiting again from within fn is allowed.
 */
typedef void kube_auth_fn(void *arg, const struct kube_credentials *credentials,
                          const struct err *err);

/* True and *ret_credentials when they are at hand; false when kube_auth_wait() must be used. */
bool kube_auth_get(struct kube_auth *auth, struct kube_credentials *ret_credentials);
void kube_auth_wait(struct kube_auth *auth, struct loop *loop, kube_auth_fn *fn, void *arg);
void kube_auth_cancel(struct kube_auth *auth, void *arg);

/* The server said 401 to this generation: read the file again, run the plugin again. */
void kube_auth_refused(struct kube_auth *auth, uint64_t generation);

void kube_auth_free(struct kube_auth *auth); /* NULL accepted */

#endif
