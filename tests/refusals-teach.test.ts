import { exceptionFrame } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

type Fields = Record<string, unknown>;
const place = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const NO_SCHEMAS = { message: 'The model returned the following errors: output_config.format: Extra inputs are not permitted' };
const refusal = (body: object) => ({ status: 400, headers: { 'x-amzn-errortype': 'ValidationException', 'content-type': 'application/json' }, body });
const SONNET = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';

let bench: Bench;
let serial = 0;
beforeAll(async () => {
  bench = await openBench({ vendor: 'bedrock', sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());
const send = (path: string, body: object, key: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${bench.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const asked = (stream: boolean, model = SONNET) => ({
  model,
  messages: [{ role: 'user', content: 'Where?' }],
  response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: place } },
  ...(stream ? { stream } : {}),
});
/** What reached the provider of each request: how the answer was to follow its schema. */
const ways = (): readonly string[] =>
  bench.simulator.requests
    .filter(({ method }) => method === 'POST')
    .map((request) => {
      const { outputConfig, toolConfig, system } = request.json() as Fields;
      return outputConfig !== undefined ? 'native' : toolConfig !== undefined ? 'tool' : system !== undefined ? 'words' : 'nothing';
    });
const textOf = async (answer: Response, stream: boolean): Promise<string> => {
  if (!stream) return String(((await answer.json()) as { choices: { message: Fields }[] }).choices[0]?.message.content);
  const events = (await answer.text()).split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6)) as Fields] : []));
  return events.map((event) => (event.choices as { delta?: Fields }[])[0]?.delta?.content ?? '').join('');
};
const caller = (): Promise<string> => bench.makeKey({ name: `teach-${++serial}` });
const PATH = '/openai/main/v1/chat/completions';

describe.each([false, true])('a model that turns out to keep to no schema, streamed: %s', (stream) => {
  test('is asked once more, by a tool; then at once, of this caller alone', async () => {
    const key = await caller();
    bench.simulator.script(refusal(NO_SCHEMAS));
    const answer = await send(PATH, asked(stream), key);
    expect([answer.status, answer.headers.get('x-lpa-attempts')]).toEqual([200, '2']);
    if (!stream) expect(answer.headers.get('x-lpa-fidelity')).toContain('emulated=response_format');
    expect(JSON.parse(await textOf(answer, stream))).toEqual({ city: 'text' });
    expect(ways()).toEqual(['native', 'tool']);
    const next = await send(PATH, asked(stream), key);
    expect([JSON.parse(await textOf(next, stream)), next.headers.get('x-lpa-attempts'), ways()]).toEqual([{ city: 'text' }, '1', ['native', 'tool', 'tool']]);
    await textOf(await send(PATH, asked(stream), await caller()), stream);
    expect(ways().at(-1)).toBe('native');
  });
  test('that refuses a second time is told as it is', async () => {
    for (const _try of [1, 2]) bench.simulator.script(refusal(NO_SCHEMAS));
    const answer = await send(PATH, asked(stream), await caller());
    expect([answer.status, answer.headers.get('x-lpa-code'), ways()]).toEqual([400, 'upstream_rejected', ['native', 'tool']]);
  });
});
test('the first event of a stream may say so too', async () => {
  const headers = { 'content-type': 'application/vnd.amazon.eventstream' };
  bench.simulator.script({ headers, body: exceptionFrame('validationException', { message: "This model doesn't support the outputConfig field." }) });
  const answer = await send(PATH, asked(true), await caller());
  expect([JSON.parse(await textOf(answer, true)), ways()]).toEqual([{ city: 'text' }, ['native', 'tool']]);
});
test.each([
  'The value at outputConfig.textFormat.structure.jsonSchema.schema is not valid JSON.',
  'messages.0: Extra inputs are not permitted',
  'output_config.format.schema: For type object, additionalProperties must be explicitly set to false',
])('another refusal teaches nothing: %s', async (message) => {
  bench.simulator.script(refusal({ message }));
  const answer = await send(PATH, asked(false), await caller());
  expect([answer.status, ways()]).toEqual([400, ['native']]);
});
test('a model that turns out to be made to call no tool is asked in words', async () => {
  const key = await caller();
  bench.simulator.script(refusal({ message: "This model doesn't support the toolConfig.toolChoice.tool field. Remove it and try again." }));
  const answer = await send(PATH, asked(false, 'amazon.nova-lite-v1:0'), key);
  expect([answer.status, ways()]).toEqual([200, ['tool', 'words']]);
});
describe('a beta that a cloud refuses with the whole request', () => {
  const BETAS = 'interleaved-thinking-2025-05-14,context-management-2025-06-27,computer-use-2025-01-24';
  const body = { model: SONNET, max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] };
  const betas = () => bench.simulator.requests.filter(({ method }) => method === 'POST').map((request) => (request.json() as Fields).anthropic_beta);
  test.each<readonly [string, object, unknown]>([
    ['all of them are left out where nothing needs them', {}, undefined],
    ['those that a member needs stay', { context_management: { edits: [] } }, ['context-management-2025-06-27']],
  ])('%s', async (_what, more, left) => {
    bench.simulator.script(refusal({ message: 'invalid beta flag' }));
    const answer = await send('/anthropic/main/v1/messages', { ...body, ...more }, await caller(), {
      'anthropic-version': '2023-06-01',
      'anthropic-beta': BETAS,
    });
    expect([answer.status, betas()]).toEqual([200, [BETAS.split(','), left]]);
    expect(answer.headers.get('x-lpa-fidelity')).toContain('ignored=anthropic_beta');
  });
  test('without betas it is told as it is', async () => {
    bench.simulator.script(refusal({ message: 'invalid beta flag' }));
    const answer = await send('/anthropic/main/v1/messages', body, await caller(), { 'anthropic-version': '2023-06-01' });
    expect([answer.status, betas()]).toEqual([400, [undefined]]);
  });
});
