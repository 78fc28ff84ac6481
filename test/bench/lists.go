package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"
)

// loadPods creates the pods when it is called for the first time.
func loadPods(ctx context.Context, b *bench) error {
	if b.loaded {
		return nil
	}
	b.loaded = true
	writers, ctx := errgroup.WithContext(ctx)
	writers.SetLimit(16)
	for i := range b.pods {
		writers.Go(func() error {
			_, err := b.send(ctx, i, call{"POST", pods, protoType, protoType, b.podBody(podName(i), i), ""})
			return err
		})
	}
	if err := writers.Wait(); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	b.memory = b.server.memory()
	return nil
}

func getPod(accept string) func(context.Context, *bench, int, int) error {
	return func(ctx context.Context, b *bench, worker, i int) error {
		_, err := b.send(ctx, worker, call{verb: "GET", uri: pods + "/" + b.anyPod(worker, i), accept: accept})
		return err
	}
}

func listPods(accept string) func(context.Context, *bench, int, int) error {
	return func(ctx context.Context, b *bench, worker, _ int) error {
		size, err := b.send(ctx, worker, call{verb: "GET", uri: pods, accept: accept})
		if err == nil && size < int64(b.pods)*20 {
			err = fmt.Errorf("a list of %d bytes is too short", size)
		}
		return err
	}
}

// anyPod returns the name of a pod. The step is a prime number that does not divide the number of
// pods, so that all pods are visited.
func (b *bench) anyPod(worker, i int) string { return podName((worker*1237 + i*7919) % b.pods) }

// listPages lists all pods in pages of 500, which is one operation.
func listPages(ctx context.Context, b *bench, worker, _ int) error {
	token := ""
	for first := true; first || token != ""; first = false {
		uri := pods + "?limit=500&continue=" + url.QueryEscape(token)
		page, err := b.clients[worker%connections].Get().RequestURI(uri).SetHeader("Accept", jsonType).DoRaw(ctx)
		if err != nil {
			return err
		}
		if token, err = continuation(page); err != nil {
			return err
		}
	}
	return nil
}

// continuation returns the token for the next page. It reads only the beginning of a page, so that the client uses
// little CPU time.
func continuation(page []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(page))
	var metadata struct{ Continue string }
	for {
		token, err := decoder.Token()
		if err != nil {
			return "", fmt.Errorf("a page without metadata: %w", err)
		}
		if token == "metadata" {
			return metadata.Continue, decoder.Decode(&metadata)
		}
	}
}

// watchList starts a watch that begins with all pods, as informers do, and ends it when it has them.
func watchList(ctx context.Context, b *bench, worker, _ int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	uri := pods + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
	stream, err := b.clients[worker%connections].Get().RequestURI(uri).MaxRetries(0).SetHeader("Accept", jsonType).Stream(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	events := bufio.NewReaderSize(stream, 64<<10)
	for count := 0; ; count++ {
		event, err := events.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("the watch ended after %d events: %w", count, err)
		}
		if bytes.HasPrefix(event, []byte(`{"type":"BOOKMARK"`)) {
			if count < b.pods {
				return errors.New("the bookmark came before all pods")
			}
			return nil
		}
	}
}
