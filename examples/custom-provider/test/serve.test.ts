import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { expect, it, onTestFinished } from 'vitest';
import { serving } from '../../../tests/support/serving.ts';

const KEY = '0123456789abcdef0123456789abcdef01234567';
const TOKEN = 'acme-token-0123456789abcdef';

/** The third party's server: repeats what it was told to whoever has the token. */
const echoServer = async () => {
  const seen: { readonly url: string | undefined; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer(async (request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    const { messages } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const choices = [{ index: 0, message: { role: 'assistant', content: messages.at(-1).content, refusal: null }, logprobs: null, finish_reason: 'stop' }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'echo-1',
        object: 'chat.completion',
        created: 1,
        model: 'echo-1',
        choices,
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` };
};
it('serves a request of the OpenAI SDK through the plugin, in both modes, with its own token and not the caller’s key', async () => {
  const echo = await echoServer();
  const gateway = await serving(new URL('..', import.meta.url), '@acme/provider-echo', {
    plugins: ['@acme/provider-echo', '@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'],
    auth: [{ use: 'api-key', keys: [{ name: 'example', key: KEY }] }],
    instances: { parrot: { provider: 'echo', baseUrl: echo.url, token: TOKEN, insecureUpstream: true } },
  });

  for (const path of ['/openai/parrot/v1', '/transparent/parrot/v1']) {
    const client = new OpenAI({ baseURL: `${gateway.urls.server}${path}`, apiKey: KEY, maxRetries: 0 });
    const answer = await client.chat.completions.create({ model: 'echo-1', messages: [{ role: 'user', content: 'Polly wants a cracker' }] });
    expect(answer.choices[0]?.message.content, path).toBe('Polly wants a cracker');
  }
  expect(echo.seen.map(({ url }) => url)).toEqual(['/v1/chat/completions', '/v1/chat/completions']);
  for (const { headers } of echo.seen) {
    expect(headers['x-echo-token']).toBe(TOKEN);
    expect(JSON.stringify(headers)).not.toContain(KEY);
  }
});
