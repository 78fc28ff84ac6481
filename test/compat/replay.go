package compat

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Target is a server to send cases to.
type Target struct {
	// URL of the server, such as https://127.0.0.1:6443. Its certificate is
	// not verified.
	URL string
	// Token is the bearer token of a member of system:masters.
	Token string
	// Parallel is the number of requests under way at once. Default 8.
	Parallel int
	// Settle is the pause after the setup, for the server's own controllers.
	Settle time.Duration
}

// requestTimeout is how long a request may take, and a setup case may wait.
const requestTimeout = 10 * time.Second

// Replay sends the setup cases one after another, then all others, and returns
// the answers in the order of the cases, the setup's first. It fails only when
// ctx ends.
func (t Target) Replay(ctx context.Context, cases []*Case) ([]*Answer, error) {
	p := newPlayer(t)
	var answers []*Answer
	var rest []*Case
	for _, c := range cases {
		if !c.Setup {
			rest = append(rest, c)
			continue
		}
		answers = append(answers, p.setup(ctx, c))
	}
	select {
	case <-time.After(t.Settle):
	case <-ctx.Done():
	}
	clear(p.meta)
	return append(answers, p.runAll(ctx, rest)...), ctx.Err()
}

// player is one replay.
type player struct {
	Target
	client *http.Client
	// custom says that custom resources are served, so that a path that is not
	// there may still come.
	custom bool

	mu   sync.Mutex
	meta map[string]identity // by path of the object
}

// identity is what a request may have to name of an object made before.
type identity struct{ rv, uid string }

func newPlayer(t Target) *player {
	t.URL = strings.TrimSuffix(t.URL, "/")
	if t.Parallel == 0 {
		t.Parallel = 8
	}
	return &player{
		Target: t,
		client: &http.Client{
			Timeout: requestTimeout,
			Transport: &http.Transport{
				TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
				ForceAttemptHTTP2:   true,
				MaxIdleConnsPerHost: 16,
				DisableCompression:  true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		meta: map[string]identity{},
	}
}

func (p *player) runAll(ctx context.Context, cases []*Case) []*Answer {
	answers := make([]*Answer, len(cases))
	work := make(chan int)
	var workers sync.WaitGroup
	for range p.Parallel {
		workers.Go(func() {
			for i := range work {
				answers[i] = p.run(ctx, cases[i])
			}
		})
	}
	for i := range cases {
		work <- i
	}
	close(work)
	workers.Wait()
	return answers
}

// setup runs one setup case, and polls where it waits for something that may
// still come.
func (p *player) setup(ctx context.Context, c *Case) *Answer {
	for deadline := time.Now().Add(requestTimeout); ; time.Sleep(50 * time.Millisecond) {
		clear(p.meta) // what a setup case writes changes resource versions
		a := p.run(ctx, c)
		if c.Wait == "" {
			return a
		}
		if holds(c.Wait, a) {
			p.custom = p.custom || c.Wait == "Established=True"
			return a
		}
		hopeless := a.Code == http.StatusNotFound && !p.custom
		if hopeless || time.Now().After(deadline) || ctx.Err() != nil {
			return a
		}
	}
}

func holds(wait string, a *Answer) bool {
	if a.Code < 200 || a.Code > 299 {
		return false
	}
	if wait == "ok" {
		return true
	}
	var o struct {
		Status struct {
			Conditions []struct{ Type, Status string }
		}
	}
	if json.Unmarshal(a.Body, &o) != nil {
		return false
	}
	kind, status, exact := strings.Cut(wait, "=")
	for _, c := range o.Status.Conditions {
		if c.Type == kind && (!exact || c.Status == status) {
			return true
		}
	}
	return false
}

// run sends one case, and its second request if it has one.
func (p *player) run(ctx context.Context, c *Case) *Answer {
	a := p.send(ctx, c, c.Query)
	if c.Follow == "continue" && a.Code == http.StatusOK {
		var list struct{ Metadata struct{ Continue string } }
		if json.Unmarshal(a.Body, &list) == nil && list.Metadata.Continue != "" {
			return p.send(ctx, c, c.Query+"&continue="+list.Metadata.Continue)
		}
	}
	return a
}

func (p *player) send(ctx context.Context, c *Case, query string) *Answer {
	a := &Answer{ID: c.ID}
	if err := p.exchange(ctx, c, query, a); err != nil {
		return &Answer{ID: c.ID, Err: err.Error()}
	}
	return a
}

func (p *player) exchange(ctx context.Context, c *Case, query string, a *Answer) error {
	req, err := p.request(ctx, c, query)
	if err != nil {
		return err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	a.Code = resp.StatusCode
	a.Headers = map[string][]string{}
	for _, h := range []string{"Content-Type", "Warning"} {
		if v := resp.Header.Values(h); len(v) > 0 {
			a.Headers[h] = v
		}
	}
	a.Body = asJSON(data)
	return nil
}

func (p *player) request(ctx context.Context, c *Case, query string) (*http.Request, error) {
	var body io.Reader
	if c.Body != nil {
		data := []byte(c.Body)
		var text string
		if json.Unmarshal(data, &text) == nil {
			data = []byte(text)
		}
		body = bytes.NewReader(p.resolve(ctx, data))
	}
	url := p.URL + strings.ReplaceAll(c.Path, " ", "%20")
	if query != "" {
		url += "?" + query
	}
	req, err := http.NewRequestWithContext(ctx, c.Method, url, body)
	if err != nil {
		return nil, err
	}
	set := func(name, value string) {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	set("Authorization", "Bearer "+p.Token)
	set("User-Agent", "diff") // names the field manager in the recording
	set("Content-Type", c.ContentType)
	set("Accept", c.Accept)
	for name, value := range c.Headers {
		switch {
		case value == "-":
			req.Header.Del(name)
		case name == "Authorization":
			req.Header.Set(name, value)
		default:
			for one := range strings.SplitSeq(value, "|") {
				req.Header.Add(name, one)
			}
		}
	}
	return req, nil
}

// asJSON keeps JSON as it is and wraps anything else in a JSON string.
func asJSON(data []byte) json.RawMessage {
	if len(data) == 0 {
		return nil
	}
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		var b bytes.Buffer
		if json.Compact(&b, trimmed) == nil {
			return b.Bytes()
		}
	}
	return marshal(string(data))
}

var placeholder = regexp.MustCompile(`\$\{(rv|uid):([^}]+)\}`)

// resolve fills in ${rv:PATH} and ${uid:PATH} from the object at the path.
func (p *player) resolve(ctx context.Context, body []byte) []byte {
	return placeholder.ReplaceAllFunc(body, func(m []byte) []byte {
		part := placeholder.FindSubmatch(m)
		id := p.lookup(ctx, string(part[2]))
		if string(part[1]) == "rv" {
			return []byte(id.rv)
		}
		return []byte(id.uid)
	})
}

func (p *player) lookup(ctx context.Context, path string) identity {
	p.mu.Lock()
	defer p.mu.Unlock()
	if id, ok := p.meta[path]; ok {
		return id
	}
	a := p.send(ctx, &Case{Method: "GET", Path: path}, "")
	var o struct {
		Metadata struct{ ResourceVersion, UID string }
	}
	// What is not there has neither.
	_ = json.Unmarshal(a.Body, &o)
	id := identity{o.Metadata.ResourceVersion, o.Metadata.UID}
	p.meta[path] = id
	return id
}
