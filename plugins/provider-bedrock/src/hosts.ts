import type { Scope } from './sigv4.ts';

/** DNS suffixes by the start of the region's name; `standard` and dual-stack. Everything else is the commercial partition and GovCloud. */
const PARTITIONS: readonly { readonly prefix: string; readonly suffix: string; readonly dualStack: string }[] = Object.freeze([
  { prefix: 'cn-', suffix: 'amazonaws.com.cn', dualStack: 'api.amazonwebservices.com.cn' },
  { prefix: 'us-isob-', suffix: 'sc2s.sgov.gov', dualStack: 'api.aws.scloud' },
  { prefix: 'us-isof-', suffix: 'csp.hci.ic.gov', dualStack: 'api.aws.hci.ic.gov' },
  { prefix: 'us-iso-', suffix: 'c2s.ic.gov', dualStack: 'api.aws.ic.gov' },
  { prefix: 'eu-isoe-', suffix: 'cloud.adc-e.uk', dualStack: 'api.cloud-aws.adc-e.uk' },
  { prefix: 'eusc-', suffix: 'amazonaws.eu', dualStack: 'api.amazonwebservices.eu' },
]);
const COMMERCIAL = Object.freeze({ prefix: '', suffix: 'amazonaws.com', dualStack: 'api.aws' });

export interface HostChoice {
  readonly region: string;
  readonly fips: boolean;
  readonly dualStack: boolean;
}
/** `https://bedrock-runtime-fips.us-east-1.amazonaws.com`, by the rule set of AWS's own SDKs. */
export const originOf = (service: 'bedrock-runtime' | 'bedrock' | 'sts', { region, fips, dualStack }: HostChoice): string => {
  const partition = PARTITIONS.find((p) => region.startsWith(p.prefix)) ?? COMMERCIAL;
  return `https://${service}${fips ? '-fips' : ''}.${region}.${dualStack ? partition.dualStack : partition.suffix}`;
};

const HOST = /(?:^|\.)(bedrock(?:-runtime|-mantle|-agent-runtime)?)(?:-fips)?\.([a-z]{2,}(?:-[a-z0-9]+)+)\./;
/** Region and service that a host wants in signatures; a host that does not say leaves the configured region. */
export const scopeOf = (host: string, region: string): Scope => {
  const match = HOST.exec(host);
  return { region: match?.[2] ?? region, service: match?.[1] === 'bedrock-mantle' ? 'bedrock-mantle' : 'bedrock' };
};
/** True for hosts that serve the data plane alone, VPC endpoints included. */
export const isRuntimeHost = (host: string): boolean => /(?:^|\.)bedrock-(?:runtime|mantle)(?:-fips)?\./.test(host);
