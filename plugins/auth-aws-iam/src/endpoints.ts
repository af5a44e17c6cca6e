import { type Partition, partitionOf } from '@llm-proxy-auth/plugin/sigv4';

/** The one host without a region in its name signs for this region. */
const GLOBAL = Object.freeze({ host: 'sts.amazonaws.com', region: 'us-east-1' });

export interface Endpoint {
  readonly host: string;
  /** What signatures for it are scoped to. */
  readonly region: string;
  readonly partition: string;
}
const hostsOf = (region: string, { suffix, dualStack }: Partition): readonly string[] => [
  `sts.${region}.${suffix}`,
  `sts-fips.${region}.${suffix}`,
  `sts.${region}.${dualStack}`,
  `sts-fips.${region}.${dualStack}`,
  ...(region === GLOBAL.region ? [GLOBAL.host] : []),
];
const endpointsOf = (region: string): readonly Endpoint[] => {
  const partition = partitionOf(region);
  return hostsOf(region, partition).map((host) => Object.freeze({ host, region, partition: partition.name }));
};
/** Every host of the token service in these regions: regional, FIPS and dual-stack. */
export const endpointTable = (regions: readonly string[]): ReadonlyMap<string, Endpoint> =>
  new Map(regions.flatMap(endpointsOf).map((endpoint) => [endpoint.host, endpoint]));
