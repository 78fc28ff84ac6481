// Package server assembles the API server from k8s.io/apiserver's
// GenericAPIServer and the other packages of this project. New opens the data
// directory, etcd and the port; Run serves until its context ends.
//
// A request passes the following stages in this order; the table shows them for
// a request that creates an object. The second column names our file or package
// if the stage is implemented or configured here. The third column is the
// function of the library, in k8s.io/apiserver/pkg or k8s.io/apimachinery/pkg.
// The last column is the name of the stage in a trace; a test compares it with
// the trace of a real request.
//
//	stage                  ours                               library                                        trace
//	TLS                    serving.go                         server.SecureServingInfo.Serve                 -
//	page for browsers      landing.go                         -                                              -
//	audit ID               -                                  endpoints/filters.WithAuditInit                -
//	panic recovery         -                                  server/filters.WithPanicRecovery               -
//	request info           -                                  endpoints/filters.WithRequestInfo              -
//	time limit             base.go                            server/filters.WithTimeoutForNonLongRunning    -
//	authentication         ../authentication                  endpoints/filters.WithAuthentication           authentication
//	audit                  options: --audit-policy-file       endpoints/filters.WithAudit                    audit
//	impersonation          -                                  endpoints/filters/impersonation                constrainedimpersonation
//	priority and fairness  bootstrap/flowcontrol.go           server/filters.WithPriorityAndFairness         priorityandfairness
//	authorization          ../authorization                   endpoints/filters.WithAuthorization            authorization
//	routing                ../registry/install                endpoints.APIGroupVersion.InstallREST          Create
//	reading the body       bodies                             endpoints/handlers.CreateResource              limitedReadBody succeeded
//	decoding, defaulting   ../apis                            runtime.Scheme                                 Conversion done
//	managed fields         ../openapi                         util/managedfields.FieldManager                About to store object in database
//	mutating admission     ../admission                       admission.MutationInterface                    -
//	strategy, validation   ../registry/strategy.go            registry/rest.BeforeCreate                     -
//	validating admission   ../admission                       admission.ValidationInterface                  -
//	encoding for storage   ../storage/resources.go            server/storage.NewStorageCodec                 Create etcd3
//	etcd                   ../storage/backend.go              storage/etcd3                                  Write to database call succeeded
//	watch cache            ../storage/backend.go              storage/cacher                                 -
//	encoding the answer    ../registry/install                endpoints/handlers/responsewriters             SerializeObject
package server
