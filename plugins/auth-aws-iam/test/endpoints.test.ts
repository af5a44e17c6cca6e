import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { endpointTable } from '../src/endpoints.ts';

/** What the rule set in AWS's own SDK says. */
const byTheSdk = async (region: string, fips: boolean, dualStack: boolean): Promise<string> => {
  const client = new STSClient({ region, useFipsEndpoint: fips, useDualstackEndpoint: dualStack, credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
  const { endpointProvider } = client.config as unknown as { endpointProvider: (p: object) => { url: URL } };
  const { url } = endpointProvider({ Region: region, UseFIPS: fips, UseDualStack: dualStack, UseGlobalEndpoint: false });
  client.destroy();
  return url.hostname;
};
const REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-5', 'cn-north-1', 'us-gov-west-1', 'eusc-de-east-1', 'us-iso-east-1', 'us-isob-east-1'];

describe('hosts of the token service', () => {
  it.each(REGIONS)('of %s are those of AWS’s rule set', async (region) => {
    const table = endpointTable([region]);
    const choices = [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const;
    // Not every partition has dual-stack hosts; the rule set says so by an error.
    const known = await Promise.all(choices.map(([fips, dual]) => byTheSdk(region, fips, dual).catch(() => undefined)));
    expect(known[0]).toBeDefined();
    for (const host of known) if (host !== undefined) expect(table.get(host)).toMatchObject({ host, region });
  });
  it('the global one signs for us-east-1, and counts as one of its', () => {
    expect(endpointTable(['us-east-1']).get('sts.amazonaws.com')).toEqual({ host: 'sts.amazonaws.com', region: 'us-east-1', partition: 'aws' });
    for (const region of REGIONS.slice(1)) expect(endpointTable([region]).get('sts.amazonaws.com')).toBeUndefined();
  });
  it('partitions are those of the ARNs', () => {
    expect(REGIONS.map((region) => endpointTable([region]).values().next().value?.partition)).toEqual([
      'aws',
      'aws',
      'aws',
      'aws-cn',
      'aws-us-gov',
      'aws-eusc',
      'aws-iso',
      'aws-iso-b',
    ]);
  });
});
