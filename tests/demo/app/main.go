// SPDX-License-Identifier: Apache-2.0

// Command orders-api is the demo's application. It places and reads orders in PostgreSQL all the time, checks
// what it reads, and reports every error: in its log, on /stats, and in the database, where the errors of a pod
// that is gone can still be counted.
//
// Version 1 knows the column orders.customer, version 2 the column orders.customer_name; each fails on a schema
// without its column. Environment: DATABASE_URL; POD_NAME (default the host's name); LISTEN (default :8080);
// INTERVAL between operations (default 50ms).
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

var version = "0.0.0" // set by the linker

func main() {
	if err := run(); err != nil {
		slog.Error("orders-api ends", "error", err)
		os.Exit(1)
	}
}

func run() error {
	interval, err := time.ParseDuration(cmp.Or(os.Getenv("INTERVAL"), "50ms"))
	if err != nil {
		return fmt.Errorf("INTERVAL: %w", err)
	}
	url := os.Getenv("DATABASE_URL")
	if url == "" {
		return fmt.Errorf("DATABASE_URL is not set")
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	report := newReport(version, cmp.Or(os.Getenv("POD_NAME"), host))
	server := &http.Server{Addr: cmp.Or(os.Getenv("LISTEN"), ":8080"), Handler: handler(report)}
	listening := make(chan error, 1)
	go func() { listening <- server.ListenAndServe() }()

	shop := newShop(url, columnOf(version), report)
	slog.Info("orders-api starts", "version", version, "column", shop.column)
	shop.work(stop, interval)

	select {
	case err := <-listening:
		return err
	default:
	}
	slog.Info("orders-api stops", "operations", report.read().Operations, "errors", report.read().Errors)
	return server.Close()
}

// columnOf returns the column that a version of the application knows.
func columnOf(version string) string {
	if strings.HasPrefix(version, "1.") {
		return "customer"
	}
	return "customer_name"
}

// handler answers /healthz once an operation has succeeded, and /stats.
func handler(report *report) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !report.working() {
			http.Error(w, "no operation has succeeded yet", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(report.read()); err != nil {
			slog.Warn("answer not sent", "error", err)
		}
	})
	return mux
}
