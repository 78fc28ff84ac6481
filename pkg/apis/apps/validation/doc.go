// Package validation holds the validation that the resources of apps share:
// selectors with the templates that must match them, and numbers that may be
// percentages.
package validation
