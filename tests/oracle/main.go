// SPDX-License-Identifier: Apache-2.0

// Command oracle compares Interlude's verdicts on versions, constraints and image references with those of
// the libraries that it follows, github.com/Masterminds/semver/v3 and github.com/distribution/reference.
// It makes the same cases on every run (-seed) and fails on a difference that is not documented in
// controller/domain/constraint.h; what the documented ones must answer is modelled in expect.go.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"strings"
)

const separator = "\x1f"

// A question to our program, with the answer that the libraries give.
type question struct {
	kind   string // c, v or i, as in verdict/verdict.c
	fields []string
	want   string
	class  string // what the answer rests on: "library", or the documented difference
}

func (q question) line() string {
	return q.kind + separator + strings.Join(q.fields, separator) + "\n"
}

func main() {
	verdict := flag.String("verdict", "", "the program built from verdict/verdict.c")
	pairs := flag.Int("pairs", 200_000, "pairs of a constraint and a version")
	versions := flag.Int("versions", 50_000, "pairs of versions")
	images := flag.Int("images", 100_000, "image references")
	seed := flag.Int64("seed", 1, "of the cases")
	flag.Parse()

	questions := generate(rand.New(rand.NewSource(*seed)), *pairs, *versions, *images)
	differences, err := compare(*verdict, questions)
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(2)
	}
	report(questions)
	fmt.Printf("undocumented differences: %d\n", differences)
	if differences > 0 {
		os.Exit(1)
	}
}

// compare runs our program over all questions and counts the answers that differ.
func compare(verdict string, questions []question) (int, error) {
	cmd := exec.Command(verdict)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	go func() {
		defer stdin.Close()
		for _, q := range questions {
			if _, err := io.WriteString(stdin, q.line()); err != nil {
				return // the program ended early; reading its answers reports it
			}
		}
	}()

	differences := 0
	answers := bufio.NewScanner(stdout)
	for i, q := range questions {
		if !answers.Scan() {
			return 0, fmt.Errorf("no answer to question %d, %q", i+1, q.fields)
		}
		got := answers.Text()
		if !agrees(q.want, got) {
			differences++
			if differences <= 50 {
				fmt.Printf("%s %q: want %q (%s), got %q\n", q.kind, q.fields, q.want, q.class, got)
			}
		}
	}
	return differences, cmd.Wait()
}

// agrees ignores the reason of a refusal, which is ours to word, but wants one.
func agrees(want, got string) bool {
	if want == refused {
		reason, isRefused := strings.CutPrefix(got, "refused: ")
		return isRefused && reason != ""
	}
	return want == got
}

// report says how many questions there were of each kind, class and answer, so that a generator that asks
// only one thing is seen.
func report(questions []question) {
	counts := map[string]int{}
	for _, q := range questions {
		answer := q.want
		if q.kind == "i" && answer != refused {
			answer = "accepted"
		}
		counts[fmt.Sprintf("%s %-40s %s", q.kind, q.class, answer)]++
	}
	for _, line := range sorted(counts) {
		fmt.Printf("%7d  %s\n", counts[line], line)
	}
}
