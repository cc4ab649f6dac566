// SPDX-License-Identifier: Apache-2.0

// Command readers asks those who read a migration's status what they make of it: kstatus, by which Flux, Helm and
// others judge any object, and Argo CD, by our own health check in the Lua that it runs. The statuses are the
// controller's: ../statuses prints what the decision writes. What each must answer is docs/reference/readers.md, and is
// said here a second time, in terms of the phase; so a condition that says otherwise is found.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

const (
	crdFile    = "crds/interlude.dev_schemamigrations.yaml"
	healthFile = "manifests/argocd/health.lua"
	pageFile   = "docs/reference/reasons.md"
)

// Reasons that keep readyWhen: Accepted from being met.
var needEdit = []string{"VersionTaken", "ConstraintInvalid", "WindowInvalid", "SoakInvalid", "DependencyCycle", "EndUnproven", "PodVanished"}

// A migration to be judged, and what each reader must say.
type question struct {
	situation string // in words, for the report
	object    *unstructured.Unstructured
	kstatus   status.Status
	argo      string
}

func main() {
	program := flag.String("statuses", "", "the program built from statuses/statuses.c")
	root := flag.String("root", "../../..", "the folder of the sources")
	flag.Parse()

	page, err := os.ReadFile(filepath.Join(*root, pageFile))
	exitIf(err)
	openers, err := readOpeners(string(page))
	exitIf(err)
	sections := readSections(string(page))
	health, err := os.ReadFile(filepath.Join(*root, healthFile))
	exitIf(err)
	crd, err := os.ReadFile(filepath.Join(*root, crdFile))
	exitIf(err)
	printed, err := exec.Command(*program).Output()
	exitIf(err)

	questions, err := ask(printed, crd, openers)
	exitIf(err)
	wrong := judgeAll(questions, string(health))
	wrong += missing(questions)
	wrong += ofOtherKinds()
	wrong += reasonsElsewhere(questions, sections)
	wrong += reasonsThatDiffer(string(health), openers)
	fmt.Printf("%d migrations, wrong: %d\n", len(questions), wrong)
	if wrong > 0 {
		os.Exit(1)
	}
}

func exitIf(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "readers:", err)
		os.Exit(2)
	}
}

// ask makes the questions: each status as it was written, with a newer spec, and on its way out.
func ask(printed, crd []byte, openers map[string]string) ([]question, error) {
	var questions []question
	unjudged, err := asCreated(crd)
	if err != nil {
		return nil, err
	}
	questions = append(questions, question{"just created", unjudged, status.InProgressStatus, "Progressing"})

	lines := bufio.NewScanner(bytes.NewReader(printed))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !bytes.HasPrefix(lines.Bytes(), []byte("{")) {
			continue // how many points there were
		}
		var line struct {
			Gate   string
			Object json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(line.Object); err != nil {
			return nil, err
		}
		asked := expect(object, line.Gate, openers)
		questions = append(questions, asked, edited(asked), deleted(asked))
	}
	return questions, lines.Err()
}

// asCreated is a migration that the controller has not seen: the API server fills in the schema's default.
func asCreated(crd []byte) (*unstructured.Unstructured, error) {
	var definition map[string]any
	if err := yaml.Unmarshal(crd, &definition); err != nil {
		return nil, err
	}
	versions, _, err := unstructured.NestedSlice(definition, "spec", "versions")
	if err != nil || len(versions) != 1 {
		return nil, fmt.Errorf("%s: one version is expected: %v", crdFile, err)
	}
	initial, found, err := unstructured.NestedMap(versions[0].(map[string]any),
		"schema", "openAPIV3Schema", "properties", "status", "default")
	if err != nil || !found {
		return nil, fmt.Errorf("%s: the status has no default: %v", crdFile, err)
	}
	initial["observedGeneration"] = int64(initial["observedGeneration"].(float64)) // as the API server decodes it
	object := &unstructured.Unstructured{Object: map[string]any{"status": initial}}
	object.SetAPIVersion("interlude.dev/v1alpha1")
	object.SetKind("SchemaMigration")
	object.SetName("orders-3")
	object.SetGeneration(1)
	return object, nil
}

func text(object *unstructured.Unstructured, fields ...string) string {
	value, _, _ := unstructured.NestedString(object.Object, fields...)
	return value
}

