package compat

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// replacements are texts that differ from one run to the next, wherever they
// stand. Years before 2025 are those of the recorded requests themselves.
var replacements = []struct {
	re *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[1-9a-f][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`), "<uid>"},
	{regexp.MustCompile(`\b20(2[5-9]|3\d|4[0-5])-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`), "<now>"},
	{regexp.MustCompile(`\b20(2[5-9]|3\d|4[0-5])-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC( m=\S+)?`), "<now>"},
	{regexp.MustCompile(`\b(127\.0\.0\.1|localhost):\d{4,5}\b`), "<server>"},
	{regexp.MustCompile(`https://[^/"]+/openid/v1/jwks`), "https://<server>/openid/v1/jwks"},
	{regexp.MustCompile(`\bhash=[0-9A-Fa-f]+`), "hash=<hash>"},
	{regexp.MustCompile(`(?i)\b(resourceVersion|resource version|current|latest)(: |=| )"?\d+"?`), "$1 <rv>"},
	{regexp.MustCompile(`(resourceVersion\\*":\\*")\d+`), "$1<rv>"},
	{regexp.MustCompile(`(ResourceVersion in (?:record \(|object meta: ))\d+`), "$1<rv>"},
	// Both bindings allow the same paths, and either may be named.
	{regexp.MustCompile(`"system:(discovery|public-info-viewer)" of ClusterRole "system:(discovery|public-info-viewer)"`), "<either>"},
	{regexp.MustCompile(`\b(Bad_|made-)[bcdfghjklmnpqrstvwxz2456789]{5}\b`), "$1<made>"},
	{regexp.MustCompile(`g{50,}[bcdfghjklmnpqrstvwxz2456789]*`), "<long>"},
	{regexp.MustCompile(`\bapiserver-[a-z0-9]{26}\b`), "apiserver-<id>"},
}

var (
	duration = regexp.MustCompile(`^(\d+y)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$|^<invalid>$`)
	ago      = regexp.MustCompile(`\(\S+ ago\)`)
	address  = regexp.MustCompile(`^[0-9.]+(:\d+)?$`)
	jwt      = regexp.MustCompile(`^[\w-]+\.[\w-]+\.[\w-]+$`)

	// Addresses and ports within a text, as where a message quotes an object,
	// and ports in the cells of a table.
	addressInText = regexp.MustCompile(`\b10\.0\.0\.\d{1,3}\b`)
	portInText    = regexp.MustCompile(`[nN]odePort\\*":3[0-2]\d{3}\b`)
	portInCell    = regexp.MustCompile(`:3[0-2]\d{3}/`)
)

// Service addresses and node ports in the lower, static bands are those that
// the requests ask for; the others are allocated at random.
var (
	serviceRange = netip.MustParsePrefix("10.0.0.0/24")
	secondRange  = netip.MustParsePrefix("fd00:10::/112")
	staticBand   = netip.MustParsePrefix("10.0.0.0/28")
)

const lastStaticPort = 30085

func allocatedAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && (serviceRange.Contains(a) && !staticBand.Contains(a) || secondRange.Contains(a))
}

func normalText(s string) string {
	for _, r := range replacements {
		if r.re.MatchString(s) {
			s = r.re.ReplaceAllString(s, r.to)
		}
	}
	s = addressInText.ReplaceAllStringFunc(s, func(m string) string {
		if allocatedAddress(m) {
			return "<ip>"
		}
		return m
	})
	return portInText.ReplaceAllStringFunc(s, func(m string) string {
		head, port := m[:len(m)-5], m[len(m)-5:]
		if port > fmt.Sprint(lastStaticPort) {
			return head + "<port>"
		}
		return m
	})
}

// normalize replaces, in place, what one server makes anew at each run.
func normalize(v any) any {
	if events, ok := v.([]any); ok {
		v = slices.DeleteFunc(events, isPeriodicBookmark)
	}
	return normalNode(v, "", "")
}

// isPeriodicBookmark reports whether a watch event is a bookmark that ends
// nothing: whether one comes before the watch is over is a matter of time.
func isPeriodicBookmark(event any) bool {
	return text(event, "type") == "BOOKMARK" && text(event, "object", "metadata", "annotations", "k8s.io/initial-events-end") == ""
}

// normalNode normalises the node under a key, itself in the map under parent.
func normalNode(v any, key, parent string) any {
	switch v := v.(type) {
	case map[string]any:
		normalMap(v, key)
	case []any:
		for i, e := range v {
			v[i] = normalNode(e, key, parent)
		}
	case string:
		return normalString(v, key, parent)
	case json.Number:
		if key == "nodePort" || key == "healthCheckNodePort" {
			if n, err := v.Int64(); err == nil && n > lastStaticPort && n < 32768 {
				return "<port>"
			}
		}
	}
	return v
}

