// Package validation contains the validation that the resources of the group
// apps share: for selectors, pod templates whose labels must match the
// selector, and numbers that may be percentages.
package validation
