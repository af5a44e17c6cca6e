import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Environment, variable } from './expand.ts';
import { ConfigurationError } from './problem.ts';

const FILE = 'llm-proxy-auth.yaml';
const SYSTEM_FILE = `/etc/llm-proxy-auth/${FILE}`;
const MAX_BYTES = 1024 * 1024;

/**
 * The configuration file: `--config`, else `LLM_PROXY_AUTH_CONFIG`, else `./llm-proxy-auth.yaml`, else the one below
 * `/etc`. A file that was named is answered even when it does not exist; undefined when none was named and none is there.
 */
export const findConfigurationFile = (options: { readonly flag?: string | undefined; readonly env: Environment; readonly cwd: string }): string | undefined => {
  const named = options.flag ?? variable(options.env, 'LLM_PROXY_AUTH_CONFIG');
  if (named !== undefined && named !== '') return resolve(options.cwd, named);
  return [resolve(options.cwd, FILE), SYSTEM_FILE].find((path) => existsSync(path));
};

export interface ConfigurationText {
  readonly file: string | undefined;
  readonly folder: string;
  readonly text: string;
}
/** The text and the folder that relative paths start from. Throws ConfigurationError `config_missing`, `config_size`. */
export const readConfigurationText = (options: {
  readonly file?: string | undefined;
  readonly text?: string | undefined;
  readonly folder?: string | undefined;
}): ConfigurationText => {
  if (options.text !== undefined)
    return { file: options.file, folder: resolve(options.folder ?? (options.file === undefined ? '.' : dirname(options.file))), text: options.text };
  const { file } = options;
  if (file === undefined) {
    throw new ConfigurationError([{ path: '', code: 'config_missing', message: `there is no configuration; write ./${FILE} or name one with --config` }]);
  }
  try {
    if (statSync(file).size > MAX_BYTES)
      throw new ConfigurationError([{ file, path: '', code: 'config_size', message: 'the configuration is larger than 1 MiB' }]);
    return { file, folder: resolve(options.folder ?? dirname(file)), text: readFileSync(file, 'utf8') };
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError([
      { file, path: '', code: 'config_missing', message: `the configuration cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})` },
    ]);
  }
};
