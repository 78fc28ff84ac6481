// Package volume validates the volumes of pods: their sources, and the mounts
// and devices by which containers use them. The specification of a
// PersistentVolumeClaim is here too, because a pod may bring its own claims.
package volume
