import { pathToFileURL } from 'node:url';
import { entryOf } from './entry.ts';
import { type Failure, failure } from './failure.ts';
import { packageIntegrity } from './integrity.ts';
import { locateLocal } from './local.ts';
import { type LocateOptions, locatePackage } from './locate.ts';
import { readManifest } from './manifest.ts';
import { isLocalFile, isPackageName } from './name.ts';

export interface PluginEntry {
  readonly name: string;
  readonly integrity?: string | undefined;
}
/** A plugin that passed every check that can be made without running it. */
export interface Discovered {
  readonly ok: true;
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** URL that is imported. */
  readonly url: string;
  /** From the manifest; undefined for a local file, which has none. */
  readonly kinds: readonly string[] | undefined;
  readonly reaches: readonly string[];
}
export interface DiscoverOptions extends LocateOptions {
  /** Folder of the configuration file. */
  readonly folder: string;
  readonly conditions: readonly string[];
  /** Version of Node, for `engines`. */
  readonly node: string;
}

const integrityFailure = (name: string, folder: string, pinned: string): Failure | undefined => {
  const mend = `llm-proxy-auth plugins verify --print ${name}`;
  try {
    return packageIntegrity(folder) === pinned ? undefined : failure('plugin_integrity', `the files of ${name} are not those that its integrity names`, mend);
  } catch (error) {
    return failure('plugin_integrity', `the integrity of ${name} cannot be told: ${error instanceof Error ? error.message : 'unreadable'}`, mend);
  }
};
const discoverLocal = (entry: PluginEntry, options: DiscoverOptions): Discovered | Failure => {
  if (entry.integrity !== undefined) return failure('plugin_integrity', `${entry.name} is a file; integrity is for packages`);
  const found = locateLocal(entry.name, options.folder, options.allowLocal);
  if (!found.ok) return found;
  // A changed file is another module, so that a reload runs the new text.
  return {
    ok: true,
    name: entry.name,
    version: found.digest,
    folder: found.folder,
    url: `${pathToFileURL(found.entry).href}?${found.digest}`,
    kinds: undefined,
    reaches: [],
  };
};

/** Finds and checks one plugin of the list. Never imports it. */
export const discover = (entry: PluginEntry, options: DiscoverOptions): Discovered | Failure => {
  const { name } = entry;
  if (isLocalFile(name)) return discoverLocal(entry, options);
  if (!isPackageName(name))
    return failure('plugin_name', `${JSON.stringify(name.slice(0, 80))} is neither a package name nor a ./file beside the configuration`);
  const located = locatePackage(name, options);
  if (!located.ok) return located;
  const manifest = readManifest(name, located.manifest, options.node);
  if (!manifest.ok) return manifest;
  const target = entryOf(name, located.folder, located.manifest, options.conditions);
  if (!target.ok) return target;
  const tampered = entry.integrity === undefined ? undefined : integrityFailure(name, located.folder, entry.integrity);
  if (tampered !== undefined) return tampered;
  return {
    ok: true,
    name,
    version: manifest.version,
    folder: located.folder,
    url: pathToFileURL(target.entry).href,
    kinds: manifest.kinds,
    reaches: manifest.reaches,
  };
};
