import { GatewayError } from '@llm-proxy-auth/plugin';
import { expect, test } from 'vitest';
import { type Carrying, lawTests, lostOf, vendorTypes } from '../src/vendor-types/index.ts';

const thing = vendorTypes(import.meta.url, 'export interface Thing { a: string; b?: number }').get('Thing');
const failures = (law: Carrying): readonly string[] => {
  if (thing === undefined) throw new Error('there is no Thing');
  return lawTests(thing, {}, (value) => lostOf(law, value), { numRuns: 20 }).flatMap(({ name, run }) => {
    try {
      run();
      return [];
    } catch {
      return [name];
    }
  });
};
const EACH = 'comes back with each of its fields and alternatives';
const ANY = 'comes back whatever stands in it';

test('a law that holds has no test that fails', () => expect(failures({ carried: (value) => value })).toEqual([]));
test('a field that is lost, changed or refused fails both ways of trying it', () => {
  expect(failures({ carried: ({ a }) => ({ a }) })).toEqual([EACH, ANY]);
  expect(failures({ carried: (value) => ({ ...value, a: 'other' }) })).toEqual([EACH, ANY]);
  const refused = () => {
    throw new GatewayError('unsupported_parameter', 'No.', { param: 'b' });
  };
  expect(failures({ carried: refused })).toEqual([EACH, ANY]);
});
