import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

export interface Places {
  readonly base: { readonly origin: string; readonly path: string; readonly prefix: string };
  /** Of the host where it says, else the configured one. */
  readonly region: string;
  /** The account that is charged, as members of a body; empty for an instance that has deployments alone. */
  readonly account: Readonly<Record<string, string>>;
}
/** `eu-de.ml.cloud.ibm.com`, `private.eu-de.ml.cloud.ibm.com`, `us-east-1.aws.wxai.ibm.com`. */
const REGION = /^(?:private\.)?([a-z0-9-]+)\.(?:ml\.cloud|aws\.wxai)\.ibm\.com$/;

/** Hosts and account of an instance. Throws GatewayError `invalid_request` for settings that contradict each other. */
export const placesOf = ({ region, baseUrl, projectId, spaceId, deployments }: Config): Places => {
  if (projectId !== undefined && spaceId !== undefined) throw new GatewayError('invalid_request', 'projectId and spaceId name two accounts; write one of them');
  if (projectId === undefined && spaceId === undefined && deployments === undefined)
    throw new GatewayError('invalid_request', 'projectId or spaceId must be written, or deployments');
  const { origin, hostname, pathname } = new URL(baseUrl ?? `https://${region}.ml.cloud.ibm.com`);
  return {
    base: { origin, path: pathname.replace(/\/+$/, ''), prefix: '' },
    region: REGION.exec(hostname)?.[1] ?? region,
    account: { ...(projectId === undefined ? {} : { project_id: projectId }), ...(spaceId === undefined ? {} : { space_id: spaceId }) },
  };
};
