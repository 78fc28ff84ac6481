package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mxk/go-flowrate/flowrate"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	protocols "k8s.io/apimachinery/pkg/util/remotecommand"
	proxymetrics "k8s.io/apiserver/pkg/util/proxy/metrics"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
	streamspdy "k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect/channels"
	"github.com/gatehouse-k8s/gatehouse/pkg/tlsconn"
)

// pings is how often a kubelet is asked whether it is still there.
const pings = 5 * time.Second

// translate passes the streams of a WebSocket on to the kubelet by SPDY, and answers
// with the status in which they ended. Like k8s.io/apiserver, whose handler does the
// same at a higher price (see package channels), it accepts the WebSocket before it
// asks the kubelet.
func (n Needs) translate(w http.ResponseWriter, r *http.Request, s Stream) {
	conn, err := channels.Open(w, r, s.Options)
	if err != nil {
		proxymetrics.IncStreamTranslatorRequest(r.Context(), strconv.Itoa(http.StatusBadRequest))
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() {
		defer cancel() // the client has gone, so the program ends
		_ = conn.Serve()
	}()
	code, status := outcome(n.stream(ctx, s, conn))
	proxymetrics.IncStreamTranslatorRequest(r.Context(), strconv.Itoa(code))
	encoded, err := json.Marshal(status)
	if err != nil {
		panic(fmt.Sprintf("a status cannot be encoded: %v", err)) // it consists of strings and numbers
	}
	conn.Close(encoded)
}

// stream returns when all streams between a client and the kubelet have ended. The
// error is that of the program or of the connection.
func (n Needs) stream(ctx context.Context, s Stream, conn *channels.Conn) error {
	transport, location := kubelet.ForUpgrade(s.Target.Transport, s.Location, tlsconn.SPDY())
	executor, err := spdyExecutor(transport, location)
	if err != nil {
		return err
	}
	var options remotecommand.StreamOptions
	if s.Options.Stdin {
		options.Stdin = n.limitReader(conn.Stdin())
	}
	if s.Options.Stdout {
		options.Stdout = n.limitWriter(conn.Stdout())
	}
	if s.Options.Stderr {
		options.Stderr = n.limitWriter(conn.Stderr())
	}
	if s.Options.Tty {
		options.Tty, options.TerminalSizeQueue = true, conn
	}
	return naming(s.Location, location, executor.StreamWithContext(ctx, options))
}

// naming returns an error whose message names one location in place of another.
func naming(location, other *url.URL, err error) error {
	named := strconv.Quote(other.String())
	if err == nil || !strings.Contains(err.Error(), named) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), named, strconv.Quote(location.String())))
}

// spdyExecutor opens streams by SPDY. It does not follow redirects.
func spdyExecutor(transport http.RoundTripper, location *url.URL) (remotecommand.Executor, error) {
	dialer, err := streamspdy.NewRoundTripperWithConfig(streamspdy.RoundTripperConfig{UpgradeTransport: transport, PingPeriod: pings})
	if err != nil {
		return nil, err
	}
	return remotecommand.NewSPDYExecutorRejectRedirects(dialer, spdy.NewUpgraderForStreaming(dialer), http.MethodPost, location)
}

func (n Needs) limitReader(r io.Reader) io.Reader {
	if n.BytesPerSecond > 0 {
		return flowrate.NewReader(r, n.BytesPerSecond)
	}
	return r
}

func (n Needs) limitWriter(w io.Writer) io.Writer {
	if n.BytesPerSecond > 0 {
		return flowrate.NewWriter(w, n.BytesPerSecond)
	}
	return w
}

// outcome returns the status with which streams ended, for the client, and the code
// with which they are counted. A program that exits with an error is a success of the
// server.
func outcome(err error) (int, metav1.Status) {
	if err == nil {
		return http.StatusOK, metav1.Status{Status: metav1.StatusSuccess}
	}
	var refused *apierrors.StatusError
	if errors.As(err, &refused) {
		return int(refused.ErrStatus.Code), refused.ErrStatus
	}
	var exited exec.CodeExitError
	if errors.As(err, &exited) && exited.Exited() {
		code := metav1.StatusCause{Type: protocols.ExitCodeCauseType, Message: strconv.Itoa(exited.ExitStatus())}
		return http.StatusOK, metav1.Status{
			Status:  metav1.StatusFailure,
			Reason:  protocols.NonZeroExitCodeReason,
			Message: fmt.Sprintf("command terminated with non-zero exit code: %v", exited),
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{code}},
		}
	}
	return http.StatusInternalServerError, apierrors.NewInternalError(err).ErrStatus
}
