package registered

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/klog/v2"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
	apiregistrationclient "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/typed/apiregistration/v1"
	"k8s.io/utils/ptr"
)

// interval is the time between two looks at what the server does about a registration.
const interval = 10 * time.Millisecond

// registration registers one API.
type registration struct {
	API
	host      Host
	services  apiregistrationclient.APIServiceInterface
	discovery discovery.DiscoveryInterface
	close     func() error
}

func (r *registration) register(ctx context.Context) error {
	if r.Handler != nil {
		if err := r.listen(); err != nil {
			return err
		}
	}
	to, err := url.Parse(r.URL)
	if err != nil {
		return err
	}
	if to.Scheme != "https" || to.Host == "" || strings.Trim(to.Path, "/") != "" || to.RawQuery != "" {
		return fmt.Errorf("URL %q is not of the form https://host:port", r.URL)
	}
	if len(r.CABundle) == 0 && !r.InsecureSkipTLSVerify {
		if r.CABundle, err = r.host.CA(); err != nil {
			return err
		}
	}
	r.host.Backends.SetBackend(r.Service, &url.URL{Scheme: to.Scheme, Host: to.Host})
	for i, gv := range r.GroupVersions {
		if err := r.create(ctx, gv, max(1, r.VersionPriority-int32(i))); err != nil {
			return err
		}
	}
	for _, gv := range r.GroupVersions {
		if err := r.wait(ctx, gv); err != nil {
			return err
		}
	}
	return nil
}

// create deletes the APIService of an earlier start or registration, if there is one, and
// creates it again. The old one would stay unavailable until the next periodic
// check.
func (r *registration) create(ctx context.Context, gv schema.GroupVersion, versionPriority int32) error {
	service := &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: apiServiceName(gv)},
		Spec: apiregistrationv1.APIServiceSpec{
			Service:               &apiregistrationv1.ServiceReference{Namespace: r.Service.Namespace, Name: r.Service.Name, Port: ptr.To[int32](443)},
			Group:                 gv.Group,
			Version:               gv.Version,
			InsecureSkipTLSVerify: r.InsecureSkipTLSVerify,
			CABundle:              r.CABundle,
			GroupPriorityMinimum:  r.GroupPriority,
			VersionPriority:       versionPriority,
		},
	}
	err := r.services.Delete(ctx, service.Name, metav1.DeleteOptions{})
	if err == nil {
		// Otherwise discovery may have the resources of the old one for a moment, as if they were current.
		err = wait.PollUntilContextCancel(ctx, interval, true, func(ctx context.Context) (bool, error) { return !r.discovered(ctx, gv), nil })
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	_, err = r.services.Create(ctx, service, metav1.CreateOptions{})
	return err
}

func apiServiceName(gv schema.GroupVersion) string { return gv.Version + "." + gv.Group }

// wait returns when the APIService is available, discovery lists its resources, and
// requests are forwarded.
func (r *registration) wait(ctx context.Context, gv schema.GroupVersion) error {
	var service *apiregistrationv1.APIService
	var err error
	ended := wait.PollUntilContextCancel(ctx, interval, true, func(ctx context.Context) (bool, error) {
		service, err = r.services.Get(ctx, apiServiceName(gv), metav1.GetOptions{})
		return err == nil && helper.IsAPIServiceConditionTrue(service, apiregistrationv1.Available) &&
			r.discovered(ctx, gv) && r.forwarded(ctx, gv), nil
	})
	if ended != nil {
		return errors.Join(notAvailable(gv, service), err, ended)
	}
	return nil
}

func notAvailable(gv schema.GroupVersion, service *apiregistrationv1.APIService) error {
	if service != nil {
		if condition := helper.GetAPIServiceConditionByType(service, apiregistrationv1.Available); condition != nil {
			return fmt.Errorf("%s is not available: %s: %s", gv, condition.Reason, condition.Message)
		}
	}
	return fmt.Errorf("%s is not available", gv)
}

// discovered reports whether aggregated discovery has current resources of the
// group version.
func (r *registration) discovered(ctx context.Context, gv schema.GroupVersion) bool {
	data, err := r.discovery.RESTClient().Get().AbsPath("/apis").
		SetHeader("Accept", discovery.AcceptV2).Do(ctx).Raw()
	var list apidiscoveryv2.APIGroupDiscoveryList
	if err != nil || json.Unmarshal(data, &list) != nil {
		return false
	}
	for _, group := range list.Items {
		for _, version := range group.Versions {
			if group.Name == gv.Group && version.Version == gv.Version {
				return version.Freshness == apidiscoveryv2.DiscoveryFreshnessCurrent
			}
		}
	}
	return false
}

// forwarded reports whether the server forwards requests to the API. It does so a moment
// after the APIService has become available, when its informer has seen that.
func (r *registration) forwarded(ctx context.Context, gv schema.GroupVersion) bool {
	err := r.discovery.RESTClient().Get().AbsPath("/apis", gv.Group, gv.Version).MaxRetries(0).Do(ctx).Error()
	return !apierrors.IsServiceUnavailable(err)
}

func (r *registration) unregister(ctx context.Context) error {
	var errs []error
	for _, gv := range r.GroupVersions {
		if err := r.services.Delete(ctx, apiServiceName(gv), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	r.host.Backends.SetBackend(r.Service, nil)
	if r.close != nil {
		errs = append(errs, r.close())
	}
	return errors.Join(errs...)
}

// listen serves the handler on a new port of the loopback address.
func (r *registration) listen() error {
	cert := &certificate{now: time.Now, issue: func() (cert, key []byte, err error) {
		return r.host.IssueServing(r.serverName(), "localhost", "127.0.0.1")
	}}
	if _, err := cert.get(nil); err != nil {
		return err
	}
	ca, err := r.host.CA()
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		GetCertificate: cert.get,
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		// The authenticators verify the client certificate, so TLS only
		// requests it.
		ClientAuth: tls.RequestClientCert,
	})
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           r.host.Protect(r.Handler),
		ReadHeaderTimeout: 30 * time.Second,
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			klog.ErrorS(err, "Failed to serve an aggregated API", "service", r.Service)
		}
	}()
	r.URL, r.CABundle, r.close = "https://"+listener.Addr().String(), ca, server.Close
	r.host.OnClose(func() { _ = server.Close() })
	return nil
}
