// SPDX-License-Identifier: Apache-2.0

// Command faultproxy stands between controllers and an API server and does to their requests what it is
// told: it ends or freezes a controller at one of its requests, loses answers, delays and garbles them.
// Each controller process has a session: a listener of its own, that numbers its requests and keeps a
// record of them. tests/faults/README.md describes the control interface.
//
// Usage: faultproxy --kubeconfig FILE
//
// Writes one line of JSON, {"control": "127.0.0.1:PORT"}, and serves until its standard input ends.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server: a server and a client certificate, inline")
	flag.Parse()
	if err := serve(*kubeconfig); err != nil {
		fmt.Fprintln(os.Stderr, "faultproxy:", err)
		os.Exit(1)
	}
}

func serve(kubeconfig string) error {
	up, err := newUpstream(kubeconfig)
	if err != nil {
		return err
	}
	authority, err := newAuthority()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	control := &control{upstream: up, authority: authority, sessions: map[int]*session{}}
	server := &http.Server{Handler: control.handler(), ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with whoever started us
		_ = server.Close()
	}()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"control": listener.Addr().String()}); err != nil {
		return err
	}
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
