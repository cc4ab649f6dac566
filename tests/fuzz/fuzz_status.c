/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a refusal. Beyond not crashing: there is always a kind and a text of printable length. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kube/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int codes[] = {301, 400, 401, 403, 404, 409, 410, 422, 429, 500};
    struct kube_status status;
    if (size == 0) {
        return 0;
    }
    int code = codes[data[0] % (sizeof(codes) / sizeof(codes[0]))];
    kube_status_decode(code, (const char *)data + 1, size - 1, &status);
    if (status.err.kind == ERR_NONE || status.err.text[0] == '\0' || status.retry_after_ms < 0 ||
        status.retry_after_ms > STATUS_RETRY_AFTER_MAX_MS) {
        abort();
    }
    return 0;
}
