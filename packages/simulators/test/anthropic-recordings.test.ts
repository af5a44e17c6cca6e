import { request as send } from 'node:http';
import { describe, expect, test } from 'vitest';
import { expectations, type Recording, recordedBytes, recordedPath, recording, recordings } from '../src/index.ts';
import { readAnthropic } from './anthropic-read.ts';
import { key, sdks, useAnthropic } from './anthropic-support.ts';

const simulator = useAnthropic();
const all = recordings({ provider: 'anthropic' });
const named = all.map((one) => [one.file, one] as const);
const least = { model: 'claude-opus-4-6', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] };
const bodyOf = (one: Recording): object =>
  typeof one.request.body === 'object' && one.request.body !== null ? one.request.body : { ...least, ...(one.stream ? { stream: true } : {}) };

describe.each(sdks)('every recording of Anthropic, read by %s', (_name, Sdk) => {
  test.each(named)('%s', async (_file, one) => {
    const expected = expectations(one);
    simulator().replay(one);
    const client = new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });
    const seen = await readAnthropic(client, expected.surface, bodyOf(one));
    if (expected.errorStatus !== undefined) {
      expect(seen).toEqual({ errorStatus: expected.errorStatus, errorType: expected.error?.type, errorMessage: expected.error?.message });
      return;
    }
    const { texts, toolCalls, outputTypes, signatures, items } = expected;
    expect(seen).toMatchObject({ texts: expected.surface === 'messages' ? texts : [], toolCalls, outputTypes, signatures, items });
    if (expected.surface === 'messages') expect({ finish: seen.finish, usage: seen.usage }).toMatchObject({ finish: expected.finish, usage: expected.usage });
  });
});

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; raw: Buffer };

const ask = (one: Recording): Promise<Answer> =>
  new Promise((done, fail) => {
    const headers = { 'x-api-key': key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' };
    const call = send(simulator().origin + recordedPath(one), { method: one.request.method, headers, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, raw: Buffer.concat(pieces) }));
    });
    call.on('error', fail);
    call.end(JSON.stringify(bodyOf(one)));
  });

describe('a replay', () => {
  test.each(named)('%s: status, bytes and the id of the request', async (_file, one) => {
    simulator().replay(one);
    const { status, headers, raw } = await ask(one);
    expect(status).toBe(one.response.status);
    expect(raw.equals(recordedBytes(one))).toBe(true);
    expect(headers['request-id']).toMatch(/^(req_|REQUEST-ID-XXX$)/);
    expect(headers['content-type']).toMatch(one.stream && status < 400 ? /^text\/event-stream/ : /^application\/json/);
  });
});

// Without a replay the stand-in answers by itself: it must not be stricter than the service was, and refuse what the service refused.
describe('the recorded requests, answered without the recording', () => {
  const withBody = all.filter(({ request }) => typeof request.body === 'object' && request.body !== null);

  test.each(withBody.filter(({ response }) => response.status === 200).map((one) => [one.file, one] as const))(
    '%s was accepted and is accepted',
    async (_file, one) => {
      const { status, headers, raw } = await ask(one);
      expect([status, status === 200 ? '' : raw.toString('utf8')]).toEqual([200, '']);
      expect(String(headers['content-type']).startsWith('text/event-stream')).toBe(one.stream);
    },
  );

  // The recorder cut the prompt that was too long; 401 needs another key.
  test.each(
    withBody
      .filter(({ response, file }) => response.status >= 400 && response.status !== 401 && !file.includes('767b1b'))
      .map((one) => [one.file, one] as const),
  )('%s was refused and is refused alike', async (_file, one) => {
    const { status, raw } = await ask(one);
    expect(status).toBe(one.response.status);
    expect(JSON.parse(raw.toString('utf8')).error).toEqual(JSON.parse(one.response.body ?? '').error);
  });
});

// Written down by hand from the recordings, so that the reader is not its own witness.
describe('expectations of messages', () => {
  const of = (file: string) => expectations(recording(`anthropic/${file}.json`));

  test('a stream of thinking and a call', () => {
    const found = of('messages-stream-reasoning-claude-sonnet-4-20250-fe9045');
    expect(found).toMatchObject({
      surface: 'messages',
      text: '',
      toolCalls: [{ name: 'weather', arguments: '{"location":"Florence, Italy"}' }],
      outputTypes: ['thinking', 'tool_use'],
      thoughts: expect.stringMatching(/^The user is asking for weather information for Florence, Italy\. .* make the function call\.$/),
      finish: 'tool_use',
    });
    expect(found.signatures.map((one) => one.slice(0, 12))).toEqual(['EqUDCkYICxgC']);
  });

  test('whole answers, refusals of the model and errors', () => {
    expect(of('messages-plain-claude-fable-5-97ad98')).toMatchObject({ text: '', finish: 'refusal', usage: { input_tokens: 18, output_tokens: 5 } });
    expect(of('messages-length-claude-sonnet-4-0-211aad').finish).toBe('max_tokens');
    expect(of('messages-error404-there-is-no-such-model-d80e64')).toMatchObject({
      errorStatus: 404,
      error: { type: 'not_found_error', message: 'model: there-is-no-such-model' },
    });
    expect(of('messages-count-tokens-tools-claude-sonnet-4-5-2905d8').items).toEqual([641]);
  });
});
