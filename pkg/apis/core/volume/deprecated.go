package volume

// Deprecated returns a text that says since when a kind of volume is deprecated,
// by its name in warnings, or the empty string.
func Deprecated(source string) string {
	switch source {
	case "photonPersistentDisk":
		return "deprecated in v1.11, non-functional in v1.16+"
	case "gitRepo":
		return "deprecated in v1.11, and disabled by default in v1.33+"
	case "scaleIO":
		return "deprecated in v1.16, non-functional in v1.22+"
	case "flocker", "storageOS", "quobyte":
		return "deprecated in v1.22, non-functional in v1.25+"
	case "glusterfs":
		return "deprecated in v1.25, non-functional in v1.26+"
	case "cephfs", "rbd":
		return "deprecated in v1.28, non-functional in v1.31+"
	}
	return ""
}
