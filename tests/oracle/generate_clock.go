// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A time zone, and the instants from 2020 to 2100 at which its clocks are changed.
type zone struct {
	name    string
	place   *time.Location
	changes []time.Time
}

var (
	changesFrom  = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	changesUntil = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// readZones reads every zone of the folder but the doubles of all of them in posix/ and right/.
func readZones(folder string) ([]zone, error) {
	var zones []zone
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == "posix" || entry.Name() == "right" {
				return fs.SkipDir
			}
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(data, []byte("TZif")) || entry.Name() == "localtime" {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		place, err := time.LoadLocationFromTZData(name, data)
		if err != nil {
			return err
		}
		zones = append(zones, zone{name, place, changesOf(place, changesFrom, changesUntil)})
		return nil
	})
	return zones, err
}

func changesOf(place *time.Location, from, until time.Time) []time.Time {
	var changes []time.Time
	for at := nextChange(from.In(place)); !at.IsZero() && at.Before(until); at = nextChange(at) {
		changes = append(changes, at)
	}
	return changes
}

// nextChange is when the clocks are next changed. Where a rule holds, Go's bounds end with the year as well, and on
// the last day of a leap year they lie in the past.
func nextChange(at time.Time) time.Time {
	_, was := at.Zone()
	for {
		_, end := at.ZoneBounds()
		if end.IsZero() {
			return end
		}
		if !end.After(at) {
			end = at.Add(time.Hour)
		}
		at = end
		if _, is := at.Zone(); is != was {
			return at
		}
		if at.Year() > 2200 {
			return time.Time{}
		}
	}
}

func (g generator) aboutClock(folder string, schedules int) ([]question, error) {
	zones, err := readZones(folder)
	if err != nil {
		return nil, err
	}
	var changing []zone
	for _, z := range zones {
		if len(z.changes) > 0 {
			changing = append(changing, z)
		}
	}
	if len(changing) < 100 {
		return nil, fmt.Errorf("%s has %d zones whose clocks are changed, which cannot be all", folder, len(changing))
	}
	fmt.Printf("%d zones, %d of them change their clocks after 2020\n", len(zones), len(changing))

	questions := g.offsets(zones)
	for i := 0; i < schedules; i++ {
		text := g.damaged(g.schedule())
		want, class := expectSchedule(text)
		questions = append(questions, question{"s", []string{text}, want, class})
		if want == refused {
			continue
		}
		// Each zone has its turn.
		z := changing[i%len(changing)]
		if g.one(16) {
			z = zones[g.r.Intn(len(zones))]
		}
		questions = append(questions, g.times(text, z)...)
	}
	for _, z := range changing {
		questions = append(questions, g.leapDay(z))
	}
	return questions, nil
}

// leapDay asks for the next February 29 around 2100, which has none: it is up to eight years away.
func (g generator) leapDay(z zone) question {
	const text = "0 12 29 2 *"
	s, _ := readSchedule(text)
	at := time.Date(2096, 1, 1, 0, 0, 0, 0, z.place).AddDate(0, 0, g.r.Intn(8*365))
	want, class := expectNext(s, at)
	return question{"n", []string{text, z.name, strconv.FormatInt(at.Unix(), 10)}, want, class}
}

// offsets asks every zone for what its clocks show next to its changes since 1900, and anywhere.
func (g generator) offsets(zones []zone) []question {
	var questions []question
	ask := func(z zone, at time.Time) {
		_, east := at.In(z.place).Zone()
		questions = append(questions, question{"z", []string{z.name, strconv.FormatInt(at.Unix(), 10)},
			strconv.Itoa(east), "Go's time"})
	}
	for _, z := range zones {
		changes := changesOf(z.place, time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), changesUntil)
		for _, change := range changes {
			ask(z, change.Add(-time.Second))
			ask(z, change)
		}
		for n := 0; n < 10; n++ {
			ask(z, changesFrom.Add(time.Duration(g.r.Int63n(int64(250*365*24*time.Hour)))))
		}
	}
	return questions
}

