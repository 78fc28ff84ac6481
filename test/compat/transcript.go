package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// controllerTimeout is how long a controller may need for a change. Some of them look
// for what is to be done only three times a minute.
const controllerTimeout = 70 * time.Second

// Transcript is a conversation with kube-apiserver: requests in their order, each
// with the answer that was recorded. Its file has one JSON object a line, the first
// of which is that of the Transcript itself.
type Transcript struct {
	// Origin says of which server, with which flags, the answers were recorded.
	Origin string `json:"origin"`
	// Flags are those with which our server has to be started to answer the same.
	Flags []string `json:"flags,omitempty"`

	Steps []*Step `json:"-"`
}

// Step is one request of a transcript.
type Step struct {
	Name string `json:"name"`
	// User and Groups are those to impersonate. Without a user the request is that
	// of a member of system:masters.
	User   string   `json:"user,omitempty"`
	Groups []string `json:"groups,omitempty"`

	Method      string          `json:"method"`
	Path        string          `json:"path"`
	ContentType string          `json:"contentType,omitempty"`
	Body        json.RawMessage `json:"body,omitempty"`

	// Pause is the time in milliseconds that kube-apiserver needs before the change
	// that the request makes is in force. Our server needs none.
	Pause int `json:"pause,omitempty"`
	// Wait repeats the request until it holds, as that of a Case.
	Wait string `json:"wait,omitempty"`
	// Eventually repeats the request to our server until it gives the recorded answer,
	// because a controller needs a moment. The recorded server gets a pause before.
	Eventually bool `json:"eventually,omitempty"`
	// Differs is why our answer is known to be another one. It is an error if it is
	// not.
	Differs string `json:"differs,omitempty"`

	Code     int             `json:"code"`
	Warnings []string        `json:"warnings,omitempty"`
	Answer   json.RawMessage `json:"answer,omitempty"`
}

// ReadTranscript reads a file.
func ReadTranscript(path string) (*Transcript, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	transcript := &Transcript{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(transcript); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for dec.More() {
		step := &Step{}
		if err := dec.Decode(step); err != nil {
			return nil, fmt.Errorf("%s, after %d steps: %w", path, len(transcript.Steps), err)
		}
		transcript.Steps = append(transcript.Steps, step)
	}
	return transcript, nil
}

// Write writes a file that ReadTranscript reads.
func (t *Transcript) Write(path string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(t); err != nil {
		return err
	}
	for _, step := range t.Steps {
		if err := enc.Encode(step); err != nil {
			return err
		}
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// Play sends the requests one after another and calls visit with each answer. What
// replace contains is replaced in the bodies: that which differs from one run to the
// next, such as the address of a webhook. After a step that says so it pauses, if
// pause is true.
func (t *Transcript) Play(ctx context.Context, to Target, replace *strings.Replacer, pause bool, visit func(*Step, *Answer)) error {
	p := newPlayer(to)
	for _, step := range t.Steps {
		answer := p.setup(ctx, step.request(replace))
		for deadline := time.Now().Add(controllerTimeout); step.Eventually && !pause && time.Now().Before(deadline); {
			if level, _ := step.Compare(answer); level == Exact {
				break
			}
			time.Sleep(50 * time.Millisecond)
			answer = p.setup(ctx, step.request(replace))
		}
		if answer.Err != "" {
			return fmt.Errorf("%s: no answer: %s", step.Name, answer.Err)
		}
		visit(step, answer)
		if pause {
			select {
			case <-time.After(time.Duration(step.Pause) * time.Millisecond):
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// request returns the case of a step.
func (s *Step) request(replace *strings.Replacer) *Case {
	path, query, _ := strings.Cut(s.Path, "?")
	c := &Case{ID: s.Name, Method: s.Method, Path: path, Query: query, ContentType: s.ContentType, Wait: s.Wait, Headers: map[string]string{}}
	if len(s.Body) > 0 && string(s.Body) != `""` {
		c.Body = json.RawMessage(replace.Replace(string(s.Body)))
		if c.ContentType == "" {
			c.ContentType = "application/json"
		}
	}
	if s.User != "" {
		c.Headers["Impersonate-User"] = s.User
		if len(s.Groups) > 0 {
			c.Headers["Impersonate-Group"] = strings.Join(s.Groups, "|")
		}
	}
	return c
}

// Compare says how far an answer agrees with that of the step.
func (s *Step) Compare(got *Answer) (Level, []Difference) {
	want := &Answer{ID: s.Name, Code: s.Code, Body: lastingPart(s.Answer), Headers: map[string][]string{}}
	if kind := got.Headers["Content-Type"]; len(kind) > 0 {
		want.Headers["Content-Type"] = kind // is not recorded
	}
	if len(s.Warnings) > 0 {
		want.Headers["Warning"] = s.Warnings
	}
	lasting := *got
	lasting.Body = lastingPart(got.Body)
	return Compare(want, &lasting)
}

// Record makes an answer that of the step.
func (s *Step) Record(got *Answer) {
	s.Code, s.Warnings, s.Answer = got.Code, got.warnings(), lastingPart(got.Body)
}

// generatedVolume is the name of the volume with the token of a service account.
var generatedVolume = regexp.MustCompile(`kube-api-access-[a-z0-9]{5}\b`)

// lastingPart returns an answer without what each server makes anew.
func lastingPart(body json.RawMessage) json.RawMessage {
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return body
	}
	if details, ok := object["details"].(map[string]any); ok {
		delete(details, "uid")
	}
	dropGenerated(object)
	return generatedVolume.ReplaceAll(marshal(object), []byte("kube-api-access-00000"))
}

// dropGenerated removes the generated fields of all metadata in a value.
func dropGenerated(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			dropGenerated(item)
		}
	case map[string]any:
		if metadata, ok := v["metadata"].(map[string]any); ok {
			for _, field := range []string{"uid", "creationTimestamp", "resourceVersion", "managedFields"} {
				delete(metadata, field)
			}
		}
		for _, item := range v {
			dropGenerated(item)
		}
	}
}
