import { type ChatReply, collect, type Json, sameJson, stringifyJson, wholeEvents } from '@llm-proxy-auth/plugin';
import { recordings } from '@llm-proxy-auth/simulators';
import { describe, expect, it } from 'vitest';
import { readUsage } from '../src/reply/usage.ts';
import {
  answered,
  type Body,
  CLAUDE,
  callOf,
  counting,
  dialect,
  framesOf,
  inboundOf,
  ledger,
  NOVA,
  readReply,
  readStream,
  recorded,
  recordedStreams,
  replyOf,
  through,
  writeStream,
} from './support.ts';

const requests = [...recorded('converse'), ...recorded('converse-stream')].filter(({ request }) => request.body !== null);
const replies = recorded('converse').filter(({ response }) => response.status === 200);
const errors = recordings({ provider: 'bedrock' }).filter(({ response, operation }) => response.status >= 400 && operation.startsWith('converse'));

describe('a recorded request', () => {
  it.each(requests.map(({ file, request }) => [file, request.body as Json] as const))('%s is written as it was sent, member for member', (_file, body) => {
    expect(sameJson(stringifyJson(through(body)), stringifyJson(body))).toBe(true);
  });
  it('covers guarded content, documents, citations, tools of the vendor, JSON schemas and calls', () => {
    const all = stringifyJson(requests.map(({ request }) => request.body));
    for (const word of ['guardContent', 'document', 'citationsContent', 'systemTool', 'jsonSchema', 'toolResult', 'image']) expect(all).toContain(word);
  });
});
describe('a recorded answer', () => {
  it.each(replies.map(({ file, response }) => [file, response.body ?? ''] as const))('%s is written as it came, member for member', (_file, text) => {
    const body = JSON.parse(text) as Body;
    // 1.0 is 1 where a number is read.
    expect(sameJson(stringifyJson(answered(readReply(body))), stringifyJson(body))).toBe(true);
  });
  it('counts what was read from the cache as input, once', () => {
    const cached = replies.find(({ kind }) => kind === 'cache');
    const { usage } = readReply(JSON.parse(cached?.response.body ?? '{}') as Body);
    expect({ ...usage, raw: undefined }).toEqual({ input: 1040, output: 185, cacheRead: 1028, cacheWrite: 0, reasoning: 0, estimated: false, raw: undefined });
  });
  it('of a guardrail ends filtered and keeps the vendor’s own reason', () => {
    const [choice] = readReply(JSON.parse(replies.find(({ kind }) => kind === 'blocked')?.response.body ?? '{}') as Body).choices;
    expect([choice?.finish, choice?.rest]).toEqual(['filter', { stopReason: 'guardrail_intervened' }]);
  });
  it('with a reasoning signature keeps it byte for byte, bound to model and dialect', () => {
    const one = recordings({ provider: 'bedrock', operation: 'converse' }).find(({ response }) => response.body?.includes('"signature"') === true);
    const [part] = readReply(JSON.parse(one?.response.body ?? '{}') as Body, { model: NOVA }).choices[0]?.parts ?? [];
    const signature = (
      JSON.parse(one?.response.body ?? '{}') as { output: { message: { content: { reasoningContent: { reasoningText: { signature: string } } }[] } } }
    ).output.message.content[0]?.reasoningContent.reasoningText.signature;
    expect(part?.origin).toEqual({ dialect: 'converse', model: NOVA, payload: { json: JSON.stringify({ signature }) } });
  });
});
/** The stream's events as an answer that comes whole would have them. */
const told = (bytes: Buffer): ChatReply => collect(readStream(bytes));
const bare = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
describe('a recorded stream', () => {
  it.each(recordedStreams.map(({ name, bytes }) => [name, bytes] as const))('%s gives the same events in any pieces', (_name, bytes) => {
    const whole = readStream(bytes);
    expect(whole.at(-1)?.type).toBe('end');
    for (const sizes of [[1], [7, 1, 300], [129, 2]]) expect(readStream(bytes, sizes)).toEqual(whole);
  });
  it.each(recordedStreams.map(({ name, bytes }) => [name, bytes] as const))('%s tells the same when it was written again', (_name, bytes) => {
    expect(bare(told(writeStream(readStream(bytes))))).toEqual(bare(told(bytes)));
  });
  it.each(recordedStreams.map(({ name, bytes }) => [name, bytes] as const))(
    '%s is an error when it is cut behind any event before its stop',
    (_name, bytes) => {
      const whole = wholeEvents('aws-eventstream');
      let length = 0;
      for (const byte of bytes) {
        const frame = whole.push(Uint8Array.of(byte));
        if (frame === undefined) continue;
        length += frame.length;
        if (length === bytes.length) break;
        // Behind the stop nothing but what it took is missing.
        if (Buffer.from(frame).includes('messageStop')) {
          expect(readStream(bytes.subarray(0, length)).at(-1)).toEqual({ type: 'end' });
          continue;
        }
        expect(readStream(bytes.subarray(0, length)).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_stream_truncated' } });
      }
      expect(length).toBe(bytes.length);
    },
  );
  it('shows padding to nobody', () => {
    for (const { bytes } of recordedStreams)
      expect(framesOf(writeStream(readStream(bytes))).some(({ data }) => Object.hasOwn(data as object, 'p'))).toBe(false);
  });
  it('of the vendor’s own search makes no call of it and ends as it ended', () => {
    const { bytes } = recordedStreams.find(({ name }) => name.includes('d2eadc')) ?? { bytes: Buffer.alloc(0) };
    const [choice] = told(bytes).choices;
    expect(choice?.parts.map(({ kind }) => kind)).toEqual(['opaque', 'opaque', 'text', 'text', 'text', 'text', 'text']);
    expect(choice?.finish).toBe('stop');
    const frames = framesOf(writeStream(readStream(bytes)));
    expect(frames.find(({ type }) => type === 'contentBlockStart')?.data).toEqual({
      start: { toolUse: { toolUseId: 'tooluse_Oqij0o-Rw7vDmltFQvRpVQ', name: 'nova_grounding', type: 'server_tool_use' } },
      contentBlockIndex: 0,
    });
  });
});
describe('a recorded error', () => {
  it.each(errors.map(({ file, response }) => [file, response] as const))('%s is read by its exception', (_file, { status, headers, body }) => {
    const e = dialect.readError({ status, headers: Object.entries(headers).flat(), body: Buffer.from(body ?? '') });
    const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-amzn-errortype')?.[1] ?? '';
    const expected = type.startsWith('ExpiredToken') ? ['upstream_auth_failed', 502] : ['context_length_exceeded', 400];
    expect([e.code, e.status]).toEqual(expected);
  });
  it('there are two of them', () => expect(errors).toHaveLength(2));
});
describe('a recorded count of tokens', () => {
  it.each(recorded('count-tokens').map(({ file, request, response }) => [file, request.body as Json, response.body ?? ''] as const))(
    '%s',
    (_file, body, text) => {
      const request = counting.client?.read(inboundOf(body), ledger());
      if (request === undefined) throw new Error('counts are read');
      expect(sameJson(stringifyJson(counting.provider?.write(request, callOf({ model: CLAUDE })).body), stringifyJson(body))).toBe(true);
      expect(counting.provider?.read(replyOf(text), callOf(), undefined)).toEqual({ input: 23 });
    },
  );
});
describe('usage', () => {
  it('takes either name of a cache count, never both, and nothing negative', () => {
    expect(
      readUsage({ inputTokens: 12, outputTokens: 185, cacheReadInputTokenCount: 1028, cacheReadInputTokens: 1028, cacheWriteInputTokens: -1 }),
    ).toMatchObject({
      input: 1040,
      cacheRead: 1028,
      cacheWrite: 0,
    });
    expect(readUsage({ inputTokens: 1, outputTokens: 1, cacheWriteInputTokenCount: 4 })).toMatchObject({ input: 5, cacheWrite: 4 });
    expect(readUsage(null)).toBeUndefined();
  });
});
