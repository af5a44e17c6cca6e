import { type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { HOME } from './support/vertex.ts';

const CLAUDE = 'claude-sonnet-4-6';
const GEMINI = 'gemini-2.5-flash';
const isClaude = ({ provider }: Recording): boolean => provider === 'vertex_claude';
/** Grade C has members in the spelling of another language. */
const streams = [...recordings({ provider: 'vertex' }), ...recordings({ provider: 'vertex_claude' })]
  .filter((one) => one.stream && one.response.status === 200 && one.grade !== 'C')
  .map((one) => ({ one, bytes: recordedBytes(one) }));
const place = (one: Recording): string =>
  isClaude(one) ? `/v1/${HOME}/publishers/anthropic/models/${CLAUDE}:streamRawPredict` : `/v1/${HOME}/publishers/google/models/${GEMINI}:streamGenerateContent`;

/** Where events end. */
const ends = (bytes: Buffer): number[] => [...bytes.toString('latin1').matchAll(/\r?\n\r?\n/g)].map(({ index, 0: mark }) => index + mark.length);
/** Inside the first event, round the end of some events, before the last two, and all but one byte. */
const cutsOf = (bytes: Buffer): number[] => {
  const all = ends(bytes);
  const picked = [all[0], all[Math.floor(all.length / 2)], all.at(-3), all.at(-2)].flatMap((end) => (end === undefined ? [] : [end - 1, end, end + 1]));
  return [...new Set([1, 5, 40, Math.floor(bytes.length / 2), ...picked, bytes.length - 1])].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b);
};

interface Client {
  readonly path: (one: Recording) => string;
  readonly body: (one: Recording) => object;
  /** True for what looks like an answer that ended. */
  readonly ended: (text: string, one: Recording) => boolean;
}
const question = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
const messages = [{ role: 'user', content: 'hi' }];
const lastEvent = (text: string): string =>
  text
    .trimEnd()
    .split(/\r?\n\r?\n/)
    .at(-1) ?? '';
const clients: Readonly<Record<string, Client>> = {
  openai: {
    path: () => '/openai/main/v1/chat/completions',
    body: (one) => ({ model: isClaude(one) ? CLAUDE : GEMINI, stream: true, messages }),
    ended: (text) => text.includes('[DONE]'),
  },
  anthropic: {
    path: () => '/anthropic/main/v1/messages',
    body: (one) => ({ model: isClaude(one) ? CLAUDE : GEMINI, stream: true, max_tokens: 100, messages }),
    ended: (text) => text.includes('message_stop'),
  },
  gemini: {
    path: (one) => `/gemini/main/v1beta/models/${isClaude(one) ? CLAUDE : GEMINI}:streamGenerateContent?alt=sse`,
    body: () => question,
    ended: (text) => !lastEvent(text).includes('"error"'),
  },
};

describe.each([
  ['may pass', true],
  ['are translated', false],
])('F11: streams of Vertex cut at the provider, bytes %s', (_title, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'vertex', pass, sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const ask = async ({ path, body }: Client, one: Recording): Promise<{ readonly status: number; readonly text: string; readonly broken: boolean }> => {
    const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
    const answer = await fetch(bench.url + path(one), { method: 'POST', headers, body: JSON.stringify(body(one)) });
    let text = '';
    try {
      for await (const piece of answer.body ?? []) text += Buffer.from(piece).toString('utf8');
    } catch {
      return { status: answer.status, text, broken: true };
    }
    return { status: answer.status, text, broken: false };
  };

  describe.each(Object.entries(clients))('to a client of %s', (_name, client) => {
    test.each(streams.map((stream) => [stream.one.file, stream] as const))('%s never ends cleanly', async (_file, { one, bytes }) => {
      for (const [turn, at] of cutsOf(bytes).entries()) {
        const how = turn % 2 === 0 ? 'fin' : 'rst';
        bench.simulator.clear();
        bench.simulator.replay(one, { path: place(one) });
        bench.simulator.script({ cut: { at, how } });
        const { status, text, broken } = await ask(client, one);
        const clean = status === 200 && client.ended(text, one);
        expect([broken, clean], `${how} at ${at} of ${bytes.length}: ${status} ${text.slice(-300)}`).toEqual([false, false]);
      }
      bench.simulator.clear();
      bench.simulator.replay(one, { path: place(one) });
      const whole = await ask(client, one);
      expect([whole.status, whole.broken, client.ended(whole.text, one)]).toEqual([200, false, true]);
    });
  });

  test.each(streams.map((stream) => [stream.one.file, stream] as const))(
    '%s in transparent mode breaks off where it was cut',
    async (_file, { one, bytes }) => {
      const client: Client = { path: (of) => `/transparent/main${place(of)}${isClaude(of) ? '' : '?alt=sse'}`, body: () => question, ended: () => true };
      for (const [turn, at] of cutsOf(bytes).entries()) {
        bench.simulator.clear();
        bench.simulator.replay(one, { path: place(one) });
        bench.simulator.script({ cut: { at, how: turn % 2 === 0 ? 'fin' : 'rst' } });
        const { text, broken } = await ask(client, one);
        expect([broken, bytes.toString('utf8').startsWith(text.replace(/\ufffd+$/, ''))], `at ${at}`).toEqual([true, true]);
      }
    },
  );
});
