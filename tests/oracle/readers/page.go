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

var (
	reasonRow        = regexp.MustCompile("^\\| `([A-Za-z]+)` \\| (itself|the clock|a person) \\|")
	conditionHeading = regexp.MustCompile("^### `([A-Za-z]+)`$")
	firstCell        = regexp.MustCompile("^\\| (`[^|]+) \\|")
	quotedWord       = regexp.MustCompile("`([A-Za-z]+)`")
)

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

// readSections reads which reasons the section of each condition lists. The section of Ready and its like names several.
func readSections(page string) map[string]map[string]bool {
	sections := map[string]map[string]bool{}
	kind := ""
	for _, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, "## ") || strings.HasPrefix(line, "### ") {
			kind = ""
			if heading := conditionHeading.FindStringSubmatch(line); heading != nil {
				kind = heading[1]
				sections[kind] = map[string]bool{}
			}
		}
		if row := firstCell.FindStringSubmatch(line); row != nil && kind != "" {
			for _, word := range quotedWord.FindAllStringSubmatch(row[1], -1) {
				sections[kind][word[1]] = true
			}
		}
	}
	return sections
}
