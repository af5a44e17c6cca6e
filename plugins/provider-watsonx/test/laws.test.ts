import { type ChatReply, isGatewayError, normalReply, stringifyJson } from '@llm-proxy-auth/plugin';
import { chatReply, chatRequest } from '@llm-proxy-auth/plugin/generators';
import { ibmTokens, recordings, type WatsonxSimulator, watsonxSimulator } from '@llm-proxy-auth/simulators';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, eventsOf, type Fields, noted, plain, readStream, readWhole, streamOf, written } from './wire.ts';

/** What an answer of watsonx.ai can hold. */
const KINDS = ['text', 'refusal', 'thinking', 'toolCall'] as const;
const ENDS: ReadonlySet<string> = new Set(['stop', 'length', 'tool']);
const usable = (reply: ChatReply): ChatReply => ({
  ...reply,
  created: reply.created === 0 ? undefined : reply.created,
  choices: reply.choices.map(({ index, parts, finish }) => ({ index, parts, finish: ENDS.has(finish) ? finish : 'stop' })),
});
/** One of each kind in the order of the wire; calls end an answer. */
const ordered = (reply: ChatReply): ChatReply =>
  readWhole(answerOf({ ...usable(reply), usage: { ...reply.usage, raw: { dialect: 'watsonx', json: '{"prompt_tokens":7,"completion_tokens":2}' } } }));
const bare = ({ rest: _rest, ...reply }: ChatReply): unknown => plain(normalReply(reply as ChatReply));

describe('an answer that streams', () => {
  it('tells what the whole answer tells, with the reason beside the last piece or behind it', () => {
    const law = (reply: ChatReply, alone: boolean): void => {
      const whole = ordered(reply);
      expect(bare(readStream(streamOf(answerOf(whole), alone)))).toEqual(bare(whole));
    };
    fc.assert(fc.property(chatReply({ kinds: KINDS }), fc.boolean(), law), { numRuns: 300 });
  });
  it('is read the same in whatever pieces it comes', () => {
    const law = (reply: ChatReply, cuts: readonly number[]): void => {
      const bytes = Buffer.from(streamOf(answerOf(ordered(reply))));
      const places = [...new Set(cuts.map((cut) => cut % bytes.length))].toSorted((a, b) => a - b);
      const pieces = [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
      expect(eventsOf(pieces)).toEqual(eventsOf([bytes]));
    };
    fc.assert(fc.property(chatReply({ kinds: KINDS }), fc.array(fc.nat(100_000), { maxLength: 20 }), law), { numRuns: 200 });
  });
  it('that is cut anywhere ends with an error and never as if it were whole', () => {
    const bytes = Buffer.from(
      streamOf(
        answerOf(
          ordered({
            id: 'c',
            model: 'm',
            choices: [
              {
                index: 0,
                finish: 'tool',
                parts: [
                  { kind: 'thinking', text: 'why', redacted: false },
                  { kind: 'text', text: 'é says' },
                  { kind: 'toolCall', id: 't', name: 'f', input: { json: '{"a":1}' } },
                ],
              },
              { index: 1, finish: 'stop', parts: [{ kind: 'text', text: 'two' }] },
            ],
            usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false },
          }),
        ),
      ),
    );
    // The last two bytes are the blank line: without them the event is still whole.
    for (let end = 0; end < bytes.length - 2; end++) {
      const events = eventsOf([bytes.subarray(0, end)]);
      expect(events.at(-1)?.type, `cut after ${end} bytes`).toBe('error');
      expect(events.filter(({ type }) => type === 'end' || type === 'error')).toHaveLength(1);
    }
    expect(eventsOf([bytes]).at(-1)?.type).toBe('end');
  });
  it('of every recording is read the same byte by byte, and any cut of it is an error', () => {
    const streams = recordings({ provider: 'watsonx', operation: 'text/chat_stream' }).filter(({ kind }) => kind !== 'stream-exception');
    expect(streams.length).toBeGreaterThan(3);
    for (const { file, response } of streams) {
      const bytes = Buffer.from(`${(response.body ?? '').trimEnd()}\n\n`);
      const whole = eventsOf([bytes]);
      expect(whole.at(-1)?.type, file).toBe('end');
      expect(eventsOf(Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1))), file).toEqual(whole);
      for (let end = 0; end < bytes.length - 2; end += Math.max(1, Math.floor(bytes.length / 300)))
        expect(eventsOf([bytes.subarray(0, end)]).at(-1)?.type, `${file} after ${end}`).toBe('error');
    }
  });
});

describe('a conversation of another dialect', () => {
  let simulator: WatsonxSimulator;
  beforeAll(async () => {
    simulator = await watsonxSimulator({ tokens: ibmTokens({ bearers: ['t'] }), models: ['model-1'], deployments: { d: 'model-1' } });
  });
  afterAll(() => simulator.close());
  const answer = async (path: string, body: Fields): Promise<{ readonly status: number; readonly text: string }> => {
    const headers = { authorization: 'Bearer t', 'content-type': 'application/json' };
    const reply = await fetch(`${simulator.url}/ml/v1/${path}?version=2026-08-05`, { method: 'POST', headers, body: stringifyJson(body) });
    return { status: reply.status, text: await reply.text() };
  };
  const kinds = ['text', 'refusal', 'thinking', 'image', 'audio', 'toolCall', 'toolResult', 'opaque'] as const;
  it.each([
    ['chat', 'text/chat', undefined],
    ['a deployment', 'deployments/d/text/chat', 'deployment'],
  ])('is written so that the stand-in takes it, or is refused by name: %s', async (_name, path, profile) => {
    let taken = 0;
    const law = async ({ webSearch: _web, ...request }: Parameters<typeof written>[0]): Promise<void> => {
      let body: Fields;
      try {
        // Searches and tools of other vendors are refused, always.
        body = written(
          { ...request, tools: request.tools.filter(({ kind }) => kind !== 'server') },
          { model: 'model-1', ledger: noted(), ...(profile === undefined ? {} : { profile }) },
        );
      } catch (failure) {
        expect(isGatewayError(failure) && [failure.code, failure.param !== undefined]).toEqual(['unsupported_parameter', true]);
        return;
      }
      const { status, text } = await answer(path, profile === undefined ? { ...body, project_id: 'project-1' } : body);
      expect([status, text.slice(0, 300)]).toEqual([200, text.slice(0, 300)]);
      taken += 1;
    };
    const runs = 150;
    await fc.assert(fc.asyncProperty(chatRequest({ dialect: 'acme', kinds }), law), { numRuns: runs });
    expect(taken).toBeGreaterThan(runs / 5);
  });
});
