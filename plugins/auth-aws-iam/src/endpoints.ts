interface Partition {
  /** As ARNs name it. */
  readonly name: string;
  /** What its regions begin with. */
  readonly prefix: string;
  readonly suffix: string;
  readonly dualStack: string;
}
/** By the rule set of AWS's own SDKs (`@aws-sdk/util-endpoints`, partitions.json). */
const PARTITIONS: readonly Partition[] = Object.freeze([
  { name: 'aws-cn', prefix: 'cn-', suffix: 'amazonaws.com.cn', dualStack: 'api.amazonwebservices.com.cn' },
  { name: 'aws-us-gov', prefix: 'us-gov-', suffix: 'amazonaws.com', dualStack: 'api.aws' },
  { name: 'aws-iso-b', prefix: 'us-isob-', suffix: 'sc2s.sgov.gov', dualStack: 'api.aws.scloud' },
  { name: 'aws-iso-f', prefix: 'us-isof-', suffix: 'csp.hci.ic.gov', dualStack: 'api.aws.hci.ic.gov' },
  { name: 'aws-iso', prefix: 'us-iso-', suffix: 'c2s.ic.gov', dualStack: 'api.aws.ic.gov' },
  { name: 'aws-iso-e', prefix: 'eu-isoe-', suffix: 'cloud.adc-e.uk', dualStack: 'api.cloud-aws.adc-e.uk' },
  { name: 'aws-eusc', prefix: 'eusc-', suffix: 'amazonaws.eu', dualStack: 'api.amazonwebservices.eu' },
  { name: 'aws', prefix: '', suffix: 'amazonaws.com', dualStack: 'api.aws' },
]);
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
  const partition = PARTITIONS.find(({ prefix }) => region.startsWith(prefix));
  return partition === undefined ? [] : hostsOf(region, partition).map((host) => Object.freeze({ host, region, partition: partition.name }));
};
/** Every host of the token service in these regions: regional, FIPS and dual-stack. */
export const endpointTable = (regions: readonly string[]): ReadonlyMap<string, Endpoint> =>
  new Map(regions.flatMap(endpointsOf).map((endpoint) => [endpoint.host, endpoint]));
