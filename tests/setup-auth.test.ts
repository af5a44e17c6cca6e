import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { loadGraph } from '@llm-proxy-auth/core';
import { openaiSimulator } from '@llm-proxy-auth/simulators';
import { generateSync } from 'otplib';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { sweepAll } from './support/canaries.ts';
import { podOf } from './support/pod.ts';
import { ROOT } from './support/process.ts';
import { logOf, watched } from './support/swept.ts';

const ACCOUNT = 'sk-account-0123456789abcdefghijkl';
const SCRIPT = join(ROOT, 'scripts/setup-auth.sh');
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'lpa-setup-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};
const setUp = async (cwd: string, words: readonly string[], account: Readonly<Record<string, string>> = {}): Promise<string> => {
  const env = watched(cwd, { ...account, PATH: `${OLDER}:${dirname(process.execPath)}:${process.env.PATH ?? ''}` });
  return (await promisify(execFile)('bash', [SCRIPT, ...words], { cwd, env })).stderr;
};
const OLDER = mkdtempSync(join(tmpdir(), 'lpa-curl-'));
afterAll(() => rmSync(OLDER, { recursive: true, force: true }));
/** A curl before 7.84, as Ubuntu 22.04 and RHEL 9 have it: `-w` knows no header of the answer. */
writeFileSync(join(OLDER, 'curl'), '#!/bin/bash\nPATH=${PATH#*:}\nexec curl "${@//%header\\{/%%header\\{}"\n', { mode: 0o755 });
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('in an empty folder a key with a code gets in, the key alone does not, and the secrets are their owner’s alone', async () => {
  const cwd = folder();
  const said = await setUp(cwd, ['--port', '0', '--yes', '--check-only']);
  expect(said).toMatch(/^the key alone: +401 totp_required$/m);
  expect(said).toMatch(/^key and code: +200 *$/m);
  expect(said).toMatch(/^the same code again: +401 totp_used$/m);
  expect(said).toMatch(/[█▀▄ ]{30,}\n/);

  const at = join(cwd, 'llm-proxy-auth');
  expect(modeOf(at)).toBe('700');
  for (const name of readdirSync(at)) expect([name, modeOf(join(at, name))]).toEqual([name, '600']);
  const [key, pepper, kek] = ['key', 'pepper', 'kek'].map((name) => readFileSync(join(at, name), 'utf8').trim());
  const secret = /^secret: (.+)$/m.exec(said)?.[1] ?? '';
  const codes = [...said.matchAll(/^ {2}([0-9A-Z]{5}-[0-9A-Z]{5})$/gm)].map(([, code]) => code);
  expect(codes).toHaveLength(10);
  expect(readdirSync(at)).not.toContain('enrolment');
  sweepAll({ log: readFileSync(join(at, 'gateway.log'), 'utf8'), folder: cwd });
  for (const name of readdirSync(at).filter((one) => !['key', 'pepper', 'kek'].includes(one)))
    for (const each of [key, pepper, kek, secret, ...codes]) expect(readFileSync(join(at, name), 'latin1'), name).not.toContain(each);
}, 180_000);

test('a provider that cannot be asked is said to be what is wrong, and not the clock', async () => {
  const account = { OPENAI_API_KEY: ACCOUNT, OPENAI_BASE_URL: 'https://127.0.0.1:1/v1' };
  const failed = setUp(folder(), ['--provider', 'openai', '--port', '0', '--yes', '--check-only'], account);
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/let in, but openai did not answer as it should \(upstream_unreachable\)/),
  });
}, 180_000);

