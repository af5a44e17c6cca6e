import assert from 'node:assert/strict';
import { type AnySurface, type Call, isGatewayError, stringifyJson } from '@llm-proxy-auth/plugin';
import { fakeCall, inboundOf, ledger, type NotedLedger } from './call.ts';
import { canonicalOf, differences, type Variant } from './canonical.ts';
import { type CarryResult, carry, speaksOf } from './carry.ts';
import { bodyText, bytesOf, clientHalf, halves, needs, providerHalf, replyOf, type SurfaceSubject } from './dialect-subject.ts';
import { normalReply, normalRequest } from './normal-form.ts';
import { atAnotherMoment, deepFreeze, shown } from './purity.ts';
import type { Rule } from './runner.ts';
import { sameMeaning, ungoverned } from './wire-form.ts';

const requests = ({ surface }: SurfaceSubject): readonly Variant<unknown>[] => {
  const { plain, fields, parts } = canonicalOf(surface.operation);
  return plain === undefined ? [] : [{ path: 'plain', value: plain }, ...fields, ...parts];
};
const replies = ({ surface }: SurfaceSubject): readonly Variant<unknown>[] => canonicalOf(surface.operation).replies;
const withoutBody = (subject: SurfaceSubject): string | undefined =>
  subject.surface.body.includes('json') ? undefined : `${subject.surface.name} has no body`;
const noSamples = (name: 'requests' | 'replies') => (subject: SurfaceSubject) =>
  (subject.samples[name] ?? []).length === 0 && subject.surface.operation !== 'chat' && subject.surface.operation !== 'embeddings'
    ? `no ${name} of ${subject.surface.operation} are translated`
    : undefined;
/** A surface whose halves are translated shows what its vendor really sends. */
const demanded = (subject: SurfaceSubject, name: 'requests' | 'replies'): readonly string[] => {
  const samples = subject.samples[name] ?? [];
  assert.notEqual(samples.length, 0, `the subject lists no ${name} of ${subject.surface.name}`);
  return samples;
};
/** What the ledger says must explain every difference. */
const unexplained = ({ surface }: SurfaceSubject, before: unknown, after: unknown, notes: NotedLedger['notes']): readonly string[] =>
  differences(before, after).filter((path) => !notes.some(({ param }) => speaksOf(surface, param, path)));
/** What only the vendor's own surface gets back may appear by writing: fields with the vendor's defaults, the usage object. */
const own = /(^|\.)(rest|raw)(\.|$)/;
/** A surface may refuse, by name, what only its vendor understands; then there is nothing to compare. */
const readOrRefuse = (subject: SurfaceSubject, text: string): unknown => {
  try {
    return clientHalf(subject.surface)?.read(inboundOf(subject.surface, text), ledger());
  } catch (failure) {
    if (isGatewayError(failure) && failure.code === 'unsupported_parameter' && failure.param !== undefined) return undefined;
    throw failure;
  }
};
const readable = (subject: SurfaceSubject): readonly string[] =>
  clientHalf(subject.surface) === undefined ? [] : (subject.samples.requests ?? []).filter((text) => readOrRefuse(subject, text) !== undefined);
const bothAnd = (more: (subject: SurfaceSubject) => string | undefined) => (subject: SurfaceSubject) => needs.both(subject) ?? more(subject);

const readWriteRules: readonly Rule<SurfaceSubject>[] = [
  {
    id: 'surface.read-write-normal',
    says: 'a canonical request that was written and read again is the same, but for what the ledger names',
    absent: bothAnd(withoutBody),
    check(subject) {
      const { client } = halves(subject);
      for (const { path, value } of requests(subject)) {
        const result: CarryResult = carry(subject.surface, value);
        if (result.is === 'refused') continue;
        const notes = ledger();
        const again = client.read(inboundOf(subject.surface, result.body), notes);
        const lost = unexplained(subject, normalRequest(subject.surface.operation, value), normalRequest(subject.surface.operation, again), [
          ...result.notes,
          ...notes.notes,
        ]);
        assert.deepEqual(lost, [], `${path}: differs after writing ${result.body.slice(0, 400)}`);
      }
    },
  },
  {
    id: 'surface.write-read-same',
    says: 'what the vendor’s SDK sent is written again as it came',
    absent: bothAnd((subject) => withoutBody(subject) ?? noSamples('requests')(subject)),
    check(subject) {
      const { provider } = halves(subject);
      const requested = demanded(subject, 'requests').map((text) => ({ text, request: readOrRefuse(subject, text) }));
      assert.ok(
        requested.some(({ request }) => request !== undefined),
        'every request is refused',
      );
      for (const { text, request } of requested) {
        if (request === undefined) continue;
        const inbound = inboundOf(subject.surface, text);
        const { body } = provider.write(request, fakeCall(subject.surface, { inbound, dialect: subject.dialect.name }));
        assert.deepEqual(ungoverned(subject.surface, bodyText(body)), ungoverned(subject.surface, text), `${shown(text)} became ${shown(bodyText(body))}`);
      }
    },
  },
  {
    id: 'surface.reply-read-write-normal',
    says: 'a canonical answer that was written and read again is the same, but for what the ledger names',
    absent: needs.both,
    check(subject) {
      const { client, provider } = halves(subject);
      const { operation } = subject.surface;
      for (const { path, value } of replies(subject)) {
        const notes = ledger();
        const call = fakeCall(subject.surface, { dialect: subject.dialect.name, ledger: notes });
        const { body, headers } = client.write(value, call);
        const plain = replyOf(body);
        const again = provider.read({ ...plain, headers: headers ?? plain.headers }, call, undefined);
        const lost = unexplained(subject, normalReply(operation, value), normalReply(operation, again), notes.notes).filter((one) => !own.test(one));
        assert.deepEqual(lost, [], `${path}: differs after writing ${shown(body)}`);
      }
    },
  },
  {
    id: 'surface.reply-write-read-same',
    says: 'what the vendor answered is written again as it came',
    absent: bothAnd(noSamples('replies')),
    check(subject) {
      const { client, provider } = halves(subject);
      for (const text of demanded(subject, 'replies')) {
        const model = String((JSON.parse(text) as { readonly model?: unknown }).model ?? 'model-1');
        const call = fakeCall(subject.surface, { dialect: subject.dialect.name, model });
        const { body } = client.write(provider.read(replyOf(text), call, undefined), call);
        assert.deepEqual(sameMeaning(Buffer.from(bytesOf(body)).toString()), sameMeaning(text), `${shown(text)} became ${shown(body)}`);
      }
    },
  },
];

