#!/usr/bin/env node
/**
 * P12: CPU of a key that was checked before, and of a flood of wrong keys beside good requests.
 *
 *   node --conditions=@llm-proxy-auth/source bench/keys.mjs [--rounds=9] [--port=9760]
 *
 * The check is measured alone, in this process. The flood is sent to a gateway of its own: keys of the right form and checksum,
 * each another, against the same request with a good one; the upstream must hear of the good ones alone.
 */
import http from 'node:http';
import { parseArgs } from 'node:util';
import { verifiedCache } from '../packages/core/src/access/verified-cache.ts';
import { newKey } from '../plugins/auth-api-key/src/key.ts';
import { cpuUs } from './harness/lib/proc.mjs';
import { startGateway, startMock, stopAll } from './processes.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' }, port: { type: 'string', default: '9760' } } });
const rounds = Number(values.rounds);
const CHECKS = 100_000;
const REQUESTS = 2_000;

const warmCheck = () => {
  const cache = verifiedCache();
  const strategy = { slots: ['bearer'], challenge: 'Bearer', issued: true, authenticate: () => ({ is: 'not-mine' }) };
  const keys = Array.from({ length: 100 }, () => newKey().key);
  for (const key of keys) cache.keep(cache.keyOf('bearer', key), { principal: { id: key }, strategy, from: 0, until: Number.MAX_SAFE_INTEGER, epoch: 0 });
  const round = () => {
    const begun = process.cpuUsage();
    for (let i = 0; i < CHECKS; i++) if (cache.get(cache.keyOf('bearer', keys[i % keys.length]), i) === undefined) throw new Error('a key was forgotten');
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / CHECKS;
  };
  return Math.min(...Array.from({ length: rounds }, round));
};

const body = JSON.stringify({ model: 'mock-c20-i0-w1-s600', max_tokens: 1024, messages: [{ role: 'user', content: 'x'.repeat(800) }] });
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
const send = (url, key) =>
  new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', agent, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } }, (reply) => {
      reply.resume();
      reply.on('end', () => resolve(reply.statusCode));
    });
    request.on('error', reject);
    request.end(body);
  });
/** CPU of the gateway for each request, µs. */
const cost = async (pid, url, keys, wanted) => {
  const before = cpuUs(pid);
  for (let i = 0; i < keys.length; i += 16) {
    const statuses = await Promise.all(keys.slice(i, i + 16).map((key) => send(url, key)));
    for (const status of statuses) if (!wanted.includes(status)) throw new Error(`status ${status}`);
  }
  return (cpuUs(pid) - before) / keys.length;
};

const flood = async () => {
  const mock = await startMock(Number(values.port));
  const gateway = await startGateway({ port: Number(values.port) + 1, upstream: mock.url });
  const url = `${gateway.url}/openai/mock/v1/chat/completions`;
  const good = Array.from({ length: REQUESTS }, () => gateway.key);
  const wrong = () => Array.from({ length: REQUESTS }, () => newKey().key);
  await cost(gateway.pid, url, good, [200]);
  const costs = { good: [], wrong: [] };
  for (let i = 0; i < rounds; i++) {
    costs.good.push(await cost(gateway.pid, url, good, [200]));
    const before = await mock.bytes();
    // 429 once the gateway limits those who fail.
    costs.wrong.push(await cost(gateway.pid, url, wrong(), [401, 429]));
    if ((await mock.bytes()) !== before) throw new Error('a request with a wrong key reached the upstream');
  }
  return Math.min(...costs.wrong) / Math.min(...costs.good);
};

try {
  const check = warmCheck();
  console.log(`P12 warm key check: ${check.toFixed(2)} µs (must ≤ 5, aim ≤ 1.5)`);
  const ratio = await flood();
  console.log(`P12 a wrong key / a good request: ${ratio.toFixed(2)} (aim ≤ 0.5); the upstream heard of none`);
  process.exitCode = check <= 5 && ratio <= 1 ? 0 : 1;
} finally {
  stopAll();
  agent.destroy();
}
