// Package server assembles the API server on
// k8s.io/apiserver's GenericAPIServer.
//
// A request passes these stages, in this order. Where a stage is ours to
// decide, the second column is the file; the third is the library's function
// (below k8s.io/apiserver/pkg, but for net/http). The fourth is the tracing span of the stage,
// by which a test compares this table with a real request.
//
//	stage                   ours                               library                                       span
//	TLS                     serving.go                         server.SecureServingInfo.Serve                -
//	audit ID                -                                  endpoints/filters.WithAuditInit               -
//	panic recovery          -                                  server/filters.WithPanicRecovery              -
//	request info            -                                  endpoints/filters.WithRequestInfo             -
//	time limit              config.go                          server/filters.WithTimeoutForNonLongRunning…  -
//	authentication          ../authentication/…                endpoints/filters.WithAuthentication          authentication
//	audit                   options: --audit-policy-file       endpoints/filters.WithAudit                   audit
//	impersonation           -                                  …/filters/impersonation.WithConstrained…      constrainedimpersonation
//	priority and fairness   bootstrap/flowcontrol.go           server/filters.WithPriorityAndFairness        priorityandfairness
//	authorization           ../authorization/authorization.go  endpoints/filters.WithAuthorization           authorization
//	routing                 install.go                         endpoints.APIGroupVersion.InstallREST         Create
//	decoding                ../apis/scheme.go                  runtime/serializer.CodecFactory               decode
//	defaulting              ../apis/<group>/<version>          runtime.Scheme.Default                        decode
//	managed fields          openapi.go                         util/managedfields.FieldManager               fieldmanager
//	mutating admission      ../admission/plugins.go            admission.MutationInterface                   admission
//	strategy, validation    ../registry/strategy.go            registry/rest.BeforeCreate                    strategy
//	validating admission    ../admission/plugins.go            admission.ValidationInterface                 -
//	encoding for storage    etcd.go                            server/storage.NewStorageCodec                -
//	etcd                    ../storage/backend.go              storage/etcd3.store.Create                    Create etcd3
//	watch cache             ../storage/backend.go              storage/cacher.Cacher                         -
//	encoding the answer     install.go                         endpoints/handlers/responsewriters            SerializeObject
package server
