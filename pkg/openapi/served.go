package openapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"fmt"
	"io"
	"sync"
	"time"
)

// encoding is one of the forms of a document.
type encoding int

const (
	asJSON encoding = iota
	asProtobuf
	encodings
)

// served is a document that is built by the first request for it. It keeps the compressed
// text in each form that was asked for, which takes a tenth of the text and a fiftieth of
// the Go values of which the text is made.
type served struct {
	build      func() ([]byte, error)
	toProtobuf func(json []byte) ([]byte, error)

	mu         sync.Mutex
	etag       string
	modified   time.Time
	compressed [encodings][]byte
}

// content is what a client gets of a document.
type content struct {
	data     []byte
	etag     string
	modified time.Time
}

// newServed returns a document. build returns it as JSON, toProtobuf converts that.
func newServed(build func() ([]byte, error), toProtobuf func([]byte) ([]byte, error)) *served {
	return &served{build: build, toProtobuf: toProtobuf}
}

// version returns the hash of the document and the time at which it was built.
func (s *served) version() (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.compressed[asJSON] == nil {
		if _, err := s.first(); err != nil {
			return "", time.Time{}, err
		}
	}
	return s.etag, s.modified, nil
}

// read returns the document. All forms have the ETag of the JSON.
func (s *served) read(e encoding) (content, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := s.bytes(e)
	return content{data, s.etag, s.modified}, err
}

// bytes returns the document in one form. The caller has locked it.
func (s *served) bytes(e encoding) ([]byte, error) {
	switch {
	case s.compressed[e] != nil:
		return decompress(s.compressed[e])
	case e == asJSON:
		return s.first()
	}
	data, err := s.bytes(asJSON)
	if err != nil {
		return nil, err
	}
	if data, err = s.toProtobuf(data); err != nil {
		return nil, err
	}
	s.compressed[e], err = compress(data)
	return data, err
}

// first builds the document, and returns it as JSON.
func (s *served) first() ([]byte, error) {
	data, err := s.build()
	if err != nil {
		return nil, err
	}
	if s.compressed[asJSON], err = compress(data); err != nil {
		return nil, err
	}
	s.etag, s.modified = etag(data), time.Now()
	return data, nil
}

func etag(data []byte) string { return fmt.Sprintf("%X", sha512.Sum512(data)) }

func compress(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(out.Bytes()), nil
}

func decompress(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
