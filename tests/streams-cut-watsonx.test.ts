import { type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const LEFT: ReadonlySet<string> = new Set(['stream-exception']);
const streams = recordings({ provider: 'watsonx' }).filter(
  ({ operation, kind, model, response }) => /^text\/(chat|generation)_stream$/.test(operation) && !LEFT.has(kind) && model !== 'm' && response.status === 200,
);
/** Inside the first event, round the ends of some events, and round the end of the reason and of the last. */
const cutsOf = (bytes: Buffer): number[] => {
  const ends = [...bytes.toString('latin1').matchAll(/\n\n/g)].map(({ index }) => index + 2);
  const picked = [ends[0], ends[Math.floor(ends.length / 2)], ends.at(-3), ends.at(-2)].flatMap((end) => (end === undefined ? [] : [end - 1, end, end + 1]));
  // The line breaks at the end are not recorded: what is cut there is a whole event still.
  return [...new Set([1, 20, ...picked, bytes.toString('latin1').trimEnd().length - 1])].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b);
};

describe('F11: streams of watsonx.ai cut at the provider', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'watsonx', sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${bench.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const messages = [{ role: 'user', content: 'hi' }];
  const MODES: Readonly<Record<string, (one: Recording) => Promise<Response>>> = {
    transparent: ({ operation }) => post(`/transparent/main/ml/v1/${operation}`, { model_id: 'm', project_id: 'project-1', messages }),
    translated: ({ operation }) => {
      const chat = operation.includes('chat');
      return post(`/openai/main/v1/${chat ? 'chat/completions' : 'completions'}`, { model: 'm', stream: true, ...(chat ? { messages } : { prompt: 'hi' }) });
    },
  };
  /** `error`, or what looks like an answer that ended. */
  const outcome = async (one: Recording, mode: string): Promise<string> => {
    const answer = await MODES[mode]?.(one).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    if (answer === undefined || text === undefined) return 'error';
    if (answer.status !== 200) return answer.headers.get('x-lpa-code')?.startsWith('upstream_') === true ? 'error' : `status ${answer.status}`;
    return mode === 'transparent' || text.includes('[DONE]') || !text.includes('"error"') ? `a clean end: ${text.slice(-80)}` : 'error';
  };

  test.each(Object.keys(MODES).flatMap((mode) => streams.map((one) => [mode, one.file, one] as const)))(
    '%s, %s never ends cleanly',
    async (mode, _file, one) => {
      const path = `/ml/v1/${one.operation}`;
      for (const [turn, at] of cutsOf(recordedBytes(one)).entries()) {
        const how = turn % 2 === 0 ? 'fin' : 'rst';
        bench.simulator.clear();
        bench.simulator.replay(one, { path });
        bench.simulator.script({ cut: { at, how } });
        expect(await outcome(one, mode), `${how} at ${at}`).toBe('error');
      }
      bench.simulator.clear();
      bench.simulator.replay(one, { path });
      expect(await outcome(one, mode)).toMatch(/^a clean end/);
    },
  );
});
