package tree

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// architecture is what ARCHITECTURE.md says of the packages.
type architecture struct {
	layers map[string]int // by folder, the lowest is 1
	public []string       // folders of the packages for others
}

var (
	layerRow  = regexp.MustCompile(`(?m)^\| *(\d+) *\|([^|]*)\|`)
	publicRow = regexp.MustCompile("(?m)^- `(pkg/[^`]*)`")
	quoted    = regexp.MustCompile("`([^`]*)`")
)

// readArchitecture reads the table of layers and the list of public packages.
func readArchitecture(t *testing.T) architecture {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	testutil.Check(t, err)
	a := architecture{layers: map[string]int{}}
	for _, row := range layerRow.FindAllStringSubmatch(section(t, string(text), "Layers"), -1) {
		n, err := strconv.Atoi(row[1])
		testutil.Check(t, err)
		for _, folder := range quoted.FindAllStringSubmatch(row[2], -1) {
			if a.layers[folder[1]] != 0 {
				t.Errorf("ARCHITECTURE.md: %s is in two layers", folder[1])
			}
			a.layers[folder[1]] = n
		}
	}
	for _, row := range publicRow.FindAllStringSubmatch(section(t, string(text), "The public face"), -1) {
		a.public = append(a.public, row[1])
	}
	if len(a.layers) == 0 || len(a.public) == 0 {
		t.Fatal("ARCHITECTURE.md has no table of layers or no list of public packages")
	}
	return a
}

// section is the text below a heading of the second level, to the next.
func section(t *testing.T, text, title string) string {
	t.Helper()
	_, text, ok := strings.Cut(text, "\n## "+title+"\n")
	if !ok {
		t.Fatalf("ARCHITECTURE.md has no section %q", title)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// owner is the folder of the table that a package belongs to: the longest that
// its path begins with, "" if there is none.
func (a architecture) owner(folder string) string {
	for ; folder != "."; folder = path.Dir(folder) {
		if a.layers[folder] != 0 {
			return folder
		}
	}
	return ""
}

// allows reports whether a file may import a package of ours.
func (a architecture) allows(s *source, imported string) bool {
	from, to := a.owner(s.folder()), a.owner(imported)
	return from == to || a.layers[to] < a.layers[from] || s.isExternalTest() && slices.Contains(a.public, imported)
}

// TestLayers checks every import of ours against the table of ARCHITECTURE.md,
// which names a folder for every package, and no other.
func TestLayers(t *testing.T) {
	a := readArchitecture(t)
	used := map[string]bool{}
	unknown := map[string]bool{}
	for _, s := range sources(t) {
		from := a.owner(s.folder())
		used[from] = true
		if from == "" && !unknown[s.folder()] {
			unknown[s.folder()] = true
			t.Errorf("%s is in no layer of ARCHITECTURE.md", s.folder())
		}
		for _, imported := range s.ownImports() {
			if to := a.owner(imported); from != "" && to != "" && !a.allows(s, imported) {
				t.Errorf("%s of %s, layer %d, imports %s of %s, layer %d", s.path, from, a.layers[from], imported, to, a.layers[to])
			}
		}
	}
	for folder := range a.layers {
		if !used[folder] {
			t.Errorf("ARCHITECTURE.md: there is no package in %s", folder)
		}
	}
}

// TestResources checks that no resource, which is a folder with a resource.go,
// imports another one. The lists of the groups import them, as do other parts
// of the server.
func TestResources(t *testing.T) {
	resources := map[string]bool{}
	for _, s := range sources(t) {
		if strings.HasPrefix(s.path, "pkg/registry/") && strings.Count(s.path, "/") == 4 && path.Base(s.path) == "resource.go" {
			resources[s.folder()] = true
		}
	}
	if len(resources) == 0 {
		t.Error("there is no resource")
	}
	for _, s := range sources(t) {
		for _, imported := range s.ownImports() {
			if resources[s.folder()] && resources[imported] && imported != s.folder() {
				t.Errorf("%s: a resource imports another one, %s", s.path, imported)
			}
		}
	}
}

// TestParts checks that the plugins of admission, the controllers and the
// methods of authentication, a folder each, know nothing of one another. The
// lists of all do.
func TestParts(t *testing.T) {
	wholes := []string{"pkg/admission", "pkg/authentication", "pkg/controllers"}
	lists := []string{"pkg/admission/plugins", "pkg/controllers/loops"}
	isPart := func(folder string) bool {
		return slices.Contains(wholes, path.Dir(folder)) && !slices.Contains(lists, folder)
	}
	for _, s := range sources(t) {
		for _, imported := range s.ownImports() {
			if imported != s.folder() && isPart(s.folder()) && isPart(imported) && path.Dir(imported) == path.Dir(s.folder()) {
				t.Errorf("%s imports %s, which stands beside it", s.path, imported)
			}
		}
	}
}
