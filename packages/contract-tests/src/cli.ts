import { parseArgs } from 'node:util';
import { examine, report } from './report.ts';

const help = `contract-tests PATH [--facts FILE] [--json]

Loads the plugin package in the folder PATH, runs the rules of the package and of every kind it exports, and prints
which it keeps. FILE exports \`facts\`, what the rules cannot find out by themselves (native calls, credentials,
recordings); without it PATH/test/facts.ts is used where it exists.

  contract-tests plugins/provider-acme

Exit codes: 0 all rules kept, 1 a rule broken, 2 wrong usage or no plugin there.
`;

/** The command line; resolves with the exit code. */
export const main = async (input: readonly string[], write: (text: string) => void): Promise<number> => {
  const parsed = parse(input);
  if (parsed === undefined) {
    write(help);
    return 2;
  }
  if (parsed.values.help === true) {
    write(help);
    return 0;
  }
  try {
    const outcomes = await examine(parsed.path, parsed.values.facts);
    write(parsed.values.json === true ? `${JSON.stringify(outcomes, null, 2)}\n` : `${report(outcomes)}\n`);
    return outcomes.some((outcome) => outcome.is === 'fail') ? 1 : 0;
  } catch (failure) {
    write(`contract-tests: ${failure instanceof Error ? failure.message : String(failure)}\n`);
    return 2;
  }
};
const parse = (input: readonly string[]) => {
  try {
    const options = { facts: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ args: [...input], allowPositionals: true, options });
    const [path, ...more] = positionals;
    if (values.help !== true && (path === undefined || more.length > 0)) return undefined;
    return { values, path: path ?? '' };
  } catch {
    return undefined;
  }
};
