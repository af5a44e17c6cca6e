import { ConfigurationError } from '@llm-proxy-auth/core';
import { isGatewayError } from '@llm-proxy-auth/plugin';
import { UsageError } from './arguments.ts';
import { COMMANDS, type Command, groupCommand, help } from './commands.ts';
import type { Terminal } from './terminal.ts';

export type { Terminal } from './terminal.ts';

/** Exit codes of every command. */
export const EXIT = Object.freeze({ ok: 0, failed: 1, usage: 2, configuration: 78 });

const isTaken = (error: unknown): error is Error & { readonly port: number; readonly address: string } =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' && 'port' in error && 'address' in error;

const find = (words: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } => {
  const [first, ...rest] = words;
  if (first === undefined || first.startsWith('-')) return { command: COMMANDS.start, rest: words };
  if (Object.hasOwn(COMMANDS, first)) return { command: COMMANDS[first as keyof typeof COMMANDS], rest };
  return { command: groupCommand(first), rest };
};

const helpFor = async (command: Command, words: readonly string[], terminal: Terminal): Promise<string> => {
  const more = await command.help?.(words, terminal);
  // An operation's help stands for itself.
  if (more?.startsWith('llm-proxy-auth ')) return more;
  const general = `${command.usage}\n\n${command.summary}\n`;
  return `${general}${more === undefined ? '' : `\n${more}`}\nExample:\n  llm-proxy-auth ${command.example}\n`;
};

/** Runs one command line and resolves to its exit code; prints errors, never throws. */
export const run = async (words: readonly string[], terminal: Terminal): Promise<number> => {
  if (words[0] === 'help' || (words.length === 1 && (words[0] === '--help' || words[0] === '-h'))) {
    terminal.stdout.write(help());
    return EXIT.ok;
  }
  try {
    const { command, rest } = find(words);
    if (rest.includes('--help') || rest.includes('-h')) {
      const words = rest.filter((word) => word !== '--help' && word !== '-h');
      terminal.stdout.write(await helpFor(command, words, terminal));
      return EXIT.ok;
    }
    return await command.run(rest, terminal);
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.stderr.write(`${error.message}\nTry: llm-proxy-auth --help\n`);
      return EXIT.usage;
    }
    if (error instanceof ConfigurationError) {
      if (words.includes('--json')) terminal.stdout.write(`${JSON.stringify({ ok: false, problems: error.problems })}\n`);
      terminal.stderr.write(`${error.format()}\n`);
      return EXIT.configuration;
    }
    if (isTaken(error)) {
      terminal.stderr.write(`Port ${error.port} of ${error.address} is in use; stop what listens there, or choose another port (PORT=… or server.port).\n`);
      return EXIT.failed;
    }
    terminal.stderr.write(`${isGatewayError(error) ? `${error.code}: ${error.message}` : error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failed;
  }
};
