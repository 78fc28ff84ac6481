package podspec

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// handlers are the actions of a probe or lifecycle hook, of which exactly one
// must be set.
type handlers struct {
	exec    *corev1.ExecAction
	httpGet *corev1.HTTPGetAction
	tcp     *corev1.TCPSocketAction
	grpc    *corev1.GRPCAction
	sleep   *corev1.SleepAction
	// gracePeriod is the termination grace period of the pod in seconds.
	gracePeriod int64
}

// validate checks that exactly one action is set, and that it is valid.
func (h handlers) validate(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	found := false
	for _, one := range []struct {
		name  string
		set   bool
		check func(*field.Path) field.ErrorList
	}{
		{"exec", h.exec != nil, h.validateExec},
		{"httpGet", h.httpGet != nil, h.validateHTTPGet},
		{"tcpSocket", h.tcp != nil, h.validateTCPSocket},
		{"grpc", h.grpc != nil, h.validateGRPC},
		{"sleep", h.sleep != nil, h.validateSleep},
	} {
		switch {
		case !one.set:
		case found:
			errs = append(errs, field.Forbidden(p.Child(one.name), "may not specify more than 1 handler type"))
		default:
			found = true
			errs = append(errs, one.check(p.Child(one.name))...)
		}
	}
	if !found {
		errs = append(errs, field.Required(p, "must specify a handler type"))
	}
	return errs
}

func (h handlers) validateExec(p *field.Path) field.ErrorList {
	if len(h.exec.Command) == 0 {
		return field.ErrorList{field.Required(p.Child("command"), "")}
	}
	return nil
}

func (h handlers) validateHTTPGet(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if h.httpGet.Path == "" {
		errs = append(errs, field.Required(p.Child("path"), ""))
	}
	errs = append(errs, validatePort(h.httpGet.Port, p.Child("port"))...)
	errs = append(errs, metavalidation.ValidateOneOf(h.httpGet.Scheme, p.Child("scheme"), corev1.URISchemeHTTP, corev1.URISchemeHTTPS)...)
	for _, header := range h.httpGet.HTTPHeaders {
		errs = append(errs, invalid(p.Child("httpHeaders"), header.Name, utilvalidation.IsHTTPHeaderName(header.Name))...)
	}
	return errs
}

func (h handlers) validateTCPSocket(p *field.Path) field.ErrorList {
	return validatePort(h.tcp.Port, p.Child("port"))
}

func (h handlers) validateGRPC(p *field.Path) field.ErrorList {
	return validatePortNumber(h.grpc.Port, p.Child("port"))
}

func (h handlers) validateSleep(p *field.Path) field.ErrorList {
	if h.sleep.Seconds < 0 || h.sleep.Seconds > h.gracePeriod {
		return field.ErrorList{field.Invalid(p, h.sleep.Seconds,
			fmt.Sprintf("must be non-negative and less than terminationGracePeriodSeconds (%d)", h.gracePeriod))}
	}
	return nil
}

func (v *specValidator) validateProbes(c *corev1.Container, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.LivenessProbe != nil {
		errs = append(errs, validateRestartingProbe(c.LivenessProbe, p.Child("livenessProbe"))...)
	}
	if c.ReadinessProbe != nil {
		at := p.Child("readinessProbe")
		errs = append(errs, validateProbe(c.ReadinessProbe, at)...)
		if s := c.ReadinessProbe.TerminationGracePeriodSeconds; s != nil {
			errs = append(errs, field.Invalid(at.Child("terminationGracePeriodSeconds"), *s, "must not be set for readinessProbes"))
		}
	}
	if c.StartupProbe != nil {
		errs = append(errs, validateRestartingProbe(c.StartupProbe, p.Child("startupProbe"))...)
	}
	return errs
}

// validateRestartingProbe checks a probe that restarts the container (liveness
// or startup). Its success threshold must be 1.
func validateRestartingProbe(probe *corev1.Probe, p *field.Path) field.ErrorList {
	errs := validateProbe(probe, p)
	if probe.SuccessThreshold != 1 {
		errs = append(errs, field.Invalid(p.Child("successThreshold"), probe.SuccessThreshold, "must be 1"))
	}
	return errs
}

