import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { type Failure, failure } from './failure.ts';

export interface PackageJson {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly main?: unknown;
  readonly exports?: unknown;
  readonly engines?: unknown;
  readonly workspaces?: unknown;
  readonly llmProxyAuth?: unknown;
}
export interface Located {
  readonly ok: true;
  /** Real folder of the package. */
  readonly folder: string;
  readonly manifest: PackageJson;
}
export interface LocateOptions {
  /** Folder of the gateway's own package. */
  readonly gateway: string;
  /** Folders of `--plugin-root`, asked after the gateway's own surroundings. */
  readonly roots: readonly string[];
  readonly allowLocal: boolean;
}

export const isInside = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && resolve(folder, way) === path);
};
const upFrom = (folder: string): readonly string[] => {
  const all = [folder];
  for (let at = folder; dirname(at) !== at; at = dirname(at)) all.push(dirname(at));
  return all;
};
const readManifest = (folder: string): PackageJson | undefined => {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** The nearest folder above that is the root of a pnpm, npm or yarn workspace. */
const workspaceRoot = (folder: string): string | undefined =>
  upFrom(folder).find((at) => existsSync(join(at, 'pnpm-workspace.yaml')) || readManifest(at)?.workspaces !== undefined);

/** Below a `node_modules`, or below the workspace that holds the gateway too; a link to anywhere else is refused. */
const isTrusted = (real: string, gateway: string): boolean => {
  if (real.split(sep).includes('node_modules')) return true;
  const root = workspaceRoot(gateway);
  return root !== undefined && isInside(real, root);
};

/** Finds a package as Node would from the gateway, then from each root; nothing of it runs. */
export const locatePackage = (name: string, options: LocateOptions): Located | Failure => {
  const gateway = realpathSync(options.gateway);
  const starts = [gateway, ...options.roots.map((r) => (existsSync(r) ? realpathSync(r) : resolve(r)))];
  const folders = starts.flatMap(upFrom).filter((at) => basename(at) !== 'node_modules');
  const found = folders.map((at) => join(at, 'node_modules', name)).find(isFolder);
  if (found === undefined) return failure('plugin_missing', `the package ${name} is not installed where the gateway looks for plugins`, `npm install ${name}`);
  const folder = realpathSync(found);
  if (!isTrusted(folder, gateway) && !options.allowLocal) {
    return failure(
      'plugin_location',
      `${name} is linked to ${folder}, outside node_modules and the gateway's workspace`,
      'llm-proxy-auth start --allow-local-plugins',
    );
  }
  const manifest = readManifest(folder);
  if (manifest === undefined) return failure('plugin_manifest', `${name} has no readable package.json`, `npm install ${name}`);
  if (manifest.name !== name) return failure('plugin_manifest', `the package.json found for ${name} names another package`, `npm install ${name}`);
  return { ok: true, folder, manifest };
};
