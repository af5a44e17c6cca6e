import { createContext } from '../config/context.ts';
import { readDocument } from '../config/document.ts';
import type { Environment } from '../config/expand.ts';
import { readConfigurationText } from '../config/find.ts';
import { ConfigurationError } from '../config/problem.ts';
import { createSecrets } from '../config/secret.ts';
import { discover } from './discover.ts';
import { packageIntegrity } from './integrity.ts';
import { discoverOptions, type LoadPluginsOptions, listedIn } from './load.ts';
import { isLocalFile } from './name.ts';

/** A package of the configuration's list as it is installed. */
export interface Pin {
  readonly name: string;
  readonly version: string;
  /** What `integrity:` may say of it. */
  readonly integrity: string;
  /** What the configuration says of it. */
  readonly pinned: string | undefined;
}
export interface PinsOptions extends Omit<LoadPluginsOptions, 'timeoutMs' | 'folder'> {
  readonly file?: string | undefined;
  readonly text?: string | undefined;
  readonly folder?: string | undefined;
  readonly env: Environment;
}

/**
 * The packages that a configuration lists, whether or not they are those it has pinned. Nothing of them runs, and nothing but the list is
 * read. Throws ConfigurationError for a list that cannot be read and for a package that cannot be found.
 */
export const pinsOf = (options: PinsOptions): readonly Pin[] => {
  const { file, folder, text } = readConfigurationText(options);
  const context = createContext({ file, env: options.env, folder, secrets: createSecrets(), complete: () => ({ is: 'unloaded' }) });
  const document = readDocument(text);
  for (const p of document.problems) context.report(p.path, p.code, p.message, p.place);
  const entries = document.root === undefined ? [] : listedIn(document.root, context).entries;
  const pins = entries.flatMap((entry, i): readonly Pin[] => {
    // A file beside the configuration has no pin.
    if (entry === undefined || isLocalFile(entry.name)) return [];
    const found = discover({ name: entry.name }, discoverOptions({ ...options, folder }));
    if (!found.ok) {
      context.report(`plugins[${i}]`, found.code, found.message, undefined, found.mend);
      return [];
    }
    try {
      return [{ name: entry.name, version: found.version, integrity: packageIntegrity(found.folder), pinned: entry.integrity }];
    } catch (error) {
      context.report(
        `plugins[${i}]`,
        'plugin_integrity',
        `the integrity of ${entry.name} cannot be told: ${error instanceof Error ? error.message : 'unreadable'}`,
      );
      return [];
    }
  });
  if (context.problems.length > 0) throw new ConfigurationError(context.problems);
  return pins;
};
