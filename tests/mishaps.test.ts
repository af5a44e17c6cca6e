import { EventEmitter } from 'node:events';
import { get } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { serve } from '../packages/cli/src/commands/start.ts';
import { type Bench, openBench } from './support/gateway.ts';

let bench: Bench;
afterEach(() => bench.close());
const statusOf = (url: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => get(url, (reply) => resolve(reply.resume().statusCode)).on('error', reject));

const serving = async () => {
  bench = await openBench({ sections: { server: { port: 0, drain: { delay: '0ms', deadline: '1s' } } } });
  const events = new EventEmitter();
  const terminal = {
    env: {},
    stdout: { write: () => true },
    stderr: { write: () => true },
    cwd: () => process.cwd(),
    on: events.on.bind(events),
    off: events.off.bind(events),
  };
  return { events, code: serve(bench.gateway, terminal) };
};

describe('what nobody caught', () => {
  it('a rejection is written down and the gateway goes on serving', async () => {
    const { events } = await serving();
    events.emit('unhandledRejection', new Error('background work failed'));
    await bench.line((l) => l.level === 'error' && String(l.msg).includes('nobody waited'));
    expect(await statusOf(`${bench.url}/health`)).toBe(200);
  });
  it('an exception is written down, then the gateway drains and ends with 1', async () => {
    const { events, code } = await serving();
    events.emit('uncaughtException', new Error('broken'));
    await bench.line((l) => l.level === 'error' && String(l.msg).includes('not caught'));
    expect(await code).toBe(1);
    await expect(statusOf(`${bench.url}/health`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
