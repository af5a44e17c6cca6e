#!/usr/bin/env node
/**
 * P11: the longest time that the event loop of the gateway stands still while a chat with an image of 10 MB goes through in protocol
 * mode to an OpenAI-shaped provider; the median of the rounds, each of which is one request with nothing beside it.
 *
 *   node bench/stall.mjs [--rounds=30] [--port=9780]
 */
import { parseArgs } from 'node:util';
import { startGateway, startMock, stopAll } from './processes.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '30' }, port: { type: 'string', default: '9780' } } });
const port = Number(values.port);
const IMAGE = 10_000_000;
const WARMUP = 10;
const body = JSON.stringify({
  model: 'mock-c20-i0-w1-s600',
  max_tokens: 64,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${'iVBORw0K'.repeat(IMAGE / 8)}` } },
      ],
    },
  ],
});
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

try {
  const mock = await startMock(port);
  const gateway = await startGateway({ port: port + 1, upstream: mock.url, preload: './bench/harness/lib/stalls.mjs', env: { STALLS_PORT: String(port + 2) } });
  const longest = async () => (await (await fetch(`http://127.0.0.1:${port + 2}/`)).json()).longest;
  const send = async () => {
    const headers = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' };
    const reply = await fetch(`${gateway.url}/openai/mock/v1/chat/completions`, { method: 'POST', headers, body });
    await reply.arrayBuffer();
    if (reply.status !== 200) throw new Error(`status ${reply.status}`);
  };
  for (let i = 0; i < WARMUP; i++) await send();
  const stalls = [];
  for (let i = 0; i < Number(values.rounds); i++) {
    await longest();
    await send();
    stalls.push(await longest());
  }
  const figure = median(stalls);
  console.log(
    `P11 longest stall at an image of 10 MB: ${figure.toFixed(1)} ms, the worst of ${stalls.length} ${Math.max(...stalls).toFixed(1)} ms (must ≤ 25, aim ≤ 5)`,
  );
  process.exitCode = figure <= 25 ? 0 : 1;
} finally {
  stopAll();
}
