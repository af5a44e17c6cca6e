import assert from 'node:assert/strict';
import type { Bytes, ErrorLike, Tap, TapState } from '@llm-proxy-auth/plugin';
import { bytesOf, needs, providerHalf, type SurfaceSubject } from './dialect-subject.ts';
import { shown } from './purity.ts';
import { type Rule, type Runner, runRules } from './runner.ts';
import { ended, eventsIn, failed, readStream } from './stream-reading.ts';

const failure: ErrorLike = { code: 'upstream_stream_truncated', status: 502, message: 'marker of the failure' };
const ranks: Readonly<Record<TapState, number>> = { waiting: 0, content: 1, done: 2, failed: 2 };
const open = ({ surface }: SurfaceSubject, asked = false): Tap => {
  const tap = surface.tap?.(surface.framing, asked);
  if (tap === undefined) throw new Error(`${surface.name} has no tap`);
  return tap;
};
const watch = (subject: SurfaceSubject, frames: readonly Bytes[], asked = false): Tap => {
  const tap = open(subject, asked);
  for (const frame of frames) tap.bytes(frame);
  return tap;
};
/** Streams come with a tap only where the surface streams at all. */
const streaming = (subject: SurfaceSubject): string | undefined =>
  needs.tap(subject) ??
  (subject.surface.framing === 'json' || subject.surface.framing === 'binary' || providerHalf(subject.surface)?.stream === undefined
    ? `nothing of ${subject.surface.name} is read event by event`
    : undefined);
const recorded = ({ surface, samples }: SurfaceSubject): readonly (readonly Bytes[])[] => {
  const streams = samples.streams ?? [];
  assert.notEqual(streams.length, 0, `the subject lists no stream of ${surface.name}`);
  return streams.map((bytes) => eventsIn(surface.framing, bytes));
};
const read = (subject: SurfaceSubject, frames: readonly Bytes[]) => readStream(subject.surface, subject.dialect.name, frames);
const usageOf = (events: ReturnType<typeof readStream>['events']) => events.findLast((event) => event.type === 'usage')?.usage;

const verdictRules: readonly Rule<SurfaceSubject>[] = [
  {
    id: 'tap.equals-reader',
    says: 'watching a stream, whole or cut after any event, gives the verdict and the usage that reading it gives',
    absent: streaming,
    check(subject) {
      for (const frames of recorded(subject)) {
        for (let length = 0; length <= frames.length; length += 1) {
          const seen = frames.slice(0, length);
          const verdict = watch(subject, seen).end();
          const { events } = read(subject, seen);
          const at = `after ${length} of ${frames.length} events`;
          assert.equal(verdict.complete, ended({ events }), `${at}: complete`);
          assert.equal(
            verdict.error !== undefined,
            failed({ events }) && events.some((event) => event.type === 'error' && event.error.code !== 'upstream_stream_truncated'),
            `${at}: error`,
          );
          // A reader may keep the usage back until the end; a cut stream's usage is known to the tap alone then.
          if (verdict.complete || usageOf(events) !== undefined) assert.deepEqual(verdict.usage, usageOf(events), `${at}: usage`);
        }
      }
    },
  },
  {
    id: 'tap.rechunk',
    says: 'it makes no difference how many whole events come at once',
    absent: streaming,
    check(subject) {
      for (const frames of recorded(subject)) {
        const single = watch(subject, frames);
        for (const size of [2, 3, frames.length]) {
          const groups = Array.from({ length: Math.ceil(frames.length / size) }, (_, at) => Buffer.concat(frames.slice(at * size, (at + 1) * size)));
          const grouped = watch(subject, groups);
          assert.equal(grouped.state, single.state, `state, ${size} at once`);
          assert.deepEqual(grouped.end(), single.end(), `${size} at once`);
        }
      }
    },
  },
  {
    id: 'tap.state-order',
    says: 'waiting, content, then done or failed, never back; no content before a part was opened, never waiting once text was sent',
    absent: streaming,
    check(subject) {
      for (const frames of recorded(subject)) {
        const tap: { readonly state: TapState; bytes(chunk: Bytes): void } = open(subject);
        let rank = ranks.waiting;
        assert.ok(ranks[tap.state] === rank, `${tap.state} before the first event`);
        for (const [at, frame] of frames.entries()) {
          tap.bytes(frame);
          assert.ok(ranks[tap.state] >= rank, `event ${at}: back to ${tap.state}`);
          rank = ranks[tap.state];
          const { events } = read(subject, frames.slice(0, at + 1));
          const opened = events.some((event) => event.type === 'part' || event.type === 'delta' || event.type === 'finish');
          const text = events.some((event) => event.type === 'delta' && event.text.trim() !== '');
          if (tap.state === 'content') assert.ok(opened, `event ${at}: content before any part`);
          if (text) assert.notEqual(tap.state, 'waiting', `event ${at}: text was sent`);
        }
      }
    },
  },
  {
    id: 'tap.never-throws',
    says: 'no bytes make it throw, and garbage is not complete',
    absent: needs.tap,
    check(subject) {
      for (const text of ['', '\n\n', 'data: {\n\n', 'data: null\n\n', '\u0000\ufffd', '<html></html>', '{"usage":', 'event: x\n\n']) {
        for (const framing of [subject.surface.framing, 'json'] as const) {
          const tap = subject.surface.tap?.(framing, false);
          tap?.bytes(Buffer.from(text));
          if (framing !== 'json' && framing !== 'binary') assert.equal(tap?.end().complete, false, `${shown(text)} counts as complete`);
          else tap?.end();
        }
      }
    },
  },
];

