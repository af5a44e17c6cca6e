import { expect, it } from 'vitest';
import { fresh, PEPPER, secret } from './support.ts';

const WRITTEN = 'f'.repeat(40);

it('a key made with totp needs a second factor, also after rotation; others do not', async () => {
  const { run, ask } = await fresh();
  const made = await run('keys.create', { name: 'ci', totp: true });
  expect(made).toMatchObject({ totp: true });
  const rotated = await run('keys.rotate', { key: 'ci' });
  const plain = await run('keys.create', { name: 'plain' });
  const factors = [];
  for (const { key } of [made, rotated, plain]) factors.push(await ask(key));
  expect(factors.map((result) => result.is === 'principal' && result.principal.factor)).toEqual(['needed', 'needed', 'none']);
});
it('a key written with totp needs a second factor', async () => {
  const at = await fresh({ pepper: secret(PEPPER), keys: [{ name: 'admin', key: secret(WRITTEN), totp: true }] });
  expect(await at.ask(WRITTEN)).toMatchObject({ is: 'principal', principal: { id: 'key:admin', factor: 'needed' } });
});
