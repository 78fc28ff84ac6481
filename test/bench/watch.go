package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	watchers = 200
	updates  = 500
)

// fanOut returns a scenario that updates one object while many clients watch it. One writer does so as
// often as count says, with a pause after each update. The latency is the time from the write request until a
// watcher has read the event. Because the writer does not wait for the
// watchers, it includes the time in queues.
func fanOut(count int, pause time.Duration) func(context.Context, *bench) (*result, error) {
	return func(ctx context.Context, b *bench) (*result, error) { return b.fanOut(ctx, count, pause) }
}

func (b *bench) fanOut(ctx context.Context, count int, pause time.Duration) (*result, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := b.namespace(ctx, "bench-watch"); err != nil {
		return nil, err
	}
	const uri = "/api/v1/namespaces/bench-watch/configmaps"
	name := uniqueName("watched", 0, b.run)
	body := fill(configMapBody, name, 0)
	if _, err := b.send(ctx, 0, call{"POST", uri, jsonType, jsonType, body, ""}); err != nil {
		return nil, err
	}
	version, err := b.version(ctx, uri)
	if err != nil {
		return nil, err
	}
	latencies := make([][]time.Duration, watchers)
	var started sync.WaitGroup
	started.Add(watchers)
	all, ctx := errgroup.WithContext(ctx)
	for i := range watchers {
		all.Go(func() (err error) {
			latencies[i], err = b.watch(ctx, i, uri+"?watch=1&resourceVersion="+version, count, started.Done)
			return err
		})
	}
	started.Wait()
	cpu, begin := b.server.cpu(), time.Now()
	for range count {
		stamped := bytes.Replace(body, []byte("tick-00000000"), strconv.AppendInt(nil, time.Now().UnixNano(), 10), 1)
		if _, err := b.send(ctx, 0, call{"PUT", uri + "/" + name, jsonType, protoType, stamped, ""}); err != nil {
			cancel()
			return nil, errors.Join(err, all.Wait())
		}
		time.Sleep(pause)
	}
	err = all.Wait()
	r := &result{elapsed: time.Since(begin), cpu: b.server.cpu() - cpu}
	for _, of := range latencies {
		r.latencies = append(r.latencies, of...)
	}
	return r, err
}

// version returns the resource version of a list.
func (b *bench) version(ctx context.Context, uri string) (string, error) {
	data, err := b.clients[0].Get().RequestURI(uri+"?limit=1").SetHeader("Accept", jsonType).DoRaw(ctx)
	if err != nil {
		return "", err
	}
	var list struct {
		Metadata struct{ ResourceVersion string }
	}
	err = json.Unmarshal(data, &list)
	return list.Metadata.ResourceVersion, err
}

// watch reads a number of events. It calls started when the server has
// answered.
func (b *bench) watch(ctx context.Context, worker int, uri string, count int, started func()) ([]time.Duration, error) {
	stream, err := b.clients[worker%connections].Get().RequestURI(uri).MaxRetries(0).SetHeader("Accept", jsonType).Stream(ctx)
	started()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	latencies := make([]time.Duration, 0, count)
	for lines := bufio.NewReaderSize(stream, 16<<10); len(latencies) < count; {
		event, err := lines.ReadSlice('\n')
		if err != nil {
			return nil, fmt.Errorf("the watch ended: %w", err)
		}
		sent, ok := stamp(event)
		if !ok {
			return nil, fmt.Errorf("unexpected event: %s", event)
		}
		latencies = append(latencies, time.Since(sent))
	}
	return latencies, nil
}

// stamp extracts the time at which an event was sent.
func stamp(event []byte) (time.Time, bool) {
	_, rest, found := bytes.Cut(event, []byte(`"tick":"`))
	digits, _, ended := bytes.Cut(rest, []byte(`"`))
	nanos, err := strconv.ParseInt(string(digits), 10, 64)
	return time.Unix(0, nanos), found && ended && err == nil
}
