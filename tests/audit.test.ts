import { afterEach, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY, type Wanted } from './support/gateway.ts';
import { auditRecords, failAppends } from './support/records.ts';

const opened: Bench[] = [];
afterEach(async () => {
  for (const bench of opened.splice(0)) await bench.close();
});
const start = async (wanted: Wanted = {}): Promise<Bench> => {
  const bench = await openBench(wanted);
  opened.push(bench);
  return bench;
};
const QUESTION = 'a question that nobody else may read';
const ask = (b: Bench, path: string, body: object, key = b.key): Promise<Response> =>
  fetch(b.url + path, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
const chatBody = (more: object = {}): object => ({ model: 'gpt-4o', messages: [{ role: 'user', content: QUESTION }], ...more });
const CHAT = { protocol: '/openai/main/v1/chat/completions', transparent: '/transparent/main/v1/chat/completions' };

describe.each(['protocol', 'transparent'] as const)('%s mode', (mode) => {
  test.each([false, true])('sync: intent before the provider is called, settlement with tokens after, nothing of the content (stream: %s)', async (stream) => {
    const bench = await start({ sections: { audit: { mode: 'sync' } } });
    const { store } = bench.gateway.graph;
    let before: number | undefined;
    const { append } = store;
    Object.assign(store, {
      append: async (log: string, rows: readonly { readonly json: string }[]) => {
        before ??= bench.simulator.requests.length;
        return append(log, rows);
      },
    });
    const answer = await ask(bench, CHAT[mode], chatBody({ stream, ...(stream ? { stream_options: { include_usage: true } } : {}) }));
    const text = await answer.text();
    const records = await auditRecords(bench);
    expect([before, bench.simulator.requests.length]).toEqual([0, 1]);
    const common = { mode, instance: 'main', model: 'gpt-4o', principal: 'key:k1', strategy: 'api-key', address: '127.0.0.0/24' };
    const request = answer.headers.get('x-request-id');
    expect(records).toMatchObject([
      { kind: 'intent', request, ...common },
      { kind: 'settle', request, status: 200, attempts: 1, ...common, input: expect.any(Number), output: expect.any(Number) },
    ]);
    const written = JSON.stringify(records);
    const said = /"content":"([^"]{5,})"/.exec(text)?.[1] ?? 'nothing';
    for (const secret of [QUESTION, said, bench.key, PROVIDER_KEY]) expect(written).not.toContain(secret);
  });
});

describe('what else is recorded', () => {
  test('calls that a policy refuses, credentials that are refused, and administrative operations', async () => {
    const bench = await start({ sections: { admin: { port: 0 } } });
    const narrow = await bench.makeKey({ name: 'narrow', models: ['gpt-4o-mini'] });
    expect((await ask(bench, CHAT.protocol, chatBody(), narrow)).status).toBe(403);
    for (let i = 0; i < 3; i++) expect((await ask(bench, CHAT.protocol, chatBody(), 'lpa_nobody_x')).status).toBe(401);
    const revoked = await bench.makeKey({ name: 'gone' });
    await bench.operation('keys.revoke', { key: 'gone' });
    expect((await ask(bench, CHAT.protocol, chatBody(), revoked)).status).toBe(401);
    const made = await fetch(`${bench.gateway.urls.admin}/admin/v1/keys.create`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: '{"name":"fresh"}',
    });
    const { key } = (await made.json()) as { key: string };
    const records = await auditRecords(bench);
    expect(records).toContainEqual(expect.objectContaining({ kind: 'call', principal: 'key:narrow', status: 403, code: 'model_not_allowed' }));
    expect(records).toContainEqual(expect.objectContaining({ kind: 'auth', code: 'invalid_credentials', address: '127.0.0.0/24' }));
    expect(records).toContainEqual(expect.objectContaining({ kind: 'auth', strategy: 'api-key', reason: expect.stringContaining('revoked'), count: 1 }));
    expect(records).toContainEqual(expect.objectContaining({ kind: 'admin', principal: 'key:k1', operation: 'keys.create', target: 'fresh' }));
    expect(JSON.stringify(records)).not.toContain(key);
    expect(JSON.stringify(records)).not.toContain('nobody_x');
  });
  test('what a caller writes as a model makes no second record and no row of usage of its own', async () => {
    const bench = await start();
    const model = 'x"},{"kind":"admin","principal":"key:root"\r\n\u2028';
    await ask(bench, CHAT.protocol, chatBody({ model }));
    const records = await auditRecords(bench);
    expect(records).toHaveLength(1);
    const { rows } = (await bench.operation('usage.list', { since: '1d', by: ['model'] })) as { rows: { model: string; requests: number }[] };
    expect(rows.map((row) => [row.model, row.requests])).toEqual([['', 1]]);
  });
});

describe('a full disk', () => {
  test('sync, block: no call reaches a provider without its record; known keys are let in; all goes on when there is room', async () => {
    const bench = await start({ sections: { audit: { mode: 'sync' } } });
    expect((await ask(bench, CHAT.protocol, chatBody())).status).toBe(200);
    const room = failAppends(bench);
    const refused = await ask(bench, CHAT.protocol, chatBody());
    expect([refused.status, refused.headers.get('x-lpa-code'), bench.simulator.requests.length]).toEqual([503, 'overloaded', 1]);
    room();
    await bench.gateway.audit.flush();
    expect((await ask(bench, CHAT.protocol, chatBody())).status).toBe(200);
    expect((await bench.operation('audit.verify', {})).problems).toEqual([]);
  }, 30_000);
});

describe('usage', () => {
  test('is told by principal, model and instance', async () => {
    const other = (url: string) => ({ other: { provider: 'openai', baseUrl: url, insecureUpstream: true, apiKey: PROVIDER_KEY } });
    const bench = await start({ instances: other });
    const key = await bench.makeKey({ name: 'team' });
    for (const path of ['/openai/main/v1/chat/completions', '/openai/other/v1/chat/completions', '/transparent/main/v1/chat/completions'])
      expect((await (await ask(bench, path, chatBody(), key)).json()) as object).toMatchObject({ usage: { prompt_tokens: expect.any(Number) } });
    await ask(bench, CHAT.protocol, chatBody());
    await bench.gateway.audit.flush();
    const list = async (by: readonly string[], more: object = {}) =>
      (await bench.operation('usage.list', { since: '1d', by, ...more })) as { rows: Record<string, unknown>[]; total: Record<string, number> };
    expect((await list(['principal'])).rows).toMatchObject([
      { principal: 'key:k1', requests: 1 },
      { principal: 'key:team', requests: 3, errors: 0 },
    ]);
    expect((await list(['instance', 'model'], { principal: 'key:team' })).rows).toMatchObject([
      { instance: 'main', model: 'gpt-4o', requests: 2 },
      { instance: 'other', model: 'gpt-4o', requests: 1 },
    ]);
    const { total } = await list(['day']);
    expect(total.requests).toBe(4);
    expect(total.input).toBeGreaterThan(0);
  });
});
