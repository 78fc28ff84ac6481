package main

import (
	"slices"
	"strings"

	"github.com/gatehouse-k8s/gatehouse/test/compat"
)

// many is the number of resources from which on a difference is a general one.
const many = 4

// readScores reads the scores and the known differences of the recorded requests.
func (p *page) readScores() (err error) {
	if p.scores, err = compat.ReadFloors("test/compat/floors.tsv"); err != nil {
		return err
	}
	if p.particular, err = compat.ReadDifferences("test/compat/differences.tsv"); err != nil {
		return err
	}
	exceptions, err := compat.ReadExceptions("test/compat/exceptions.tsv")
	if err != nil {
		return err
	}
	cases, err := compat.ReadLines(`test/compat/testdata/dev.cases.jsonl.gz`, func(*compat.Case) bool { return true })
	if err != nil {
		return err
	}
	for _, exception := range exceptions {
		reason := strings.TrimSuffix(exception.Reason, ".")
		var resources []string
		for _, c := range cases {
			name := c.Resource()
			if _, scored := p.scores[name]; scored && exception.IDs.MatchString(c.ID) && !slices.Contains(resources, name) {
				resources = append(resources, name)
			}
		}
		if len(resources) >= many {
			p.general = append(p.general, reason)
			continue
		}
		for _, name := range resources {
			if !slices.Contains(p.particular[name], reason) {
				p.particular[name] = append(p.particular[name], reason)
			}
		}
	}
	return nil
}
