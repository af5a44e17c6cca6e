import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadGraph } from '@llm-proxy-auth/core';
import { authDelegator, type KubernetesApi, type KubernetesCluster, kubernetesApi, kubernetesCluster, type TokenWanted } from '@llm-proxy-auth/simulators';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificate } from '../packages/simulators/test/certificate.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { ROOT } from './support/process.ts';

const REVIEWER = 'system:serviceaccount:llm:gateway';
const AUDIENCE = 'llm-proxy-auth';
const tls = certificate();
let folder: string;
let cluster: KubernetesCluster;
let api: KubernetesApi;
const benches: Bench[] = [];
const mounted = (): void => writeFileSync(join(folder, 'token'), cluster.issue({ namespace: 'llm', serviceAccount: 'gateway' }), { mode: 0o600 });
const open = async (more: object = {}): Promise<Bench> => {
  const bench = await openBench({
    plugins: ['@llm-proxy-auth/auth-kubernetes'],
    sections: {
      auth: [
        { use: 'api-key' },
        {
          use: 'kubernetes',
          audience: AUDIENCE,
          allow: ['apps/*'],
          server: api.url,
          token: `\${file:${join(folder, 'token')}}`,
          ca: join(folder, 'ca.crt'),
          ...more,
        },
      ],
      policies: [{ match: { principal: 'sa:apps/*' }, allow: { models: ['gpt-4o*'] } }, { match: { principal: 'key:*' } }],
    },
  });
  benches.push(bench);
  return bench;
};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lpa-kubernetes-'));
  cluster = kubernetesCluster({ bindings: [authDelegator(REVIEWER)] });
  api = await kubernetesApi({ cluster, tls });
  mounted();
  writeFileSync(join(folder, 'ca.crt'), tls.cert);
});
afterAll(async () => {
  for (const bench of benches) await bench.close();
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

const token = (wanted: Partial<TokenWanted> = {}): string => cluster.issue({ namespace: 'apps', serviceAccount: 'bot', audiences: [AUDIENCE], ...wanted });
const chat = async (bench: Bench, apiKey: string, model = 'gpt-4o', headers: Record<string, string> = {}): Promise<string> => {
  const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey, maxRetries: 0, defaultHeaders: headers });
  try {
    const reply = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] });
    return reply.choices[0]?.finish_reason ?? '';
  } catch (error) {
    if (error instanceof APIError) return `${error.status} ${error.headers?.get('x-lpa-code')}`;
    throw error;
  }
};

describe.each(['jwks', 'tokenreview', 'both'])('a pod with the OpenAI SDK, mode %s', (mode) => {
  test('is served what its policy allows, over TLS to an API server with a CA of its own', async () => {
    const bench = await open({ mode });
    const value = token({ pod: `bot-${mode}` });
    expect([await chat(bench, value), await chat(bench, value), await chat(bench, value, 'gpt-4.1')]).toEqual(['stop', 'stop', '403 model_not_allowed']);
  });
  test('A039 service-account headers and names are no credential', async () => {
    const bench = await open({ mode });
    const named = { 'X-Service-Account': 'bot', 'X-Namespace': 'apps', X_Service_Account: 'bot', X_Namespace: 'apps' };
    expect(await chat(bench, 'system:serviceaccount:apps:bot')).toBe('401 invalid_credentials');
    expect(await chat(bench, 'system:serviceaccount:apps:bot', 'gpt-4o', named)).toBe('401 invalid_credentials');
    const answer = await fetch(`${bench.url}/openai/main/v1/models`, { headers: named });
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([401, 'missing_credentials']);
    expect(await chat(bench, token({ namespace: 'other' }), 'gpt-4o', named)).toBe('401 invalid_credentials');
  });
  test('tokens of secrets, for others and of other namespaces are refused alike', async () => {
    const bench = await open({ mode });
    for (const other of [
      cluster.legacyToken('apps', 'bot'),
      token({ audiences: cluster.audiences }),
      token({ audiences: ['other'] }),
      token({ namespace: 'other' }),
    ])
      expect(await chat(bench, other)).toBe('401 invalid_credentials');
  });
  test('503 while the API server fails', async () => {
    const bench = await open({ mode });
    const undo = api.script({ status: 500, times: Number.POSITIVE_INFINITY });
    expect(await chat(bench, token())).toBe('503 auth_unavailable');
    undo();
  });
});

test('mode both: a deleted pod is dropped, whatever is remembered', async () => {
  const bench = await open({ mode: 'both' });
  const value = token({ pod: 'bot-deleted' });
  cluster.deletePod('apps', 'bot-deleted');
  expect(await chat(bench, value)).toBe('stop');
  await expect.poll(() => chat(bench, value), { timeout: 5_000 }).toBe('401 invalid_credentials');
});
test('rbac: the cluster’s own roles decide too', async () => {
  const bench = await open({ mode: 'tokenreview', rbac: { resource: 'gateways.llm-proxy-auth.io', verb: 'use' } });
  expect(await chat(bench, token())).toBe('401 invalid_credentials');
  cluster.bind({
    role: 'callers',
    subject: 'system:serviceaccount:apps:bot',
    rules: [{ verbs: ['use'], group: 'llm-proxy-auth.io', resources: ['gateways'] }],
  });
  expect(await chat(bench, token())).toBe('stop');
});
test('no token is in the log, and none reaches the provider', async () => {
  const bench = await open();
  const value = token();
  await chat(bench, value);
  expect(bench.logText()).not.toContain(value.slice(0, 60));
  expect(bench.simulator.requests.some(({ headers }) => headers.some(([, text]) => text.includes(value)))).toBe(false);
});

test('the configuration of the guide is one that serves', async () => {
  const page = readFileSync(join(ROOT, 'docs/guides/kubernetes.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n(plugins:.*?)```/s.exec(page) ?? [];
  expect(yaml).toContain('use: kubernetes');
  // Outside a pod nothing is mounted.
  const text = `${yaml.replace('use: kubernetes,', `use: kubernetes, token: "\${file:${join(folder, 'token')}}", ca: "${join(folder, 'ca.crt')}",`)}\nstore: { use: sqlite, path: ":memory:" }\n`;
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const graph = await loadGraph({ text, folder, env: { OPENAI_API_KEY: 'sk-x' }, allowLocalPlugins: false, pluginRoots: [], log: quiet, now: Date.now });
  expect(graph.strategies.map(({ kind }) => kind)).toEqual(['kubernetes']);
  await graph.dispose();
});
