import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askFor, type Cut, cutsOf, type Stream, streams } from './support/cuts.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { type Received, spread, type Wire, wireHttp1 } from './support/wires.ts';

const WIDTH = 16;
const LIMIT_MS = 240_000;
const CODE = 'upstream_stream_truncated';
const all = streams();
const cutting = { main: { forwardHeaders: ['x-case'] }, sections: { retry: { attempts: 1 }, log: { level: 'error' } } };
const where = ({ stream, at, how }: Cut): string => `${stream.name} cut at ${at} of ${stream.bytes.length} by ${how}`;

/** The events of a body; throws when it does not end with a whole one. Times that the gateway fills in are not compared. */
const eventsOf = (body: Buffer): string[] => {
  const text = body.toString().replaceAll(/"created":\d+/g, '"created":0');
  if (!text.endsWith('\n\n')) throw new Error(`an event was left unfinished: ${text.slice(-200)}`);
  return text.slice(0, -2).split('\n\n');
};
interface Event {
  readonly type?: string;
  readonly code?: string;
  readonly error?: { readonly code?: string };
}
const payload = (event: string): Event => JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '') as Event;
const TERMINAL = /^data: \[DONE\]|"type":"response\.(?:completed|incomplete)"/m;

/** What is wrong with an answer whose upstream was cut, or undefined. `whole` are the events of the uncut answer. */
const wrong = ({ status, headers, body, cut }: Received, whole: readonly string[]): string | undefined => {
  if (cut) return 'the answer broke off';
  if (status !== 200) {
    const { error } = JSON.parse(body.toString()) as Event;
    return status === 502 && headers['x-lpa-code'] === CODE && error?.code === CODE ? undefined : `status ${status}`;
  }
  if (TERMINAL.test(body.toString())) return 'it looks like an answer that ended';
  const events = eventsOf(body);
  const same = events.findIndex((event, i) => event !== whole[i]);
  const added = events.slice(same < 0 ? events.length : same).map(payload);
  const last = added.at(-1);
  if ((last?.error?.code ?? last?.code) !== CODE) return `it ends with ${JSON.stringify(last)}`;
  const strange = added.slice(0, -1).filter(({ type }) => type !== 'response.failed');
  return strange.length === 0 ? undefined : `events that the provider did not send: ${JSON.stringify(strange)}`;
};

/*
 * Every byte of the five shortest recordings and every 29th byte of the others is cut once, the two paths and FIN and RST
 * taking turns; one byte before, at and after the end of every event of all of them, on both paths in both ways.
 */
describe.each([
  ['passing', true, 0],
  ['translated', false, 1],
] as const)(
  'every recorded stream cut on a socket, by turns of FIN and RST at every byte or every 29th, by both around every event, %s',
  (_title, pass, path) => {
    let bench: Bench;
    let wire: Wire;
    beforeAll(async () => {
      bench = await openBench({ pass, ...cutting });
      wire = wireHttp1(bench.url, WIDTH);
    });
    afterAll(async () => {
      await wire.close();
      await bench.close();
    });
    const wholeOf = async (stream: Stream): Promise<readonly string[]> => {
      const { status, body, cut } = await askFor(bench, wire, '/openai/main', stream);
      expect([status, cut, TERMINAL.test(body.toString())], stream.name).toEqual([200, false, true]);
      return eventsOf(body);
    };

    test.each(['chat', 'completions', 'responses'] as const)(
      '%s: an error, never an end',
      async (surface) => {
        const chosen = all.filter((one) => one.surface === surface);
        const cuts = chosen.flatMap((one) => cutsOf(one, path));
        const uncut = new Map<Stream, readonly string[]>();
        for (const one of chosen) uncut.set(one, await wholeOf(one));
        const problems: string[] = [];
        const statuses = { 200: 0, 502: 0 };
        await spread(cuts, WIDTH, async (cut) => {
          const got = await askFor(bench, wire, '/openai/main', cut.stream, cut);
          const problem = wrong(got, uncut.get(cut.stream) ?? []);
          if (problem !== undefined) problems.push(`${where(cut)}: ${problem}`);
          statuses[got.status === 200 ? 200 : 502] += 1;
        });
        expect(problems).toEqual([]);
        expect(statuses[200] + statuses[502]).toBe(cuts.length);
        expect(Math.min(statuses[200], statuses[502])).toBeGreaterThan(0);
        expect(cuts.length).toBeGreaterThan({ chat: 5_500, completions: 2_900, responses: 4_100 }[surface]);
      },
      LIMIT_MS,
    );
  },
);
