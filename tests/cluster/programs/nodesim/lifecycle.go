// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The annotations that steer a pod. Those marked with a star may carry ".<container>" at their end to
// speak of one container only; without it they speak of every container that is not a sidecar.
const (
	annotationPrefix = "kwok.interlude.dev/"

	runFor        = "run-for"           // * how long the container runs: a Go duration, default 200ms
	exitCode      = "exit-code"         // * what it ends with, default 0
	message       = "message"           // * its termination message
	hold          = "hold"              // * "true": it runs until "finish"
	finish        = "finish"            //   "true", as annotation or label: what is held ends now
	waitingReason = "waiting-reason"    //   for example ImagePullBackOff: no container starts
	ready         = "ready"             //   "false": runs, but is not Ready
	termExitCode  = "on-term-exit-code" // * what it ends with when its pod is deleted, default 143
	termFor       = "on-term-run-for"   // * how long it goes on then, at most the grace period, default 0
	frozen        = "frozen"            //   "true": the node never touches the pod again, as if it were lost

	defaultRunFor   = 200 * time.Millisecond
	defaultTermCode = 143
	killedCode      = 137
)

// containerRun is one container's life. Zero times mean "not yet".
type containerRun struct {
	started, ended time.Time
	exitCode       int32
	message        string
}

func (run *containerRun) running() bool { return !run.started.IsZero() && run.ended.IsZero() }

// podRun is what the node knows of a pod, apart from what stands in the API server.
type podRun struct {
	accepted   time.Time // when the node first saw the pod
	terminated time.Time // when the node first saw its deletion
	containers map[string]*containerRun
	ip         string
}

func newPodRun(pod *corev1.Pod, ip string, now time.Time) *podRun {
	run := &podRun{accepted: now, ip: ip, containers: map[string]*containerRun{}}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, container := range containers {
			run.containers[container.Name] = &containerRun{}
		}
	}
	return run
}

