package componentstatus

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"
)

// probeTimeout is how long a component may take to answer.
const probeTimeout = 20 * time.Second

// maxBody is how much is read of what a component answers, in bytes.
const maxBody = 10 << 10

// get returns a check that a GET of the URL answers with a success or a
// redirection, which it does not follow. It does not verify the certificate, which
// components sign themselves, and it keeps no connection.
func get(url string) func(context.Context) error {
	client := &http.Client{
		Timeout:       probeTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
			DisableKeepAlives: true,
		},
	}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, maxBody)); err != nil {
			return err
		}
		if response.StatusCode >= http.StatusOK && response.StatusCode < http.StatusBadRequest {
			return nil
		}
		return fmt.Errorf("HTTP probe failed with statuscode: %d", response.StatusCode)
	}
}
