import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chunk, role, sse } from './support/answers.ts';
import { KEY, openSite, type Site } from './support/file-gateway.ts';
import { childrenOf, ROOT } from './support/process.ts';
import { watched } from './support/swept.ts';

/** A process of its own numbering, with a `/proc` that shows it. */
const UNSHARE = ['--user', '--map-root-user', '--pid', '--fork', '--mount-proc', '--kill-child'];
const allowed = spawnSync('unshare', [...UNSHARE, 'true'], { stdio: 'ignore' }).status === 0;
if (!allowed) console.log('F30 skipped: `unshare --user --pid` is not allowed here');

const DEADLINE_MS = 2_000;
let site: Site;
let outer: ChildProcess | undefined;
let out = '';
beforeEach(async () => {
  site = await openSite();
});
afterEach(async () => {
  outer?.kill('SIGKILL');
  await site.close(out);
});

const stateOf = (pid: number): string => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

test.skipIf(!allowed)('F30 the gateway as process 1: SIGTERM ends it within its deadline with a stream open, and no child is left dead', async () => {
  site.write(site.settings({ server: { port: 0, drain: { delay: '100ms', deadline: `${DEADLINE_MS}ms` } } }));
  const gateway = [process.execPath, '--disable-warning=ExperimentalWarning', '--conditions=@llm-proxy-auth/source', join(ROOT, 'packages/cli/src/main.ts')];
  const child = spawn('unshare', [...UNSHARE, ...gateway, 'start', '--config', site.file, '--plugin-root', ROOT], {
    cwd: site.folder,
    env: watched(site.folder),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  outer = child;
  const ended = once(child, 'close');
  const listening = new Promise<string>((resolve) => {
    child.stdout.on('data', (piece: Buffer) => {
      out += piece.toString();
      const url = /"listener":"server".*?"url":"([^"]+)"|"url":"([^"]+)".*?"listener":"server"/.exec(out);
      if (url !== null) resolve(url[1] ?? url[2] ?? '');
    });
  });
  const url = await Promise.race([listening, ended.then(() => Promise.reject(new Error(`it ended before it listened: ${out}`)))]);
  const [inner = 0, ...others] = childrenOf(child.pid ?? 0);
  expect([others, /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${inner}/status`, 'utf8'))?.[1]]).toEqual([[], '1']);

  const begun = sse(role, chunk({ content: 'Hel' }));
  site.simulator.script({ status: 200, headers: { 'content-type': 'text/event-stream' }, body: `${begun}data: never\n\n`, stall: { at: begun.length } });
  const answer = await fetch(`${url}/openai/main/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
  });
  expect(answer.status).toBe(200);
  expect(
    childrenOf(inner)
      .map(stateOf)
      .filter((state) => state === 'Z'),
  ).toEqual([]);

  const told = performance.now();
  process.kill(inner, 'SIGTERM');
  expect(await answer.text()).toContain('"code":"draining"');
  expect(await ended).toEqual([0, null]);
  // The delay, the deadline and what a busy machine adds.
  expect(performance.now() - told).toBeLessThan(DEADLINE_MS + 6_000);
});
