# SPDX-License-Identifier: Apache-2.0
# Named steps with time and log, for the scripts that run many: source it, call step for each, then summary.
# The output of a step goes to build/log/<name>.log; it is shown when the step fails, or all along with VERBOSE=1.

STEP_LOGS=${STEP_LOGS:-build/log}
STEP_LINES=()
STEP_FAILED=0
STEPS_BEGAN=$SECONDS

# step NAME COMMAND...: runs the command; a failure is noted, and the next step may go on.
step() {
    local name=$1 began=$SECONDS log rc=0
    shift
    log=$STEP_LOGS/${name//[^a-zA-Z0-9._-]/-}.log
    mkdir -p "$STEP_LOGS"
    printf '==> %s\n' "$name" >&2
    # Not "|| rc=$?": that would turn off set -e inside a function, and only its last command would count.
    set +e
    if [[ -n ${VERBOSE:-} ]]; then
        (set -eo pipefail && "$@") 2>&1 | tee "$log"
        rc=${PIPESTATUS[0]}
    else
        (set -e && "$@") >"$log" 2>&1
        rc=$?
    fi
    set -e
    local took="$((SECONDS - began)) s"
    if ((rc == 0)); then
        STEP_LINES+=("ok      $name  ($took)")
        printf '    ok (%s)\n' "$took" >&2
        return 0
    fi
    STEP_FAILED=$((STEP_FAILED + 1))
    STEP_LINES+=("FAILED  $name  ($took)  $log")
    if [[ -z ${VERBOSE:-} ]]; then
        tail -n 200 "$log" >&2
    fi
    printf '    FAILED with %d (%s); all of its output: %s\n' "$rc" "$took" "$log" >&2
    return 0
}

# skip NAME REASON: shows in the summary that something was not run.
skip() {
    printf '==> %s\n    not run: %s\n' "$1" "$2" >&2
    STEP_LINES+=("-       $1  (not run: $2)")
}

# summary WHAT: one line for each step; fails if one of them did.
summary() {
    printf '\n%s: %d s\n' "$1" $((SECONDS - STEPS_BEGAN))
    printf '  %s\n' "${STEP_LINES[@]}"
    if ((STEP_FAILED > 0)); then
        printf '%s: %d of %d FAILED\n' "$1" "$STEP_FAILED" "${#STEP_LINES[@]}"
        return 1
    fi
    printf '%s: passed\n' "$1"
}
