package customresources

import (
	"context"
	"fmt"
	"net/http"
	"time"

	extensions "k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	externalinformers "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions"
	informers "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/controller/apiapproval"
	"k8s.io/apiextensions-apiserver/pkg/controller/establish"
	"k8s.io/apiextensions-apiserver/pkg/controller/finalizer"
	"k8s.io/apiextensions-apiserver/pkg/controller/nonstructuralschema"
	"k8s.io/apiextensions-apiserver/pkg/controller/status"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/generic"
	genericapiserver "k8s.io/apiserver/pkg/server"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

const (
	// resyncInterval is upstream's.
	resyncInterval = 5 * time.Minute
	// establishDelay is how long a definition is held back when there are other
	// servers that have to see it, as upstream does.
	establishDelay = 5 * time.Second
	workers        = 5
)

// Config is what a Server is made of.
type Config struct {
	// Client is for the server itself.
	Client *restclient.Config
	// RESTOptions is for the storage of custom resources.
	RESTOptions generic.RESTOptionsGetter
	Admission   apiadmission.Interface
	Authorizer  authorizer.UnconditionalAuthorizer
	// Services and Credentials are for conversion webhooks.
	Services    webhookutil.ServiceResolver
	Credentials webhookutil.AuthenticationInfoResolverWrapper
	// Servers is how many API servers share the storage. When there are several,
	// a definition becomes Established only after all should have seen it.
	Servers int
	// RequestTimeout is how long an old storage is kept for its requests;
	// MinRequestTimeout is the shortest time limit of a watch.
	RequestTimeout, MinRequestTimeout time.Duration
	// MaxBodyBytes limits the body of a write; 0 is no limit.
	MaxBodyBytes int64
	// MetaSchemas are the definitions of the metadata of all objects.
	MetaSchemas map[string]*spec.Schema
	// NotFound answers what is no custom resource either.
	NotFound http.Handler
}

// Server serves custom resources. It is a handler for the requests that no
// built-in API has answered.
type Server struct {
	http.Handler

	config  Config
	factory externalinformers.SharedInformerFactory
	crds    informers.CustomResourceDefinitionInformer
	storage *storages
	// published is set when all definitions of the start are published.
	published *signals.Latch
	publisher *publisher
	run       []func(context.Context)
}

// New makes a server, which does nothing before Install.
func New(c Config) (*Server, error) {
	validation.RegisterMetrics()
	client, err := clientset.NewForConfig(c.Client)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, storage: newStorages(c.RESTOptions), published: signals.NewLatch()}
	s.factory = externalinformers.NewSharedInformerFactory(client, resyncInterval)
	s.crds = s.factory.Apiextensions().V1().CustomResourceDefinitions()

	alone := c.Servers <= 1
	served := s.crds
	if alone {
		served = settledInformer{s.crds}
	}
	established := establish.NewEstablishingController(s.crds, client.ApiextensionsV1())
	handler, err := extensions.NewCustomResourceDefinitionHandler(nil, nil, served, c.NotFound, s.storage, c.Admission,
		idle(s.crds, client), c.Services, c.Credentials, c.Servers, c.Authorizer, c.RequestTimeout, c.MinRequestTimeout,
		c.MetaSchemas, c.MaxBodyBytes)
	if err != nil {
		return nil, fmt.Errorf("custom resources: %w", err)
	}
	s.publisher = newPublisher(s.crds.Lister(), alone, func(name string) {
		if alone {
			established.QueueCRD(name, 0)
		} else {
			established.QueueCRD(name, establishDelay)
		}
	})
	s.Handler = &router{resources: handler, crds: s.crds.Lister(), publisher: s.publisher, notFound: c.NotFound}

	names := status.NewNamingConditionController(klog.Background(), s.crds, client.ApiextensionsV1())
	schemas := nonstructuralschema.NewConditionController(s.crds, client.ApiextensionsV1())
	approval := apiapproval.NewKubernetesAPIApprovalPolicyConformantConditionController(s.crds, client.ApiextensionsV1())
	instances := finalizer.NewCRDFinalizer(s.crds, client.ApiextensionsV1(), handler)
	s.run = []func(context.Context){
		names.RunWithContext,
		established.RunWithContext,
		func(ctx context.Context) { schemas.RunWithContext(workers, ctx) },
		func(ctx context.Context) { approval.RunWithContext(workers, ctx) },
		func(ctx context.Context) { instances.RunWithContext(workers, ctx) },
	}
	return s, nil
}

// idle returns an establishing controller that drops what it is given: the
// handler would have definitions established before they are published.
func idle(crds informers.CustomResourceDefinitionInformer, client clientset.Interface) *establish.EstablishingController {
	controller := establish.NewEstablishingController(crds, client.ApiextensionsV1())
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	controller.RunWithContext(ended)
	return controller
}

// Register tells a registrar of the group versions of custom resources. It must
// come before Install.
func (s *Server) Register(r Registrar) { s.publisher.registrar = r }

// Published returns a channel that is closed when the definitions that there
// were at the start are published and registered.
func (s *Server) Published() <-chan struct{} { return s.published.Done() }

// Install adds the hooks to the server that this one stands behind, under
// kube-apiserver's names, and publishes the resources there.
func (s *Server) Install(server *genericapiserver.GenericAPIServer, builtIn []string) error {
	s.publisher.server, s.publisher.builtIn = server, builtIn
	synced := s.crds.Informer().HasSyncedChecker().Done()
	if err := server.RegisterMuxAndDiscoveryCompleteSignal("CRDInformerHasNotSynced", synced); err != nil {
		return err
	}
	server.RegisterDestroyFunc(s.storage.destroy)
	registration, err := s.crds.Informer().AddEventHandler(s.publisher)
	if err != nil {
		return err
	}
	for _, hook := range []struct {
		name string
		run  genericapiserver.PostStartHookFunc
	}{
		{"start-apiextensions-informers", func(ctx genericapiserver.PostStartHookContext) error {
			s.factory.Start(ctx.Done())
			return nil
		}},
		{"start-apiextensions-controllers", func(ctx genericapiserver.PostStartHookContext) error {
			for _, run := range s.run {
				go run(ctx)
			}
			if !signals.Wait(ctx, registration.HasSyncedChecker().Done()) {
				return ctx.Err()
			}
			s.published.Set()
			return nil
		}},
		{"crd-informer-synced", func(ctx genericapiserver.PostStartHookContext) error {
			if !signals.Wait(ctx, synced) {
				return ctx.Err()
			}
			return nil
		}},
	} {
		if err := server.AddPostStartHook(hook.name, hook.run); err != nil {
			return err
		}
	}
	return nil
}
