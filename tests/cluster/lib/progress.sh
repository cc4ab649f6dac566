# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What a person sees while a cluster comes up: a line for each step with the time since the start.

start_clock() { CLOCK_STARTED=$EPOCHREALTIME; }

# seconds_since EPOCHREALTIME: with one decimal
seconds_since() {
    local now=$EPOCHREALTIME
    local tenths=$(((${now/[.,]/} - ${1/[.,]/}) / 100000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

say() { printf '[%s %5s s] %s\n' "${CLUSTER_NAME:-cluster}" "$(seconds_since "$CLOCK_STARTED")" "$*" >&2; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# wait_until SECONDS PROCESS WHAT COMMAND…: polls; gives up at once when the process has died.
wait_until() {
    local limit=$1 process=$2 what=$3 started=$EPOCHREALTIME
    shift 3
    until "$@" >/dev/null 2>&1; do
        if [[ -n $process ]] && ! process_alive "$process"; then
            say "$process has ended:"
            tail -n 20 "$LOGS/$process.log" >&2 || true
            return 1
        fi
        if ((${EPOCHREALTIME/[.,]/} - ${started/[.,]/} > limit * 1000000)); then
            say "$what: not after $limit s${process:+; the end of its log:}"
            if [[ -n $process ]]; then
                tail -n 20 "$LOGS/$process.log" >&2 || true
            fi
            return 1
        fi
        sleep 0.1
    done
    say "$what ($(seconds_since "$started") s)"
}
