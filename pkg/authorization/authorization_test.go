package authorization

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// unwrapAll returns the innermost error.
func unwrapAll(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

func of(modes ...string) []apiserver.AuthorizerConfiguration {
	var all []apiserver.AuthorizerConfiguration
	for _, mode := range modes {
		all = append(all, apiserver.AuthorizerConfiguration{Type: apiserver.AuthorizerType(mode), Name: mode})
	}
	return all
}

// TestChain checks that authorizers are asked in their order, and that none is
// asked for members of system:masters.
func TestChain(t *testing.T) {
	deny := newHook(t, status(false, true, "never"))
	silent := newHook(t, status(false, false, "no idea"))
	broken := newHook(t, raw(400, "broken"))
	no := authorizer.DecisionNoOpinion
	named := func(name string, config apiserver.AuthorizerConfiguration) apiserver.AuthorizerConfiguration {
		config.Name = name
		return config
	}
	for _, test := range []struct {
		name   string
		chain  []apiserver.AuthorizerConfiguration
		groups []string
		want   authorizer.Decision
		reason string
		failed bool
	}{
		{"nothing", nil, nil, no, "", false},
		{"first allows", append(of(ModeAlwaysAllow), deny.config("Deny")), nil, authorizer.DecisionAllow, "", false},
		{"first denies", append([]apiserver.AuthorizerConfiguration{deny.config("Deny")}, of(ModeAlwaysAllow)...), nil, authorizer.DecisionDeny, "never", false},
		{"second allows", of(ModeRBAC, ModeAlwaysAllow), nil, authorizer.DecisionAllow, "", false},
		{"masters", []apiserver.AuthorizerConfiguration{deny.config("Deny")}, []string{user.SystemPrivilegedGroup}, authorizer.DecisionAllow, "", false},
		{"the reasons of all authorizers", append(of(ModeAlwaysDeny), silent.config("Deny"), named("again", silent.config("Deny"))), nil, no,
			"Everything is forbidden.\nno idea\nno idea", false},
		{"an error without a decision", append([]apiserver.AuthorizerConfiguration{broken.config("NoOpinion")}, of(ModeAlwaysDeny)...), nil, no,
			"Everything is forbidden.", true},
		{"an error before a decision", append([]apiserver.AuthorizerConfiguration{broken.config("NoOpinion")}, of(ModeAlwaysAllow)...), nil,
			authorizer.DecisionAllow, "", false},
		{"an error with failure policy Deny", append([]apiserver.AuthorizerConfiguration{broken.config("Deny")}, of(ModeAlwaysAllow)...), nil,
			authorizer.DecisionDeny, "", true},
	} {
		decision, reason, err := newChainOf(t, test.chain...).Authorize(t.Context(), podRequest("alice", test.groups...))
		if decision != test.want || reason != test.reason || (err != nil) != test.failed {
			t.Errorf("%s: %v, %q, %v", test.name, decision, reason, err)
		}
	}
	if decision, _, err := newChainOf(t, of(ModeRBAC)...).Authorize(t.Context(), authorizer.AttributesRecord{Verb: "get", Path: "/"}); decision != no ||
		err == nil {
		t.Errorf("without a user: %v, %v", decision, err)
	}
}

func TestChainRules(t *testing.T) {
	u := &user.DefaultInfo{Name: "alice"}
	resources, urls, incomplete, err := newChainOf(t, of(ModeRBAC, ModeAlwaysAllow)...).RulesFor(t.Context(), u, "ns")
	if len(resources) != 1 || len(urls) != 1 || incomplete || err != nil {
		t.Errorf("%v, %v, %v, %v", resources, urls, incomplete, err)
	}
	h := newHook(t, status(true, false, ""))
	if _, _, incomplete, err := newChainOf(t, h.config("Deny")).RulesFor(t.Context(), u, "ns"); !incomplete || err == nil {
		t.Errorf("webhook: %v, %v", incomplete, err)
	}
}

func TestABACNeedsAFile(t *testing.T) {
	if _, err := testConfig().New(t.Context(), of(ModeABAC)); err == nil {
		t.Error("no error without a file")
	}
	config := testConfig()
	config.PolicyFile = filepath.Join(t.TempDir(), "policy")
	if err := os.WriteFile(config.PolicyFile, []byte(`{"user": "alice"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := config.New(t.Context(), of(ModeABAC))
	if err != nil {
		t.Fatal(err)
	}
	if decision, _, _ := a.Authorize(t.Context(), podRequest("alice")); decision != authorizer.DecisionAllow {
		t.Errorf("%v", decision)
	}
	if _, err := config.New(t.Context(), of("Nothing")); err == nil {
		t.Error("no error for a mode that does not exist")
	}
}
