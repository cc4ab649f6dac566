/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_plugin.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/secret.h"

/* Of standard error the end alone is kept: the last line usually says why. */
#define STDERR_TAIL_BYTES ((size_t)512)
#define STDERR_LINE_BYTES 200

struct output { /* one of the program's two streams */
    struct exec_plugin *plugin;
    struct loop_io io;
    int fd; /* -1: closed */
    char *data;
    size_t len;
    size_t max;
};

struct exec_plugin {
    char **argv;
    char **env;
    char *api_version;
    char *install_hint;
    int64_t deadline_ms;

    /* From here on only while the program runs. */
    struct loop *loop;
    exec_plugin_fn *fn;
    void *arg;
    pid_t pid;  /* also its process group; 0: not running */
    int pid_fd; /* readable when the program has ended */
    struct loop_io pid_io;
    struct loop_timer deadline;
    struct output out;
    struct output error;
    struct err killed; /* why we killed it; kind NONE: we did not */
};

static size_t list_len(const char *const *list)
{
    size_t len = 0;
    while (list != NULL && list[len] != NULL) {
        len++;
    }
    return len;
}

static char **list_copy(const char *const *list)
{
    size_t len = list_len(list);
    char **copy = xcalloc(len + 1, sizeof(*copy));
    for (size_t i = 0; i < len; i++) {
        copy[i] = xstrdup(list[i]);
    }
    return copy;
}

static void list_free(char **list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        secret_free(list[i]);
    }
    free(list);
}

struct exec_plugin *exec_plugin_new(const struct exec_plugin_spec *spec)
{
    struct exec_plugin *plugin = xcalloc(1, sizeof(*plugin));
    plugin->argv = list_copy(spec->argv);
    plugin->env = list_copy(spec->env);
    plugin->api_version = xstrdup(spec->api_version);
    plugin->install_hint = xstrdup(spec->install_hint);
    plugin->deadline_ms = spec->deadline_ms > 0 ? spec->deadline_ms : EXEC_PLUGIN_DEADLINE_MS;
    plugin->pid_fd = -1;
    plugin->out.fd = -1;
    plugin->error.fd = -1;
    return plugin;
}

bool exec_plugin_is_running(const struct exec_plugin *plugin)
{
    return plugin->pid != 0;
}

static void output_close(struct output *output)
{
    if (output->fd < 0) {
        return;
    }
    loop_io_stop(output->plugin->loop, &output->io);
    (void)close(output->fd);
    output->fd = -1;
}

static void output_fini(struct output *output)
{
    output_close(output);
    if (output->data != NULL) {
        explicit_bzero(output->data, output->len);
        free(output->data);
    }
    *output = (struct output){.fd = -1};
}

/* Back to the state before the start; the program has been waited for. */
static void clear_run(struct exec_plugin *plugin)
{
    loop_timer_stop(plugin->loop, &plugin->deadline);
    if (plugin->pid_fd >= 0) {
        loop_io_stop(plugin->loop, &plugin->pid_io);
        (void)close(plugin->pid_fd);
        plugin->pid_fd = -1;
    }
    output_fini(&plugin->out);
    output_fini(&plugin->error);
    plugin->pid = 0;
    plugin->killed = (struct err){0};
}

/* The whole group: a shell script's children too. */
static void kill_group(const struct exec_plugin *plugin)
{
    (void)kill(-plugin->pid, SIGKILL);
}

/* Ends a running program without a callback; what was killed is there for waitid() at once. */
static void abandon(struct exec_plugin *plugin)
{
    siginfo_t info;
    kill_group(plugin);
    while (waitid(P_PID, (id_t)plugin->pid, &info, WEXITED) < 0 && errno == EINTR) {
    }
    clear_run(plugin);
}

void exec_plugin_free(struct exec_plugin *plugin)
{
    if (plugin == NULL) {
        return;
    }
    if (exec_plugin_is_running(plugin)) {
        abandon(plugin);
    }
    list_free(plugin->argv);
    list_free(plugin->env);
    free(plugin->api_version);
    free(plugin->install_hint);
    free(plugin);
}

