// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"sync"
	"time"
)

// stats is what /stats answers.
type stats struct {
	Version    string `json:"version"`
	Pod        string `json:"pod"`
	Operations int64  `json:"operations"`
	Errors     int64  `json:"errors"`
	LastError  string `json:"lastError"`
}

// failure is one error that is still to be written to the database.
type failure struct {
	at        time.Time
	operation string
	message   string
}

// report counts operations and errors. Its methods may be called from any goroutine.
type report struct {
	mu       sync.Mutex
	stats    stats
	lastOK   bool
	failures []failure
}

const mostFailuresKept = 1000 // in memory, while the database cannot take them

func newReport(version, pod string) *report {
	return &report{stats: stats{Version: version, Pod: pod}}
}

func (r *report) note(operation string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Operations++
	r.lastOK = err == nil
	if err == nil {
		return
	}
	slog.Error("operation failed", "operation", operation, "error", err)
	r.stats.Errors++
	r.stats.LastError = operation + ": " + err.Error()
	if len(r.failures) < mostFailuresKept {
		r.failures = append(r.failures, failure{time.Now(), operation, err.Error()})
	}
}

func (r *report) read() stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// working tells whether the latest operation succeeded.
func (r *report) working() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastOK
}

// takeFailures hands over what is still to be written; giveBack returns it when that did not work.
func (r *report) takeFailures() []failure {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.failures
	r.failures = nil
	return taken
}

func (r *report) giveBack(failures []failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(failures, r.failures...)
}
