// Command image writes an OCI image of the gatehouse binary, for one or more
// platforms, into a tarball. It needs no daemon. It is a module of its own, so that
// the server does not depend on what it needs.
//
//	image -version v0.1.0 -output image.tar linux/amd64=gatehouse-linux-amd64 ...
//
// The same binaries give the same tarball.
package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const (
	// dataDir is the working directory and the volume. The server keeps its data in
	// .gatehouse there.
	dataDir = "/var/lib/gatehouse"
	// user is a user without rights, by the number that images use for it.
	user = 65532
)

func main() {
	version := flag.String("version", "", "version of the image")
	revision := flag.String("revision", "", "commit of the source")
	output := flag.String("output", "", "tarball to write")
	flag.Parse()
	if err := run(*version, *revision, *output, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(version, revision, output string, binaries []string) (err error) {
	labels := map[string]string{
		"org.opencontainers.image.title":       "gatehouse",
		"org.opencontainers.image.description": "A Kubernetes API server in one process, which includes etcd",
		"org.opencontainers.image.version":     version,
		"org.opencontainers.image.revision":    revision,
		"org.opencontainers.image.licenses":    "Apache-2.0",
	}
	platforms := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, binary := range binaries {
		name, file, _ := strings.Cut(binary, "=")
		platform, err := v1.ParsePlatform(name)
		if err != nil {
			return err
		}
		image, err := newImage(platform, file, labels)
		if err != nil {
			return fmt.Errorf("%s: %w", binary, err)
		}
		platforms = mutate.AppendManifests(platforms, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	// The outer index has one entry with the name by which "load" commands store the image.
	named := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: platforms, Descriptor: v1.Descriptor{Annotations: map[string]string{
		"org.opencontainers.image.ref.name": version,
		"io.containerd.image.name":          "docker.io/library/gatehouse:" + version,
	}}})
	dir, err := os.MkdirTemp("", "image")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	written, err := layout.Write(dir, named)
	if err != nil {
		return err
	}
	if named, err = written.ImageIndex(); err != nil {
		return err
	}
	if err := validate.Index(named); err != nil {
		return err
	}
	return archive(dir, output)
}

// newImage returns the image for one platform: a layer with the binary, a
// directory for the data and one for temporary files.
func newImage(platform *v1.Platform, binary string, labels map[string]string) (v1.Image, error) {
	content, err := files(binary)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "gatehouse"}}); err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = platform.OS, platform.Architecture, platform.Variant
	config.Config = v1.Config{
		User:         fmt.Sprintf("%d:%d", user, user),
		Entrypoint:   []string{"/gatehouse"},
		WorkingDir:   dataDir,
		Volumes:      map[string]struct{}{dataDir: {}},
		ExposedPorts: map[string]struct{}{"6443/tcp": {}},
		Labels:       labels,
	}
	return mutate.ConfigFile(image, config)
}

// files returns the content of the layer as a tarball.
func files(binary string) ([]byte, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, header := range []tar.Header{
		{Name: "gatehouse", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(program))},
		{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: dataDir[1:] + "/", Typeflag: tar.TypeDir, Mode: 0o700, Uid: user, Gid: user},
	} {
		header.ModTime = time.Unix(0, 0)
		if err := w.WriteHeader(&header); err != nil {
			return nil, err
		}
		if header.Typeflag == tar.TypeReg {
			if _, err := w.Write(program); err != nil {
				return nil, err
			}
		}
	}
	err = w.Close()
	return layer.Bytes(), err
}

// archive writes the files of a directory into a tarball, in the order of their
// names.
func archive(dir, output string) (err error) {
	file, err := os.Create(output)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := tar.NewWriter(file)
	if err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o644, Size: int64(len(data)), ModTime: time.Unix(0, 0)}); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	}); err != nil {
		return err
	}
	return w.Close()
}
