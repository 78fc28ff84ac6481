package compat_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/utils/ptr"
)

// sidecar is the patch of the webhook /sidecar.
const sidecar = `[{"op":"add","path":"/spec/containers/-","value":{"name":"sidecar","image":"registry.example/sidecar:1","securityContext":` +
	`{"allowPrivilegeEscalation":false,"runAsNonRoot":true,"capabilities":{"drop":["ALL"]},"seccompProfile":{"type":"RuntimeDefault"}}}}]`

// webhooks starts the admission webhooks that transcripts use, and returns what
// replaces their address and certificate in the requests.
func webhooks(t *testing.T) []string {
	mux := http.NewServeMux()
	for path, response := range map[string]admissionv1.AdmissionResponse{
		"/sidecar": {Allowed: true, Patch: []byte(sidecar), PatchType: ptr.To(admissionv1.PatchTypeJSONPatch)},
		"/deny":    {Allowed: false},
		"/warn":    {Allowed: true, Warnings: []string{"the webhook warns"}, AuditAnnotations: map[string]string{"key": "value"}},
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			var review admissionv1.AdmissionReview
			if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			answer := response
			answer.UID = review.Request.UID
			review.Request, review.Response = nil, &answer
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(&review) // the server may have hung up
		})
	}
	s := httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return []string{"${webhooks}", s.URL, "${ca}", base64.StdEncoding.EncodeToString(ca)}
}
