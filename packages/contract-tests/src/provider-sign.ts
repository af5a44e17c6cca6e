import assert from 'node:assert/strict';
import { type Attempt, isGatewayError, type UpstreamReply, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { type MadeProvider, makeProvider, type ProviderSubject } from './provider-subject.ts';
import { deepFreeze } from './purity.ts';
import type { Rule } from './runner.ts';
import { secretsIn } from './secret.ts';

const text = new TextEncoder();
const attempt = (now: number, number = 1, fresh = false): Attempt => ({ number, signal: new AbortController().signal, now, fresh });
const unsigned = ({ provider }: MadeProvider): UpstreamRequest => ({
  method: 'POST',
  origin: provider.base.origin,
  path: `${provider.base.path}/operation?x=1`,
  headers: ['content-type', 'application/json', 'x-trace', 'one', 'x-trace', 'two'],
  body: [text.encode('{"model":"m",'), text.encode(' "n": 1.0}')],
});
const pairs = (headers: readonly string[]): readonly (readonly [string, string])[] =>
  headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? ''] as const] : []));
const signed = async (made: MadeProvider, request = unsigned(made)): Promise<UpstreamRequest> => {
  await made.provider.sign(request, attempt(made.host.now()));
  return request;
};
/** Never a credential, and the transport's business. */
const managed = /^(host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|cookie|expect|proxy-.*|x-forwarded-.*|forwarded|x-lpa-.*)$/;
const reply = (status: number, body = '{"error":{"message":"no"}}'): UpstreamReply => ({
  status,
  headers: ['content-type', 'application/json'],
  body: text.encode(body),
});
const garbage = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '<html><body>denied</body></html>',
  '{"error":null}',
  '{"error":"text"}',
  '{"error":{"code":1}}',
  '\u0000\ufffd',
];

