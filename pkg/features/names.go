package features

import "k8s.io/component-base/featuregate"

// The gates that this server asks about. Those of the libraries have names
// there, such as those in k8s.io/apiserver/pkg/features.
const (
	// AtomicWriteVolumeUserFields lets a volume say who owns the files that are written into it.
	AtomicWriteVolumeUserFields featuregate.Feature = "AtomicWriteVolumeUserFields"
	// AuthorizePodWebsocketUpgradeCreatePermission asks for the permission to create also where a stream is opened with GET (KEP-4006).
	AuthorizePodWebsocketUpgradeCreatePermission featuregate.Feature = "AuthorizePodWebsocketUpgradeCreatePermission"
	// CSIVolumeHealth lets kubelets report the health of volumes in the status of pods.
	CSIVolumeHealth featuregate.Feature = "CSIVolumeHealth"
	// ClusterTrustBundle serves clustertrustbundles (KEP-3257).
	ClusterTrustBundle featuregate.Feature = "ClusterTrustBundle"
	// ClusterTrustBundleProjection is the source clusterTrustBundle of projected volumes.
	ClusterTrustBundleProjection featuregate.Feature = "ClusterTrustBundleProjection"
	// CompositePodGroup groups pod groups for scheduling, in a tree.
	CompositePodGroup featuregate.Feature = "CompositePodGroup"
	// ContainerRestartRules lets a container have restart rules of its own.
	ContainerRestartRules featuregate.Feature = "ContainerRestartRules"
	// ContainerStopSignals lets a container name the signal that stops it.
	ContainerStopSignals featuregate.Feature = "ContainerStopSignals"
	// CrossNamespaceVolumeDataSource lets a claim take its content from another namespace (KEP-3294).
	CrossNamespaceVolumeDataSource featuregate.Feature = "CrossNamespaceVolumeDataSource"
	// DRAAdminAccess lets a claim have access to devices that are in use, in namespaces where this is allowed (KEP-5018).
	DRAAdminAccess featuregate.Feature = "DRAAdminAccess"
	// DRAConsumableCapacity lets several claims share the capacity of a device (KEP-5075).
	DRAConsumableCapacity featuregate.Feature = "DRAConsumableCapacity"
	// DRADerivedAttributes lets a request compute attributes of devices for its constraints.
	DRADerivedAttributes featuregate.Feature = "DRADerivedAttributes"
	// DRADeviceBindingConditions lets a pod wait until its devices are ready before it is bound (KEP-5007).
	DRADeviceBindingConditions featuregate.Feature = "DRADeviceBindingConditions"
	// DRADeviceCompatibilityGroups says which devices that consume the same counters can be allocated together.
	DRADeviceCompatibilityGroups featuregate.Feature = "DRADeviceCompatibilityGroups"
	// DRADeviceTaintRules serves device taint rules (KEP-5055).
	DRADeviceTaintRules featuregate.Feature = "DRADeviceTaintRules"
	// DRADeviceTaints lets devices have taints, and claims tolerate them (KEP-5055).
	DRADeviceTaints featuregate.Feature = "DRADeviceTaints"
	// DRAExtendedResource lets the scheduler claim devices for extended resources.
	DRAExtendedResource featuregate.Feature = "DRAExtendedResource"
	// DRAFractionalCapacityRange compares the ranges of a capacity in thousandths.
	DRAFractionalCapacityRange featuregate.Feature = "DRAFractionalCapacityRange"
	// DRAListTypeAttributes lets an attribute of a device have a list of values.
	DRAListTypeAttributes featuregate.Feature = "DRAListTypeAttributes"
	// DRANodeAllocatableResources counts devices that consume resources of the node.
	DRANodeAllocatableResources featuregate.Feature = "DRANodeAllocatableResources"
	// DRAOptionalNodeOperations lets a driver do without calls on the node.
	DRAOptionalNodeOperations featuregate.Feature = "DRAOptionalNodeOperations"
	// DRAPartitionableDevices lets devices share counters, and be on different nodes (KEP-4815).
	DRAPartitionableDevices featuregate.Feature = "DRAPartitionableDevices"
	// DRAPartitionableDevicesType lets a slice name the attribute that is the type of its partitions.
	DRAPartitionableDevicesType featuregate.Feature = "DRAPartitionableDevicesType"
	// DRAPrioritizedList lets a request list alternatives (KEP-4816).
	DRAPrioritizedList featuregate.Feature = "DRAPrioritizedList"
	// DRAResourceClaimDeviceStatus lets drivers report the status of allocated devices (KEP-4817).
	DRAResourceClaimDeviceStatus featuregate.Feature = "DRAResourceClaimDeviceStatus"
	// DRAResourceClaimGranularStatusAuthorization asks for permissions for parts of the status of a claim.
	DRAResourceClaimGranularStatusAuthorization featuregate.Feature = "DRAResourceClaimGranularStatusAuthorization"
	// DRAResourcePoolStatus serves requests for the status of pools of devices.
	DRAResourcePoolStatus featuregate.Feature = "DRAResourcePoolStatus"
	// DRAWorkloadResourceClaims lets the pods of a pod group share resource claims.
	DRAWorkloadResourceClaims featuregate.Feature = "DRAWorkloadResourceClaims"
	// EmptyDirVolumeMode sets the permissions of an emptyDir.
	EmptyDirVolumeMode featuregate.Feature = "EmptyDirVolumeMode"
	// EnvFiles reads environment variables from a file.
	EnvFiles featuregate.Feature = "EnvFiles"
	// EvictionRequestAPI names who responds to requests for eviction.
	EvictionRequestAPI featuregate.Feature = "EvictionRequestAPI"
	// ExtendWebSocketsToKubelet passes WebSockets on to kubelets that declare the feature.
	ExtendWebSocketsToKubelet featuregate.Feature = "ExtendWebSocketsToKubelet"
	// GRPCContainerProbeTLS lets gRPC probes use TLS.
	GRPCContainerProbeTLS featuregate.Feature = "GRPCContainerProbeTLS"
	// GenericWorkload groups pods for scheduling.
	GenericWorkload featuregate.Feature = "GenericWorkload"
	// H2CContainerProbe lets HTTP probes use HTTP/2 without TLS.
	H2CContainerProbe featuregate.Feature = "H2CContainerProbe"
	// HPAConfigurableTolerance is the field tolerance of the rules of horizontal pod autoscalers (KEP-4951).
	HPAConfigurableTolerance featuregate.Feature = "HPAConfigurableTolerance"
	// HPAScaleToZero lets horizontal pod autoscalers take away the last replica (KEP-2021).
	HPAScaleToZero featuregate.Feature = "HPAScaleToZero"
	// HostnameOverride gives a pod any name as hostname.
	HostnameOverride featuregate.Feature = "HostnameOverride"
	// ImageVolumeWithDigest reports the digest of an image volume.
	ImageVolumeWithDigest featuregate.Feature = "ImageVolumeWithDigest"
	// InPlacePodLevelResourcesVerticalScaling resizes the resources of a whole pod in place.
	InPlacePodLevelResourcesVerticalScaling featuregate.Feature = "InPlacePodLevelResourcesVerticalScaling"
	// InPlacePodVerticalScalingSchedulerPreemption lets a node say how pods are preempted for a resize.
	InPlacePodVerticalScalingSchedulerPreemption featuregate.Feature = "InPlacePodVerticalScalingSchedulerPreemption"
	// MatchLabelKeysInPodTopologySpread is the field matchLabelKeys of spread constraints.
	MatchLabelKeysInPodTopologySpread featuregate.Feature = "MatchLabelKeysInPodTopologySpread"
	// MatchLabelKeysInPodTopologySpreadSelectorMerge writes the values of the label keys into the selector.
	MatchLabelKeysInPodTopologySpreadSelectorMerge featuregate.Feature = "MatchLabelKeysInPodTopologySpreadSelectorMerge"
	// MaxUnavailableStatefulSet is the field maxUnavailable of the rolling update of a stateful set.
	MaxUnavailableStatefulSet featuregate.Feature = "MaxUnavailableStatefulSet"
	// MutablePodResourcesForSuspendedJobs lets the resources of the pods of a suspended job change.
	MutablePodResourcesForSuspendedJobs featuregate.Feature = "MutablePodResourcesForSuspendedJobs"
	// MutablePVNodeAffinity lets the node affinity of a persistent volume change (KEP-5381).
	MutablePVNodeAffinity featuregate.Feature = "MutablePVNodeAffinity"
	// PodLogsQuerySplitStreams lets a client read stdout and stderr of a container apart (KEP-3288).
	PodLogsQuerySplitStreams featuregate.Feature = "PodLogsQuerySplitStreams"
	// PortForwardWebsockets lets clients forward ports in WebSockets (KEP-4006).
	PortForwardWebsockets featuregate.Feature = "PortForwardWebsockets"
	// TranslateStreamCloseWebsocketRequests translates the WebSocket protocol of exec and attach to SPDY (KEP-4006).
	TranslateStreamCloseWebsocketRequests featuregate.Feature = "TranslateStreamCloseWebsocketRequests"
	// MutableSchedulingDirectivesForSuspendedJobs lets the scheduling directives of the pods of a job change
	// whenever it is suspended, not only before it started.
	MutableSchedulingDirectivesForSuspendedJobs featuregate.Feature = "MutableSchedulingDirectivesForSuspendedJobs"
	// NodeDeclaredFeatures lets nodes declare what they can do (KEP-5328).
	NodeDeclaredFeatures featuregate.Feature = "NodeDeclaredFeatures"
	// PodCertificateRequest serves podcertificaterequests, and is the source podCertificate of projected volumes (KEP-4317).
	PodCertificateRequest featuregate.Feature = "PodCertificateRequest"
	// PodGroupPreemptionPolicy lets a pod group say whether it preempts others.
	PodGroupPreemptionPolicy featuregate.Feature = "PodGroupPreemptionPolicy"
	// PodLevelResources lets a pod as a whole have resources.
	PodLevelResources featuregate.Feature = "PodLevelResources"
	// PodTopologyLabelsAdmission copies the zone and the region of a node to its pods (KEP-4742).
	PodTopologyLabelsAdmission featuregate.Feature = "PodTopologyLabelsAdmission"
	// ResourceHealthStatus reports the health of the devices of a container.
	ResourceHealthStatus featuregate.Feature = "ResourceHealthStatus"
	// ResourceHealthStatusMessage adds a message to the health of a device.
	ResourceHealthStatusMessage featuregate.Feature = "ResourceHealthStatusMessage"
	// RestartAllContainersOnContainerExits lets a rule of one container restart all of them.
	RestartAllContainersOnContainerExits featuregate.Feature = "RestartAllContainersOnContainerExits"
	// SELinuxMount lets volumes be mounted with the SELinux label of their pod (KEP-1710).
	SELinuxMount featuregate.Feature = "SELinuxMount"
	// ServiceAccountNodeAudienceRestriction restricts the audiences of the tokens that kubelets request (KEP-4412).
	ServiceAccountNodeAudienceRestriction featuregate.Feature = "ServiceAccountNodeAudienceRestriction"
	// StatefulSetRecreateStrategy is the strategy Recreate of stateful sets.
	StatefulSetRecreateStrategy featuregate.Feature = "StatefulSetRecreateStrategy"
	// StorageVersionMigrator serves storageversionmigrations (KEP-4192).
	StorageVersionMigrator featuregate.Feature = "StorageVersionMigrator"
	// TaintTolerationComparisonOperators compares numbers in tolerations.
	TaintTolerationComparisonOperators featuregate.Feature = "TaintTolerationComparisonOperators"
	// TopologyAwareWorkloadScheduling lets a pod group be placed within a domain of the topology.
	TopologyAwareWorkloadScheduling featuregate.Feature = "TopologyAwareWorkloadScheduling"
	// UserNamespacesHostNetworkSupport lets a pod in a user namespace use the host's network.
	UserNamespacesHostNetworkSupport featuregate.Feature = "UserNamespacesHostNetworkSupport"
	// VolumeBindMountOptions adds options to the mount of a volume in a container.
	VolumeBindMountOptions featuregate.Feature = "VolumeBindMountOptions"
	// VolumeLimitScaling lets a CSI driver keep pods off nodes that do not have it (KEP-5030).
	VolumeLimitScaling featuregate.Feature = "VolumeLimitScaling"
	// WorkloadWithJob is the field scheduling of jobs.
	WorkloadWithJob featuregate.Feature = "WorkloadWithJob"
)
