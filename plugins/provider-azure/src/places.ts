import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

/** Which API a resource is asked through. */
export type Api =
  | { readonly is: 'v1' }
  /** With `api-version` in every query and deployments in the path. */
  | { readonly is: 'dated'; readonly version: string }
  /** Model inference of Foundry: the model stands in the body. `path`: what stands before its operations. */
  | { readonly is: 'models'; readonly version: string; readonly path: string };
/** What differs between the clouds. https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud */
export interface Cloud {
  readonly authority: string;
  readonly scope: string;
}
export interface Places {
  readonly base: { readonly origin: string; readonly path: string; readonly prefix: string };
  readonly region: string;
  readonly api: Api;
  readonly cloud: Cloud;
}
const CLOUDS: readonly (Cloud & { readonly suffix: string; readonly region: string })[] = Object.freeze([
  { suffix: '.azure.us', region: 'usgov', authority: 'https://login.microsoftonline.us', scope: 'https://cognitiveservices.azure.us/.default' },
  { suffix: '.azure.cn', region: 'china', authority: 'https://login.chinacloudapi.cn', scope: 'https://cognitiveservices.azure.cn/.default' },
]);
const PUBLIC = Object.freeze({ region: 'global', authority: 'https://login.microsoftonline.com', scope: 'https://cognitiveservices.azure.com/.default' });
/** Projects of Foundry want tokens for another audience than the resources they stand in. */
const PROJECT_SCOPE = 'https://ai.azure.com/.default';
const MODELS_VERSION = '2024-05-01-preview';
/** `eastus2.api.cognitive.microsoft.com`, `name.eastus2.models.ai.azure.com`: few hosts name their region. */
const REGION = /(?:^|\.)([a-z0-9]+)\.(?:api\.cognitive\.microsoft\.com|models\.ai\.azure\.com)$/;
const SERVERLESS = /\.models\.ai\.azure\.com$/;

const apiOf = (host: string, path: string, version: string | undefined): Api => {
  const dated = version === undefined || /^[a-z]/.test(version) ? undefined : version;
  if (SERVERLESS.test(host)) return { is: 'models', version: dated ?? MODELS_VERSION, path: '' };
  if (path.endsWith('/models')) return { is: 'models', version: dated ?? MODELS_VERSION, path: '/models' };
  return dated === undefined ? { is: 'v1' } : { is: 'dated', version: dated };
};

/** Where an instance goes. Throws GatewayError `invalid_request` when nothing says it. */
export const placesOf = ({ endpoint, baseUrl, apiVersion }: Pick<Config, 'endpoint' | 'baseUrl' | 'apiVersion'>): Places => {
  const written = baseUrl ?? endpoint;
  if (written === undefined) throw new GatewayError('invalid_request', 'an Azure instance needs endpoint, or AZURE_OPENAI_ENDPOINT');
  const { origin, pathname, hostname } = new URL(written);
  const whole = pathname.replace(/\/+$/, '');
  const path = whole.replace(/\/(?:openai(?:\/v1)?|models)$/, '');
  const cloud = CLOUDS.find(({ suffix }) => hostname.endsWith(suffix)) ?? PUBLIC;
  return {
    base: { origin, path, prefix: '' },
    region: REGION.exec(hostname)?.[1] ?? cloud.region,
    api: apiOf(hostname, whole, apiVersion),
    cloud: { authority: cloud.authority, scope: /\/api\/projects\//.test(`${path}/`) ? PROJECT_SCOPE : cloud.scope },
  };
};
