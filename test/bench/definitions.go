package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/yaml"
)

// settled is the time after which a server has returned to the system what it needed only
// for a moment.
const settled = time.Minute

// measureDefinitions measures what many large definitions cost: memory before and after
// they are created, after their documents were read, and after each resource was used, with
// the CPU time of each step and the latency of the first requests of a resource.
func measureDefinitions(ctx context.Context, w io.Writer, o options, count int, files string) (err error) {
	all := generated(count)
	if files != "" {
		if all, err = readDefinitions(files); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	starters := []struct {
		name  string
		start starter
	}{{"Gatehouse", ours(o.server)}}
	if o.against != "" {
		starters = append(starters, struct {
			name  string
			start starter
		}{"kube-apiserver and etcd", upstream(o.against)})
	}
	for i, s := range starters {
		fmt.Fprintf(w, "%s, %d definitions\n", s.name, len(all))
		if err := measureDefinitionsOf(ctx, w, s.start, filepath.Join(dir, strconv.Itoa(i)), all); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func measureDefinitionsOf(ctx context.Context, w io.Writer, start starter, dir string, all []*apiextensionsv1.CustomResourceDefinition) (err error) {
	s, err := start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	b, err := newBench(s, nil, 0, 0)
	if err != nil {
		return err
	}
	if err := b.namespace(ctx, "bench"); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tanonymous MiB\tresident MiB\tCPU s\tp50 ms\tmax ms\t")
	row := func(name string, cpu time.Duration, latencies []time.Duration) {
		m := s.memory()
		fmt.Fprintf(table, "%s\t%.0f\t%.0f\t%.2f\t", name, m.anonymous, m.resident, cpu.Seconds())
		if slices.Sort(latencies); len(latencies) > 0 {
			fmt.Fprintf(table, "%.1f\t%.1f\t", milliseconds(latencies[len(latencies)/2]), milliseconds(latencies[len(latencies)-1]))
		}
		fmt.Fprintln(table)
	}
	row("before", 0, nil)
	for _, step := range []struct {
		name string
		do   func(context.Context, *apiextensionsv1.CustomResourceDefinition) error
		once bool
	}{
		{"applied and Established", b.apply, false},
		{"documents listed", b.listDocuments, true},
		{"first list of each", b.listInstances, false},
		{"first object of each", b.createInstance, false},
	} {
		cpu, of := s.cpu(), all
		if step.once {
			of = all[:1]
		}
		var latencies []time.Duration
		for _, crd := range of {
			begin := time.Now()
			if err := step.do(ctx, crd); err != nil {
				return fmt.Errorf("%s: %s: %w", step.name, crd.Name, err)
			}
			latencies = append(latencies, time.Since(begin))
		}
		row(step.name, s.cpu()-cpu, latencies)
		cpu = s.cpu()
		time.Sleep(settled)
		row("a minute later", s.cpu()-cpu, nil)
	}
	return table.Flush()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// readDefinitions reads the definitions of a directory.
func readDefinitions(dir string) (all []*apiextensionsv1.CustomResourceDefinition, _ error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(data, crd); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, crd)
	}
	return all, nil
}

// apply creates a definition and waits until it is Established.
func (b *bench) apply(ctx context.Context, crd *apiextensionsv1.CustomResourceDefinition) error {
	if _, err := b.send(ctx, 0, call{"POST", definitions, jsonType, jsonType, marshal(crd), ""}); err != nil {
		return err
	}
	for {
		object, err := b.clients[0].Get().RequestURI(definitions + "/" + crd.Name).DoRaw(ctx)
		if err != nil {
			return err
		}
		if established([]byte(`{"object":` + string(object) + `}`)) {
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// listDocuments lists the OpenAPI documents, as kubectl does. The server has to build all
// of them.
func (b *bench) listDocuments(ctx context.Context, _ *apiextensionsv1.CustomResourceDefinition) error {
	_, err := b.send(ctx, 0, call{verb: "GET", uri: "/openapi/v3", accept: jsonType})
	return err
}

// instances returns the address of the instances of a definition.
func instances(crd *apiextensionsv1.CustomResourceDefinition) (uri, version string) {
	i := slices.IndexFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool { return v.Served })
	version = crd.Spec.Versions[i].Name
	uri = "/apis/" + crd.Spec.Group + "/" + version
	if crd.Spec.Scope == apiextensionsv1.NamespaceScoped {
		uri += "/namespaces/bench"
	}
	return uri + "/" + crd.Spec.Names.Plural, version
}

func (b *bench) listInstances(ctx context.Context, crd *apiextensionsv1.CustomResourceDefinition) error {
	uri, _ := instances(crd)
	for {
		// kube-apiserver does not serve a new resource immediately.
		_, err := b.send(ctx, 0, call{verb: "GET", uri: uri, accept: jsonType})
		if !apierrors.IsNotFound(err) && !apierrors.IsTooManyRequests(err) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// createInstance creates an object of a resource. Some definitions do not accept an empty
// one; that costs as much.
func (b *bench) createInstance(ctx context.Context, crd *apiextensionsv1.CustomResourceDefinition) error {
	uri, version := instances(crd)
	body := marshal(map[string]any{"apiVersion": crd.Spec.Group + "/" + version, "kind": crd.Spec.Names.Kind,
		"metadata": map[string]any{"name": "first"}, "spec": map[string]any{}})
	if _, err := b.send(ctx, 0, call{"POST", uri, jsonType, jsonType, body, ""}); !apierrors.IsInvalid(err) {
		return err
	}
	return nil
}

// sizes are the numbers of fields of generated definitions, which are taken in turns. They
// make definitions of 5 KB to 400 KB, 60 KB in the mean, as those of large operators are.
var sizes = []int{20, 60, 60, 120, 120, 250, 250, 500, 1000, 2000}

// generated returns large definitions, ten in each group.
func generated(count int) (all []*apiextensionsv1.CustomResourceDefinition) {
	for i := range count {
		group := fmt.Sprintf("g%d.bench.example.com", i/10)
		names := apiextensionsv1.CustomResourceDefinitionNames{
			Plural: fmt.Sprintf("large%ds", i), Singular: fmt.Sprintf("large%d", i), Kind: fmt.Sprintf("Large%d", i)}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		crd.APIVersion, crd.Kind = apiextensionsv1.SchemeGroupVersion.String(), "CustomResourceDefinition"
		crd.Name = names.Plural + "." + group
		fields := sizes[i%len(sizes)]
		crd.Spec = apiextensionsv1.CustomResourceDefinitionSpec{Group: group, Names: names, Scope: apiextensionsv1.NamespaceScoped,
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true,
				Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object",
					Properties: map[string]apiextensionsv1.JSONSchemaProps{"spec": tree(i, fields), "status": tree(-i, fields/10)}}},
			}},
		}
		all = append(all, crd)
	}
	return all
}

// tree returns the schema of an object with nested objects and lists, with so many fields in
// all. The seed makes it another one than that of other definitions.
func tree(seed, fields int) apiextensionsv1.JSONSchemaProps {
	const wide = 8
	object := apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{}}
	for i := range min(fields, wide) {
		field := apiextensionsv1.JSONSchemaProps{Type: "string", Default: &apiextensionsv1.JSON{Raw: json.RawMessage(`"value"`)}}
		switch {
		case i == 0 && fields > wide:
			field = apiextensionsv1.JSONSchemaProps{Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: new(tree(seed+i, (fields-wide)/wide))}}
		case fields > wide:
			field = tree(seed+i, (fields-wide)/wide)
		}
		field.Description = fmt.Sprintf("Field %d of %d sets what the controller does with part %d. It may be left empty, and then the default is used.",
			i, fields, seed*wide+i)
		object.Properties["field"+strconv.Itoa(i)] = field
	}
	return object
}
