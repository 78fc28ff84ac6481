// Package plugins lists the admission plugins of the server.
package plugins

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle"
	"k8s.io/apiserver/pkg/admission/plugin/resourcequota"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/always"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/alwayspullimages"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/antiaffinity"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/certificates"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/claimresize"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/defaultingressclass"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/defaultstorageclass"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/defaulttolerationseconds"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/denyexternalips"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/eventratelimit"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/extendedresources"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/imagepolicy"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/jobvalidation"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/limitranger"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/namespaceautoprovision"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/namespaceexists"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/nodefeatures"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/noderestriction"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/nodetaint"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/ownerreferences"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/podgroupprotection"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/podgroupworkloadexists"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/podnodeselector"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/podresize"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/podsecurity"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/podtolerations"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/podtopologylabels"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/policies"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/priority"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/runtimeclass"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/storageprotection"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/webhooks"
)

// All returns the plugins for one server, in the order in which they run.
func All() []admission.Plugin {
	return []admission.Plugin{
		always.Admit(),
		namespaceautoprovision.Plugin(),
		{Name: lifecycle.PluginName, Register: lifecycle.Register},
		namespaceexists.Plugin(),
		antiaffinity.Plugin(),
		limitranger.Plugin(),
		serviceaccount.Plugin(),
		noderestriction.Plugin(),
		nodetaint.Plugin(),
		alwayspullimages.Plugin(),
		imagepolicy.Plugin(),
		podsecurity.Plugin(),
		podnodeselector.Plugin(),
		priority.Plugin(),
		defaulttolerationseconds.Plugin(),
		podtolerations.Plugin(),
		eventratelimit.Plugin(),
		extendedresources.Plugin(),
		defaultstorageclass.Plugin(),
		storageprotection.Plugin(),
		ownerreferences.Plugin(),
		podgroupprotection.Plugin(),
		claimresize.Plugin(),
		runtimeclass.Plugin(),
		certificates.Approval(),
		certificates.Signing(),
		certificates.Attest(),
		certificates.SubjectRestriction(),
		defaultingressclass.Plugin(),
		denyexternalips.Plugin(),
		podtopologylabels.Plugin(),
		podgroupworkloadexists.Plugin(),
		nodefeatures.Plugin(),
		jobvalidation.Plugin(),
		podresize.Plugin(),
		policies.Mutating(),
		webhooks.Mutating(),
		policies.Validating(),
		webhooks.Validating(),
		{Name: resourcequota.PluginName, Register: resourcequota.Register,
			Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("resourcequotas")}},
		always.Deny(),
	}
}
