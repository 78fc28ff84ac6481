package compat

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Exception lets the cases of a kind differ in one way from what was recorded,
// for a reason: mostly that the version of the library is meant to differ from
// the version that was recorded.
type Exception struct {
	// Cases is the number of cases that differ in this way. Both more and fewer
	// are a mistake, so that an exception hides nothing that nobody has seen.
	Cases int
	// IDs matches the whole id of a case.
	IDs *regexp.Regexp
	// Differences matches each difference of the case as [Difference.String]
	// writes it, the whole text. A case that differs in any other way as well
	// is not excepted.
	Differences *regexp.Regexp
	// Reason says why the answers may differ.
	Reason string
}

// ReadExceptions reads a file of lines "cases, ids, differences, reason" with a
// tab between them.
func ReadExceptions(path string) ([]*Exception, error) {
	var all []*Exception
	err := readTable(path, func(line string) error {
		e, err := parseException(line)
		if err != nil {
			return err
		}
		all = append(all, e)
		return nil
	})
	return all, err
}

func parseException(line string) (*Exception, error) {
	columns := strings.Split(line, "\t")
	if len(columns) != 4 || strings.TrimSpace(columns[3]) == "" {
		return nil, fmt.Errorf("want four columns: cases, ids, differences, reason")
	}
	cases, err := strconv.Atoi(columns[0])
	if err != nil {
		return nil, fmt.Errorf("reading the number of cases: %w", err)
	}
	ids, err := wholly(columns[1])
	if err != nil {
		return nil, fmt.Errorf("reading the ids: %w", err)
	}
	differences, err := wholly(columns[2])
	if err != nil {
		return nil, fmt.Errorf("reading the differences: %w", err)
	}
	return &Exception{Cases: cases, IDs: ids, Differences: differences, Reason: columns[3]}, nil
}

// wholly compiles an expression that matches a text from beginning to end.
func wholly(expression string) (*regexp.Regexp, error) {
	return regexp.Compile("^(?s:" + expression + ")$")
}

// Covers reports whether the case may differ as it does: in at least one place,
// and in no place that the exception does not match.
func (e *Exception) Covers(m Mismatch) bool {
	if len(m.Differences) == 0 || !e.IDs.MatchString(m.ID) {
		return false
	}
	for _, d := range m.Differences {
		if !e.Differences.MatchString(d.String()) {
			return false
		}
	}
	return true
}

// ReadDifferences reads a file of lines "resource, difference" with a tab between
// them: the differences that are known but not excepted, by resource.
func ReadDifferences(path string) (map[string][]string, error) {
	all := map[string][]string{}
	err := readTable(path, func(line string) error {
		name, difference, ok := strings.Cut(line, "\t")
		if !ok {
			return fmt.Errorf("want two columns: resource, difference")
		}
		all[name] = append(all[name], difference)
		return nil
	})
	return all, err
}
