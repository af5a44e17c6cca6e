import assert from 'node:assert/strict';
import { type Bytes, type ChatEvent, type ChatReply, collect, type ErrorLike } from '@llm-proxy-auth/plugin';
import { fakeCall } from './call.ts';
import { canonicalOf, differences } from './canonical.ts';
import { bytesOf, clientHalf, halves, needs, replyOf, type SurfaceSubject } from './dialect-subject.ts';
import { play } from './events.ts';
import { normalReply } from './normal-form.ts';
import { shown } from './purity.ts';
import { type Rule, type Runner, runRules } from './runner.ts';
import { cutInto, ended, eventsIn, failed, isTerminal, openStream, readStream } from './stream-reading.ts';

/** A surface that reads streams shows some that its vendor really sent. */
const recorded = ({ surface, samples }: SurfaceSubject): readonly Bytes[] => {
  const streams = samples.streams ?? [];
  assert.notEqual(streams.length, 0, `the subject lists no stream of ${surface.name}`);
  return streams;
};
const read = (subject: SurfaceSubject, bytes: Bytes) => readStream(subject.surface, subject.dialect.name, [bytes]);
/** Bytes a writer makes of events, one piece an event. */
const write = (subject: SurfaceSubject, events: readonly ChatEvent[]): readonly Bytes[] => {
  const model = events.find((event) => event.type === 'start')?.model ?? 'model-1';
  const writer = clientHalf(subject.surface)?.stream?.(fakeCall(subject.surface, { stream: true, dialect: subject.dialect.name, model }));
  if (writer === undefined) return [];
  return [
    ...events.map((event) => bytesOf(event.type === 'error' ? writer.error(event.error) : writer.event(event))),
    ...(events.some((e) => e.type === 'error') ? [] : [bytesOf(writer.end())]),
  ];
};
/** The vendor's own usage object and its own fields may stand in other places of a stream. */
const counts = (path: string): boolean => !/(^|\.)(rest|raw)(\.|$)/.test(path);
const joined = (pieces: readonly Bytes[]): Bytes => Buffer.concat(pieces);
const replies = (subject: SurfaceSubject): readonly { readonly path: string; readonly value: ChatReply }[] =>
  subject.surface.operation === 'chat' ? (canonicalOf('chat').replies as readonly { path: string; value: ChatReply }[]) : [];
/** What text parts say, in order. */
const texts = (events: readonly ChatEvent[]): string => {
  const open = new Set<string>();
  return events
    .map((event) => {
      if (event.type === 'part' && event.part.kind === 'text') open.add(`${event.choice}.${event.index}`);
      if (event.type === 'part') return event.part.kind === 'text' ? event.part.text : '';
      return event.type === 'delta' && open.has(`${event.choice}.${event.index}`) ? event.text : '';
    })
    .join('');
};
/** What an answer says, without what it took and what else stands behind its end. */
const withoutUsage = (events: readonly ChatEvent[]): readonly ChatEvent[] =>
  events.flatMap((event) => (event.type === 'usage' ? [] : [event.type === 'end' ? { type: 'end' as const } : event]));
const failure: ErrorLike = { code: 'upstream_stream_truncated', status: 502, message: 'marker of the failure' };

/** Parts open before they grow, in order; a choice finishes once and is silent afterwards. */
const grammar = (events: readonly ChatEvent[]): string | undefined => {
  const open = new Map<string, boolean>();
  const parts = new Map<number, number>();
  const finished = new Set<number>();
  for (const [at, event] of events.entries()) {
    if ((event.type === 'start') !== (at === 0) && event.type !== 'error') return `start is event ${at}`;
    if (!('choice' in event)) continue;
    if (finished.has(event.choice)) return `${event.type} after finish of choice ${event.choice}`;
    if (event.type === 'finish') finished.add(event.choice);
    if (!('index' in event)) continue;
    const key = `${event.choice}.${event.index}`;
    if (event.type === 'part') {
      if (event.index !== (parts.get(event.choice) ?? 0)) return `part ${key} opens out of order`;
      parts.set(event.choice, event.index + 1);
      open.set(key, true);
    } else if (open.get(key) !== true) return `${event.type} for part ${key}, which is not open`;
    if (event.type === 'part-end') open.set(key, false);
  }
  return undefined;
};

