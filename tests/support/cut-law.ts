import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyOf, type Cut, cutsOf, pathOf, type Stream, streams } from './cuts.ts';
import { type CuttingProvider, cuttingProvider, type How, type Lane, lane } from './cutting.ts';
import { type Bench, openBench } from './gateway.ts';
import type { Received } from './wires.ts';

const WIDTH = 16;
const LIMIT_MS = 600_000;
const CODE = 'upstream_stream_truncated';
/** A half event at an end that HTTP takes for one is an event that makes no sense. */
const CODES: Readonly<Record<How | 'whole', ReadonlySet<string | undefined>>> = {
  fin: new Set([CODE]),
  rst: new Set([CODE]),
  close: new Set([CODE, 'upstream_bad_response']),
  whole: new Set(),
};
const all = streams();
const where = ({ stream, at, how }: Cut): string => `${stream.name} cut at ${at} of ${stream.bytes.length} by ${how}`;

/** The events of a body; throws when it does not end with a whole one. Times that the gateway fills in are not compared. */
const eventsOf = (body: Buffer): string[] => {
  const text = body.toString().replaceAll(/"created":\d+/g, '"created":0');
  if (!text.endsWith('\n\n')) throw new Error(`an event was left unfinished: ${text.slice(-200)}`);
  const events = text.slice(0, -2).split('\n\n');
  // A sign of life is no event.
  return events.filter((event) => !event.startsWith(':'));
};
interface Event {
  readonly type?: string;
  readonly code?: string;
  readonly error?: { readonly code?: string };
}
const payload = (event: string): Event => JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '') as Event;
const TERMINAL = /^data: \[DONE\]|"type":"response\.(?:completed|incomplete)"/m;

/** What is wrong with an answer whose upstream was cut, or undefined. `whole` are the events of the uncut answer. */
const wrong = ({ status, headers, body, cut }: Received, how: How, whole: readonly string[]): string | undefined => {
  if (cut) return 'the answer broke off';
  if (status !== 200) {
    const { error } = JSON.parse(body.toString()) as Event;
    return status === 502 && CODES[how].has(String(headers['x-lpa-code'])) && CODES[how].has(error?.code) ? undefined : `status ${status}`;
  }
  if (TERMINAL.test(body.toString())) return 'it looks like an answer that ended';
  const events = eventsOf(body);
  const same = events.findIndex((event, i) => event !== whole[i]);
  const added = events.slice(same < 0 ? events.length : same).map(payload);
  const last = added.at(-1);
  if (!CODES[how].has(last?.error?.code ?? last?.code)) return `it ends with ${JSON.stringify(last)}`;
  const strange = added.slice(0, -1).filter(({ type }) => type !== 'response.failed');
  return strange.length === 0 ? undefined : `events that the provider did not send: ${JSON.stringify(strange)}`;
};

/** Every byte of every recorded stream is where a provider breaks off, on a socket: an error, never an end. `pass`: bytes pass, or are translated. */
export const everyCut = (title: string, pass: boolean): void => {
  describe(`F11: every recorded stream cut on a socket at every byte, by turns of FIN and RST, ${title}`, () => {
    let provider: CuttingProvider;
    let bench: Bench;
    let lanes: readonly Lane[];
    const { stackTraceLimit } = Error;
    beforeAll(async () => {
      // Each cut makes several errors whose stacks nobody reads; making them takes a tenth of the time.
      Error.stackTraceLimit = 0;
      provider = await cuttingProvider(all.map(({ bytes }) => bytes));
      bench = await openBench({
        pass,
        main: { baseUrl: `${provider.url}/v1`, forwardHeaders: ['x-case'] },
        sections: { retry: { attempts: 1 } },
      });
      lanes = Array.from({ length: WIDTH }, () => lane(bench.url));
    });
    afterAll(async () => {
      Error.stackTraceLimit = stackTraceLimit;
      for (const one of lanes) one.close();
      await bench.close();
      await provider.close();
    });
    const request = (stream: Stream, at: number, how: How | 'whole'): string => {
      const body = bodyOf(stream);
      const head = [`POST /openai/main${pathOf(stream)} HTTP/1.1`, 'host: gateway', `authorization: Bearer ${bench.key}`, 'content-type: application/json'];
      return [...head, `x-case: ${all.indexOf(stream)}.${at}.${how}`, `content-length: ${body.length}`, '', body].join('\r\n');
    };
    const wholeOf = async (stream: Stream): Promise<readonly string[]> => {
      const got = await lanes[0]?.ask(request(stream, stream.bytes.length, 'whole'));
      expect([got?.status, got?.cut, TERMINAL.test(String(got?.body))], stream.name).toEqual([200, false, true]);
      return eventsOf(got?.body ?? Buffer.alloc(0));
    };

    test.each(['chat', 'completions', 'responses'] as const)(
      '%s',
      async (surface) => {
        const chosen = all.filter((one) => one.surface === surface);
        const cuts = chosen.flatMap((one) => cutsOf(one, pass ? 0 : 1));
        const uncut = new Map<Stream, readonly string[]>();
        for (const one of chosen) uncut.set(one, await wholeOf(one));
        const problems: string[] = [];
        const statuses = { 200: 0, 502: 0 };
        const left = cuts.values();
        const work = async (one: Lane): Promise<void> => {
          for (const cut of left) {
            const got = await one.ask(request(cut.stream, cut.at, cut.how));
            const problem = wrong(got, cut.how, uncut.get(cut.stream) ?? []);
            if (problem !== undefined) problems.push(`${where(cut)}: ${problem}`);
            statuses[got.status === 200 ? 200 : 502] += 1;
          }
        };
        await Promise.all(lanes.map(work));
        expect(problems).toEqual([]);
        expect(statuses[200] + statuses[502]).toBe(cuts.length);
        expect(Math.min(statuses[200], statuses[502])).toBeGreaterThan(0);
        // Half of the bytes, and all around the ends of events.
        expect(cuts.length * 2).toBeGreaterThanOrEqual(chosen.reduce((bytes, one) => bytes + one.bytes.length, 0) - chosen.length);
      },
      LIMIT_MS,
    );
  });
};
