// Package webhooks contains what the configurations of validating and mutating
// webhooks have in common.
package webhooks

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/static"
)

var path = field.NewPath("webhooks")

// Hooks returns the hooks of a configuration. Of returns its webhooks.
func Hooks[T registry.Object](of func(T) []validation.Webhook) registry.Hooks[T] {
	return static.Reserve(registry.Hooks[T]{
		Validate: func(_ context.Context, c T) field.ErrorList {
			return validation.ValidateWebhooks(of(c), &validation.Expressions{}, path)
		},
		OnUpdate: []registry.Rule{registry.Metadata, registry.Change},
		ValidateUpdate: func(_ context.Context, c, old T) field.ErrorList {
			stored := validation.StoredExpressions(validation.WebhookExpressions(of(old))...)
			return validation.ValidateWebhooks(of(c), &validation.Expressions{Stored: stored}, path)
		},
	})
}

// Columns returns the columns of a configuration. Count returns the number of its
// webhooks.
func Columns[T registry.Object](count func(T) int) []registry.Column[T] {
	return []registry.Column[T]{
		registry.NameColumn[T](),
		{Name: "Webhooks", Type: "integer", Description: "Webhooks indicates the number of webhooks registered in this configuration",
			Cell: func(c T) any { return count(c) }},
		registry.AgeColumn[T](),
	}
}
