package tree

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

const apiFile = "testdata/api.txt"

var update = flag.Bool("update", false, "write the exported names of the public packages to "+apiFile)

// TestPublicAPI compares what the public packages export with what they did,
// so that nobody changes it without noticing.
func TestPublicAPI(t *testing.T) {
	var b strings.Builder
	for _, folder := range readArchitecture(t).public {
		fmt.Fprintf(&b, "package %s\n\n", folder)
		for _, text := range exported(t, folder) {
			fmt.Fprintf(&b, "%s\n\n", text)
		}
	}
	if *update {
		testutil.Check(t, os.WriteFile(apiFile, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(apiFile)
	testutil.Check(t, err)
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the exported names have changed; -update writes them anew (-before +now):\n%s", diff)
	}
}

// exported are the declarations of what a package exports, sorted, without
// comments and the bodies of functions. A type of another package of ours that
// it exports by an alias is there as well.
func exported(t *testing.T, folder string) []string {
	t.Helper()
	var all []string
	for _, f := range exportsOf(t, folder) {
		for _, decl := range f.file.Decls {
			all = append(all, declarations(t, f, decl)...)
			all = append(all, aliased(t, f, decl)...)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s exports nothing", folder)
	}
	slices.Sort(all)
	return all
}

// exports is a file of a package without what it does not export.
type exports struct {
	*source
	file      *ast.File
	positions *token.FileSet
}

func exportsOf(t *testing.T, folder string) []exports {
	t.Helper()
	var all []exports
	for _, s := range sources(t) {
		if s.folder() != folder || s.isTest() {
			continue
		}
		positions := token.NewFileSet()
		file, err := parser.ParseFile(positions, s.path, s.text, parser.SkipObjectResolution)
		testutil.Check(t, err)
		ast.FileExports(file)
		all = append(all, exports{s, file, positions})
	}
	return all
}

// declarations are the texts of one declaration: one for each of its parts.
func declarations(t *testing.T, f exports, decl ast.Decl) []string {
	t.Helper()
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && !ast.IsExported(receiver(d)) {
			return nil
		}
		d.Body = nil
		return []string{show(t, f.positions, d)}
	case *ast.GenDecl:
		var all []string
		for _, spec := range d.Specs {
			if d.Tok != token.IMPORT {
				all = append(all, d.Tok.String()+" "+show(t, f.positions, spec))
			}
		}
		return all
	}
	return nil
}

// receiver is the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	name := ""
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}

// aliased are the declarations of the types that aliases of a declaration stand
// for, where they are ours.
func aliased(t *testing.T, f exports, decl ast.Decl) []string {
	t.Helper()
	var all []string
	ast.Inspect(decl, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || !spec.Assign.IsValid() {
			return true
		}
		selector, ok := spec.Type.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		for _, folder := range f.ownImports() {
			if path.Base(folder) == fmt.Sprint(selector.X) {
				all = append(all, typeNamed(t, folder, selector.Sel.Name)...)
			}
		}
		return true
	})
	return all
}

// typeNamed is the declaration of a type and of its methods.
func typeNamed(t *testing.T, folder, name string) []string {
	t.Helper()
	var all []string
	for _, f := range exportsOf(t, folder) {
		for _, decl := range f.file.Decls {
			for _, text := range declarations(t, f, decl) {
				d, method := decl.(*ast.FuncDecl)
				if method && d.Recv != nil && receiver(d) == name || strings.HasPrefix(text, "type "+name+" ") {
					all = append(all, text)
				}
			}
		}
	}
	return all
}

// show prints a node without the blank lines that stood around comments.
func show(t *testing.T, positions *token.FileSet, node any) string {
	t.Helper()
	var b strings.Builder
	config := printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 8}
	testutil.Check(t, config.Fprint(&b, positions, node))
	return strings.ReplaceAll(b.String(), "\n\n", "\n")
}
