export { type AnthropicSimulator, type AnthropicSimulatorOptions, anthropicErrorEvent, anthropicSimulator } from './anthropic/simulator.ts';
export { errorFrame, eventFrame, exceptionFrame } from './aws/bedrock/event-frame.ts';
export { type BedrockException, bedrockFault } from './aws/bedrock/refusal.ts';
export { type BedrockSimulator, type BedrockSimulatorOptions, bedrockSimulator, exampleCredential } from './aws/bedrock/simulator.ts';
export { type ContainerCredentialsOptions, containerCredentials } from './aws/container-credentials.ts';
export { type AwsCredential, type AwsCredentials, type AwsCredentialsOptions, awsCredentials } from './aws/credentials.ts';
export { type InstanceMetadata, type InstanceMetadataOptions, instanceMetadata } from './aws/instance-metadata.ts';
export { type LoadBalancer, type LoadBalancerKeys, loadBalancerKeys, type SignInRule } from './aws/load-balancer.ts';
export { type PodIdentityOptions, podIdentity } from './aws/pod-identity.ts';
export { awsSignatureSuite, awsUnnormalized } from './aws/signature-suite.ts';
export { type SsoPortal, type SsoPortalOptions, ssoPortal } from './aws/sso-portal.ts';
export { type AwsRole, type StsSimulator, type StsSimulatorOptions, stsSimulator, stsThrottling } from './aws/sts.ts';
export type { ContainerCredentials } from './aws/vending.ts';
export { type EntraSimulator, type EntraSimulatorOptions, entraSimulator } from './azure/entra.ts';
export {
  type AppServiceIdentity,
  type AzureMetadata,
  type AzureMetadataOptions,
  appServiceIdentity,
  azureMetadata,
} from './azure/managed-identity.ts';
export { type AzureSimulator, type AzureSimulatorOptions, azureSimulator } from './azure/openai/simulator.ts';
export { type AzureApplication, type AzureTenant, type AzureTenantOptions, azureTenant, signedToken } from './azure/tenant.ts';
export { type Expectations, type ExpectedError, type ExpectedToolCall, expectations } from './expectations.ts';
export {
  type GoogleAccounts,
  type GoogleAccountsOptions,
  type GoogleServiceAccount,
  type GoogleToken,
  googleAccounts,
  googleServiceAccount,
} from './google/accounts.ts';
export type { GooglePool } from './google/exchange.ts';
export type { GoogleUser } from './google/grants.ts';
export { type GoogleIdentity, type GoogleIdentityOptions, googleIdentity } from './google/identity.ts';
export { type GoogleMetadata, type GoogleMetadataOptions, googleMetadata } from './google/metadata.ts';
export {
  exampleGoogleToken,
  type VertexSimulator,
  type VertexSimulatorOptions,
  vertexError,
  vertexErrorEvent,
  vertexSimulator,
} from './google/vertex/simulator.ts';
export type { CapturedRequest, HeaderPairs, Progress } from './http/captured.ts';
export type { Fault, Rule } from './http/fault.ts';
export type { Peer, PeerOptions } from './http/peer.ts';
export { type Rechunk, rechunk } from './http/rechunk.ts';
export type { Match } from './http/request-log.ts';
export {
  type Cp4dUser,
  type IbmIdentity,
  type IbmIdentityOptions,
  ibmIdentity,
  type TrustedProfile,
} from './ibm/identity.ts';
export { type WatsonxSimulator, type WatsonxSimulatorOptions, watsonxErrorEvent, watsonxSimulator } from './ibm/simulator.ts';
export { type IbmTokens, type IbmTokensOptions, ibmTokens } from './ibm/tokens.ts';
export { type KubernetesApi, type KubernetesApiOptions, kubernetesApi } from './kubernetes/api.ts';
export { type KubernetesCluster, type KubernetesOptions, kubernetesCluster, type TokenWanted } from './kubernetes/cluster.ts';
export { authDelegator, type Binding } from './kubernetes/rbac.ts';
export { type OciIdentity, type OciIdentityOptions, type OciSession, type OciUser, ociIdentity } from './oci/identity.ts';
export { type OciInstance, type OciInstanceOptions, ociInstance } from './oci/instance.ts';
export { ociErrorEvent } from './oci/refusal.ts';
export { type OciSimulator, type OciSimulatorOptions, ociSimulator } from './oci/simulator.ts';
export { type OkeProxymux, type OkeProxymuxOptions, ociResourcePrincipal, okeProxymux, type ResourcePrincipal } from './oci/workload.ts';
export { type OpenaiSimulatorOptions, openaiSimulator, type Simulator } from './openai/simulator.ts';
export { type Recording, type RecordingFilter, recordedPath, recording, recordings } from './recordings.ts';
export {
  type AnthropicRefusalCase,
  type AzureRefusalCase,
  anthropicRefusals,
  azureRefusals,
  type BedrockRefusalCase,
  type BedrockSigning,
  bedrockRefusals,
  type OciRefusalCase,
  ociRefusals,
  type RefusalCase,
  type RefusalSource,
  refusals,
  type VertexRefusalCase,
  vertexRefusals,
  type WatsonxRefusalCase,
  watsonxRefusals,
} from './refusals.ts';
export {
  type AwsEndpointRefusalCase,
  containerCredentialsRefusals,
  instanceMetadataRefusals,
  type PodIdentityRefusalCase,
  podIdentityRefusals,
  type StsRefusalCase,
  type StsSigning,
  stsRefusals,
} from './refusals-aws-identity.ts';
export { type ReplayOptions, recordedBytes } from './replay.ts';
export {
  type CertificateAuthority,
  type CertificateWanted,
  CLIENT_AUTH,
  certificateAuthority,
  type DistinguishedName,
  type IssuedCertificate,
  SERVER_AUTH,
} from './tls/authority.ts';
