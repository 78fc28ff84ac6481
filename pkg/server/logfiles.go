package server

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	restful "github.com/emicklei/go-restful/v3"
)

// logDir is the directory that --enable-logs-handler serves, as in kube-apiserver.
const logDir = "/var/log"

// logFiles serves the files in a directory, and lists of its folders, at /logs/. A path with
// ".." is refused.
func logFiles(dir string) *restful.WebService {
	serve := func(req *restful.Request, resp *restful.Response) {
		file := filepath.Join(dir, req.PathParameter("logpath"))
		if _, err := os.Stat(file); errors.Is(err, syscall.ENAMETOOLONG) {
			http.Error(resp, "file not found", http.StatusNotFound)
			return
		}
		http.ServeFile(resp.ResponseWriter, req.Request, file)
	}
	service := new(restful.WebService).Path("/logs").Doc("get log files")
	service.Route(service.GET("/{logpath:*}").To(serve).Operation("logFileHandler").
		Param(service.PathParameter("logpath", "path to the log").DataType("string")))
	return service.Route(service.GET("/").To(serve).Operation("logFileListHandler"))
}
