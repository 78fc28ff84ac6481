package compat

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// Floor is the score that a resource must reach: percents of its cases at the
// levels Code, Semantic and Exact.
type Floor struct {
	Percents [3]float64
	Cases    int
}

// Floors are the resources that are compared, with what each must reach.
type Floors map[string]Floor

const floorsHeader = "# resource\tcode\tsemantic\texact\tcases\n"

// ReadFloors reads a file of lines "resource, code, semantic, exact, cases".
func ReadFloors(path string) (Floors, error) {
	floors := Floors{}
	err := readTable(path, func(line string) error {
		var name string
		var f Floor
		if _, err := fmt.Sscan(line, &name, &f.Percents[0], &f.Percents[1], &f.Percents[2], &f.Cases); err != nil {
			return err
		}
		floors[name] = f
		return nil
	})
	return floors, err
}

// Write writes the file that ReadFloors reads.
func (f Floors) Write(path string) error {
	var b bytes.Buffer
	b.WriteString(floorsHeader)
	for _, name := range sortedKeys(f) {
		p := f[name].Percents
		fmt.Fprintf(&b, "%s\t%.2f\t%.2f\t%.2f\t%d\n", name, p[0], p[1], p[2], f[name].Cases)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// Check says where a score is below the resource's floor.
func (f Floor) Check(s Score) error {
	if s.Cases < f.Cases {
		return fmt.Errorf("%d cases, where there were %d", s.Cases, f.Cases)
	}
	for i, got := range s.Percents() {
		if got < f.Percents[i] {
			return fmt.Errorf("%v is %.2f%%, below the floor of %.2f%%", Code+Level(i), got, f.Percents[i])
		}
	}
	return nil
}

// Raise moves the floor up to the score; it never moves down.
func (f Floor) Raise(s Score) Floor {
	for i, got := range s.Percents() {
		f.Percents[i] = max(f.Percents[i], got)
	}
	f.Cases = s.Cases
	return f
}

// readTable visits the lines of a file that are neither empty nor comments.
func readTable(path string, visit func(line string) error) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := visit(line); err != nil {
			return fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
	}
	return nil
}