/* The last line of standard error without control characters, or "". */
static void last_line(const struct output *error, char text[STDERR_LINE_BYTES])
{
    size_t end = error->len;
    while (end > 0 && (error->data[end - 1] == '\n' || error->data[end - 1] == '\r')) {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && error->data[begin - 1] != '\n') {
        begin--;
    }
    size_t len = end - begin < STDERR_LINE_BYTES - 1 ? end - begin : STDERR_LINE_BYTES - 1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)error->data[begin + i];
        text[i] = ' ';
        if (c >= ' ' && c != 0x7f) {
            text[i] = error->data[begin + i];
        }
    }
    text[len] = '\0';
}

/* True when the program ended by itself and well. */
static bool check_end(const struct exec_plugin *plugin, const siginfo_t *info, struct err *err)
{
    char line[STDERR_LINE_BYTES];
    last_line(&plugin->error, line);
    const char *colon = line[0] != '\0' ? ": " : "";
    if (plugin->killed.kind != ERR_NONE) {
        *err = plugin->killed;
        return false;
    }
    if (info->si_code != CLD_EXITED) {
        return err_set(err, ERR_TRANSIENT, "killed by signal %d%s%s", info->si_status, colon, line);
    }
    if (info->si_status != 0) {
        return err_set(err, ERR_TRANSIENT, "exit status %d%s%s", info->si_status, colon, line);
    }
    return true;
}

/*
 * Takes in what the stream has. Standard output must fit; of standard error the older part goes. False
 * when it does not fit.
 */
static bool output_read(struct output *output)
{
    bool fits = true;
    while (output->fd >= 0) {
        char chunk[4096];
        ssize_t count = read(output->fd, chunk, sizeof(chunk));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && errno == EAGAIN) {
            break;
        }
        if (count <= 0) {
            output_close(output);
            break;
        }
        const char *from = chunk;
        size_t len = (size_t)count;
        if (output == &output->plugin->error) {
            if (len > output->max) {
                from += len - output->max;
                len = output->max;
            }
            size_t kept = output->len < output->max - len ? output->len : output->max - len;
            memmove(output->data, output->data + output->len - kept, kept);
            output->len = kept;
        }
        fits = fits && len <= output->max - output->len;
        if (fits) {
            memcpy(output->data + output->len, from, len);
            output->len += len;
        }
        explicit_bzero(chunk, sizeof(chunk));
    }
    return fits;
}

static void on_output(void *arg, uint32_t events)
{
    (void)events;
    struct output *output = arg;
    struct exec_plugin *plugin = output->plugin;
    if (!output_read(output) && plugin->killed.kind == ERR_NONE) {
        (void)err_set(&plugin->killed, ERR_TRANSIENT, "it printed more than %zu bytes",
                      output->max);
        kill_group(plugin);
    }
}

static void on_deadline(void *arg)
{
    struct exec_plugin *plugin = arg;
    if (plugin->killed.kind == ERR_NONE) {
        (void)err_set(&plugin->killed, ERR_TRANSIENT, "it did not end within %lld ms",
                      (long long)plugin->deadline_ms);
        kill_group(plugin);
    }
}

/* The program has ended. What it wrote is in the pipes, even if a child of it holds them open. */
static void on_end(void *arg, uint32_t events)
{
    (void)events;
    struct exec_plugin *plugin = arg;
    siginfo_t info = {0};
    if (waitid(P_PIDFD, (id_t)plugin->pid_fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0) {
        return;
    }
    on_output(&plugin->out, EPOLLIN);
    on_output(&plugin->error, EPOLLIN);
    CLEANUP(exec_credential_fini) struct exec_credential credential = {0};
    struct err err = {0};
    bool is_ok = check_end(plugin, &info, &err) &&
                 exec_credential_parse(plugin->out.data, plugin->out.len, plugin->api_version,
                                       &credential, &err);
    if (!is_ok) {
        (void)err_wrap(&err, "credential plugin \"%s\"", plugin->argv[0]);
    }
    clear_run(plugin);
    plugin->fn(plugin->arg, &credential, is_ok ? NULL : &err);
}

/* True when a variable of the plugin's own has the name of this "NAME=value". */
static bool is_replaced(const struct exec_plugin *plugin, const char *variable)
{
    size_t name_len = strcspn(variable, "=") + 1;
    for (size_t i = 0; plugin->env[i] != NULL; i++) {
        if (strncmp(plugin->env[i], variable, name_len) == 0) {
            return true;
        }
    }
    return false;
}

/* Our environment with the plugin's on top. The strings are borrowed, the list is the caller's. */
static char **build_env(const struct exec_plugin *plugin)
{
    size_t count = 0;
    while (environ[count] != NULL) {
        count++;
    }
    size_t own = list_len((const char *const *)plugin->env);
    char **list = xcalloc(count + own + 1, sizeof(*list));
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_replaced(plugin, environ[i])) {
            list[at++] = environ[i];
        }
    }
    for (size_t i = 0; i < own; i++) {
        list[at++] = plugin->env[i];
    }
    return list;
}

