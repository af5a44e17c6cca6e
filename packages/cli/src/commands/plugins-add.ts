import { addedText, pinsOf } from '@llm-proxy-auth/core';
import { type Parsed, UsageError } from '../arguments.ts';
import { print, type Terminal } from '../terminal.ts';
import { rewrite } from '../write-file.ts';
import { fileOf } from './plugins-lock.ts';

/** Adds an installed package to the configuration's list, pinned; installs nothing and runs nothing. */
export const add = (parsed: Parsed, names: readonly string[], terminal: Terminal): number => {
  const [name, extra] = names;
  if (name === undefined) throw new UsageError('plugins add needs the name of a package that is installed.');
  if (extra !== undefined) throw new UsageError(`"${extra}" is not understood here.`);
  if (/^\.|\//.test(name.replace(/^@[^/]*\//, ''))) throw new UsageError('plugins add takes the name of a package; write files into the list by hand.');
  const options = fileOf(parsed, terminal);
  if (pinsOf(options).some((pin) => pin.name === name)) throw new UsageError(`"${name}" is in the list already.`);
  const { text, pin } = addedText(options, name);
  rewrite(options.file, text);
  print(terminal, [{ name, version: pin.version, integrity: pin.integrity }], parsed.json);
  return 0;
};
