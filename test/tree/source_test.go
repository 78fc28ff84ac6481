package tree

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

const (
	root   = "../.."
	module = "github.com/gatehouse-k8s/gatehouse"
)

// source is one Go file of the project, of any of its modules.
type source struct {
	path      string // from the root of the project, with slashes
	text      []byte
	file      *ast.File
	generated bool
}

// folder is the path of the file's package, from the root.
func (s *source) folder() string { return path.Dir(s.path) }

// isTest reports whether only tests have the file.
func (s *source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// isExternalTest reports whether the file tests its package from outside.
func (s *source) isExternalTest() bool {
	return s.isTest() && strings.HasSuffix(s.file.Name.Name, "_test")
}

// imports are the paths that the file imports, each with its name, which is
// empty where the file gives none.
func (s *source) imports() map[string]string {
	all := map[string]string{}
	for _, spec := range s.file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		all[p] = ""
		if spec.Name != nil {
			all[p] = spec.Name.Name
		}
	}
	return all
}

// ownImports are the folders of the project's packages that the file imports.
func (s *source) ownImports() []string {
	var own []string
	for p := range s.imports() {
		if folder, ok := strings.CutPrefix(p, module+"/"); ok {
			own = append(own, folder)
		}
	}
	return own
}

// lines of the file, from the first.
func (s *source) lines() [][]byte {
	return bytes.Split(bytes.TrimSuffix(s.text, []byte("\n")), []byte("\n"))
}

var positions = token.NewFileSet()

// line is the number of the line at a position.
func line(p token.Pos) int { return positions.Position(p).Line }

// readSources parses the Go files of the project once for all tests.
var readSources = sync.OnceValues(func() ([]*source, error) {
	var all []*source
	err := walk(func(name string) error {
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(positions, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, &source{path: name, text: text, file: file, generated: ast.IsGenerated(file)})
		return nil
	})
	return all, err
})

func sources(t *testing.T) []*source {
	t.Helper()
	all, err := readSources()
	testutil.Check(t, err)
	if len(all) == 0 {
		t.Fatal("there is no Go file")
	}
	return all
}

// walk visits the files of the project, by their paths from the root, but
// neither test data nor what git and the build keep.
func walk(visit func(name string) error) error {
	return fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return visit(name)
		case entry.Name() == "testdata", entry.Name() == "bin", name != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		}
		return nil
	})
}
