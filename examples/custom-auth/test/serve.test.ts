import { openaiSimulator } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { expect, it, onTestFinished } from 'vitest';
import { serving } from '../../../tests/support/serving.ts';
import { issue } from '../src/index.ts';

const SECRET = 'badge-secret-0123456789abcdef0123';
const PROVIDER_KEY = 'sk-provider-0123456789abcdef';

const servingBadges = async () => {
  const simulator = await openaiSimulator({ keys: [PROVIDER_KEY] });
  onTestFinished(() => simulator.close());
  const gateway = await serving(new URL('..', import.meta.url), '@acme/auth-badge', {
    plugins: ['@acme/auth-badge', '@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/provider-openai', '@llm-proxy-auth/store-sqlite'],
    auth: [{ use: 'badge', secret: SECRET }],
    policies: [{ match: { principal: 'badge:alice' }, allow: {} }],
    instances: { main: { provider: 'openai', baseUrl: simulator.url, apiKey: PROVIDER_KEY, insecureUpstream: true } },
  });
  const ask = (apiKey: string) =>
    new OpenAI({ baseURL: `${gateway.urls.server}/openai/main/v1`, apiKey, maxRetries: 0 }).chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Hello' }],
    });
  return { simulator, ask };
};
const soon = (): number => Math.floor(Date.now() / 1000) + 60;

it('lets the holder of a badge call a model, and the provider sees nothing of the badge', async () => {
  const { simulator, ask } = await servingBadges();
  const mine = issue('alice', soon(), SECRET);
  expect((await ask(mine)).choices[0]?.message.content).toBe('You said: Hello');
  expect(JSON.stringify(simulator.requests.map(({ headers }) => headers))).not.toContain(mine);
});

it('refuses a forged badge, an old one and one of somebody whom no policy names', async () => {
  const { simulator, ask } = await servingBadges();
  await expect(ask(issue('alice', soon(), 'another secret'))).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
  await expect(ask(issue('alice', 1_000_000_000, SECRET))).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
  await expect(ask(issue('bob', soon(), SECRET))).rejects.toMatchObject({ status: 403 });
  expect(simulator.requests).toEqual([]);
});
