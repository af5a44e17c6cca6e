import { parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { withGraph } from '../configuration.ts';

/** Loaded when they are needed, for the other commands' sake: see `node-http.ts` of the core. */
const requester = async (url: URL): Promise<typeof import('node:http').request> =>
  (url.protocol === 'https:' ? await import('node:https') : await import('node:http')).request;
const send = async (url: URL, key: string, body: string): Promise<{ readonly status: number; readonly text: string }> => {
  const request = await requester(url);
  return new Promise((resolve, reject) => {
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
};

/** Where the gateway of a configuration can be asked from this machine. */
const served = ({ host, port }: { readonly host: string; readonly port: number }): string => {
  if (port === 0)
    throw new UsageError('The configuration leaves the port open (port 0); name the one that the `listening` line shows: --url http://HOST:PORT.');
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
};
const urlOf = (path: string, base: string): URL => {
  const url = URL.canParse(path, base) ? new URL(path, base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new UsageError('--url takes the address of a gateway, such as http://127.0.0.1:8080.');
  return url;
};

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
    const base = typeof url === 'string' ? url : await withGraph(parsed, terminal, async (g) => served(g.settings.server));
    const { status, text } = await send(urlOf(path, base), key, data);
    terminal.stdout.write(`${text}\n`);
    return status === 200 ? 0 : 1;
  },
};
