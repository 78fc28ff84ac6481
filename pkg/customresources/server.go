package customresources

import (
	"context"
	"fmt"
	"net/http"
	"time"

	extensions "k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
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
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/utils/clock"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

const (
	// resyncInterval is kube-apiserver's.
	resyncInterval = 5 * time.Minute
	// establishDelay is the time for which kube-apiserver delays Established
	// when other servers have to observe the definition first.
	establishDelay = 5 * time.Second
	workers        = 5
)

// Config configures New.
type Config struct {
	// Client is the configuration of the client with which the server updates
	// definitions.
	Client *restclient.Config
	// Objects gives access to the stored definitions.
	Objects *objects.Access
	// RESTOptions returns the storage options of custom resources.
	RESTOptions generic.RESTOptionsGetter
	Admission   apiadmission.Interface
	Authorizer  authorizer.UnconditionalAuthorizer
	// Services and Credentials are used to call conversion webhooks.
	Services    webhookutil.ServiceResolver
	Credentials webhookutil.AuthenticationInfoResolverWrapper
	// Servers is the number of API servers that share the storage. If there are
	// several, a definition becomes Established after a delay in which the
	// others can observe it.
	Servers int
	// RequestTimeout is how long the storage of a changed definition is kept
	// for the requests that still use it. MinRequestTimeout is the lower bound
	// of the time limit of a watch.
	RequestTimeout, MinRequestTimeout time.Duration
	// MaxBodyBytes limits the size of the body of a write; 0 means no limit.
	MaxBodyBytes int64
	// MetaSchemas are the OpenAPI schemas of object metadata.
	MetaSchemas map[string]*spec.Schema
	// NotFound answers requests that are not for a custom resource either.
	NotFound http.Handler
}

// Server serves custom resources. It is a handler for the requests that no
// built-in API answers.
type Server struct {
	http.Handler

	config  Config
	crds    *definitions
	storage *storages
	uses    *uses
	// published is set when all definitions that existed at the start are
	// published.
	published *signals.Latch
	publisher *publisher
	run       []func(context.Context)
}

// Definitions returns the informer of CustomResourceDefinitions.
func (s *Server) Definitions() cache.SharedIndexInformer { return s.crds.Informer() }

// New returns a server that does nothing until Install is called and the server
// that it is installed in runs.
func New(c Config) (*Server, error) {
	validation.RegisterMetrics()
	client, err := clientset.NewForConfig(c.Client)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, crds: newDefinitions(c.Objects), storage: newStorages(c.RESTOptions), published: signals.NewLatch()}
	writer := statusClient{client.ApiextensionsV1().CustomResourceDefinitions(), s.crds}

	alone := c.Servers <= 1
	seen := newView(s.crds, alone)
	established := establish.NewEstablishingController(s.crds, writer)
	handler, err := extensions.NewCustomResourceDefinitionHandler(nil, nil, seen, c.NotFound, s.storage, c.Admission,
		idle(s.crds, writer), c.Services, c.Credentials, c.Servers, c.Authorizer, c.RequestTimeout, c.MinRequestTimeout,
		c.MetaSchemas, c.MaxBodyBytes)
	if err != nil {
		return nil, fmt.Errorf("custom resources: %w", err)
	}
	s.uses = newUses(clock.RealClock{}, seen.release)
	s.publisher = newPublisher(s.crds.Lister(), alone, func(name string) {
		if alone {
			established.QueueCRD(name, 0)
		} else {
			established.QueueCRD(name, establishDelay)
		}
	})
	s.publisher.openAPI.full = s.crds.full
	s.Handler = &router{resources: handler, crds: s.crds.Lister(), uses: s.uses, publisher: s.publisher, notFound: c.NotFound}

	naming := status.NewNamingConditionController(klog.Background(), s.crds, writer)
	schemas := nonstructuralschema.NewConditionController(schemaView{s.crds}, writer)
	approval := apiapproval.NewKubernetesAPIApprovalPolicyConformantConditionController(s.crds, writer)
	deleting := finalizer.NewCRDFinalizer(s.crds, writer, instances{handler})
	s.run = []func(context.Context){
		naming.RunWithContext,
		established.RunWithContext,
		func(ctx context.Context) { schemas.RunWithContext(workers, ctx) },
		func(ctx context.Context) { approval.RunWithContext(workers, ctx) },
		func(ctx context.Context) { deleting.RunWithContext(workers, ctx) },
	}
	return s, nil
}

// idle returns an establishing controller that ignores all definitions. The
// handler of the library queues definitions in it as soon as their names are
// accepted; that is too early, because publisher has not published them yet.
func idle(crds *definitions, writer statusClient) *establish.EstablishingController {
	controller := establish.NewEstablishingController(crds, writer)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	controller.RunWithContext(ended)
	return controller
}

// Register sets the registrar that is told about the group versions of custom
// resources. It must be called before Install.
func (s *Server) Register(r Registrar) { s.publisher.registrar = r }

// Published returns a channel that is closed when all definitions that existed
// at the start are published and registered.
func (s *Server) Published() <-chan struct{} { return s.published.Done() }

// Install connects this handler with the server whose unanswered requests it
// receives: it adds the post-start hooks, under kube-apiserver's names, and
// publishes the custom resources in the server's discovery. builtIn are the
// groups of the built-in APIs.
func (s *Server) Install(server *genericapiserver.GenericAPIServer, builtIn []string) error {
	s.publisher.server, s.publisher.builtIn = server, builtIn
	synced := s.crds.Informer().HasSyncedChecker().Done()
	if err := server.RegisterMuxAndDiscoveryCompleteSignal("CRDInformerHasNotSynced", synced); err != nil {
		return err
	}
	server.RegisterDestroyFunc(s.uses.stop)
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
			go s.crds.Informer().RunWithContext(ctx)
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
