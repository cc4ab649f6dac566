// SPDX-License-Identifier: Apache-2.0

// Command nodesim is a node without a kubelet: it registers a Node, keeps it Ready, and reports for
// every pod bound to it what a kubelet would, without running anything. A pod that does not restart
// always (a Job's) runs for a moment and ends; others run until they are deleted. Annotations on the
// pod choose another course; lifecycle.go lists them.
//
// Usage: nodesim --kubeconfig FILE --node NAME --node-ip ADDRESS [--workers N]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

const leaseSeconds = 40

type node struct {
	name, ip string
	client   kubernetes.Interface
	pods     cache.Store
	queue    workqueue.TypedRateLimitingInterface[string]

	mutex sync.Mutex
	runs  map[string]*knownPod // by queue key
	ips   atomic.Uint32
}

// knownPod is a pod that this node has taken on. The queue gives a key to one worker at a time, so only
// that worker touches it.
type knownPod struct {
	run      *podRun
	reported []byte // the status as last written
}

// key names one incarnation of a pod: a pod of the same name but another UID is another pod.
func key(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name + "/" + string(pod.UID) }

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	name := flag.String("node", "simulated", "the node's name")
	ip := flag.String("node-ip", "127.0.0.1", "the address that the node reports")
	workers := flag.Int("workers", 16, "how many pods are served at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *kubeconfig, *name, *ip, *workers); err != nil {
		slog.Error("the simulated node has stopped", "err", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, kubeconfig, name, ip string, workers int) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1 // no limit of its own: the node must not be what a test waits for
	config.UserAgent = "nodesim"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	n := &node{
		name: name, ip: ip, client: client, runs: map[string]*knownPod{},
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](20*time.Millisecond, 2*time.Second)),
	}
	n.register(ctx)
	go n.renewLease(ctx)

	watched := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "pods", metav1.NamespaceAll,
		fields.OneTermEqualSelector("spec.nodeName", name))
	store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: watched,
		ObjectType:    &corev1.Pod{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(object any) { n.queue.Add(key(object.(*corev1.Pod))) },
			UpdateFunc: func(_, object any) { n.queue.Add(key(object.(*corev1.Pod))) },
			DeleteFunc: n.forget,
		},
	})
	n.pods = store
	for range workers {
		go n.work(ctx)
	}
	go func() {
		<-ctx.Done()
		n.queue.ShutDown()
	}()
	informer.Run(ctx.Done())
	return nil
}

func (n *node) forget(object any) {
	if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	if pod, ok := object.(*corev1.Pod); ok {
		n.mutex.Lock()
		delete(n.runs, key(pod))
		n.mutex.Unlock()
	}
}

func (n *node) work(ctx context.Context) {
	for {
		item, shutdown := n.queue.Get()
		if shutdown {
			return
		}
		wait, err := n.sync(ctx, item)
		switch {
		case err != nil:
			slog.Warn("pod not reported, will try again", "pod", item, "err", err)
			n.queue.AddRateLimited(item)
		case wait > 0:
			n.queue.Forget(item)
			n.queue.AddAfter(item, wait)
		default:
			n.queue.Forget(item)
		}
		n.queue.Done(item)
	}
}

// sync moves one pod on and reports what has changed; it returns how long until the next change is due.
func (n *node) sync(ctx context.Context, item string) (time.Duration, error) {
	object, found, err := n.pods.GetByKey(item[:strings.LastIndexByte(item, '/')])
	if err != nil || !found {
		return 0, err
	}
	pod := object.(*corev1.Pod)
	if key(pod) != item || steer(pod, frozen, "") == "true" {
		return 0, nil
	}
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return 0, n.remove(ctx, pod)
	}
	known := n.known(pod)
	wait := known.run.advance(pod, time.Now())
	if err := n.report(ctx, pod, known); err != nil {
		return 0, err
	}
	if known.run.over(pod) {
		return 0, n.remove(ctx, pod)
	}
	return wait, nil
}

func (n *node) known(pod *corev1.Pod) *knownPod {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	known := n.runs[key(pod)]
	if known == nil {
		number := n.ips.Add(1)
		ip := fmt.Sprintf("10.%d.%d.%d", 128+number>>16&63, number>>8&255, number&255)
		known = &knownPod{run: newPodRun(pod, ip, time.Now())}
		n.runs[key(pod)] = known
	}
	return known
}

