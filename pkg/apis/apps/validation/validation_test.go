package validation

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

func TestIntOrPercent(t *testing.T) {
	path := field.NewPath("n")
	for _, c := range []struct {
		in          string
		valid, most bool // most means at most 100%
		zero        bool
	}{
		{"0", true, true, true},
		{"7", true, true, false},
		{"-1", false, true, false},
		{"0%", true, true, true},
		{"25%", true, true, false},
		{"101%", true, false, false},
		{"-5%", false, true, false},
		{"many", false, true, false},
	} {
		n := intstr.Parse(c.in)
		if errs := ValidateIntOrPercent(n, path); (len(errs) == 0) != c.valid {
			t.Errorf("%s: %v", c.in, errs)
		}
		if errs := ValidateAtMost100Percent(n, path); (len(errs) == 0) != c.most {
			t.Errorf("%s: %v", c.in, errs)
		}
		if got := IsZero(n); got != c.zero {
			t.Errorf("%s is zero: %v", c.in, got)
		}
	}
}

func TestNumbers(t *testing.T) {
	errs := ValidateNumbers(field.NewPath("status"),
		Count("replicas", int32(-1)), Count("observedGeneration", int64(0)),
		AtMost("readyReplicas", 2, 1, "too many"), AtMost("availableReplicas", 1, 1, "too many"))
	const want = "[status.replicas: Invalid value: -1: must be greater than or equal to 0 status.readyReplicas: Invalid value: 2: too many]"
	if got := fmt.Sprint(errs); got != want {
		t.Error(got)
	}
}

func TestWorkload(t *testing.T) {
	template := func(labels map[string]string) *corev1.PodTemplateSpec {
		return &corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{
				RestartPolicy: corev1.RestartPolicyNever, DNSPolicy: corev1.DNSDefault, ActiveDeadlineSeconds: ptr.To[int64](1),
				Containers: []corev1.Container{{Name: "c", Image: "i", ImagePullPolicy: corev1.PullAlways, TerminationMessagePolicy: corev1.TerminationMessageReadFile}},
			},
		}
	}
	const never = ` spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"` +
		` spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported]`
	for name, c := range map[string]struct {
		selector *metav1.LabelSelector
		want     string
	}{
		"none": {nil, "[spec.selector: Required value" +
			" spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match template `labels`" + never},
		"empty": {&metav1.LabelSelector{}, "[spec.selector: Invalid value: {}: empty selector is invalid for daemonset" + never},
		// There is no error about the template if the selector is invalid.
		"unreadable": {&metav1.LabelSelector{MatchLabels: map[string]string{"a": "!"}}, `[spec.selector.matchLabels: Invalid value: "!": ` +
			"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
			"(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')" +
			` spec.selector: Invalid value: {"matchLabels":{"a":"!"}}: invalid label selector]`},
	} {
		errs := Workload{Kind: "daemonset", Owner: "DaemonSet", Selector: c.selector, Template: template(map[string]string{"a": "b"})}.Validate(field.NewPath("spec"))
		if got := fmt.Sprint(errs); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
