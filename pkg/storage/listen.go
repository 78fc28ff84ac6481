package storage

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/util/cert"
)

// listen lets etcd listen on ClientURL. At an https URL every client must have a
// certificate.
func (c EtcdConfig) listen(cfg *embed.Config) error {
	if c.ClientURL == "" {
		return nil
	}
	u, err := url.Parse(c.ClientURL)
	if err != nil {
		return fmt.Errorf("etcd client URL: %w", err)
	}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*u}, []url.URL{*u}
	// etcd's own handlers show what is in the whole process: all metrics, and the
	// command line.
	cfg.UserHandlers = map[string]http.Handler{
		"/metrics":    promhttp.HandlerFor(prometheus.GathererFunc(gatherEtcd), promhttp.HandlerOpts{}),
		"/debug/vars": http.NotFoundHandler(),
	}
	if u.Scheme != "https" {
		return nil
	}
	// etcd would notice bad files only at the first connection.
	if _, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile); err != nil {
		return fmt.Errorf("--embedded-etcd-cert-file, --embedded-etcd-key-file: %w", err)
	}
	if _, err := cert.NewPool(c.TrustedCAFile); err != nil {
		return fmt.Errorf("--embedded-etcd-trusted-ca-file: %w", err)
	}
	cfg.ClientTLSInfo = transport.TLSInfo{CertFile: c.CertFile, KeyFile: c.KeyFile, TrustedCAFile: c.TrustedCAFile, ClientCertAuth: true}
	return nil
}

// gatherEtcd returns the metrics of etcd alone. In this process they are in one
// registry with others.
func gatherEtcd() ([]*dto.MetricFamily, error) {
	all, err := prometheus.DefaultGatherer.Gather()
	return slices.DeleteFunc(all, func(family *dto.MetricFamily) bool {
		return !strings.HasPrefix(family.GetName(), "etcd_") && !strings.HasPrefix(family.GetName(), "grpc_server_")
	}), err
}
