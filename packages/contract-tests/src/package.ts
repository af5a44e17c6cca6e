import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from '@llm-proxy-auth/plugin';
import { type Rule, type Runner, runRules } from './runner.ts';

export interface PackageSubject {
  /** Folder of the package: a path or a `file:` URL. */
  readonly folder: string | URL;
  readonly plugin: Plugin;
}
/** Sections of a plugin and the kind's name in the manifest. */
export const sections = Object.freeze({
  providers: 'provider',
  dialects: 'dialect',
  auth: 'auth',
  factors: 'factor',
  secrets: 'secrets',
  stores: 'store',
  counters: 'counters',
  hooks: 'hook',
  pages: 'pages',
  telemetry: 'telemetry',
} as const satisfies Partial<Record<keyof Plugin, string>>);
type Section = keyof typeof sections;

export const folderOf = (folder: string | URL): string => (folder instanceof URL || folder.startsWith('file:') ? fileURLToPath(folder) : folder);
interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly description?: unknown;
  readonly license?: unknown;
  readonly type?: unknown;
  readonly engines?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly llmProxyAuth?: { readonly api?: unknown; readonly kinds?: readonly unknown[]; readonly reaches?: readonly unknown[] };
}
const read = (subject: PackageSubject, file: string): string => {
  const path = join(folderOf(subject.folder), file);
  assert.ok(existsSync(path), `${file} is missing`);
  return readFileSync(path, 'utf8');
};
export const manifestOf = (subject: Pick<PackageSubject, 'folder'>): Manifest =>
  JSON.parse(readFileSync(join(folderOf(subject.folder), 'package.json'), 'utf8')) as Manifest;
/** `kind:name` of everything a plugin exports. */
export const kindsOf = (plugin: Plugin): readonly string[] =>
  Object.entries(sections).flatMap(([section, kind]) => Object.keys(plugin[section as Section] ?? {}).map((name) => `${kind}:${name}`));
const sources = (folder: string): readonly string[] => {
  const root = ['src', 'dist'].map((name) => join(folder, name)).find(existsSync);
  if (root === undefined) return [];
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?[jt]s$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => join(root, name));
};
const headings = ['What it does', 'Install', 'Configuration', 'Example', 'Limits'];
const lifecycle = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare'];
const pluginName = /(^|\/)(provider|dialect|auth|factor|secrets|store|counters|hook|pages|telemetry)-[^/]+$/;
const core = ['@llm-proxy-auth/core', 'llm-proxy-auth'];
const hostPattern = /^(\*\.)?[a-z0-9*-]+(\.[a-z0-9*-]+)+$/;

const manifestRules: readonly Rule<PackageSubject>[] = [
  {
    id: 'package.manifest',
    says: 'package.json has name, version, description, license, module type and engines.node',
    check(subject) {
      const manifest = manifestOf(subject);
      assert.match(String(manifest.name), /^(@[a-z0-9-]+\/)?[a-z0-9-]+$/, 'name');
      assert.match(String(manifest.version), /^\d+\.\d+\.\d+/, 'version');
      for (const field of ['description', 'license'] as const) assert.ok(typeof manifest[field] === 'string' && manifest[field] !== '', field);
      assert.equal(manifest.type, 'module', 'type');
      assert.ok(manifest.engines?.node !== undefined, 'engines.node');
    },
  },
  {
    id: 'package.api',
    says: 'the manifest and the export name api 1',
    check(subject) {
      assert.equal(manifestOf(subject).llmProxyAuth?.api, 1, 'llmProxyAuth.api');
      assert.equal(subject.plugin.api, 1, 'api of the export');
    },
  },
  {
    id: 'package.name-equals-export',
    says: 'the plugin calls itself by the package’s name',
    check(subject) {
      assert.equal(subject.plugin.name, manifestOf(subject).name);
    },
  },
  {
    id: 'package.kinds-equal-export',
    says: 'the manifest lists exactly the kinds that are exported',
    check(subject) {
      const exported = kindsOf(subject.plugin);
      assert.notEqual(exported.length, 0, 'the plugin exports no kind');
      assert.deepEqual((manifestOf(subject).llmProxyAuth?.kinds ?? []).map(String).toSorted(), exported.toSorted());
    },
  },
  {
    id: 'package.reaches-narrow',
    says: 'reaches lists host names and addresses, not everything',
    absent: (subject) => (manifestOf(subject).llmProxyAuth?.reaches === undefined ? 'the manifest has no reaches' : undefined),
    check(subject) {
      for (const pattern of manifestOf(subject).llmProxyAuth?.reaches ?? []) {
        assert.match(String(pattern), hostPattern, `${String(pattern)} is no host pattern`);
        if (isIPv4(String(pattern))) continue;
        assert.match(String(pattern).split('.').at(-1) ?? '', /^[a-z]{2,}$/, `${String(pattern)} leaves the top level open`);
        assert.match(String(pattern).split('.').at(-2) ?? '', /[a-z0-9]/, `${String(pattern)} leaves the domain open`);
      }
    },
  },
  {
    id: 'package.no-install-scripts',
    says: 'nothing runs when it is installed',
    check(subject) {
      const scripts = Object.keys(manifestOf(subject).scripts ?? {});
      assert.deepEqual(
        scripts.filter((name) => lifecycle.includes(name)),
        [],
      );
    },
  },
  {
    id: 'package.files-list',
    says: 'files lists what is published, and neither tests nor everything',
    check(subject) {
      const files = manifestOf(subject).files ?? [];
      assert.notEqual(files.length, 0, 'files is missing or empty');
      for (const entry of files)
        assert.doesNotMatch(entry, /^(\.?\/?|\*+|\.\/?\*+)$|(^|\/)(test|tests|fixtures|node_modules)(\/|$)/, `${entry} publishes too much`);
    },
  },
];

