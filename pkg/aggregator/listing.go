package aggregator

import (
	"net/http"

	"k8s.io/apimachinery/pkg/util/sets"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
)

// listing adds the paths of APIServices to the list of all paths, which GET /
// returns. It is not safe for concurrent use; only the goroutine that handles
// APIServices uses it.
type listing struct {
	server *genericapiserver.GenericAPIServer
	// builtIn are the groups whose paths the server lists itself.
	builtIn sets.Set[string]
	// versions contains the listed versions by group.
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

// behind answers requests for a listed path that the aggregator does not proxy:
// these are requests for custom resources.
func (l *listing) behind(w http.ResponseWriter, r *http.Request) {
	l.server.NextDelegate().UnprotectedHandler().ServeHTTP(w, r)
}