func validateProbe(probe *corev1.Probe, p *field.Path) field.ErrorList {
	errs := handlers{exec: probe.Exec, httpGet: probe.HTTPGet, tcp: probe.TCPSocket, grpc: probe.GRPC}.validate(p)
	errs = append(errs, notNegative(int64(probe.InitialDelaySeconds), p.Child("initialDelaySeconds"))...)
	errs = append(errs, notNegative(int64(probe.TimeoutSeconds), p.Child("timeoutSeconds"))...)
	errs = append(errs, notNegative(int64(probe.PeriodSeconds), p.Child("periodSeconds"))...)
	errs = append(errs, notNegative(int64(probe.SuccessThreshold), p.Child("successThreshold"))...)
	errs = append(errs, notNegative(int64(probe.FailureThreshold), p.Child("failureThreshold"))...)
	if s := probe.TerminationGracePeriodSeconds; s != nil && *s <= 0 {
		errs = append(errs, field.Invalid(p.Child("terminationGracePeriodSeconds"), *s, "must be greater than 0"))
	}
	return errs
}

func (v *specValidator) validateLifecycle(l *corev1.Lifecycle, p *field.Path) field.ErrorList {
	if l == nil {
		return nil
	}
	errs := v.validateHook(l.PostStart, p.Child("postStart"))
	errs = append(errs, v.validateHook(l.PreStop, p.Child("preStop"))...)
	return append(errs, v.validateStopSignal(l.StopSignal, p.Child("stopSignal"))...)
}

func (v *specValidator) validateHook(h *corev1.LifecycleHandler, p *field.Path) field.ErrorList {
	if h == nil {
		return nil
	}
	return handlers{exec: h.Exec, httpGet: h.HTTPGet, tcp: h.TCPSocket, sleep: h.Sleep, gracePeriod: v.gracePeriod()}.validate(p)
}

func (v *specValidator) gracePeriod() int64 {
	if s := v.spec.TerminationGracePeriodSeconds; s != nil {
		return *s
	}
	return corev1.DefaultTerminationGracePeriodSeconds
}

// validateStopSignal checks that the signal exists in the operating system,
// which the pod must specify.
func (v *specValidator) validateStopSignal(signal *corev1.Signal, p *field.Path) field.ErrorList {
	switch {
	case signal == nil:
		return nil
	case v.spec.OS == nil:
		return field.ErrorList{field.Forbidden(p, "may not be set for containers with empty `spec.os.name`")}
	case v.spec.OS.Name == corev1.Windows:
		return metavalidation.ValidateOneOf(*signal, p, corev1.SIGKILL, corev1.SIGTERM)
	}
	return metavalidation.ValidateOneOf(*signal, p, linuxSignals()...)
}

// linuxSignals returns the valid stop signals on Linux in alphabetical order.
func linuxSignals() []corev1.Signal {
	signals := []corev1.Signal{
		corev1.SIGABRT, corev1.SIGALRM, corev1.SIGBUS, corev1.SIGCHLD, corev1.SIGCLD, corev1.SIGCONT, corev1.SIGFPE,
		corev1.SIGHUP, corev1.SIGILL, corev1.SIGINT, corev1.SIGIO, corev1.SIGIOT, corev1.SIGKILL, corev1.SIGPIPE,
		corev1.SIGPOLL, corev1.SIGPROF, corev1.SIGPWR, corev1.SIGQUIT, corev1.SIGRTMAX, corev1.SIGRTMIN, corev1.SIGSEGV,
		corev1.SIGSTKFLT, corev1.SIGSTOP, corev1.SIGSYS, corev1.SIGTERM, corev1.SIGTRAP, corev1.SIGTSTP, corev1.SIGTTIN,
		corev1.SIGTTOU, corev1.SIGURG, corev1.SIGUSR1, corev1.SIGUSR2, corev1.SIGVTALRM, corev1.SIGWINCH, corev1.SIGXCPU,
		corev1.SIGXFSZ,
	}
	for n := 1; n <= 15; n++ {
		signals = append(signals, corev1.Signal(fmt.Sprintf("SIGRTMIN+%d", n)))
	}
	for n := 1; n <= 14; n++ {
		signals = append(signals, corev1.Signal(fmt.Sprintf("SIGRTMAX-%d", n)))
	}
	slices.Sort(signals)
	return signals
}
