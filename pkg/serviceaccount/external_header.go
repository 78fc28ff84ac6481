package serviceaccount

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"time"
)

// header is the header of a token from an external signer. It may have no other field.
type header struct {
	Algorithm string `json:"alg,omitempty"`
	KeyID     string `json:"kid,omitempty"`
	Type      string `json:"typ,omitempty"`
}

func parseHeader(data []byte) (h header, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&h); err != nil {
		return h, err
	}
	if decoder.More() {
		return h, errors.New("data after the header")
	}
	return h, nil
}

// seconds converts a number of seconds, which may be larger than a duration can be.
func seconds(n int64) time.Duration {
	return time.Duration(min(n, math.MaxInt64/int64(time.Second))) * time.Second
}

func dialSocket(ctx context.Context, path string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", path)
}
