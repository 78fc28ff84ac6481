// Package openapi has the OpenAPI definitions of the types of k8s.io/api and of
// the meta types that they use, written by hack/generate.
package openapi
