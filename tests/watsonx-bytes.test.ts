import { type CapturedRequest, ibmTokens, type Simulator, watsonxSimulator } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { clientOf, collected } from '../packages/simulators/test/watsonx-support.ts';
import { type Bench, DEPLOYMENT, openBench, PROVIDER_KEY } from './support/gateway.ts';

/** What one call of the vendor's SDK puts on the wire at watsonx.ai, straight and through the gateway. */
let bench: Bench;
let direct: Simulator;
const VERSION = '2025-04-23';
beforeAll(async () => {
  bench = await openBench({ vendor: 'watsonx', sections: { retry: { attempts: 1 } } });
  direct = await watsonxSimulator({ tokens: ibmTokens({ bearers: [PROVIDER_KEY] }), deployments: { [DEPLOYMENT]: 'ibm/granite-3-3-8b-instruct' } });
});
afterEach(() => {
  bench.simulator.clear();
  direct.clear();
});
afterAll(async () => {
  await bench.close();
  await direct.close();
});
type Client = ReturnType<typeof clientOf>;
const granite = 'ibm/granite-3-3-8b-instruct';
const project = { projectId: 'project-1' };
const messages = [{ role: 'user' as const, content: 'Hello' }];
const tools = [{ type: 'function', function: { name: 'sum', parameters: { type: 'object', properties: { a: { type: 'number' } } } } }];
const CALLS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  chat: (client) => client.textChat({ modelId: granite, ...project, messages, tools, toolChoiceOption: 'auto', temperature: 0.5, timeLimit: 9000 }),
  'a stream of chat': async (client) => collected(await client.textChatStream({ modelId: granite, ...project, messages, returnObject: true })),
  'chat of a deployment': (client) => client.deploymentsTextChat({ idOrName: DEPLOYMENT, messages, context: 'Today is Wednesday' }),
  'a stream of a deployment': async (client) => collected(await client.deploymentsTextChatStream({ idOrName: DEPLOYMENT, messages, returnObject: true })),
  generation: (client) => client.generateText({ modelId: granite, ...project, input: 'Hello', parameters: { max_new_tokens: 9 } }),
  'a stream of generation': async (client) => collected(await client.generateTextStream({ modelId: granite, ...project, input: 'Hello', returnObject: true })),
  embeddings: (client) => client.embedText({ modelId: 'ibm/slate-125m-english-rtrvr-v2', ...project, inputs: ['a', 'b'] }),
  rerank: (client) => client.textRerank({ modelId: 'cross-encoder/ms-marco-minilm-l-12-v2', ...project, query: 'q', inputs: [{ text: 'a' }] }),
  tokenization: (client) => client.tokenizeText({ modelId: granite, ...project, input: 'one two' }),
  'the list of models': (client) => client.listFoundationModelSpecs({ limit: 5, filters: 'function_text_chat' }),
};
const IGNORED = /^(host|authorization|connection|accept-encoding|user-agent|content-length|transfer-encoding)$/;
const sent = (request: CapturedRequest | undefined) => ({
  method: request?.method,
  target: request?.target,
  body: request?.body.toString('latin1'),
  headers: (request?.headers ?? [])
    .filter(([name]) => !IGNORED.test(name.toLowerCase()))
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .sort(),
});
/** Ids and times differ from answer to answer. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      key === 'headers' || /^(id|created|created_at|x-global-transaction-id)$/.test(key)
        ? undefined
        : typeof inner === 'string'
          ? inner.replaceAll(/http:\/\/[^/]+/g, '')
          : inner,
    ),
  );

describe('the vendor SDK with the gateway as its service URL', () => {
  test.each(Object.entries(CALLS))('%s: the same bytes reach watsonx.ai, and the same answer comes back', async (_name, call) => {
    const straight = await call(clientOf(direct.url, PROVIDER_KEY, VERSION));
    const through = await call(clientOf(`${bench.url}/transparent/main`, bench.key, VERSION));
    expect(sent(bench.simulator.requests.at(-1))).toEqual(sent(direct.requests.at(-1)));
    expect(plain(through)).toEqual(plain(straight));
    expect(bench.simulator.requests.at(-1)?.header('authorization')).toBe(`Bearer ${PROVIDER_KEY}`);
  });
});

const post = (path: string, body: object, key = bench.key): Promise<Response> =>
  fetch(`${bench.url}/transparent/main${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
describe('what transparent mode pins', () => {
  test('the version goes along where the client says none, and what it says is left alone', async () => {
    await post('/ml/v1/text/chat', { model_id: granite, project_id: 'project-1', messages });
    expect(bench.simulator.requests.at(-1)?.target).toBe('/ml/v1/text/chat?version=2026-08-05');
    await post('/ml/v1/text/chat?version=2024-01-29', { model_id: granite, project_id: 'project-1', messages });
    expect(bench.simulator.requests.at(-1)?.target).toBe('/ml/v1/text/chat?version=2024-01-29');
  });
  test.each([
    ['another project in the body', '/ml/v1/text/chat', { project_id: 'project-2' }],
    ['a space in the body', '/ml/v1/text/chat', { space_id: 'space-1' }],
    ['a project in the body of a deployment', `/ml/v1/deployments/${DEPLOYMENT}/text/chat`, { project_id: 'project-2' }],
    ['another project in the query', '/ml/v1/text/chat?project_id=project-2', { project_id: 'project-1' }],
    ['a stream of another project', '/ml/v1/text/chat_stream', { project_id: 'project-2' }],
  ])('%s is 403, in the shape of watsonx.ai, and nothing is sent', async (_name, path, account) => {
    const answer = await post(path, { model_id: granite, ...account, messages });
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([403, 'operation_not_allowed']);
    expect(await answer.json()).toMatchObject({ errors: [{ code: expect.any(String) }], status_code: 403 });
    expect(bench.simulator.requests).toHaveLength(0);
  });
  test('the project twice, or in what is no JSON, is refused', async () => {
    const raw = (body: string, type = 'application/json') =>
      fetch(`${bench.url}/transparent/main/ml/v1/text/chat`, { method: 'POST', headers: { authorization: `Bearer ${bench.key}`, 'content-type': type }, body });
    expect((await raw('{"model_id":"m","project_id":"project-1","project_id":"project-2"}')).status).toBe(400);
    expect((await raw('{"project_id":"project-2"}', 'text/plain')).status).toBe(415);
    expect((await raw('--x\r\n', 'multipart/form-data; boundary=x')).status).toBe(415);
    expect(bench.simulator.requests).toHaveLength(0);
  });
  test('headers that name another account do not go along', async () => {
    await fetch(`${bench.url}/transparent/main/ml/v1/text/tokenization`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'x-ibm-project-id': 'project-2', 'x-ibm-space-id': 'space-2' },
      body: JSON.stringify({ model_id: granite, project_id: 'project-1', input: 'x' }),
    });
    const request = bench.simulator.requests.at(-1);
    expect([request?.header('x-ibm-project-id'), request?.header('x-ibm-space-id')]).toEqual([undefined, undefined]);
  });
  test('an uploaded asset of somebody else is not found', async () => {
    const asset = [{ role: 'user', content: [{ type: 'image_url', data_asset: { id: 'asset-1' } }] }];
    const answer = await post('/ml/v1/text/chat', { model_id: granite, project_id: 'project-1', messages: asset });
    expect(answer.status).toBe(404);
    expect(bench.simulator.requests).toHaveLength(0);
  });
  test('a caller who may use certain models reaches no other, by model_id or as a deployment', async () => {
    const key = await bench.makeKey({ models: ['ibm/granite-4*', `deployment/${DEPLOYMENT}`] });
    expect((await post('/ml/v1/text/chat', { model_id: granite, project_id: 'project-1', messages }, key)).status).toBe(403);
    expect((await post('/ml/v1/text/chat', { model_id: 'ibm/granite-4-h-small', project_id: 'project-1', messages }, key)).status).toBe(200);
    expect((await post(`/ml/v1/deployments/${DEPLOYMENT}/text/chat`, { messages }, key)).status).toBe(200);
    expect((await post('/ml/v1/deployments/other/text/chat', { messages }, key)).status).toBe(403);
  });
  test('the usage of what passes is counted', async () => {
    const key = await bench.makeKey({ name: 'counted' });
    await (await post('/ml/v1/text/chat_stream', { model_id: granite, project_id: 'project-1', messages }, key)).text();
    const line = await bench.line(({ principal, inputTokens }) => principal === 'key:counted' && inputTokens !== undefined);
    expect([line.outputTokens, Number(line.inputTokens) > 0]).toEqual([3, true]);
  });
});
