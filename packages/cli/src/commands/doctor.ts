import { statSync } from 'node:fs';
import { forgottenBudgets, type Graph, isConfigurationError, pinsOf } from '@llm-proxy-auth/core';
import { type Parsed, parse } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { loadOptions, withGraph } from '../configuration.ts';
import { ended } from '../known.ts';
import { print, type Terminal } from '../terminal.ts';

interface Finding {
  readonly about: string;
  readonly is: 'ok' | 'warning' | 'failed';
  readonly what: string;
}
const WRITABLE_BY_OTHERS = 0o022;

const ofFile = (parsed: Parsed, terminal: Terminal): Finding => {
  const options = loadOptions(parsed, terminal);
  if (!('file' in options)) return { about: 'file', is: 'ok', what: 'no file; the variables of the earlier gateway stand for it' };
  const { mode } = statSync(options.file);
  return (mode & WRITABLE_BY_OTHERS) === 0
    ? { about: 'file', is: 'ok', what: options.file }
    : { about: 'file', is: 'warning', what: `others may write ${options.file}; chmod go-w it` };
};
/** Pins that differ are problems of the configuration already. */
const ofPins = (parsed: Parsed, terminal: Terminal): Finding => {
  const loose = pinsOf(loadOptions(parsed, terminal)).filter(({ pinned }) => pinned === undefined);
  return loose.length === 0
    ? { about: 'plugins', is: 'ok', what: 'all are pinned' }
    : { about: 'plugins', is: 'warning', what: `not pinned: ${loose.map(({ name }) => name).join(', ')}; llm-proxy-auth plugins lock pins them` };
};
const ofStore = async ({ host }: Graph): Promise<Finding> => {
  try {
    await host.store.changed(0);
    return { about: 'store', is: 'ok', what: 'answers' };
  } catch (error) {
    return { about: 'store', is: 'failed', what: error instanceof Error ? error.message : 'does not answer' };
  }
};
const ofGraph = async (graph: Graph): Promise<readonly Finding[]> => [
  { about: 'configuration', is: 'ok', what: `${graph.plugins.length} plugins, ${graph.instances.size} instances` },
  graph.strategies.length === 0
    ? { about: 'auth', is: 'warning', what: 'none: whoever reaches this machine’s loopback is let in' }
    : { about: 'auth', is: 'ok', what: graph.strategies.map(({ kind }) => kind).join(', ') },
  await ofStore(graph),
  ...graph.waitsFor().map((name): Finding => ({ about: name, is: 'failed', what: 'cannot be reached; nothing is served until it can' })),
  ...graph.environment.map(({ instance, variable }): Finding => ({ about: instance, is: 'ok', what: `takes ${variable} from the environment` })),
  ...forgottenBudgets(graph.settings).map(({ path, what }): Finding => ({ about: path, is: 'warning', what })),
  ...ended(graph, Date.now()).map(({ path, model, retires }): Finding => ({ about: path, is: 'warning', what: `${model} was retired on ${retires}` })),
];
const problemsIn = (error: unknown): readonly Finding[] => {
  if (!isConfigurationError(error)) throw error;
  return error.problems.map(
    ({ path, message, mend }): Finding => ({
      about: path === '' ? 'configuration' : path,
      is: 'failed',
      what: mend === undefined ? message : `${message} (try: ${mend})`,
    }),
  );
};

export const doctor: Command = {
  usage: 'llm-proxy-auth doctor',
  summary:
    'Looks for what stands in the way of a gateway: the configuration, its file, its plugins and their pins, the store. Asks no provider (check --live does).',
  example: 'doctor --json',
  async run(words, terminal) {
    const parsed = parse(words, {}, 0);
    let findings: readonly Finding[];
    let code = 0;
    try {
      findings = [
        { about: 'node', is: 'ok', what: process.version },
        ofFile(parsed, terminal),
        ofPins(parsed, terminal),
        ...(await withGraph(parsed, terminal, ofGraph)),
      ];
      if (findings.some(({ is }) => is === 'failed')) code = 1;
    } catch (error) {
      findings = problemsIn(error);
      code = 78;
    }
    print(terminal, findings, parsed.json);
    return code;
  },
};
