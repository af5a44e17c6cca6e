import { bedrockSimulator, certificateAuthority, SERVER_AUTH } from '@llm-proxy-auth/simulators';
import { expect, test } from 'vitest';
import { openBench, VENDORS } from './support/gateway.ts';

test('a provider that offers HTTP/2 is asked by HTTP/1.1', async () => {
  const authority = certificateAuthority();
  const { pem: cert, key } = authority.issue({ dns: ['localhost'], usages: [SERVER_AUTH] });
  const provider = await bedrockSimulator({ tls: { cert, key } });
  const baseUrl = provider.url.replace('127.0.0.1', 'localhost');
  const secured = { provider: 'bedrock', baseUrl, ca: authority.pem, ...VENDORS.bedrock.access };
  const bench = await openBench({ vendor: 'bedrock', instances: { secured } });
  const answer = await fetch(`${bench.url}/openai/secured/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', messages: [{ role: 'user', content: 'hi' }] }),
  });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"choices"')]);
  expect(provider.requests.map(({ httpVersion }) => httpVersion)).toEqual(['1.1']);
  await bench.close();
  await provider.close();
});
