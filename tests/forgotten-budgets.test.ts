import { afterAll, expect, test } from 'vitest';
import { shell } from './support/command-line.ts';
import { linesOf, openSite, serveSite } from './support/file-gateway.ts';
import { ROOT } from './support/process.ts';

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});
test('a budget of a month that counters in memory forget is told at the start, by check and by doctor', async () => {
  const site = await openSite();
  ends.push(site.close);
  site.write(site.settings({ policies: [{ allow: {}, limits: [{ budget: { usd: 5, window: 'month' } }] }], server: { port: 0, drain: { delay: '0s' } } }));
  const it = await serveSite(site);
  ends.push(() => it.kill('SIGKILL'));
  it.kill('SIGTERM');
  await it.ended;
  const told = linesOf(it).filter((line) => line.path === 'policies[0].limits[0].budget');
  expect(told).toEqual([expect.objectContaining({ level: 'warn', msg: expect.stringContaining('counters: { use: redis }') })]);
  const place = shell();
  ends.push(place.remove);
  const { code, err } = await place.run(['check', '--config', site.file, '--plugin-root', ROOT]);
  const warning = { path: 'policies[0].limits[0].budget', what: String(told[0]?.msg) };
  expect([code, err]).toEqual([0, `${warning.path}: ${warning.what}\n`]);
  const asJson = await place.run(['check', '--json', '--config', site.file, '--plugin-root', ROOT]);
  expect(JSON.parse(asJson.out)).toMatchObject({ ok: true, warnings: [warning] });
  const doctor = await place.run(['doctor', '--json', '--config', site.file, '--plugin-root', ROOT]);
  expect([doctor.code, JSON.parse(doctor.out)]).toEqual([0, expect.arrayContaining([{ about: warning.path, is: 'warning', what: warning.what }])]);
}, 60_000);
