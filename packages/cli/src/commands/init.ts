import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ACCOUNTS } from '../accounts.ts';
import { type Parsed, parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { print } from '../terminal.ts';
import { writeNew } from '../write-file.ts';

type Provider = keyof typeof ACCOUNTS;
const PEPPER = 'data/pepper';

const providersOf = ({ values }: Parsed): readonly Provider[] => {
  const names = String(values.providers ?? 'openai')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = names.find((name) => !Object.hasOwn(ACCOUNTS, name));
  if (unknown !== undefined || names.length === 0) throw new UsageError(`--providers knows ${Object.keys(ACCOUNTS).join(', ')}, not "${unknown ?? ''}".`);
  return [...new Set(names as Provider[])];
};
const pluginsOf = (providers: readonly Provider[]): readonly string[] => [
  ...new Set([
    '@llm-proxy-auth/dialect-openai',
    ...providers.flatMap((name): readonly string[] => ACCOUNTS[name].plugins),
    '@llm-proxy-auth/auth-api-key',
    '@llm-proxy-auth/store-sqlite',
  ]),
];
const textOf = (providers: readonly Provider[]): string => `# Everything that can stand here: docs/reference/configuration.md
plugins:
${pluginsOf(providers)
  .map((name) => `  - "${name}"`)
  .join('\n')}

server:
  host: 127.0.0.1
  port: "\${PORT:-8080}"

store: { use: sqlite, path: ./data/llm-proxy-auth.db }

auth:
  - { use: api-key, pepper: "\${file:./${PEPPER}}" }

# Accounts come from the vendors' own variables, such as ${ACCOUNTS[providers[0] ?? 'openai'].credentials[0]}; keys of an instance override them.
instances:
${providers.map((name) => `  ${name}: { provider: ${name} }`).join('\n')}
`;

export const init: Command = {
  usage: 'llm-proxy-auth init [--config FILE] [--providers NAME,NAME]',
  summary: 'Writes a first configuration and the pepper of its API keys; changes no file that is there.',
  example: 'init --providers openai,bedrock',
  async run(words, terminal) {
    const parsed = parse(words, { providers: { type: 'string' } }, 0);
    const providers = providersOf(parsed);
    const file = resolve(terminal.cwd(), parsed.config ?? 'llm-proxy-auth.yaml');
    if (existsSync(file)) throw new Error(`${file} is there already; name another with --config FILE.`);
    const pepper = join(dirname(file), PEPPER);
    mkdirSync(dirname(pepper), { recursive: true, mode: 0o700 });
    // Keys that were made with another pepper could not be verified any more.
    if (!existsSync(pepper)) writeNew(pepper, randomBytes(32).toString('hex'), 0o600);
    writeNew(file, textOf(providers), 0o600);
    const at = parsed.config === undefined ? '' : ` --config ${parsed.config}`;
    const next = [
      `npm install ${pluginsOf(providers).join(' ')}`,
      ...['check', 'keys create --name first', 'start'].map((command) => `llm-proxy-auth ${command}${at}`),
    ];
    print(terminal, { file, pepper, next }, parsed.json, () => `Written: ${file}\nNext:\n${next.map((command) => `  ${command}\n`).join('')}`);
    return 0;
  },
};
