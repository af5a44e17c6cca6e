import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Files of Google's library that are loaded after a provider signed a call, in a process of its own, with these credentials. */
const loaded = (credentials: string): number => {
  const source = `
    import Module from 'node:module';
    import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
    import { createProvider } from './src/index.ts';
    import { settings } from './test/support.ts';
    const request = { method: 'POST', origin: 'https://us-central1-aiplatform.googleapis.com', path: '/', headers: [], body: [] };
    const attempt = { number: 1, signal: AbortSignal.timeout(60_000), now: Date.now(), fresh: false };
    const provider = createProvider(settings({ credentials: ${credentials} }), fakeHost());
    await Promise.resolve(provider.sign(request, attempt)).catch(() => undefined);
    console.log(Object.keys(Module._cache).filter((file) => file.includes('google-auth-library')).length);`;
  const out = execFileSync(process.execPath, ['--conditions=@llm-proxy-auth/source', '--input-type=module', '-e', source], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
  });
  return Number(out.trim());
};

it('Google’s library is not loaded for tokens of the configuration, which need nothing of it', () => {
  expect(loaded(`{ type: 'token', token: secretOf('ya29.one') }`)).toBe(0);
  expect(loaded(`{ type: 'service-account', key: secretOf('{}') }`)).toBeGreaterThan(0);
});
