# SPDX-License-Identifier: Apache-2.0
# Named steps with time and log, for the scripts that run many: source it, call step for each, then summary. Steps that
# need not wait for each other are put side by side with beside and join.
# The output of a step goes to build/log/<name>.log; it is shown when the step fails, or all along with VERBOSE=1.

STEP_LOGS=${STEP_LOGS:-build/log}
STEPS_BEGAN=$SECONDS
STEP_PASSED=1
STEPS_BESIDE=()
# A line for each step that has ended. A file, because steps end in processes beside each other.
STEP_RECORD=$STEP_LOGS/steps
mkdir -p "$STEP_LOGS"
: >"$STEP_RECORD"

# step NAME COMMAND...: runs the command; a failure is noted, and the next step may go on.
step() {
    local name=$1 began=$SECONDS log rc=0
    shift
    log=$STEP_LOGS/${name//[^a-zA-Z0-9._-]/-}.log
    tell_step '...' "$name"
    # Not "|| rc=$?": that would turn off set -e inside a function, and only its last command would count.
    set +e
    if [[ -n ${VERBOSE:-} ]]; then
        (set -eo pipefail && "$@") 2>&1 | tee "$log" | sed -u "s|^|$name: |"
        rc=${PIPESTATUS[0]}
    else
        (set -e && "$@") >"$log" 2>&1
        rc=$?
    fi
    set -e
    end_step "$name" "$rc" "$((SECONDS - began)) s" "$log"
}

# end_step NAME STATUS TIME LOG
end_step() {
    STEP_PASSED=
    if (($2 == 0)); then
        STEP_PASSED=1
        printf 'ok      %s  (%s)\n' "$1" "$3" >>"$STEP_RECORD"
        tell_step ok "$1  ($3)"
        return
    fi
    printf 'FAILED  %s  (%s)  %s\n' "$1" "$3" "$4" >>"$STEP_RECORD"
    local said=
    if [[ -z ${VERBOSE:-} ]]; then
        said=$'\n'$(tail -n 200 "$4")
    fi
    tell_step FAILED "$1  ($3), with status $2; all of its output: $4$said"
}

# tell_step WORD TEXT: with the seconds since the beginning.
tell_step() {
    printf '[%4d s] %-7s %s\n' $((SECONDS - STEPS_BEGAN)) "$1" "$2" >&2
}

# Did the last step pass?
passed() {
    [[ -n $STEP_PASSED ]]
}

# Has any step failed, also of those beside?
any_failed() {
    grep -q '^FAILED' "$STEP_RECORD"
}

# beside COMMAND...: steps, or functions of steps, that run beside what follows; join waits for all of them.
beside() {
    # A process group of its own, by which end_beside finds all of it; those that it begins itself stay in its group.
    if ((BASHPID == $$)); then
        set -m
    fi
    apart "$@" </dev/null &
    set +m
    STEPS_BESIDE+=("$!")
}

# In a process of its own, which has nothing beside it as yet.
apart() {
    STEPS_BESIDE=()
    "$@"
}

join() {
    local id
    for id in "${STEPS_BESIDE[@]}"; do
        if ! wait "$id"; then
            end_group "$id" # it may have been killed alone
            printf 'FAILED  a process of steps has ended early\n' >>"$STEP_RECORD"
        fi
    done
    STEPS_BESIDE=()
}

# For a trap: asks all that runs beside to end, and waits until it has.
end_beside() {
    local id
    for id in "${STEPS_BESIDE[@]}"; do
        kill -TERM -- "-$id" 2>/dev/null || true
    done
    for id in "${STEPS_BESIDE[@]}"; do
        end_group "$id"
    done
    STEPS_BESIDE=()
}

# end_group ID: asked first, and killed when it is still there half a minute later.
end_group() {
    local attempt
    kill -TERM -- "-$1" 2>/dev/null || return 0
    for ((attempt = 0; attempt < 300; attempt++)); do
        group_lives "$1" || return 0
        sleep 0.1
    done
    kill -KILL -- "-$1" 2>/dev/null || true
}

# group_lives ID: has the process group a process that has not ended? One that nobody waited for does not count.
group_lives() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | sed 's/.*) //' | awk -v id="$1" '$3 == id && $1 != "Z" {found = 1} END {exit !found}'
}

# summary WHAT: one line for each step; fails if one of them did.
summary() {
    local failed
    failed=$(grep -c '^FAILED' "$STEP_RECORD" || true)
    printf '\n%s: %d s\n' "$1" $((SECONDS - STEPS_BEGAN))
    sed 's/^/  /' "$STEP_RECORD"
    if ((failed > 0)); then
        printf '%s: %d of %d FAILED\n' "$1" "$failed" "$(wc -l <"$STEP_RECORD")"
        return 1
    fi
    printf '%s: passed\n' "$1"
}
