import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { shell } from './support/command-line.ts';
import { KEY, linesOf, openSite, type Site, serveSite } from './support/file-gateway.ts';
import { ROOT } from './support/process.ts';

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});
/** A gateway that serves one call and ends; heads as its log has them. */
const serveOnce = async (site: Site): Promise<string[]> => {
  const it = await serveSite(site);
  ends.push(() => it.kill('SIGKILL'));
  const answer = await fetch(`${it.url}/openai/main/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] }),
  });
  await answer.text();
  expect(answer.status).toBe(200);
  it.kill('SIGTERM');
  await it.ended;
  return linesOf(it)
    .filter((line) => line.msg === 'audit checkpoint')
    .flatMap((line) => line.heads as string[]);
};
const verify = async (site: Site, heads: readonly string[]): Promise<{ code: number; verdict: { ok: boolean; problems: readonly unknown[] } }> => {
  const it = shell();
  ends.push(it.remove);
  const given = heads.length === 0 ? [] : ['--heads', heads.join(',')];
  const { code, out } = await it.run(['audit', 'verify', '--json', ...given, '--config', site.file, '--plugin-root', ROOT]);
  return { code, verdict: JSON.parse(out) as { ok: boolean; problems: readonly unknown[] } };
};

test.each(['info', 'silent'])(
  'log.level %s: a store that was put back whole is found by the heads in the log of the gateway',
  async (level) => {
    const site = await openSite();
    ends.push(site.close);
    site.write(site.settings({ log: { level }, server: { port: 0, drain: { delay: '0s' } } }));
    const [store, copy] = [join(site.folder, 'store.db'), join(site.folder, 'copy.db')];
    const before = await serveOnce(site);
    copyFileSync(store, copy);
    const after = await serveOnce(site);
    expect([before.length > 0, after.length > 0]).toEqual([true, true]);
    expect(await verify(site, [...before, ...after])).toMatchObject({ code: 0, verdict: { ok: true } });
    copyFileSync(copy, store);
    expect(await verify(site, before)).toMatchObject({ code: 0, verdict: { ok: true } });
    const found = await verify(site, after);
    const [writer] = after[0]?.split(':') ?? [];
    expect(found.code).toBe(1);
    expect(found.verdict.problems).toEqual([
      { writer, record: 1, what: 'unknown-writer' },
      { writer, record: 1, what: 'truncated' },
    ]);
  },
  60_000,
);
