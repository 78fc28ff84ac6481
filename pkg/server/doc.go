// Package server assembles the API server on k8s.io/apiserver's
// GenericAPIServer.
//
// A request, here one that creates an object, passes these stages in this
// order. Where a stage is ours to decide, the second column is the file; the
// third is the library's function, below k8s.io/apiserver/pkg or
// k8s.io/apimachinery/pkg. The last is what tracing shows of the stage: a test
// compares it with a real request.
//
//	stage                  ours                               library                                        trace
//	TLS                    serving.go                         server.SecureServingInfo.Serve                 -
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
//	reading the body       options                            endpoints/handlers.CreateResource              limitedReadBody succeeded
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