// report writes the status if it is not what was written last. The version in the patch makes the server refuse it
// for another pod of the same name, and for one that was frozen, or declared lost, meanwhile: what is over stays over.
func (n *node) report(ctx context.Context, pod *corev1.Pod, known *knownPod) error {
	status := known.run.status(pod, n.ip)
	bare := status.DeepCopy() // two reports that differ only in transition times are the same
	for i := range bare.Conditions {
		bare.Conditions[i].LastTransitionTime = metav1.Time{}
	}
	fingerprint, err := json.Marshal(bare)
	if err != nil || bytes.Equal(fingerprint, known.reported) {
		return err
	}
	patch, err := statusPatch(pod, &status)
	if err != nil {
		return err
	}
	_, err = n.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch,
		metav1.PatchOptions{}, "status")
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) || apierrors.IsInvalid(err) {
		slog.Info("status not taken", "pod", key(pod), "err", err)
		return nil
	}
	if err == nil {
		known.reported = fingerprint
	}
	return err
}

// statusPatch names the reason of each condition even where there is none: the server merges conditions, and
// would keep the old reason of a condition that has come to hold.
func statusPatch(pod *corev1.Pod, status *corev1.PodStatus) ([]byte, error) {
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(status)
	if err != nil {
		return nil, err
	}
	for _, condition := range object["conditions"].([]any) {
		fields := condition.(map[string]any)
		if _, given := fields["reason"]; !given {
			fields["reason"] = ""
		}
	}
	version := map[string]any{"uid": pod.UID, "resourceVersion": pod.ResourceVersion}
	return json.Marshal(map[string]any{"metadata": version, "status": object})
}

// remove lets go of a deleted pod, once: a finalizer may keep the object, with a grace period of 0.
func (n *node) remove(ctx context.Context, pod *corev1.Pod) error {
	if pod.DeletionTimestamp == nil {
		return nil
	}
	if pod.DeletionGracePeriodSeconds != nil && *pod.DeletionGracePeriodSeconds == 0 && len(pod.Finalizers) > 0 {
		return nil
	}
	at := metav1.NewDeleteOptions(0)
	at.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
	err := n.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, *at)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// register creates the Node, or brings an old one back, and does not give up before it stands.
func (n *node) register(ctx context.Context) {
	now := metav1.Now()
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("10k"), corev1.ResourceMemory: resource.MustParse("10Ti"),
		corev1.ResourcePods: resource.MustParse("1M"), corev1.ResourceEphemeralStorage: resource.MustParse("100Ti"),
	}
	object := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.name, Labels: map[string]string{
			corev1.LabelHostname: n.name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
		}},
		Status: corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: n.ip}, {Type: corev1.NodeHostName, Address: n.name},
			},
			NodeInfo: corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: "amd64",
				KubeletVersion: "nodesim", ContainerRuntimeVersion: "nodesim://1"},
			Conditions: []corev1.NodeCondition{{
				Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "Simulated",
				Message: "nothing really runs here", LastHeartbeatTime: now, LastTransitionTime: now,
			}},
		},
	}
	for ctx.Err() == nil {
		_, err := n.client.CoreV1().Nodes().Create(ctx, object, metav1.CreateOptions{})
		if err == nil || apierrors.IsAlreadyExists(err) {
			return
		}
		slog.Info("node not registered yet", "err", err)
		pause(ctx, 200*time.Millisecond)
	}
}

// renewLease is the node's heartbeat: while the Lease is young, the node counts as alive.
func (n *node) renewLease(ctx context.Context) {
	leases := n.client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	seconds := int32(leaseSeconds)
	for ctx.Err() == nil {
		now := metav1.NowMicro()
		lease := &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: n.name},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: &n.name, LeaseDurationSeconds: &seconds, RenewTime: &now},
		}
		_, err := leases.Create(ctx, lease, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			// An update would want the resourceVersion; nobody else writes this Lease.
			patch := fmt.Sprintf(`{"spec":{"renewTime":%q}}`, now.UTC().Format(metav1.RFC3339Micro))
			_, err = leases.Patch(ctx, n.name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		}
		if err != nil {
			slog.Info("node lease not renewed", "err", err)
			pause(ctx, 500*time.Millisecond)
			continue
		}
		pause(ctx, leaseSeconds/4*time.Second)
	}
}

func pause(ctx context.Context, duration time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(duration):
	}
}
