import type { CODES, Provider } from '@llm-proxy-auth/plugin';
import { type ProviderSubject, providerRules } from '../src/index.ts';
import { provesRules } from './broken.ts';
import { factory, native, providerSubject, reply } from './good/provider.ts';

const broken = (change: Parameters<typeof factory>[0], more: Partial<ProviderSubject> = {}): ProviderSubject => ({
  ...providerSubject,
  factory: factory(change),
  ...more,
});
const endpointWith = (change: (endpoint: NonNullable<ReturnType<Provider['endpoint']>>, ask: Parameters<Provider['endpoint']>[0]) => object | undefined) =>
  broken((good) => ({
    endpoint: (ask) => {
      const endpoint = good.endpoint(ask);
      return endpoint === undefined ? undefined : ({ ...endpoint, ...change(endpoint, ask) } as typeof endpoint);
    },
  }));
const nativeWith = (path: RegExp, answer: object) =>
  broken(() => ({
    native: (head) =>
      path.test(`${head.method} ${head.path}`)
        ? ({ ...native('/v1')({ ...head, method: 'POST', path: '/v1/chat' }), ...answer } as ReturnType<Provider['native']>)
        : native('/v1')(head),
  }));
const chat = { class: 'inference' } as const;
let calls = 0;

provesRules('provider rules', providerRules, providerSubject, {
  'provider.base-shape': broken((good) => ({ base: { ...good.base, prefix: 'v1/' }, native: native('/v1') }), { native: providerSubject.native }),
  'provider.base-from-config': broken((good, config) => (config.baseUrl.includes('custom') ? { base: { ...good.base, path: '/v1' } } : {})),
  'provider.endpoint-offers-something': broken(() => ({ endpoint: () => undefined })),
  'provider.endpoint-shape': endpointWith(({ capabilities: { tools: _, ...rest } }) => ({ capabilities: rest })),
  'provider.endpoint-is-pure': endpointWith(({ path }) => ({ path: `${path}-${calls++}`, headers: [] })),
  'provider.endpoint-serves-any-client': broken((good) => ({ endpoint: (ask) => (ask.dialect === 'unheard-of' ? undefined : good.endpoint(ask)) })),
  'provider.endpoint-refuses-unknown': broken((good) => ({
    endpoint: (ask) => good.endpoint({ ...ask, operation: ask.operation === 'opaque' ? 'chat' : ask.operation }),
  })),
  'provider.endpoint-encodes-model': endpointWith((_, ask) => ({ path: `/models/${ask.model}/chat` })),
  'provider.reaches-covers-hosts': endpointWith(() => ({ origin: 'https://elsewhere.example' })),
  'provider.native-samples': broken(() => ({
    native: (head) => (head.path === '/v1/models' ? { refuse: 'operation_not_allowed', message: 'No.' } : native('/v1')(head)),
  })),
  'provider.native-closed-table': broken(() => ({
    native: (head) => native('/v1')({ ...head, path: decodeURIComponent(head.path.replaceAll('%25', '%')).replace(/\/(\.\.|\.)(\/admin)?$/, '') }),
  })),
  'provider.native-methods': broken(() => ({ native: (head) => native('/v1')({ ...head, method: head.method.toUpperCase() }) })),
  'provider.native-control-class': nativeWith(/\/organization\//, { reach: chat }),
  'provider.native-refusal-is-coded': broken(() => ({
    native: (head) => {
      const answer = native('/v1')(head);
      return 'refuse' in answer ? { refuse: 'forbidden', message: 'No.' } : answer;
    },
  })),
  'provider.native-stateful-owned': nativeWith(/^GET \/v1\/files\/f-1$/, {
    modelIn: 'none',
    reach: { class: 'stateful', ids: { request: ['id'], reply: [] } },
  }),
  'provider.native-is-pure': broken(() => {
    let asked = 0;
    return {
      native: (head) => ({ ...native('/v1')(head), ...(head.path === '/v1/models' ? { stream: asked++ % 2 === 0 } : {}) }) as ReturnType<Provider['native']>,
    };
  }),
  'provider.sign-adds-only-own-credentials': broken((good) => ({
    sign: async (request, attempt) => {
      await good.sign(request, attempt);
      request.headers = request.headers.filter((_, index) => index >= 2);
    },
  })),
  'provider.sign-once': broken((_, config) => ({ sign: (request) => void request.headers.push('authorization', value(config.apiKey.peek())) })),
  'provider.sign-does-not-touch-body': broken((good) => ({
    sign: async (request, attempt) => {
      await good.sign(request, attempt);
      if (request.body !== undefined) request.body = [Buffer.concat(request.body)];
    },
  })),
  'provider.sign-keeps-target': broken((good) => ({
    sign: async (request, attempt) => {
      await good.sign(request, attempt);
      request.path += '&signed=1';
    },
  })),
  'provider.sign-follows-rotation': broken((good, config, host) => {
    let first: string | undefined;
    return {
      sign: async (request, attempt) => {
        await host.secret(config.apiKey);
        first ??= config.apiKey.peek();
        await good.sign(request, attempt);
        request.headers = request.headers.map((text) => (text.startsWith('Bearer ') ? `Bearer ${first}` : text));
      },
    };
  }),
  'provider.sign-uses-its-secrets': broken((good) => ({
    async sign(request, attempt) {
      await good.sign(request, attempt);
      request.headers = request.headers.map((text) => (text.startsWith('Bearer ') ? 'Bearer [secret]' : text));
    },
  })),
  'provider.sign-fails-coded': broken((good, config) => ({
    sign: async (request, attempt) => {
      if (config.apiKey.peek() === undefined) throw new TypeError('no key');
      await good.sign(request, attempt);
    },
  })),
  'provider.sign-tells-nobody': broken((good, config, host) => ({
    sign: async (request, attempt) => {
      host.log.info({ key: config.apiKey.peek() }, 'signing');
      await good.sign(request, attempt);
    },
  })),
  'provider.rejected-pure': broken(() => ({ rejected: ({ status }) => (status === 401 || status === 429 ? 'credential' : undefined) })),
  'provider.rejected-samples': { ...providerSubject, rejections: [{ reply: reply(403), is: 'credential' }] },
  'provider.models-coded': broken((_, __, host) => ({
    models: async (signal) => {
      await host.fetch({ method: 'GET', origin: 'https://api.acme.example', path: '/v1/models', headers: [], body: undefined }, signal);
      return [];
    },
  })),
  'provider.close-twice': broken(() => {
    let closed = false;
    return {
      close: async () => {
        if (closed) throw new Error('closed already');
        closed = true;
      },
    };
  }),
});
const value = (text: string | undefined): string => {
  if (text === undefined)
    throw Object.assign(new Error('no key'), { name: 'GatewayError', code: 'upstream_credentials_unavailable' satisfies keyof typeof CODES });
  return `Bearer ${text}`;
};
