import { Duration, Percent, Secret, Size } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { configurationOf, fakeHost, secretOf } from '../src/index.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

describe('fake host', () => {
  it('opens what it sealed, for the same purpose and unchanged only', () => {
    const { seal } = fakeHost();
    const sealed = seal.seal('session', bytes('secret'));
    expect(seal.open('session', sealed)).toEqual(bytes('secret'));
    expect(seal.open('other', sealed)).toBeUndefined();
    expect(seal.open('session', sealed.slice(0, -4))).toBeUndefined();
    expect(seal.open('session', '')).toBeUndefined();
    expect(fakeHost().seal.open('session', sealed)).toBeUndefined();
  });
  it('has a clock that only tests move', () => {
    const host = fakeHost({ now: 1000 });
    host.advance(500);
    expect(host.now()).toBe(1500);
  });
  it('fails every store call once the store is broken', async () => {
    const host = fakeHost();
    await host.store.commit([{ space: 's', key: 'k', expect: 0, value: { json: '1' } }]);
    host.breakStore();
    await expect(host.store.get('s', 'k')).rejects.toThrow();
    await expect(host.store.changed(0)).rejects.toThrow();
  });
  it('answers fetch by the script and remembers what was asked', async () => {
    const host = fakeHost({ answer: ({ path }) => ({ status: 200, headers: [], body: bytes(path) }) });
    const request = { method: 'GET', origin: 'https://acme.example', path: '/x', headers: [], body: undefined };
    expect((await host.fetch(request)).body).toEqual(bytes('/x'));
    expect(host.fetched.map((call) => call.request)).toEqual([request]);
    await expect(host.fetch(request, AbortSignal.abort())).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });
  it('gives a secret’s value as it is now', async () => {
    const host = fakeHost();
    const secret = secretOf('first');
    let told = 0;
    secret.onRotate(() => {
      told += 1;
    });
    secret.rotate('second');
    expect(await host.secret(secret)).toBe('second');
    secret.revoke();
    await expect(host.secret(secret)).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
    expect(told).toBe(2);
  });
});

it('a configuration is as create gets it: defaults, units read, required fields invented, secrets as handles', () => {
  const schema = Type.Object({
    key: Secret({ description: 'Key.' }),
    wait: Duration({ default: '15s' }),
    size: Size({ default: '2KiB' }),
    share: Percent({ default: '20%' }),
    region: Type.String({ examples: ['us-east-1'] }),
    tries: Type.Integer({ minimum: 3 }),
    mode: Type.Union([Type.Literal('fast'), Type.Literal('slow')]),
    left: Type.Optional(Type.String()),
    name: Type.String(),
  });
  const { key, ...rest } = configurationOf(schema, { name: 'given' });
  expect(rest).toEqual({ wait: 15_000, size: 2048, share: 0.2, region: 'us-east-1', tries: 3, mode: 'fast', name: 'given' });
  expect((key as Secret).peek()).toMatch(/^canary-/);
});

it('secrets given once are handles of their own for each configuration', () => {
  const schema = Type.Object({ key: Secret() });
  const given = { key: secretOf('value') };
  const first = configurationOf(schema, given).key as ReturnType<typeof secretOf>;
  first.rotate('another');
  expect((configurationOf(schema, given).key as Secret).peek()).toBe('value');
});
