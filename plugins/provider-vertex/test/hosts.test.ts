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
});
