import { type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import type { Bench } from './gateway.ts';
import type { Received, Wire } from './wires.ts';

export type How = 'fin' | 'rst';
/** One recorded stream and where it is cut. */
export interface Stream {
  readonly name: string;
  readonly surface: 'chat' | 'completions' | 'responses';
  readonly bytes: Buffer;
  /** Every how many bytes it is cut. */
  readonly step: number;
  readonly boundaries: ReadonlySet<number>;
}
export interface Cut {
  readonly stream: Stream;
  readonly at: number;
  readonly how: How;
}
const surfaceOf = ({ operation }: Recording): Stream['surface'] =>
  operation.endsWith('chat/completions') ? 'chat' : operation === 'completions' ? 'completions' : 'responses';
const PATHS = { chat: '/v1/chat/completions', completions: '/v1/completions', responses: '/v1/responses' };
const BODIES = {
  chat: { messages: [{ role: 'user', content: 'hi' }] },
  completions: { prompt: 'hi' },
  responses: { input: 'hi' },
};
/** How many of the shortest streams of each surface are cut at every byte; the others at every 29th. */
const EVERY_BYTE = { chat: 3, completions: 1, responses: 1 };
const SPARSE = 29;

/** Where an event ends, one byte before and one after. */
const boundaries = (bytes: Buffer): ReadonlySet<number> => {
  const found = new Set<number>();
  for (let at = bytes.indexOf('\n\n'); at >= 0; at = bytes.indexOf('\n\n', at + 2)) for (const near of [at + 1, at + 2, at + 3]) found.add(near);
  return found;
};
/** All recorded streams that speak OpenAI's wire, the shortest first. */
export const streams = (): readonly Stream[] => {
  const seen = { chat: 0, completions: 0, responses: 0 };
  return recordings()
    .filter((one) => one.stream && one.response.status === 200 && /(^|\/)(completions|responses)$/.test(one.operation))
    .map((one) => ({ name: one.file, surface: surfaceOf(one), bytes: recordedBytes(one) }))
    .sort((a, b) => a.bytes.length - b.bytes.length)
    .map((one) => ({ ...one, step: ++seen[one.surface] <= EVERY_BYTE[one.surface] ? 1 : SPARSE, boundaries: boundaries(one.bytes) }));
};
/**
 * The cuts of one of two paths. Position p lets p bytes through; the last lets all but one through. Inside events each
 * position is cut once, the two paths and FIN and RST taking turns; around the end of an event, on both paths in both ways.
 */
export const cutsOf = (stream: Stream, path: 0 | 1): readonly Cut[] => {
  const cuts: Cut[] = [];
  for (let at = 0, turn = 0; at < stream.bytes.length; at++) {
    if (stream.boundaries.has(at)) cuts.push({ stream, at, how: 'fin' }, { stream, at, how: 'rst' });
    else if (at % stream.step === 0 && turn++ % 2 === path) cuts.push({ stream, at, how: turn % 4 < 2 ? 'fin' : 'rst' });
  }
  return cuts;
};

let serial = 0;
/** Asks for the stream; the provider cuts its answer, or sends it whole when `cut` is absent. Needs `forwardHeaders: [x-case]`. */
export const askFor = async (bench: Bench, wire: Wire, prefix: string, stream: Stream, cut?: Pick<Cut, 'at' | 'how'>): Promise<Received> => {
  const id = String(++serial);
  bench.simulator.script({
    when: (request) => request.header('x-case') === id,
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    body: stream.bytes,
    rechunk: 'whole',
    ...(cut === undefined ? {} : { cut }),
  });
  return wire.ask({
    path: prefix + PATHS[stream.surface],
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'x-case': id },
    body: JSON.stringify({ model: 'gpt-4o-mini', stream: true, ...BODIES[stream.surface] }),
  });
};