type Document = Record<string, never>;
const documentsOf = (file: string): readonly Document[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((one) => {
    expect('errors' in one ? one.errors : []).toEqual([]);
    return one.toJS() as Document;
  });
const manifests = async (cwd: string, ...words: readonly string[]) => {
  await setUp(cwd, ['--kubernetes', ...words, '--namespace', 'gateway', '--image', 'acme/llm-proxy-auth:1']);
  const file = join(cwd, 'llm-proxy-auth', 'kubernetes.yaml');
  const documents = documentsOf(file);
  return { file, documents, of: (kind: string): Document => documents.find((one) => one.kind === kind) ?? {} };
};
/** What the written configuration makes, with the secrets of the manifests in place. */
const served = async (cwd: string, { of }: Awaited<ReturnType<typeof manifests>>, env: Record<string, string>) => {
  mkdirSync(join(cwd, 'secrets'));
  for (const [name, value] of Object.entries(of('Secret').stringData as unknown as Record<string, string>))
    writeFileSync(join(cwd, 'secrets', name), value, { mode: 0o600 });
  const text = String((of('ConfigMap').data as unknown as Record<string, string>)['llm-proxy-auth.yaml'])
    .replaceAll('/run/secrets/llm-proxy-auth', join(cwd, 'secrets'))
    .replace('/data/llm-proxy-auth.db', ':memory:');
  const graph = await loadGraph({
    text,
    folder: cwd,
    env,
    allowLocalPlugins: false,
    pluginRoots: [],
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    now: Date.now,
  });
  onTestFinished(() => graph.dispose());
  return graph;
};

test('manifests run it without rights, with everything secret in the Secret, and with a configuration that serves', async () => {
  const cwd = folder();
  const written = await manifests(cwd, '--provider', 'openai');
  const { file, documents, of } = written;
  expect(modeOf(file)).toBe('600');
  expect(documents.map(({ kind }) => kind)).toEqual(['Namespace', 'Secret', 'ConfigMap', 'PersistentVolumeClaim', 'Deployment', 'Service', 'NetworkPolicy']);
  expect(of('Deployment')).toMatchObject({
    metadata: { namespace: 'gateway' },
    spec: {
      template: {
        spec: {
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              image: 'acme/llm-proxy-auth:1',
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
              env: expect.arrayContaining([
                { name: 'API_KEY_ADMIN', valueFrom: { secretKeyRef: { name: 'llm-proxy-auth', key: 'admin-key' } } },
                { name: 'OPENAI_API_KEY', valueFrom: { secretKeyRef: { name: 'llm-provider', key: 'OPENAI_API_KEY' } } },
              ]),
            },
          ],
        },
      },
    },
  });
  const secrets = of('Secret').stringData as unknown as Record<string, string>;
  const whole = readFileSync(file, 'utf8');
  for (const value of Object.values(secrets)) expect(whole.split(value)).toHaveLength(2);
  const graph = await served(cwd, written, { API_KEY_ADMIN: secrets['admin-key'] ?? '', OPENAI_API_KEY: 'sk-x' });
  expect([...graph.instances.keys()]).toEqual(['openai']);
}, 60_000);

test('a pod of exactly these manifests lets a key with a code in, and the key alone not', async () => {
  const cwd = folder();
  const simulator = await openaiSimulator({ keys: [ACCOUNT] });
  onTestFinished(() => simulator.close());
  const { documents, of } = await manifests(cwd, '--provider', 'openai');
  const root = join(cwd, 'pod');
  mkdirSync(root);
  // What the script asks its operator for: `create secret generic llm-provider`. That the provider is here, in the clear, is the test's.
  const clear = (text: string): string => text.replace('provider: openai,', 'provider: openai, insecureUpstream: true,');
  const pod = podOf(documents, root, { 'llm-provider': { OPENAI_API_KEY: ACCOUNT } }, { OPENAI_BASE_URL: simulator.url }, clear);
  const enrolling = pod.exec('totp', 'enroll', 'key:admin', '--json');
  expect([await enrolling.ended, enrolling.err()]).toEqual([0, '']);
  const { secret } = JSON.parse(enrolling.out()) as { secret: string };
  const gateway = pod.start();
  onTestFinished(async () => {
    gateway.kill('SIGKILL');
    await gateway.ended;
  });
  const [, port = ''] = await gateway.says(/"listener":"server","url":"[^"]+:(\d+)"/);
  const key = String((of('Secret').stringData as unknown as Record<string, string>)['admin-key']);
  const request = async (more: Readonly<Record<string, string>> = {}): Promise<readonly unknown[]> => {
    const answer = await fetch(`http://127.0.0.1:${port}/openai/openai/v1/models`, { headers: { authorization: `Bearer ${key}`, ...more } });
    await answer.arrayBuffer();
    return [answer.status, answer.headers.get('x-lpa-code')];
  };
  const code = { 'x-totp-code': generateSync({ secret }) };
  expect([await request(), await request(code), await request(code)]).toEqual([
    [401, 'totp_required'],
    [200, null],
    [401, 'totp_used'],
  ]);
  gateway.kill('SIGTERM');
  await gateway.ended;
  sweepAll({ log: logOf(gateway), sent: simulator.requests, folder: root });
}, 120_000);

