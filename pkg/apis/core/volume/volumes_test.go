package volume

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	featuregatetesting "k8s.io/component-base/featuregate/testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

var root = field.NewPath("v")

// expect checks that there are as many errors as wanted, and that their texts
// start with those wanted.
func expect(t *testing.T, errs field.ErrorList, want ...string) {
	t.Helper()
	for i, err := range errs {
		if i >= len(want) {
			t.Errorf("unexpected error: %v", err)
		} else if !strings.HasPrefix(err.Error(), want[i]) {
			t.Errorf("error %d:\n got %s\nwant %s", i, err, want[i])
		}
	}
	for _, w := range want[min(len(errs), len(want)):] {
		t.Errorf("no error, want %s", w)
	}
}

// volumeFrom returns a volume with the name v and the given source in JSON.
func volumeFrom(t *testing.T, source string) corev1.Volume {
	t.Helper()
	v := corev1.Volume{Name: "v"}
	if err := json.Unmarshal([]byte(source), &v.VolumeSource); err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return v
}

func TestSources(t *testing.T) {
	const claim = `"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}`
	for _, c := range []struct {
		source string
		want   []string
	}{
		{`{}`, []string{"v[0]: Required value: must specify a volume type"}},
		{`{"emptyDir":{"sizeLimit":"1Gi"}}`, nil},
		{`{"emptyDir":{"sizeLimit":"-1"}}`, []string{"v[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity"}},
		{`{"emptyDir":{"mode":1024}}`, []string{"v[0].emptyDir.mode: Invalid value: 1024: must be a number between 0 and 01777 (octal), both inclusive"}},
		{`{"emptyDir":{},"downwardAPI":{},"cephfs":{}}`, []string{
			"v[0].cephFS: Forbidden: may not specify more than 1 volume type", "v[0].downwarAPI: Forbidden: may not specify more than 1 volume type"}},
		{`{"hostPath":{"path":"/a/../b","type":"Odd"}}`, []string{
			`v[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
			`v[0].hostPath.type: Unsupported value: "Odd": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"`}},
		{`{"hostPath":{"path":""}}`, []string{"v[0].hostPath.path: Required value"}},
		{`{"gitRepo":{"repository":"","directory":"/x"}}`,
			[]string{"v[0].gitRepo.repository: Required value", `v[0].gitRepo.directory: Invalid value: "/x": must be a relative path`}},
		{`{"gcePersistentDisk":{"pdName":"","partition":300}}`,
			[]string{"v[0].persistentDisk.pdName: Required value", "v[0].persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive"}},
		{`{"awsElasticBlockStore":{"volumeID":"","partition":-1}}`,
			[]string{"v[0].awsElasticBlockStore.volumeID: Required value",
				"v[0].awsElasticBlockStore.partition: Invalid value: -1: must be between 1 and 255, inclusive"}},
		{`{"secret":{"defaultMode":512,"items":[{"key":"","path":"../x","mode":-1}]}}`, []string{
			"v[0].secret.secretName: Required value",
			"v[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive",
			"v[0].secret.items[0].key: Required value",
			`v[0].secret.items[0].path: Invalid value: "../x": must not contain '..'`,
			"v[0].secret.items[0].mode: Invalid value: -1"}},
		{`{"configMap":{"name":"c","items":[{"key":"k","path":"..data"}]}}`,
			[]string{`v[0].configMap.items[0].path: Invalid value: "..data": must not start with '..'`}},
		{`{"nfs":{"server":"s","path":"x"}}`, []string{`v[0].nfs.path: Invalid value: "x": must be an absolute path`}},
		{`{"iscsi":{"targetPortal":"p","iqn":"iqn.2001-04.com.example:disk","lun":3,"chapAuthSession":true}}`, []string{"v[0].iscsi.secretRef: Required value"}},
		{`{"iscsi":{"targetPortal":"p","iqn":"iqn.bad","lun":256,"secretRef":{},"initiatorName":"x"}}`, []string{
			`v[0].iscsi.iqn: Invalid value: "iqn.bad": must be valid format`,
			"v[0].iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive",
			"v[0].iscsi.secretRef.name: Required value",
			`v[0].iscsi.initiatorname: Invalid value: "x": must be valid format starting with iqn, eui, or naa`}},
		{`{"iscsi":{"targetPortal":"` + strings.Repeat("p", 64) + `","iqn":"eui.0123456789abcdef","lun":0,"initiatorName":"naa.0123456789abcdef0123456789abcdef"}}`,
			[]string{
				`v[0].name: Invalid value: "v": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.`}},
		{`{"flocker":{}}`, []string{"v[0].flocker: Required value: one of datasetName and datasetUUID is required"}},
		{`{"flocker":{"datasetName":"a/b","datasetUUID":"u"}}`, []string{
			`v[0].flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously`,
			`v[0].flocker.datasetName: Invalid value: "a/b": must not contain '/'`}},
		{`{"rbd":{}}`, []string{"v[0].rbd.monitors: Required value", "v[0].rbd.image: Required value"}},
		{`{"cephfs":{}}`, []string{"v[0].cephfs.monitors: Required value"}},
		{`{"cinder":{"volumeID":"v","secretRef":{}}}`, []string{"v[0].cinder.secretRef.name: Required value"}},
		{`{"quobyte":{"registry":"a:1,b","volume":"v"}}`,
			[]string{`v[0].quobyte.registry: Invalid value: "a:1,b": must be a host:port pair or multiple pairs separated by commas`}},
		{`{"quobyte":{"registry":"a:1","tenant":"` + strings.Repeat("t", 65) + `"}}`, []string{
			"v[0].quobyte.tenant: Required value: must be a UUID and may not exceed a length of 64 characters", "v[0].quobyte.volume: Required value"}},
		{`{"fc":{"targetWWNs":["a"]}}`, []string{"v[0].fc.lun: Required value: lun is required if targetWWNs is specified"}},
		{`{"fc":{"targetWWNs":["a"],"wwids":["b"],"lun":0}}`,
			[]string{`v[0].fc.targetWWNs: Invalid value: ["a"]: targetWWNs and wwids can not be specified simultaneously`}},
		{`{"flexVolume":{"driver":"d","options":{"K8s.io/x":"y"}}}`,
			[]string{`v[0].flexVolume.options[K8s.io/x]: Invalid value: "K8s.io/x": kubernetes.io and k8s.io namespaces are reserved`}},
		{`{"azureDisk":{"diskName":"d","diskURI":"https://x","kind":"Managed","cachingMode":"Odd"}}`, []string{
			`v[0].azureDisk.cachingMode: Unsupported value: "Odd": supported values: "None", "ReadOnly", "ReadWrite"`,
			`v[0].azureDisk.diskURI: Unsupported value: "https://x": supported values: "/subscriptions/{sub-id}`}},
		{`{"storageos":{"volumeName":"A"}}`, []string{`v[0].storageos.volumeName: Invalid value: "A": a lowercase RFC 1123 label`}},
		{`{"csi":{"driver":"","nodePublishSecretRef":{}}}`, []string{
			"v[0].csi.driver: Required value", `v[0].csi.driver: Invalid value: ""`, "v[0].csi.nodePublishSecretRef.name: Required value"}},
		{`{"csi":{"driver":"CSI.example.com","nodePublishSecretRef":{"name":"A"}}}`, []string{`v[0].csi.name: Invalid value: "A": a lowercase RFC 1123 subdomain`}},
		{`{"downwardAPI":{"items":[{"path":"p"},{"path":"/q","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"},"resourceFieldRef":{}}]}}`, []string{
			"v[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required",
			`v[0].downwardAPI.path: Invalid value: "/q": must be a relative path`,
			`v[0].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously`}},
		{`{"image":{"reference":"","pullPolicy":"Odd"}}`,
			[]string{"v[0].image.reference: Required value", `v[0].image.pullPolicy: Unsupported value: "Odd": supported values: "Always", "IfNotPresent", "Never"`}},
		{`{"ephemeral":{}}`, []string{"v[0].ephemeral.volumeClaimTemplate: Required value"}},
		{`{"ephemeral":{"volumeClaimTemplate":{"metadata":{"labels":{"a":"b"}},` + claim + `}}}`, nil},
		{`{"ephemeral":{"volumeClaimTemplate":{"metadata":{"name":"n","uid":"u"},` + claim + `}}}`, []string{
			"v[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set for an ephemeral volume",
			"v[0].ephemeral.volumeClaimTemplate.metadata.uID: Forbidden: cannot be set for an ephemeral volume"}},
	} {
		t.Run(c.source, func(t *testing.T) {
			_, errs := ValidateVolumes([]corev1.Volume{volumeFrom(t, c.source)}, &metav1.ObjectMeta{Name: "p"}, Options{}, root)
			expect(t, errs, c.want...)
		})
	}
}

func TestNames(t *testing.T) {
	empty := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	byName, errs := ValidateVolumes([]corev1.Volume{
		{Name: "a", VolumeSource: empty}, {Name: "a", VolumeSource: empty}, {VolumeSource: empty}, {Name: "A", VolumeSource: empty},
	}, nil, Options{}, root)
	expect(t, errs, `v[1].name: Duplicate value: "a"`, "v[2].name: Required value", `v[3].name: Invalid value: "A": a lowercase RFC 1123 label`)
	if len(byName) != 1 {
		t.Errorf("valid volumes: %v", byName)
	}

	claim := volumeFrom(t, `{"ephemeral":{"volumeClaimTemplate":{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}}}`)
	_, errs = ValidateVolumes([]corev1.Volume{claim}, &metav1.ObjectMeta{Name: strings.Repeat("p", 253)}, Options{}, root)
	expect(t, errs, `v[0].name: Invalid value: "v": PVC name "ppp`)
}

func TestTemplate(t *testing.T) {
	_, errs := ValidateVolumes([]corev1.Volume{volumeFrom(t, `{"image":{"pullPolicy":"Always"}}`)}, nil, Options{}, root)
	expect(t, errs)
}

func TestProjected(t *testing.T) {
	for _, c := range []struct {
		sources string
		want    []string
	}{
		{`{"secret":{"name":"s","items":[{"key":"k","path":"p"}]}},{"configMap":{"name":"c","items":[{"key":"k","path":"p"}]}}`, []string{
			`v[0].projected: Invalid value: "c": conflicting duplicate paths`}},
		{`{"secret":{},"configMap":{"name":"c"}}`, []string{
			"v[0].projected.sources[0].secret.name: Required value",
			"v[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source"}},
		{`{"serviceAccountToken":{"path":"t","expirationSeconds":3600}}`, nil},
		{`{"serviceAccountToken":{"path":"","expirationSeconds":1}}`, []string{
			"v[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes",
			"v[0].projected.path: Required value"}},
		{`{"serviceAccountToken":{"path":"../t"}}`, []string{`v[0].projected.path: Invalid value: "../t": must not contain '..'`}},
		{`{"clusterTrustBundle":{"name":"example.com:signer:b","path":"p"}}`, nil},
		{`{"clusterTrustBundle":{"name":"b","signerName":"example.com/s"}}`, []string{
			`v[0].projected.sources[0].clusterTrustBundle: Invalid value: {"Name":"b","SignerName":"example.com/s"`,
			"v[0].projected.sources[0].clusterTrustBundle.path: Required value"}},
		{`{"clusterTrustBundle":{"signerName":"s","path":"p"}},{"clusterTrustBundle":{"path":"p"}}`, []string{
			`v[0].projected.sources[0].clusterTrustBundle.signerName: Invalid value: "s": must be a fully qualified domain and path`,
			"v[0].projected.sources[1].clusterTrustBundle: Required value: either name or signerName must be specified",
			`v[0].projected: Invalid value: "p": conflicting duplicate paths`}},
		{`{"podCertificate":{"signerName":"example.com/s","keyType":"ED25519","maxExpirationSeconds":3600,"keyPath":"k","userAnnotations":{"example.com/a":"b"}}}`,
			nil},
		{`{"podCertificate":{"signerName":"kubernetes.io/s","keyType":"DSA","maxExpirationSeconds":90000,"userAnnotations":{"a":"b"}}}`, []string{
			`v[0].projected.sources[0].podCertificate.keyType: Unsupported value: "DSA"`,
			"v[0].projected.sources[0].podCertificate.maxExpirationSeconds: Invalid value: 90000: must be in the range [3600, 86400]",
			"v[0].projected.sources[0].podCertificate: Required value: specify at least one of",
			`v[0].projected.sources[0].podCertificate.userAnnotations: Invalid value: "a": must be domain-prefixed`}},
	} {
		t.Run(c.sources, func(t *testing.T) {
			v := volumeFrom(t, `{"projected":{"sources":[`+c.sources+`]}}`)
			_, errs := ValidateVolumes([]corev1.Volume{v}, nil, Options{}, root)
			expect(t, errs, c.want...)
		})
	}
	token := []corev1.Volume{volumeFrom(t, `{"projected":{"sources":[{"serviceAccountToken":{"path":"../t"}}]}}`)}
	_, errs := ValidateVolumes(token, nil, OptionsFor(token), root)
	expect(t, errs)
	expect(t, ForbidServiceAccountTokens(token, root),
		"v[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set")
}

func TestDropDisabledFields(t *testing.T) {
	const source = `{"emptyDir":{"mode":511},"secret":{"secretName":"s","defaultUser":1,"items":[{"key":"k","path":"p","user":2}]},
		"projected":{"sources":[{"clusterTrustBundle":{"name":"b","path":"p"}},{"podCertificate":{"signerName":"a/b","keyType":"ED25519"}}]}}`
	fresh := func() []corev1.Volume { return []corev1.Volume{volumeFrom(t, source)} }
	encode := func(v []corev1.Volume) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	all := encode(fresh())
	set := func(t *testing.T, on bool) {
		overrides := featuregatetesting.FeatureOverrides{}
		for _, g := range gatedFields {
			overrides[g.Gate] = on
		}
		featuregatetesting.SetFeatureGatesDuringTest(t, features.Gate(), overrides)
	}

	dropped := fresh()
	set(t, false)
	DropDisabledFields(dropped, nil)
	for _, word := range []string{"mode", "ser\":", "clusterTrustBundle", "podCertificate"} {
		if strings.Contains(encode(dropped), word) {
			t.Errorf("%s is left: %s", word, encode(dropped))
		}
	}
	t.Run("on", func(t *testing.T) {
		set(t, true)
		kept := fresh()
		DropDisabledFields(kept, nil)
		if encode(kept) != all {
			t.Errorf("got %s", encode(kept))
		}
	})
	updated := fresh()
	DropDisabledFields(updated, fresh())
	if encode(updated) != all {
		t.Errorf("where the old object has them: %s", encode(updated))
	}
}