func conditions(object *unstructured.Unstructured) []map[string]any {
	var all []map[string]any
	items, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, item := range items {
		all = append(all, item.(map[string]any))
	}
	return all
}

// of is the status of a condition; "" where there is none.
func of(object *unstructured.Unstructured, kind string) string {
	for _, condition := range conditions(object) {
		if condition["type"] == kind {
			return condition["status"].(string)
		}
	}
	return ""
}

// waitsInError: it waits, and will not run unless somebody edits it, or says that its last run has ended.
func waitsInError(object *unstructured.Unstructured) bool {
	if text(object, "status", "phase") != "Waiting" {
		return false
	}
	for _, condition := range conditions(object) {
		if slices.Contains(needEdit, fmt.Sprint(condition["reason"])) {
			return true
		}
	}
	return of(object, "JobValid") == "False" || of(object, "JobValid") == "Unknown"
}

// expect says what the page says, from phase, reason, readyWhen and whether the Job is valid.
func expect(object *unstructured.Unstructured, gate string, openers map[string]string) question {
	phase, reason := text(object, "status", "phase"), text(object, "status", "reason")
	isAccepted := text(object, "spec", "readyWhen") == "Accepted" && !waitsInError(object)

	asked := question{situation: phase, object: object}
	if gate != "" {
		asked.situation += " at " + gate
	}
	if of(object, "SpecChanged") == "True" {
		asked.situation += ", SpecChanged"
	}
	switch {
	case phase == "Failed":
		asked.kstatus, asked.argo = status.FailedStatus, "Degraded"
	case phase == "Succeeded":
		asked.kstatus, asked.argo = status.CurrentStatus, "Healthy"
	case isAccepted:
		asked.situation += ", accepted"
		asked.kstatus, asked.argo = status.CurrentStatus, "Healthy"
	case phase == "Waiting" && openers[reason] != "" && openers[reason] != byItself:
		asked.situation += " for " + openers[reason]
		asked.kstatus, asked.argo = status.InProgressStatus, "Suspended"
	default:
		asked.kstatus, asked.argo = status.InProgressStatus, "Progressing"
	}
	return asked
}

func edited(of question) question {
	object := of.object.DeepCopy()
	object.SetGeneration(object.GetGeneration() + 1)
	return question{of.situation + ", then edited", object, status.InProgressStatus, "Progressing"}
}

func deleted(of question) question {
	object := of.object.DeepCopy()
	if err := unstructured.SetNestedField(object.Object, "2026-11-22T10:00:00Z", "metadata", "deletionTimestamp"); err != nil {
		panic(err)
	}
	return question{of.situation + ", being deleted", object, status.TerminatingStatus, "Progressing"}
}

// judgeAll asks both readers, and counts the answers that differ.
func judgeAll(questions []question, health string) int {
	wrong := 0
	counts := map[string]int{}
	for _, asked := range questions {
		result, err := status.Compute(asked.object)
		exitIf(err)
		argo, message := argoHealth(health, asked.object.Object)
		counts[fmt.Sprintf("%-60s %-11s %s", asked.situation, asked.kstatus, asked.argo)]++
		if result.Status == asked.kstatus && argo == asked.argo && message != "" {
			continue
		}
		wrong++
		if wrong <= 20 {
			object, _ := json.Marshal(asked.object)
			fmt.Printf("%s: kstatus %s, want %s; Argo CD %s (%q), want %s:\n  %s\n", asked.situation,
				result.Status, asked.kstatus, argo, message, asked.argo, object)
		}
	}
	var lines []string
	for line, count := range counts {
		lines = append(lines, fmt.Sprintf("%6d  %s", count, line))
	}
	sort.Slice(lines, func(a, b int) bool { return lines[a][8:] < lines[b][8:] })
	for _, line := range lines {
		fmt.Println(line)
	}
	return wrong
}

