package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

// bufferSize is how much of a document is looked at to tell JSON from YAML.
const bufferSize = 4096

// read returns all objects. The kind of a Go object without TypeMeta is assumed,
// unless client-go knows its type.
func (m Manifests) read(assumed schema.GroupVersionKind) (objects []*unstructured.Unstructured, err error) {
	for _, path := range m.Paths {
		read, err := readPath(path)
		if err != nil {
			return nil, err
		}
		objects = append(objects, read...)
	}
	if m.FS != nil {
		read, err := readFS(m.FS, ".", true)
		if err != nil {
			return nil, err
		}
		objects = append(objects, read...)
	}
	for _, object := range m.Objects {
		read, err := toUnstructured(object, assumed)
		if err != nil {
			return nil, err
		}
		objects = append(objects, read)
	}
	return objects, nil
}

func readPath(name string) ([]*unstructured.Unstructured, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readFS(os.DirFS(name), name, false)
	}
	return readFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
}

// readFS reads the manifests of a file system, in the order of their names: those
// of its root directory, or all of them.
func readFS(files fs.FS, name string, all bool) (objects []*unstructured.Unstructured, err error) {
	found := false
	err = fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != "." && !all:
			return fs.SkipDir
		case entry.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(file)):
			return nil
		}
		found = true
		read, err := readFile(files, file)
		objects = append(objects, read...)
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("%s has no YAML or JSON files", name)
	}
	return objects, err
}

// readFile reads the documents of a file. Lists are replaced by their items.
func readFile(files fs.FS, name string) (objects []*unstructured.Unstructured, err error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), bufferSize)
	for {
		var content map[string]any
		if err := decoder.Decode(&content); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(content) == 0 {
			continue
		}
		object := &unstructured.Unstructured{Object: content}
		if object.GetKind() == "" || object.GetAPIVersion() == "" {
			return nil, fmt.Errorf("%s: an object has no kind or no apiVersion", name)
		}
		if !object.IsList() {
			objects = append(objects, object)
			continue
		}
		if err := object.EachListItem(func(item runtime.Object) error {
			objects = append(objects, item.(*unstructured.Unstructured))
			return nil
		}); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
}

func toUnstructured(object runtime.Object, assumed schema.GroupVersionKind) (*unstructured.Unstructured, error) {
	kind := object.GetObjectKind().GroupVersionKind()
	if kind.Empty() {
		if known, _, err := scheme.Scheme.ObjectKinds(object); err == nil {
			kind = known[0]
		} else if assumed.Kind != "" && reflect.Indirect(reflect.ValueOf(object)).Type().Name() == assumed.Kind {
			kind = assumed
		} else {
			return nil, fmt.Errorf("the kind of an object of type %T is not known: set its TypeMeta", object)
		}
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, err
	}
	converted := &unstructured.Unstructured{Object: content}
	converted.SetGroupVersionKind(kind)
	return converted, nil
}
