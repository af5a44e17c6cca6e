import { request } from 'node:http';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

let bench: Bench;
afterEach(() => bench.close());
const ERROR = 'data: {"error":{"message":"boom","type":"server_error","param":null,"code":null}}\n\n';
const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'hi' }] };

describe.each([
  ['passing', true],
  ['translated', false],
])('a stream that begins with an error at a provider that stays open (%s)', (_title, pass) => {
  it('is an HTTP error, never an empty 200', async () => {
    bench = await openBench({ pass, sections: { retry: { attempts: 1 } } });
    bench.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body: `${ERROR}: more\n\n`, stall: { at: ERROR.length } });
    const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    await expect(client.chat.completions.create({ ...CHAT, stream: true })).rejects.toMatchObject({ status: expect.any(Number) });
    const line = await bench.line((l) => l.msg === 'request' && l.route === '/openai/v1/chat/completions');
    expect(Number(line.status)).toBeGreaterThanOrEqual(400);
  });
  it('is tried again, since nothing was sent', async () => {
    bench = await openBench({ pass, random: () => 0 });
    bench.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body: `${ERROR}: more\n\n`, stall: { at: ERROR.length } });
    const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...CHAT, stream: true })) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('You said: hi');
    expect(bench.simulator.requests).toHaveLength(2);
  });
});

const status = (url: string, key: string, method = 'GET', body?: string): Promise<readonly [number | undefined, string | undefined]> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const sent = request(url, { method, headers }, (reply) => {
      reply.resume();
      resolve([reply.statusCode, reply.headers['x-lpa-code'] as string | undefined]);
    });
    sent.on('error', reject);
    sent.end(body);
  });

describe('address ranges of a key', () => {
  it('hold for metrics and admin as for calls', async () => {
    bench = await openBench({ sections: { admin: { port: 0 } } });
    const key = await bench.makeKey({ scopes: ['metrics', 'admin'], cidr: ['10.0.0.0/8'] });
    const refused = [403, 'address_not_allowed'];
    expect(await status(`${bench.url}/v1/models`, key)).toEqual(refused);
    expect(await status(`${bench.url}/metrics`, key)).toEqual(refused);
    expect(await status(`${bench.gateway.urls.admin}/admin/v1/keys.list`, key, 'POST', '{}')).toEqual(refused);
    expect(await status(`${bench.url}/metrics`, bench.key)).toEqual([200, undefined]);
  });
});

describe('x-lpa-overhead-ms', () => {
  it('does not count what the provider took to fail, nor the wait before the next try', async () => {
    bench = await openBench({ random: () => 0.9 });
    bench.simulator.script({ status: 500, delayHead: 2_000 });
    const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
    const overhead = await new Promise<number>((resolve, reject) => {
      const sent = request(`${bench.url}/openai/main/v1/chat/completions`, { method: 'POST', headers }, (reply) => {
        reply.resume();
        expect(reply.headers['x-lpa-attempts']).toBe('2');
        resolve(Number(reply.headers['x-lpa-overhead-ms']));
      });
      sent.on('error', reject);
      sent.end(JSON.stringify(CHAT));
    });
    expect(overhead).toBeLessThan(1_500);
  });
  it.each(['/openai/main', '/transparent/main'])('does not count what the client took to send its body, by %s', async (base) => {
    bench = await openBench();
    const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
    const overhead = await new Promise<number>((resolve, reject) => {
      const sent = request(`${bench.url}${base}/v1/chat/completions`, { method: 'POST', headers }, (reply) => {
        reply.resume();
        resolve(Number(reply.headers['x-lpa-overhead-ms']));
      });
      sent.on('error', reject);
      const body = JSON.stringify(CHAT);
      sent.write(body.slice(0, 10));
      // How long it took is what is measured.
      setTimeout(() => sent.end(body.slice(10)), 2_000);
    });
    expect(overhead).toBeLessThan(1_500);
  });
});