/** Lengths at which a stream is cut: at and just before the end of every event, and evenly through all of it. */
const cuts = ({ surface }: SurfaceSubject, bytes: Bytes): readonly number[] => {
  let end = 0;
  const ends = eventsIn(surface.framing, bytes).map((event) => {
    end += event.length;
    return end;
  });
  const even = Array.from({ length: 300 }, (_, index) => Math.floor((index * bytes.length) / 300));
  return [...new Set([...even, ...ends, ...ends.map((at) => at - 1)])].filter((at) => at >= 0 && at < bytes.length);
};

const readerRules: readonly Rule<SurfaceSubject>[] = [
  {
    id: 'stream.one-terminal',
    says: 'a stream ends with exactly one end or error, and nothing follows it',
    absent: needs.reader,
    check(subject) {
      for (const bytes of recorded(subject)) {
        const { events, threw } = read(subject, bytes);
        assert.equal(threw, undefined, `the reader threw ${String(threw)}`);
        assert.equal(events.filter(isTerminal).length, 1, `${events.filter(isTerminal).length} ends or errors`);
        assert.ok(isTerminal(events.at(-1) ?? { type: 'keep', origin: { dialect: '', payload: { json: '' } } }), 'something follows the end');
      }
    },
  },
  {
    id: 'stream.event-grammar',
    says: 'events come in order: start, a part before it grows, indexes from 0, finish once and last in its choice',
    absent: needs.reader,
    check(subject) {
      for (const bytes of recorded(subject)) assert.equal(grammar(read(subject, bytes).events), undefined);
    },
  },
  {
    id: 'stream.rechunk',
    says: 'the same bytes in any pieces, beside any other stream, give the same events',
    absent: needs.reader,
    check(subject) {
      for (const bytes of recorded(subject)) {
        const whole = read(subject, bytes).events;
        for (const sizes of [[1], [2, 3, 5, 7], [64, 1, 999]]) {
          const streams = [sizes, [11, 1]].map((one) => ({ stream: openStream(subject.surface, subject.dialect.name), pieces: [...cutInto(bytes, one)] }));
          while (streams.some(({ pieces }) => pieces.length > 0)) {
            for (const { stream, pieces } of streams) {
              const piece = pieces.shift();
              if (piece !== undefined) stream.push(piece);
            }
          }
          for (const { stream } of streams) assert.deepEqual(stream.end().events, whole, `pieces of ${sizes.join(', ')}`);
        }
      }
    },
  },
  {
    id: 'stream.cut-is-error',
    says: 'a stream that stops anywhere before its end is never taken for whole',
    absent: needs.reader,
    check(subject) {
      for (const bytes of recorded(subject)) {
        const whole = read(subject, bytes).events;
        const said = (events: readonly ChatEvent[]): readonly ChatEvent[] => (subject.samples.usageLast === true ? withoutUsage(events) : events);
        for (const length of cuts(subject, bytes)) {
          const cut = read(subject, bytes.subarray(0, length));
          assert.equal(cut.threw, undefined, `cut at ${length}: the reader threw ${String(cut.threw)}`);
          if (ended(cut)) assert.deepEqual(said(cut.events), said(whole), `cut at byte ${length} of ${bytes.length} ends as if whole`);
        }
      }
    },
  },
  {
    id: 'stream.garbage-is-error',
    says: 'an event that makes no sense becomes one error, never an exception and never an end',
    absent: needs.reader,
    check(subject) {
      const [bytes] = recorded(subject);
      if (bytes === undefined) return;
      const frames = eventsIn(subject.surface.framing, bytes);
      const garbage =
        subject.surface.framing === 'sse' || subject.surface.framing === 'sse-lines'
          ? ['data: {"x":\n\n', 'data: \n\n', 'data: null\n\n', 'data: []\n\n', 'data: "text"\n\n', 'data: 7\n\n']
          : ['{"x":\n'];
      for (const text of garbage) {
        const half = joined([...frames.slice(0, Math.ceil(frames.length / 2)), Buffer.from(text)]);
        const { events, threw } = read(subject, half);
        assert.equal(threw, undefined, `${text.trim()}: the reader threw ${String(threw)}`);
        assert.ok(!ended({ events }), `${text.trim()}: the stream counts as whole`);
        assert.ok(events.filter(isTerminal).length <= 1, `${text.trim()}: several errors`);
      }
    },
  },
];

