/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case is a file of data/kubeconfig: its first lines are comments "# field: value" that say what must
 * come out of it; $DIR is that folder. Whatever is secret in them holds the word s3cret.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/auth.h"
#include "kube/config.h"
#include "kube/config_internal.h"

#define DIR_NAME  TEST_DATA_DIR "/kubeconfig"
#define CASES_MAX 200

/* The value behind "# field: " in the head of the file, with $DIR replaced; NULL: not there. */
static const char *expected(struct arena *arena, const char *path, const char *field)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char line[1024];
    const char *value = NULL;
    const char *head = arena_printf(arena, "# %s: ", field);
    while (value == NULL && fgets(line, sizeof(line), file) != NULL && line[0] == '#') {
        line[strcspn(line, "\n")] = '\0';
        if (str_starts_with(line, head)) {
            value = arena_strdup(arena, line + strlen(head));
        }
    }
    (void)fclose(file);
    const char *at = value == NULL ? NULL : strstr(value, "$DIR");
    return at == NULL ? value
                      : arena_printf(arena, "%.*s%s%s", (int)(at - value), value, DIR_NAME,
                                     at + strlen("$DIR"));
}

static void check_text(struct arena *arena, const char *path, const char *field, const char *seen)
{
    const char *want = expected(arena, path, field);
    if (!str_eq(want, seen)) {
        fail_msg("%s is %s, not %s", field, str_or_empty(seen), str_or_empty(want));
    }
}

/* The content between the lines of a PEM text. */
static void check_pem(struct arena *arena, const char *path, const char *field, const char *seen)
{
    const char *want = expected(arena, path, field);
    if (want == NULL) {
        return;
    }
    assert_non_null(seen);
    const char *line = strchr(seen, '\n') + 1;
    assert_string_equal(arena_strndup(arena, line, strcspn(line, "\n")), want);
}

static void check_config(struct arena *arena, const char *path, const struct kube_config *config)
{
    check_text(arena, path, "server", config->server);
    check_text(arena, path, "ns", config->ns);
    check_text(arena, path, "tls-server-name", config->tls_server_name);
    check_text(arena, path, "proxy-url", config->proxy_url);
    check_text(arena, path, "ca-file", config->ca_file);
    check_pem(arena, path, "ca-data", config->ca_data);
    struct kube_credentials credentials = {0};
    bool is_at_hand = kube_auth_get(config->auth, &credentials);
    assert_int_equal(is_at_hand, expected(arena, path, "waits") == NULL);
    check_text(arena, path, "token", credentials.bearer_token);
    check_text(arena, path, "user", credentials.basic_user);
    check_text(arena, path, "password", credentials.basic_password);
    check_text(arena, path, "cert-file", credentials.cert_file);
    check_text(arena, path, "key-file", credentials.key_file);
    check_pem(arena, path, "cert-data", credentials.cert_data);
    check_pem(arena, path, "key-data", credentials.key_data);
}

static void run_file(void **state)
{
    struct arena arena = {0};
    const char *path = arena_printf(&arena, DIR_NAME "/%s", (const char *)*state);
    const char *error = expected(&arena, path, "error");
    struct kube_config config = {0};
    struct err err = {0};
    bool done = kube_config_load_file(path, expected(&arena, path, "context"), &config, &err);
    if (error != NULL) {
        assert_false(done);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, arena_printf(&arena, "%s: %s", path, error));
        assert_null(strstr(err.text, "s3cret"));
        assert_null(config.auth);
    } else {
        assert_string_equal(err.text, "");
        assert_true(done);
        check_config(&arena, path, &config);
        kube_config_fini(&config);
    }
    arena_fini(&arena);
}

