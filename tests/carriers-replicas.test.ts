import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { type Message, time, user } from './support/openai-client.ts';
import { WITHOUT_SERVICES } from './support/replicas.ts';
import { servicesOf } from './support/services.ts';

const { redis } = servicesOf();
const MODEL = 'claude-sonnet-4-5';
const thinking = { model: MODEL, tools: [time], reasoning_effort: 'high' as const, max_completion_tokens: 9000 };

test.skipIf(redis !== undefined)(`thinking over two replicas is left out: ${WITHOUT_SERVICES}`, (context) => context.skip());

describe.skipIf(redis === undefined)('thinking that is too long for an id, over two replicas with one Redis', () => {
  const path = join(tmpdir(), `lpa-carriers-replicas-${process.pid}.db`);
  let replicas: readonly [Bench, Bench];
  const open = (keyName: string, prefix: string): Promise<Bench> =>
    openBench({
      vendor: 'anthropic',
      plugins: ['@llm-proxy-auth/counters-redis'],
      keyName,
      sections: { store: { use: 'sqlite', path }, counters: { use: 'redis', url: redis?.url, prefix }, retry: { attempts: 1 } },
    });
  beforeAll(async () => {
    const prefix = `test-${process.pid}:`;
    replicas = [await open('first', prefix), await open('second', prefix)];
  });
  afterEach(() => {
    for (const { simulator } of replicas) simulator.clear();
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  });
  const clientOf = ({ url }: Bench, key: string): OpenAI => new OpenAI({ baseURL: `${url}/openai/main/v1`, apiKey: key, maxRetries: 0 });
  const firstTurn = async (bench: Bench, key: string): Promise<Message[]> => {
    const messages = user('think at length and call get_time');
    const answer = await clientOf(bench, key).chat.completions.create({ ...thinking, messages });
    const [call] = answer.choices[0]?.message.tool_calls ?? [];
    if (call?.type !== 'function') throw new Error('no call');
    const { id, type, function: called } = call;
    expect(id).toMatch(/^lpatool_r/);
    return [
      ...messages,
      { role: 'assistant', content: null, tool_calls: [{ id, type, function: called }] },
      { role: 'tool', tool_call_id: id, content: 'noon' },
    ];
  };
  const sentKind = ({ simulator }: Bench): unknown => {
    const { messages } = (simulator.requests.at(-1)?.json() ?? { messages: [] }) as { messages: { role: string; content: { type: string }[] }[] };
    return messages.findLast(({ role }) => role === 'assistant')?.content[0]?.type;
  };
  const lostAt = async (bench: Bench): Promise<number> => Number(/^llm_proxy_thinking_lost_total (\d+)$/m.exec(await bench.gateway.metrics.text())?.[1]);

  test('what one remembers the other sends back, for the same caller alone', async () => {
    const [first, second] = replicas;
    const messages = await firstTurn(first, first.key);
    await clientOf(second, first.key).chat.completions.create({ ...thinking, messages });
    expect([sentKind(second), await lostAt(second)]).toEqual(['thinking', 0]);
    await clientOf(second, second.key).chat.completions.create({ ...thinking, messages });
    expect([sentKind(second), await lostAt(second)]).toEqual(['tool_use', 1]);
  });
});
