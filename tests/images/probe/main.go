// SPDX-License-Identifier: Apache-2.0

// Command probe stands in for a migration in the e2e tests. It writes into the database that it runs, and whether
// anything else ran at the same time, so that the database itself tells how often and when a migration has run.
//
//	probe [-as NAME] [-gate NAME] [-say TEXT] [-exit CODE] [-exit-on-term CODE] [-linger DURATION] [-greedy]
//
// With -gate it runs until the test opens that gate (a row in table gates). With -linger it goes on for a while after
// SIGTERM, still holding its lock, as a tool does that finishes its statement. With -greedy it takes memory at its end
// until the kernel kills it. Environment: DATABASE_URL.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	aloneLock    = 74111 // held while a migration runs; who does not get it is not alone
	gateInterval = 50 * time.Millisecond
)

type options struct {
	as, gate, say    string
	exit, exitOnTerm int
	linger           time.Duration
	greedy           bool
}

func main() {
	var o options
	flag.StringVar(&o.as, "as", "", "name to be written into table runs")
	flag.StringVar(&o.gate, "gate", "", "run until this gate is open")
	flag.StringVar(&o.say, "say", "", "last line of the output")
	flag.IntVar(&o.exit, "exit", 0, "exit code")
	flag.IntVar(&o.exitOnTerm, "exit-on-term", 143, "exit code after SIGTERM")
	flag.DurationVar(&o.linger, "linger", 0, "how long to go on after SIGTERM")
	flag.BoolVar(&o.greedy, "greedy", false, "take memory at the end until the kernel kills it")
	flag.Parse()
	code, err := run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(70)
	}
	if o.say != "" {
		fmt.Println(o.say)
	}
	os.Exit(code)
}

func run(o options) (code int, err error) {
	ctx := context.Background()
	stop, cancel := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer cancel()
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	pod, err := os.Hostname()
	if err != nil {
		return 0, err
	}
	var id int64
	var alone bool
	err = conn.QueryRow(ctx, "INSERT INTO runs (name, pod, alone) VALUES ($1, $2, pg_try_advisory_lock($3)) "+
		"RETURNING id, alone", o.as, pod, aloneLock).Scan(&id, &alone)
	if err != nil {
		return 0, err
	}
	fmt.Printf("probe: %s runs in %s, alone: %v\n", o.as, pod, alone)

	code, how := o.exit, "ended"
	if !waitForGate(stop, conn, o.gate) {
		time.Sleep(o.linger)
		code, how = o.exitOnTerm, "terminated"
	}
	for taken := [][]byte(nil); o.greedy; {
		taken = append(taken, bytes.Repeat([]byte{1}, 1<<20))
	}
	_, err = conn.Exec(ctx, "UPDATE runs SET ended = clock_timestamp(), how = $2 WHERE id = $1", id, how)
	return code, err
}

// waitForGate returns true once the gate is open, or there is none, and false if stop came first.
func waitForGate(stop context.Context, conn *pgx.Conn, gate string) bool {
	tick := time.NewTicker(gateInterval)
	defer tick.Stop()
	for gate != "" {
		var open bool
		// Not with stop: a query that is cancelled would close the connection.
		err := conn.QueryRow(context.Background(), "SELECT EXISTS (SELECT FROM gates WHERE name = $1)", gate).Scan(&open)
		if err == nil && open {
			return true
		}
		select {
		case <-stop.Done():
			return false
		case <-tick.C:
		}
	}
	return stop.Err() == nil
}
