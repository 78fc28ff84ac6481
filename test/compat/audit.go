package compat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// generated matches what each server makes anew in the objects of audit events, with
// what to put in its place.
var generated = []struct {
	pattern *regexp.Regexp
	replace string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<uid>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "<time>"},
	{regexp.MustCompile(`"resourceVersion":"\d+"`), `"resourceVersion":"<rv>"`},
	{regexp.MustCompile(`latest resourceVersion=\d+`), "latest resourceVersion=<rv>"},
	{generatedVolume, "kube-api-access-00000"},
}

// AuditEvents reads an audit log. It returns the events as JSON, those of one request
// after those of the one that was received before, without what differs from run to
// run. (The last event of a request is written after its answer, so that the next
// request may overtake it.) replace is applied to the text.
func AuditEvents(log []byte, replace *strings.Replacer) (events []string, err error) {
	byRequest := map[string][]string{}
	received := map[string]string{}
	for line := range bytes.Lines(log) {
		text := string(bytes.TrimSpace(line))
		var event map[string]any
		if err := json.Unmarshal([]byte(text), &event); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		request := fmt.Sprint(event["auditID"])
		received[request] = fmt.Sprint(event["requestReceivedTimestamp"])
		byRequest[request] = append(byRequest[request], lastingEvent(event, replace))
	}
	order := slices.SortedFunc(maps.Keys(received), func(a, b string) int { return strings.Compare(received[a], received[b]) })
	for _, request := range order {
		events = append(events, byRequest[request]...)
	}
	return events, nil
}

// lastingEvent returns an event without what differs from run to run.
func lastingEvent(event map[string]any, replace *strings.Replacer) string {
	for _, field := range []string{"auditID", "requestReceivedTimestamp", "stageTimestamp", "sourceIPs"} {
		delete(event, field)
	}
	if annotations, ok := event["annotations"].(map[string]any); ok {
		for key := range annotations {
			if strings.HasPrefix(key, "apiserver.latency.k8s.io/") {
				delete(annotations, key)
			}
		}
	}
	text := replace.Replace(string(marshal(event)))
	for _, g := range generated {
		text = g.pattern.ReplaceAllString(text, g.replace)
	}
	return text
}

// CompareEvents lists how an event differs from the recorded one.
func CompareEvents(want, got string) ([]Difference, error) {
	w, err := parse(want)
	if err != nil {
		return nil, err
	}
	g, err := parse(got)
	if err != nil {
		return nil, err
	}
	return differences(w, g), nil
}
