import {
  ApplyGuardrailCommand,
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  StartAsyncInvokeCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const NOVA = 'amazon.nova-lite-v1:0';
const TITAN = 'amazon.titan-embed-text-v2:0';
const messages = [{ role: 'user' as const, content: [{ text: 'Hello' }] }];
const body = JSON.stringify({ schemaVersion: 'messages-v1', messages });
const ours = { guardrailIdentifier: 'gr-ours', guardrailVersion: '3' };
const theirs = { guardrailIdentifier: 'gr-theirs', guardrailVersion: '3' };
const async = { modelId: NOVA, modelInput: {}, outputDataConfig: { s3OutputDataConfig: { s3Uri: 's3://bucket/x' } } };

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    vendor: 'bedrock',
    main: { aliases: true, guardrail: { id: 'gr-ours', version: '3' } },
    sections: {
      policies: [{ match: {}, allow: { classes: ['inference', 'models', 'stateful'] } }],
      models: [
        { name: 'vectors.small', targets: [{ instance: 'main', model: TITAN }] },
        { name: 'chat.small', targets: [{ instance: 'main', model: NOVA }] },
      ],
    },
  });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());
const client = () =>
  new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${bench.url}/transparent/main`,
    token: { token: bench.key },
    authSchemePreference: ['httpBearerAuth'],
    maxAttempts: 1,
  });
/** Status of a call of the AWS SDK, and how many requests reached AWS. */
const outcome = async (work: Promise<unknown>): Promise<readonly [status: unknown, reached: number]> => {
  const before = bench.simulator.requests.length;
  const status = await work.then(
    () => 200,
    (cause: { $metadata?: { httpStatusCode?: number } }) => cause.$metadata?.httpStatusCode,
  );
  return [status, bench.simulator.requests.length - before];
};
const SERVED = [200, 1];
const REFUSED = [403, 0];

describe('a guardrail of the instance binds the AWS SDK in transparent mode', () => {
  test.each([
    ['none', {}, REFUSED],
    ['another', { guardrailConfig: theirs }, REFUSED],
    ['another version', { guardrailConfig: { ...ours, guardrailVersion: '2' } }, REFUSED],
    ['itself with a trace', { guardrailConfig: { ...ours, trace: 'enabled' as const } }, REFUSED],
    ['itself', { guardrailConfig: ours }, SERVED],
  ])('Converse naming %s', async (_name, more, expected) => {
    const aws = client();
    for (const modelId of [NOVA, 'chat.small']) {
      expect(await outcome(aws.send(new ConverseCommand({ modelId, messages, ...more })))).toEqual(expected);
      expect(await outcome(aws.send(new ConverseStreamCommand({ modelId, messages, ...more })))).toEqual(expected);
    }
    if (expected === SERVED) expect(bench.simulator.requests.at(-1)?.json()).toEqual({ messages, guardrailConfig: ours });
  });
  test('Converse naming itself and looking past it', async () => {
    const aws = client();
    const ahead = { ...ours, streamProcessingMode: 'async' as const };
    expect(await outcome(aws.send(new ConverseStreamCommand({ modelId: NOVA, messages, guardrailConfig: ahead })))).toEqual(REFUSED);
    const marked = [{ role: 'user' as const, content: [{ text: 'Hello' }, { guardContent: { text: { text: 'harmless' } } }] }];
    expect(await outcome(aws.send(new ConverseCommand({ modelId: NOVA, messages: marked, guardrailConfig: ours })))).toEqual(REFUSED);
  });
  test.each([
    ['none', {}, REFUSED],
    ['another', theirs, REFUSED],
    ['itself', ours, SERVED],
  ])('InvokeModel naming %s', async (_name, more, expected) => {
    const aws = client();
    for (const modelId of [NOVA, 'chat.small']) {
      expect(await outcome(aws.send(new InvokeModelCommand({ modelId, body, contentType: 'application/json', ...more })))).toEqual(expected);
      expect(await outcome(aws.send(new InvokeModelWithResponseStreamCommand({ modelId, body, contentType: 'application/json', ...more })))).toEqual(expected);
    }
  });
  test('vectors and the guardrail alone go through, a job without one does not', async () => {
    const aws = client();
    for (const modelId of [TITAN, 'vectors.small'])
      expect(await outcome(aws.send(new InvokeModelCommand({ modelId, body: '{"inputText":"a"}', contentType: 'application/json' })))).toEqual(SERVED);
    const apply = new ApplyGuardrailCommand({ ...theirs, source: 'INPUT', content: [{ text: { text: 'a' } }] });
    expect(await outcome(aws.send(apply))).toEqual(SERVED);
    expect(await outcome(aws.send(new StartAsyncInvokeCommand(async)))).toEqual(REFUSED);
  });
  test('the body and the envelope of raw clients are read like everybody reads them', async () => {
    const post = async (path: string, text: string, headers: Record<string, string> = {}) => {
      const before = bench.simulator.requests.length;
      const answer = await fetch(`${bench.url}${path}`, {
        method: 'POST',
        headers: { 'x-api-key': bench.key, 'content-type': 'application/json', ...headers },
        ...(text === '' ? {} : { body: text }),
      });
      await answer.text();
      return [answer.status, answer.headers.get('x-lpa-code'), bench.simulator.requests.length - before];
    };
    const converse = `/transparent/main/model/${encodeURIComponent(NOVA)}/converse`;
    const config = JSON.stringify(ours);
    const denied = [403, 'operation_not_allowed', 0];
    expect(await post(converse, `{"messages":${JSON.stringify(messages)},"guardrailConfig":${config}}`)).toEqual([200, null, 1]);
    expect(await post(converse, `{"messages":${JSON.stringify(messages)},"guardrailConfig":${config},"guardrailConfig":null}`)).toEqual([
      400,
      'invalid_request',
      0,
    ]);
    expect(await post(converse, `{"messages":[],"x":{"guardrailConfig":${config}}}`)).toEqual(denied);
    expect(await post(converse, '')).toEqual(denied);
    expect(await post(converse, config, { 'content-encoding': 'gzip' })).toEqual([415, 'unsupported_media_type', 0]);
    const envelope = (more: object) => JSON.stringify({ modelId: NOVA, body: { schemaVersion: 'messages-v1', messages }, ...more });
    expect(await post('/v1/bedrock/invoke-model', envelope({}))).toEqual(denied);
    expect(await post('/v1/bedrock/invoke-model', envelope(theirs))).toEqual(denied);
    expect(await post('/v1/bedrock/invoke-model', envelope(ours))).toEqual([200, null, 1]);
    expect(await post(`/model/${encodeURIComponent(NOVA)}/invoke`, body)).toEqual(denied);
  });
});

describe('a guardrail of the instance binds clients of protocol mode', () => {
  const marked = [{ text: 'trip the filter' }, { guardContent: { text: { text: 'harmless' } } }];
  const weak = { ...theirs, streamProcessingMode: 'async', trace: 'enabled' };
  const ask = async (headers: Record<string, string> = {}) => {
    const before = bench.simulator.requests.length;
    const answer = await fetch(`${bench.url}/converse/main/model/${encodeURIComponent(NOVA)}/converse-stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ messages: [{ role: 'user', content: marked }], system: marked.slice(1), guardrailConfig: weak }),
    });
    await answer.arrayBuffer();
    return { answer, reached: bench.simulator.requests.length - before };
  };
  test('it sees everything, before the client does, and the ledger says what of the request was left out', async () => {
    const { answer } = await ask();
    expect(answer.headers.get('x-lpa-fidelity')).toBe('ignored=messages[].content[].guardContent,ignored=guardrailConfig');
    expect(bench.simulator.requests.at(-1)?.json()).toEqual({
      messages: [{ role: 'user', content: [{ text: 'trip the filter' }, { text: 'harmless' }] }],
      system: [{ text: 'harmless' }],
      guardrailConfig: ours,
    });
  });
  test('a client that wants nothing left out is refused', async () => {
    const { answer, reached } = await ask({ 'x-lpa-fidelity': 'reject' });
    expect([answer.status, answer.headers.get('x-lpa-code'), reached]).toEqual([400, 'unsupported_parameter', 0]);
  });
  test('Claude’s own API says nothing of it in its body', async () => {
    const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
    const asked = { model: claude, max_tokens: 5, messages: [{ role: 'user', content: 'x' }], 'amazon-bedrock-guardrailConfig': { tagSuffix: 'x' } };
    const answer = await fetch(`${bench.url}/anthropic/main/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': bench.key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, 'ignored=amazon-bedrock-guardrailConfig']);
    expect(bench.simulator.requests.at(-1)?.json()).not.toHaveProperty('amazon-bedrock-guardrailConfig');
  });
  test.each([
    ['chat', '/chat/completions', { messages: [{ role: 'user', content: 'x' }] }],
    ['responses', '/responses', { input: 'x' }],
  ])('OpenAI’s own API says nothing of it in its body: %s', async (_surface, path, more) => {
    const asked = { model: 'openai.gpt-oss-20b-1:0', ...more, 'amazon-bedrock-guardrailConfig': { streamProcessingMode: 'ASYNCHRONOUS' } };
    const answer = await fetch(`${bench.url}/openai/main/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    expect(answer.headers.get('x-lpa-fidelity')?.split(',')).toContain('ignored=amazon-bedrock-guardrailConfig');
    expect(bench.simulator.requests.at(-1)?.json()).not.toHaveProperty('amazon-bedrock-guardrailConfig');
    expect(bench.simulator.requests.at(-1)?.header('x-amzn-bedrock-guardrailidentifier')).toBe('gr-ours');
  });
});