// times asks for the schedule's next time and its window, mostly close to a change of the clocks.
func (g generator) times(text string, z zone) []question {
	s, _ := readSchedule(text)
	var questions []question
	for n := 0; n < 4; n++ {
		at := g.instant(z)
		unix := strconv.FormatInt(at.Unix(), 10)
		want, class := expectNext(s, at)
		questions = append(questions, question{"n", []string{text, z.name, unix}, want, class})
		if n == 0 {
			duration := time.Duration(1+g.r.Intn(600)) * time.Minute
			timeout := time.Duration(0)
			if g.one(2) {
				timeout = duration / time.Duration(1+g.r.Intn(9)) / time.Minute * time.Minute
			}
			want, class = expectWindow(s, duration, timeout, at)
			questions = append(questions, question{"o", []string{text, z.name, seconds(duration), seconds(timeout), unix},
				want, class})
		}
	}
	return questions
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

func (g generator) instant(z zone) time.Time {
	if len(z.changes) == 0 || g.one(8) {
		return changesFrom.Add(time.Duration(g.r.Int63n(int64(40 * 365 * 24 * time.Hour))).Truncate(time.Second)).In(z.place)
	}
	at := z.changes[g.r.Intn(len(z.changes))]
	switch g.r.Intn(4) {
	case 0: // on it
		at = at.Add(time.Duration(g.r.Intn(5)-2) * time.Second)
	case 1: // in the hours around it
		at = at.Add(time.Duration(g.r.Intn(8*3600)-4*3600) * time.Second)
	case 2: // some minutes away, to the minute
		at = at.Add(time.Duration(g.r.Intn(8*60)-4*60) * time.Minute)
	default: // within the days before
		at = at.Add(-time.Duration(g.r.Intn(4*86400)) * time.Second)
	}
	return at
}

// ---- schedules ----

func (g generator) value(least, most int, names []string) string {
	if names != nil && g.one(3) {
		name := g.pick(names...)
		if g.one(2) {
			name = strings.ToUpper(name)
		}
		return name
	}
	n := least + g.r.Intn(most-least+1)
	if g.one(150) {
		n = []int{least - 1, most + 1, 7, 99, 0}[g.r.Intn(5)]
	}
	if g.one(30) {
		return fmt.Sprintf("%02d", n)
	}
	return strconv.Itoa(n)
}

func (g generator) scheduleRange(least, most int, names []string) string {
	text := ""
	switch g.r.Intn(5) {
	case 0:
		text = g.pick("*", "*", "?")
	case 1:
		low := least + g.r.Intn(most-least+1)
		text = strconv.Itoa(low) + "-" + strconv.Itoa(low+g.r.Intn(most-low+1))
		if g.one(20) {
			text = g.value(least, most, names) + "-" + g.value(least, most, names)
		}
	default:
		text = g.value(least, most, names)
	}
	if g.one(4) {
		text += "/" + strconv.Itoa(1+g.r.Intn(most))
	}
	if g.one(300) {
		text += g.pick("/0", "/", "/2/3", "-", "-3-4", "/+2", ",", "/99999999999999999999", "/999999999", "L", "#2")
	}
	return text
}

func (g generator) scheduleField(least, most int, names []string) string {
	if g.one(3) {
		return "*"
	}
	return g.join(3, func() string { return "," }, func() string { return g.scheduleRange(least, most, names) })
}

var (
	monthNames   = strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec Jan DEC")
	weekdayNames = strings.Fields("sun mon tue wed thu fri sat Sun SAT")
)

func (g generator) schedule() string {
	if g.one(30) {
		return g.pick("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@every 1h",
			"@Daily", "@reboot", "@", " @daily", "@daily ", "", " ", "* * * *", "* * * * * *", "TZ=UTC 0 0 * * *",
			"CRON_TZ=Europe/Berlin 0 2 * * *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 29 2 *", "0 0 30 2 1")
	}
	if g.one(400) { // about the limit of 512 bytes
		minutes := strings.Repeat(g.value(0, 59, nil)+",", textMax/3+g.r.Intn(4)-2)
		return minutes + g.value(0, 59, nil) + " * * * *"
	}
	if g.one(2) { // in the hours in which clocks are changed
		return g.scheduleField(0, 59, nil) + " " + g.pick("0", "1", "2", "3", "23", "0-3", "1,2", "*/2", "22-23") + " " +
			g.pick("*", "*", "*", "?", "1", "29", "*/3") + " * " + g.pick("*", "*", "0", "SUN", "5", "5-6", "0,6")
	}
	fields := []string{g.scheduleField(0, 59, nil), g.scheduleField(0, 23, nil), g.scheduleField(1, 31, nil),
		g.scheduleField(1, 12, monthNames), g.scheduleField(0, 6, weekdayNames)}
	space := " "
	if g.one(20) {
		space = g.pick("  ", "\t", "\v", " \f", "\r", "\u00a0")
	}
	return g.maybeSpace(30) + strings.Join(fields, space) + g.maybeSpace(30)
}
