import { satisfies } from './engines.ts';
import { type Failure, failure } from './failure.ts';
import { kindRefusal } from './kinds.ts';
import type { PackageJson } from './locate.ts';

export interface Manifest {
  readonly ok: true;
  readonly version: string;
  readonly kinds: readonly string[];
  readonly reaches: readonly string[];
}
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((v) => typeof v === 'string');
/** A host name in which `*` stands for labels or parts of one, with an optional port. */
const HOST = /^[a-z0-9*.-]{1,253}(?::\d{1,5})?$|^\[[0-9a-f:.]+\](?::\d{1,5})?$/;

const enginesFailure = (name: string, engines: unknown, node: string): Failure | undefined => {
  const range = typeof engines === 'object' && engines !== null && 'node' in engines ? engines.node : undefined;
  if (range === undefined) return undefined;
  const fits = typeof range === 'string' ? satisfies(node, range) : undefined;
  if (fits === true) return undefined;
  const why = fits === false ? `needs Node ${range}; this is ${node}` : 'has an engines.node range that is not understood';
  return failure('plugin_engines', `${name} ${why}`, `npm install ${name}@latest`);
};

/** Checks what package.json says of a plugin, before any of its code runs. */
export const readManifest = (name: string, json: PackageJson, node: string): Manifest | Failure => {
  const own = json.llmProxyAuth;
  if (typeof own !== 'object' || own === null || Array.isArray(own))
    return failure('plugin_manifest', `${name} is no plugin: its package.json has no "llmProxyAuth"`, `npm install ${name}@latest`);
  const { api, kinds, reaches = [] } = own as { api?: unknown; kinds?: unknown; reaches?: unknown };
  if (api !== 1)
    return failure(
      'plugin_api',
      `${name} is made for plugin api ${JSON.stringify(api)?.slice(0, 20) ?? 'unknown'}; this gateway has api 1`,
      `npm install ${name}@latest`,
    );
  if (!isTexts(kinds) || kinds.length === 0) return failure('plugin_manifest', `"llmProxyAuth.kinds" of ${name} must list what it provides`);
  const refusal = kinds.map(kindRefusal).find((r) => r !== undefined);
  if (refusal !== undefined) return failure('plugin_manifest', `"llmProxyAuth.kinds" of ${name}: ${refusal}`);
  if (!isTexts(reaches) || !reaches.every((r) => HOST.test(r) && r.replaceAll(/[*.]/g, '') !== ''))
    return failure('plugin_manifest', `"llmProxyAuth.reaches" of ${name} must list host names`);
  const engines = enginesFailure(name, json.engines, node);
  if (engines !== undefined) return engines;
  return { ok: true, version: typeof json.version === 'string' ? json.version : '0.0.0', kinds, reaches };
};
