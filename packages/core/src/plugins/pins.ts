import { createContext } from '../config/context.ts';
import { readDocument } from '../config/document.ts';
import type { Environment } from '../config/expand.ts';
import { readConfigurationText } from '../config/find.ts';
import { ConfigurationError } from '../config/problem.ts';
import { createSecrets } from '../config/secret.ts';
import { discover, type PluginEntry } from './discover.ts';
import { type Failure, failure } from './failure.ts';
import { packageIntegrity } from './integrity.ts';
import { discoverOptions, type LoadPluginsOptions, listedIn } from './load.ts';
import { isLocalFile } from './name.ts';
import { withPins, withPlugin } from './pin-text.ts';

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

const pinOf = ({ name, integrity: pinned }: PluginEntry, options: Omit<PinsOptions, 'folder'> & { readonly folder: string }): Pin | Failure => {
  const found = discover({ name }, discoverOptions(options));
  if (!found.ok) return found;
  try {
    return { name, version: found.version, integrity: packageIntegrity(found.folder), pinned };
  } catch (error) {
    return failure('plugin_integrity', `the integrity of ${name} cannot be told: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
};

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
    const pin = pinOf(entry, { ...options, folder });
    if ('ok' in pin) {
      context.report(`plugins[${i}]`, pin.code, pin.message, undefined, pin.mend);
      return [];
    }
    return [pin];
  });
  if (context.problems.length > 0) throw new ConfigurationError(context.problems);
  return pins;
};

/** The text of the configuration's file with the pins of what is installed now, of all its packages or of those named. */
export const pinnedText = (options: PinsOptions, pins: readonly Pin[]): string =>
  withPins(readConfigurationText(options).text, new Map(pins.map(({ name, integrity }) => [name, integrity])));

/**
 * The same text with one more package, pinned to what is installed. It is looked for and looked at as at a start, and nothing of it runs.
 * Throws ConfigurationError for a package that cannot be found or is no plugin, and an Error for a text without a list.
 */
export const addedText = (options: PinsOptions, name: string): { readonly text: string; readonly pin: Pin } => {
  const { file, folder, text } = readConfigurationText(options);
  const pin = pinOf({ name }, { ...options, folder });
  if ('ok' in pin) throw new ConfigurationError([{ file, path: 'plugins', code: pin.code, message: pin.message, mend: pin.mend }]);
  return { text: withPlugin(text, name, pin.integrity), pin };
};
