import { describe, expect, test } from 'vitest';
import { expectations, type Recording, recordedBytes, recordedPath, recording, recordings } from '../src/index.ts';
import { readBedrock } from './bedrock-read.ts';
import { useBedrock, withClient } from './bedrock-support.ts';

const simulator = useBedrock();
const native = (one: Recording): boolean => !/^(chat\/completions|responses)$/.test(one.operation);
const named = recordings({ provider: 'bedrock' })
  .filter(native)
  .map((one) => [one.file, one] as const);

/** The objects that a stream of InvokeModel carries, read without this package's own reader: base64 members of its text. */
const chunksIn = (bytes: Buffer): unknown[] =>
  [...bytes.toString('latin1').matchAll(/"bytes":"([^"]+)"/g)].map(([, base64 = '']): unknown => JSON.parse(Buffer.from(base64, 'base64').toString('utf8')));

describe('every recording of Bedrock, read by the vendor SDK', () => {
  test.each(named)('%s', async (_file, one) => {
    const expected = expectations(one);
    // A question mark in the recorder's key for the model is a query to everyone else.
    simulator().replay(one, { path: recordedPath(one).replace(/Celsius$/, 'Celsius/converse-stream') });
    const seen = await withClient(simulator(), (client) => readBedrock(client, one), { maxAttempts: 1 });
    if (expected.errorStatus !== undefined) {
      expect(seen).toEqual({ errorStatus: expected.errorStatus, errorType: expected.error?.type, errorMessage: expected.error?.message });
    } else if (expected.surface === 'invoke') {
      const bytes = recordedBytes(one);
      expect(seen.native).toEqual(one.response.body_base64 === undefined ? [JSON.parse(bytes.toString('utf8'))] : chunksIn(bytes));
    } else if (expected.surface === 'countTokens') {
      expect([seen.inputTokens]).toEqual(expected.items);
    } else {
      const { text, toolCalls, signatures, finish } = expected;
      expect({ text: seen.text, finish: seen.finish }).toEqual({ text, finish });
      if (expected.surface === 'converse') expect({ toolCalls: seen.toolCalls, signatures: seen.signatures }).toEqual({ toolCalls, signatures });
      const known = Object.keys(seen.usage ?? {});
      expect(known.length).toBeGreaterThan(0);
      expect(seen.usage).toEqual(Object.fromEntries(Object.entries(expected.usage ?? {}).filter(([name]) => known.includes(name))));
    }
  });
});

// Written down by hand from the recordings, so that the reader is not its own witness.
describe('expectations of Bedrock recordings', () => {
  const of = (file: string) => expectations(recording(`bedrock/${file}.json`));

  test('a tool of the service is no call of the client', () => {
    expect(of('converse-stream-tools-nova-2-lite-v1-d2eadc')).toMatchObject({ toolCalls: [], finish: 'end_turn' });
    expect(of('converse-stream-tools-nova-2-lite-v1-d2eadc').text).toContain('Ruby 4.0.6 was released on July 14, 2026.');
  });

  test('thinking of a stream with its signature; text of citations is text', () => {
    const { outputTypes, signatures, thoughts } = of('converse-stream-reasoning-claude-sonnet-4-20250-4a25ea');
    expect([outputTypes, signatures.length, thoughts.slice(0, 38)]).toEqual([['reasoningContent', 'text'], 1, 'The user has greeted me with a simple ']);
    expect(of('converse-multimodal-claude-sonnet-5-022921').outputTypes).toContain('citationsContent');
  });

  test('errors: type from the header, message from the body', () => {
    expect(of('converse-error403-claude-3-sonnet-f8b590').error).toMatchObject({
      type: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
    });
  });

  test('native streams by family', () => {
    expect(of('invoke-with-response-stream-length-cohere.command-c3955a')).toMatchObject({ finish: 'MAX_TOKENS' });
    expect(of('invoke-with-response-stream-plain-llama2-13-537ec9').finish).toBe('length');
    expect(of('invoke-with-response-stream-tools-claude-haiku-4-5-202-f3bafa').finish).toBe('tool_use');
  });
});
