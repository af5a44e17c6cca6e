import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Logger } from '@llm-proxy-auth/plugin';
import { ConfigurationError, type Problem } from '../src/config/problem.ts';
import type { Graph } from '../src/graph.ts';
import { type LoadOptions, loadGraph } from '../src/load-graph.ts';

/** A folder with a configuration and a node_modules of fixture plugins, for tests that load real files. */
export interface World {
  readonly folder: string;
  /** Writes a file below the folder and returns its path. */
  write(path: string, text: string): string;
  /** Writes a plugin package; `source` is its index.js. */
  plugin(name: string, kinds: readonly string[], source: string, manifest?: object): string;
  load(text: string, options?: Partial<LoadOptions>): Promise<Graph>;
  /** The problems of a configuration that must not load. */
  problems(text: string, options?: Partial<LoadOptions>): Promise<readonly Problem[]>;
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[];
  dispose(): Promise<void>;
}

const STORE = `
const rows = new Map();
const make = (config, host) => ({
  host,
  get: async (space, key) => rows.get(space + '/' + key),
  list: async () => [],
  commit: async (changes) => {
    if (!changes.every((c) => (rows.get(c.space + '/' + c.key)?.version ?? 0) === c.expect)) return false;
    for (const c of changes) c.value === undefined ? rows.delete(c.space + '/' + c.key) : rows.set(c.space + '/' + c.key, { value: c.value, version: c.expect + 1 });
    return true;
  },
  append: async () => {}, read: async () => [],
  changed: async () => ({ epoch: 1, keys: [...rows.keys()] }),
  close: async () => { rows.set('closed/closed', { value: { json: '1' }, version: 1 }); },
});
export default { name: '@acme/store-ram', api: 1, stores: { sqlite: { summary: 'Rows in memory.', config: { type: 'object', properties: { path: { type: 'string', default: './x.db' } }, required: ['path'] }, create: make } } };
`;
const DIALECT = `
const make = (config, host) => ({ name: 'openai', surfaces: [], error: () => ({ status: 500, headers: [], body: '' }), readError: () => ({ code: 'upstream_rejected', status: 400, message: '' }) });
export default { name: '@acme/dialect-plain', api: 1, dialects: { openai: { summary: 'Nothing but errors.', config: { type: 'object', properties: {} }, create: make } } };
`;
const AUTH = `
const make = (config, host) => ({ seen: config, host, slots: ['bearer'], challenge: 'Bearer', issued: config.issued, authenticate: () => ({ is: 'not-mine' }) });
const admin = [{ name: 'badges.list', summary: 'Lists badges.', scope: 'keys', input: { type: 'object' }, output: { type: 'object' }, run: async (input, caller, host) => ({ host }) }];
export default { name: '@acme/auth-badge', api: 1, admin, auth: { badge: { summary: 'Badges.', create: make, config: {
  type: 'object', additionalProperties: false, required: ['issued'],
  properties: {
    issued: { type: 'boolean', default: true }, pepper: { type: 'string', minLength: 1, lpa: 'secret' }, ttl: { type: 'string', pattern: '^[0-9]+(ms|s|m|h|d)$', lpa: 'duration', default: '5m' },
    issuers: { type: 'array', items: { type: 'string', pattern: '^https?://[^/?#@\\\\s]+(/[^?#\\\\s]*)?$', lpa: 'url', asWritten: true } },
    limit: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    keys: { anyOf: [ { type: 'array', items: { type: 'object', additionalProperties: false, required: ['name', 'key'], properties: { name: { type: 'string' }, key: { type: 'string', minLength: 1, lpa: 'secret' } } } }, { type: 'object', additionalProperties: false, required: ['env'], properties: { env: { type: 'string', pattern: '^[A-Z_]+\\\\*$', lpa: 'env-glob' } } } ] },
  } } } } };
`;
const PROVIDER = `
const make = (config, host) => ({ seen: config, host, base: { origin: new URL(config.baseUrl).origin, path: '', prefix: '/v1' }, region: config.region ?? 'global', errors: 'openai', signs: 'head', endpoint: () => undefined, native: () => ({ refuse: 'operation_not_allowed', message: 'no' }), sign: () => {} });
export default { name: '@acme/provider-acme', api: 1, providers: { acme: { summary: 'Acme.', create: make, config: {
  type: 'object', additionalProperties: false, required: ['baseUrl', 'apiKey'],
  properties: {
    baseUrl: { type: 'string', pattern: '^https?://[^/?#@\\\\s]+(/[^?#\\\\s]*)?$', lpa: 'url', default: 'https://api.acme.example/v1', env: 'ACME_BASE_URL' },
    apiKey: { type: 'string', minLength: 1, lpa: 'secret', env: 'ACME_API_KEY' },
    region: { type: 'string', pattern: '^[a-z0-9-]+$', env: 'ACME_REGION' },
    buffer: { type: ['string', 'integer'], pattern: '^[0-9]+(B|KiB|MiB|GiB)$', minimum: 0, lpa: 'size' },
    credentials: { anyOf: [ { type: 'object', additionalProperties: false, required: ['type', 'token'], properties: { type: { type: 'string', const: 'static' }, token: { type: 'string', minLength: 1, lpa: 'secret' } } }, { type: 'object', additionalProperties: false, required: ['type'], properties: { type: { type: 'string', const: 'default' } } } ] },
    deployments: { type: 'object', patternProperties: { '^.*$': { type: 'string' } } },
    betas: { type: 'array', items: { type: 'string' } },
    extra: {},
  } } } } };
`;

export const PLUGINS = `plugins: ["@acme/store-ram", "@acme/dialect-plain", "@acme/auth-badge", "@acme/provider-acme"]`;
/** A configuration that loads; tests add to it or spoil it. */
export const GOOD = `${PLUGINS}
auth:
  - { use: badge }
instances:
  main: { provider: acme, apiKey: "a-literal-key" }
`;

export const makeWorld = (): World => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lpa-config-')));
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log: Logger = { info: at('info'), warn: at('warn'), error: at('error') };
  const graphs: Graph[] = [];
  const write = (path: string, text: string): string => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const load = async (text: string, options: Partial<LoadOptions> = {}): Promise<Graph> => {
    const file = write('config/gateway.yaml', text);
    const graph = await loadGraph({ file, env: {}, allowLocalPlugins: false, pluginRoots: [folder], log, now: () => 0, ...options });
    graphs.push(graph);
    return graph;
  };
  const plugin = (name: string, kinds: readonly string[], source: string, manifest: object = {}): string => {
    const at = `node_modules/${name}`;
    write(
      `${at}/package.json`,
      JSON.stringify({ name, version: '1.2.3', type: 'module', exports: './index.js', llmProxyAuth: { api: 1, kinds }, ...manifest }),
    );
    write(`${at}/index.js`, source);
    return join(folder, at);
  };
  plugin('@acme/store-ram', ['store:sqlite'], STORE);
  plugin('@acme/dialect-plain', ['dialect:openai'], DIALECT);
  plugin('@acme/auth-badge', ['auth:badge'], AUTH);
  plugin('@acme/provider-acme', ['provider:acme'], PROVIDER, {
    llmProxyAuth: { api: 1, kinds: ['provider:acme'], reaches: ['*.acme.example', 'sts.acme.test:8443'] },
  });
  return {
    folder,
    lines,
    write,
    plugin,
    load,
    async problems(text, options) {
      try {
        await load(text, options);
      } catch (error) {
        if (error instanceof ConfigurationError) return error.problems;
        throw error;
      }
      throw new Error('the configuration loaded');
    },
    async dispose() {
      for (const graph of graphs) await graph.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
