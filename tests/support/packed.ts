import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
// @ts-expect-error: plain JavaScript, shared with the build.
import { packages } from '../../scripts/packages.mjs';
import type { LockedRegistry } from './locked-registry.ts';
import { ROOT } from './process.ts';

const execute = promisify(execFile);
/** The package manager that runs this, else the one that the workspace brings for those who have none. */
const PNPM = [process.env.npm_execpath, join(ROOT, 'scripts/tools/node_modules/pnpm/bin/pnpm.cjs')].find(
  (path) => path !== undefined && /pnpm\.[cm]?js$/.test(path) && existsSync(path),
);
/** Settings of the package manager that runs this are not for the one that it starts. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
const pnpm = async (words: readonly string[], cwd: string): Promise<void> => {
  const [command, first] = PNPM === undefined ? ['pnpm', []] : [process.execPath, [PNPM]];
  try {
    await execute(command, [...first, ...words], { cwd, env: environment, maxBuffer: 64 * 1024 * 1024, timeout: 240_000 });
  } catch (error) {
    // It says on standard output what went wrong.
    throw new Error(`pnpm ${words.join(' ')}: ${(error as { readonly stdout?: string }).stdout?.slice(-2_000)}`, { cause: error });
  }
};
interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
interface Published {
  readonly path: string;
  readonly folder: string;
  readonly manifest: Manifest;
}
const published = packages() as readonly Published[];
/** The package and those of the workspace that it needs. */
const needed = (names: readonly string[]): readonly Published[] => {
  const found = new Map<string, Published>();
  const visit = (name: string): void => {
    const one = published.find(({ manifest }) => manifest.name === name);
    if (one === undefined || found.has(name)) return;
    found.set(name, one);
    for (const next of Object.keys({ ...one.manifest.dependencies, ...one.manifest.peerDependencies })) visit(next);
  };
  for (const name of names) visit(name);
  return [...found.values()];
};

/** Tarballs as they would be published, by the name of their package. */
export interface Tarballs {
  readonly files: ReadonlyMap<string, string>;
  remove(): void;
}
/** Builds and packs the packages and what they need of the workspace. */
export const pack = async (names: readonly string[]): Promise<Tarballs> => {
  const list = needed(names);
  await execute(process.execPath, ['scripts/build.mjs', '--no-types', ...list.map(({ path }) => path)], { cwd: ROOT, env: environment });
  const folder = mkdtempSync(join(tmpdir(), 'lpa-packed-'));
  const files = new Map<string, string>();
  for (const { folder: from, manifest } of list) {
    const to = join(folder, String(files.size));
    mkdirSync(to);
    await pnpm(['pack', '--pack-destination', to], from);
    files.set(manifest.name, join(to, readdirSync(to)[0] ?? ''));
  }
  return { files, remove: () => rmSync(folder, { recursive: true, force: true }) };
};

/** Where the package manager keeps the files of what this workspace has installed. */
const storeOf = (): string => (JSON.parse(readFileSync(join(ROOT, 'node_modules/.modules.yaml'), 'utf8')) as { readonly storeDir: string }).storeDir;
/** An empty folder into which packages were installed from their tarballs; everything else is resolved anew, in the versions of the lockfile. */
export const install = async (
  { files }: Tarballs,
  names: readonly string[],
  registry: LockedRegistry,
): Promise<{ readonly folder: string; remove(): void }> => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-fresh-'));
  const fileOf = (name: string): string => `file:${files.get(name) ?? ''}`;
  const overrides = Object.fromEntries([...files.keys()].map((name) => [name, fileOf(name)]));
  const dependencies = Object.fromEntries(names.map((name) => [name, fileOf(name)]));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'empty', private: true, dependencies, pnpm: { overrides } }));
  const from = ['--registry', registry.url, '--store-dir', storeOf(), '--cache-dir', join(folder, '.cache')];
  await pnpm(['install', '--ignore-workspace', '--ignore-scripts', '--prod', '--no-frozen-lockfile', ...from], folder);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
};
/** Every package that lies in the tree. */
export const treeOf = (folder: string): readonly string[] => {
  const lock = readFileSync(join(folder, 'pnpm-lock.yaml'), 'utf8');
  return [...lock.matchAll(/^ {2}'?(@?[^@'\s]+)@[^:]+:/gm)].map(([, name = '']) => name);
};
