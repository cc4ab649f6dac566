// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	operationTimeout = 10 * time.Second
	reportInterval   = time.Second
)

// shop places orders and reads them back, one operation after the other on one connection.
type shop struct {
	url    string
	column string
	report *report
	conn   *pgx.Conn
	placed int64 // orders that this process has placed
}

func newShop(url, column string, report *report) *shop {
	return &shop{url: url, column: column, report: report}
}

// work runs until stop is done. An operation that has begun is finished first: it does not see stop.
func (s *shop) work(stop context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	reported := time.Now()
	for {
		s.do("insert", s.insert)
		s.do("select", s.check)
		if time.Since(reported) >= reportInterval {
			s.write()
			reported = time.Now()
		}
		select {
		case <-stop.Done():
			s.write()
			s.disconnect()
			return
		case <-tick.C:
		}
	}
}

// do runs one operation and counts it.
func (s *shop) do(name string, operation func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), operationTimeout)
	defer cancel()
	err := s.connect(ctx)
	if err == nil {
		err = operation(ctx)
	}
	s.report.note(name, err)
}

func (s *shop) connect(ctx context.Context) error {
	if s.conn != nil && !s.conn.IsClosed() {
		return nil
	}
	config, err := pgx.ParseConfig(s.url)
	if err != nil {
		return fmt.Errorf("DATABASE_URL cannot be parsed") // not the error itself: it may quote the password
	}
	config.RuntimeParams["application_name"] = "orders-api " + s.report.read().Version
	s.conn, err = pgx.ConnectConfig(ctx, config)
	return err
}

func (s *shop) disconnect() {
	if s.conn != nil {
		_ = s.conn.Close(context.Background())
	}
}

func (s *shop) insert(ctx context.Context) error {
	customer := fmt.Sprintf("customer %d of %s", s.placed, s.report.read().Pod)
	var id int64
	err := s.conn.QueryRow(ctx, "INSERT INTO orders ("+s.column+") VALUES ($1) RETURNING id", customer).Scan(&id)
	if err != nil {
		return err
	}
	s.placed++
	var found *string
	err = s.conn.QueryRow(ctx, "SELECT "+s.column+" FROM orders WHERE id = $1", id).Scan(&found)
	if err != nil {
		return err
	}
	if found == nil || *found != customer {
		return fmt.Errorf("order %d: wrote %q, read back %s", id, customer, quoted(found))
	}
	return nil
}

// check reads the oldest and the newest order, whichever version has placed them: both must name a customer.
func (s *shop) check(ctx context.Context) error {
	rows, err := s.conn.Query(ctx, "(SELECT id, "+s.column+" FROM orders ORDER BY id LIMIT 1) UNION ALL "+
		"(SELECT id, "+s.column+" FROM orders ORDER BY id DESC LIMIT 1)")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var customer *string
		if err := rows.Scan(&id, &customer); err != nil {
			return err
		}
		if customer == nil {
			return fmt.Errorf("order %d names no customer in %s", id, s.column)
		}
	}
	return rows.Err()
}

// write puts the counts and the errors into the database. It is not counted as an operation; what cannot be
// written now is kept for the next time.
func (s *shop) write() {
	ctx, cancel := context.WithTimeout(context.Background(), operationTimeout)
	defer cancel()
	if err := s.connect(ctx); err != nil {
		return
	}
	failures := s.report.takeFailures()
	now := s.report.read()
	err := pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		for _, f := range failures {
			if _, err := tx.Exec(ctx, "INSERT INTO app_errors (pod, version, happened, operation, message) "+
				"VALUES ($1, $2, $3, $4, $5)", now.Pod, now.Version, f.at, f.operation, f.message); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO app_runs (pod, version, operations, errors) VALUES ($1, $2, $3, $4) "+
			"ON CONFLICT (pod) DO UPDATE SET operations = EXCLUDED.operations, errors = EXCLUDED.errors, "+
			"updated_at = now()", now.Pod, now.Version, now.Operations, now.Errors)
		return err
	})
	if err != nil {
		s.report.giveBack(failures)
		slog.Warn("report not written", "error", err)
	}
}

func quoted(text *string) string {
	if text == nil {
		return "NULL"
	}
	return fmt.Sprintf("%q", *text)
}
