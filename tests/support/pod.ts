import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, type Running, run } from './process.ts';
import { watched } from './swept.ts';

interface Reference {
  readonly name: string;
  readonly key: string;
}
interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: { readonly secretKeyRef: Reference } }[];
  readonly envFrom?: readonly { readonly secretRef: { readonly name: string } }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string; readonly items?: readonly { readonly key: string; readonly path: string }[] };
}
interface Resource {
  readonly kind?: string;
  readonly metadata?: { readonly name: string };
  readonly data?: Members;
  readonly stringData?: Members;
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: readonly [Container]; readonly volumes: readonly Volume[] } } };
}
type Members = Readonly<Record<string, string>>;
/** The one container of a Deployment, run here. */
export interface Pod {
  /** As its `args` say. */
  start(): Running;
  /** As `kubectl exec` would: another command of the same program. */
  exec(...words: readonly string[]): Running;
}
/**
 * What a kubelet would make of manifests, without a kubelet: volumes filled below `root`, from ConfigMap and Secret; the variables; the
 * arguments. Paths of mounts stand below `root` wherever they are written, and the ports are free ones. `others` are Secrets that are
 * there already, `more` further variables, `changed` what the test changes in the configuration. Nothing here isolates: no image, user, network or read-only root.
 */
export const podOf = (
  resources: readonly unknown[],
  root: string,
  others: Readonly<Record<string, Members>> = {},
  more: Members = {},
  changed = (text: string): string => text,
): Pod => {
  const all = resources as readonly Resource[];
  const membersOf = (kind: string, name: string): Members => {
    const found = all.find((one) => one.kind === kind && one.metadata?.name === name);
    const members = found?.data ?? found?.stringData ?? (kind === 'Secret' ? others[name] : undefined);
    if (members === undefined) throw new Error(`no ${kind} ${name}`);
    return members;
  };
  const memberOf = (members: Members, key: string): string => {
    const text = members[key];
    if (text === undefined) throw new Error(`no member ${key}`);
    return text;
  };
  const spec = all.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec;
  if (spec === undefined) throw new Error('no Deployment');
  const [{ args, env, envFrom = [], volumeMounts }] = spec.containers;
  const here = (text: string): string => volumeMounts.reduce((whole, { mountPath }) => whole.replaceAll(mountPath, join(root, mountPath)), text);
  for (const { name, mountPath } of volumeMounts) {
    const volume = spec.volumes.find((one) => one.name === name);
    const folder = join(root, mountPath);
    mkdirSync(folder, { recursive: true });
    for (const [key, text] of Object.entries(volume?.configMap === undefined ? {} : membersOf('ConfigMap', volume.configMap.name)))
      writeFileSync(join(folder, key), changed(here(text).replace('port: 9090', 'port: 0')));
    if (volume?.secret === undefined) continue;
    const members = membersOf('Secret', volume.secret.secretName);
    for (const { key, path } of volume.secret.items ?? Object.keys(members).map((one) => ({ key: one, path: one })))
      writeFileSync(join(folder, path), memberOf(members, key), { mode: 0o440 });
  }
  const variables: Record<string, string> = Object.assign({}, ...envFrom.map(({ secretRef }) => membersOf('Secret', secretRef.name)));
  for (const { name, value, valueFrom } of env)
    variables[name] = here(value ?? memberOf(membersOf('Secret', valueFrom?.secretKeyRef.name ?? ''), valueFrom?.secretKeyRef.key ?? ''));
  const launch = (words: readonly string[]): Running =>
    run(
      ['--conditions=@llm-proxy-auth/source', join(ROOT, 'packages/cli/src/main.ts'), ...words, '--plugin-root', ROOT],
      watched(root, { PORT: '0', ...variables, ...more }),
      root,
    );
  return { start: () => launch(args.map(here)), exec: (...words) => launch(words) };
};
