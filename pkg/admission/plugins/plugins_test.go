package plugins_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission/plugins"
)

// upstream are kube-apiserver's plugins: for those that are on by default the
// place among them, and 0 for the others.
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

func TestKnown(t *testing.T) {
	places, last := upstream(t), 0
	if got, want := len(plugins.Known()), len(places); got != want {
		t.Errorf("%d plugins, want %d", got, want)
	}
	for _, name := range plugins.Known() {
		place, found := places[name]
		if !found {
			t.Errorf("kube-apiserver has no plugin %s", name)
		}
		if place > 0 && place != last+1 {
			t.Errorf("%s is at place %d of those that are on by default, want %d", name, last+1, place)
		}
		last = max(last, place)
	}
}

func TestAll(t *testing.T) {
	places, last := upstream(t), -1
	for _, plugin := range plugins.All() {
		if want := places[plugin.Name] == 0; plugin.Off != want {
			t.Errorf("%s: off: %v, want %v", plugin.Name, plugin.Off, want)
		}
		place := slices.Index(plugins.Known(), plugin.Name)
		if place <= last {
			t.Errorf("%s is not in the order of Known", plugin.Name)
		}
		last = place
		if (plugin.New == nil) == (plugin.Register == nil) {
			t.Errorf("%s needs either New or Register", plugin.Name)
		}
	}
}