export const signRules: readonly Rule<ProviderSubject>[] = [
  {
    id: 'provider.sign-adds-only-own-credentials',
    says: 'what was in the head stays, and nothing is added that belongs to the transport or the gateway',
    async check(subject) {
      const made = await makeProvider(subject);
      const before = pairs(unsigned(made).headers);
      const after = pairs((await signed(made)).headers);
      for (const [name, value] of before)
        assert.ok(
          after.some(([n, v]) => n === name && v === value),
          `${name}: ${value} is gone`,
        );
      for (const [name, value] of after.filter(([n]) => !before.some(([known]) => known === n))) {
        assert.match(name, /^[a-z0-9!#$%&'*+.^_`|~-]+$/, `${name} is not a lower-case header name`);
        assert.match(value, /^[\t\x20-\x7e\x80-\xff]*$/, `the value of ${name} is not a header value`);
        assert.doesNotMatch(name, managed, `${name} is not the provider's to set`);
      }
    },
  },
  {
    id: 'provider.sign-once',
    says: 'signing again, or over a credential that was there, leaves one credential',
    async check(subject) {
      const made = await makeProvider(subject);
      const once = await signed(made);
      const known = pairs(unsigned(made).headers).map(([name]) => name);
      const added = [...new Set(pairs(once.headers).map(([name]) => name))].filter((name) => !known.includes(name));
      const planted = unsigned(made);
      for (const name of added) planted.headers.push(name, 'planted-by-another');
      await signed(made, planted);
      await signed(made, planted);
      for (const name of added) {
        const values = pairs(planted.headers).filter(([n]) => n === name);
        assert.equal(values.length, 1, `${name} stands ${values.length} times`);
        if (subject.clientChooses?.includes(name) === true) continue;
        assert.notEqual(values[0]?.[1], 'planted-by-another', `${name} keeps a foreign value`);
      }
    },
  },
  {
    id: 'provider.sign-does-not-touch-body',
    says: 'the body leaves as the same pieces with the same bytes',
    async check(subject) {
      const made = await makeProvider(subject);
      const request = unsigned(made);
      const pieces = [...(request.body ?? [])];
      const copies = pieces.map((piece) => Buffer.from(piece).toString());
      await signed(made, request);
      assert.ok(request.body?.length === pieces.length && pieces.every((piece, index) => request.body?.[index] === piece), 'the pieces are others');
      assert.deepEqual(
        pieces.map((piece) => Buffer.from(piece).toString()),
        copies,
        'the bytes are others',
      );
      const bodiless = { ...unsigned(made), method: 'GET', body: undefined };
      await signed(made, bodiless);
      assert.equal(bodiless.body, undefined, 'a request without body got one');
    },
  },
  {
    id: 'provider.sign-keeps-target',
    says: 'method, origin and path are not the signer’s to change',
    async check(subject) {
      const made = await makeProvider(subject);
      const { method, origin, path } = unsigned(made);
      const after = await signed(made);
      assert.deepEqual([after.method, after.origin, after.path], [method, origin, path]);
    },
  },
  {
    id: 'provider.sign-follows-rotation',
    says: 'after a secret has rotated, a fresh attempt carries nothing of the old one',
    async check(subject) {
      const made = await makeProvider(subject);
      await signed(made);
      const old = secretsIn(made.config).map((secret) => secret.peek() ?? '');
      for (const secret of secretsIn(made.config)) secret.rotate(`rotated-${'fedcba9876543210'.repeat(3)}`);
      const request = unsigned(made);
      // What must be a key and is none is refused, not replaced by the old one.
      const refused = await Promise.resolve()
        .then(() => made.provider.sign(request, attempt(made.host.now(), 2, true)))
        .catch((cause: unknown) => cause);
      if (refused !== undefined) assert.ok(isGatewayError(refused) && refused.code === 'upstream_credentials_unavailable', `signing threw ${String(refused)}`);
      for (const value of old) assert.ok(!request.headers.some((header) => header.includes(value)), 'the old secret is still sent');
    },
  },
  {
    id: 'provider.sign-uses-its-secrets',
    says: 'the head depends on a secret of the configuration, not on what its handle is called',
    async check(subject) {
      const [one, other] = [await makeProvider(subject), await makeProvider(subject)];
      const held = secretsIn(other.config);
      if (held.length === 0) return;
      for (const secret of held) secret.rotate(`another-${'fedcba9876543210'.repeat(3)}`);
      const first = await signed(one);
      const second = await signed(other).catch((cause: unknown) => cause);
      // A key that is no key is refused, and one that is exchanged for a token was shown to whoever gives tokens.
      if (isGatewayError(second) || other.host.fetched.length > 0) return;
      assert.notDeepEqual((second as UpstreamRequest).headers, first.headers, 'the head is the same with another secret');
    },
  },
  {
    id: 'provider.sign-fails-coded',
    says: 'a secret without a value is upstream_credentials_unavailable',
    async check(subject) {
      const made = await makeProvider(subject);
      const held = secretsIn(made.config);
      for (const secret of held) secret.revoke();
      if (held.length === 0) return;
      const failure = await signed(made).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      assert.ok(isGatewayError(failure), `signing ${failure === undefined ? 'went on without the secret' : `threw ${String(failure)}`}`);
      assert.equal(failure.code, 'upstream_credentials_unavailable');
    },
  },
  {
    id: 'provider.sign-tells-nobody',
    says: 'no secret reaches the log or a metric',
    async check(subject) {
      const made = await makeProvider(subject);
      const values = secretsIn(made.config).map((secret) => secret.peek() ?? '');
      await signed(made);
      await made.provider.models?.(AbortSignal.timeout(5000)).catch(() => undefined);
      const told = JSON.stringify([made.host.lines, [...made.host.counted.keys()]]);
      for (const value of values) assert.ok(!told.includes(value), 'a secret was logged');
    },
  },
  {
    id: 'provider.rejected-pure',
    says: 'judging an answer depends on the answer alone, never throws, and leaves other statuses to the caller',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      for (const status of [200, 400, 404, 409, 422, 429, 500, 503]) {
        for (const body of garbage) assert.equal(provider.rejected?.(reply(status, body)), undefined, `${status} is taken for a rejected credential`);
      }
      const judged = deepFreeze([401, 403].flatMap((status) => garbage.map((body) => reply(status, body))));
      const first = judged.map((answer) => provider.rejected?.(answer));
      assert.deepEqual(
        judged
          .toReversed()
          .map((answer) => provider.rejected?.(answer))
          .toReversed(),
        first,
        'the same answer is judged differently',
      );
      for (const verdict of first) assert.ok(verdict === undefined || ['refresh', 'clock', 'credential'].includes(verdict), `${String(verdict)} is no verdict`);
    },
  },
  {
    id: 'provider.rejected-samples',
    says: 'a provider that judges refusals shows at least one, and the vendor’s own are judged as the subject says',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      const samples = subject.rejections ?? [];
      if (provider.rejected !== undefined) assert.notEqual(samples.length, 0, 'the subject lists no refusal of the vendor');
      for (const { reply: answer, is } of samples) assert.equal(provider.rejected?.(answer), is, `${answer.status} ${Buffer.from(answer.body).toString()}`);
    },
  },
  {
    id: 'provider.models-coded',
    says: 'a model list that cannot be had is a GatewayError, and the caller’s signal goes along',
    async check(subject) {
      const made = await makeProvider(subject, {}, { answer: () => reply(500, '<html>oops</html>') });
      const { signal } = new AbortController();
      if (made.provider.models === undefined) return;
      const failure = await made.provider.models(signal).then(
        (models) => models,
        (cause: unknown) => cause,
      );
      if (made.host.fetched.length === 0) return;
      assert.ok(isGatewayError(failure), `a failing list gave ${JSON.stringify(failure) ?? String(failure)}`);
      assert.ok(
        made.host.fetched.every((call) => call.signal !== undefined),
        'fetch was called without a signal',
      );
    },
  },
  {
    id: 'provider.close-twice',
    says: 'closing again does nothing',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      await provider.close?.();
      await provider.close?.();
    },
  },
];
