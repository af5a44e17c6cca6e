import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'llm-proxy-auth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const BASE = 'deploy/kustomize/base';
type Fields = Readonly<Record<string, unknown>>;
interface Pod {
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Fields;
  readonly containers: readonly [Fields & { readonly command: readonly string[] }];
  readonly volumes: readonly Fields[];
}
interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Fields };
  readonly spec: Fields & { readonly template: { readonly metadata: { readonly labels: Fields }; readonly spec: Pod } };
}
/** Rendered as `kubectl apply -k` would, where kubectl is at hand; else the files of the base, which say the same of pods. */
const rendered = (): readonly Resource[] => {
  const { status, stdout } = spawnSync('kubectl', ['kustomize', BASE], { encoding: 'utf8', timeout: 30_000 });
  const texts =
    status === 0
      ? [stdout]
      : (parse(readFileSync(join(BASE, 'kustomization.yaml'), 'utf8')) as { resources: string[] }).resources.map((file) =>
          readFileSync(join(BASE, file), 'utf8'),
        );
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Resource));
};
const only = (kind: string): Resource => {
  const found = rendered().filter((resource) => resource.kind === kind);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} of kind ${kind}`);
  return found[0];
};

describe('the pods', () => {
  test('A125 container: nobody with rights, a root that cannot be written, no capabilities, seccomp, no token, who may talk to whom', () => {
    const { spec: pod } = only('Deployment').spec.template;
    expect(pod.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.containers).toHaveLength(1);
    expect(pod.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(only('ServiceAccount')).toMatchObject({ automountServiceAccountToken: false });
    // What the Pod Security Standard "restricted" lets through of volumes, without those of the node.
    for (const { name: _, ...kind } of pod.volumes) expect(['configMap', 'secret', 'emptyDir']).toContain(Object.keys(kind)[0]);
    expect(pod).not.toHaveProperty('hostNetwork');
    expect(only('Namespace').metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const policy = only('NetworkPolicy').spec;
    expect(policy.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(policy.podSelector).toEqual({ matchLabels: only('Deployment').spec.template.metadata.labels });
    // From and to everywhere is nowhere.
    for (const rule of [...(policy.ingress as Fields[]), ...(policy.egress as Fields[])]) {
      expect([...((rule.from ?? rule.to) as Fields[])].length).toBeGreaterThan(0);
      expect((rule.ports as Fields[]).length).toBeGreaterThan(0);
    }
    expect(JSON.stringify(policy.egress)).toContain('"except":["169.254.0.0/16"]');
  });

  test('A125 image: no shell in the end, the user 65532, the options of the command', () => {
    const text = readFileSync('deploy/docker/Dockerfile', 'utf8');
    const last = text.slice(text.lastIndexOf('\nFROM '));
    expect(last).toMatch(/^\nFROM gcr\.io\/distroless\/nodejs24/);
    expect(last).not.toMatch(/^(RUN|ADD|SHELL)/m);
    expect(last).toMatch(/^USER 65532:65532$/m);
    const entry = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(last)?.[1] ?? '[]') as string[];
    expect(entry).toEqual(only('Deployment').spec.template.spec.containers[0].command);
    const [, options = ''] = /^#!\/usr\/bin\/env -S node (.*)$/m.exec(readFileSync('packages/cli/bin/llm-proxy-auth.js', 'utf8')) ?? [];
    expect(entry.slice(1, -1)).toEqual(options.split(' '));
  });

  test('are asked on the ops port, are stopped slower than they drain, and are never all taken away', () => {
    const { spec } = only('Deployment');
    const [container] = spec.template.spec.containers;
    expect(container).toMatchObject({
      livenessProbe: { httpGet: { path: '/health', port: 'ops' } },
      readinessProbe: { httpGet: { path: '/ready', port: 'ops' } },
      startupProbe: { httpGet: { path: '/health', port: 'ops' } },
      ports: [
        { name: 'http', containerPort: 8080 },
        { name: 'ops', containerPort: 9090 },
      ],
    });
    const { server } = parse(readFileSync(join(BASE, 'llm-proxy-auth.yaml'), 'utf8')) as { server: { drain: { delay: string; deadline: string } } };
    const drains = Number.parseInt(server.drain.delay, 10) + Number.parseInt(server.drain.deadline, 10);
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(drains);
    expect(spec).toMatchObject({ replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 0 } } });
    const labels = spec.template.metadata.labels;
    expect(only('PodDisruptionBudget').spec).toEqual({ minAvailable: 1, selector: { matchLabels: labels } });
    expect(spec.selector).toEqual({ matchLabels: labels });
    expect(only('Service').spec.selector).toEqual(labels);
  });
});

describe('compose', () => {
  interface Service {
    readonly networks: readonly string[];
    readonly ports?: readonly string[];
    readonly secrets: readonly unknown[];
  }
  const file = parse(readFileSync('deploy/compose/compose.yaml', 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly networks: Fields;
    readonly secrets: Readonly<Record<string, { readonly file?: string }>>;
  };
  const { postgres, redis, ...gateways } = file.services;
  test('A125 runs two gateways without rights', () => {
    expect(Object.keys(gateways)).toEqual(['gateway-1', 'gateway-2']);
    for (const gateway of Object.values(gateways))
      expect(gateway).toMatchObject({ user: '65532:65532', read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  });
  test('shows the database and Redis to the gateways alone, and the gateways to this machine', () => {
    expect(file.networks.inside).toEqual({ internal: true });
    for (const service of [postgres, redis]) expect([service?.networks, service?.ports]).toEqual([['inside'], undefined]);
    for (const gateway of Object.values(gateways)) for (const port of gateway.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
  test('holds no secret, nor does anything beside it', () => {
    for (const { file: path } of Object.values(file.secrets)) expect(path).toMatch(/^\.\/secrets\//);
    expect(readFileSync('deploy/compose/.gitignore', 'utf8')).toBe('secrets/\n');
    const texts = readdirSync('deploy', { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/secrets'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) expect(text).not.toMatch(/:\/\/[^\s/:@]+:[^\s/@]+@|(password|secret|pepper|api_?key)["']?\s*[:=]\s*["']?[A-Za-z0-9+/]{16,}/i);
  });
});

describe('the configuration of replicas', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-deploy-'));
  const MOUNTED = '/run/secrets/llm-proxy-auth';
  const secrets = ['postgres-password', 'redis-password', 'key-pepper', 'openai-api-key'];
  let text: string;
  beforeAll(() => {
    mkdirSync(join(folder, 'secrets'));
    for (const name of secrets) writeFileSync(join(folder, 'secrets', name), `canary-${name}-0123456789abcdef0123456789\n`, { mode: 0o600 });
    text = readFileSync(join(BASE, 'llm-proxy-auth.yaml'), 'utf8');
    writeFileSync(join(folder, 'llm-proxy-auth.yaml'), text.replaceAll(MOUNTED, join(folder, 'secrets')));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const check = async (env: Readonly<Record<string, string>>, ...words: readonly string[]) => {
    let out = '';
    const write = (piece: string): void => {
      out += piece;
    };
    const terminal = { env, stdout: { write }, stderr: { write }, cwd: () => process.cwd(), on: () => undefined, off: () => undefined };
    return { code: await run(['check', '--config', join(folder, 'llm-proxy-auth.yaml'), ...words], terminal), out };
  };
  test('is valid with its secrets mounted, and shows none of them', async () => {
    const env = { POSTGRES_URL: 'postgres://gateway@postgres:5432/gateway', REDIS_URL: 'rediss://redis:6379' };
    const { code, out } = await check(env, '--print');
    expect([code, out]).toEqual([0, expect.stringContaining('postgres')]);
    expect(out).not.toContain('canary');
    expect(
      text
        .match(/\$\{file:[^}]+\}/g)
        ?.map((mark) => mark.slice(`\${file:${MOUNTED}/`.length, -1))
        .toSorted(),
    ).toEqual(secrets.toSorted());
  });
});
