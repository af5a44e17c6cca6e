import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import type { UpstreamRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import type { Asking, Token } from '../src/entra.ts';
import { createProvider } from '../src/index.ts';

const HOUR = 3_600_000;
const START = 1_790_000_000_000;
/** Entra ID that answers when it is told to, and a clock set by hand. */
const scene = (credentials: Config['credentials'] = { type: 'managed-identity' }) => {
  let now = START;
  const asked: { readonly asking: Asking; resolve(token: Token): void; reject(cause: unknown): void }[] = [];
  const host = { ...fakeHost(), now: () => now };
  const provider = createProvider({ endpoint: 'https://acme.openai.azure.com', apiKeyHeader: 'api-key', credentials }, host, {
    ask: (asking) => new Promise((resolve, reject) => void asked.push({ asking, resolve, reject })),
    random: () => 0.5,
  });
  const sign = async (fresh = false): Promise<string> => {
    const request: UpstreamRequest = { method: 'POST', origin: '', path: '/', headers: [], body: undefined };
    await provider.sign(request, { number: 1, signal: new AbortController().signal, now, fresh });
    return request.headers.join(' ');
  };
  /** Lets what was begun reach the source, and what was settled those who wait. */
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const issue = async (value: string, life = HOUR): Promise<void> => {
    await settle();
    asked.at(-1)?.resolve({ value, expiration: now + life });
    await settle();
  };
  return {
    provider,
    host,
    asked,
    sign,
    settle,
    issue,
    advance: (ms: number) => {
      now += ms;
    },
    async hold(value: string, life = HOUR) {
      const first = sign();
      await issue(value, life);
      return first;
    },
  };
};

describe('tokens of Entra ID', () => {
  it('are not asked for before they are needed', () => expect(scene().asked).toHaveLength(0));
  it('are asked for once by a thousand callers', async () => {
    const s = scene();
    const callers = Array.from({ length: 1_000 }, () => s.sign());
    await s.issue('one');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['authorization Bearer one']));
    expect(s.asked).toHaveLength(1);
  });
  it('are renewed at four fifths of their life, while the old one serves', async () => {
    const s = scene();
    await s.hold('one');
    s.advance((HOUR - 60_000) * 0.8 - 1);
    expect(await s.sign()).toBe('authorization Bearer one');
    expect(s.asked).toHaveLength(1);
    s.advance(1);
    expect(await s.sign()).toBe('authorization Bearer one');
    await s.issue('two');
    expect(s.asked).toHaveLength(2);
    expect(await s.sign()).toBe('authorization Bearer two');
  });
  it('end a minute early, so that none ends on its way', async () => {
    const s = scene();
    await s.hold('one');
    expect(s.provider.credentialExpires?.()).toBe(START + HOUR - 60_000);
    s.advance(HOUR - 60_000);
    const waiting = s.sign();
    await s.issue('two');
    expect(await waiting).toBe('authorization Bearer two');
  });
  it('serve through an outage until they end; then calls are 503 with a time to come back, and it passes', async () => {
    const s = scene();
    await s.hold('one');
    s.advance(HOUR * 0.9);
    expect(await s.sign()).toBe('authorization Bearer one');
    await s.settle();
    s.asked.at(-1)?.reject(new Error('AADSTS90033: A transient error has occurred.'));
    await s.settle();
    expect(await s.sign()).toBe('authorization Bearer one');
    s.advance(HOUR * 0.1);
    const failing = s.sign();
    await s.settle();
    s.asked.at(-1)?.reject(new Error('down'));
    await expect(failing).rejects.toMatchObject({ code: 'upstream_credentials_unavailable', status: 503, retryAfterMs: expect.any(Number) });
    const before = s.asked.length;
    await expect(s.sign()).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
    expect(s.asked).toHaveLength(before);
    s.advance(5_000);
    const again = s.sign();
    await s.issue('three');
    expect(await again).toBe('authorization Bearer three');
  });
  it('that were refused are asked for anew, once for all who were refused', async () => {
    const s = scene();
    await s.hold('revoked');
    const refused = Array.from({ length: 100 }, () => s.sign(true));
    await s.issue('two');
    expect(new Set(await Promise.all(refused))).toEqual(new Set(['authorization Bearer two']));
    expect(s.asked).toHaveLength(2);
  });
  it('that ended by our clock when they came are good for a moment: a clock that is wrong must not make every call ask', async () => {
    const s = scene();
    await s.hold('one', -HOUR);
    expect(await s.sign()).toBe('authorization Bearer one');
    await s.settle();
    expect(s.asked).toHaveLength(1);
  });
});

describe('a source that fails', () => {
  it('is told to the log, and neither secret nor token is', async () => {
    const s = scene({ type: 'client-secret', tenantId: 't', clientId: 'c', clientSecret: secretOf('very-secret-text', 'AZURE_CLIENT_SECRET') });
    const failing = s.sign();
    await s.settle();
    expect(s.asked[0]?.asking).toMatchObject({ type: 'client-secret', tenantId: 't', clientId: 'c', clientSecret: 'very-secret-text' });
    s.asked[0]?.reject(new Error('AADSTS7000215: Invalid client secret provided.'));
    await expect(failing).rejects.toMatchObject({ code: 'upstream_credentials_unavailable' });
    const written = JSON.stringify(s.host.lines);
    expect(written).toContain('AADSTS7000215');
    expect(written).not.toContain('very-secret-text');
  });
});
