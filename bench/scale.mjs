#!/usr/bin/env node
/**
 * P15: CPU per request of a gateway with 10,000 keys, 1,000 policies and 500 models / of one with one of each.
 *
 *   node --conditions=@llm-proxy-auth/source bench/scale.mjs [--rounds=9] [--port=9770] [--keys=10000]
 *
 * Every request comes with the last key, matches the last policy and names the last model.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cpuUs } from './harness/lib/proc.mjs';
import { load } from './harness/load.mjs';
import { startGateway, startMock, stopAll } from './processes.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, port: { type: 'string', default: '9770' }, keys: { type: 'string', default: '10000' } },
});
const port = Number(values.port);
const keyOf = (i) => `${String(i).padStart(8, '0')}${'0123456789abcdef'.repeat(3)}`;

const configuration = (keys, policies, models) => ({
  plugins: ['openai', 'api-key', 'sqlite']
    .map((name, i) => `@llm-proxy-auth/${['provider', 'auth', 'store'][i]}-${name}`)
    .concat('@llm-proxy-auth/dialect-openai'),
  server: { port: '${PORT}' },
  ops: { port: 0 },
  store: { use: 'sqlite', path: ':memory:' },
  auth: [{ use: 'api-key', pepper: '0123456789abcdef0123456789abcdef', keys: Array.from({ length: keys }, (_, i) => ({ name: `k${i}`, key: keyOf(i) })) }],
  instances: { mock: { provider: 'openai', baseUrl: '${UPSTREAM}/v1', apiKey: 'sk-provider-key-for-the-benchmark', insecureUpstream: true } },
  models: Array.from({ length: models }, (_, i) => ({ name: `m${i}`, targets: [{ instance: 'mock', model: 'mock-c20-i0-w1-s600' }] })),
  policies: Array.from({ length: policies }, (_, i) => ({
    match: { principal: i === policies - 1 ? `key:k${keys - 1}` : `key:team-${i}-*` },
    allow: { modes: ['protocol'], models: ['m*'] },
    limits: [{ per: 'principal', requests: '100000000/min', concurrent: 10_000 }],
  })),
});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-scale-'));
const open = async (name, offset, sizes, upstream) => {
  const config = path.join(folder, `${name}.yaml`);
  fs.writeFileSync(config, JSON.stringify(configuration(...sizes)));
  const { url, pid } = await startGateway({ port: port + offset, upstream, config });
  const [keys, , models] = sizes;
  const body = JSON.stringify({ model: `m${models - 1}`, max_tokens: 1024, messages: [{ role: 'user', content: 'x'.repeat(800) }] });
  return { pid, request: { url: `${url}/v1/chat/completions`, headers: { authorization: `Bearer ${keyOf(keys - 1)}` }, body, concurrency: 16 } };
};
const cost = async ({ pid, request }, seconds) => {
  const before = cpuUs(pid);
  const { requests, errors } = await load({ ...request, seconds });
  if (errors > 0) throw new Error(`${errors} errors beside ${requests} answers`);
  return (cpuUs(pid) - before) / requests;
};

try {
  const mock = await startMock(port);
  const small = await open('small', 1, [1, 1, 1], mock.url);
  const large = await open('large', 2, [Number(values.keys), 1_000, 500], mock.url);
  for (const each of [small, large]) await cost(each, 3);
  const costs = { small: [], large: [] };
  for (let i = 0; i < Number(values.rounds); i++) {
    costs.small.push(await cost(small, 0.7));
    costs.large.push(await cost(large, 0.7));
  }
  const ratio = Math.min(...costs.large) / Math.min(...costs.small);
  console.log(`P15 ${values.keys} keys, 1,000 policies, 500 models / one of each: ${ratio.toFixed(3)} (must ≤ 1.1, aim ≤ 1.02)`);
  process.exitCode = ratio <= 1.1 ? 0 : 1;
} finally {
  stopAll();
  fs.rmSync(folder, { recursive: true, force: true });
}
