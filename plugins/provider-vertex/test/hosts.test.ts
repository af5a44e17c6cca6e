import { readFileSync } from 'node:fs';
import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import { describe, expect, it } from 'vitest';
import { originOf } from '../src/hosts.ts';
import { createProvider } from '../src/index.ts';
import { settings } from './support.ts';

describe('hosts by location, as Google’s own SDKs choose them', () => {
  it.each([
    ['global', 'https://aiplatform.googleapis.com'],
    ['us', 'https://aiplatform.us.rep.googleapis.com'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com'],
    ['us-central1', 'https://us-central1-aiplatform.googleapis.com'],
    ['northamerica-northeast2', 'https://northamerica-northeast2-aiplatform.googleapis.com'],
  ])('%s', (location, origin) => expect(originOf(location)).toBe(origin));
  it('are in the path too, and in the instance’s region', () => {
    const provider = createProvider(settings({ location: 'eu', credentials: { type: 'token', token: secretOf('ya29.x') } }), fakeHost());
    expect([provider.base.origin, provider.region]).toEqual(['https://aiplatform.eu.rep.googleapis.com', 'eu']);
    const ask = {
      operation: 'chat',
      surface: 'chat',
      dialect: 'openai',
      method: 'POST',
      route: '/chat/completions',
      model: 'gemini-2.5-pro',
      stream: false,
    } as const;
    expect(provider.endpoint(ask)?.path).toBe('/v1/projects/my-project/locations/eu/publishers/google/models/gemini-2.5-pro:generateContent');
  });
  it('give way to a place of one’s own, whose path stands before the version', () => {
    const provider = createProvider(settings({ baseUrl: 'https://psc.example/vertex/' }), fakeHost());
    expect(provider.base).toEqual({ origin: 'https://psc.example', path: '/vertex', prefix: '' });
  });
  it('are all in the manifest, and nothing else of Google’s is', () => {
    const { llmProxyAuth } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { llmProxyAuth: { reaches: string[] } };
    const patterns = llmProxyAuth.reaches.map((reach) => new RegExp(`^${reach.replaceAll('.', '\\.').replace('*', '[a-z0-9-]+')}$`));
    const reached = (host: string): boolean => patterns.some((pattern) => pattern.test(host));
    for (const location of ['global', 'us', 'eu', 'us-central1', 'northamerica-northeast2'])
      expect(reached(new URL(originOf(location)).hostname), location).toBe(true);
    for (const service of ['oauth2', 'sts', 'iamcredentials']) expect(reached(`${service}.googleapis.com`), service).toBe(true);
    for (const host of ['storage.googleapis.com', 'cloudresourcemanager.googleapis.com', 'www.googleapis.com', 'evil.example'])
      expect(reached(host), host).toBe(false);
  });
});
