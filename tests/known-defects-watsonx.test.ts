import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { payloads } from './support/answers.ts';
import { type Bench, DEPLOYMENT, openBench } from './support/gateway.ts';

// Each test is named after a defect that users reported of other gateways.
type Fields = Record<string, unknown>;
const granite = 'ibm/granite-3-3-8b-instruct';
const thinker = 'openai/gpt-oss-120b';
const tool = (name: string) => ({
  type: 'function',
  function: { name, strict: true, parameters: { type: 'object', properties: {}, additionalProperties: false } },
});
const user = (content: unknown) => ({ role: 'user', content });

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ vendor: 'watsonx', sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());
const post = (path: string, body: Fields): Promise<Response> =>
  fetch(`${bench.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const chat = (body: Fields = {}): Promise<Response> => post('/openai/main/v1/chat/completions', { model: granite, messages: [user('Hello')], ...body });
const ask = async (body: Fields = {}): Promise<{ status: number; json: Fields; fidelity: string }> => {
  const answer = await chat(body);
  return { status: answer.status, json: (await answer.json()) as Fields, fidelity: answer.headers.get('x-lpa-fidelity') ?? '' };
};
const sent = (): Fields => bench.simulator.requests.at(-1)?.json() as Fields;
const choice = (json: Fields): Fields => (json.choices as Fields[])[0] ?? {};
const message = (json: Fields): Fields => choice(json).message as Fields;
const deltas = (text: string): Fields[] => payloads(text).flatMap((chunk) => ((chunk as Fields).choices as Fields[]).map(({ delta }) => delta as Fields));

describe('OpenAI clients to watsonx.ai', () => {
  test.each(['none', 'auto', 'required'])('26. tool_choice %s is tool_choice_option, in no other spelling', async (mode) => {
    expect((await ask({ tools: [tool('get_time')], tool_choice: mode })).status).toBe(200);
    expect([sent().tool_choice_option, 'tool_choice' in sent(), 'tool_choice_options' in sent()]).toEqual([mode, false, false]);
  });
  test('26. a named tool is tool_choice, and never beside an option', async () => {
    const { json } = await ask({ tools: [tool('get_time'), tool('sum')], tool_choice: { type: 'function', function: { name: 'sum' } } });
    expect([sent().tool_choice, 'tool_choice_option' in sent()]).toEqual([{ type: 'function', function: { name: 'sum' } }, false]);
    expect((message(json).tool_calls as Fields[]).map(({ function: made }) => (made as Fields).name)).toEqual(['sum']);
  });
  test('27. reasoning is there in answers and in streams', async () => {
    const reasoning = { effort: 'low', summary: 'auto' };
    const whole = await post('/openai/main/v1/responses', { model: thinker, input: 'Hello', store: false, reasoning });
    expect(JSON.stringify(await whole.json())).toContain('The user wants an answer.');
    const stream = await post('/openai/main/v1/responses', { model: thinker, input: 'Hello', store: false, stream: true, reasoning });
    expect(await stream.text()).toContain('The user wants an answer.');
  });
  test('28. a plan that is used up is no failure of the credential, and is not repeated', async () => {
    bench.simulator.script({
      status: 403,
      body: { errors: [{ code: 'token_quota_reached', message: 'The quota of the plan has been reached' }], status_code: 403 },
    });
    const answer = await chat();
    expect([answer.status, answer.headers.get('x-should-retry'), answer.headers.get('x-lpa-code')]).toEqual([429, 'false', 'upstream_rate_limited']);
    expect((await answer.json()) as Fields).toMatchObject({ error: { type: 'insufficient_quota', code: 'insufficient_quota' } });
    expect(bench.simulator.requests).toHaveLength(1);
  });
  test('29. an answer without a limit is not cut at 1024 tokens', async () => {
    const { json } = await ask({ messages: [user('write 2000 words')] });
    expect([choice(json).finish_reason, String(message(json).content).endsWith('word2000'), sent().max_completion_tokens]).toEqual(['stop', true, 0]);
    await ask({ max_tokens: 5, messages: [user('write 9 words')] });
    expect([sent().max_completion_tokens, 'max_tokens' in sent()]).toEqual([5, false]);
  });
  test('30. the name of a call that streams is said once and never as an empty string', async () => {
    const text = await (await chat({ stream: true, tools: [tool('get_time')], messages: [user('call get_time with {"a":1}')] })).text();
    const made = deltas(text).flatMap((delta) => (delta.tool_calls ?? []) as Fields[]);
    const names = made.map(({ function: one }) => (one as Fields).name);
    expect(names.filter((name) => name !== undefined)).toEqual(['get_time']);
    expect(made.map(({ function: one }) => (one as Fields).arguments ?? '').join('')).toBe('{"a":1}');
  });
  test('an error that stands in a stream as it is keeps its class', async () => {
    const body = `${JSON.stringify({ errors: [{ code: 'rate_limit_reached_requests', message: 'slow down' }], status_code: 429 })}\n`;
    bench.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body });
    const answer = await chat({ stream: true });
    expect([answer.status, answer.headers.get('x-lpa-code'), await answer.json()]).toMatchObject([
      429,
      'upstream_rate_limited',
      { error: { message: 'slow down' } },
    ]);
  });
  test('the usage event goes only to those who asked for it, and its counts are those of the last event', async () => {
    expect((await (await chat({ stream: true })).text()).includes('"usage":{')).toBe(false);
    const chunks = payloads(await (await chat({ stream: true, stream_options: { include_usage: true } })).text()) as Fields[];
    expect(chunks.filter(({ usage }) => usage !== null && usage !== undefined)).toHaveLength(1);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 3 } });
  });
  test('developer is system, and what stands in parts is text where only text may stand', async () => {
    const parts = [
      { type: 'text', text: 'Be brief.' },
      { type: 'text', text: 'Be true.' },
    ];
    expect((await ask({ messages: [{ role: 'developer', content: parts }, { role: 'assistant', content: parts }, user('Hello')] })).status).toBe(200);
    expect((sent().messages as Fields[]).slice(0, 2)).toEqual([
      { role: 'system', content: 'Be brief.\n\nBe true.' },
      { role: 'assistant', content: 'Be brief.\n\nBe true.' },
    ]);
  });
  test('what watsonx.ai has no word for is left out and said, and it never hears of it', async () => {
    const { status, fidelity } = await ask({
      store: false,
      user: 'u',
      service_tier: 'flex',
      parallel_tool_calls: false,
      tools: [tool('sum')],
      verbosity: 'low',
      prediction: { type: 'content', content: 'x' },
    });
    expect(status).toBe(200);
    expect(Object.keys(sent()).sort()).toEqual(['max_completion_tokens', 'messages', 'model_id', 'project_id', 'tool_choice_option', 'tools']);
    for (const name of ['user', 'service_tier', 'parallel_tool_calls', 'verbosity', 'prediction', 'strict']) expect(fidelity).toContain(name);
  });
  test('a stop that is text goes as a list, and stream stands in no body', async () => {
    await (await chat({ stop: 'END', stream: true })).text();
    expect([sent().stop, 'stream' in sent(), 'stream_options' in sent()]).toEqual([['END'], false, false]);
  });
  test('what watsonx.ai alone has may be added to the body', async () => {
    const { json } = await ask({ guided_choice: ['red', 'blue'], time_limit: 9000, repetition_penalty: 1.1 });
    expect(message(json).content).toBe('red');
    expect(sent()).toMatchObject({ guided_choice: ['red', 'blue'], time_limit: 9000, repetition_penalty: 1.1 });
  });
  test('a deployment takes no model, no account and no system message', async () => {
    const { status, json } = await ask({ model: `deployment/${DEPLOYMENT}`, messages: [{ role: 'system', content: 'Be brief.' }, user('Hello')] });
    expect([status, message(json).content, json.model]).toEqual([200, 'You said: Hello', `deployment/${DEPLOYMENT}`]);
    expect(sent()).toEqual({ messages: [user('Hello')], context: 'Be brief.', max_completion_tokens: 0 });
    expect(bench.simulator.requests.at(-1)?.path).toBe(`/ml/v1/deployments/${DEPLOYMENT}/text/chat`);
  });
  test('a completion with a seed or a temperature that watsonx.ai refuses is made without or with the least, which is told', async () => {
    const answer = await post('/openai/main/v1/completions', { model: granite, prompt: 'Hello', seed: 0, temperature: 0.01 });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')?.split(',').toSorted()]).toEqual([
      200,
      ['clamped=temperature', 'defaulted=max_tokens', 'ignored=seed'],
    ]);
    expect(sent().parameters).toMatchObject({ decoding_method: 'sample', temperature: 0.05 });
  });
  test('completions, embeddings in base64 and rerank are what OpenAI’s and Cohere’s clients expect', async () => {
    const completion = (await (
      await post('/openai/main/v1/completions', { model: granite, prompt: 'Hello there', stop: 'lo', max_tokens: 20 })
    ).json()) as Fields;
    expect(choice(completion)).toMatchObject({ text: 'You said: Hel', finish_reason: 'stop' });
    const embedded = (await (
      await post('/openai/main/v1/embeddings', { model: 'ibm/slate-125m-english-rtrvr-v2', input: 'a', encoding_format: 'base64' })
    ).json()) as Fields;
    expect(Buffer.from(String((embedded.data as Fields[])[0]?.embedding), 'base64')).toHaveLength(64);
    const body = {
      model: 'cross-encoder/ms-marco-minilm-l-12-v2',
      query: 'red fish',
      documents: ['a blue bird', 'a red fish'],
      top_n: 1,
      return_documents: true,
    };
    const ranked = (await (await post('/openai/main/v1/rerank', body)).json()) as Fields;
    expect(ranked.results).toMatchObject([{ index: 1, document: { text: 'a red fish' } }]);
  });
  test('the context that is too long is said in OpenAI’s word for it', async () => {
    bench.simulator.script({
      status: 400,
      body: {
        errors: [{ code: 'invalid_input_argument', message: 'the number of input tokens 9 cannot exceed the max sequence length 8 for this model' }],
        status_code: 400,
      },
    });
    expect((await ask()).json).toMatchObject({ error: { code: 'context_length_exceeded' } });
  });
});

describe('Anthropic clients to watsonx.ai', () => {
  test('count tokens by the text, which the ledger says', async () => {
    const own = await openBench({ vendor: 'watsonx', plugins: ['@llm-proxy-auth/dialect-anthropic'] });
    const answer = await fetch(`${own.url}/anthropic/main/v1/messages/count_tokens`, {
      method: 'POST',
      headers: { 'x-api-key': own.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: granite, messages: [user('one two three')] }),
    });
    expect([answer.status, await answer.json(), answer.headers.get('x-lpa-fidelity')]).toEqual([200, { input_tokens: 3 }, expect.stringContaining('emulated')]);
    await own.close();
  });
});
