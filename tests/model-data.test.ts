import { readdirSync, readFileSync } from 'node:fs';
import { type FactRow, type FamilyData, type FamilyRow, type ModelData, modelFamilies, type Rates } from '@llm-proxy-auth/plugin';
import { expect, test } from 'vitest';

const PLUGINS = new URL('../plugins/', import.meta.url);
const providers = readdirSync(PLUGINS).filter((name) => name.startsWith('provider-'));
const read = (name: string): ModelData => JSON.parse(readFileSync(new URL(`${name}/src/facts.json`, PLUGINS), 'utf8')) as ModelData;
const DAY = /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const KEYS = new Set(['context', 'output', 'price', 'rejects', 'deprecated', 'retires', 'from', 'endFrom', 'also']);

const wrongRates = ({ input, output, cacheRead = 0, cacheWrite = input }: Rates): boolean =>
  ![input, output, cacheRead, cacheWrite].every((usd) => Number.isFinite(usd) && usd >= 0 && usd <= 1_000) || cacheRead > input || cacheWrite < input;
const wrongIn = ({ context, output, price, deprecated, retires, from, endFrom, also = [], ...rest }: FactRow, { sources }: ModelData): readonly string[] => [
  ...Object.keys(rest).filter((key) => !KEYS.has(key)),
  ...(also.every((name) => name !== from && sources[name] !== undefined) && (also.length === 0 || price !== undefined) ? [] : ['also']),
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
  const { sources, models, families = [], license, version } = read(name);
  for (const [source, { url, read: day }] of Object.entries(sources)) {
    expect(url, source).toMatch(/^https:\/\/\S+$/);
    expect(day, source).toMatch(DAY);
    expect(day <= version, source).toBe(true);
  }
  const used = new Set([
    ...Object.values(models).flatMap(({ from, endFrom = from, also = [] }) => [from, endFrom, ...also]),
    ...families.flatMap(({ from }) => from),
  ]);
  expect(Object.keys(sources).filter((source) => !used.has(source))).toEqual([]);
  // Numbers that others collected stand here with their licence.
  if (Object.values(sources).some(({ via }) => via !== undefined)) expect(license).toMatch(/MIT License, Copyright/);
  const { files } = JSON.parse(readFileSync(new URL(`${name}/package.json`, PLUGINS), 'utf8')) as { files: string[] };
  expect(files).toContain('LICENSE.litellm');
  expect(readFileSync(new URL(`${name}/LICENSE.litellm`, PLUGINS), 'utf8')).toContain('Permission is hereby granted, free of charge');
});

type Words = Readonly<Record<string, readonly string[] | 'boolean' | 'number' | 'list'>>;
const CLAUDE: Words = {
  maxOutput: 'number',
  limited: 'boolean',
  sampling: ['any', 'one', 'none'],
  efforts: 'list',
  adaptive: ['default', 'asked', 'no'],
  budget: 'boolean',
  off: ['disabled', 'between_tools', 'absent', 'never'],
  tools: 'boolean',
  forced: 'boolean',
  structured: 'boolean',
  midSystem: 'boolean',
};
const OPENAI: Words = { system: ['system', 'developer'], limit: ['max_completion_tokens', 'max_tokens'], rejects: 'list' };
const GEMINI: Words = {
  thinking: ['budget', 'level', 'none'],
  budget: 'list',
  off: 'boolean',
  least: ['MINIMAL', 'LOW'],
  medium: 'boolean',
  ids: 'boolean',
  signed: 'boolean',
  jsonSchema: 'boolean',
  formWithTools: 'boolean',
  searchWithTools: 'boolean',
  mediaInResults: 'boolean',
  partResolution: 'boolean',
};
const CONVERSE: Words = {
  sampling: ['none'],
  reasoning: ['nova', 'gpt-oss', 'gpt-5'],
  efforts: 'list',
  off: ['disabled'],
  names: 'boolean',
  answers: 'boolean',
  schemas: 'boolean',
  plain: 'boolean',
};
const CAPABILITIES: Words = { capabilities: 'list' };
const fits = (value: unknown, words: Words[string] | undefined): boolean =>
  Array.isArray(words) ? words.includes(value as string) : words === 'list' ? typeof value === 'object' : typeof value === words;
const NO_ONE = new Set(['withoutReasoning', 'efforts', 'marks']);
const familyFiles: readonly (readonly [path: string, words: Words, whole: boolean])[] = [
  ['packages/plugin/src/claude/families.json', CLAUDE, true],
  ['plugins/dialect-openai/src/families.json', OPENAI, true],
  ['plugins/dialect-gemini/src/families.json', GEMINI, true],
  ['plugins/dialect-converse/src/request/families.json', CONVERSE, false],
  ...['bedrock', 'vertex', 'oci'].map((name) => [`plugins/provider-${name}/src/facts.json`, CAPABILITIES, true] as const),
];
const familyData = (path: string): FamilyData<FamilyRow> => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')) as FamilyData<FamilyRow>;
test.each(familyFiles)('%s: every row of a family has the words that the code reads, and a source with a day', (path, words, whole) => {
  const { version, sources, families } = familyData(path);
  expect(version).toMatch(DAY);
  for (const { models, from, ...rules } of families) {
    const about = models.join(' ');
    expect(
      [models.length, from.length].every((n) => n > 0),
      about,
    ).toBe(true);
    for (const name of from)
      expect([sources[name]?.url, sources[name]?.read], `${about}: ${name}`).toEqual([expect.stringMatching(/^https:/), expect.stringMatching(DAY)]);
    for (const [name, value] of Object.entries(rules))
      if (!NO_ONE.has(name) || words === CLAUDE) expect(fits(value, words[name]), `${about}: ${name}`).toBe(true);
    if (whole)
      expect(
        Object.keys(words).filter((name) => !Object.hasOwn(rules, name)),
        about,
      ).toEqual([]);
  }
  if (words === CAPABILITIES) return;
  const used = new Set(families.flatMap(({ from }) => from));
  expect(Object.keys(sources).filter((name) => !used.has(name))).toEqual([]);
});
test.each(familyFiles)('%s: no row stands behind one that takes all of its models', (path) => {
  const { families } = familyData(path);
  const rowOf = modelFamilies({ families });
  for (const row of families) for (const pattern of row.models) expect(rowOf(pattern.replaceAll('*', '')), pattern).toBe(row);
});
