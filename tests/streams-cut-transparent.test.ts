import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askFor, CUTS_MS, type Cut, cutsOf, streams } from './support/cuts.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { spread, type Wire, wireHttp1, wireHttp2 } from './support/wires.ts';

const WIDTH = 16;
const cutting = { sections: { retry: { attempts: 1 } } };
const short = streams().filter(({ short: is }) => is);
/** Every byte of the shortest recording, and around every event of the short ones. */
const cuts = short.flatMap((one) => [...cutsOf(one, 0), ...cutsOf(one, 1)].filter(({ at }) => one === short[0] || one.boundaries.has(at)));
const where = ({ stream, at, how }: Cut): string => `${stream.name} cut at ${at} of ${stream.bytes.length} by ${how}`;

describe.each([
  ['HTTP/1.1: the connection breaks', wireHttp1],
  ['HTTP/2: the stream is reset', wireHttp2],
] as const)('F11: transparent mode passes a cut on as a cut, %s', (_title, open) => {
  let bench: Bench;
  let wire: Wire;
  beforeAll(async () => {
    bench = await openBench(cutting);
    wire = open(bench.url);
  });
  afterAll(async () => {
    await wire.close();
    await bench.close();
  });

  test(
    'every byte of the shortest recording, around every event of the short ones',
    async () => {
      const problems: string[] = [];
      let broke = 0;
      await spread(cuts, WIDTH, async (cut) => {
        const { status, body, cut: brokeOff } = await askFor(bench, wire, '/transparent/main', cut.stream, cut);
        // Before its head was sent on, a cut can still be told as an error.
        if (status === 502 && !brokeOff) return;
        broke += 1;
        if (!brokeOff) problems.push(`${where(cut)}: a clean end`);
        else if (!body.equals(cut.stream.bytes.subarray(0, body.length)) || body.length > cut.at) problems.push(`${where(cut)}: other bytes`);
      });
      expect(problems).toEqual([]);
      expect(broke).toBeGreaterThan(cuts.length * 0.9);
      expect(cuts.length).toBeGreaterThan(1_500);
    },
    CUTS_MS,
  );

  test('it is recorded as truncated', async () => {
    const [stream] = short;
    if (stream === undefined) throw new Error('there is no recording');
    const truncated = async (): Promise<number> => {
      const text = await (await fetch(`${bench.gateway.urls.ops}/metrics`)).text();
      return Number(/^llm_proxy_stream_truncated_total(?:\{[^}]*\})? (\d+)$/m.exec(text)?.[1] ?? 0);
    };
    const before = await truncated();
    await askFor(bench, wire, '/transparent/main', stream, { at: stream.bytes.length - 1, how: 'fin' });
    await expect.poll(truncated, { interval: 10 }).toBe(before + 1);
  });
});
