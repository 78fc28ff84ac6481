// Package volume has the rules for the volumes of pods: the validation of their
// sources, of the mounts and devices by which containers use them, and the
// fields that are dropped because their feature is disabled. The specification
// of a PersistentVolumeClaim is here too, because a pod may bring its own claims.
package volume