// missing names what the controller never wrote, so that nothing is judged by having never been asked.
func missing(questions []question) int {
	wanted := map[string]bool{"Running": true, "Running, SpecChanged": true, "Running, accepted": true, "Succeeded": true,
		"Succeeded, SpecChanged": true, "Failed": true, "Failed, then edited": true, "Waiting for " + byPerson: true,
		"Waiting at NotSuspended for " + byPerson: true, "Waiting at InWindow for " + byClock: true, "Waiting at Approved for " + byPerson: true,
		"Waiting at InWindow, accepted": true, "Running, being deleted": true}
	for _, reason := range needEdit {
		wanted["readyWhen Accepted, and "+reason] = true
	}
	for _, asked := range questions {
		delete(wanted, asked.situation)
		if text(asked.object, "spec", "readyWhen") == "Accepted" && text(asked.object, "status", "phase") == "Waiting" {
			delete(wanted, "readyWhen Accepted, and "+text(asked.object, "status", "reason"))
		}
	}
	for situation := range wanted {
		fmt.Printf("never seen: %s\n", situation)
	}
	return len(wanted)
}

// ofOtherKinds asks kstatus about Databases and MigrationApprovals, which have no conditions.
func ofOtherKinds() int {
	metadata := map[string]any{"name": "orders", "generation": int64(2)}
	spec := map[string]any{"soak": map[string]any{"Contract": "1d"}}
	ledger := map[string]any{"version": "3", "passed": []any{"3", "2"}, "claim": map[string]any{"migration": "orders-4", "attempt": int64(1)}}
	wrong := 0
	for _, object := range []map[string]any{
		{"kind": "Database", "metadata": metadata},
		{"kind": "Database", "metadata": metadata, "spec": spec, "status": ledger},
		{"kind": "MigrationApproval", "metadata": metadata, "spec": map[string]any{"migration": "orders-3"}},
	} {
		object["apiVersion"] = "interlude.dev/v1alpha1"
		result, err := status.Compute(&unstructured.Unstructured{Object: object})
		exitIf(err)
		if result.Status != status.CurrentStatus {
			fmt.Printf("%v: kstatus %s, want %s\n", object, result.Status, status.CurrentStatus)
			wrong++
		}
	}
	return wrong
}

// reasonsElsewhere names each condition with a reason that its section of the page has not.
func reasonsElsewhere(questions []question, sections map[string]map[string]bool) int {
	found := map[string]bool{}
	for _, asked := range questions {
		for _, condition := range conditions(asked.object) {
			kind, _ := condition["type"].(string)
			reason, isTold := condition["reason"].(string) // one that a scene of the product made has none
			if reasons, isListed := sections[kind]; isTold && isListed && !reasons[reason] {
				found[kind+" "+reason] = true
			}
		}
	}
	for what := range found {
		fmt.Printf("%s: not in that section of %s\n", what, pageFile)
	}
	return len(found)
}

// reasonsThatDiffer holds the script against the page, for reasons that no point of the product has, too.
func reasonsThatDiffer(health string, openers map[string]string) int {
	wrong := 0
	for reason, opener := range openers {
		object := map[string]any{
			"metadata": map[string]any{"generation": int64(1)},
			"status":   map[string]any{"observedGeneration": int64(1), "phase": "Waiting", "reason": reason, "message": "it waits"},
		}
		want := "Suspended"
		if opener == byItself {
			want = "Progressing"
		}
		if got, _ := argoHealth(health, object); got != want {
			fmt.Printf("Waiting, %s: %s says that it waits for %s, and %s calls it %s\n", reason, pageFile, opener, healthFile, got)
			wrong++
		}
	}
	return wrong
}

// argoHealth runs the script as Argo CD does (util/lua): base, table and string libraries, the object as obj.
func argoHealth(script string, object map[string]any) (string, string) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable, lua.StringLibName: lua.OpenString,
	} {
		exitIf(state.CallByParam(lua.P{Fn: state.NewFunction(open), NRet: 0, Protect: true}, lua.LString(name)))
	}
	state.SetGlobal("obj", toLua(state, object))
	exitIf(state.DoString(script))
	result, isTable := state.Get(-1).(*lua.LTable)
	if !isTable {
		return "", ""
	}
	return lua.LVAsString(result.RawGetString("status")), lua.LVAsString(result.RawGetString("message"))
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case map[string]any:
		table := state.NewTable()
		for key, item := range value {
			table.RawSetString(key, toLua(state, item))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, item := range value {
			table.Append(toLua(state, item))
		}
		return table
	case string:
		return lua.LString(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case bool:
		return lua.LBool(value)
	}
	return lua.LNil
}
