package tree

import (
	"bytes"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

const (
	maxColumns = 160 // of a line, in characters
	longText   = 120 // from which on a string literal is not counted
	maxLines   = 500 // of a file
)

// TestModules checks that every module of the project can be imported: none
// replaces another, and none depends on k8s.io/kubernetes, however far away. The
// examples, which nobody imports, may replace the project by the one around them.
func TestModules(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		"go.mod": regexp.MustCompile(`(?m)^\s*replace\b|\bk8s\.io/kubernetes\s`),
		"go.sum": regexp.MustCompile(`(?m)^k8s\.io/kubernetes\s`),
	}
	found := 0
	testutil.Check(t, walk(func(name string) error {
		expression := forbidden[path.Base(name)]
		if expression == nil {
			return nil
		}
		found++
		text, err := os.ReadFile(filepath.Join(root, name))
		if strings.HasPrefix(name, "examples/") {
			text = bytes.Replace(text, []byte("\nreplace github.com/gatehouse-k8s/gatehouse => ../..\n"), nil, 1)
		}
		if match := expression.Find(text); match != nil {
			t.Errorf("%s has %q", name, match)
		}
		return err
	}))
	if found == 0 {
		t.Error("there is no go.mod")
	}
}

// TestNoInit checks that nothing of ours runs before main: what a package has
// to set up is a call that its reader sees. Generated code may.
func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" && !s.generated {
				t.Errorf("%s:%d has an init function", s.path, line(f.Pos()))
			}
		}
	}
}

// TestDocComments checks that a comment says what each package is for: one
// comment, in one file.
func TestDocComments(t *testing.T) {
	documented := map[string][]string{}
	for _, s := range sources(t) {
		if s.isExternalTest() {
			continue
		}
		files := documented[s.folder()]
		if s.file.Doc != nil {
			files = append(files, s.path)
		}
		documented[s.folder()] = files
	}
	for folder, files := range documented {
		if len(files) != 1 {
			t.Errorf("package %s has %d doc comments, not one: %s", folder, len(files), strings.Join(files, ", "))
		}
	}
}

// TestImportNames checks that a package has one name in all files that import
// it. A blank import gives none.
func TestImportNames(t *testing.T) {
	files := map[string]map[string][]string{} // by import and name
	for _, s := range sources(t) {
		for p, name := range s.imports() {
			if s.generated || name == "_" {
				continue
			}
			if files[p] == nil {
				files[p] = map[string][]string{}
			}
			files[p][name] = append(files[p][name], s.path)
		}
	}
	for p, names := range files {
		if len(names) < 2 {
			continue
		}
		t.Errorf("%s is imported under %d names", p, len(names))
		for _, name := range slices.Sorted(maps.Keys(names)) {
			t.Errorf("\t%d files, %s among them: %q", len(names[name]), names[name][0], name)
		}
	}
}

// TestLines checks that a line has at most 160 characters, a tab being one. A
// string literal of more than 120 does not count: a message or a body is not
// cut into pieces, so that one can search for it. Generated files are not
// measured.
func TestLines(t *testing.T) {
	for _, s := range sources(t) {
		if s.generated {
			continue
		}
		texts := longTexts(s.file)
		for i, text := range s.lines() {
			if n := utf8.RuneCount(text) - texts[i+1]; n > maxColumns {
				t.Errorf("%s:%d has %d characters, more than %d", s.path, i+1, n, maxColumns)
			}
		}
	}
}

// longTexts counts, by line, the characters in long string literals.
func longTexts(file *ast.File) map[int]int {
	counts := map[int]int{}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			for i, text := range strings.Split(literal.Value, "\n") {
				if n := utf8.RuneCountInString(text); n > longText {
					counts[line(literal.Pos())+i] += n
				}
			}
		}
		return true
	})
	return counts
}

// TestFileLengths checks that a file has at most 500 lines unless it is
// generated.
func TestFileLengths(t *testing.T) {
	for _, s := range sources(t) {
		if n := len(s.lines()); n > maxLines && !s.generated {
			t.Errorf("%s has %d lines, more than %d", s.path, n, maxLines)
		}
	}
}
