import { readFileSync } from 'node:fs';
import { secretOf } from '@llm-proxy-auth/contract-tests';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { originOf, scopeOf } from '../src/hosts.ts';
import { placesOf } from '../src/places.ts';

const places = (region: string, endpoints: Partial<Config['endpoints']> = {}, baseUrl?: string) =>
  placesOf({
    region,
    endpoints: { fips: false, dualStack: false, mantle: false, ...endpoints },
    credentials: { type: 'static', accessKeyId: 'a', secretAccessKey: secretOf('b', 'B') },
    ...(baseUrl === undefined ? {} : { baseUrl }),
  });
const VPCE = 'https://vpce-0123-abcd.bedrock-runtime.eu-west-1.vpce.amazonaws.com';

describe('hosts of AWS', () => {
  it.each([
    ['us-east-1', {}, 'bedrock-runtime.us-east-1.amazonaws.com'],
    ['us-east-1', { fips: true }, 'bedrock-runtime-fips.us-east-1.amazonaws.com'],
    ['us-east-1', { dualStack: true }, 'bedrock-runtime.us-east-1.api.aws'],
    ['us-east-1', { fips: true, dualStack: true }, 'bedrock-runtime-fips.us-east-1.api.aws'],
    ['us-gov-west-1', { fips: true }, 'bedrock-runtime-fips.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', {}, 'bedrock-runtime.cn-north-1.amazonaws.com.cn'],
    ['cn-north-1', { dualStack: true }, 'bedrock-runtime.cn-north-1.api.amazonwebservices.com.cn'],
    ['us-iso-east-1', {}, 'bedrock-runtime.us-iso-east-1.c2s.ic.gov'],
    ['us-isob-east-1', {}, 'bedrock-runtime.us-isob-east-1.sc2s.sgov.gov'],
    ['us-isof-south-1', {}, 'bedrock-runtime.us-isof-south-1.csp.hci.ic.gov'],
    ['eu-isoe-west-1', {}, 'bedrock-runtime.eu-isoe-west-1.cloud.adc-e.uk'],
    ['eusc-de-east-1', {}, 'bedrock-runtime.eusc-de-east-1.amazonaws.eu'],
  ])('%s %j', (region, endpoints, host) => {
    const { base, control, region: found } = places(region, endpoints);
    expect([base.origin, base.path, base.prefix, found]).toEqual([`https://${host}`, '', '', region]);
    expect(control.origin).toBe(`https://${host.replace('bedrock-runtime', 'bedrock')}`);
  });
  it('of the token service are in the same partition', () =>
    expect(originOf('sts', { region: 'cn-north-1', fips: false, dualStack: false })).toBe('https://sts.cn-north-1.amazonaws.com.cn'));
});

describe('the manifest', () => {
  const { llmProxyAuth } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { llmProxyAuth: { reaches: string[] } };
  const rules = llmProxyAuth.reaches.map((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[a-z0-9-]+')}$`));
  const regions = ['us-east-1', 'us-gov-west-1', 'cn-north-1', 'us-iso-east-1', 'us-isob-east-1', 'us-isof-south-1', 'eu-isoe-west-1', 'eusc-de-east-1'];
  it.each(regions)('names every host of %s', (region) => {
    for (const service of ['bedrock', 'bedrock-runtime', 'sts'] as const)
      for (const fips of [false, true])
        for (const dualStack of [false, true]) {
          const host = new URL(originOf(service, { region, fips, dualStack })).hostname;
          expect(
            rules.some((rule) => rule.test(host)),
            host,
          ).toBe(true);
        }
  });
});

describe('places of your own', () => {
  it('of a VPC endpoint say the region that is signed, and leave the control plane where it is', () => {
    const { base, region, control } = places('eu-west-1', { vpce: VPCE });
    expect([base.origin, region, control.origin]).toEqual([VPCE, 'eu-west-1', 'https://bedrock.eu-west-1.amazonaws.com']);
  });
  it('win over a configured region that contradicts the host', () => expect(places('us-east-1', {}, VPCE).region).toBe('eu-west-1'));
  it('that stand in for Bedrock serve its control plane too', () => {
    const { base, control, region } = places('us-east-1', {}, 'http://127.0.0.1:4566/aws');
    expect([base.origin, base.path, control, region]).toEqual([
      'http://127.0.0.1:4566',
      '/aws',
      { origin: 'http://127.0.0.1:4566', path: '/aws' },
      'us-east-1',
    ]);
  });
  it('of the control plane can be named', () =>
    expect(places('us-east-1', { control: 'https://vpce-1.bedrock.us-east-1.vpce.amazonaws.com' }).control.origin).toBe(
      'https://vpce-1.bedrock.us-east-1.vpce.amazonaws.com',
    ));
  it.each([
    [{ fips: true }, VPCE],
    [{ dualStack: true }, VPCE],
    [{ vpce: VPCE }, 'https://other.example'],
    [{ control: 'https://h.example/path' }, undefined],
  ])('that contradict each other fail the start: %j %s', (endpoints, baseUrl) =>
    expect(() => places('us-east-1', endpoints, baseUrl)).toThrow(expect.objectContaining({ code: 'invalid_request' })),
  );
});

describe('the scope of a signature', () => {
  it.each([
    ['bedrock-runtime.us-west-2.amazonaws.com', 'us-west-2', 'bedrock'],
    ['bedrock-runtime-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1', 'bedrock'],
    ['bedrock.ap-southeast-2.amazonaws.com', 'ap-southeast-2', 'bedrock'],
    ['vpce-1-a.bedrock-runtime.eu-central-1.vpce.amazonaws.com', 'eu-central-1', 'bedrock'],
    ['bedrock-mantle.us-east-2.api.aws', 'us-east-2', 'bedrock-mantle'],
    ['gateway.internal', 'us-east-1', 'bedrock'],
    ['127.0.0.1', 'us-east-1', 'bedrock'],
  ])('of %s', (host, region, service) => expect(scopeOf(host, 'us-east-1')).toEqual({ region, service }));
});
