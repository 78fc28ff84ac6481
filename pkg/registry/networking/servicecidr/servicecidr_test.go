package servicecidr

import (
	"fmt"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func of(cidrs ...string) *networkingv1.ServiceCIDR {
	return &networkingv1.ServiceCIDR{ObjectMeta: metav1.ObjectMeta{Name: "c", ResourceVersion: "1"}, Spec: networkingv1.ServiceCIDRSpec{CIDRs: cidrs}}
}

func TestValidate(t *testing.T) {
	for want, c := range map[string]*networkingv1.ServiceCIDR{
		"[]": of("10.0.0.0/24", "2001:db8::/112"),
		"[spec.cidrs: Required value: at least one CIDR required]": of(),
		`[spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64]`: of("10.0.0.0/24", "10.1.0.0/24"),
	} {
		if got := fmt.Sprint(Resource.ValidateNew(t.Context(), c)); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
}

func TestUpdate(t *testing.T) {
	for name, c := range map[string]struct {
		old, now *networkingv1.ServiceCIDR
		want     string
	}{
		"no change":      {of("10.0.0.0/24"), of("10.0.0.0/24"), "[]"},
		"second range":   {of("10.0.0.0/24"), of("10.0.0.0/24", "2001:db8::/112"), "[]"},
		"one range less": {of("10.0.0.0/24", "2001:db8::/112"), of("10.0.0.0/24"), `[spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable]`},
		"other range":    {of("10.0.0.0/24"), of("10.1.0.0/24"), `[spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable]`},
	} {
		if got := fmt.Sprint(Resource.ValidateChange(t.Context(), "", c.now, c.old)); got != c.want {
			t.Errorf("%s: %s\nwant\n%s", name, got, c.want)
		}
	}
}
