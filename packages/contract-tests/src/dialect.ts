import assert from 'node:assert/strict';
import { CODES, type Code, type ErrorLike, type HeaderPairs, type Operation, type WireError } from '@llm-proxy-auth/plugin';
import { type DialectSubject, replyOf } from './dialect-subject.ts';
import { deepFreeze } from './purity.ts';
import { type Rule, type Runner, runRules } from './runner.ts';

const operations: readonly (Operation | undefined)[] = ['chat', 'embeddings', 'rerank', 'countTokens', 'models', 'opaque', undefined];
const codes = Object.keys(CODES) as Code[];
const errorOf = (code: Code): ErrorLike => ({ code, status: CODES[code] || 422, message: `marker of ${code}`, retryAfterMs: 2000 });
const header = (headers: HeaderPairs, name: string): string | undefined => headers.find((_, index) => index % 2 === 1 && headers[index - 1] === name);
const foreignBodies = [
  '',
  ' ',
  '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>',
  'upstream connect error',
  '"text"',
  'null',
  '[]',
  '17',
  '{}',
  '{',
  '{"error":"boom"}',
  '{"error":null}',
  '{"error":[]}',
  '{"error":{}}',
  '{"error":{"message":null,"code":400}}',
  '{"error":{"message":{"deep":1},"code":{"x":1},"type":7,"param":[]}}',
  '{"message":"flat","code":"c"}',
  '{"statusCode":401,"message":"Access denied due to invalid subscription key"}',
  '{"detail":"nope"}',
  '{"detail":[{"loc":["body"],"msg":"field required"}]}',
  '[{"error":{"code":400,"message":"in an array","status":"INVALID_ARGUMENT"}}]',
  '{"__proto__":{"message":"x"}}',
  `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  `{"error":{"message":"${'x'.repeat(200_000)}"}}`,
  '\ufffd\u0000\u0001',
];
const bodies = [...foreignBodies.map((text) => Buffer.from(text)), Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.from([0x1f, 0x8b, 0x08])];
const pattern = /^\/$|^(\/([A-Za-z0-9._~:-]|\{[A-Za-z]+\+?\})+)+$/;

export const dialectRules: readonly Rule<DialectSubject>[] = [
  {
    id: 'surface.routes',
    says: 'names and routes are unique in the dialect, patterns are well formed, and a model said to stand in the path does',
    check({ dialect }) {
      assert.match(dialect.name, /^[a-z][a-z0-9-]{1,31}$/, 'name of the dialect');
      const names = dialect.surfaces.map((surface) => surface.name);
      assert.deepEqual(names, [...new Set(names)], 'two surfaces share a name');
      const routes = dialect.surfaces.flatMap((surface) => surface.routes.map((route) => ({ ...route, surface })));
      const keys = routes.map(({ method, pattern: path }) => `${method} ${path}`);
      assert.deepEqual(keys, [...new Set(keys)], 'two surfaces share a route');
      for (const route of routes) {
        const at = `${route.surface.name} ${route.pattern}`;
        assert.match(route.method, /^[A-Z]+$/, `${at}: method`);
        assert.match(route.pattern, pattern, at);
        if (route.model === 'path') assert.match(route.pattern, /\{model\+?\}/, `${at}: no {model}`);
      }
    },
  },
  {
    id: 'surface.error-envelope-for-every-code',
    says: 'every code of ours has an envelope: JSON with the message, the status it was given, header pairs that can be sent',
    check({ dialect }) {
      for (const code of codes) {
        for (const operation of operations) {
          const e = deepFreeze(errorOf(code));
          const wire: WireError = dialect.error(e, operation);
          assert.equal(wire.status, e.status, `${code}: status`);
          assert.match(header(wire.headers, 'content-type') ?? '', /^application\/json/, `${code}: content-type`);
          assert.ok(JSON.stringify(JSON.parse(wire.body)).includes(e.message), `${code}: the message is not in ${wire.body}`);
          assert.equal(wire.headers.length % 2, 0, `${code}: headers are pairs`);
          for (const text of wire.headers) assert.match(text, /^[\t\x20-\x7e]*$/, `${code}: header text`);
        }
      }
    },
  },
  {
    id: 'surface.error-retry-after',
    says: 'a wait is told in a header in whole seconds',
    check({ dialect }) {
      const wire = dialect.error({ ...errorOf('rate_limit_exceeded'), retryAfterMs: 1500 }, 'chat');
      assert.match(header(wire.headers, 'retry-after') ?? '', /^[12]$/, 'retry-after of 1500 ms');
    },
  },
  {
    id: 'surface.error-is-one-line-of-json',
    says: 'hostile text in a message cannot break out of the envelope',
    check({ dialect }) {
      const message = '"}],\r\n\r\ndata: [DONE]\u2028\ud800</script>';
      const wire = dialect.error({ ...errorOf('invalid_request'), message, param: message }, 'chat');
      assert.doesNotThrow(() => JSON.parse(wire.body), 'the body is no JSON');
      for (const text of wire.headers) assert.doesNotMatch(text, /[\r\n]/, 'a header holds a line break');
    },
  },
  {
    id: 'surface.readError-total',
    says: 'any answer with an error status becomes an error with a code of the table: HTML, nothing, text, flat, numbers for codes',
    check({ dialect }) {
      for (const status of [400, 401, 403, 404, 408, 409, 413, 422, 424, 429, 500, 502, 503, 504, 529]) {
        for (const body of bodies) {
          const e = dialect.readError({ status, headers: ['content-type', 'text/html', 'retry-after', 'soon'], body });
          const at = `${status} ${body.toString().slice(0, 40)}`;
          assert.ok(e.code in CODES, `${at}: ${String(e.code)} is no code`);
          assert.ok(Number.isInteger(e.status) && e.status >= 400 && e.status <= 599, `${at}: status ${e.status}`);
          assert.ok(typeof e.message === 'string' && e.message.trim() !== '', `${at}: no message`);
          assert.doesNotMatch(e.message, /<html|<body/i, `${at}: HTML is shown`);
          assert.ok(e.param === undefined || typeof e.param === 'string', `${at}: param`);
          assert.ok(e.retryAfterMs === undefined || Number.isFinite(e.retryAfterMs), `${at}: retryAfterMs`);
        }
      }
    },
  },
  {
    id: 'surface.readError-bounded',
    says: 'a message is never longer than 8 KiB, however long the provider’s is',
    check({ dialect }) {
      for (const body of bodies) assert.ok(dialect.readError({ status: 500, headers: [], body }).message.length <= 8192);
    },
  },
  {
    id: 'surface.error-reads-back',
    says: 'what it writes as an error it reads as one, with status and message',
    check({ dialect }) {
      for (const [status, code] of [
        [400, 'invalid_request'],
        [404, 'model_not_found'],
        [429, 'upstream_rate_limited'],
        [503, 'upstream_overloaded'],
      ] as const) {
        const wire = dialect.error({ code, status, message: 'marker of the message' }, 'chat');
        const e = dialect.readError(replyOf(wire.body, status));
        assert.deepEqual([e.status, e.message], [status, 'marker of the message']);
      }
    },
  },
  {
    id: 'surface.vendor-error-kept',
    says: 'a provider’s own error object in this dialect is written again as it came; another dialect’s never is',
    check({ dialect }) {
      const own = dialect.error({ code: 'invalid_request', status: 400, message: 'marker of the vendor' }, 'chat');
      const e = dialect.readError(replyOf(own.body, 400));
      assert.equal(e.vendor?.dialect, dialect.name, 'vendor.dialect');
      assert.deepEqual(JSON.parse(dialect.error(e, 'chat').body), JSON.parse(own.body));
      const foreign = dialect.error({ ...e, vendor: { dialect: 'unheard-of', status: 400, body: { json: '{"foreign":true}' } } }, 'chat');
      assert.ok(!foreign.body.includes('"foreign"'), 'an error object of another dialect is passed on');
    },
  },
];

export const dialectSuite = (runner: Runner, subject: DialectSubject): void => runRules(runner, `dialect ${subject.dialect.name}`, dialectRules, subject);
