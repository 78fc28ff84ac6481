package jobspec

import (
	"fmt"
	"strconv"
	"strings"
)

// interval is a range of indexes, including both ends.
type interval struct{ first, last int }

// indexes are sets of indexes in ascending order.
type indexes []interval

// count returns the number of indexes.
func (s indexes) count() int {
	n := 0
	for _, i := range s {
		n += i.last - i.first + 1
	}
	return n
}

// overlap returns the lowest index that is in both sets.
func (s indexes) overlap(other indexes) (index int, found bool) {
	for i, j := 0, 0; i < len(s) && j < len(other); {
		switch first := max(s[i].first, other[j].first); {
		case first <= min(s[i].last, other[j].last):
			return first, true
		case s[i].last < other[j].last:
			i++
		default:
			j++
		}
	}
	return 0, false
}

// parseIndexes reads a text like "0,2-5", whose indexes are less than completions.
// If it has a mistake, the result are the indexes before it.
func parseIndexes(text string, completions int32) (indexes, error) {
	if text == "" {
		return nil, nil
	}
	var out indexes
	previous := -1
	for fragment := range strings.SplitSeq(text, ",") {
		ends := strings.Split(fragment, "-")
		if len(ends) > 2 {
			return out, fmt.Errorf("the fragment %q violates the requirement that an index interval can have at most two parts separated by '-'", fragment)
		}
		var numbers []int
		for _, end := range ends {
			n, err := parseIndex(end, previous, completions)
			if err != nil {
				return out, err
			}
			previous = n
			numbers = append(numbers, n)
		}
		out = append(out, interval{numbers[0], previous})
	}
	return out, nil
}

func parseIndex(text string, previous int, completions int32) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("cannot convert string to integer for index: %q", text)
	case n >= int(completions):
		return 0, fmt.Errorf("too large index: %q", text)
	case previous >= n:
		return 0, fmt.Errorf("non-increasing order, previous: %d, current: %d", previous, n)
	}
	return n, nil
}
