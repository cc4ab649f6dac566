// SPDX-License-Identifier: Apache-2.0

// Command etcdrelay stands between an API server and etcd and holds back what etcd's watches tell, while
// reads and writes pass. An API server behind it that is held has caches of the moment when the hold began:
// it is stale as a lagging API server is, and not merely slow.
//
// Usage: etcdrelay --listen ADDRESS --etcd ADDRESS --control SOCKET
//
// A connection to the control socket takes a word a line: "hold", "release"; each is answered with "ok".
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
)

const watchMethod = "/etcdserverpb.Watch/Watch"

// Larger than anything that etcd sends.
const largestMessage = 1 << 30

// valve lets all pass or none.
type valve struct {
	mutex sync.Mutex
	open  chan struct{} // closed while all may pass
}

func newValve() *valve {
	open := make(chan struct{})
	close(open)
	return &valve{open: open}
}

func (v *valve) set(hold bool) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	select {
	case <-v.open:
		if hold {
			v.open = make(chan struct{})
		}
	default:
		if !hold {
			close(v.open)
		}
	}
}

// wait returns when all may pass, or the context is over.
func (v *valve) wait(ctx context.Context) {
	v.mutex.Lock()
	open := v.open
	v.mutex.Unlock()
	select {
	case <-open:
	case <-ctx.Done():
	}
}

// codec passes messages on as they are.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

type relay struct {
	etcd  *grpc.ClientConn
	valve *valve
}

// forward serves every method, whether it streams or not: to gRPC all are streams.
func (r *relay) forward(_ any, client grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(client)
	header, _ := metadata.FromIncomingContext(client.Context())
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(client.Context(), header.Copy()))
	defer cancel()
	etcd, err := r.etcd.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	go func() {
		for {
			var message []byte
			if client.RecvMsg(&message) != nil {
				_ = etcd.CloseSend()
				return
			}
			if etcd.SendMsg(&message) != nil {
				return // the other direction hears why
			}
		}
	}()
	for {
		var message []byte
		if err := etcd.RecvMsg(&message); err != nil {
			client.SetTrailer(etcd.Trailer())
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if method == watchMethod {
			r.valve.wait(ctx)
		}
		if err := client.SendMsg(&message); err != nil {
			return err
		}
	}
}

func (r *relay) obey(words net.Conn) {
	defer words.Close()
	lines := bufio.NewScanner(words)
	for lines.Scan() {
		answer := "ok"
		switch lines.Text() {
		case "hold":
			r.valve.set(true)
		case "release":
			r.valve.set(false)
		default:
			answer = "not understood: " + lines.Text()
		}
		if _, err := fmt.Fprintln(words, answer); err != nil {
			return
		}
	}
}

func serve(listen, etcd, control string) error {
	client, err := grpc.NewClient("passthrough:///"+etcd, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{}), grpc.MaxCallRecvMsgSize(largestMessage), grpc.MaxCallSendMsgSize(largestMessage)))
	if err != nil {
		return err
	}
	r := &relay{etcd: client, valve: newValve()}
	_ = os.Remove(control)
	orders, err := net.Listen("unix", control)
	if err != nil {
		return err
	}
	go func() {
		for {
			words, err := orders.Accept()
			if err != nil {
				return
			}
			go r.obey(words)
		}
	}()
	clients, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(r.forward), grpc.ForceServerCodecV2(codec{}),
		grpc.MaxRecvMsgSize(largestMessage), grpc.MaxSendMsgSize(largestMessage),
		// An API server asks every 30 s whether a quiet connection lives.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}))
	return server.Serve(clients)
}

func main() {
	listen := flag.String("listen", "127.0.0.1:2378", "where API servers connect")
	etcd := flag.String("etcd", "127.0.0.1:2379", "where etcd is")
	control := flag.String("control", "etcdrelay.sock", "the socket that takes orders")
	flag.Parse()
	if err := serve(*listen, *etcd, *control); err != nil {
		slog.Error("the relay has stopped", "err", err)
		os.Exit(1)
	}
}
