// SPDX-License-Identifier: Apache-2.0

// Command oracle compares Interlude's verdicts with those of the libraries that it follows: versions and
// constraints with github.com/Masterminds/semver/v3, image references with github.com/distribution/reference,
// schedules with github.com/robfig/cron/v3, time zones with Go's own. It makes the same cases on every run
// (-seed, or ORACLE_SEED in the environment) and fails on a difference that is not documented in
// controller/domain/constraint.h or cron.h; what the documented ones must answer is modelled in expect.go
// and expect_clock.go.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

const separator = "\x1f"

// A question to our program, with the answer that the libraries give.
type question struct {
	kind   string // as in verdict/verdict.c
	fields []string
	want   string
	class  string // what the answer rests on: "library", or the documented difference
}

func (q question) line() string {
	return q.kind + separator + strings.Join(q.fields, separator) + "\n"
}

func main() {
	verdict := flag.String("verdict", "", "the program built from verdict/verdict.c")
	ask := flag.String("ask", "versions images clock", "what about")
	pairs := flag.Int("pairs", 200_000, "pairs of a constraint and a version")
	versions := flag.Int("versions", 50_000, "pairs of versions")
	images := flag.Int("images", 100_000, "image references")
	schedules := flag.Int("schedules", 20_000, "schedules, each asked at several instants")
	folder := flag.String("zoneinfo", "/usr/share/zoneinfo", "the folder of time zones, for both sides")
	seed := flag.Int64("seed", seedWanted(), "of the cases")
	flag.Parse()

	var questions []question
	var differing []string // the documented differences, each of which has to be asked about
	for _, about := range strings.Fields(*ask) {
		g := generator{rand.New(rand.NewSource(*seed))}
		switch about {
		case "versions":
			questions = append(questions, g.aboutVersions(*pairs, *versions)...)
			differing = append(differing, versionClasses...)
		case "images":
			questions = append(questions, g.aboutImages(*images)...)
		case "clock":
			asked, err := g.aboutClock(*folder, *schedules)
			exitIf(err)
			questions = append(questions, asked...)
			differing = append(differing, clockClasses...)
		default:
			exitIf(fmt.Errorf("nothing is known about %q", about))
		}
	}
	differences, err := compare(exec.Command(*verdict, *folder), questions)
	exitIf(err)
	report(questions)
	missing := neverAsked(questions, differing)
	fmt.Printf("seed %d: %d questions, undocumented differences: %d\n", *seed, len(questions), differences)
	if differences > 0 || missing > 0 || len(questions) == 0 {
		os.Exit(1)
	}
}

func exitIf(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(2)
	}
}

func seedWanted() int64 {
	text := os.Getenv("ORACLE_SEED")
	if text == "" {
		return 1
	}
	seed, err := strconv.ParseInt(text, 10, 64)
	exitIf(err)
	return seed
}

// compare runs our program over all questions and counts the answers that differ.
func compare(cmd *exec.Cmd, questions []question) (int, error) {
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
		if !agrees(q, got) {
			differences++
			if differences <= 50 {
				fmt.Printf("%s %q: want %q (%s), got %q\n", q.kind, q.fields, q.want, q.class, got)
			}
		}
	}
	return differences, cmd.Wait()
}

// agrees ignores the reason of a refusal, which is ours to word, but wants one. Nothing agrees with a
// difference that nobody has documented.
func agrees(q question, got string) bool {
	want := q.want
	if q.class == classUndocumented {
		return false
	}
	if want == refused {
		reason, isRefused := strings.CutPrefix(got, "refused: ")
		return isRefused && reason != ""
	}
	return want == got
}

// neverAsked names the documented differences that no question is about: nothing would hold what is said of them.
func neverAsked(questions []question, classes []string) int {
	asked := map[string]bool{}
	for _, q := range questions {
		asked[q.class] = true
	}
	missing := 0
	for _, class := range classes {
		if !asked[class] {
			fmt.Printf("never asked: %s\n", class)
			missing++
		}
	}
	return missing
}

// report says how many questions there were of each kind, class and answer, so that a generator that asks
// only one thing is seen.
func report(questions []question) {
	counts := map[string]int{}
	for _, q := range questions {
		answer, _, _ := strings.Cut(q.want, " ")
		if answer != refused && strings.Contains("isnz", q.kind) {
			answer = "answered"
		}
		counts[fmt.Sprintf("%s %-56s %s", q.kind, q.class, answer)]++
	}
	for _, line := range sorted(counts) {
		fmt.Printf("%7d  %s\n", counts[line], line)
	}
}
