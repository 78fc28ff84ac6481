// Package volume contains the rules for the volumes of pods: the validation of
// their sources and of the mounts and devices by which containers use them, and
// the fields that are cleared because their feature is disabled. It also
// contains the rules for the spec of a PersistentVolumeClaim, because ephemeral
// volumes contain one.
package volume
