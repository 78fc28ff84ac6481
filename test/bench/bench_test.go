package main

import (
	"bytes"
	"testing"
	"time"
)

// TestFill checks that a filled template has the same length as the template,
// because the lengths inside a protobuf message are not updated.
func TestFill(t *testing.T) {
	for _, template := range [][]byte{encodeProtobuf(pod(placeName)), configMapBody, managers[0].body, managers[1].body} {
		if !bytes.Contains(template, []byte(placeName)) {
			t.Fatalf("no name to fill in: %s", template)
		}
		for _, name := range []string{podName(0), podName(9_999), uniqueName("run-12", 15, 1<<20+7), uniqueName("much too long", 0, 0)} {
			filled := fill(template, name, 123)
			if len(filled) != len(template) || !bytes.Contains(filled, []byte(name)) || bytes.Contains(filled, []byte(placeTick)) {
				t.Errorf("%s: %d bytes, not %d", name, len(filled), len(template))
			}
		}
	}
}

func TestStamp(t *testing.T) {
	if sent, ok := stamp([]byte(`{"data":{"a":"b","tick":"1700000000000000001"}}`)); !ok || sent.UnixNano() != 1700000000000000001 {
		t.Errorf("%v, %v", sent, ok)
	}
	for _, event := range []string{`{}`, `"tick":"12`, `"tick":"tick-00000000"`} {
		if _, ok := stamp([]byte(event)); ok {
			t.Errorf("%s has a stamp", event)
		}
	}
}

func TestEnd(t *testing.T) {
	limit, begun := count(3), 0
	for !limit(time.Hour) {
		begun++
	}
	if late := after(time.Second); begun != 3 || late(time.Second-1) || !late(time.Second) {
		t.Errorf("%d operations instead of 3, or the wrong end of a second", begun)
	}
}

func TestResult(t *testing.T) {
	r := &result{elapsed: 2 * time.Second, cpu: 10 * time.Millisecond}
	for i := range 100 {
		r.latencies = append(r.latencies, time.Duration(100-i)*time.Millisecond)
	}
	if r.rate() != 50 || r.cpuPer1000() != 0.1 || r.quantile(0.5) != 51 || r.quantile(1) != 100 {
		t.Errorf("rate %v, CPU %v, median %v, maximum %v", r.rate(), r.cpuPer1000(), r.quantile(0.5), r.quantile(1))
	}
}
