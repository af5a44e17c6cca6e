import { createHash } from 'node:crypto';
import { connect } from 'node:http2';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  ThrottlingException,
} from '@aws-sdk/client-bedrock-runtime';
import { type BedrockSimulator, exceptionFrame, recordedBytes, recordedPath, recordings } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BEDROCK_PROFILE, type Bench, openBench } from './support/gateway.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const ARN = `arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/${BEDROCK_PROFILE}`;
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const messages = [{ role: 'user' as const, content: [{ text: 'write 40 words' }] }];
const native = recordings({ provider: 'bedrock' }).filter(
  ({ operation, response, file }) => !/^(chat\/completions|responses)$/.test(operation) && response.status === 200 && !file.includes('what-is-212'),
);

type Wire = { readonly status: number; readonly type: string; readonly body: Buffer };

/** One request over HTTP/2 as the AWS SDK makes it, with the bytes of the answer as they came. */
const overSecond = (url: string, key: string, path: string, body: Buffer): Promise<Wire> =>
  new Promise((done, fail) => {
    const session = connect(url);
    session.on('error', fail);
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json', authorization: `Bearer ${key}` });
    const pieces: Buffer[] = [];
    let head: Record<string, unknown> = {};
    stream.on('response', (headers) => {
      head = headers;
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('end', () => {
      session.close();
      done({ status: Number(head[':status']), type: String(head['content-type']), body: Buffer.concat(pieces) });
    });
    stream.on('error', fail);
    stream.end(body);
  });
const overFirst = async (url: string, key: string, path: string, body: Buffer): Promise<Wire> => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const answer = await fetch(url + path, { method: 'POST', headers, body: new Uint8Array(body) });
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', body: Buffer.from(await answer.arrayBuffer()) };
};

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ vendor: 'bedrock', sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

describe.each([
  ['HTTP/2', overSecond],
  ['HTTP/1.1', overFirst],
])('bytes of Bedrock in transparent mode over %s', (_version, ask) => {
  test.each(native.map((one) => [one.file, one] as const))('%s: the same up and down', async (_file, one) => {
    bench.simulator.replay(one);
    // Odd spacing, so that anything written anew would differ.
    const body = Buffer.from(JSON.stringify(one.request.body ?? { messages }, undefined, 3));
    const { body: got, status } = await ask(bench.url, bench.key, `/transparent/main${recordedPath(one)}`, body);
    const arrived = bench.simulator.requests.at(-1);
    expect([status, arrived?.sha256]).toEqual([200, sha256(body)]);
    const expected = recordedBytes(one);
    expect([got.length, sha256(got)]).toEqual([expected.length, sha256(expected)]);
  });

  // The simulator signs what it is sent once more, by a path whose segments are encoded twice, and refuses another signature. An ARN in
  // a spelling that is not AWS's own arrives in AWS's own: which of them AWS signs by is not written down anywhere.
  test.each([
    ['transparent', encodeURIComponent(ARN)],
    ['transparent', encodeURIComponent(ARN).replaceAll('%3A', ':')],
    ['transparent', encodeURIComponent(ARN).toLowerCase()],
    ['converse', encodeURIComponent(ARN)],
    ['converse', encodeURIComponent(ARN).replaceAll('%3A', ':')],
  ])('A060 encoded ids must still work: %s, an ARN as %s arrives signed', async (mode, id) => {
    expect(ARN.length).toBeGreaterThan(160);
    const { status } = await ask(bench.url, bench.key, `/${mode}/main/model/${id}/converse`, Buffer.from(JSON.stringify({ messages })));
    const arrived = bench.simulator.requests.at(-1);
    expect([status, arrived?.path]).toEqual([200, `/model/${encodeURIComponent(ARN)}/converse`]);
    expect(arrived?.header('authorization')).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/bedrock\/aws4_request, /);
  });

  test('the type of a binary stream is that of Bedrock', async () => {
    const path = `/transparent/main/model/${encodeURIComponent(CLAUDE)}/converse-stream`;
    expect((await ask(bench.url, bench.key, path, Buffer.from(JSON.stringify({ messages })))).type).toBe('application/vnd.amazon.eventstream');
  });
});

describe('streams of the Converse dialect', () => {
  test.each(native.filter(({ operation }) => operation === 'converse-stream').map((one) => [one.file, one] as const))(
    '%s passes byte for byte',
    async (_file, one) => {
      bench.simulator.replay(one);
      const { body } = await overSecond(bench.url, bench.key, `/converse/main${recordedPath(one)}`, Buffer.from(JSON.stringify(one.request.body)));
      expect(sha256(body)).toBe(sha256(recordedBytes(one)));
    },
  );
});

