import { partitionOf, type Scope } from '@llm-proxy-auth/plugin/sigv4';

export interface HostChoice {
  readonly region: string;
  readonly fips: boolean;
  readonly dualStack: boolean;
}
/** `https://bedrock-runtime-fips.us-east-1.amazonaws.com`, by the rule set of AWS's own SDKs. */
export const originOf = (service: 'bedrock-runtime' | 'bedrock' | 'sts', { region, fips, dualStack }: HostChoice): string => {
  const partition = partitionOf(region);
  return `https://${service}${fips ? '-fips' : ''}.${region}.${dualStack ? partition.dualStack : partition.suffix}`;
};

const HOST = /(?:^|\.)(bedrock(?:-runtime|-mantle|-agent-runtime)?)(?:-fips)?\.([a-z]{2,}(?:-[a-z0-9]+)+)\./;
/** The host of the APIs of OpenAI and Anthropic; it has neither a FIPS form nor one with IPv6. */
export const mantleOrigin = (region: string): string => `https://bedrock-mantle.${region}.api.aws`;
const MANTLE = 'bedrock-mantle';
/** Region and service that a host wants in signatures; one that does not say leaves those of the instance. */
export const scopeOf = (host: string, region: string, service: Scope['service'] = 'bedrock'): Scope => {
  const match = HOST.exec(host);
  return match === null ? { region, service } : { region: match[2] ?? region, service: match[1] === MANTLE ? MANTLE : 'bedrock' };
};
export const isMantleHost = (host: string): boolean => HOST.exec(host)?.[1] === MANTLE;
/** True for hosts that serve the data plane alone, VPC endpoints included. */
export const isRuntimeHost = (host: string): boolean => /(?:^|\.)bedrock-(?:runtime|mantle)(?:-fips)?\./.test(host);
