import { pinsOf } from '@llm-proxy-auth/core';
import { type Parsed, parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { loadOptions, withGraph } from '../configuration.ts';
import { print, type Terminal } from '../terminal.ts';

const list = (parsed: Parsed, terminal: Terminal): Promise<number> =>
  withGraph(parsed, terminal, async (graph) => {
    const rows = graph.plugins.map(({ name, version, kinds, reaches }) => ({ name, version, kinds, reaches }));
    print(terminal, rows, parsed.json);
    return 0;
  });

/** Compares what is installed with what is pinned, running none of it: a plugin must not be asked whether it may be trusted. */
const verify = (parsed: Parsed, only: readonly string[], terminal: Terminal): number => {
  const pins = pinsOf(loadOptions(parsed, terminal));
  const missing = only.find((name) => !pins.some((pin) => pin.name === name));
  if (missing !== undefined) throw new UsageError(`"${missing}" is no package that the configuration lists.`);
  const asked = only.length === 0 ? pins : pins.filter(({ name }) => only.includes(name));
  const rows = asked.map(({ name, version, integrity, pinned }) => ({
    name,
    version,
    pin: pinned === undefined ? 'none' : pinned === integrity ? 'holds' : 'differs',
    ...(parsed.values.print === true || parsed.json ? { integrity } : {}),
  }));
  print(terminal, rows, parsed.json);
  // Who asks for the integrity wants to write it down; that it was another is no failure then.
  return parsed.values.print !== true && rows.some(({ pin }) => pin === 'differs') ? 1 : 0;
};

export const plugins: Command = {
  usage: 'llm-proxy-auth plugins list | verify [NAME …] [--print]',
  summary:
    'Lists the plugins that the configuration loads; verify compares packages with their pins and runs none of them, --print shows the integrity to pin.',
  example: 'plugins verify --print @acme/auth-badge',
  async run(words, terminal) {
    const parsed = parse(words, { print: { type: 'boolean' } }, Number.POSITIVE_INFINITY);
    const [action = 'list', ...names] = parsed.positionals;
    if (action === 'verify') return verify(parsed, names, terminal);
    if (action !== 'list') throw new UsageError(`plugins has no "${action}"; it has list and verify.`);
    const [extra] = names;
    if (extra !== undefined) throw new UsageError(`"${extra}" is not understood here.`);
    if (parsed.values.print === true) throw new UsageError('--print belongs to plugins verify.');
    return list(parsed, terminal);
  },
};
