import { readdirSync, readFileSync } from 'node:fs';
import type { FactRow, ModelData, Rates } from '@llm-proxy-auth/plugin';
import { expect, test } from 'vitest';

const PLUGINS = new URL('../plugins/', import.meta.url);
const providers = readdirSync(PLUGINS).filter((name) => name.startsWith('provider-'));
const read = (name: string): ModelData => JSON.parse(readFileSync(new URL(`${name}/src/facts.json`, PLUGINS), 'utf8')) as ModelData;
const DAY = /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const KEYS = new Set(['context', 'output', 'price', 'rejects', 'deprecated', 'retires', 'from', 'endFrom']);

const wrongRates = ({ input, output, cacheRead = 0, cacheWrite = input }: Rates): boolean =>
  ![input, output, cacheRead, cacheWrite].every((usd) => Number.isFinite(usd) && usd >= 0 && usd <= 1_000) || cacheRead > input || cacheWrite < input;
const wrongIn = ({ context, output, price, deprecated, retires, from, endFrom, ...rest }: FactRow, { sources }: ModelData): readonly string[] => [
  ...Object.keys(rest).filter((key) => !KEYS.has(key)),
  ...(sources[from] === undefined || (endFrom !== undefined && sources[endFrom] === undefined) ? ['source'] : []),
  ...([context, output].every((n) => n === undefined || (Number.isInteger(n) && n > 0)) ? [] : ['size']),
  ...(price === undefined || (!wrongRates(price) && (price.long === undefined || (!wrongRates(price.long) && price.long.input >= price.input)))
    ? []
    : ['price']),
  ...([deprecated, retires].every((day) => day === undefined || DAY.test(day)) ? [] : ['day']),
  // A day stands nowhere without the page that says it.
  ...((deprecated ?? retires) !== undefined && endFrom === undefined ? ['endFrom'] : []),
  ...(deprecated !== undefined && retires !== undefined && deprecated > retires ? ['order'] : []),
];

test('every provider has a data file', () => {
  expect(providers).toHaveLength(7);
  for (const name of providers) expect(Object.keys(read(name).models).length, name).toBeGreaterThan(0);
});
test.each(providers)('%s: every row keeps the form, and says where it is from', (name) => {
  const data = read(name);
  expect(data.version).toMatch(DAY);
  const wrong = Object.entries(data.models).flatMap(([model, row]) => wrongIn(row, data).map((what) => `${model}: ${what}`));
  expect(wrong).toEqual([]);
});
test.each(providers)('%s: every source is a page with a day, and every one is used', (name) => {
  const { sources, models, license, version } = read(name);
  for (const [source, { url, read: day }] of Object.entries(sources)) {
    expect(url, source).toMatch(/^https:\/\/\S+$/);
    expect(day, source).toMatch(DAY);
    expect(day <= version, source).toBe(true);
  }
  const used = new Set(Object.values(models).flatMap(({ from, endFrom = from }) => [from, endFrom]));
  expect(Object.keys(sources).filter((source) => !used.has(source))).toEqual([]);
  // Numbers that others collected stand here with their licence.
  if (Object.values(sources).some(({ via }) => via !== undefined)) expect(license).toMatch(/MIT License, Copyright/);
  const { files } = JSON.parse(readFileSync(new URL(`${name}/package.json`, PLUGINS), 'utf8')) as { files: string[] };
  expect(files).toContain('LICENSE.litellm');
  expect(readFileSync(new URL(`${name}/LICENSE.litellm`, PLUGINS), 'utf8')).toContain('Permission is hereby granted, free of charge');
});
