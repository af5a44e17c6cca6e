import { ConfigurationError, findConfigurationFile, type Graph, loadGraph } from '@llm-proxy-auth/core';
import type { Parsed } from './arguments.ts';
import { earlierConfiguration } from './earlier.ts';
import type { Terminal } from './terminal.ts';

/** The configuration of a command line: a file, else what the variables of the earlier gateway say. Throws ConfigurationError when there is none. */
const sourceOf = (parsed: Parsed, terminal: Terminal): { readonly file: string } | { readonly text: string; readonly folder: string } => {
  const file = findConfigurationFile({ flag: parsed.config, env: terminal.env, cwd: terminal.cwd() });
  if (file !== undefined) return { file };
  const text = earlierConfiguration(terminal.env);
  if (text !== undefined) return { text, folder: terminal.cwd() };
  throw new ConfigurationError([
    { path: '', code: 'config_missing', message: 'no configuration was found; write ./llm-proxy-auth.yaml, set LLM_PROXY_AUTH_CONFIG or pass --config FILE' },
  ]);
};
export const loadOptions = (parsed: Parsed, terminal: Terminal) => ({
  ...sourceOf(parsed, terminal),
  env: terminal.env,
  allowLocalPlugins: parsed.allowLocalPlugins,
  pluginRoots: parsed.pluginRoots,
});

/** Loads the configuration for one command, without listening, and disposes of it afterwards. */
export const withGraph = async <T>(parsed: Parsed, terminal: Terminal, work: (graph: Graph) => Promise<T>): Promise<T> => {
  const say = (fields: object, message: string): void => void terminal.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  const graph = await loadGraph({ ...loadOptions(parsed, terminal), log: { info: () => undefined, warn: say, error: say }, now: Date.now });
  try {
    return await work(graph);
  } finally {
    await graph.dispose();
  }
};
