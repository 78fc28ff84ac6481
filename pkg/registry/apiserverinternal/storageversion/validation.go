package storageversion

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apiserverinternalv1alpha1 "k8s.io/api/apiserverinternal/v1alpha1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

var (
	statusPath = field.NewPath("status")
	commonPath = statusPath.Child("commonEncodingVersion")
)

// validateName checks that the name is a group and a resource: "apps.deployments",
// and "core.pods" in the core group.
func validateName(name string, _ bool) (complaints []string) {
	dot := strings.LastIndex(name, ".")
	if dot < 0 {
		return []string{"name must be in the form of <group>.<resource>"}
	}
	for _, complaint := range utilvalidation.IsDNS1123Subdomain(name[:dot]) {
		complaints = append(complaints, "the group segment "+complaint)
	}
	for _, complaint := range utilvalidation.IsDNS1035Label(name[dot+1:]) {
		complaints = append(complaints, "the resource segment "+complaint)
	}
	return complaints
}

func validateStatusUpdate(_ context.Context, v, _ object) (errs field.ErrorList) {
	status, ids := &v.Status, sets.Set[string]{}
	for i := range status.StorageVersions {
		server, at := &status.StorageVersions[i], statusPath.Child("storageVersions").Index(i)
		if ids.Has(server.APIServerID) {
			errs = append(errs, field.Duplicate(at.Child("apiServerID"), server.APIServerID))
		}
		ids.Insert(server.APIServerID)
		errs = append(errs, validateServer(server, at)...)
	}
	errs = append(errs, validateCommonEncoding(status)...)
	return append(errs, validateConditions(status.Conditions)...)
}

func validateServer(server *apiserverinternalv1alpha1.ServerStorageVersion, p *field.Path) (errs field.ErrorList) {
	errs = append(errs, validation.ValidateDNS1123Subdomain(server.APIServerID, p.Child("apiServerID"))...)
	errs = append(errs, validateAPIVersion(server.EncodingVersion, p.Child("encodingVersion"))...)
	for i, version := range server.DecodableVersions {
		errs = append(errs, validateAPIVersion(version, p.Child("decodableVersions").Index(i))...)
	}
	if !slices.Contains(server.DecodableVersions, server.EncodingVersion) {
		errs = append(errs, field.Invalid(p.Child("decodableVersions"), server.DecodableVersions,
			"decodableVersions must include encodingVersion "+server.EncodingVersion))
	}
	for i, version := range server.ServedVersions {
		at := p.Child("servedVersions").Index(i)
		errs = append(errs, validateAPIVersion(version, at)...)
		if !slices.Contains(server.DecodableVersions, version) {
			errs = append(errs, field.Invalid(at, version, fmt.Sprintf(
				"individual served version : %s must be included in decodableVersions : %v", version, server.DecodableVersions)))
		}
	}
	return errs
}

// validateAPIVersion checks an apiVersion such as v1 or apps/v1. All complaints
// make one error.
func validateAPIVersion(version string, p *field.Path) field.ErrorList {
	const form = "an apiVersion is a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic " +
		"character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?') " +
		"with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')"
	var complaints []string
	group, name, grouped := strings.Cut(version, "/")
	switch {
	case strings.Contains(name, "/"):
		complaints = []string{form}
	case grouped:
		complaints = append(part("group", group, utilvalidation.IsDNS1123Subdomain), part("version", name, utilvalidation.IsDNS1035Label)...)
	default:
		complaints = part("version", version, utilvalidation.IsDNS1035Label)
	}
	if len(complaints) == 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(p, version, strings.Join(complaints, ","))}
}

func part(name, value string, check func(string) []string) (complaints []string) {
	if value == "" {
		return []string{name + " part: must be non-empty"}
	}
	for _, complaint := range check(value) {
		complaints = append(complaints, name+" part: "+complaint)
	}
	return complaints
}

// validateCommonEncoding checks that the common version is set if all servers
// store in the same one, and only then.
func validateCommonEncoding(status *apiserverinternalv1alpha1.StorageVersionStatus) field.ErrorList {
	encodings := sets.Set[string]{}
	for _, server := range status.StorageVersions {
		encodings.Insert(server.EncodingVersion)
	}
	common := status.CommonEncodingVersion
	if len(encodings) != 1 {
		if common == nil {
			return nil
		}
		return field.ErrorList{field.Invalid(commonPath, *common, "should be nil if servers do not agree on the same encoding version, "+
			"or if there is no server reporting the supported versions yet")}
	}
	encoding, _ := encodings.PopAny()
	switch {
	case common == nil:
		return field.ErrorList{field.Invalid(commonPath, nil, "the common encoding version is "+encoding)}
	case *common != encoding:
		return field.ErrorList{field.Invalid(commonPath, *common, "the actual common encoding version is "+encoding)}
	}
	return nil
}

// validateConditions names the conditions as if they were the status itself, as
// kube-apiserver does.
func validateConditions(conditions []apiserverinternalv1alpha1.StorageVersionCondition) (errs field.ErrorList) {
	places := map[apiserverinternalv1alpha1.StorageVersionConditionType]int{}
	for i, condition := range conditions {
		at := statusPath.Index(i)
		if place, ok := places[condition.Type]; ok {
			errs = append(errs, field.Invalid(at.Child("type"), condition.Type,
				fmt.Sprintf("the type of the condition is not unique, it also appears in conditions[%d]", place)))
		}
		places[condition.Type] = i
		errs = append(errs, validation.ValidateQualifiedName(string(condition.Type), at.Child("type"))...)
		errs = append(errs, validation.ValidateQualifiedName(string(condition.Status), at.Child("status"))...)
		if condition.Reason == "" {
			errs = append(errs, field.Required(at.Child("reason"), ""))
		}
		if condition.Message == "" {
			errs = append(errs, field.Required(at.Child("message"), ""))
		}
	}
	return errs
}
