package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/test/compat"
)

// page is what the page says.
type page struct {
	groups []registry.Group
	// served is what the server has when everything is enabled.
	served map[schema.GroupVersionResource]resource
	// on are the gates of resources, and whether they are on by default.
	on map[string]bool
	// scores are those of the recorded requests, by resource.
	scores compat.Floors
	// general and particular are the known differences: those of many resources,
	// and those of each.
	general    []string
	particular map[string][]string
}

const intro = `# The resources

This page is generated; ` + "`make generate`" + ` writes it anew.

The scores are percents of recorded requests that are answered as kube-apiserver v1.36.3 answers them: with the same status code,
with the same meaning, and with the same content apart from what is random. The tests fail when a score sinks. A resource without
recorded requests was compared by hand. Versions in parentheses are off, as in kube-apiserver: ` + "`--runtime-config`" + ` turns them on.

`

const verbs = "create, delete, deletecollection, get, list, patch, update, watch"

func (p *page) write() []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	fmt.Fprintf(&b, "\"all\" are the operations %s.\n", verbs)
	for _, group := range p.groups {
		name := group.Name
		if name == "" {
			name = "core"
		}
		fmt.Fprintf(&b, "\n## %s\n\n| resource | versions | operations | subresources | code | semantics | exact | requests |\n|---|---|---|---|---:|---:|---:|---:|\n", name)
		var differences []string
		for _, definition := range group.Resources {
			info := definition.Info()
			differences = append(differences, p.writeResource(&b, group, info)...)
		}
		if differences != nil {
			fmt.Fprintf(&b, "\n%s\n", strings.Join(differences, "\n"))
		}
	}
	b.WriteString("\n## Differences in many resources\n\n")
	for _, difference := range p.general {
		fmt.Fprintf(&b, "- %s.\n", difference)
	}
	return b.Bytes()
}

// writeResource writes the line of a resource and returns its known differences.
func (p *page) writeResource(b *bytes.Buffer, group registry.Group, info registry.Info) (differences []string) {
	gvr, served := p.preferred(group, info.GVR.Resource)
	r := p.served[gvr]
	operations := strings.Join(r.verbs, ", ")
	if operations == verbs {
		operations = "all"
	}
	if !served {
		operations = "-"
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s |", info.GVR.Resource, p.versions(group, info), operations, strings.Join(r.subresources, ", "))
	name := schema.GroupResource{Group: group.Name, Resource: info.GVR.Resource}.String()
	if floor, ok := p.scores[name]; ok {
		fmt.Fprintf(b, " %.1f | %.1f | %.1f | %d |\n", floor.Percents[0], floor.Percents[1], floor.Percents[2], floor.Cases)
	} else {
		fmt.Fprint(b, " | | | |\n")
	}
	if gate := string(info.Gate); gate != "" && !p.on[gate] {
		differences = append(differences, fmt.Sprintf("- %s needs the feature gate %s, which is off by default.", info.GVR.Resource, gate))
	}
	for _, difference := range p.particular[name] {
		differences = append(differences, fmt.Sprintf("- %s: %s.", info.GVR.Resource, difference))
	}
	return differences
}

// versions lists the versions of a resource that a group has.
func (p *page) versions(group registry.Group, info registry.Info) string {
	var names []string
	for _, version := range group.Versions {
		gv := group.GroupVersion(version)
		if !slices.Contains(info.Versions, gv) {
			continue
		}
		name := version.Name
		if _, ok := p.served[gv.WithResource(info.GVR.Resource)]; !ok {
			name = "(" + name + ", until 1.36)"
		} else if !version.Stable() {
			name = "(" + name + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
