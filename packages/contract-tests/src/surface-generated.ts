import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { type ChatEvent, collect, isGatewayError, type Part } from '@llm-proxy-auth/plugin';
import { chatReply, chatRequest, embedRequest, streamedReply } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { fakeCall, inboundOf, ledger } from './call.ts';
import { differences } from './canonical.ts';
import { carry } from './carry.ts';
import { bodyText, bytesOf, halves, needs, replyOf, type SurfaceSubject } from './dialect-subject.ts';
import { normalReply } from './normal-form.ts';
import type { Rule } from './runner.ts';
import { isTerminal, readStream } from './stream-reading.ts';
import { sameMeaning, ungoverned } from './wire-form.ts';

/** Enough to meet every pair of part kinds; the seed keeps a failure the same until it is mended. */
const runs = { numRuns: 200, seed: 20_260_101 } as const;
const generated = ({ surface }: SurfaceSubject): fc.Arbitrary<unknown> | undefined => {
  if (surface.operation === 'chat') return chatRequest();
  return surface.operation === 'embeddings' ? embedRequest() : undefined;
};
/** A refusal decides how an answer ends; whether an empty one does is for no law to say. */
const kinds: readonly Part['kind'][] = ['text', 'thinking', 'image', 'audio', 'video', 'document', 'toolCall', 'opaque'];
const needsChat = (subject: SurfaceSubject): string | undefined =>
  needs.both(subject) ?? (subject.surface.operation === 'chat' ? undefined : `answers of ${subject.surface.operation} are not generated`);
/** The vendor's own fields and its usage object may stand in other places of a stream. */
const counts = (path: string): boolean => !/(^|\.)(rest|raw)(\.|$)/.test(path);
/** What a vendor has no word for is refused by name, and what it refuses itself may be. */
const orRefuse = <T>(f: () => T): T | undefined => {
  try {
    return f();
  } catch (failure) {
    if (isGatewayError(failure) && failure.status === 400) return undefined;
    throw failure;
  }
};
/** What there is to see; that something throws is for other laws. */
const ifAny = <T>(f: () => T): T | undefined => {
  try {
    return f();
  } catch {
    return undefined;
  }
};

export const generatedRules: readonly Rule<SurfaceSubject>[] = [
  {
    id: 'surface.generated-requests',
    says: 'whatever the request, what it writes it reads and writes again as it was',
    absent: (subject) => needs.both(subject) ?? (generated(subject) === undefined ? `requests of ${subject.surface.operation} are not generated` : undefined),
    check(subject) {
      const { surface, dialect } = subject;
      const { client, provider } = halves(subject);
      const write = (request: unknown, text?: string): string =>
        bodyText(
          provider.write(request, fakeCall(surface, { dialect: dialect.name, ...(text === undefined ? {} : { inbound: inboundOf(surface, text) }) })).body,
        );
      const law = (request: unknown): void => {
        const first = orRefuse(() => write(request));
        const again = first === undefined ? undefined : orRefuse(() => client.read(inboundOf(surface, first), ledger()));
        if (first === undefined || again === undefined) return;
        assert.deepEqual(ungoverned(surface, write(again, first)), ungoverned(surface, first));
      };
      fc.assert(fc.property(generated(subject) ?? fc.constant(undefined), law), runs);
    },
  },
  {
    id: 'surface.own-loses-nothing',
    says: 'what comes from the surface and goes back to it as it came leaves nothing in the ledger',
    absent: needsChat,
    check(subject) {
      const { surface, dialect, samples } = subject;
      const { client, provider } = halves(subject);
      const law = (text: string): void => {
        const inbound = inboundOf(surface, text);
        const result = ifAny(() => carry(surface, client.read(inbound, ledger()), { dialect: dialect.name, inbound }));
        if (result === undefined || result.is === 'refused' || !isDeepStrictEqual(ungoverned(surface, result.body), ungoverned(surface, text))) return;
        assert.deepEqual(result.notes, [], text);
      };
      const written = (request: unknown): void => {
        const body = ifAny(() => bodyText(provider.write(request, fakeCall(surface, { dialect: dialect.name })).body));
        if (body !== undefined) law(body);
      };
      for (const text of samples.requests ?? []) law(text);
      fc.assert(fc.property(fc.oneof(chatRequest(), chatRequest({ dialect: dialect.name })), written), runs);
    },
  },
  {
    id: 'surface.generated-replies',
    says: 'whatever the answer, what it writes it reads and writes again as it was',
    absent: needsChat,
    check(subject) {
      const { client, provider } = halves(subject);
      const law = (reply: { readonly model: string }): void => {
        const call = fakeCall(subject.surface, { dialect: subject.dialect.name, model: reply.model });
        const write = (one: unknown): string => Buffer.from(bytesOf(client.write(one, call).body)).toString();
        const first = write(reply);
        assert.deepEqual(sameMeaning(write(provider.read(replyOf(first), call, undefined))), sameMeaning(first));
      };
      fc.assert(fc.property(chatReply({ kinds }), law), runs);
    },
  },
  {
    id: 'surface.generated-streams',
    says: 'whatever the answer, its stream is read without an exception, ends once, and tells the same when it is written and read again',
    absent: (subject) => needsChat(subject) ?? needs.streams(subject),
    check(subject) {
      const { surface, dialect } = subject;
      const write = (events: readonly ChatEvent[], model: string): Buffer => {
        const writer = halves(subject).client.stream?.(fakeCall(surface, { stream: true, dialect: dialect.name, model }));
        if (writer === undefined) return Buffer.alloc(0);
        return Buffer.concat([...events.map((event) => bytesOf(writer.event(event))), bytesOf(writer.end())]);
      };
      const law = ({ events, reply }: { readonly events: readonly ChatEvent[]; readonly reply: { readonly model: string } }): void => {
        const told = (written: Buffer): readonly ChatEvent[] => {
          const read = readStream(surface, dialect.name, [written]);
          assert.equal(read.threw, undefined, `the reader threw ${String(read.threw)}`);
          assert.deepEqual(
            read.events.filter(isTerminal).map(({ type }) => type),
            ['end'],
          );
          return read.events;
        };
        const first = told(write(events, reply.model));
        const again = told(write(first, reply.model));
        assert.deepEqual(differences(normalReply('chat', collect(again)), normalReply('chat', collect(first))).filter(counts), []);
      };
      // Servers say 0 when they do not know the time, so readers take it for absent.
      const dated = streamedReply({ kinds }).filter(({ reply }) => reply.created !== 0);
      fc.assert(fc.property(dated, law), runs);
    },
  },
];
