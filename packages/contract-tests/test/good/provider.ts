import {
  define,
  type Factory,
  GatewayError,
  type Host,
  type NativeCall,
  type NativeHead,
  type Provider,
  type Refusal,
  Secret,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { allCapabilities, type ProviderSubject } from '../../src/index.ts';

/** A provider that keeps every rule; the broken ones differ from it in one place each. */
export const Config = Type.Object(
  { apiKey: Secret({ description: 'Key.' }), baseUrl: Type.String({ default: 'https://api.acme.example/v1', description: 'Where.' }) },
  { additionalProperties: false },
);
interface Settings {
  readonly apiKey: Secret;
  readonly baseUrl: string;
}
const refuse: Refusal = { refuse: 'operation_not_allowed', message: 'This path cannot be reached.' };
const inference: NativeCall = {
  operation: 'chat',
  dialect: 'acme',
  surface: 'chat',
  model: undefined,
  stream: false,
  modelIn: 'body',
  framing: 'json',
  reach: { class: 'inference' },
};
export const native =
  (prefix: string) =>
  (head: NativeHead): NativeCall | Refusal => {
    const path = head.path.startsWith(`${prefix}/`) ? head.path.slice(prefix.length) : '';
    if (head.method === 'POST' && path === '/chat') return { ...inference, model: head.bodyModel };
    if (head.method === 'GET' && path === '/models') return { ...inference, operation: 'models', modelIn: 'none', reach: { class: 'models' } };
    const file = /^\/files\/([A-Za-z0-9_-]+)$/.exec(path)?.[1];
    if (head.method === 'GET' && file !== undefined)
      return { ...inference, operation: 'opaque', modelIn: 'none', reach: { class: 'stateful', ids: { request: ['id'], reply: [] } }, params: { id: file } };
    return refuse;
  };
const setHeader = (headers: string[], name: string, value: string): void => {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text === name);
  if (at < 0) headers.push(name, value);
  else headers[at + 1] = value;
};
export const goodProvider = (config: Settings, host: Host): Provider => {
  const url = new URL(config.baseUrl);
  const endpoint = (path: string) => ({ dialect: 'acme', surface: 'chat', method: 'POST', path, capabilities: allCapabilities });
  return {
    base: { origin: url.origin, path: url.pathname, prefix: '/v1' },
    region: 'global',
    errors: 'acme',
    signs: 'head',
    endpoint: (ask) => (ask.operation === 'chat' ? endpoint(`/models/${encodeURIComponent(ask.model)}/chat`) : undefined),
    native: native('/v1'),
    async sign(request) {
      setHeader(request.headers, 'authorization', `Bearer ${await host.secret(config.apiKey)}`);
    },
    rejected: (reply) => (reply.status === 401 ? 'credential' : undefined),
    async models(signal) {
      const reply = await host.fetch({ method: 'GET', origin: url.origin, path: `${url.pathname}/models`, headers: [], body: undefined }, signal);
      if (reply.status !== 200) throw new GatewayError('upstream_bad_response', 'The models cannot be listed.');
      return [];
    },
    async close() {},
  };
};
export const factory = (change: (provider: Provider, config: Settings, host: Host) => Partial<Provider> = () => ({}), config = Config): Factory<Provider> =>
  define<Provider>()({
    summary: 'Acme',
    config,
    create: (settings, host) => {
      const provider = goodProvider(settings, host);
      return { ...provider, ...change(provider, settings, host) };
    },
  });
export const reply = (status: number, body = '{}'): UpstreamReply => ({ status, headers: [], body: Buffer.from(body) });
export const providerSubject: ProviderSubject = {
  kind: 'acme',
  factory: factory(),
  reaches: ['api.acme.example'],
  native: [
    { method: 'POST', path: '/v1/chat', bodyModel: 'm', class: 'inference' },
    { method: 'GET', path: '/v1/models', class: 'models' },
    { method: 'GET', path: '/v1/files/f-1', class: 'stateful' },
  ],
  rejections: [{ reply: reply(401), is: 'credential' }],
};
