/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/auth.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/auth_internal.h"
#include "kube/secret.h"

#define TOKEN_MAX_BYTES ((size_t)64 * 1024)

/* A file is read again this often even if it looks the same. */
#define TOKEN_REREAD_MS 60000

/* A plugin's credential is renewed this long before its end, or a quarter of its life if that is less. */
#define EXPIRY_MARGIN_S 30

/* A refused credential is not replaced sooner after it came: a server that refuses all may not make us spin. */
#define REFUSED_GAP_MS 2000

static const struct backoff_policy plugin_backoff = {.first_ms = 1000, .largest_ms = 60000};

struct waiter {
    struct waiter *next;
    kube_auth_fn *fn;
    void *arg;
    bool is_ready; /* to be called at the end of the turn; else waits for the plugin */
    bool is_due;   /* is being called now; one that waits again meanwhile is not */
};

/* By what one sees that a file is another one; through symbolic links, which a kubelet swaps. */
struct file_stamp {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime;
};

struct kube_auth {
    struct kube_credentials now; /* what is handed out; its text is owned by the fields below */
    char *token;
    char *user;
    char *password;
    char *cert_file;
    char *cert_data;
    char *key_file;
    char *key_data;
    struct file_stamp cert_stamp;
    struct file_stamp key_stamp;

    char *token_file; /* NULL: none */
    struct file_stamp token_stamp;
    int64_t token_read_ms;
    bool is_token_refused;

    struct exec_plugin *plugin;        /* NULL: none */
    struct exec_credential credential; /* the plugin's last one */
    bool has_credential;
    bool is_refused;
    int64_t renew_s;     /* when the credential expires at all */
    unsigned failures;   /* of the plugin in a row */
    int64_t got_ms;      /* when the credential came */
    int64_t next_run_ms; /* of the plugin: not before */

    struct err last_err; /* why there are no credentials */
    struct loop *loop;   /* NULL until somebody waits */
    struct loop_task deliver;
    struct waiter *waiters; /* oldest first */
};

/* What a plugin gave goes before what stands in the kubeconfig. */
static void publish(struct kube_auth *auth)
{
    const struct exec_credential *given = &auth->credential;
    bool has_cert = given->cert_data != NULL;
    auth->now = (struct kube_credentials){
        .bearer_token = auth->plugin != NULL ? given->token : auth->token,
        .basic_user = auth->user,
        .basic_password = auth->password,
        .cert_file = has_cert ? NULL : auth->cert_file,
        .cert_data = has_cert ? given->cert_data : auth->cert_data,
        .key_file = has_cert ? NULL : auth->key_file,
        .key_data = has_cert ? given->key_data : auth->key_data,
        .generation = auth->now.generation + 1,
    };
}

static struct file_stamp stamp_of(const char *path)
{
    struct stat info;
    if (stat(path, &info) < 0) {
        return (struct file_stamp){0};
    }
    return (struct file_stamp){
        .dev = info.st_dev,
        .ino = info.st_ino,
        .size = info.st_size,
        .mtime = info.st_mtim,
    };
}

static bool stamps_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

/* True when the file is another one than at the last call; a missing file counts as unchanged. */
static bool has_changed(const char *path, struct file_stamp *stamp)
{
    if (path == NULL) {
        return false;
    }
    struct file_stamp seen = stamp_of(path);
    if (seen.ino == 0 || stamps_equal(&seen, stamp)) {
        return false;
    }
    *stamp = seen;
    return true;
}

/* The file without the white space around it. */
static bool read_token(const char *path, char **ret_token, struct err *err)
{
    CLEANUP(secret_free_text) char *text = NULL;
    size_t len = 0;
    if (!secret_read_file(path, TOKEN_MAX_BYTES, &text, &len, err)) {
        return err_wrap(err, "token file");
    }
    const char *begin = text + strspn(text, " \t\r\n");
    size_t count = strcspn(begin, " \t\r\n");
    if (count == 0) {
        return err_set(err, ERR_INVALID, "token file %s is empty", path);
    }
    if (begin[count + strspn(begin + count, " \t\r\n")] != '\0') {
        return err_set(err, ERR_INVALID, "token file %s holds more than one word", path);
    }
    for (size_t i = 0; i < count; i++) {
        if (begin[i] <= 0x20 || begin[i] >= 0x7f) {
            return err_set(err, ERR_INVALID, "token file %s holds characters that no token has",
                           path);
        }
    }
    *ret_token = xstrndup(begin, count);
    return true;
}