/** The SDK as it comes, but for place and key. */
const sdk = (mode: string) =>
  new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${bench.url}/${mode}/main`,
    token: { token: bench.key },
    authSchemePreference: ['httpBearerAuth'],
    maxAttempts: 1,
  });

describe.each(['transparent', 'converse'])('the AWS SDK in mode %s', (mode) => {
  const use = async <T>(work: (client: BedrockRuntimeClient) => Promise<T>): Promise<T> => {
    const client = sdk(mode);
    try {
      return await work(client);
    } finally {
      client.destroy();
    }
  };
  const texts = async (client: BedrockRuntimeClient, modelId = CLAUDE): Promise<string[]> => {
    const found: string[] = [];
    for await (const event of (await client.send(new ConverseStreamCommand({ modelId, messages }))).stream ?? []) {
      if (event.contentBlockDelta?.delta?.text !== undefined) found.push(event.contentBlockDelta.delta.text);
    }
    return found;
  };

  test('an ARN of more than 160 characters reaches Bedrock as it was, signed', async () => {
    expect(ARN.length).toBeGreaterThan(160);
    const answer = await use((client) => client.send(new ConverseCommand({ modelId: ARN, messages })));
    expect(answer.stopReason).toBe('end_turn');
    const sent = bench.simulator.requests.at(-1);
    expect(sent?.path).toBe(`/model/${encodeURIComponent(ARN)}/converse`);
    expect(sent?.header('authorization')).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/bedrock\/aws4_request, /);
    expect(JSON.stringify(sent?.headers)).not.toContain(bench.key);
    expect((await use((client) => texts(client, ARN))).join('')).toContain('word40');
  });

  test('a stream cut into single bytes is read alike', async () => {
    const whole = await use(texts);
    bench.simulator.script({ rechunk: { size: 1 } });
    expect((await use(texts)).join('')).toBe(whole.join(''));
  });

  test('an exception inside the stream arrives as its class, after the text before it', async () => {
    bench.simulator.script({
      delayChunk: 10,
      endWith: { after: 4, frame: exceptionFrame('throttlingException', { message: 'Too many tokens, please wait before trying again.' }) },
    });
    const found: string[] = [];
    const reading = use(async (client) => {
      for await (const event of (await client.send(new ConverseStreamCommand({ modelId: CLAUDE, messages }))).stream ?? []) {
        found.push(event.contentBlockDelta?.delta?.text ?? '');
      }
    });
    await expect(reading).rejects.toBeInstanceOf(ThrottlingException);
    expect(found.join('')).toBe('word1 word2 word3 word4 word5 word6 '.slice(0, found.join('').length));
    expect(found.join('').length).toBeGreaterThan(0);
  });

  test('a stream that ends without its last event is no clean end', async () => {
    bench.simulator.script({ cut: { at: 900, how: 'rst' } });
    await expect(use(texts)).rejects.toThrow();
  });

  test('a client that leaves ends the call at Bedrock', async () => {
    bench.simulator.script({ stall: { at: 400 } });
    const controller = new AbortController();
    await use(async (client) => {
      const { stream } = await client.send(new ConverseStreamCommand({ modelId: CLAUDE, messages }), { abortSignal: controller.signal });
      const reading = (async () => {
        for await (const _event of stream ?? []) controller.abort();
      })().catch(() => undefined);
      const gone = await bench.simulator.waitForAbort();
      expect(gone.path).toContain('/converse-stream');
      await reading;
    });
  });

  test('throttling is told as throttling', async () => {
    bench.simulator.script({ status: 429 });
    await expect(use((client) => client.send(new ConverseCommand({ modelId: CLAUDE, messages })))).rejects.toBeInstanceOf(ThrottlingException);
  });
});

describe('InvokeModel by the AWS SDK in transparent mode', () => {
  const body = JSON.stringify(
    { anthropic_version: 'bedrock-2023-05-31', max_tokens: 200, messages: [{ role: 'user', content: 'write 40 words' }] },
    undefined,
    2,
  );

  test('whole and streamed, the body untouched', async () => {
    const client = sdk('transparent');
    const whole = await client.send(new InvokeModelCommand({ modelId: ARN, body, contentType: 'application/json' }));
    expect(JSON.parse(Buffer.from(whole.body).toString('utf8')).content[0].text).toContain('word40');
    expect(bench.simulator.requests.at(-1)?.body.toString('utf8')).toBe(body);
    const streamed = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: ARN, body, contentType: 'application/json' }));
    const events: { type: string }[] = [];
    for await (const { chunk } of streamed.body ?? []) events.push(JSON.parse(Buffer.from(chunk?.bytes ?? []).toString('utf8')));
    expect([events[0]?.type, events.at(-1)?.type]).toEqual(['message_start', 'message_stop']);
    client.destroy();
  });

  test('the simulator has seen no key of the gateway', () => {
    expect((bench.simulator as BedrockSimulator).requests.some(({ headers }) => headers.some(([, value]) => value.includes(bench.key)))).toBe(false);
  });
});
