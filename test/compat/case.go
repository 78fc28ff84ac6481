package compat

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// Case is one request to send.
type Case struct {
	// ID begins with the kind of the case and its resource: "leaf/pods/...".
	ID          string            `json:"id"`
	Method      string            `json:"method"`
	Path        string            `json:"path"`
	Query       string            `json:"query,omitempty"`
	ContentType string            `json:"contentType,omitempty"`
	Accept      string            `json:"accept,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	// Body is sent as it is, except that a JSON string is sent as its content.
	Body json.RawMessage `json:"body,omitempty"`
	// Setup cases really write, and run first, in order. All others are reads,
	// reviews or dry runs.
	Setup bool `json:"setup,omitempty"`
	// Wait polls a setup GET until it holds: "ok" for a 2xx answer, else the
	// type of a status condition that must be present, or type=status.
	Wait string `json:"wait,omitempty"`
	// Follow names a second request made from the first one's answer, whose
	// answer counts: "continue" for the next page of a list.
	Follow string `json:"follow,omitempty"`
}

// Kind is the first part of the id: what the case tries.
func (c *Case) Kind() string {
	kind, _, _ := strings.Cut(c.ID, "/")
	return kind
}

// Resource is the second part of the id: "pods", "deployments.apps", or "-"
// for what belongs to no resource.
func (c *Case) Resource() string {
	_, rest, _ := strings.Cut(c.ID, "/")
	resource, _, _ := strings.Cut(rest, "/")
	return resource
}

// Answer is what a server answered to one case.
type Answer struct {
	ID string `json:"id"`
	// Code is the HTTP status, 0 if there was no answer.
	Code    int                 `json:"code"`
	Headers map[string][]string `json:"headers,omitempty"`
	// Body is the answer as it is where it is JSON, else a JSON string.
	Body json.RawMessage `json:"body,omitempty"`
	// Err says why there was no answer.
	Err string `json:"err,omitempty"`
}

// ReadLines reads a gzipped file of one JSON object a line, and keeps those
// that keep wants (nil: all).
func ReadLines[T any](path string, keep func(*T) bool) ([]*T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	gz, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	var all []*T
	for dec := json.NewDecoder(gz); ; {
		v := new(T)
		if err := dec.Decode(v); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		if keep == nil || keep(v) {
			all = append(all, v)
		}
	}
}

// WriteLines writes a file that ReadLines reads.
func WriteLines[T any](path string, all []*T) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	gz := gzip.NewWriter(f)
	enc := json.NewEncoder(gz)
	enc.SetEscapeHTML(false)
	for _, v := range all {
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	if err := gz.Close(); err != nil {
		return err
	}
	return f.Close()
}
