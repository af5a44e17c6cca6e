import { type Pin, pinnedText, pinsOf } from '@llm-proxy-auth/core';
import { type Parsed, UsageError } from '../arguments.ts';
import { loadOptions } from '../configuration.ts';
import { print, type Terminal } from '../terminal.ts';
import { rewrite } from '../write-file.ts';

/** The pins of all packages that the configuration lists, or of those named. Throws UsageError for one that it does not list. */
export const pinsNamed = (parsed: Parsed, only: readonly string[], terminal: Terminal): readonly Pin[] => {
  const pins = pinsOf(loadOptions(parsed, terminal));
  const missing = only.find((name) => !pins.some((pin) => pin.name === name));
  if (missing !== undefined) throw new UsageError(`"${missing}" is no package that the configuration lists.`);
  return only.length === 0 ? pins : pins.filter(({ name }) => only.includes(name));
};
/** The file of the configuration, to be written. Throws UsageError where variables stand for it. */
export const fileOf = (parsed: Parsed, terminal: Terminal): { readonly file: string } & ReturnType<typeof loadOptions> => {
  const options = loadOptions(parsed, terminal);
  if (!('file' in options) || options.file === undefined) throw new UsageError('There is no file of the configuration; write one with llm-proxy-auth init.');
  return options;
};

/** Writes what is installed now into the configuration as its pins; runs none of it. */
export const lock = (parsed: Parsed, only: readonly string[], terminal: Terminal): number => {
  const options = fileOf(parsed, terminal);
  const pins = pinsNamed(parsed, only, terminal);
  if (pins.some(({ pinned, integrity }) => pinned !== integrity)) rewrite(options.file, pinnedText(options, pins));
  const rows = pins.map(({ name, version, integrity, pinned }) => ({
    name,
    version,
    pin: pinned === undefined ? 'written' : pinned === integrity ? 'holds' : 'changed',
    ...(parsed.json ? { integrity } : {}),
  }));
  print(terminal, rows, parsed.json);
  return 0;
};
