import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sweepAll } from './support/canaries.ts';
import { type Running, run } from './support/process.ts';
import { watched } from './support/swept.ts';

interface Seen {
  readonly provider: string;
  readonly what: string;
  readonly ok: boolean;
  readonly seen: string;
}
const PROVIDERS = ['openai', 'anthropic', 'azure', 'bedrock', 'vertex', 'watsonx', 'oci'];
const left = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('llm-proxy-auth-demo-'));
let folder: string;
let it: Running;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lpa-demo-'));
});
afterEach(() => {
  try {
    // Nothing that it says is for its caller alone.
    sweepAll({ log: it.out() + it.err(), folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
const demo = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Running =>
  run(['scripts/run.mjs', 'demo', ...words], watched(folder, { LLM_PROXY_AUTH_INSTALLED: '1', ...env }));

test('the tour goes through all providers, native calls, a login and a revoked key, whatever account the environment describes', async () => {
  const before = left();
  it = demo(['--json'], { OPENAI_API_KEY: 'real', OPENAI_BASE_URL: 'http://127.0.0.1:9', AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_REGION: 'eu-west-1' });
  expect(await it.ended).toBe(0);
  const seen = JSON.parse(it.out()) as readonly Seen[];
  expect(seen.filter(({ ok }) => !ok)).toEqual([]);
  const shown = Object.fromEntries(seen.map(({ provider, what, seen }) => [`${provider}: ${what}`, seen]));
  for (const provider of PROVIDERS) {
    expect(shown[`${provider}: answer`]).toBe('"You said: Hello"');
    expect(shown[`${provider}: stream`]).toMatch(/^"You said: Hello" in [2-9] pieces$/);
    expect(shown[`${provider}: tools`]).toMatch(/^weather\(\{.*\}\), then "The tool said: 4 degrees, rain"$/);
  }
  expect(shown).toMatchObject({
    'bedrock: transparent mode, AWS SDK': '"You said: Hello"',
    'gateway: login with TOTP': 'the key alone is refused, its session is answered "You said: Hello"',
    'gateway: revoked key': '"You said: Hello" before, 401 invalid_credentials after',
  });
  expect(left()).toEqual(before);
});
test('for people it says what it saw line by line, and ends with a table', async () => {
  it = demo([]);
  expect(await it.ended).toBe(0);
  expect(it.out()).toMatch(/^✓ vertex: tools .*The tool said/m);
  const [last, table] = it.out().trimEnd().split('\n\n').reverse();
  expect(table?.split('\n').map((line) => line.trim().split(/ +/))).toEqual([
    ['provider', 'answer', 'stream', 'tools'],
    ...PROVIDERS.map((provider) => [provider, 'ok', 'ok', 'ok']),
  ]);
  expect(last?.split('\n').every((line) => line.endsWith(' ok'))).toBe(true);
});
