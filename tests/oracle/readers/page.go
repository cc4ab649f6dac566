// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"
)

// What opens a gate, in the words of the page.
const (
	byItself = "itself"
	byClock  = "the clock"
	byPerson = "a person"
)

var reasonRow = regexp.MustCompile("^\\| `([A-Za-z]+)` \\| (itself|the clock|a person) \\|")

// readOpeners reads what ends each reason to wait: rows "| `Reason` | the clock | …".
func readOpeners(page string) (map[string]string, error) {
	openers := map[string]string{}
	for _, line := range strings.Split(page, "\n") {
		row := reasonRow.FindStringSubmatch(line)
		if row == nil {
			continue
		}
		if before, isThere := openers[row[1]]; isThere && before != row[2] {
			return nil, fmt.Errorf("%s: %s waits for %s and for %s", pageFile, row[1], before, row[2])
		}
		openers[row[1]] = row[2]
	}
	if len(openers) < 20 {
		return nil, fmt.Errorf("%s: only %d reasons to wait were found", pageFile, len(openers))
	}
	return openers, nil
}
