import { ConfigurationError, findConfigurationFile, type Graph, loadGraph } from '@llm-proxy-auth/core';
import type { Parsed } from './arguments.ts';
import type { Terminal } from './terminal.ts';

/** The configuration file of a command line. Throws ConfigurationError when there is none. */
export const fileOf = (parsed: Parsed, terminal: Terminal): string => {
  const file = findConfigurationFile({ flag: parsed.config, env: terminal.env, cwd: terminal.cwd() });
  if (file !== undefined) return file;
  throw new ConfigurationError([
    { path: '', code: 'config_missing', message: 'no configuration was found; write ./llm-proxy-auth.yaml, set LLM_PROXY_AUTH_CONFIG or pass --config FILE' },
  ]);
};
export const loadOptions = (parsed: Parsed, terminal: Terminal) => ({
  file: fileOf(parsed, terminal),
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
