import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '@llm-proxy-auth/core';
import { parse } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { loadLibraries } from '../demo/libraries.ts';
import { STOPS } from '../demo/tour.ts';
import { summary, visit } from '../demo/visit.ts';
import { operate } from '../operator.ts';
import { closeAll, configurationOf, simulate, withoutAccounts } from '../stands.ts';
import { print, type Terminal } from '../terminal.ts';

/** A gateway of its own on a free port, with all stand-ins, and with second factors. */
const open = async (folder: string, terminal: Terminal) => {
  for (const name of ['pepper', 'kek']) writeFileSync(join(folder, name), randomBytes(32).toString('hex'), { mode: 0o600 });
  const simulated = await simulate(new Set());
  const env = withoutAccounts(terminal.env, simulated);
  const { plugins, server, ...sections } = configurationOf(folder, simulated, env);
  const configuration = {
    ...sections,
    plugins: [...plugins, '@llm-proxy-auth/factor-totp'],
    server: { ...server, port: 0 },
    keyEncryption: { current: 'k1', keys: { k1: '${file:kek}' } },
    factor: { use: 'totp', require: 'per-key' },
  };
  try {
    const running = await startGateway({
      text: JSON.stringify(configuration),
      folder,
      env,
      allowLocalPlugins: false,
      pluginRoots: [terminal.cwd()],
      destination: { write: () => undefined },
    });
    return { running, close: () => running.close().finally(() => closeAll(simulated)) };
  } catch (error) {
    await closeAll(simulated);
    throw error;
  }
};

export const demo: Command = {
  usage: 'llm-proxy-auth demo [--json]',
  summary: 'A tour of half a minute: vendors’ SDKs through all providers (simulated), native calls, a login with a one-time code, a revoked key.',
  example: 'demo',
  async run(words, terminal) {
    const { json } = parse(words, {}, 0);
    const libraries = await loadLibraries();
    const folder = mkdtempSync(join(tmpdir(), 'llm-proxy-auth-demo-'));
    try {
      const { running, close } = await open(folder, terminal);
      try {
        const { key } = await operate<{ readonly key: string }>(running.graph, 'keys.create', { name: 'demo' });
        const visited = { graph: running.graph, url: running.urls.server, key, libraries };
        if (!json) terminal.stdout.write(`A gateway of its own serves on ${visited.url}; its seven providers are simulated.\n\n`);
        const all = await visit(STOPS, visited, ({ provider, what, ok, seen, ms }) => {
          if (!json) terminal.stdout.write(`${ok ? '✓' : '✗'} ${`${provider}: ${what}`.padEnd(36)} ${seen}  (${ms} ms)\n`);
        });
        print(terminal, all, json, () => `\n${summary(all)}`);
        return all.every(({ ok }) => ok) ? 0 : 1;
      } finally {
        await close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
