/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/exec_plugin.h"
#include "kube/secret.h"

void exec_credential_fini(struct exec_credential *credential)
{
    secret_free(credential->token);
    secret_free(credential->cert_data);
    secret_free(credential->key_data);
    *credential = (struct exec_credential){0};
}

/* A text of status; NULL when it is not there or empty. */
static bool status_text(const json_t *status, const char *field, const char **ret_text,
                        struct err *err)
{
    const json_t *value = json_object_get(status, field);
    if (value != NULL && !json_is_null(value) && !json_is_string(value)) {
        return err_set(err, ERR_INVALID, "status.%s must be text", field);
    }
    const char *text = json_string_value(value);
    *ret_text = str_is_empty(text) ? NULL : text;
    return true;
}

static bool check_kind(const json_t *root, const char *api_version, struct err *err)
{
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const char *version = json_string_value(json_object_get(root, "apiVersion"));
    if (!str_eq(kind, "ExecCredential")) {
        return err_set(err, ERR_INVALID, "kind is \"%.60s\", not \"ExecCredential\"",
                       str_or_empty(kind));
    }
    if (!str_eq(version, api_version)) {
        return err_set(err, ERR_INVALID,
                       "apiVersion is \"%.60s\", but the kubeconfig asks for \"%s\"",
                       str_or_empty(version), api_version);
    }
    if (!json_is_object(json_object_get(root, "status"))) {
        return err_set(err, ERR_INVALID, "status is missing");
    }
    return true;
}

static bool decode_expiry(const json_t *status, int64_t *ret_expires_s, struct err *err)
{
    const char *text = NULL;
    if (!status_text(status, "expirationTimestamp", &text, err)) {
        return false;
    }
    if (text == NULL) {
        *ret_expires_s = 0;
        return true;
    }
    if (!clock_parse(text, ret_expires_s)) {
        return err_set(err, ERR_INVALID,
                       "status.expirationTimestamp is \"%.60s\", not an RFC 3339 time", text);
    }
    if (*ret_expires_s <= clock_wall_s()) {
        return err_set(
            err, ERR_INVALID,
            "the credential had expired when it came (status.expirationTimestamp is %.60s)", text);
    }
    return true;
}

/* Goes into an HTTP header as it is, so that no other character may be in it. */
static bool is_token(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= 0x20 || *at >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool decode(const json_t *root, const char *api_version,
                   struct exec_credential *ret_credential, struct err *err)
{
    const char *token = NULL;
    const char *cert = NULL;
    const char *key = NULL;
    int64_t expires_s = 0;
    if (!check_kind(root, api_version, err)) {
        return false;
    }
    const json_t *status = json_object_get(root, "status");
    if (!status_text(status, "token", &token, err) ||
        !status_text(status, "clientCertificateData", &cert, err) ||
        !status_text(status, "clientKeyData", &key, err) ||
        !decode_expiry(status, &expires_s, err)) {
        return false;
    }
    if ((cert == NULL) != (key == NULL)) {
        return err_set(err, ERR_INVALID, "status.%s is there without status.%s",
                       cert != NULL ? "clientCertificateData" : "clientKeyData",
                       cert != NULL ? "clientKeyData" : "clientCertificateData");
    }
    if (token == NULL && cert == NULL) {
        return err_set(err, ERR_INVALID,
                       "status has neither token nor clientCertificateData and clientKeyData");
    }
    if (token != NULL && !is_token(token)) {
        return err_set(err, ERR_INVALID, "status.token holds white space or control characters");
    }
    *ret_credential = (struct exec_credential){
        .token = xstrdup(token),
        .cert_data = xstrdup(cert),
        .key_data = xstrdup(key),
        .expires_s = expires_s,
    };
    return true;
}

bool exec_credential_parse(const char *text, size_t len, const char *api_version,
                           struct exec_credential *ret_credential, struct err *err)
{
    json_error_t where;
    CLEANUP(secret_free_json) json_t *root = json_loadb(text, len, 0, &where);
    if (root == NULL) {
        /* jansson's own text quotes what it read, which may be the secret. */
        return err_set(err, ERR_INVALID, "not JSON (line %d, column %d)", where.line, where.column);
    }
    return decode(root, api_version, ret_credential, err);
}
