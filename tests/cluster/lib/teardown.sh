# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Takes a cluster down, whatever state it is in: healthy, half made, crashed. Works from the records in the run
# folder and from the id alone; can be repeated. The logs stay in the state folder.

teardown() {
    signal_process QUIT postgres # at once, but it frees its shared memory itself
    for _ in {1..40}; do
        process_alive postgres || break
        sleep 0.05
    done
    kill_all_processes
    remove_control_groups
    remove_orphaned_shared_memory
    unmount_below "$STATE"
    unmount_below "$RUN"
    if [[ -e /sys/class/net/$HOST_LINK ]]; then
        ip link del "$HOST_LINK" 2>/dev/null || true
    fi
    remove_state
    with_registry_locked unregister_cluster
}

# A killed database leaves its System V segment; the seventh line of its pid file names it.
remove_orphaned_shared_memory() {
    local pid_file=$STATE/postgres/data/postmaster.pid segment
    if [[ -f $pid_file ]]; then
        segment=$(awk 'NR == 7 { print $2 }' "$pid_file")
        if [[ -n $segment ]]; then
            ipcrm --shmem-id "$segment" 2>/dev/null || true
        fi
    fi
}

# All mounts are in the cluster's own mount namespace; this is for what has leaked out of it.
unmount_below() {
    local mount_point
    awk '{ print $5 }' /proc/self/mountinfo | sort -r | while IFS= read -r mount_point; do
        mount_point=$(printf '%b' "$mount_point")
        if [[ $mount_point == "$1"/* ]]; then
            umount --lazy "$mount_point" || true
        fi
    done
}

# The marker says that the folder is ours to empty; --state-dir could name any folder.
remove_state() {
    [[ -e $STATE/$STATE_MARKER ]] || return 0
    local entry
    if [[ -f $STATE/audit.log ]]; then
        mv "$STATE"/audit*.log "$LOGS/"
    fi
    for entry in "$STATE"/*; do
        if [[ -e $entry && $entry != "$LOGS" ]]; then
            rm -rf --one-file-system "$entry"
        fi
    done
}

unregister_cluster() {
    local record host_path setting value
    rm -rf --one-file-system "$RUN"
    for record in "$REGISTRY"/*/; do
        if [[ -d $record ]]; then # another cluster still uses what is shared
            return 0
        fi
    done
    if [[ -f $REGISTRY/created-folders ]]; then
        while IFS= read -r host_path; do
            rmdir "$host_path" 2>/dev/null || true
        done <"$REGISTRY/created-folders"
    fi
    if [[ -f $REGISTRY/host-settings ]]; then
        while read -r setting value; do
            if [[ $(<"$setting") != "$value" ]]; then
                echo "$value" >"$setting" || true
            fi
        done <"$REGISTRY/host-settings"
    fi
    rm -rf "$REGISTRY"
}

# Is there anything of this cluster on the machine?
anything_left() {
    [[ -d $RUN || -e /sys/class/net/$HOST_LINK || -n $(group_members) ]]
}
