package pod

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

func columns() []registry.Column[*corev1.Pod] {
	return []registry.Column[*corev1.Pod]{
		registry.NameColumn[*corev1.Pod](),
		{Name: "Ready", Description: "The aggregate readiness state of this pod for accepting traffic.",
			Cell: func(p *corev1.Pod) any { return summarize(p).readyCell() }},
		{Name: "Status", Description: "The aggregate status of the containers in this pod.",
			Cell: func(p *corev1.Pod) any { return summarize(p).reason }},
		{Name: "Restarts", Description: "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
			Cell: func(p *corev1.Pod) any { return summarize(p).restartsCell() }},
		registry.AgeColumn[*corev1.Pod](),
		{Name: "IP", Priority: 1, Description: registry.Doc(corev1.PodStatus{}, "podIP"),
			Cell: func(p *corev1.Pod) any { return orNone(firstIP(p)) }},
		{Name: "Node", Priority: 1, Description: registry.Doc(corev1.PodSpec{}, "nodeName"),
			Cell: func(p *corev1.Pod) any { return orNone(p.Spec.NodeName) }},
		{Name: "Nominated Node", Priority: 1, Description: registry.Doc(corev1.PodStatus{}, "nominatedNodeName"),
			Cell: func(p *corev1.Pod) any { return orNone(p.Status.NominatedNodeName) }},
		{Name: "Readiness Gates", Priority: 1, Description: registry.Doc(corev1.PodSpec{}, "readinessGates"), Cell: gatesCell},
	}
}

func rowConditions(p *corev1.Pod) []metav1.TableRowCondition {
	switch p.Status.Phase {
	case corev1.PodSucceeded:
		return []metav1.TableRowCondition{{Type: metav1.RowCompleted, Status: metav1.ConditionTrue, Reason: string(p.Status.Phase),
			Message: "The pod has completed successfully."}}
	case corev1.PodFailed:
		return []metav1.TableRowCondition{{Type: metav1.RowCompleted, Status: metav1.ConditionTrue, Reason: string(p.Status.Phase),
			Message: "The pod failed."}}
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return registry.None
	}
	return s
}

func gatesCell(p *corev1.Pod) any {
	if len(p.Spec.ReadinessGates) == 0 {
		return registry.None
	}
	passed := 0
	for _, gate := range p.Spec.ReadinessGates {
		if hasCondition(p, gate.ConditionType) {
			passed++
		}
	}
	return fmt.Sprintf("%d/%d", passed, len(p.Spec.ReadinessGates))
}

func hasCondition(p *corev1.Pod, t corev1.PodConditionType) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == t {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// summary aggregates the states of the containers of a pod for the table.
type summary struct {
	ready, total int
	reason       string
	restarts     int
	last         metav1.Time // the latest termination of a container that was restarted
}

func (s summary) readyCell() string { return fmt.Sprintf("%d/%d", s.ready, s.total) }

func (s summary) restartsCell() string {
	if s.restarts == 0 || s.last.IsZero() {
		return fmt.Sprint(s.restarts)
	}
	return fmt.Sprintf("%d (%s ago)", s.restarts, duration.HumanDuration(time.Since(s.last.Time)))
}

// restarted adds the restarts of a container.
func (s *summary) restarted(c *corev1.ContainerStatus) {
	s.restarts += int(c.RestartCount)
	if t := c.LastTerminationState.Terminated; t != nil && s.last.Before(&t.FinishedAt) {
		s.last = t.FinishedAt
	}
}

func summarize(p *corev1.Pod) summary {
	s := summary{total: len(p.Spec.Containers), reason: string(p.Status.Phase)}
	if p.Status.Reason != "" {
		s.reason = p.Status.Reason
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Reason == corev1.PodReasonSchedulingGated {
			s.reason = corev1.PodReasonSchedulingGated
		}
	}
	sidecars := sidecarsOf(p)
	s.total += len(sidecars)
	if !s.initializing(p, sidecars) || hasCondition(p, corev1.PodInitialized) {
		s.running(p, sidecars)
	}
	switch {
	case p.DeletionTimestamp == nil:
	case p.Status.Reason == "NodeLost":
		s.reason = string(corev1.PodUnknown)
	case !isTerminal(p):
		s.reason = "Terminating"
	}
	return s
}

// sidecarsOf returns the names of the restartable init containers (sidecars).
// It returns nil if there are none, which is the case for most pods.
func sidecarsOf(p *corev1.Pod) map[string]bool {
	var names map[string]bool
	for i := range p.Spec.InitContainers {
		if c := &p.Spec.InitContainers[i]; c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			if names == nil {
				names = map[string]bool{}
			}
			names[c.Name] = true
		}
	}
	return names
}

// initializing summarizes the init containers. It reports whether the pod is
// still initializing, or has failed to initialize.
func (s *summary) initializing(p *corev1.Pod, sidecars map[string]bool) bool {
	for i := range p.Status.InitContainerStatuses {
		c := &p.Status.InitContainerStatuses[i]
		s.restarted(c)
		if t := c.State.Terminated; t != nil && t.ExitCode == 0 {
			continue
		}
		if sidecars[c.Name] && c.Started != nil && *c.Started {
			if c.Ready {
				s.ready++
			}
			continue
		}
		switch {
		case c.State.Terminated != nil:
			s.reason = "Init:" + endOf(c.State.Terminated)
		case c.State.Waiting != nil && c.State.Waiting.Reason != "" && c.State.Waiting.Reason != "PodInitializing":
			s.reason = "Init:" + c.State.Waiting.Reason
		default:
			s.reason = fmt.Sprintf("Init:%d/%d", i, len(p.Spec.InitContainers))
		}
		return true
	}
	return false
}

// running summarizes the containers that run at the same time. The reason is
// that of the first container that is not running. Only the restarts of these
// containers are counted.
func (s *summary) running(p *corev1.Pod, sidecars map[string]bool) {
	s.restarts, s.last = 0, metav1.Time{}
	for i := range p.Status.InitContainerStatuses {
		if c := &p.Status.InitContainerStatuses[i]; sidecars[c.Name] {
			s.restarted(c)
		}
	}
	some := false
	for i := len(p.Status.ContainerStatuses) - 1; i >= 0; i-- {
		c := &p.Status.ContainerStatuses[i]
		s.restarted(c)
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "":
			s.reason = c.State.Waiting.Reason
		case c.State.Terminated != nil:
			s.reason = endOf(c.State.Terminated)
		case c.Ready && c.State.Running != nil:
			some = true
			s.ready++
		}
	}
	if s.reason == "Completed" && some {
		s.reason = "NotReady"
		if hasCondition(p, corev1.PodReady) {
			s.reason = "Running"
		}
	}
}

// endOf returns the reason why a container terminated, or its signal or exit
// code if there is no reason.
func endOf(t *corev1.ContainerStateTerminated) string {
	switch {
	case t.Reason != "":
		return t.Reason
	case t.Signal != 0:
		return fmt.Sprintf("Signal:%d", t.Signal)
	}
	return fmt.Sprintf("ExitCode:%d", t.ExitCode)
}
