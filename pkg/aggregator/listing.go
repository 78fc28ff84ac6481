package aggregator

import (
	"net/http"

	"k8s.io/apimachinery/pkg/util/sets"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
)

// listing shows the paths of APIServices in the list of all paths, which GET /
// answers, beside those that the server has itself. Only one goroutine uses it.
type listing struct {
	server *genericapiserver.GenericAPIServer
	// builtIn are the groups that are listed already.
	builtIn sets.Set[string]
	// versions has what is listed, by group.
	versions map[string]sets.Set[string]
}

func newListing(server *genericapiserver.GenericAPIServer, builtIn []BuiltIn) listing {
	l := listing{server: server, builtIn: sets.New[string](), versions: map[string]sets.Set[string]{}}
	for _, b := range builtIn {
		l.builtIn.Insert(b.Group)
	}
	server.Handler.NonGoRestfulMux.Handle(apisPrefix, http.HandlerFunc(l.behind))
	return l
}

func (l *listing) add(name string) {
	gv := helper.APIServiceNameToGroupVersion(name)
	if l.builtIn.Has(gv.Group) || l.versions[gv.Group].Has(gv.Version) {
		return
	}
	mux := l.server.Handler.NonGoRestfulMux
	if l.versions[gv.Group] == nil {
		l.versions[gv.Group] = sets.New[string]()
		mux.Handle(apisPrefix+gv.Group, http.HandlerFunc(l.behind))
	}
	l.versions[gv.Group].Insert(gv.Version)
	mux.Handle(apisPrefix+gv.Group+"/"+gv.Version, http.HandlerFunc(l.behind))
}

func (l *listing) remove(name string) {
	gv := helper.APIServiceNameToGroupVersion(name)
	if !l.versions[gv.Group].Has(gv.Version) {
		return
	}
	mux := l.server.Handler.NonGoRestfulMux
	mux.Unregister(apisPrefix + gv.Group + "/" + gv.Version)
	if l.versions[gv.Group].Delete(gv.Version); l.versions[gv.Group].Len() == 0 {
		delete(l.versions, gv.Group)
		mux.Unregister(apisPrefix + gv.Group)
	}
}

// behind answers a request for a listed path that is not for a remote server:
// for custom resources, that is.
func (l *listing) behind(w http.ResponseWriter, r *http.Request) {
	l.server.NextDelegate().UnprotectedHandler().ServeHTTP(w, r)
}
