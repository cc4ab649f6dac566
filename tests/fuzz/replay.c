/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files of the folders named on the command line, without libFuzzer, so that
 * every compiler's build replays the corpus. Fails when a folder holds no file.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/mem.h"
#include "fuzz.h"

#define FILE_MAX ((size_t)16 * 1024 * 1024)

static bool replay_file(const char *path)
{
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        perror(path);
        return false;
    }
    CLEANUP(buf_fini) struct buf content;
    buf_init(&content, FILE_MAX);
    unsigned char block[4096];
    size_t len = 0;
    bool fits = true;
    while (fits && (len = fread(block, 1, sizeof(block), stream)) > 0) {
        fits = buf_append(&content, block, len);
    }
    (void)fclose(stream);
    if (!fits) {
        (void)fprintf(stderr, "%s: larger than %zu bytes\n", path, FILE_MAX);
        return false;
    }
    /* A copy of the exact size: AddressSanitizer then sees a read past its end. */
    uint8_t *data = xmalloc(content.len);
    for (size_t i = 0; i < content.len; i++) {
        data[i] = (uint8_t)content.data[i];
    }
    (void)LLVMFuzzerTestOneInput(data, content.len);
    free(data);
    return true;
}

static bool replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        perror(folder);
        return false;
    }
    size_t count = 0;
    bool is_good = true;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.') {
            CLEANUP(mem_free_text) char *path = xasprintf("%s/%s", folder, entry->d_name);
            is_good = replay_file(path) && is_good;
            count++;
        }
    }
    (void)closedir(dir);
    (void)printf("%s: %zu inputs\n", folder, count);
    return is_good && count > 0;
}

int main(int argc, char **argv)
{
    bool is_good = argc > 1;
    for (int i = 1; i < argc; i++) {
        is_good = replay_folder(argv[i]) && is_good;
    }
    return is_good ? 0 : 1;
}
