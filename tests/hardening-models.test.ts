import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type Wanted } from './support/gateway.ts';
import { chat } from './support/limited.ts';
import { ask, codeOf } from './support/raw.ts';

const HOSTILE = ['../../../x', '../x', 'a?b', 'a#b', 'a/b:gen', 'a\r\nX-Evil: 1', '%2e%2e%2f', '//evil.example', 'a b', 'a@evil.example', '\u0000'];
/** Where a call with a model goes, whatever the model is called. */
const PROVIDERS: readonly (readonly [name: string, wanted: Wanted, shape: RegExp])[] = [
  ['openai', {}, /^\/v1\/chat\/completions$/],
  ['anthropic', { vendor: 'anthropic' }, /^\/v1\/messages$/],
  ['azure', { vendor: 'azure' }, /^\/openai\/v1\/chat\/completions$/],
  [
    'azure by deployment',
    { vendor: 'azure', main: { apiVersion: '2024-10-21' } },
    /^\/openai\/deployments\/[^/?#\s]+\/chat\/completions\?api-version=2024-10-21$/,
  ],
  ['bedrock', { vendor: 'bedrock' }, /^\/model\/[^/?#\s]+\/converse$/],
  [
    'vertex',
    { vendor: 'vertex' },
    /^\/v1\/projects\/my-project\/locations\/us-central1\/(?:endpoints\/openapi\/chat\/completions|publishers\/[a-z]+\/models\/[^/?#\s]+:generateContent)$/,
  ],
  ['watsonx', { vendor: 'watsonx' }, /^\/ml\/v1\/text\/chat\?version=\d{4}-\d\d-\d\d$/],
  ['oci', { vendor: 'oci' }, /^\/20231130\/actions\/chat$/],
];
describe.each(PROVIDERS)('A069: a model is no path at %s', (_name, wanted, shape) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ ...wanted, sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const call = async (model: unknown): Promise<string> => {
    const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
    const got = await ask(bench.url, { path: '/openai/main/v1/chat/completions', headers, body: chat(model) });
    return `${got.status} ${codeOf(got)}`;
  };

  test.each(HOSTILE)('%j is unknown to the provider or refused, and goes nowhere else', async (model) => {
    expect(await call(model)).toMatch(/^(404 model_not_found|400 invalid_request)$/);
    for (const { target, headers } of bench.simulator.requests) {
      expect(target).toMatch(shape);
      expect(headers.map(([name]) => name.toLowerCase())).not.toContain('x-evil');
    }
  });
  test.each(['m'.repeat(10_240), 1, {}, [], true])('what is no name of a model is 400 (%#)', async (model) => {
    expect(await call(model)).toBe('400 invalid_request');
    expect(bench.simulator.requests).toEqual([]);
  });
});
