import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Running } from '@llm-proxy-auth/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSwept } from './support/swept.ts';

// The bench is plain JavaScript outside the type check; what it hands over is told here.
interface Load {
  readonly requests: number;
  readonly errors: number;
  readonly statuses: Readonly<Record<string, number>>;
}
interface Harness {
  load(wanted: { url: string; headers: Record<string, string>; body: string; concurrency: number; requests: number }): Promise<Load>;
}
interface Figure {
  readonly id: string;
  readonly value?: number;
  readonly why?: string;
  readonly failed?: boolean;
}
interface Targets {
  figures(measured: { rows: object; missing: object }): readonly Figure[];
  verdict(figure: { value?: number; must: number; aim: number }): string;
}
const BENCH = join(import.meta.dirname, '..', 'bench');
const KEY = 'b'.repeat(16) + '0123456789abcdef'.repeat(3);

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
};
const chat = (model: string, stream: boolean): string => JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hello' }] });
const image = `data:image/png;base64,${'iVBORw0KGgoAAAANSUhEUgAA'.repeat(50_000)}`;
const BODIES = {
  small: chat('mock-c20-i0-w1-s600', false),
  'stream flat out': chat('mock-c200-i0-w1-s600', true),
  'slow stream': chat('mock-c4-i5-w1-s600', true),
  image: JSON.stringify({ model: 'mock-c20-i0-w1-s600', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: image } }] }] }),
};

describe('the bench', () => {
  let mock: ChildProcess;
  let gateway: Running;
  let load: Harness['load'];
  beforeAll(async () => {
    const port = await freePort();
    mock = spawn(process.execPath, [join(BENCH, 'harness/mock.mjs'), '--port', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (mock.stdout !== null) await once(mock.stdout, 'data');
    gateway = await startSwept({
      file: join(BENCH, 'gateway.yaml'),
      env: { BENCH_KEY: KEY, UPSTREAM: `http://127.0.0.1:${port}`, PORT: '0' },
      pluginRoots: [join(BENCH, '..')],
    });
    ({ load } = (await import(join(BENCH, 'harness/load.mjs'))) as Harness);
  });
  afterAll(async () => {
    mock.kill();
    await gateway.close();
  });

  for (const path of ['/openai/mock/v1/chat/completions', '/transparent/mock/v1/chat/completions'])
    for (const [scenario, body] of Object.entries(BODIES))
      it(`gets one answer of ${scenario} through ${path.split('/', 2).join('')}`, async () => {
        const result = await load({ url: gateway.urls.server + path, headers: { authorization: `Bearer ${KEY}` }, body, concurrency: 1, requests: 1 });
        expect(result).toMatchObject({ requests: 1, errors: 0, statuses: { 200: 1 } });
      });

  it('computes each figure from its rows, and says why where there are none', async () => {
    const { figures, verdict } = (await import(join(BENCH, 'targets.mjs'))) as Targets;
    const rows = {
      small: { 'small-c16': { 'http-dispatch': { minCpu: 50 }, nginx: { minCpu: 20 }, 'gateway-transparent': { minCpu: 70 } } },
      latency: { 'small-c1': { direct: { p50: 0.1 }, 'http-dispatch': { p50: 0.3 }, 'gateway-transparent': { p50: 0.35 } } },
      slow: { slow500: { gateway: { minCpu: 900, gap50: 50.4, kibPerStream: 90 } } },
      memory: { slow500: { gateway: { kibPerStream: 70 } } },
      image: { failed: 'the harness failed' },
      signing: { signing: { gateway: { us: 5.5 } } },
    };
    const found = new Map(figures({ rows, missing: { nginx: undefined, portkey: 'Portkey is not installed' } }).map((f) => [f.id, f]));
    expect(found.get('P1')?.value).toBe(1.4);
    expect(found.get('P2')?.value).toBe(3.5);
    expect(found.get('P3')).toMatchObject({ why: 'Portkey is not installed' });
    expect(found.get('P4')?.value).toBeCloseTo(1.25);
    expect(found.get('P8b')?.value).toBeCloseTo(0.4);
    expect(found.get('P9')?.value).toBe(70);
    expect(found.get('P13')?.value).toBe(5.5);
    expect(found.get('P10a')).toMatchObject({ why: 'the harness failed' });
    expect([1, 1.5, 2, undefined].map((value) => verdict({ ...(value === undefined ? {} : { value }), must: 1.6, aim: 1.25 }))).toEqual([
      'ok, aim reached',
      'ok',
      'missed',
      'not measured',
    ]);
  });

  it('gives no figure from a row with errors, and tells a failure from a comparison that is missing', async () => {
    const { figures } = (await import(join(BENCH, 'targets.mjs'))) as Targets;
    const rows = {
      small: { 'small-c16': { 'http-dispatch': { minCpu: 50 }, 'gateway-transparent': { minCpu: 7, failed: '3 errors beside 9 answers' } } },
      flowing: { failed: 'the harness failed' },
      image: { failed: 'the harness failed' },
    };
    const found = new Map(figures({ rows, missing: { nginx: 'nginx is not installed', portkey: undefined } }).map((f) => [f.id, f]));
    expect(found.get('P1')).toMatchObject({ failed: true, why: '3 errors beside 9 answers' });
    expect(found.get('P1')).not.toHaveProperty('value');
    expect(found.get('P2')).not.toHaveProperty('failed');
    expect(found.get('P5a')).not.toHaveProperty('failed');
    expect(found.get('P7a')).not.toHaveProperty('failed');
    expect(found.get('P7c')).toMatchObject({ failed: true, why: 'the harness failed' });
    expect(found.get('P10a')).toMatchObject({ failed: true, why: 'the harness failed' });
  });

  it.skipIf(process.platform !== 'linux')('ends with 1 and marks the row when requests of a turn fail', async () => {
    let answered = 0;
    const failing = createHttpServer((request, response) => {
      request.resume();
      response.writeHead(answered++ === 0 ? 200 : 500, { 'content-length': 2 }).end('{}');
    }).listen(0, '127.0.0.1');
    await once(failing, 'listening');
    const harness = spawn(process.execPath, [
      join(BENCH, 'harness/run.mjs'),
      '--targets=',
      `--url=failing=http://127.0.0.1:${portOf(failing)}/`,
      '--scenarios=small-c1',
      '--rounds=1',
      '--seconds=0.1',
      '--warmup-requests=0',
      `--upstream-port=${await freePort()}`,
    ]);
    const [output, [code]] = await Promise.all([text(harness.stdout), once(harness, 'close')]);
    failing.close();
    expect(output).toMatch(/^failing .*\| [1-9]\d* FAILED$/m);
    expect(code).toBe(1);
  });
});