func isSidecar(container *corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// steer reads an annotation, the one for the container before the one for the pod.
func steer(pod *corev1.Pod, name, container string) string {
	if container != "" {
		if value, found := pod.Annotations[annotationPrefix+name+"."+container]; found {
			return value
		}
	}
	return pod.Annotations[annotationPrefix+name]
}

func steerDuration(pod *corev1.Pod, name, container string, otherwise time.Duration) time.Duration {
	if duration, err := time.ParseDuration(steer(pod, name, container)); err == nil {
		return duration
	}
	return otherwise
}

func steerCode(pod *corev1.Pod, name, container string, otherwise int32) int32 {
	if code, err := strconv.ParseInt(steer(pod, name, container), 10, 32); err == nil {
		return int32(code)
	}
	return otherwise
}

// soonest is the shorter of two waits, where 0 means "nothing to wait for".
func soonest(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// advance moves the pod's containers on to the given time and returns how long until something is due
// again; 0 if nothing is before the pod changes.
func (run *podRun) advance(pod *corev1.Pod, now time.Time) time.Duration {
	if pod.DeletionTimestamp != nil {
		return run.terminate(pod, now)
	}
	if steer(pod, waitingReason, "") != "" {
		return 0
	}
	for i := range pod.Spec.InitContainers {
		container := &pod.Spec.InitContainers[i]
		state := run.containers[container.Name]
		if isSidecar(container) {
			run.start(state, now)
			continue
		}
		if wait, done := run.work(pod, container.Name, now); !done {
			return wait
		}
		if state.exitCode != 0 {
			run.endSidecars(pod, now)
			return 0
		}
	}
	var wait time.Duration
	allDone := true
	for _, container := range pod.Spec.Containers {
		if pod.Spec.RestartPolicy == corev1.RestartPolicyAlways {
			run.start(run.containers[container.Name], now)
			allDone = false
			continue
		}
		due, done := run.work(pod, container.Name, now)
		wait = soonest(wait, due)
		allDone = allDone && done
	}
	if allDone {
		run.endSidecars(pod, now)
	}
	return wait
}

func (run *podRun) start(state *containerRun, now time.Time) {
	if state.started.IsZero() {
		state.started = now
	}
}

// work starts a container and ends it when its time has come.
func (run *podRun) work(pod *corev1.Pod, name string, now time.Time) (wait time.Duration, done bool) {
	state := run.containers[name]
	run.start(state, now)
	if !state.ended.IsZero() {
		return 0, true
	}
	finished := pod.Annotations[annotationPrefix+finish] == "true" || pod.Labels[annotationPrefix+finish] == "true"
	if steer(pod, hold, name) == "true" {
		if !finished {
			return 0, false
		}
	} else if left := steerDuration(pod, runFor, name, defaultRunFor) - now.Sub(state.started); left > 0 && !finished {
		return left, false
	}
	state.ended = now
	state.exitCode = steerCode(pod, exitCode, name, 0)
	state.message = steer(pod, message, name)
	return 0, true
}

func (run *podRun) endSidecars(pod *corev1.Pod, now time.Time) {
	for i := range pod.Spec.InitContainers {
		if state := run.containers[pod.Spec.InitContainers[i].Name]; state.running() {
			state.ended = now
		}
	}
}

// terminate ends the containers of a pod that is being deleted. What never started never will.
func (run *podRun) terminate(pod *corev1.Pod, now time.Time) time.Duration {
	if run.terminated.IsZero() {
		run.terminated = now
	}
	var grace time.Duration
	if pod.DeletionGracePeriodSeconds != nil {
		grace = time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second
	}
	var wait time.Duration
	for name, state := range run.containers {
		if !state.running() {
			continue
		}
		code := steerCode(pod, termExitCode, name, defaultTermCode)
		takes := steerDuration(pod, termFor, name, 0)
		if takes > grace {
			takes, code = grace, killedCode
		}
		if left := takes - now.Sub(run.terminated); left > 0 {
			wait = soonest(wait, left)
			continue
		}
		state.ended, state.exitCode = now, code
		state.message = steer(pod, message, name)
	}
	return wait
}

// over says that the pod is being deleted and nothing of it runs any more.
func (run *podRun) over(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp == nil {
		return false
	}
	for _, state := range run.containers {
		if state.running() {
			return false
		}
	}
	return true
}

func (run *podRun) phase(pod *corev1.Pod) corev1.PodPhase {
	deleting := run.over(pod)
	initialized := true
	for i := range pod.Spec.InitContainers {
		container := &pod.Spec.InitContainers[i]
		state := run.containers[container.Name]
		if isSidecar(container) {
			continue
		}
		if !state.ended.IsZero() && state.exitCode != 0 {
			return corev1.PodFailed
		}
		initialized = initialized && !state.ended.IsZero()
	}
	started, ended, failed := 0, 0, 0
	for _, container := range pod.Spec.Containers {
		state := run.containers[container.Name]
		if !state.started.IsZero() {
			started++
		}
		if !state.ended.IsZero() {
			ended++
			if state.exitCode != 0 {
				failed++
			}
		}
	}
	switch {
	case ended == len(pod.Spec.Containers) && failed == 0:
		return corev1.PodSucceeded
	case ended == len(pod.Spec.Containers) || deleting:
		return corev1.PodFailed
	case !initialized || started == 0:
		return corev1.PodPending
	}
	return corev1.PodRunning
}

func digest(of string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(of))) }

