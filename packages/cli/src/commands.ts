import { admin } from './commands/admin.ts';
import { check } from './commands/check.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { init } from './commands/init.ts';
import { models } from './commands/models.ts';
import { plugins } from './commands/plugins.ts';
import { quickStart } from './commands/quick-start.ts';
import { start } from './commands/start.ts';
import { type Terminal, table } from './terminal.ts';

export interface Command {
  readonly usage: string;
  readonly summary: string;
  /** Without the program's name. */
  readonly example: string;
  /** More than usage and summary, where it depends on the plugins of the configuration. */
  help?(words: readonly string[], terminal: Terminal): Promise<string | undefined>;
  run(words: readonly string[], terminal: Terminal): Promise<number>;
}
/** Commands that every gateway has; those of plugins (`keys …`) come from what they register. */
export const COMMANDS = Object.freeze({ start, init, check, doctor, plugins, models, explain, demo, 'quick-start': quickStart });
export const groupCommand = (group: string): Command => admin(group);

export const help = (): string =>
  `llm-proxy-auth [command] [options]\n\n${table([
    ...Object.entries(COMMANDS).map(([name, command]) => [`  ${name}`, command.summary]),
    ['  keys', 'Make, list, show, rotate and revoke API keys (from the plugins of the configuration).'],
    ['  usage', 'Requests, tokens and cost by principal, model or instance.'],
    ['  audit', 'Verify the audit log, or export it as lines of JSON.'],
  ])}\nEvery command takes --config FILE, --plugin-root DIR, --allow-local-plugins, --json and --help.\nExit codes: 0 ok, 1 failed, 2 usage, 78 configuration.\n`;
