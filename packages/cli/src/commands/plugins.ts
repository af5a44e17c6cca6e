import { type Parsed, parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { withGraph } from '../configuration.ts';
import { print, type Terminal } from '../terminal.ts';
import { add } from './plugins-add.ts';
import { lock, pinsNamed } from './plugins-lock.ts';

const list = (parsed: Parsed, terminal: Terminal): Promise<number> =>
  withGraph(parsed, terminal, async (graph) => {
    const rows = graph.plugins.map(({ name, version, kinds, reaches }) => ({ name, version, kinds, reaches }));
    print(terminal, rows, parsed.json);
    return 0;
  });

/** Compares what is installed with what is pinned, running none of it: a plugin must not be asked whether it may be trusted. */
const verify = (parsed: Parsed, only: readonly string[], terminal: Terminal): number => {
  const rows = pinsNamed(parsed, only, terminal).map(({ name, version, integrity, pinned }) => ({
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
  usage: 'llm-proxy-auth plugins list | add NAME | lock [NAME …] | verify [NAME …] [--print]',
  summary:
    'Lists the plugins that the configuration loads; add writes an installed package into it, lock pins what is installed, verify compares packages with their pins, --print shows the integrity to pin. Only list runs them.',
  example: 'plugins lock @acme/auth-badge',
  async run(words, terminal) {
    const parsed = parse(words, { print: { type: 'boolean' } }, Number.POSITIVE_INFINITY);
    const [action = 'list', ...names] = parsed.positionals;
    if (action === 'verify') return verify(parsed, names, terminal);
    if (parsed.values.print === true) throw new UsageError('--print belongs to plugins verify.');
    if (action === 'lock') return lock(parsed, names, terminal);
    if (action === 'add') return add(parsed, names, terminal);
    if (action !== 'list') throw new UsageError(`plugins has no "${action}"; it has list, add, lock and verify.`);
    const [extra] = names;
    if (extra !== undefined) throw new UsageError(`"${extra}" is not understood here.`);
    return list(parsed, terminal);
  },
};
