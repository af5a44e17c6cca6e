import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { loadGraph } from '@llm-proxy-auth/core';
import { expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { bareEnvironment, ROOT } from './support/process.ts';

const SCRIPT = join(ROOT, 'scripts/setup-auth.sh');
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'lpa-setup-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};
const setUp = async (cwd: string, ...words: readonly string[]): Promise<string> => {
  const env = bareEnvironment({ PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}` });
  return (await promisify(execFile)('bash', [SCRIPT, ...words], { cwd, env })).stderr;
};
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('in an empty folder a key with a code gets in, the key alone does not, and the secrets are their owner’s alone', async () => {
  const cwd = folder();
  const said = await setUp(cwd, '--port', '0', '--yes', '--check-only');
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
  for (const name of readdirSync(at).filter((one) => !['key', 'pepper', 'kek'].includes(one)))
    for (const each of [key, pepper, kek, secret, ...codes]) expect(readFileSync(join(at, name), 'latin1'), name).not.toContain(each);
}, 180_000);

test('manifests run it without rights, with everything secret in the Secret, and with a configuration that serves', async () => {
  const cwd = folder();
  await setUp(cwd, '--kubernetes', '--provider', 'openai', '--namespace', 'gateway', '--image', 'acme/llm-proxy-auth:1');
  const file = join(cwd, 'llm-proxy-auth', 'kubernetes.yaml');
  expect(modeOf(file)).toBe('600');
  const documents = parseAllDocuments(readFileSync(file, 'utf8')).map((one) => {
    expect('errors' in one ? one.errors : []).toEqual([]);
    return one.toJS() as Record<string, never>;
  });
  const of = (kind: string): Record<string, never> => documents.find((one) => one.kind === kind) ?? {};
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
  expect(of('NetworkPolicy')).toMatchObject({ spec: { policyTypes: ['Ingress', 'Egress'] } });

  const secrets = of('Secret').stringData as unknown as Record<string, string>;
  const whole = readFileSync(file, 'utf8');
  for (const value of Object.values(secrets)) expect(whole.split(value)).toHaveLength(2);
  mkdirSync(join(cwd, 'secrets'));
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(cwd, 'secrets', name), value, { mode: 0o600 });
  const text = String((of('ConfigMap').data as unknown as Record<string, string>)['llm-proxy-auth.yaml'])
    .replaceAll('/run/secrets/llm-proxy-auth', join(cwd, 'secrets'))
    .replace('/data/llm-proxy-auth.db', ':memory:');
  const graph = await loadGraph({
    text,
    folder: cwd,
    env: { API_KEY_ADMIN: secrets['admin-key'] ?? '', OPENAI_API_KEY: 'sk-x' },
    allowLocalPlugins: false,
    pluginRoots: [],
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    now: Date.now,
  });
  expect([...graph.instances.keys()]).toEqual(['openai']);
  await graph.dispose();
}, 60_000);

test.each([['--provider', 'nobody'], ['--port', '80a'], ['--namespace', 'a b'], ['--kubernetes'], ['more']])('refuses %s %s', async (...words) => {
  await expect(setUp(folder(), ...words.filter((word) => word !== undefined))).rejects.toThrow();
});