static void missing_file(void **state)
{
    (void)state;
    struct kube_config config = {0};
    struct err err = {0};
    assert_false(kube_config_load_file(DIR_NAME "/none.yaml", NULL, &config, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.text, "kubeconfig: cannot open " DIR_NAME
                                  "/none.yaml: No such file or directory");
}

static void folder_instead_of_file(void **state)
{
    (void)state;
    struct kube_config config = {0};
    struct err err = {0};
    assert_false(kube_config_load_file(DIR_NAME, NULL, &config, &err));
    assert_string_equal(err.text, "kubeconfig: cannot read " DIR_NAME ": Is a directory");
}

struct pod_row {
    const char *name;
    const char *host;
    const char *port;
    const char *skip; /* the file that is not there */
    const char *token;
    const char *ns;     /* what comes out */
    const char *server; /* NULL: refused */
    const char *error;  /* its beginning */
};

static const struct pod_row pod_rows[] = {
    {.name = "pod: IPv4",
     .host = "10.96.0.1",
     .port = "443",
     .token = "s3cret",
     .ns = "shop",
     .server = "https://10.96.0.1:443"},
    {.name = "pod: IPv6",
     .host = "fd00::1",
     .port = "6443",
     .token = "s3cret\n",
     .ns = "shop",
     .server = "https://[fd00::1]:6443"},
    {.name = "pod: name",
     .host = "kubernetes.default.svc",
     .port = "443",
     .token = "s3cret",
     .ns = "shop",
     .server = "https://kubernetes.default.svc:443"},
    {.name = "pod: no namespace file",
     .host = "10.96.0.1",
     .port = "443",
     .skip = "namespace",
     .token = "s3cret",
     .server = "https://10.96.0.1:443"},
    {.name = "pod: no host",
     .port = "443",
     .token = "s3cret",
     .error =
         "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod; name a kubeconfig file instead"},
    {.name = "pod: empty port",
     .host = "10.96.0.1",
     .port = "",
     .token = "s3cret",
     .error = "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"},
    {.name = "pod: bad port",
     .host = "10.96.0.1",
     .port = "70000",
     .token = "s3cret",
     .error = "KUBERNETES_SERVICE_PORT: \"70000\" is not a port"},
    {.name = "pod: bad host",
     .host = "10.96.0.1/x",
     .port = "443",
     .token = "s3cret",
     .error = "KUBERNETES_SERVICE_HOST: \"10.96.0.1/x\" is not a host"},
    {.name = "pod: no CA",
     .host = "10.96.0.1",
     .port = "443",
     .skip = "ca.crt",
     .token = "s3cret",
     .error = "cannot read "},
    {.name = "pod: no token",
     .host = "10.96.0.1",
     .port = "443",
     .skip = "token",
     .token = "s3cret",
     .error = "service account: token file: cannot open "},
    {.name = "pod: empty token",
     .host = "10.96.0.1",
     .port = "443",
     .token = " \n",
     .error = "service account: token file "},
};

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A folder with the files of a service account. In the arena. */
static const char *make_root(struct arena *arena, const struct pod_row *row)
{
    static const char *const folders[] = {"/var", "/var/run", "/var/run/secrets",
                                          "/var/run/secrets/kubernetes.io", SERVICE_ACCOUNT};
    const struct {
        const char *name;
        const char *text;
    } files[] = {{"token", row->token}, {"ca.crt", "ca"}, {"namespace", "shop\n"}};
    const char *tmp = getenv("TMPDIR");
    char *root = arena_printf(arena, "%s/interlude-test-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        assert_int_equal(mkdir(arena_printf(arena, "%s%s", root, folders[i]), 0700), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (!str_eq(files[i].name, row->skip)) {
            write_file(arena_printf(arena, "%s" SERVICE_ACCOUNT "/%s", root, files[i].name),
                       files[i].text);
        }
    }
    return root;
}

static void remove_root(struct arena *arena, const char *root)
{
    static const char *const names[] = {SERVICE_ACCOUNT "/token",
                                        SERVICE_ACCOUNT "/ca.crt",
                                        SERVICE_ACCOUNT "/namespace",
                                        SERVICE_ACCOUNT,
                                        "/var/run/secrets/kubernetes.io",
                                        "/var/run/secrets",
                                        "/var/run",
                                        "/var",
                                        ""};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)remove(arena_printf(arena, "%s%s", root, names[i]));
    }
}

static void run_pod(void **state)
{
    const struct pod_row *row = *state;
    struct arena arena = {0};
    const char *root = make_root(&arena, row);
    struct kube_pod pod = {.root = root, .host = row->host, .port = row->port};
    struct kube_config config = {0};
    struct err err = {0};
    bool done = kube_config_load_pod(&pod, &config, &err);
    if (row->server == NULL) {
        assert_false(done);
        if (!str_starts_with(err.text, row->error)) {
            assert_string_equal(err.text, row->error);
        }
        assert_null(config.auth);
    } else {
        assert_string_equal(done ? "" : err.text, "");
        struct kube_credentials credentials = {0};
        assert_true(kube_auth_get(config.auth, &credentials));
        assert_string_equal(credentials.bearer_token, "s3cret");
        assert_string_equal(config.server, row->server);
        assert_true(str_eq(config.ns, row->ns));
        assert_true(str_ends_with(config.ca_file, SERVICE_ACCOUNT "/ca.crt"));
        kube_config_fini(&config);
    }
    remove_root(&arena, root);
    arena_fini(&arena);
}

static int is_case(const struct dirent *entry)
{
    return str_ends_with(entry->d_name, ".yaml");
}

int main(void)
{
    struct CMUnitTest tests[CASES_MAX + ARRAY_LEN(pod_rows) + 2];
    size_t count = 0;
    struct dirent **files = NULL;
    int file_count = scandir(DIR_NAME, &files, is_case, alphasort);
    if (file_count <= 0 || file_count > CASES_MAX) {
        (void)fprintf(stderr, "%d cases in %s\n", file_count, DIR_NAME);
        return 1;
    }
    for (int i = 0; i < file_count; i++) {
        tests[count++] = (struct CMUnitTest){
            .name = files[i]->d_name, .test_func = run_file, .initial_state = files[i]->d_name};
    }
    for (size_t i = 0; i < ARRAY_LEN(pod_rows); i++) {
        const void *row = &pod_rows[i];
        tests[count] = (struct CMUnitTest){.name = pod_rows[i].name, .test_func = run_pod};
        memcpy(&tests[count].initial_state, &row, sizeof(row)); /* cmocka takes no const */
        count++;
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(missing_file);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(folder_instead_of_file);
    int failed = _cmocka_run_group_tests("config", tests, count, NULL, NULL);
    for (int i = 0; i < file_count; i++) {
        free(files[i]);
    }
    free(files);
    return failed;
}