const purityRules: readonly Rule<SurfaceSubject>[] = [
  {
    id: 'surface.no-mutation',
    says: 'neither half changes what it is given',
    check(subject) {
      const { surface } = subject;
      const call = fakeCall(surface, { dialect: subject.dialect.name });
      for (const { value } of requests(subject)) writeOrRefuse(surface, deepFreeze(structuredClone(value)), call);
      for (const { value } of replies(subject)) clientHalf(surface)?.write(deepFreeze(structuredClone(value)), call);
      for (const text of readable(subject)) clientHalf(surface)?.read(deepFreeze(inboundOf(surface, text)), ledger());
      for (const text of subject.samples.replies ?? []) {
        const reply = replyOf(text);
        providerHalf(surface)?.read(reply, call, undefined);
        assert.equal(Buffer.from(reply.body).toString(), text, 'the bytes of the answer are others');
      }
    },
  },
  {
    id: 'surface.deterministic',
    says: 'the same input gives the same bytes at any time',
    check(subject) {
      const { surface } = subject;
      const client = clientHalf(surface);
      for (const { path, value } of requests(subject)) {
        const [first, second] = [1, 2].map((salt) => atAnotherMoment(salt, () => carry(surface, value)));
        assert.deepEqual(second, first, `${path}: written differently`);
      }
      for (const { path, value } of replies(subject)) {
        const [first, second] = [1, 2].map((salt) => atAnotherMoment(salt, () => client?.write(value, fakeCall(surface, { dialect: subject.dialect.name }))));
        assert.deepEqual(second, first, `${path}: answered differently`);
      }
      for (const text of readable(subject)) {
        const [first, second] = [1, 2].map((salt) => atAnotherMoment(salt, () => client?.read(inboundOf(surface, text), ledger())));
        assert.deepEqual(second, first, `${shown(text)} is read differently`);
      }
    },
  },
  {
    id: 'surface.refuses-malformed',
    says: 'a body that makes no sense is refused as a GatewayError of status 400, never with another exception',
    absent: (subject) => needs.client(subject) ?? withoutBody(subject),
    check(subject) {
      const client = clientHalf(subject.surface);
      for (const text of malformed(subject)) {
        const inbound = inboundOf(subject.surface, text);
        try {
          client?.read(inbound, ledger());
        } catch (failure) {
          assert.ok(isGatewayError(failure), `${shown(text)}: ${String(failure)}`);
          assert.equal(failure.status, 400, `${shown(text)}: ${failure.code}`);
        }
      }
      for (const text of ['null', '[]', '"text"', '7']) {
        assert.throws(() => client?.read(inboundOf(subject.surface, text), ledger()), isGatewayError, `${text} is accepted`);
      }
    },
  },
  {
    id: 'surface.reply-malformed',
    says: 'an answer that makes no sense is upstream_bad_response, never another exception',
    absent: needs.provider,
    check(subject) {
      const provider = providerHalf(subject.surface);
      for (const text of ['', '{', '<html></html>', 'null', '[]', '7', '"text"', '{"error":{"message":"no"}}']) {
        const call = fakeCall(subject.surface, { dialect: subject.dialect.name });
        try {
          const reply = provider?.read(replyOf(text), call, undefined);
          assert.fail(`${text} is read as ${shown(reply)}`);
        } catch (failure) {
          assert.ok(isGatewayError(failure), `${text}: ${String(failure)}`);
        }
      }
    },
  },
];

/** Bodies made from good ones by putting something else in the place of each member, two levels deep. */
const malformed = (subject: SurfaceSubject): readonly string[] => {
  const good = (subject.samples.requests ?? []).slice(0, 3).map((text) => JSON.parse(text) as unknown);
  return good.flatMap((body) => broken(body, 3)).map((body) => stringifyJson(body));
};
const broken = (value: unknown, depth: number): readonly unknown[] => {
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  const put = (key: string, by: unknown): unknown =>
    Array.isArray(value) ? value.map((one: unknown, index) => (String(index) === key ? by : one)) : { ...value, [key]: by };
  return Object.entries(value).flatMap(([key, inner]) => [
    ...[null, 7, 'text', [], {}, [null], [[]], true].map((by) => put(key, by)),
    ...broken(inner, depth - 1).map((by) => put(key, by)),
  ]);
};

/** Writes without watching what is read: the value itself is handed over. */
const writeOrRefuse = (surface: AnySurface, request: unknown, call: Call): void => {
  try {
    providerHalf(surface)?.write(request, call);
  } catch (failure) {
    if (!isGatewayError(failure)) throw failure;
  }
};

export const lawRules: readonly Rule<SurfaceSubject>[] = [...readWriteRules, ...purityRules];