// containerStatus reports one container as a kubelet would.
func (run *podRun) containerStatus(pod *corev1.Pod, container *corev1.Container) corev1.ContainerStatus {
	state := run.containers[container.Name]
	status := corev1.ContainerStatus{Name: container.Name, Image: container.Image}
	if !state.started.IsZero() {
		status.ImageID = "sha256:" + digest(container.Image)
		status.ContainerID = "nodesim://" + digest(string(pod.UID)+container.Name)
	}
	started := state.running()
	status.Started = &started
	switch {
	case !state.ended.IsZero():
		reason := "Completed"
		if state.exitCode != 0 {
			reason = "Error"
		}
		status.State.Terminated = &corev1.ContainerStateTerminated{
			ExitCode: state.exitCode, Reason: reason, Message: state.message, ContainerID: status.ContainerID,
			StartedAt: metav1.NewTime(state.started), FinishedAt: metav1.NewTime(state.ended),
		}
	case state.running():
		status.Ready = steer(pod, ready, "") != "false" && pod.DeletionTimestamp == nil
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(state.started)}
	case run.over(pod):
		status.State.Terminated = &corev1.ContainerStateTerminated{
			ExitCode: killedCode, Reason: "ContainerStatusUnknown",
			Message: "The container could not be located when the pod was terminated",
		}
	case steer(pod, waitingReason, "") != "":
		reason := steer(pod, waitingReason, "")
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: steer(pod, message, container.Name)}
		if status.State.Waiting.Message == "" {
			status.State.Waiting.Message = fmt.Sprintf("simulated %s of image %q", reason, container.Image)
		}
	case len(pod.Spec.InitContainers) > 0:
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: "PodInitializing"}
	default:
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
	}
	if status.State.Terminated != nil && status.State.Terminated.ExitCode == 0 {
		for i := range pod.Spec.InitContainers { // a finished init container counts as ready
			status.Ready = status.Ready || pod.Spec.InitContainers[i].Name == container.Name
		}
	}
	return status
}

// status is the whole status that the node would report now.
func (run *podRun) status(pod *corev1.Pod, nodeIP string) corev1.PodStatus {
	status := corev1.PodStatus{
		Phase: run.phase(pod), HostIP: nodeIP, HostIPs: []corev1.HostIP{{IP: nodeIP}},
		PodIP: run.ip, PodIPs: []corev1.PodIP{{IP: run.ip}}, StartTime: &metav1.Time{Time: run.accepted},
	}
	initialized, allReady := true, true
	for i := range pod.Spec.InitContainers {
		container := &pod.Spec.InitContainers[i]
		report := run.containerStatus(pod, container)
		status.InitContainerStatuses = append(status.InitContainerStatuses, report)
		if isSidecar(container) {
			initialized = initialized && !run.containers[container.Name].started.IsZero()
			allReady = allReady && report.Ready
		} else {
			state := run.containers[container.Name]
			initialized = initialized && !state.ended.IsZero() && state.exitCode == 0
		}
	}
	for i := range pod.Spec.Containers {
		report := run.containerStatus(pod, &pod.Spec.Containers[i])
		status.ContainerStatuses = append(status.ContainerStatuses, report)
		allReady = allReady && report.Ready
	}
	finished := status.Phase == corev1.PodSucceeded || status.Phase == corev1.PodFailed
	allReady = allReady && initialized && !finished
	notReadyReason := "ContainersNotReady"
	if status.Phase == corev1.PodSucceeded {
		notReadyReason = "PodCompleted"
	} else if status.Phase == corev1.PodFailed {
		notReadyReason = "PodFailed"
	}
	status.Conditions = []corev1.PodCondition{
		run.condition(pod, corev1.PodReadyToStartContainers, !finished, ""),
		run.condition(pod, corev1.PodInitialized, initialized, "ContainersNotInitialized"),
		run.condition(pod, corev1.ContainersReady, allReady, notReadyReason),
		run.condition(pod, corev1.PodReady, allReady, notReadyReason),
	}
	return status
}

// condition keeps the transition time of a condition that has not changed.
func (run *podRun) condition(pod *corev1.Pod, kind corev1.PodConditionType, holds bool, reason string) corev1.PodCondition {
	condition := corev1.PodCondition{Type: kind, Status: corev1.ConditionFalse, Reason: reason, LastTransitionTime: metav1.Now()}
	if holds {
		condition.Status, condition.Reason = corev1.ConditionTrue, ""
	}
	for _, old := range pod.Status.Conditions {
		if old.Type == kind && old.Status == condition.Status {
			condition.LastTransitionTime = old.LastTransitionTime
		}
	}
	return condition
}
