import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

// Text that looks like what this gateway issues has a body read and written again; at the client's own surface nothing of it is lost by that.
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ plugins: ['@llm-proxy-auth/dialect-anthropic'] });
});
afterAll(() => bench.close());
const said = { type: 'message', role: 'assistant', status: 'completed', id: 'msg_1' };
const cited = {
  ...said,
  content: [{ type: 'output_text', text: 'a', annotations: [{ type: 'url_citation', url: 'https://x', title: 't', start_index: 0, end_index: 1 }] }],
};
const CASES: readonly (readonly [string, string, object])[] = [
  ['an input that is one text', '/responses', { model: 'gpt-4o-mini', input: 'lpa1. is a prefix' }],
  ['an answer with annotations', '/responses', { model: 'gpt-4o-mini', input: [{ role: 'user', content: 'lpa1.' }, cited, { role: 'user', content: 'y' }] }],
  [
    'a function that was called the older way',
    '/chat/completions',
    {
      model: 'gpt-4o-mini',
      messages: [
        { role: 'user', content: 'lpa1.' },
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: 'r' },
      ],
      functions: [{ name: 'f', parameters: { type: 'object', properties: {} } }],
    },
  ],
];
describe.each(CASES)('%s', (_title, path, body) => {
  test.each(['', 'reject'])('is the same upstream, and nothing is told (x-lpa-fidelity: %s)', async (fidelity) => {
    const before = bench.simulator.requests.length;
    const answer = await fetch(`${bench.url}/openai/main/v1${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${bench.key}`,
        'content-type': 'application/json',
        ...(fidelity === '' ? {} : { 'x-lpa-fidelity': fidelity }),
      },
      body: JSON.stringify(body),
    });
    const sent = bench.simulator.requests.slice(before).map((r) => JSON.parse(r.body.toString()) as object);
    expect([answer.status, answer.headers.get('x-lpa-fidelity'), sent, await answer.text()]).toEqual([200, null, [body], expect.any(String)]);
  });
});
