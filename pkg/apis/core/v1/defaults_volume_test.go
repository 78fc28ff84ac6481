package v1

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestVolumeDefaults checks the defaults of volumes. Both the input and the
// expected result are JSON.
func TestVolumeDefaults(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"no source":             {`{}`, `{"emptyDir":{}}`},
		"hostPath":              {`{"hostPath":{"path":"/p"}}`, `{"hostPath":{"path":"/p","type":""}}`},
		"secret":                {`{"secret":{"secretName":"s"}}`, `{"secret":{"secretName":"s","defaultMode":420}}`},
		"configMap with a mode": {`{"configMap":{"name":"c","defaultMode":256}}`, `{"configMap":{"name":"c","defaultMode":256}}`},
		"downwardAPI": {`{"downwardAPI":{"items":[{"path":"p","fieldRef":{"fieldPath":"metadata.name"}}]}}`,
			`{"downwardAPI":{"items":[{"path":"p","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}],"defaultMode":420}}`},
		"projected": {`{"projected":{"sources":[{"serviceAccountToken":{"path":"t"}},{"podCertificate":{}}]}}`,
			`{"projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3600,"path":"t"}},{"podCertificate":{"maxExpirationSeconds":86400}}],"defaultMode":420}}`},
		"iscsi": {`{"iscsi":{"targetPortal":"p","iqn":"i","lun":0}}`, `{"iscsi":{"targetPortal":"p","iqn":"i","lun":0,"iscsiInterface":"default"}}`},
		"rbd":   {`{"rbd":{"monitors":["m"],"image":"i"}}`, `{"rbd":{"monitors":["m"],"image":"i","pool":"rbd","user":"admin","keyring":"/etc/ceph/keyring"}}`},
		"azureDisk": {`{"azureDisk":{"diskName":"d","diskURI":"u"}}`,
			`{"azureDisk":{"diskName":"d","diskURI":"u","cachingMode":"ReadWrite","fsType":"ext4","readOnly":false,"kind":"Shared"}}`},
		"scaleIO": {`{"scaleIO":{"gateway":"g","system":"s","secretRef":null}}`,
			`{"scaleIO":{"gateway":"g","system":"s","secretRef":null,"storageMode":"ThinProvisioned","fsType":"xfs"}}`},
		"ephemeral": {`{"ephemeral":{"volumeClaimTemplate":{"spec":{}}}}`,
			`{"ephemeral":{"volumeClaimTemplate":{"metadata":{},"spec":{"resources":{},"volumeMode":"Filesystem"}}}}`},
		"image with a tag":    {`{"image":{"reference":"a/b:v1"}}`, `{"image":{"reference":"a/b:v1","pullPolicy":"IfNotPresent"}}`},
		"image without a tag": {`{"image":{"reference":"a/b"}}`, `{"image":{"reference":"a/b","pullPolicy":"Always"}}`},
	} {
		var pod corev1.Pod
		pod.Spec.Volumes = make([]corev1.Volume, 1)
		if err := json.Unmarshal([]byte(c.before), &pod.Spec.Volumes[0].VolumeSource); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		SetObjectDefaults_Pod(&pod)
		after, err := json.Marshal(pod.Spec.Volumes[0].VolumeSource)
		if err != nil {
			t.Fatal(err)
		}
		if string(after) != c.after {
			t.Errorf("%s:\n got %s\nwant %s", name, after, c.after)
		}
	}
}
