// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func jobPod(annotations map[string]string) *corev1.Pod {
	prefixed := map[string]string{}
	for name, value := range annotations {
		prefixed[annotationPrefix+name] = value
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "pod", UID: "uid", Annotations: prefixed},
		Spec: corev1.PodSpec{
			RestartPolicy:  corev1.RestartPolicyNever,
			InitContainers: []corev1.Container{{Name: "run", Image: "tool:1"}},
			Containers:     []corev1.Container{{Name: "verify", Image: "tool:1"}},
		},
	}
}

// TestPhase runs a pod of one init container and one container for a while, and deletes it then if asked to.
func TestPhase(t *testing.T) {
	for _, row := range []struct {
		name        string
		annotations map[string]string
		after       time.Duration
		deleted     bool
		phase       corev1.PodPhase
		exitCodes   [2]int32 // of run and verify; -1: not terminated
	}{
		{"at the start the init container runs", nil, 0, false, corev1.PodPending, [2]int32{-1, -1}},
		{"then the container", nil, 250 * time.Millisecond, false, corev1.PodRunning, [2]int32{0, -1}},
		{"both end", nil, time.Second, false, corev1.PodSucceeded, [2]int32{0, 0}},
		{"a failing init container ends it", map[string]string{"exit-code.run": "3"}, time.Second, false, corev1.PodFailed, [2]int32{3, -1}},
		{"a failing container fails it", map[string]string{"exit-code.verify": "4"}, time.Second, false, corev1.PodFailed, [2]int32{0, 4}},
		{"it runs for as long as asked", map[string]string{"run-for.verify": "1h"}, time.Minute, false, corev1.PodRunning, [2]int32{0, -1}},
		{"what is held runs on", map[string]string{"hold.verify": "true"}, time.Hour, false, corev1.PodRunning, [2]int32{0, -1}},
		{"until it is finished", map[string]string{"hold": "true", "finish": "true"}, time.Second, false, corev1.PodSucceeded, [2]int32{0, 0}},
		{"a waiting pod starts nothing", map[string]string{"waiting-reason": "ImagePullBackOff"}, time.Hour, false, corev1.PodPending, [2]int32{-1, -1}},
		{"and never will once deleted", map[string]string{"waiting-reason": "ImagePullBackOff"}, time.Hour, true, corev1.PodFailed, [2]int32{137, 137}},
		{"deletion ends what runs", map[string]string{"hold.verify": "true"}, time.Second, true, corev1.PodFailed, [2]int32{0, 143}},
		{"which may exit 0 then", map[string]string{"hold.verify": "true", "on-term-exit-code": "0"}, time.Second, true, corev1.PodSucceeded, [2]int32{0, 0}},
		{"a slow end is cut off", map[string]string{"hold.verify": "true", "on-term-run-for": "1h"}, time.Second, true, corev1.PodFailed, [2]int32{0, 137}},
	} {
		t.Run(row.name, func(t *testing.T) {
			pod, begin := jobPod(row.annotations), time.Unix(0, 0)
			run := newPodRun(pod, "10.128.0.1", begin)
			for at := time.Duration(0); at <= row.after; at += max(10*time.Millisecond, row.after/100) {
				run.advance(pod, begin.Add(at))
			}
			if row.deleted {
				now := metav1.NewTime(begin.Add(row.after))
				grace := int64(30)
				pod.DeletionTimestamp, pod.DeletionGracePeriodSeconds = &now, &grace
				run.advance(pod, begin.Add(row.after))
				run.advance(pod, begin.Add(row.after+31*time.Second))
			}
			status := run.status(pod, "198.18.0.2")
			if status.Phase != row.phase {
				t.Errorf("phase %s, expected %s", status.Phase, row.phase)
			}
			for i, reports := range [][]corev1.ContainerStatus{status.InitContainerStatuses, status.ContainerStatuses} {
				got := int32(-1)
				if terminated := reports[0].State.Terminated; terminated != nil {
					got = terminated.ExitCode
				}
				if got != row.exitCodes[i] {
					t.Errorf("%s: exit code %d, expected %d", reports[0].Name, got, row.exitCodes[i])
				}
			}
		})
	}
}
