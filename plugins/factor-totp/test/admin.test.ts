import { fakeEncryption, fakeHost, memoryStore } from '@llm-proxy-auth/contract-tests';
import { isGatewayError } from '@llm-proxy-auth/plugin';
import jsqr from 'jsqr';
import { describe, expect, test } from 'vitest';
import plugin from '../src/index.ts';
import { ci, type Enrolled, gateway, refusal, root, START } from './support.ts';

type Read = (data: Uint8ClampedArray, width: number, height: number) => { readonly data: string } | null;
const readQr = jsqr as unknown as Read;
/** What a camera sees of rows of modules, true for a light one. */
const seen = (rows: readonly (readonly boolean[])[]): string | undefined => {
  const scale = 4;
  const width = rows[0]?.length ?? 0;
  const pixels = new Uint8ClampedArray(width * scale * rows.length * scale * 4);
  for (let y = 0; y < rows.length * scale; y += 1)
    for (let x = 0; x < width * scale; x += 1) {
      const light = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true ? 255 : 0;
      pixels.set([light, light, light, 255], (y * width * scale + x) * 4);
    }
  return readQr(pixels, width * scale, rows.length * scale)?.data;
};
/** The same of text in half blocks, where a full block is light. */
const scanned = (text: string): string | undefined => {
  const lines = text.split('\n').filter((line) => /^[█▀▄ ]+$/.test(line));
  return seen(lines.flatMap((line) => [[...line].map((c) => c === '█' || c === '▀'), [...line].map((c) => c === '█' || c === '▄')]));
};
/** The same of a picture: a light ground, and a path of dark squares. */
const pictured = (svg: string): string | undefined => {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
  const side = Number(width);
  expect(height).toBe(width);
  const [, ground] = /<rect fill="(\w+)"/.exec(svg) ?? [];
  const [, ink, path = ''] = /<path fill="(\w+)" d="([^"]+)"/.exec(svg) ?? [];
  expect([ground, ink]).toEqual(['white', 'black']);
  const moves = [...path.matchAll(/M(\d+),(\d+)h(\d+)v(\d+)h-(\d+)z/g)];
  // Nothing else is drawn.
  expect(moves.map(([move]) => move).join('')).toBe(path);
  const size = Number(moves[0]?.[3]);
  const dark = new Set(moves.map(([, x, y]) => `${Number(x) / size},${Number(y) / size}`));
  return seen(Array.from({ length: side / size }, (_, y) => Array.from({ length: side / size }, (_, x) => !dark.has(`${x},${y}`))));
};