func normalMap(m map[string]any, key string) {
	if m["kind"] == "Table" {
		normalTable(m)
	}
	if key == "metadata" {
		normalMeta(m)
	}
	if text(m, "metadata", "name") == "kubernetes" && text(m, "metadata", "namespace") == "default" {
		normalSelf(m)
	}
	for k, e := range m {
		m[k] = normalNode(e, k, key)
	}
	switch {
	case m["addressType"] != nil:
		// Controllers distribute the endpoints over slices in any order, and in one or
		// more steps. A slice may have lost its generateName.
		inAnyOrder(list(m, "endpoints"))
		inAnyOrder(list(m, "ports"))
		if metadata, ok := m["metadata"].(map[string]any); ok {
			delete(metadata, "generation")
			metadata["generateName"] = text(m, "metadata", "labels", "kubernetes.io/service-name") + "-"
			generatedName(metadata)
		}
	case m["kind"] == "EndpointSliceList":
		inAnyOrder(list(m, "items"))
	case m["kind"] == "Endpoints":
		inAnyOrder(list(m, "subsets"))
	case m["kind"] == "SelfSubjectRulesReview":
		// The rules come in the order of a map.
		for _, k := range []string{"resourceRules", "nonResourceRules"} {
			inAnyOrder(list(m, "status", k))
		}
	case m["kind"] == "APIResourceList", key == "versions" && m["freshness"] != nil:
		// So do the resources of a group of custom resources.
		sortBy(list(m, "resources"), func(e any) string {
			if s, ok := at(e, "name").(string); ok {
				return s
			}
			return text(e, "resource")
		})
	}
}

func inAnyOrder(l []any) { sortBy(l, func(e any) string { return string(marshal(e)) }) }

func sortBy(l []any, key func(any) string) {
	slices.SortStableFunc(l, func(a, b any) int { return strings.Compare(key(a), key(b)) })
}

func normalString(s, key, parent string) string {
	switch key {
	case "resourceVersion":
		if parent == "metadata" && s != "" {
			return "<rv>"
		}
	case "continue":
		if s != "" {
			return "<continue>"
		}
	case "token":
		if parent == "status" && jwt.MatchString(s) {
			return "<token>"
		}
	case "clusterIP", "clusterIPs":
		if allocatedAddress(s) {
			return "<ip>"
		}
	case "time":
		if s != "" {
			return "<time>"
		}
	case "serverAddress":
		return "<server>"
	case "gitCommit", "gitTreeState", "buildDate", "goVersion":
		return "<build>"
	case "n", "kid", "x", "y":
		if parent == "keys" {
			return "<key>"
		}
	}
	return normalText(s)
}

func normalMeta(m map[string]any) {
	if text(m, "uid") != "" {
		m["uid"] = "<uid>"
	}
	if text(m, "creationTimestamp") != "" {
		m["creationTimestamp"] = "<created>"
	}
	// Whether an update was caused by the change that this annotation tells of depends on
	// how many changes a controller saw at once.
	if annotations, ok := m["annotations"].(map[string]any); ok {
		delete(annotations, "endpoints.kubernetes.io/last-change-trigger-time")
		if len(annotations) == 0 {
			delete(m, "annotations")
		}
	}
	// The server keeps finalizers as a set, and writes them in no order.
	sortBy(list(m, "finalizers"), func(e any) string { return fmt.Sprint(e) })
	generatedName(m)
}

// generatedName replaces a name that the server has made.
func generatedName(m map[string]any) {
	base, name := text(m, "generateName"), text(m, "name")
	if base != "" && len(name) == len(base)+5 && strings.HasPrefix(name, base) {
		m["name"] = base + "<made>"
	}
}

// normalSelf hides the server's own address in the objects that it makes to
// describe itself: the service "kubernetes" and its endpoints.
func normalSelf(o map[string]any) {
	for _, k := range []string{"subsets", "endpoints", "ports"} {
		if o[k] != nil {
			o[k] = "<self>"
		}
	}
	for _, port := range list(o, "spec", "ports") {
		if m, ok := port.(map[string]any); ok {
			m["targetPort"] = "<self>"
		}
	}
}

// normalTable makes ages in the cells of a table equal.
func normalTable(t map[string]any) {
	for _, row := range list(t, "rows") {
		cells := list(row, "cells")
		for i, c := range cells {
			if s, ok := c.(string); ok && s != "" {
				cells[i] = normalCell(s, cells[0] == "kubernetes")
			}
		}
	}
}

func normalCell(s string, self bool) string {
	if self && address.MatchString(s) {
		return "<self>"
	}
	if duration.MatchString(s) {
		return "<age>"
	}
	s = ago.ReplaceAllString(s, "(<age> ago)")
	if allocatedAddress(s) {
		s = "<ip>"
	}
	return portInCell.ReplaceAllStringFunc(s, func(m string) string {
		if m > fmt.Sprintf(":%d/", lastStaticPort) {
			return ":<port>/"
		}
		return m
	})
}