test.each(['openai', 'bedrock'])(
  'only labelled namespaces reach it, and it reaches names, TLS and, for Bedrock, the agent of EKS: %s',
  async (provider) => {
    const { of } = await manifests(folder(), '--provider', provider);
    const tcp = (port: number) => [{ protocol: 'TCP', port }];
    const namespaces = (labels: object) => ({ namespaceSelector: { matchLabels: labels } });
    expect(of('NetworkPolicy').spec).toEqual({
      podSelector: { matchLabels: { app: 'llm-proxy-auth' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [namespaces({ 'llm-proxy-auth.io/client': 'true' })], ports: tcp(8080) },
        { from: [namespaces({ 'kubernetes.io/metadata.name': 'monitoring' })], ports: tcp(9090) },
      ],
      egress: [
        {
          to: [{ ...namespaces({ 'kubernetes.io/metadata.name': 'kube-system' }), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
          ports: [{ protocol: 'UDP', port: 53 }, ...tcp(53)],
        },
        { to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } }], ports: tcp(443) },
        ...(provider === 'bedrock' ? [{ to: [{ ipBlock: { cidr: '169.254.170.23/32' } }, { ipBlock: { cidr: 'fd00:ec2::23/128' } }], ports: tcp(80) }] : []),
      ],
    });
  },
  60_000,
);
test('with --keys-secret the members API_KEY_* of a Secret that is there are the keys, and no key is made', async () => {
  const cwd = folder();
  const written = await manifests(cwd, '--provider', 'openai', '--keys-secret', 'api-keys');
  const { spec } = (written.of('Deployment').spec as unknown as { template: { spec: { containers: { env: { name: string }[]; envFrom: unknown }[] } } })
    .template;
  expect(spec.containers[0]?.envFrom).toEqual([{ secretRef: { name: 'api-keys' } }]);
  expect(spec.containers[0]?.env.map(({ name }) => name)).toEqual(['LLM_PROXY_AUTH_CONFIG', 'OPENAI_API_KEY']);
  expect(Object.keys(written.of('Secret').stringData ?? {})).toEqual(['pepper', 'kek']);
  expect(readdirSync(join(cwd, 'llm-proxy-auth'))).not.toContain('admin-key');
  const key = 'c1'.repeat(32);
  const graph = await served(cwd, written, { API_KEY_CI: key, OPENAI_API_KEY: 'sk-x' });
  const strategy = graph.strategies[0]?.strategy;
  const ask = (value: string) =>
    strategy?.authenticate({
      credential: { slot: 'bearer', value },
      method: 'GET',
      target: '/openai/openai/v1/models',
      url: '/openai/openai/v1/models',
      headers: [],
      rawHeaders: [],
      peer: { address: '127.0.0.1', trusted: false, tls: false },
    });
  expect(await ask(key)).toMatchObject({ is: 'principal', principal: { id: 'key:ci' } });
  expect((await ask('d2'.repeat(32)))?.is).not.toBe('principal');
}, 60_000);

test.each([['--provider', 'nobody'], ['--port', '80a'], ['--namespace', 'a b'], ['--kubernetes'], ['--keys-secret', 'a b'], ['more']])(
  'refuses %s %s',
  async (...words) => {
    await expect(
      setUp(
        folder(),
        words.filter((word) => word !== undefined),
      ),
    ).rejects.toThrow();
  },
);
