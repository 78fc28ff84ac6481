package operator

import (
	"context"
	"strings"

	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	examplev1 "github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/api/v1"
)

var hostPath = field.NewPath("spec", "host")

// hooks are the webhooks of sites.
type hooks struct{}

// Default fills in a page.
func (hooks) Default(_ context.Context, site *examplev1.Site) error {
	if site.Spec.Page == "" {
		site.Spec.Page = "Welcome to " + site.Spec.Host
	}
	return nil
}

// ValidateCreate refuses what is not a host name with a domain.
func (hooks) ValidateCreate(_ context.Context, site *examplev1.Site) (admission.Warnings, error) {
	problems := utilvalidation.IsDNS1123Subdomain(site.Spec.Host)
	if !strings.Contains(site.Spec.Host, ".") {
		problems = append(problems, "must have a domain, such as shop.example.com")
	}
	if len(problems) > 0 {
		return nil, field.Invalid(hostPath, site.Spec.Host, strings.Join(problems, "; "))
	}
	return nil, nil
}

// ValidateUpdate refuses another host.
func (hooks) ValidateUpdate(_ context.Context, old, site *examplev1.Site) (admission.Warnings, error) {
	if site.Spec.Host != old.Spec.Host {
		return nil, field.Forbidden(hostPath, "cannot be changed")
	}
	return nil, nil
}

// ValidateDelete allows everything.
func (hooks) ValidateDelete(context.Context, *examplev1.Site) (admission.Warnings, error) {
	return nil, nil
}
