import { type Running, startGateway } from '@llm-proxy-auth/core';
import { parse } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { loadOptions } from '../configuration.ts';
import type { Terminal } from '../terminal.ts';

const TWICE_MS = 1_000;

/** Serves until a signal: SIGTERM and SIGINT drain, a second one (a second later) stops at once, SIGHUP reloads. */
export const serve = (running: Running, terminal: Terminal): Promise<number> =>
  new Promise((resolve) => {
    let first = 0;
    let code = 0;
    const finish = (): void => {
      // SIGTERM and SIGINT stay taken: one that npm sends twice must not kill the process while it ends well.
      terminal.off('SIGHUP', reload);
      resolve(code);
    };
    const stop = (): void => {
      if (first !== 0) {
        if (Date.now() - first <= TWICE_MS) return;
        code = 1;
        void running.close();
        return;
      }
      first = Date.now();
      void running.drain().then(finish);
    };
    const reload = (): void => void running.reload();
    terminal.on('SIGTERM', stop);
    terminal.on('SIGINT', stop);
    terminal.on('SIGHUP', reload);
  });

export const start: Command = {
  usage: 'llm-proxy-auth start [--config FILE]',
  summary: 'Serves the configuration (the default command).',
  example: 'start --config ./llm-proxy-auth.yaml',
  async run(words, terminal) {
    const parsed = parse(words, {}, 0);
    const running = await startGateway(loadOptions(parsed, terminal));
    return serve(running, terminal);
  },
};
