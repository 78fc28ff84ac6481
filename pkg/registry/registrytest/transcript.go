// Package registrytest runs the validation of a resource over transcripts: files
// in testdata with objects and the errors that they cause.
package registrytest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// separator is the line between the old and the new object of an update.
const separator = "\n---\n"

// Validate runs the cases of a file. A case is a command, objects in YAML, the
// line "----" and the errors, one in each line; comments begin with #. It is
// one of
//
//	create
//	<object>
//
//	update [facet=<name>]
//	<old object>
//	---
//	<new object>
//
// An object is completed by base, which may be nil, by what the YAML says, and by
// the defaults of its type, in this order. "go test -rewrite" writes the errors
// that there are into the file: read the difference before you commit it.
func Validate[T registry.Object](t *testing.T, file string, resource *registry.Resource[T], base func() T) {
	t.Helper()
	decode := func(text string) (T, error) {
		obj := resource.New()
		if base != nil {
			obj = base()
		}
		err := yaml.UnmarshalStrict([]byte(text), obj)
		apis.Scheme.Default(obj)
		return obj, err
	}
	datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
		before, after, _ := strings.Cut("\n"+d.Input+"\n", separator)
		obj, err := decode(before)
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		switch d.Cmd {
		case "create":
			resource.PrepareNew(t.Context(), obj)
			return lines(resource.ValidateNew(t.Context(), obj))
		case "update":
			changed, err := decode(after)
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			var facet string
			if d.HasArg("facet") {
				d.ScanArgs(t, "facet", &facet)
			}
			resource.PrepareChange(t.Context(), facet, changed, obj)
			return lines(resource.ValidateChange(t.Context(), facet, changed, obj))
		}
		d.Fatalf(t, "the command is create or update, not %s", d.Cmd)
		return ""
	})
}

// lines writes each error in a line of its own.
func lines(errs field.ErrorList) string {
	if len(errs) == 0 {
		return "ok\n"
	}
	var out strings.Builder
	for _, err := range errs {
		fmt.Fprintln(&out, strings.ReplaceAll(err.Error(), "\n", `\n`))
	}
	return out.String()
}
