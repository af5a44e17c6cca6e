import { afterAll, describe, expect, test } from 'vitest';
import { chunk, role, sse } from './support/answers.ts';
import { shell } from './support/command-line.ts';
import { KEY, openSite, type Served, type Site, serveSite } from './support/file-gateway.ts';
import { ROOT } from './support/process.ts';

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});
const RATE = 50;
const SECONDS = 3;
const EVENTS = { status: 200, headers: { 'content-type': 'text/event-stream' } };

interface Seen {
  readonly id: string;
}
/** One call; its id once a byte of an answer came, undefined when none did. */
const call = async (it: Served, stream: boolean): Promise<Seen | undefined> => {
  try {
    const answer = await fetch(`${it.url}/openai/main/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', stream, messages: [{ role: 'user', content: 'hello' }] }),
    });
    const seen = { id: answer.headers.get('x-request-id') ?? '' };
    await answer.text().catch(() => undefined);
    return answer.status === 200 ? seen : undefined;
  } catch {
    return undefined;
  }
};
type Kept = Readonly<Record<string, unknown>>;
const command = async (site: Site, ...words: readonly string[]) => {
  const it = shell();
  ends.push(it.remove);
  return it.run([...words, '--config', site.file, '--plugin-root', ROOT]);
};

describe('F24', () => {
  test('F24 kill -9 under 50 mixed calls a second with audit: sync: no call without its record, open ones interrupted, chains whole', async () => {
    const site = await openSite();
    ends.push(site.close);
    site.write(site.settings({ audit: { mode: 'sync' } }));
    const first = await serveSite(site);
    ends.push(() => first.kill('SIGKILL'));
    // Streams that are open when it happens.
    const started = sse(role, chunk({ content: 'begun' }));
    const never = new Promise<void>((resolve) => ends.push(resolve));
    const calls: Promise<Seen | undefined>[] = [];
    for (let i = 0; i < 3; i++) {
      site.simulator.script({ ...EVENTS, body: started + sse('[DONE]'), stall: { at: started.length, until: never } });
      const count = site.simulator.requests.length;
      calls.push(call(first, true));
      await expect.poll(() => site.simulator.requests.length).toBeGreaterThan(count);
    }
    for (let i = 0; i < RATE * SECONDS; i++) {
      calls.push(call(first, i % 2 === 0));
      await new Promise((resolve) => setTimeout(resolve, 1_000 / RATE));
    }
    first.kill('SIGKILL');
    await first.ended;
    const seen = (await Promise.all(calls)).filter((each) => each !== undefined);
    expect(seen.length).toBeGreaterThan(RATE);
    const second = await serveSite(site);
    ends.push(() => second.kill('SIGKILL'));
    expect(await call(second, false)).toBeDefined();
    second.kill('SIGTERM');
    second.kill('SIGTERM');
    await second.ended;

    const verdict = await command(site, 'audit', 'verify', '--json');
    expect(JSON.parse(verdict.out)).toMatchObject({ ok: true, problems: [] });
    expect(verdict.code).toBe(0);
    const records = (await command(site, 'audit', 'export')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Kept);
    const intents = new Set(records.filter((r) => r.kind === 'intent').map((r) => r.request));
    expect(seen.filter(({ id }) => !intents.has(id))).toEqual([]);
    const ended = records.filter((r) => r.kind === 'settle' || r.kind === 'interrupted').map((r) => r.request);
    expect([...intents].filter((request) => !ended.includes(request))).toEqual([]);
    expect(new Set(ended).size).toBe(ended.length);
    expect(records.filter((r) => r.kind === 'interrupted').length).toBeGreaterThanOrEqual(3);
    // What reached the provider has a record, and every settled call counts once.
    expect(intents.size).toBeGreaterThanOrEqual(site.simulator.requests.length);
    const usage = JSON.parse((await command(site, 'usage', '--since', '1d', '--by', 'principal,instance', '--json')).out) as { total: Record<string, number> };
    expect(usage.total.requests).toBe(records.filter((r) => r.kind === 'settle' || r.kind === 'call').length);
    expect(usage.total.interrupted).toBe(records.filter((r) => r.kind === 'interrupted').length);
  }, 120_000);
});
