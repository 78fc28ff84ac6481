package controllers_test

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

func TestChoice(t *testing.T) {
	var made []string
	entry := func(name string, needs ...string) controllers.Controller {
		c := controllers.Controller{Name: name, New: func(controllers.Deps) *controllers.Loop {
			made = append(made, name)
			return &controllers.Loop{}
		}}
		for _, resource := range needs {
			c.Needs = append(c.Needs, schema.GroupVersionResource{Version: "v1", Resource: resource})
		}
		return c
	}
	list := controllers.List{entry("a", "served"), entry("b"), entry("c", "served", "unserved"), entry("e")}
	list[0].Alias, list[3].ByNameOnly = "old-a", true
	served := func(resource schema.GroupVersionResource) bool { return resource.Resource == "served" }
	for _, test := range []struct {
		name   string
		choice []string
		want   []string
		err    string
	}{
		{"none", nil, nil, ""},
		{"one", []string{"b"}, []string{"b"}, ""},
		{"all that can run", []string{"*"}, []string{"a", "b"}, ""},
		{"all but one", []string{"*", "-a"}, []string{"b"}, ""},
		{"without a resource that it needs", []string{"c"}, nil, ""},
		{"by its former name", []string{"old-a"}, []string{"a"}, ""},
		{"all but one by its former name", []string{"*", "-old-a"}, []string{"b"}, ""},
		{"the first that names it decides", []string{"a", "-old-a", "-b", "b"}, []string{"a"}, ""},
		{"one that runs only by name", []string{"*", "e"}, []string{"a", "b", "e"}, ""},
		{"unknown", []string{"d"}, nil, `unknown controller "d": choose among a, b, c, e`},
		{"unknown and disabled", []string{"*", "-d"}, []string{"a", "b"}, `unknown controller "d": choose among a, b, c, e`},
		{"not an empty name", []string{""}, nil, `unknown controller "": choose among a, b, c, e`},
		{"no controller is named *", []string{"-*"}, nil, `unknown controller "*": choose among a, b, c, e`},
	} {
		t.Run(test.name, func(t *testing.T) {
			made = nil
			loops := list.New(test.choice, controllers.Deps{}, served)
			if !slices.Equal(made, test.want) || len(loops) != len(test.want) {
				t.Errorf("made %q, want %q", made, test.want)
			}
			err := list.Validate(test.choice)
			if (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}
