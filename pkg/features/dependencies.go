package features

import (
	genericfeatures "k8s.io/apiserver/pkg/features"
	clientfeatures "k8s.io/client-go/features"
	"k8s.io/component-base/featuregate"
)

// dependencies are the gates without which another gate cannot be on, as
// kube-apiserver reports them. AddDependencies keeps the map. Two alpha gates
// of the scheduler that need GenericWorkload are left out: in 1.37, where that
// one is beta and off, AllAlpha=true could not be set.
func dependencies() map[featuregate.Feature][]featuregate.Feature {
	const atomicFIFO = featuregate.Feature(clientfeatures.AtomicFIFO)
	return map[featuregate.Feature][]featuregate.Feature{
		ClusterTrustBundleProjection:                        {ClusterTrustBundle},
		DRAAdminAccess:                                      {"DynamicResourceAllocation"},
		DRAConsumableCapacity:                               {"DynamicResourceAllocation"},
		DRADeviceBindingConditions:                          {DRAResourceClaimDeviceStatus, "DynamicResourceAllocation"},
		DRADeviceTaintRules:                                 {DRADeviceTaints},
		DRADeviceTaints:                                     {"DynamicResourceAllocation"},
		DRAExtendedResource:                                 {"DynamicResourceAllocation"},
		DRAPartitionableDevices:                             {"DynamicResourceAllocation"},
		DRAPrioritizedList:                                  {"DynamicResourceAllocation"},
		DRAResourceClaimGranularStatusAuthorization:         {DRAResourceClaimDeviceStatus},
		"DRASchedulerFilterTimeout":                         {"DynamicResourceAllocation"},
		DRAWorkloadResourceClaims:                           {GenericWorkload},
		genericfeatures.DeclarativeValidationTakeover:       {genericfeatures.DeclarativeValidation},
		"ExtendWebSocketsToKubelet":                         {NodeDeclaredFeatures},
		"GangScheduling":                                    {GenericWorkload},
		"GracefulNodeShutdownBasedOnPodPriority":            {"GracefulNodeShutdown"},
		InPlacePodLevelResourcesVerticalScaling:             {NodeDeclaredFeatures, PodLevelResources},
		"InPlacePodVerticalScalingExclusiveCPUs":            {"InPlacePodVerticalScaling"},
		"InPlacePodVerticalScalingExclusiveMemory":          {"InPlacePodVerticalScaling"},
		"InPlacePodVerticalScalingInitContainers":           {NodeDeclaredFeatures},
		MatchLabelKeysInPodTopologySpreadSelectorMerge:      {MatchLabelKeysInPodTopologySpread},
		"PodLevelResourceManagers":                          {PodLevelResources},
		"ProcMountType":                                     {"UserNamespacesSupport"},
		ResourceHealthStatus:                                {"DynamicResourceAllocation"},
		ResourceHealthStatusMessage:                         {ResourceHealthStatus},
		RestartAllContainersOnContainerExits:                {ContainerRestartRules, NodeDeclaredFeatures},
		"StaleControllerConsistencyDaemonSet":               {atomicFIFO},
		"StaleControllerConsistencyJob":                     {atomicFIFO},
		"StaleControllerConsistencyReplicaSet":              {atomicFIFO},
		"StaleControllerConsistencyStatefulSet":             {atomicFIFO},
		genericfeatures.StorageVersionAPI:                   {genericfeatures.APIServerIdentity},
		genericfeatures.UnknownVersionInteroperabilityProxy: {genericfeatures.APIServerIdentity},
		UserNamespacesHostNetworkSupport:                    {NodeDeclaredFeatures},
		"WindowsGracefulNodeShutdown":                       {"GracefulNodeShutdown"},
		"WorkloadAwarePreemption":                           {"GangScheduling"},
	}
}
