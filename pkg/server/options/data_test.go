package options

import (
	"strings"
	"testing"
)

func TestEtcdClientURL(t *testing.T) {
	const exposed = "would let everybody on the network read and change everything"
	tls := [3]string{"crt", "key", "ca"}
	for _, test := range []struct {
		url   string
		files [3]string // certificate, key, CA
		want  string    // part of the error
	}{
		{"", [3]string{}, ""},
		{"http://127.0.0.1:2379", [3]string{}, ""},
		{"http://127.1.2.3:2379", [3]string{}, ""},
		{"http://[::1]:2379", [3]string{}, ""},
		{"http://localhost:2379", [3]string{}, ""},
		{"http://0.0.0.0:2379", [3]string{}, exposed},
		{"http://[::]:2379", [3]string{}, exposed},
		{"http://10.0.0.1:2379", [3]string{}, exposed},
		{"http://[::ffff:10.0.0.1]:2379", [3]string{}, exposed},
		{"http://0.0.0.0:2379", tls, "must be an https URL"},
		{"http://127.0.0.1:2379", tls, "must be an https URL"},
		{"https://0.0.0.0:2379", tls, ""},
		{"https://127.0.0.1:2379", tls, ""},
		{"https://0.0.0.0:2379", [3]string{}, "needs --embedded-etcd-cert-file"},
		{"https://0.0.0.0:2379", [3]string{"crt", "key", ""}, "needs --embedded-etcd-cert-file"},
		{"https://127.0.0.1:2379", [3]string{"crt", "key", ""}, "needs --embedded-etcd-cert-file"},
		{"", tls, "must be a URL"},
		{"http://localhost.example.com:2379", [3]string{}, "must be a URL with an IP address"},
		{"http://:2379", [3]string{}, "must be a URL with an IP address"},
		{"http://127.0.0.1", [3]string{}, "must be a URL"},
		{"unix:///tmp/etcd:0", [3]string{}, "must be a URL"},
		{"127.0.0.1:2379", [3]string{}, "must be a URL"},
	} {
		o := &DataOptions{Dir: "d", EtcdQuotaBytes: 1, EtcdClientURL: test.url,
			EtcdCertFile: test.files[0], EtcdKeyFile: test.files[1], EtcdTrustedCAFile: test.files[2]}
		errs := o.Validate()
		if len(errs) > 1 || (len(errs) == 0) != (test.want == "") || len(errs) == 1 &&
			(!strings.Contains(errs[0].Error(), test.want) || !strings.HasPrefix(errs[0].Error(), "--embedded-etcd-listen-client-url ")) {
			t.Errorf("%q %v: %v, want %q", test.url, test.files, errs, test.want)
		}
	}
}