/* Keeps the token in hand when the file cannot be read: it may be in the middle of a swap. */
static void refresh_token(struct kube_auth *auth)
{
    bool is_changed = has_changed(auth->token_file, &auth->token_stamp);
    bool is_old = clock_now_ms() - auth->token_read_ms >= TOKEN_REREAD_MS;
    if (!is_changed && !is_old && !auth->is_token_refused && auth->token != NULL) {
        return;
    }
    char *token = NULL;
    if (!read_token(auth->token_file, &token, &auth->last_err)) {
        auth->token_stamp = (struct file_stamp){0};
        return;
    }
    auth->token_read_ms = clock_now_ms();
    auth->is_token_refused = false;
    if (str_eq(token, auth->token)) {
        secret_free(token);
        return;
    }
    secret_free(auth->token);
    auth->token = token;
    publish(auth);
}

static void refresh_certificate(struct kube_auth *auth)
{
    bool is_cert_new = has_changed(auth->cert_file, &auth->cert_stamp);
    bool is_key_new = has_changed(auth->key_file, &auth->key_stamp);
    if (is_cert_new || is_key_new) {
        publish(auth);
    }
}

bool kube_auth_new(const struct kube_auth_spec *spec, struct kube_auth **ret_auth, struct err *err)
{
    struct kube_auth *auth = xcalloc(1, sizeof(*auth));
    auth->token = xstrdup(spec->token);
    auth->token_file = xstrdup(spec->token_file);
    auth->user = xstrdup(spec->user);
    auth->password = xstrdup(spec->password);
    auth->cert_file = xstrdup(spec->cert_file);
    auth->cert_data = xstrdup(spec->cert_data);
    auth->key_file = xstrdup(spec->key_file);
    auth->key_data = xstrdup(spec->key_data);
    if (spec->plugin != NULL) {
        auth->plugin = exec_plugin_new(spec->plugin);
    }
    (void)has_changed(auth->cert_file, &auth->cert_stamp);
    (void)has_changed(auth->key_file, &auth->key_stamp);
    publish(auth);
    if (auth->token_file != NULL) {
        refresh_token(auth);
        if (auth->token == NULL) {
            *err = auth->last_err;
            kube_auth_free(auth);
            return false;
        }
    }
    *ret_auth = auth;
    return true;
}

void kube_auth_free(struct kube_auth *auth)
{
    if (auth == NULL) {
        return;
    }
    if (auth->loop != NULL) {
        loop_task_cancel(auth->loop, &auth->deliver);
    }
    while (auth->waiters != NULL) {
        struct waiter *next = auth->waiters->next;
        free(auth->waiters);
        auth->waiters = next;
    }
    exec_plugin_free(auth->plugin);
    exec_credential_fini(&auth->credential);
    secret_free(auth->token);
    secret_free(auth->password);
    secret_free(auth->cert_data);
    secret_free(auth->key_data);
    free(auth->user);
    free(auth->cert_file);
    free(auth->key_file);
    free(auth->token_file);
    free(auth);
}

/* A credential near its end serves on while the plugin may not run again yet. */
static bool is_credential_usable(const struct kube_auth *auth)
{
    if (!auth->has_credential || auth->is_refused) {
        return false;
    }
    int64_t now_s = clock_wall_s();
    int64_t expires_s = auth->credential.expires_s;
    return expires_s == 0 || now_s < auth->renew_s ||
           (now_s < expires_s && clock_now_ms() < auth->next_run_ms);
}

bool kube_auth_get(struct kube_auth *auth, struct kube_credentials *ret_credentials)
{
    if (auth->plugin != NULL && !is_credential_usable(auth)) {
        return false;
    }
    if (auth->token_file != NULL) {
        refresh_token(auth);
    }
    refresh_certificate(auth);
    if (auth->token_file != NULL && auth->token == NULL) {
        return false;
    }
    *ret_credentials = auth->now;
    return true;
}

static struct waiter *take_due(struct kube_auth *auth)
{
    for (struct waiter **at = &auth->waiters; *at != NULL; at = &(*at)->next) {
        if ((*at)->is_due) {
            struct waiter *found = *at;
            *at = found->next;
            return found;
        }
    }
    return NULL;
}

