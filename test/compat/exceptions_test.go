package compat

import "testing"

// TestException covers a case whose every difference it matches, and no other.
func TestException(t *testing.T) {
	e, err := parseException("1\tpatch/.*/malformed\tmessage: \".* of JSON input\", got \"invalid JSON patch\"\tworded differently")
	if err != nil {
		t.Fatal(err)
	}
	reworded := Difference{"message", `"unexpected end of JSON input"`, `"invalid JSON patch"`}
	for name, c := range map[string]struct {
		id    string
		found []Difference
		want  bool
	}{
		"the difference":           {"patch/pods/rich/malformed", []Difference{reworded}, true},
		"another difference too":   {"patch/pods/rich/malformed", []Difference{reworded, {"status.x", "1", "2"}}, false},
		"another text":             {"patch/pods/rich/malformed", []Difference{{"message", `"unexpected end of JSON input"`, `"no"`}}, false},
		"the text within a longer": {"patch/pods/rich/malformed", []Difference{{"details.message", reworded.Want, reworded.Got}}, false},
		"no difference":            {"patch/pods/rich/malformed", nil, false},
		"another case":             {"apply/patch/pods/rich/malformed", []Difference{reworded}, false},
	} {
		if got := e.Covers(Mismatch{ID: c.id, Differences: c.found}); got != c.want {
			t.Errorf("%s: covered %v, want %v", name, got, c.want)
		}
	}
}

func TestExceptionsWithMistakes(t *testing.T) {
	for name, line := range map[string]string{
		"no reason":            "1\tid\tdifference\t ",
		"a column less":        "1\tid\treason",
		"no number":            "id\tid\tdifference\treason",
		"ids do not parse":     "1\t(\tdifference\treason",
		"differences neither":  "1\tid\t(\treason",
		"two tabs in a column": "1\tid\tdiffer\tence\treason",
	} {
		if _, err := parseException(line); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
