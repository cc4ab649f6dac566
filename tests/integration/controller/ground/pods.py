# SPDX-License-Identifier: Apache-2.0
"""What a pod's status says of its containers."""


def statuses(pod):
    return pod["status"].get("initContainerStatuses", []) + pod["status"].get("containerStatuses", [])


def is_gated(pod):
    """It stands behind the controller's scheduling gate: no node takes it."""
    return any(gate["name"] == "interlude.dev/start" for gate in pod["spec"].get("schedulingGates", []))


def may_run(pod):
    """A container of it runs, or may still start."""
    if pod["status"].get("phase") in ("Succeeded", "Failed"):
        return any("running" in status.get("state", {}) for status in statuses(pod))
    if "deletionTimestamp" in pod["metadata"] and "nodeName" not in pod["spec"]:
        return False
    wanted = len(pod["spec"].get("initContainers", [])) + len(pod["spec"]["containers"])
    ended = [status for status in statuses(pod) if "terminated" in status.get("state", {})]
    return len(ended) < wanted


def has_started(pod):
    """The runtime gave a container of it an identity."""
    return any("running" in status.get("state", {}) or status.get("state", {}).get("terminated", {}).get("containerID")
               for status in statuses(pod))


def succeeded(pod):
    return pod["status"].get("phase") == "Succeeded" and not may_run(pod) and all(
        status.get("state", {}).get("terminated", {}).get("exitCode") == 0 for status in statuses(pod))


def was_asked_to_end(pod):
    """By what this version of it tells: that the kubelet knew nothing of the deletion, only its observedGeneration could."""
    disrupted = [c for c in pod["status"].get("conditions", []) if c["type"] == "DisruptionTarget" and c["status"] == "True"]
    knew = pod["metadata"].get("generation") != 3 or pod["status"].get("observedGeneration") != 2
    return bool(disrupted) or ("deletionTimestamp" in pod["metadata"] and knew)
