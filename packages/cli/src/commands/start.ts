import { type Running, startGateway } from '@llm-proxy-auth/core';
import { parse } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { loadOptions } from '../configuration.ts';
import { collected } from '../memory.ts';
import type { Terminal } from '../terminal.ts';

const TWICE_MS = 1_000;
/** After an exception that nobody caught the process is not to be trusted for longer. */
const LAST_MS = 10_000;

/** Serves until a signal or an exception that nobody caught: SIGTERM and SIGINT drain, a second one (a second later) stops at once, SIGHUP reloads. */
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
    // A promise that nobody waited for (a plugin's background work) costs what it was for, not the calls of everybody else.
    const forgotten = (reason: unknown): void => running.log.error({ error: reason }, 'a promise was rejected and nobody waited for it');
    const crashed = (error: unknown): void => {
      running.log.error({ error }, 'an exception was not caught; the gateway stops');
      code = 1;
      setTimeout(() => void running.close(), LAST_MS).unref();
      void running.drain().then(finish);
    };
    terminal.on('unhandledRejection', forgotten);
    terminal.on('uncaughtException', crashed);
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
    const running = await collected(() => startGateway(loadOptions(parsed, terminal)));
    return serve(running, terminal);
  },
};
