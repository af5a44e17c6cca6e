import { request } from 'node:http';
import { parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { withGraph } from '../configuration.ts';

const send = (url: URL, key: string, body: string): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-lpa-explain': '1' } },
      (reply) => {
        let text = '';
        reply.setEncoding('utf8');
        reply.on('data', (piece: string) => {
          text += piece;
        });
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

export const explain: Command = {
  usage: 'llm-proxy-auth explain PATH --data JSON [--url URL] [--key KEY]',
  summary: 'Asks a running gateway what it would do with a call: route, policy and the upstream request; the provider is not called.',
  example: `explain /openai/main/v1/chat/completions --data '{"model":"m","messages":[]}'`,
  async run(words, terminal) {
    const parsed = parse(words, { data: { type: 'string' }, url: { type: 'string' }, key: { type: 'string' } }, 1);
    const [path] = parsed.positionals;
    const { data, url } = parsed.values;
    if (path === undefined || !path.startsWith('/') || typeof data !== 'string')
      throw new UsageError('explain needs a PATH that begins with / and --data JSON.');
    const key = typeof parsed.values.key === 'string' ? parsed.values.key : terminal.env.LLM_PROXY_AUTH_KEY;
    if (key === undefined) throw new UsageError('explain needs a key with the scope `explain`: --key KEY or LLM_PROXY_AUTH_KEY.');
    const base = typeof url === 'string' ? url : await withGraph(parsed, terminal, async (g) => `http://${g.settings.server.host}:${g.settings.server.port}`);
    const { status, text } = await send(new URL(path, base), key, data);
    terminal.stdout.write(`${text}\n`);
    return status === 200 ? 0 : 1;
  },
};
