package abac

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/klog/v2"
	"sigs.k8s.io/yaml"
)

// The apiVersion and kind of a policy in the current form.
const (
	apiVersion = "abac.authorization.kubernetes.io/v1beta1"
	policyKind = "Policy"
)

// Load reads a policy file. Errors name the file and the line.
func Load(file string) (*Authorizer, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var policies []policy
	number, unversioned := 0, 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p, versioned, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("error reading policy file %s, line %d: %s: %w", file, number, line, err)
		}
		if !versioned {
			unversioned++
		}
		policies = append(policies, p)
	}
	if unversioned > 0 {
		klog.Warningf("Policy file %s has %d policies in the deprecated form without an apiVersion", file, unversioned)
	}
	return newAuthorizer(policies), nil
}

// parse reads one line in either form. versioned reports whether it has an
// apiVersion.
func parse(line string) (p policy, versioned bool, err error) {
	var header struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if !strings.HasPrefix(line, "{") {
		return policy{}, false, errors.New("not a JSON object")
	}
	if err := json.Unmarshal([]byte(line), &header); err != nil {
		return policy{}, false, err
	}
	if header.APIVersion == "" && header.Kind == "" {
		p, err := parseFlat(line)
		return p, false, err
	}
	if header.APIVersion != apiVersion || header.Kind != policyKind {
		return policy{}, true, fmt.Errorf("apiVersion %q and kind %q are not %q and %q", header.APIVersion, header.Kind, apiVersion, policyKind)
	}
	var object struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Spec       policy `json:"spec"`
	}
	if err := strict(line, &object); err != nil {
		return policy{}, true, err
	}
	return object.Spec.normal(), true, nil
}

// strict decodes one JSON object. It returns an error for unknown and duplicate
// fields.
func strict(line string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("there is more than one object")
	}
	return yaml.UnmarshalStrict([]byte(line), into) // encoding/json does not detect duplicate fields
}

// parseFlat reads the form without an apiVersion, which has neither API groups
// nor paths. Omitted properties match everything. A policy for all resources in
// all namespaces also allows all paths.
func parseFlat(line string) (policy, error) {
	var flat struct {
		User      string `json:"user"`
		Group     string `json:"group"`
		Readonly  bool   `json:"readonly"`
		Resource  string `json:"resource"`
		Namespace string `json:"namespace"`
	}
	if err := strict(line, &flat); err != nil {
		return policy{}, err
	}
	p := policy{User: flat.User, Group: flat.Group, Readonly: flat.Readonly, APIGroup: all, Resource: flat.Resource, Namespace: flat.Namespace}
	if p.User == "" && p.Group == "" {
		p.Group = all
	}
	if p.Namespace == "" && p.Resource == "" {
		p.NonResourcePath = all
	}
	if p.Namespace == "" {
		p.Namespace = all
	}
	if p.Resource == "" {
		p.Resource = all
	}
	return p.normal(), nil
}

// normal replaces the wildcard in the subject by the group of all authenticated
// users.
func (p policy) normal() policy {
	if p.User != all && p.Group != all {
		return p
	}
	if p.User == all {
		p.User = ""
	}
	if p.Group == all || p.Group == "" {
		p.Group = user.AllAuthenticated
	}
	return p
}