const dependencyRules: readonly Rule<PackageSubject>[] = [
  {
    id: 'package.peer-on-plugin',
    says: '@llm-proxy-auth/plugin is a peer, not a copy of its own',
    check(subject) {
      const manifest = manifestOf(subject);
      assert.ok(manifest.peerDependencies?.['@llm-proxy-auth/plugin'] !== undefined, 'peerDependencies lacks @llm-proxy-auth/plugin');
      assert.equal(manifest.dependencies?.['@llm-proxy-auth/plugin'], undefined, 'dependencies has @llm-proxy-auth/plugin');
    },
  },
  {
    id: 'package.no-other-plugin',
    says: 'it depends on no other plugin and not on the core',
    check(subject) {
      const { dependencies, optionalDependencies, peerDependencies } = manifestOf(subject);
      const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
      const ours = names.filter((name) => (name.startsWith('@llm-proxy-auth/') && pluginName.test(name)) || core.includes(name));
      assert.deepEqual(ours, []);
    },
  },
  {
    id: 'package.exports-source-first',
    says: 'exports leads to the entry; where sources are there, the condition @llm-proxy-auth/source stands first',
    check(subject) {
      const entry = manifestOf(subject).exports?.['.'];
      assert.ok(typeof entry === 'object' && entry !== null, 'exports["."] is an object of conditions');
      const conditions = Object.keys(entry);
      assert.ok(conditions.includes('default') || conditions.includes('import'), 'exports["."] has default');
      if (existsSync(join(folderOf(subject.folder), 'src'))) assert.equal(conditions[0], '@llm-proxy-auth/source');
    },
  },
  {
    id: 'package.readme-headings',
    says: `README.md has the headings ${headings.join(', ')}`,
    check(subject) {
      const found = [...read(subject, 'README.md').matchAll(/^##+ (.+?)\s*$/gm)].map((match) => match[1]);
      assert.deepEqual(
        headings.filter((heading) => !found.includes(heading)),
        [],
        'missing headings',
      );
    },
  },
  {
    id: 'package.factory-shape',
    says: 'each kind has a summary, create, and a schema that is an object without further keys and describes every field',
    check(subject) {
      for (const [name, factory] of factories(subject.plugin)) {
        assert.ok(typeof factory.summary === 'string' && factory.summary.trim() !== '', `${name}: summary`);
        assert.equal(typeof factory.create, 'function', `${name}: create`);
        const schema = factory.config as unknown as {
          type?: unknown;
          additionalProperties?: unknown;
          properties?: Readonly<Record<string, { description?: unknown }>>;
        };
        assert.equal(schema.type, 'object', `${name}: the schema is an object`);
        assert.equal(schema.additionalProperties, false, `${name}: the schema takes unknown keys`);
        for (const [field, { description }] of Object.entries(schema.properties ?? {}))
          assert.ok(typeof description === 'string' && description !== '', `${name}: ${field} has no description`);
      }
    },
  },
  {
    id: 'package.uses-host-alone',
    says: 'the sources read no environment variable and make no request but through the host',
    check(subject) {
      for (const file of sources(folderOf(subject.folder))) {
        const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
        assert.ok(!/\bprocess\s*\.\s*env\b/.test(text), `${file} reads the environment`);
        assert.ok(!/\bglobalThis\s*\.\s*fetch\b|(?:\bawait|\breturn|=>|=)\s*fetch\s*\(/.test(text), `${file} calls the global fetch`);
      }
    },
  },
];
const factories = (plugin: Plugin): readonly (readonly [string, { readonly summary: unknown; readonly config: unknown; readonly create: unknown }])[] =>
  Object.entries(sections).flatMap(([section, kind]) =>
    Object.entries(plugin[section as Section] ?? {}).map(([name, factory]) => [`${kind}:${name}`, factory] as const),
  );

export const packageRules: readonly Rule<PackageSubject>[] = [...manifestRules, ...dependencyRules];

/** Rules every plugin package must keep, whatever its kinds. */
export const packageSuite = (runner: Runner, subject: PackageSubject): void => runRules(runner, `package ${subject.plugin.name}`, packageRules, subject);
