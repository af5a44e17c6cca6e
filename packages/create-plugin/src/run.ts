import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { filesOf } from './files.ts';
import { KINDS, type Kind, type Named, namedFrom } from './name.ts';

const HELP = `create-llm-proxy-plugin NAME --kind ${KINDS.join('|')} [--folder DIR] [--yes]

Writes a plugin for LLM Proxy Auth that passes its contract tests: source, tests, README. NAME is that of the package, with a
scope or without: \`acme\` and \`@scope/provider-acme\` alike are the provider \`acme\`. DIR is \`<kind>-<name>\` where nothing else
is said; it must be empty or not there. --yes asks nothing.

  npm create llm-proxy-plugin @acme/provider-echo -- --kind provider

Exit codes: 0 ok, 1 failed, 2 usage.
`;
/** Where the command runs. */
export interface Terminal {
  readonly folder: string;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
  readonly error: NodeJS.WritableStream;
}
interface Asked {
  readonly named: Named;
  readonly folder: string;
  readonly yes: boolean;
}
/** The words of the command line; a sentence for what is wrong with them; undefined for help. */
const parse = (words: readonly string[]): Asked | string | undefined => {
  const options = {
    kind: { type: 'string' },
    folder: { type: 'string' },
    yes: { type: 'boolean', short: 'y' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    if (values.help === true) return undefined;
    const [given, more] = positionals;
    if (given === undefined) return 'The name of the plugin is missing.';
    if (more !== undefined) return `"${more}" is not understood here.`;
    const kind = KINDS.find((one) => one === values.kind) satisfies Kind | undefined;
    if (kind === undefined) return `--kind is one of ${KINDS.join(', ')}.`;
    const named = namedFrom(given, kind);
    if (named === undefined) return `"${given}" is no name of a plugin: small letters, digits and dashes, a scope before it if there is one.`;
    return { named, folder: values.folder ?? named.folder, yes: values.yes === true };
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
};
/** Asks on a terminal; who cannot answer has said all in the command. */
const agreed = async (question: string, { input, output }: Terminal): Promise<boolean> => {
  if (input.isTTY !== true) return true;
  const asking = createInterface({ input, output });
  try {
    return !/^\s*n/i.test(await asking.question(question));
  } finally {
    asking.close();
  }
};

/** The command line; resolves with the exit code. */
export const run = async (words: readonly string[], terminal: Terminal): Promise<number> => {
  const { folder: here, output, error } = terminal;
  const asked = parse(words);
  if (asked === undefined) {
    output.write(HELP);
    return 0;
  }
  if (typeof asked === 'string') {
    error.write(`${asked}\n\n${HELP}`);
    return 2;
  }
  const folder = resolve(here, asked.folder);
  const shown = relative(here, folder) || '.';
  const files = filesOf(asked.named);
  try {
    if (existsSync(folder) && readdirSync(folder).length > 0) throw new Error(`${shown} is not empty; --folder names another.`);
    if (!asked.yes && !(await agreed(`Write ${asked.named.package} to ${shown}? [Y/n] `, terminal))) return 1;
    for (const { path, text } of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    }
  } catch (failure) {
    error.write(`${failure instanceof Error ? failure.message : String(failure)}\n`);
    return 1;
  }
  output.write(`${files.map(({ path }) => join(shown, path)).join('\n')}\n\n  cd ${shown}\n  npm install\n  npm test\n`);
  return 0;
};
