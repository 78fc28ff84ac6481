package plugins_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission/plugins"
)

// upstream returns kube-apiserver's plugins. The value is the position among
// those that are enabled by default, and 0 for the others.
func upstream(t *testing.T) map[string]int {
	t.Helper()
	table, err := os.ReadFile("testdata/admission-plugins.tsv")
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(string(table)), "\n")[1:] {
		columns := strings.Split(line, "\t")
		places[columns[0]] = 0
		if columns[1] == "yes" {
			if places[columns[0]], err = strconv.Atoi(columns[2]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return places
}

// TestAll compares the plugins with those of kube-apiserver: all are there, and those
// that are on by default run in the same order.
func TestAll(t *testing.T) {
	places, last := upstream(t), 0
	for _, plugin := range plugins.All() {
		place, found := places[plugin.Name]
		if !found {
			t.Errorf("kube-apiserver has no plugin %s", plugin.Name)
		}
		delete(places, plugin.Name)
		if want := place == 0; plugin.Off != want {
			t.Errorf("%s: off: %v, want %v", plugin.Name, plugin.Off, want)
		}
		if place > 0 && place != last+1 {
			t.Errorf("%s is at place %d of those that are on by default, want %d", plugin.Name, last+1, place)
		}
		last = max(last, place)
		if (plugin.New == nil) == (plugin.Register == nil) {
			t.Errorf("%s needs either New or Register", plugin.Name)
		}
	}
	for name := range places {
		t.Errorf("%s is missing", name)
	}
}
