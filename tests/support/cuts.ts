import { type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import type { How } from './cutting.ts';
import type { Bench } from './gateway.ts';
import type { Received, Wire } from './wires.ts';

export type Surface = 'chat' | 'completions' | 'responses';
/** One recorded stream. */
export interface Stream {
  readonly name: string;
  readonly surface: Surface;
  readonly bytes: Buffer;
  /** One of the shortest of its surface. */
  readonly short: boolean;
  /** Where an event ends, one byte before and one after. */
  readonly boundaries: ReadonlySet<number>;
}
/** Where a stream is cut: `at` bytes come through. */
export interface Cut {
  readonly stream: Stream;
  readonly at: number;
  readonly how: How;
}
const surfaceOf = ({ operation }: Recording): Surface =>
  operation.endsWith('chat/completions') ? 'chat' : operation === 'completions' ? 'completions' : 'responses';
const PATHS: Readonly<Record<Surface, string>> = { chat: '/v1/chat/completions', completions: '/v1/completions', responses: '/v1/responses' };
const ASKING: Readonly<Record<Surface, object>> = {
  chat: { messages: [{ role: 'user', content: 'hi' }] },
  completions: { prompt: 'hi' },
  responses: { input: 'hi' },
};
export const pathOf = ({ surface }: Pick<Stream, 'surface'>): string => PATHS[surface];
export const bodyOf = ({ surface }: Pick<Stream, 'surface'>): string => JSON.stringify({ model: 'gpt-4o-mini', stream: true, ...ASKING[surface] });
const SHORT: Readonly<Record<Surface, number>> = { chat: 3, completions: 1, responses: 1 };

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
    .map((one) => ({ ...one, short: ++seen[one.surface] <= SHORT[one.surface], boundaries: boundaries(one.bytes) }));
};
const ENDS: readonly How[] = ['fin', 'rst', 'close', 'rst'];
const TERMINAL = /data: \[DONE\]|"type": ?"response\.(?:completed|incomplete)"/;
/** Where a stream still has not said that it ends. Behind it an end that HTTP takes for one is an end: some providers send no line break after it. */
const openUntil = ({ bytes }: Pick<Stream, 'bytes'>): number => bytes.toString('latin1').search(TERMINAL);
/** Every cut of every position in both ways, on both paths: four times as many. */
const ALL = process.env.CUTS === 'all';
/** How long the cuts of a recording may take, ms. */
export const CUTS_MS = 240_000 * (ALL ? 4 : 1);
/**
 * The cuts of one of two paths: every byte of the stream once, the two paths and the ways of ending taking turns; around the end of
 * an event on both paths in both ways. `CUTS=all`: everywhere on both paths in both ways.
 */
export const cutsOf = (stream: Stream, path: 0 | 1): readonly Cut[] => {
  const cuts: Cut[] = [];
  const open = openUntil(stream);
  const howOf = (at: number, turn: number): How => {
    const how = ENDS[turn % ENDS.length] ?? 'fin';
    return how === 'close' && at > open ? 'fin' : how;
  };
  for (let at = 0, turn = 0; at < stream.bytes.length; at++) {
    if (ALL || stream.boundaries.has(at)) cuts.push({ stream, at, how: 'fin' }, { stream, at, how: 'rst' });
    else if (turn++ % 2 === path) cuts.push({ stream, at, how: howOf(at, turn >> 1) });
  }
  return cuts;
};

let serial = 0;
/** Asks a simulator's gateway for the stream; the provider cuts its answer. */
export const askFor = async (bench: Bench, wire: Wire, prefix: string, stream: Stream, cut: Pick<Cut, 'at' | 'how'>): Promise<Received> => {
  const id = String(++serial);
  bench.simulator.script({
    when: (request) => request.header('x-case') === id,
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    body: stream.bytes,
    rechunk: 'whole',
    cut: { at: cut.at, how: cut.how === 'rst' ? 'rst' : 'fin' },
  });
  return wire.ask({
    path: prefix + pathOf(stream),
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'x-case': id },
    body: bodyOf(stream),
  });
};