/*
 * Its own process group, so that its children can be killed with it, and no signal blocked: the loop's
 * owner blocks those that it reads from a descriptor.
 */
static int spawn(struct exec_plugin *plugin, int out_fd, int error_fd)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t all;
    sigset_t none;
    int failed = 0;
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSIGMASK);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    failed = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (failed == 0) {
        failed = posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
    }
    if (failed == 0) {
        failed = posix_spawn_file_actions_adddup2(&files, error_fd, STDERR_FILENO);
    }
    if (failed == 0) {
        /* Not every library opens its sockets close-on-exec. */
        failed = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    }
    if (failed == 0) {
        char **env = build_env(plugin);
        failed =
            posix_spawnp(&plugin->pid, plugin->argv[0], &files, &attributes, plugin->argv, env);
        free(env);
    }
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&files);
    return failed;
}

static bool spawn_failed(const struct exec_plugin *plugin, int failed, struct err *err)
{
    (void)err_set(err, ERR_TRANSIENT, "credential plugin \"%s\": cannot be started: %s",
                  plugin->argv[0], strerrordesc_np(failed));
    if (failed == ENOENT && plugin->install_hint != NULL) {
        struct err first = *err;
        (void)err_set(err, first.kind, "%s: %s", first.text, plugin->install_hint);
    }
    return false;
}

/* Our end of a new pipe goes to output, the program's to *ret_fd. */
static bool output_open(struct exec_plugin *plugin, struct output *output, size_t max, int *ret_fd,
                        struct err *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return err_set(err, ERR_TRANSIENT, "cannot make a pipe: %s", strerrordesc_np(errno));
    }
    *output = (struct output){
        .plugin = plugin,
        .io = {.fn = on_output, .arg = output},
        .fd = fds[0],
        .data = xmalloc(max),
        .max = max,
    };
    *ret_fd = fds[1];
    /* Ours alone: a program does not expect that its standard output may be full. */
    if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
        return err_set(err, ERR_TRANSIENT, "cannot prepare a pipe: %s", strerrordesc_np(errno));
    }
    return loop_io_start(plugin->loop, &output->io, fds[0], EPOLLIN, err);
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* On failure the caller clears up what was opened. */
static bool start(struct exec_plugin *plugin, struct err *err)
{
    CLEANUP(close_fd) int out_fd = -1;
    CLEANUP(close_fd) int error_fd = -1;
    if (!output_open(plugin, &plugin->out, EXEC_PLUGIN_OUTPUT_MAX_BYTES, &out_fd, err) ||
        !output_open(plugin, &plugin->error, STDERR_TAIL_BYTES, &error_fd, err)) {
        return false;
    }
    int failed = spawn(plugin, out_fd, error_fd);
    if (failed != 0) {
        plugin->pid = 0;
        return spawn_failed(plugin, failed, err);
    }
    plugin->pid_fd = pidfd_open(plugin->pid, 0);
    if (plugin->pid_fd < 0) {
        return err_set(err, ERR_INTERNAL, "pidfd_open: %s (Linux 5.3 or later is needed)",
                       strerrordesc_np(errno));
    }
    plugin->pid_io = (struct loop_io){.fn = on_end, .arg = plugin};
    return loop_io_start(plugin->loop, &plugin->pid_io, plugin->pid_fd, EPOLLIN, err);
}

bool exec_plugin_start(struct exec_plugin *plugin, struct loop *loop, exec_plugin_fn *fn, void *arg,
                       struct err *err)
{
    assert(!exec_plugin_is_running(plugin));
    plugin->loop = loop;
    plugin->fn = fn;
    plugin->arg = arg;
    if (!start(plugin, err)) {
        if (plugin->pid != 0) {
            abandon(plugin);
        } else {
            clear_run(plugin);
        }
        return false;
    }
    plugin->deadline.fn = on_deadline;
    plugin->deadline.arg = plugin;
    loop_timer_start(loop, &plugin->deadline, clock_now_ms() + plugin->deadline_ms);
    return true;
}
