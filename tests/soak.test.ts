import { once } from 'node:events';
import net from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { soak } from '../scripts/soak/run.ts';
import type { Site } from '../scripts/soak/site.ts';
import type { Tally } from '../scripts/soak/traffic.ts';
import { bareEnvironment, run } from './support/process.ts';

const CHECKS = 8;
const pnpmSoak = (word: string) =>
  run(['--disable-warning=ExperimentalWarning', '--conditions=@llm-proxy-auth/source', 'scripts/soak.mjs', word], bareEnvironment());
const LONG_MS = 600_000;

test(
  'pnpm soak makes calls of every kind, checks all and ends with 0 when all holds',
  async () => {
    const it = pnpmSoak('--minutes=0.06');
    const code = await it.ended;
    expect([code, it.out().match(/^(ok|FAILED) /gm), it.err()], it.out()).toEqual([0, Array.from({ length: CHECKS }, () => 'ok '), '']);
    const figures = it
      .out()
      .match(/^ +\d+.*$/gm)
      ?.at(-1)
      ?.trim()
      .split(/ +/)
      .map(Number);
    for (const [i, kind] of ['answered', 'left', 'refused', 'faults', 'reloads'].entries()) expect(figures?.[i + 1], kind).toBeGreaterThan(0);
  },
  LONG_MS,
);

/** Answers that nobody reads and nobody forgets. */
const unread: Response[] = [];
/** A call that the provider never ends, connections and memory that stay, a wrong answer, and an end that is none. */
const harm = async (site: Site, { sent }: Tally): Promise<void> => {
  const { url, port, pid, simulators, keys, held } = site;
  simulators.openai.script({ when: (one) => one.body.includes('for ever'), stall: { at: 400 } });
  sent.leaver++;
  const body = JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'for ever' }] });
  const headers = { authorization: `Bearer ${keys.leaver}`, 'content-type': 'application/json' };
  unread.push(await fetch(`${url}/openai/openai/v1/chat/completions`, { method: 'POST', headers, body }));
  for (let i = 0; i < 40; i++)
    await once(
      net.connect({ host: '127.0.0.1', port }).on('error', () => undefined),
      'connect',
    );
  await held(64 * 2 ** 20);
  simulators.anthropic.script({ status: 500 });
  const { stop } = site;
  Object.assign(site, {
    stop: () => {
      process.kill(pid, 'SIGKILL');
      return stop();
    },
  });
};
/** Takes a record out of the log, and one call out of the usage. */
const loseRecords = ({ database }: Site): void => {
  const file = new DatabaseSync(database);
  for (const { rowid, row } of file.prepare('SELECT rowid, row FROM log_rows').all() as { rowid: number; row: string }[]) {
    const records = JSON.parse(row) as { kind: string; principal?: string }[];
    const at = records.findIndex(({ kind, principal }) => kind === 'settle' && principal === 'key:steady');
    if (at < 0) continue;
    file.prepare('UPDATE log_rows SET row = ? WHERE rowid = ?').run(JSON.stringify(records.toSpliced(at, 1)), rowid);
    break;
  }
  const of = "space = 'usage' AND value LIKE '%\"key:steady\"%'";
  file.exec(`UPDATE entries SET value = json_set(value, '$.requests', json_extract(value, '$.requests') - 1) WHERE ${of}`);
  file.close();
};
test(
  'each check of pnpm soak fails at a gateway that does what it looks for',
  async () => {
    const lines: string[] = [];
    const holds = await soak({ minutes: 0.06, say: (line) => lines.push(line), harm: { running: harm, stopped: loseRecords, restMs: 2_000 } });
    const text = lines.join('\n');
    const failed = [...text.matchAll(/^FAILED {2}(.*)/gm)].map(([, rest]) => rest);
    expect(failed, text).toEqual([
      expect.stringMatching(/\/messages.*: 50\d/),
      expect.stringMatching(/no call is open at rest .*1 are/),
      expect.stringMatching(/memory .* it grew by [67]\d\.\d MiB/),
      expect.stringMatching(/handles .* \d+ more are open/),
      expect.stringMatching(/stopped cleanly .* SIGKILL/),
      expect.stringMatching(/records of steady: \d+ of \d+ calls; records of leaver: \d+ of \d+ calls; 2 intents without an end/),
      expect.stringMatching(/the audit log verifies .*/),
      expect.stringMatching(/usage of steady: \d+ of \d+ calls/),
    ]);
    expect(failed).toHaveLength(CHECKS);
    expect(holds).toBe(false);
  },
  LONG_MS,
);

test.each([['--minutes=0'], ['--minutes=soon'], ['--hours=1'], ['5']])('pnpm soak %s is a usage error', async (word) => {
  const it = pnpmSoak(word);
  expect([await it.ended, it.err()]).toEqual([2, expect.stringContaining('usage: pnpm soak')]);
});