/* One by one: each may cancel another, or wait again. */
static void deliver(void *arg)
{
    struct kube_auth *auth = arg;
    struct waiter *waiter = NULL;
    for (waiter = auth->waiters; waiter != NULL; waiter = waiter->next) {
        waiter->is_due = waiter->is_ready;
    }
    while ((waiter = take_due(auth)) != NULL) {
        struct kube_credentials credentials;
        kube_auth_fn *fn = waiter->fn;
        void *fn_arg = waiter->arg;
        free(waiter);
        if (kube_auth_get(auth, &credentials)) {
            fn(fn_arg, &credentials, NULL);
        } else {
            struct err err = auth->last_err;
            fn(fn_arg, NULL, &err);
        }
    }
}

static void wake_all(struct kube_auth *auth)
{
    for (struct waiter *waiter = auth->waiters; waiter != NULL; waiter = waiter->next) {
        waiter->is_ready = true;
    }
    loop_task_post(auth->loop, &auth->deliver);
}

static void plugin_failed(struct kube_auth *auth, const struct err *err)
{
    auth->failures++;
    auth->next_run_ms =
        clock_now_ms() + backoff_delay_ms(&plugin_backoff, auth->failures, arc4random());
    auth->last_err = *err;
}

static void plugin_succeeded(struct kube_auth *auth, struct exec_credential *credential)
{
    int64_t margin_s = (credential->expires_s - clock_wall_s()) / 4;
    auth->renew_s =
        credential->expires_s - (margin_s < EXPIRY_MARGIN_S ? margin_s : EXPIRY_MARGIN_S);
    exec_credential_fini(&auth->credential);
    auth->credential = *credential;
    *credential = (struct exec_credential){0};
    auth->has_credential = true;
    auth->is_refused = false;
    auth->failures = 0;
    auth->got_ms = clock_now_ms();
    (void)err_set(&auth->last_err, ERR_TRANSIENT,
                  "the last credential of the credential plugin has expired");
    publish(auth);
}

static void on_plugin(void *arg, struct exec_credential *credential, const struct err *err)
{
    struct kube_auth *auth = arg;
    if (err != NULL) {
        plugin_failed(auth, err);
    } else {
        plugin_succeeded(auth, credential);
    }
    wake_all(auth);
}

/* True when waiters must wait for the plugin's end. */
static bool run_plugin(struct kube_auth *auth)
{
    if (auth->plugin == NULL || is_credential_usable(auth)) {
        return false;
    }
    if (exec_plugin_is_running(auth->plugin)) {
        return true;
    }
    if (clock_now_ms() < auth->next_run_ms) {
        return false;
    }
    struct err err = {0};
    if (!exec_plugin_start(auth->plugin, auth->loop, on_plugin, auth, &err)) {
        plugin_failed(auth, &err);
        return false;
    }
    return true;
}

void kube_auth_wait(struct kube_auth *auth, struct loop *loop, kube_auth_fn *fn, void *arg)
{
    assert(auth->loop == NULL || auth->loop == loop);
    auth->loop = loop;
    auth->deliver.fn = deliver;
    auth->deliver.arg = auth;
    struct waiter *waiter = xcalloc(1, sizeof(*waiter));
    waiter->fn = fn;
    waiter->arg = arg;
    struct waiter **at = &auth->waiters;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = waiter;
    if (!run_plugin(auth)) {
        waiter->is_ready = true;
        loop_task_post(loop, &auth->deliver);
    }
}

void kube_auth_cancel(struct kube_auth *auth, void *arg)
{
    for (struct waiter **at = &auth->waiters; *at != NULL; at = &(*at)->next) {
        if ((*at)->arg == arg) {
            struct waiter *found = *at;
            *at = found->next;
            free(found);
            return;
        }
    }
}

void kube_auth_refused(struct kube_auth *auth, uint64_t generation)
{
    if (generation != auth->now.generation) {
        return;
    }
    auth->is_token_refused = auth->token_file != NULL;
    if (auth->plugin != NULL) {
        auth->is_refused = true;
        auth->next_run_ms = auth->got_ms + REFUSED_GAP_MS;
        (void)err_set(&auth->last_err, ERR_UNAUTHORIZED,
                      "the server refused the credential of the plugin");
    }
}