describe('totp enroll', () => {
  test('gives secret, URI and backup codes, and nothing else unless asked', async () => {
    const at = await gateway();
    const made = await at.run('totp.enroll', { key: 'key:ci' });
    expect(Object.keys(made)).toEqual(['secret', 'uri', 'backupCodes']);
    expect(made.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(made.uri).toBe(`otpauth://totp/LLM%20Proxy%20Auth:key%3Aci?secret=${made.secret}&issuer=LLM%20Proxy%20Auth&algorithm=SHA1&digits=6&period=30`);
  });
  test('shows a picture, when asked, that an app reads', async () => {
    const at = await gateway();
    const made = await at.run('totp.enroll', { key: 'key:x', account: 'Ann', svg: true });
    expect(made.uri).toContain(':Ann?secret=');
    expect(pictured(String(made.svg))).toBe(made.uri);
  });
  test('on a terminal shows a QR code that an app reads', async () => {
    const at = await gateway();
    const made = await at.run('totp.enroll', { key: 'key:ci' });
    const text = plugin.admin?.find(({ name }) => name === 'totp.enroll')?.text?.(made) ?? '';
    expect(scanned(text)).toBe(made.uri);
    for (const shown of [made.secret, made.uri, ...made.backupCodes]) expect(text).toContain(shown);
  });
  test.each([
    ['sha256', 8, 52],
    ['sha512', 6, 103],
  ] as const)('makes secrets for %s with %i digits', async (algorithm, digits, length) => {
    const at = await gateway({ config: { algorithm, digits, issuer: 'Acme' } });
    const made = await at.run('totp.enroll', { key: 'key:ci' });
    expect(made.secret).toHaveLength(length);
    expect(made.uri).toContain(`&issuer=Acme&algorithm=${algorithm.toUpperCase()}&digits=${digits}&period=30`);
    const { generateSync } = await import('otplib');
    expect(await at.ask(generateSync({ secret: made.secret, epoch: START / 1000, algorithm, digits }))).toBe('done');
  });
  test('is refused for who is enrolled; a pending enrolment is replaced', async () => {
    const at = await gateway();
    const first = await at.run('totp.enroll', { key: 'key:ci' });
    const second = await at.run('totp.enroll', { key: 'key:ci' });
    expect(await at.ask(at.code(first))).toBe('invalid_credentials');
    expect(await at.ask(at.code(second))).toBe('done');
    expect((await refusal(at.run('totp.enroll', { key: 'key:ci' }))).code).toBe('invalid_request');
    expect(await at.ask(at.code(second, 1))).toBe('done');
  });
  test.each(['ci', '', 'KEY:ci', 'key:', 'short', 'key:a\nb', `key:${'x'.repeat(300)}`])('takes no bare name or nonsense: %j', async (key) => {
    expect((await refusal((await gateway()).run('totp.enroll', { key }))).code).toBe('invalid_request');
  });
});

test.each(['totp.enroll', 'totp.verify', 'totp.disable', 'totp.codes', 'totp.reencrypt'])('%s is for administrators alone', async (name) => {
  const at = await gateway();
  const input = name === 'totp.reencrypt' ? {} : name === 'totp.verify' ? { key: 'key:ci', code: '000000' } : { key: 'key:ci' };
  for (const scopes of [[], ['keys'], ['viewer', 'keys', 'usage']])
    expect((await refusal(at.run(name, input, { ...root, scopes }))).code).toBe('scope_required');
});
test('totp verify uses the code up and makes the enrolment active; a wrong one is counted', async () => {
  const at = await gateway();
  const made = await at.run('totp.enroll', { key: 'key:ci' });
  expect((await refusal(at.run('totp.verify', { key: 'key:ci', code: '12345' }))).code).toBe('invalid_credentials');
  expect(await at.run('totp.verify', { key: 'key:ci', code: at.code(made) })).toEqual({ key: 'key:ci', status: 'active' });
  expect((await refusal(at.run('totp.verify', { key: 'key:ci', code: at.code(made) }))).code).toBe('totp_used');
  expect(await at.ask(at.code(made))).toBe('totp_used');
  for (let turn = 0; turn < 5; turn += 1) await refusal(at.run('totp.verify', { key: 'key:ci', code: '12345' }));
  expect((await refusal(at.run('totp.verify', { key: 'key:ci', code: at.code(made, 1) }))).retryAfterMs).toBe(30_000);
});
test('totp codes makes the ones before void; totp disable ends everything', async () => {
  const at = await gateway();
  const made = await at.run('totp.enroll', { key: 'key:ci' });
  await at.ask(at.code(made));
  const { backupCodes } = await at.run<Pick<Enrolled, 'backupCodes'>>('totp.codes', { key: 'key:ci' });
  expect(await at.ask(made.backupCodes[0] ?? '')).toBe('invalid_credentials');
  expect(await at.ask(backupCodes[0] ?? '')).toBe('done');
  expect(await at.run('totp.disable', { key: 'key:ci' })).toEqual({ key: 'key:ci', status: 'disabled' });
  expect(await at.ask(at.code(made, 1))).toBe('totp_required');
  for (const name of ['totp.codes', 'totp.disable']) expect((await refusal(at.run(name, { key: 'key:ci' }))).code).toBe('invalid_request');
});

describe('at rest', () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] as const;
  test('A027 stored form: no secret and no backup code stands in the store, in any writing', async () => {
    const store = memoryStore();
    const at = await gateway({ store });
    const made = await at.run('totp.enroll', { key: 'key:ci' });
    await at.ask(at.code(made));
    await at.ask(made.backupCodes[0] ?? '');
    const rows = await store.list('enrolments', undefined, 100);
    const kept = rows.map(({ value }) => value.json).join('\n');
    const codes = made.backupCodes.flatMap((code) => [code, code.replace('-', ''), code.toLowerCase()]);
    for (const clear of [made.secret, made.secret.toLowerCase(), Buffer.from(made.secret).toString('base64url'), ...codes]) expect(kept).not.toContain(clear);
  });
  test('a secret put into another row, or into a later enrolment of its own, cannot be opened', async () => {
    const store = memoryStore();
    const at = await gateway({ store });
    const mallory = await at.run('totp.enroll', { key: 'key:mallory' });
    await at.run('totp.enroll', { key: 'key:ci' });
    const [from, into] = [await store.get('enrolments', 'key:mallory'), await store.get('enrolments', 'key:ci')];
    const { sealed } = JSON.parse(from?.value.json ?? '{}') as { sealed: string };
    const swapped = { ...(JSON.parse(into?.value.json ?? '{}') as object), sealed };
    await store.commit([{ space: 'enrolments', key: 'key:ci', expect: into?.version ?? 0, value: { json: JSON.stringify(swapped) } }]);
    expect(await at.ask(at.code(mallory))).toBe('unavailable');
  });
  test('reencrypt moves all to the current key; without an earlier key nobody passes', async () => {
    const store = memoryStore();
    const before = await gateway({ store, encryption: fakeEncryption([keys[0]]) });
    const made = await before.run('totp.enroll', { key: 'key:ci' });
    expect(await (await gateway({ store, encryption: fakeEncryption([keys[1]]) })).ask(before.code(made))).toBe('unavailable');
    const alone = await gateway({ store, encryption: fakeEncryption([new Uint8Array(32), keys[1]]) });
    expect(await alone.run('totp.reencrypt', {})).toEqual({ encrypted: 0, current: 0, failed: ['key:ci'] });
    const both = await gateway({ store, encryption: fakeEncryption([keys[0], keys[1]]) });
    expect(await both.run('totp.reencrypt', {})).toEqual({ encrypted: 1, current: 0, failed: [] });
    expect(await both.run('totp.reencrypt', {})).toEqual({ encrypted: 0, current: 1, failed: [] });
    const after = await gateway({ store, encryption: fakeEncryption([new Uint8Array(32), keys[1]]) });
    expect(await after.ask(after.code(made), ci)).toBe('done');
  });
  test('without keyEncryption nothing starts', () => {
    const host = fakeHost({ encryption: undefined });
    let thrown: unknown;
    try {
      plugin.factors?.totp?.create({}, host);
    } catch (error) {
      thrown = error;
    }
    expect(isGatewayError(thrown) && [thrown.code, thrown.param]).toEqual(['invalid_request', 'keyEncryption']);
  });
});
