import { Realm, Region } from 'oci-common';
import { describe, expect, it } from 'vitest';
import { placesOf } from '../src/places.ts';
import { placeOf, REALMS } from '../src/regions.ts';

const instance = (more: Partial<Parameters<typeof placesOf>[0]> = {}) => ({ compartmentId: 'ocid1.compartment.oc1..x', ...more });

// Others know the first realm alone.
describe('35. hosts', () => {
  it.each(Region.values().map((region) => [region.regionId, region] as const))('of %s are those of the vendor’s own list', (name, region) => {
    expect(placeOf(name, undefined)).toEqual({ region: name, domain: region.realm.secondLevelDomain });
    expect(placeOf(region.regionCode ?? name, undefined)).toEqual({ region: name, domain: region.realm.secondLevelDomain });
  });
  it('know every realm of the vendor’s list', () => {
    expect(REALMS).toEqual(Object.fromEntries(Realm.values().map(({ realmId, secondLevelDomain }) => [realmId, secondLevelDomain])));
  });
  it('of a region that nobody knows yet are in the realm of the compartment', () => {
    expect(placeOf('eu-madrid-9', 'ocid1.compartment.oc19..x').domain).toBe('oraclecloud.eu');
    expect(placeOf('eu-madrid-9', 'ocid1.compartment.oc77..x').domain).toBe('oraclecloud77.com');
    expect(placeOf('eu-madrid-9', 'ocid1.compartment.oc1..x').domain).toBe('oraclecloud.com');
  });
  it('are those of inference and of management', () => {
    expect(placesOf(instance(), 'eu-frankfurt-2')).toEqual({
      base: { origin: 'https://inference.generativeai.eu-frankfurt-2.oci.oraclecloud.eu', path: '', prefix: '' },
      region: 'eu-frankfurt-2',
      control: { origin: 'https://generativeai.eu-frankfurt-2.oci.oraclecloud.eu', path: '' },
    });
  });
  it('may be another place, which lists models where it is no host of the service', () => {
    expect(placesOf(instance({ baseUrl: 'https://stand-in.example/oci/' }), 'ord').control).toEqual({ origin: 'https://stand-in.example', path: '/oci' });
    expect(placesOf(instance({ baseUrl: 'https://inference.generativeai.us-chicago-1.oci.oraclecloud.com' }), 'ord').control.origin).toBe(
      'https://generativeai.us-chicago-1.oci.oraclecloud.com',
    );
  });
});
