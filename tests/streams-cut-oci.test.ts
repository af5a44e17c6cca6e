import { type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, COMPARTMENT, openBench } from './support/gateway.ts';

const streams = recordings({ provider: 'oci' });
const PATH = '/20231130/actions/chat';
const MODEL = 'meta.llama-3.3-70b-instruct';
/** Inside the first event, round the ends of events, and round the reason, which stands in the last. */
const cutsOf = (bytes: Buffer): number[] => {
  const text = bytes.toString('latin1');
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
  const picked = [ends[0], ends[Math.floor(ends.length / 2)], ends.at(-2)].flatMap((end) => (end === undefined ? [] : [end - 1, end, end + 1]));
  const reason = text.indexOf('finishReason');
  return [...new Set([1, 20, ...picked, reason, reason + 16, text.trimEnd().length - 1])].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b);
};

describe('F11: streams of OCI cut at the provider', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'oci', sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${bench.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const native = {
    compartmentId: COMPARTMENT,
    servingMode: { servingType: 'ON_DEMAND', modelId: MODEL },
    chatRequest: { apiFormat: 'GENERIC', isStream: true, messages: [] },
  };
  const MODES: Readonly<Record<string, () => Promise<Response>>> = {
    transparent: () => post(`/transparent/main${PATH}`, native),
    translated: () => post('/openai/main/v1/chat/completions', { model: MODEL, stream: true, messages: [{ role: 'user', content: 'hi' }] }),
  };
  /** `error`, or what looks like an answer that ended. */
  const outcome = async (mode: string): Promise<string> => {
    const answer = await MODES[mode]?.().catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    if (answer === undefined || text === undefined) return 'error';
    if (answer.status !== 200) return answer.headers.get('x-lpa-code')?.startsWith('upstream_') === true ? 'error' : `status ${answer.status}`;
    return mode === 'transparent' || text.includes('[DONE]') || !text.includes('"error"') ? `a clean end: ${text.slice(-80)}` : 'error';
  };

  test.each(Object.keys(MODES).flatMap((mode) => streams.map((one) => [mode, one.file, one] as const)))(
    '%s, %s never ends cleanly',
    async (mode, _file, one: Recording) => {
      for (const [turn, at] of cutsOf(recordedBytes(one)).entries()) {
        const how = turn % 2 === 0 ? 'fin' : 'rst';
        bench.simulator.clear();
        bench.simulator.replay(one);
        bench.simulator.script({ cut: { at, how } });
        expect(await outcome(mode), `${how} at ${at}`).toBe('error');
      }
      bench.simulator.clear();
      bench.simulator.replay(one);
      expect(await outcome(mode)).toMatch(/^a clean end/);
    },
  );
  test.each(streams.map((one) => [one.file, one] as const))('%s ends without its reason: an error, although the transport ended well', async (_file, one) => {
    const bytes = recordedBytes(one);
    const before = bytes.subarray(0, bytes.lastIndexOf('\n', bytes.indexOf('finishReason')) + 1);
    bench.simulator.script({ body: before, headers: { 'content-type': 'text/event-stream' } });
    expect(await outcome('translated')).toBe('error');
  });
});