const changeRules: readonly Rule<SurfaceSubject>[] = [
  {
    id: 'tap.cut-removes-only-usage',
    says: 'what the gateway asked for goes, everything else stays; a chunk with nothing to cut is the same object',
    absent: streaming,
    check(subject) {
      for (const frames of recorded(subject)) {
        const tap = open(subject, true);
        if (tap.cut === undefined) return;
        const whole = read(subject, frames).events;
        const kept = frames.map((frame) => {
          tap.bytes(frame);
          const left = tap.cut?.(frame) ?? frame;
          if (Buffer.compare(left, frame) === 0) assert.equal(left, frame, 'an unchanged chunk is another object');
          return left;
        });
        const again = read(
          subject,
          kept.filter((piece) => piece.length > 0),
        ).events;
        const rest = (events: typeof whole) => events.filter((event) => event.type !== 'usage');
        assert.deepEqual(rest(again), rest(whole), 'more than the usage is gone');
        assert.equal(usageOf(again), undefined, 'the usage is still there');
        assert.deepEqual(tap.end().usage, usageOf(whole), 'the usage is not counted');
      }
    },
  },
  {
    id: 'tap.cut-only-when-asked',
    says: 'what the client asked for itself is left to it',
    absent: streaming,
    check(subject) {
      for (const frames of recorded(subject)) {
        const tap = open(subject, false);
        for (const frame of frames) {
          tap.bytes(frame);
          assert.equal(tap.cut?.(frame) ?? frame, frame, 'a chunk was changed');
        }
      }
    },
  },
  {
    id: 'tap.fail-is-readable',
    says: 'its error event, after any number of events, is read as one error with the message and as no end',
    absent: streaming,
    check(subject) {
      for (const frames of recorded(subject)) {
        for (let length = 0; length < frames.length; length += 1) {
          const seen = frames.slice(0, length);
          if (ended(read(subject, seen))) break;
          const { events } = read(subject, [...seen, bytesOf(watch(subject, seen).fail(failure))]);
          const last = events.at(-1);
          assert.ok(!ended({ events }), `after ${length} events: the stream counts as whole`);
          assert.ok(last?.type === 'error' && last.error.message === failure.message, `after ${length} events: ${shown(last)}`);
        }
      }
    },
  },
  {
    id: 'tap.idle-is-silent',
    says: 'its sign of life between any two events changes nothing',
    absent: (subject) => streaming(subject) ?? (open(subject).idle === undefined ? 'its tap has no sign of life' : undefined),
    check(subject) {
      for (const frames of recorded(subject)) {
        const idle = bytesOf(open(subject).idle?.() ?? '');
        assert.notEqual(idle.length, 0, 'the sign of life is empty');
        assert.deepEqual(
          read(
            subject,
            frames.flatMap((frame) => [idle, frame]),
          ).events,
          read(subject, frames).events,
        );
      }
    },
  },
];

export const tapRules: readonly Rule<SurfaceSubject>[] = [...verdictRules, ...changeRules];

/** Rules of a surface's tap, the observer of passing bytes. */
export const tapSuite = (runner: Runner, subject: SurfaceSubject): void =>
  runRules(runner, `tap ${subject.dialect.name} ${subject.surface.name}`, tapRules, subject);