const writerRules: readonly Rule<SurfaceSubject>[] = [
  {
    id: 'stream.writer-order',
    says: 'each event becomes whole frames, in the order given, and the end writes nothing after the vendor’s own last frame',
    absent: needs.streams,
    check(subject) {
      for (const { path, value } of replies(subject)) {
        const pieces = write(subject, play(value));
        assert.deepEqual(
          pieces.flatMap((piece) => (piece.length === 0 ? [] : eventsIn(subject.surface.framing, piece))).map(String),
          eventsIn(subject.surface.framing, joined(pieces)).map(String),
          `${path}: an event is written as half a frame`,
        );
        const again = read(subject, joined(pieces));
        assert.ok(ended(again), `${path}: what was written has no end`);
        assert.equal(texts(again.events), texts(play(value)), `${path}: the text is in another order`);
      }
    },
  },
  {
    id: 'stream.writer-error-is-last',
    says: 'an error after content is read as an error with its message, and no end is written with it',
    absent: needs.streams,
    check(subject) {
      for (const { path, value } of replies(subject)) {
        const content = play(value).filter((event) => event.type === 'start' || event.type === 'part' || event.type === 'delta');
        const again = read(subject, joined(write(subject, [...content, { type: 'error', error: failure }])));
        assert.ok(!ended(again), `${path}: the stream counts as whole`);
        const last = again.events.at(-1);
        assert.ok(last?.type === 'error', `${path}: the error is not read: ${shown(last)}`);
        assert.equal(last.error.message, failure.message);
      }
    },
  },
  {
    id: 'stream.idle-is-silent',
    says: 'a sign of life between any two events changes nothing',
    absent: (subject) => {
      const writer = clientHalf(subject.surface)?.stream?.(fakeCall(subject.surface, { stream: true }));
      return needs.streams(subject) ?? (writer?.idle === undefined ? 'its writer has no sign of life' : undefined);
    },
    check(subject) {
      for (const { path, value } of replies(subject)) {
        const writer = clientHalf(subject.surface)?.stream?.(fakeCall(subject.surface, { stream: true, dialect: subject.dialect.name }));
        const idle = bytesOf(writer?.idle?.() ?? '');
        const pieces = write(subject, play(value)).filter((piece) => piece.length > 0);
        assert.notEqual(idle.length, 0, 'the sign of life is empty');
        assert.deepEqual(read(subject, joined(pieces.flatMap((piece) => [idle, piece]))).events, read(subject, joined(pieces)).events, path);
      }
    },
  },
  {
    id: 'stream.equals-unary',
    says: 'an answer that streams is the answer that comes whole',
    absent: needs.streams,
    check(subject) {
      const { client, provider } = halves(subject);
      for (const { path, value } of replies(subject)) {
        const call = fakeCall(subject.surface, { dialect: subject.dialect.name });
        const unary = provider.read(replyOf(client.write(value, call).body), call, undefined);
        const { events } = read(subject, joined(write(subject, play(value))));
        const streamed = collect(events);
        assert.deepEqual(
          differences(normalReply('chat', streamed), normalReply('chat', unary)).filter(counts),
          [],
          `${path}: ${shown(streamed)} instead of ${shown(unary)}`,
        );
      }
    },
  },
  {
    id: 'stream.write-read-same',
    says: 'a recorded stream that was read and written again is read as the same answer',
    absent: needs.streams,
    check(subject) {
      for (const bytes of recorded(subject)) {
        const events = read(subject, bytes).events;
        if (failed({ events })) continue;
        const again = read(subject, joined(write(subject, events))).events;
        assert.deepEqual(differences(normalReply('chat', collect(events)), normalReply('chat', collect(again))).filter(counts), []);
      }
    },
  },
];

export const streamRules: readonly Rule<SurfaceSubject>[] = [...readerRules, ...writerRules];

/** Rules of a surface's streams, read and written. */
export const streamSuite = (runner: Runner, subject: SurfaceSubject): void =>
  runRules(runner, `stream ${subject.dialect.name} ${subject.surface.name}`, streamRules, subject);
