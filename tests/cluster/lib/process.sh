# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The processes of a cluster. Each is recorded with its start time, so that a process id which has passed on
# to a stranger is never signalled; each begins in the cluster's control group and cannot leave it, so that
# nothing which a process has started is overlooked.

# The mount points of the control group hierarchies: one on a unified machine, one a controller on an older one.
hierarchies() {
    if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
        printf '%s\n' /sys/fs/cgroup
        return
    fi
    local folder
    for folder in /sys/fs/cgroup/*/; do
        folder=${folder%/}
        if [[ ! -L $folder && -f $folder/cgroup.procs ]]; then
            printf '%s\n' "$folder"
        fi
    done
}

# The hierarchy by which the cluster's processes are found again.
tracking_hierarchy() {
    local folder
    for folder in /sys/fs/cgroup /sys/fs/cgroup/pids /sys/fs/cgroup/systemd; do
        if [[ -f $folder/cgroup.procs ]]; then
            printf '%s\n' "$folder"
            return
        fi
    done
    die 'no control groups are mounted below /sys/fs/cgroup'
}

create_control_groups() {
    local hierarchy
    TRACKING=$(tracking_hierarchy)
    for hierarchy in $(hierarchies); do
        mkdir -p "$hierarchy/$CGROUP" 2>/dev/null || die "cannot create a control group below $hierarchy"
        if [[ -f $hierarchy/cpuset.cpus && -f $hierarchy/cpuset.mems ]]; then
            cat "$hierarchy/cpuset.cpus" >"$hierarchy/$CGROUP/cpuset.cpus"
            cat "$hierarchy/cpuset.mems" >"$hierarchy/$CGROUP/cpuset.mems"
        fi
        if [[ -f $hierarchy/cgroup.controllers && $hierarchy == "$TRACKING" ]]; then
            delegate_controllers "$hierarchy"
            delegate_controllers "$hierarchy/$CGROUP"
        fi
    done
    mkdir -p "$TRACKING/$CGROUP/system"
}

# On a unified hierarchy a group's controllers are those that its parent hands down.
delegate_controllers() {
    local controller
    for controller in $(<"$1/cgroup.controllers"); do
        echo "+$controller" >"$1/cgroup.subtree_control" 2>/dev/null || true
    done
}

join_control_group() { echo "$BASHPID" >"$TRACKING/$CGROUP/system/cgroup.procs"; }

# start_time PID: the 22nd field of /proc/PID/stat; the second may contain blanks and brackets. A process that
# has ended, but whose parent has not noticed, counts as gone.
start_time() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra stat <<<"${stat##*) }"
    [[ ${stat[0]} != Z ]] && printf '%s' "${stat[19]}"
}

record_process() {
    printf '%s %s %s\n' "$2" "$(start_time "$2" || echo 0)" "$(</proc/sys/kernel/random/boot_id)" >"$RUN/processes/$1"
}

# process_alive NAME: is the recorded process, and no other of the same id, still there?
process_alive() {
    local pid started boot
    { read -r pid started boot <"$RUN/processes/$1"; } 2>/dev/null || return 1
    [[ $boot == "$(</proc/sys/kernel/random/boot_id)" && $(start_time "$pid") == "$started" ]]
}

process_id() {
    local pid
    read -r pid _ <"$RUN/processes/$1"
    printf '%s' "$pid"
}

# signal_process SIGNAL NAME
signal_process() {
    if process_alive "$2"; then
        kill -s "$1" "$(process_id "$2")" 2>/dev/null || true
    fi
}

# in_background NAME COMMAND…: a daemon of its own session, with no signal ignored, its log appended to NAME.log. Most
# are Go programs, which spend a third of their time on collecting garbage unless they may have some more memory.
in_background() {
    local name=$1
    shift
    (
        join_control_group
        exec </dev/null >>"$LOGS/$name.log" 2>&1 8<&- 9>&-
        exec setsid env --chdir=/ --default-signal GOGC=400 GOMEMLIMIT=1536MiB "$@"
    ) &
    record_process "$name" "$!"
    disown "$!" # it is followed by its record; the shell need not report its end
}

# start_process NAME COMMAND…: the same in the cluster's network and mount namespaces. The command is kept for
# start_process_again.
start_process() {
    local name=$1
    shift
    mkdir -p "$RUN/commands"
    printf '%s\0' "$@" >"$RUN/commands/$name"
    in_background "$name" nsenter --target "$(process_id anchor)" --net --mount -- "$@"
}

start_process_again() {
    local -a command
    mapfile -d '' -t command <"$RUN/commands/$1"
    start_process "$1" "${command[@]}"
}

inside() { nsenter --target "$(process_id anchor)" --net --mount -- "$@"; }

# Every process id in the cluster's control group and below.
group_members() {
    local tracking
    tracking=$(tracking_hierarchy)
    [[ -d $tracking/$CGROUP ]] || return 0
    find "$tracking/$CGROUP" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un
}

kill_all_processes() {
    local members attempt record pid
    for record in "$RUN"/processes/*; do # usually in the group as well
        if [[ -e $record ]]; then
            signal_process KILL "${record##*/}"
        fi
    done
    for ((attempt = 0; attempt < 200; attempt++)); do
        members=$(group_members)
        [[ -n $members ]] || return 0
        for pid in $members; do
            kill -KILL "$pid" 2>/dev/null || true
        done
        sleep 0.05
    done
    say "these processes cannot be killed: ${members//$'\n'/ }"
    return 1
}

remove_control_groups() {
    local hierarchy attempt
    for hierarchy in $(hierarchies); do
        for ((attempt = 0; attempt < 40; attempt++)); do
            [[ -d $hierarchy/$CGROUP ]] || break
            find "$hierarchy/$CGROUP" -depth -type d -exec rmdir {} \; 2>/dev/null || true
            [[ -d $hierarchy/$CGROUP ]] && sleep 0.05
        done
    done
}
