import { expect, test } from 'vitest';
import { dayOf, type ModelData, modelFacts } from '../src/index.ts';

const data: ModelData = {
  version: '2026-11-26',
  sources: { page: { url: 'https://prices.invalid/', read: '2026-11-26' }, ends: { url: 'https://ends.invalid/', read: '2026-11-25' } },
  models: {
    'acme-1': { price: { input: 1, output: 2 }, from: 'page' },
    'acme-*': { context: 10, from: 'page' },
    'acme-1-20*': { context: 20, retires: '2027-01-01', from: 'page', endFrom: 'ends' },
    'north/acme-1': { price: { input: 3, output: 4 }, from: 'page' },
    'south/acme-*': { context: 30, from: 'page' },
  },
};
const facts = modelFacts(data);
test('an exact name before a beginning, a longer beginning before a shorter one', () => {
  expect(facts('acme-1')).toEqual({ price: { input: 1, output: 2 }, source: 'https://prices.invalid/', date: '2026-11-26' });
  expect(facts('acme-1-2026')?.context).toBe(20);
  expect(facts('acme-10')?.context).toBe(10);
  expect(facts('other')).toBeUndefined();
});
test('the end of a model has a source of its own', () => {
  expect(facts('acme-1-20')).toMatchObject({ retires: '2027-01-01', endSource: 'https://ends.invalid/' });
});
test('a place counts before anywhere, in the order asked for', () => {
  expect(facts('acme-1', ['north'])?.price?.input).toBe(3);
  expect(facts('acme-1', ['south', 'north'])?.context).toBe(30);
  expect(facts('acme-1', ['west'])).toEqual(facts('acme-1'));
});
test('a source that is not there is a mistake of the file', () => {
  expect(() => modelFacts({ ...data, sources: {} })).toThrow(TypeError);
});
test.each([
  ['2026-06-05T23:59:59Z', '2026-06-05'],
  ['2026-06-05', '2026-06-05'],
  ['soon', undefined],
  ['3', undefined],
  ['2026-13-40', undefined],
  ['', undefined],
  [null, undefined],
  [20_260_605, undefined],
])('the day of %j is %j', (time, day) => {
  expect(dayOf(time)).toBe(day);
});
