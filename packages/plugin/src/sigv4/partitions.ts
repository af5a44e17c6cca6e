/** A part of AWS with accounts, hosts and ARNs of its own. */
export interface Partition {
  /** As ARNs name it. */
  readonly name: string;
  /** What its regions begin with. */
  readonly prefix: string;
  /** What its hosts end with, and those with IPv6. */
  readonly suffix: string;
  readonly dualStack: string;
}
const COMMERCIAL: Partition = Object.freeze({ name: 'aws', prefix: '', suffix: 'amazonaws.com', dualStack: 'api.aws' });
/** By the rule set of AWS's own SDKs (`@aws-sdk/util-endpoints`, partitions.json). */
const OTHERS: readonly Partition[] = Object.freeze([
  { name: 'aws-cn', prefix: 'cn-', suffix: 'amazonaws.com.cn', dualStack: 'api.amazonwebservices.com.cn' },
  { name: 'aws-us-gov', prefix: 'us-gov-', suffix: 'amazonaws.com', dualStack: 'api.aws' },
  { name: 'aws-iso-b', prefix: 'us-isob-', suffix: 'sc2s.sgov.gov', dualStack: 'api.aws.scloud' },
  { name: 'aws-iso-f', prefix: 'us-isof-', suffix: 'csp.hci.ic.gov', dualStack: 'api.aws.hci.ic.gov' },
  { name: 'aws-iso', prefix: 'us-iso-', suffix: 'c2s.ic.gov', dualStack: 'api.aws.ic.gov' },
  { name: 'aws-iso-e', prefix: 'eu-isoe-', suffix: 'cloud.adc-e.uk', dualStack: 'api.cloud-aws.adc-e.uk' },
  { name: 'aws-eusc', prefix: 'eusc-', suffix: 'amazonaws.eu', dualStack: 'api.amazonwebservices.eu' },
]);
/** The partition of a region; one that nobody knows is of the commercial partition. */
export const partitionOf = (region: string): Partition => OTHERS.find(({ prefix }) => region.startsWith(prefix)) ?? COMMERCIAL;
