package kubelet

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// logStart is the time of the first line of every log; one more line is written
// each second.
var logStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// serveLogs writes the log of a container: ten lines. A log that is followed
// goes on with "followed 1", "followed 2" and so on, until the client hangs up. The
// container "none" has no log.
func serveLogs(w http.ResponseWriter, r *http.Request) {
	container, query := r.PathValue("container"), r.URL.Query()
	if container == "none" {
		http.Error(w, fmt.Sprintf("container %q in pod %q is waiting to start: ContainerCreating", container, r.PathValue("pod")), http.StatusBadRequest)
		return
	}
	text := select10(query, container)
	if limit, err := strconv.Atoi(query.Get("limitBytes")); err == nil && limit < len(text) {
		text = text[:limit]
	}
	w.Header().Set("Content-Type", "text/plain")
	if _, err := w.Write(text); err != nil || query.Get("follow") != "true" {
		return
	}
	follow(w, r)
}

// select10 returns those of the ten lines that the query asks for.
func select10(query url.Values, container string) []byte {
	word := "line"
	if query.Get("previous") == "true" {
		word = "previous line"
	}
	var lines [][]byte
	for i := range 10 {
		line := fmt.Appendf(nil, "%s %d of %s\n", word, i, container)
		if query.Get("timestamps") == "true" {
			line = fmt.Appendf(nil, "%s %s", logStart.Add(time.Duration(i)*time.Second).Format(time.RFC3339), line)
		}
		lines = append(lines, line)
	}
	if since, err := time.Parse(time.RFC3339, query.Get("sinceTime")); err == nil {
		past := min(max(int(since.Sub(logStart)/time.Second), 0), len(lines))
		lines = lines[past:]
	}
	if query.Get("sinceSeconds") != "" { // the log is much older
		lines = nil
	}
	if tail, err := strconv.Atoi(query.Get("tailLines")); err == nil && tail < len(lines) {
		lines = lines[len(lines)-tail:]
	}
	return bytes.Join(slices.Clip(lines), nil)
}

func follow(w http.ResponseWriter, r *http.Request) {
	for i := 1; ; i++ {
		if _, err := io.WriteString(w, fmt.Sprintf("followed %d\n", i)); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}
