import { ociErrorEvent } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { payloads } from './support/answers.ts';
import { type Bench, COMPARTMENT, OCI_ENDPOINT, openBench, PROVIDER_KEY, VENDORS } from './support/gateway.ts';

// Each test is named after a defect that users reported of other gateways, or that stands in their code.
type Fields = Record<string, unknown>;
const LLAMA = 'meta.llama-3.3-70b-instruct';
const COMMAND = 'cohere.command-r-08-2024';
const GPT_OSS = 'openai.gpt-oss-120b';
const GEMINI = 'google.gemini-2.5-flash';
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tool = (name: string) => ({ type: 'function', function: { name, parameters } });
const call = (id: string, name: string, input = '{"city":"Oslo"}') => ({ id, type: 'function', function: { name, arguments: input } });
const user = (content: unknown) => ({ role: 'user', content });

let bench: Bench;
beforeAll(async () => {
  const command = (baseUrl: string) => ({ provider: 'oci', baseUrl, insecureUpstream: true, ...VENDORS.oci.access, apiFormat: 'COHERE' });
  const keyed = (baseUrl: string) => ({ provider: 'oci', baseUrl, insecureUpstream: true, region: 'us-chicago-1', apiKey: PROVIDER_KEY });
  bench = await openBench({ vendor: 'oci', sections: { retry: { attempts: 1 } }, instances: (url) => ({ command: command(url), keyed: keyed(url) }) });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());
const chat = (body: Fields = {}, instance = 'main'): Promise<Response> =>
  fetch(`${bench.url}/openai/${instance}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: LLAMA, messages: [user('Hello')], ...body }),
  });
const ask = async (body: Fields = {}, instance?: string): Promise<{ status: number; json: Fields; fidelity: string; code: string | null }> => {
  const answer = await chat(body, instance);
  return {
    status: answer.status,
    json: (await answer.json()) as Fields,
    fidelity: answer.headers.get('x-lpa-fidelity') ?? '',
    code: answer.headers.get('x-lpa-code'),
  };
};
const choice = (json: Fields): Fields => (json.choices as Fields[])[0] ?? {};
const message = (json: Fields): Fields => choice(json).message as Fields;
const sent = (): Fields => bench.simulator.requests.findLast(({ method }) => method === 'POST')?.json() as Fields;
const request = (): Fields => sent().chatRequest as Fields;
const deltas = (chunks: readonly Fields[]): readonly Fields[] => chunks.flatMap((chunk) => (chunk.choices as Fields[]).map((one) => one.delta as Fields));

describe('tool calls', () => {
  test('calls of the history and ids of results are sent, with the text beside them', async () => {
    const messages = [
      user('go'),
      { role: 'assistant', content: 'I will.', tool_calls: [call('a', 'get_weather')] },
      { role: 'tool', tool_call_id: 'a', content: 'snow' },
    ];
    const { json } = await ask({ messages, tools: [tool('get_weather')] });
    expect(message(json).content).toBe('The tool said: snow');
    expect((request().messages as Fields[]).slice(1)).toEqual([
      {
        role: 'ASSISTANT',
        content: [{ type: 'TEXT', text: 'I will.' }],
        toolCalls: [{ type: 'FUNCTION', id: 'a', name: 'get_weather', arguments: '{"city":"Oslo"}' }],
      },
      { role: 'TOOL', toolCallId: 'a', content: [{ type: 'TEXT', text: 'snow' }] },
    ]);
  });
  test('31. fragments with a new random id each are one call', async () => {
    const text = await (await chat({ model: GPT_OSS, messages: [user('call get_weather')], tools: [tool('get_weather')], stream: true })).text();
    const calls = deltas(payloads(text) as Fields[]).flatMap((delta) => (delta.tool_calls ?? []) as Fields[]);
    expect(new Set(calls.map(({ index }) => index)).size).toBe(1);
    expect(calls.flatMap(({ id }) => id ?? []).length).toBe(1);
    expect(calls.map((one) => (one.function as Fields).arguments ?? '').join('')).toBe('{"city":"text"}');
    expect(text).toContain('"finish_reason":"tool_calls"');
  });
  test('34. calls of Gemini without ids get some, and parallel calls are switched off', async () => {
    const { json } = await ask({ model: GEMINI, messages: [user('call get_weather and get_time')], tools: [tool('get_weather'), tool('get_time')] });
    const calls = message(json).tool_calls as Fields[];
    expect([calls.length, request().isParallelToolCalls]).toEqual([1, false]);
    const after = [user('call get_weather'), message(json), { role: 'tool', tool_call_id: calls[0]?.id, content: 'snow' }];
    expect(message((await ask({ model: GEMINI, messages: after, tools: [tool('get_weather')] })).json).content).toBe('The tool said: snow');
  });
  test('34. parallel calls of the past stand one after the other for Gemini, each with its result, in whatever order they came', async () => {
    const result = (id: string, content: string) => ({ role: 'tool', tool_call_id: id, content });
    const history = [
      user('go'),
      { role: 'assistant', content: 'Both.', tool_calls: [call('a', 'get_weather'), call('b', 'get_time')] },
      result('b', 'noon'),
      result('a', 'snow'),
      { role: 'assistant', content: null, tool_calls: [call('c', 'get_time')] },
      result('c', 'one'),
    ];
    const { status, fidelity } = await ask({ model: GEMINI, messages: history, tools: [tool('get_weather'), tool('get_time')] });
    expect([status, fidelity.includes('emulated=messages[].content')]).toEqual([200, true]);
    const said = (text: string) => [{ type: 'TEXT', text }];
    const made = (id: string) => [expect.objectContaining({ id })];
    expect((request().messages as Fields[]).slice(1)).toEqual([
      { role: 'ASSISTANT', content: said('Both.'), toolCalls: made('a') },
      { role: 'TOOL', toolCallId: 'a', content: said('snow') },
      { role: 'ASSISTANT', content: said('.'), toolCalls: made('b') },
      { role: 'TOOL', toolCallId: 'b', content: said('noon') },
      { role: 'ASSISTANT', content: said('.'), toolCalls: made('c') },
      { role: 'TOOL', toolCallId: 'c', content: said('one') },
    ]);
  });
  test('a reason to stop beside calls is the reason of calls', async () => {
    const calls = [{ type: 'FUNCTION', id: 'x', name: 'get_weather', arguments: '{}' }];
    const choices = [{ index: 0, message: { role: 'ASSISTANT', content: null, toolCalls: calls }, finishReason: 'stop' }];
    bench.simulator.script({
      body: { modelId: LLAMA, modelVersion: '1', chatResponse: { apiFormat: 'GENERIC', timeCreated: '2026-01-01T00:00:00Z', choices } },
    });
    expect(choice((await ask({ tools: [tool('get_weather')] })).json)).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
  });
  test('the same question to Command gets calls with ids that do not change', async () => {
    const body = { model: COMMAND, messages: [user('call get_weather')], tools: [tool('get_weather')] };
    const whole = ((message((await ask(body)).json).tool_calls ?? []) as Fields[])[0];
    expect(whole).toMatchObject({ id: expect.stringMatching(/^call_[0-9a-f]{24}$/), function: { name: 'get_weather' } });
  });
});

describe('names of tools that the service does not take', () => {
  const LONG = `mcp__chrome-devtools__${'x'.repeat(80)}`;
  const VISION = 'cohere.command-a-vision-07-2025';
  test.each([
    [LLAMA, LONG, /^mcp__chrome-devtools__x{35}_[0-9a-f]{6}$/],
    [LLAMA, 'read.file', /^read_file_[0-9a-f]{6}$/],
    [GEMINI, '2fa', /^_2fa_[0-9a-f]{6}$/],
    [VISION, 'get-weather', /^get_weather_[0-9a-f]{6}$/],
    [COMMAND, 'get-weather', /^get_weather$/],
  ])('%s gets another for %s, and the client its own back', async (model, name, sentAs) => {
    const asked = { model, tools: [tool(name)] };
    const first = [
      user(`call get_weather`),
      { role: 'assistant', content: null, tool_calls: [call('a', name)] },
      { role: 'tool', tool_call_id: 'a', content: 'snow' },
    ];
    expect((await ask({ ...asked, messages: first })).json).toMatchObject({ choices: [{ message: { content: 'The tool said: snow' } }] });
    const toolSent = (request().tools as Fields[])[0] ?? {};
    const short = String(toolSent.name ?? (toolSent.function as Fields).name);
    expect(short).toMatch(sentAs);
    expect(JSON.stringify(request())).not.toContain(`"${name}"`);
    const again = { ...asked, messages: [user(`call ${short}`)] };
    const { json, fidelity } = await ask(again);
    expect(message(json).tool_calls).toMatchObject([{ function: { name } }]);
    expect(fidelity).toContain('emulated=tools[].function.name');
    const text = await (await chat({ ...again, stream: true })).text();
    const calls = deltas(payloads(text) as Fields[]).flatMap((delta) => (delta.tool_calls ?? []) as Fields[]);
    expect(calls.flatMap((one) => (one.function as Fields).name ?? [])).toEqual([name]);
  });
});

describe('the format COHERE', () => {
  test('32. what the last event repeats is not said twice', async () => {
    const text = await (await chat({ model: COMMAND, stream: true })).text();
    expect(
      deltas(payloads(text) as Fields[])
        .map(({ content }) => content ?? '')
        .join(''),
    ).toBe('You said: Hello');
  });
  test('results stand beside an empty message, not behind a question that is asked again', async () => {
    const messages = [
      user('weather?'),
      { role: 'assistant', content: null, tool_calls: [call('a', 'get_weather')] },
      { role: 'tool', tool_call_id: 'a', content: 'snow' },
    ];
    expect(message((await ask({ model: COMMAND, messages, tools: [tool('get_weather')] })).json).content).toBe('The tool said: snow');
    expect([request().message, (request().chatHistory as Fields[]).map(({ role }) => role)]).toEqual(['', ['USER', 'CHATBOT']]);
  });
  test('a poisonous answer is filtered, and one that failed is an error: neither is a clean stop', async () => {
    expect(choice((await ask({ model: COMMAND, messages: [user('trip the filter')] })).json).finish_reason).toBe('content_filter');
    const why = { finishReason: 'ERROR', errorMessage: 'broken at ocid1.tenancy.oc1..aaaa' };
    const told = { status: 502, code: 'upstream_bad_response', json: { error: { message: 'broken at [redacted]' } } };
    for (const text of ['', null]) {
      bench.simulator.script({ body: { modelId: COMMAND, modelVersion: '1', chatResponse: { apiFormat: 'COHERE', text, ...why } } });
      expect(await ask({ model: COMMAND })).toMatchObject(told);
    }
    const ending = `data: ${JSON.stringify({ apiFormat: 'COHERE', chatHistory: [], ...why })}\n\n`;
    bench.simulator.script({ body: ending, headers: { 'content-type': 'text/event-stream' } });
    expect(await ask({ model: COMMAND, stream: true })).toMatchObject(told);
  });
  test('pictures go to the format that has them, and are refused where there is none', async () => {
    const picture = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }];
    expect(await ask({ model: COMMAND, messages: [user(picture)] })).toMatchObject({ status: 400 });
    expect((await ask({ model: 'cohere.command-a-vision-07-2025', messages: [user(picture)] })).status).toBe(200);
    expect(request()).toMatchObject({ apiFormat: 'COHEREV2', messages: [{ content: [{ type: 'IMAGE_URL' }] }] });
  });
});

describe('requests', () => {
  test('33. a limit is always sent, under the name that the model takes', async () => {
    expect(choice((await ask({ messages: [user('write 90 words')] })).json).finish_reason).toBe('stop');
    expect(request().maxTokens).toBe(4000);
    expect(choice((await ask({ model: 'openai.gpt-5', messages: [user('write 90 words')] })).json).finish_reason).toBe('stop');
    expect([request().maxTokens, request().maxCompletionTokens]).toEqual([undefined, 16_384]);
    await ask({ model: 'openai.gpt-5', max_tokens: 90 });
    expect([request().maxTokens, request().maxCompletionTokens]).toEqual([undefined, 90]);
  });
  test('a model that is an endpoint is served by the endpoint', async () => {
    const { json } = await ask({ model: OCI_ENDPOINT }, 'command');
    expect([message(json).content, sent().servingMode]).toEqual(['You said: Hello', { servingType: 'DEDICATED', endpointId: OCI_ENDPOINT }]);
    // Which format it is served in, an endpoint does not say.
    expect(await ask({ model: OCI_ENDPOINT })).toMatchObject({ status: 400, json: { error: { message: 'Chat request type does not match serving model' } } });
  });
  test('all parts of a message are sent, developer messages too', async () => {
    await ask({
      messages: [
        { role: 'developer', content: 'Be kind.' },
        user([
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ]),
      ],
    });
    expect(request().messages).toEqual([
      { role: 'SYSTEM', content: [{ type: 'TEXT', text: 'Be kind.' }] },
      { role: 'USER', content: ['one', 'two'].map((text) => ({ type: 'TEXT', text })) },
    ]);
  });
  test('no member goes along that the service does not know, whatever a client sends', async () => {
    const body = {
      verbosity: 'wordy',
      metadata: { nested: {} },
      prediction: { type: 'content', content: [{}] },
      store: false,
      safety_identifier: 's',
      x_own: 1,
    };
    const { status, fidelity } = await ask(body);
    expect(status).toBe(200);
    for (const name of ['verbosity', 'metadata', 'prediction', 'safety_identifier', 'x_own']) expect(fidelity).toContain(`ignored=${name}`);
    expect(Object.keys(request()).toSorted()).toEqual(['apiFormat', 'maxTokens', 'messages']);
    expect(Object.keys(sent()).toSorted()).toEqual(['chatRequest', 'compartmentId', 'servingMode']);
    expect(sent().compartmentId).toBe(COMPARTMENT);
  });
  test('what steers an answer is said in the words of the service', async () => {
    const approximate = { city: 'Oslo', country: 'NO', timezone: 'Europe/Oslo' };
    const { status, fidelity } = await ask({
      max_tokens: 9,
      verbosity: 'high',
      metadata: { team: 'a' },
      prediction: {
        type: 'content',
        content: [
          { type: 'text', text: 'You ' },
          { type: 'text', text: 'said' },
        ],
      },
      web_search_options: { search_context_size: 'low', user_location: { type: 'approximate', approximate } },
    });
    expect([status, fidelity]).toEqual([200, '']);
    expect(request()).toMatchObject({
      verbosity: 'HIGH',
      metadata: { team: 'a' },
      prediction: { type: 'CONTENT', content: [{ type: 'TEXT', text: 'You said' }] },
      webSearchOptions: { searchContextSize: 'LOW', userLocation: approximate },
    });
  });
  test('probabilities are asked for by number, and answered in the form of the client', async () => {
    const { json } = await ask({ logprobs: true, top_logprobs: 1 });
    expect(request().logProbs).toBe(1);
    expect((choice(json).logprobs as { content: Fields[] }).content[0]).toMatchObject({ token: 'You', logprob: -0.25, top_logprobs: [{ token: 'You' }] });
  });
});

describe('answers', () => {
  test('36, 37. events without blank lines are read one by one, and filler reaches nobody', async () => {
    bench.simulator.script({ rechunk: { size: 7 } });
    const text = await (await chat({ messages: [user('write 9 words')], stream: true, stream_options: { include_usage: true } })).text();
    const chunks = payloads(text) as Fields[];
    expect(
      deltas(chunks)
        .map(({ content }) => content ?? '')
        .join(''),
    ).toBe('word1 word2 word3 word4 word5 word6 word7 word8 word9');
    expect([text.includes('"pad"'), chunks.filter(({ usage }) => usage !== undefined && usage !== null).length]).toEqual([false, 1]);
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  });
  test('usage is not told where nobody asked, and counted all the same', async () => {
    const text = await (await chat({ stream: true })).text();
    expect(text).not.toContain('"prompt_tokens"');
    expect((request().streamOptions as Fields).isIncludeUsage).toBe(true);
  });
  test('usage that OCI does not count is not made up: no chunk in a stream, no member of an answer, and it is told', async () => {
    const finish = 'data: {"index":0,"message":{"role":"ASSISTANT","content":[{"type":"TEXT","text":"Hi"}]}}\n\ndata: {"finishReason":"stop"}\n\n';
    bench.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body: finish });
    const chunks = payloads(await (await chat({ stream: true, stream_options: { include_usage: true } })).text()) as Fields[];
    expect(chunks.map(({ usage }) => usage)).toEqual([null, null, null]);
    expect(chunks.every(({ choices }) => (choices as unknown[]).length === 1)).toBe(true);
    const choices = [{ index: 0, message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'Hi' }] }, finishReason: 'stop' }];
    bench.simulator.script({
      body: { modelId: LLAMA, modelVersion: '1', chatResponse: { apiFormat: 'GENERIC', timeCreated: '2026-01-01T00:00:00Z', choices } },
    });
    const { json, fidelity } = await ask();
    expect(['usage' in json, fidelity]).toEqual([false, expect.stringContaining('ignored=usage')]);
  });
  test('an error inside the stream is an error: no reason, no [DONE]', async () => {
    bench.simulator.script({ endWith: { after: 3, frame: ociErrorEvent(500) }, delayChunk: 10 });
    const text = await (await chat({ messages: [user('write 9 words')], stream: true })).text();
    expect([text.includes('[DONE]'), /"finish_reason":"/.test(text)]).toEqual([false, false]);
    expect(payloads(text).at(-1)).toMatchObject({ error: { message: 'Internal server error.' } });
  });
  test('an error that stands in a stream as it is, in front of the words or behind them, keeps its class', async () => {
    const error = '{"code":"429","message":"slow down"}\n';
    const words = 'data: {"index":0,"message":{"role":"ASSISTANT","content":[{"type":"TEXT","text":"Hi"}]}}\n\n';
    const headers = { 'content-type': 'text/event-stream' };
    bench.simulator.script({ headers, body: error });
    expect(await ask({ stream: true })).toMatchObject({ status: 429, code: 'upstream_rate_limited', json: { error: { message: 'slow down' } } });
    bench.simulator.script({ headers, body: `${words}${error}` });
    expect(payloads(await (await chat({ stream: true })).text()).at(-1)).toMatchObject({ error: { message: 'slow down' } });
  });
  test('a stream that is cut is no clean end', async () => {
    bench.simulator.script({ cut: { at: 500, how: 'fin' } });
    const text = await (await chat({ messages: [user('write 40 words')], stream: true })).text();
    expect([text.includes('[DONE]'), /"finish_reason":"/.test(text)]).toEqual([false, false]);
  });
  test('a model that cannot be had is 404 with a hint, and our own credential is 502', async () => {
    bench.simulator.script({ status: 404 });
    const missing = await ask();
    expect([missing.status, (missing.json.error as Fields).code]).toEqual([404, 'model_not_found']);
    expect((missing.json.error as Fields).message).toContain('policy');
    bench.simulator.script({ status: 401 });
    expect(await ask()).toMatchObject({ status: 502, code: 'upstream_auth_failed' });
  });
  test('an error of Google’s inside an error of OCI’s is told in its own words', async () => {
    const message = JSON.stringify({ error: { code: 400, message: 'function response parts', status: 'INVALID_ARGUMENT' } });
    bench.simulator.script({ status: 400, body: { code: '400', message } });
    expect(((await ask()).json.error as Fields).message).toBe('function response parts');
  });
  test('a token that failed is not told as a stop, and null content is no text', async () => {
    bench.simulator.script({
      body: {
        modelId: LLAMA,
        modelVersion: '1',
        chatResponse: {
          apiFormat: 'GENERIC',
          choices: [{ index: 0, message: { role: 'ASSISTANT', content: [{ type: 'TEXT' }] }, finishReason: 'max_tokens' }],
        },
      },
    });
    expect(choice((await ask()).json).finish_reason).toBe('length');
  });
});

describe('embeddings and rerank', () => {
  const post = async (path: string, body: Fields): Promise<{ status: number; json: Fields }> => {
    const answer = await fetch(`${bench.url}/openai/main/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, json: (await answer.json()) as Fields };
  };
  test('more texts than the service takes at once are several calls and one answer', async () => {
    const { json } = await post('embeddings', { model: 'cohere.embed-v4.0', input: Array.from({ length: 100 }, (_, i) => `t${i}`), dimensions: 256 });
    const data = json.data as { index: number; embedding: number[] }[];
    expect([data.length, data[99]?.index, data[0]?.embedding.length]).toEqual([100, 99, 256]);
    expect(bench.simulator.requests.map((one) => (one.json() as { inputs: unknown[] }).inputs.length)).toEqual([96, 4]);
  });
  test('legacy completions and responses are chats there', async () => {
    const { json } = await post('completions', { model: LLAMA, prompt: 'Hello', max_tokens: 50 });
    expect((json.choices as Fields[])[0]).toMatchObject({ text: 'You said: Hello', finish_reason: 'stop' });
    const answer = (await post('responses', { model: COMMAND, input: 'Hello' })).json;
    expect(answer).toMatchObject({ status: 'completed', output: [{ type: 'message', content: [{ text: 'You said: Hello' }] }] });
    expect(request().apiFormat).toBe('COHERE');
  });
  test('documents are put in order', async () => {
    const { status, json } = await post('rerank', { model: 'cohere.rerank-v3.5', query: 'what is snow', documents: ['rain', 'snow is white'], top_n: 1 });
    expect([status, (json.results as Fields[]).map(({ index }) => index)]).toEqual([200, [1]]);
  });
  test('models are listed over all pages, by the names that calls take', async () => {
    const answer = await fetch(`${bench.url}/openai/main/v1/models`, { headers: { authorization: `Bearer ${bench.key}` } });
    const ids = ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
    expect([ids.includes(LLAMA), ids.includes('cohere.rerank-v3.5')]).toEqual([true, true]);
  });
  test('an API key lists what it reaches, in both modes', async () => {
    const list = async (path: string, key = bench.key) => {
      const answer = await fetch(`${bench.url}/${path}`, { headers: { authorization: `Bearer ${key}` } });
      return [answer.status, ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id)];
    };
    const served = [200, ['openai.gpt-oss-120b', 'openai.gpt-oss-20b', LLAMA, 'xai.grok-4']];
    expect([await list('openai/keyed/v1/models'), await list('transparent/keyed/openai/v1/models')]).toEqual([served, served]);
    expect(await list('openai/keyed/v1/models', await bench.makeKey({ models: ['xai.*'] }))).toEqual([200, ['xai.grok-4']]);
  });
});
