import assert from 'node:assert/strict';
import type { Ask, Capabilities, Endpoint } from '@llm-proxy-auth/plugin';
import { configurationOf } from './configuration.ts';
import { asksOf, hasDefault, hasField, makeProvider, type ProviderSubject } from './provider-subject.ts';
import { atAnotherMoment, deepFreeze } from './purity.ts';
import type { Rule } from './runner.ts';

const origin = /^https?:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?$|^https?:\/\/\[[0-9a-f:]+\](:[0-9]{1,5})?$/;
const capabilityTypes: Readonly<Record<Exclude<keyof Capabilities, 'webSearch'>, 'boolean' | 'number' | 'string'>> = {
  tools: 'boolean',
  parallelTools: 'boolean',
  forcedTool: 'boolean',
  images: 'boolean',
  documents: 'boolean',
  audioIn: 'boolean',
  audioOut: 'boolean',
  jsonSchema: 'string',
  sampling: 'boolean',
  choices: 'number',
  logprobs: 'number',
  reasoning: 'boolean',
  cache: 'boolean',
  stopSequences: 'number',
};
const endpoints = async (subject: ProviderSubject): Promise<readonly (readonly [Ask, Endpoint])[]> => {
  const { provider } = await makeProvider(subject);
  return asksOf(subject).flatMap((ask) => {
    const endpoint = provider.endpoint(ask);
    return endpoint === undefined ? [] : [[ask, endpoint] as const];
  });
};

/** A host matches a pattern of `reaches`; `*` stands for one or more labels or a part of one. */
export const reached = (patterns: readonly string[], host: string): boolean =>
  patterns.some((pattern) =>
    new RegExp(
      `^${pattern
        .split('*')
        .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('[a-z0-9.-]+')}$`,
    ).test(host.toLowerCase()),
  );

const hostile = ['../../secret', 'a?b=c', 'a#b', 'a/../../b', 'a b', 'a\\b', 'a\r\nx-injected: 1'];

export const endpointRules: readonly Rule<ProviderSubject>[] = [
  {
    id: 'provider.base-shape',
    says: 'base is an origin without path, a path and a prefix without trailing slash; region and errors are named',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      assert.match(provider.base.origin, origin, 'base.origin is scheme, host and port alone');
      for (const part of [provider.base.path, provider.base.prefix])
        assert.match(part, /^(\/[^/?#\s]+)*$/, `${part} is empty or starts with a slash and ends without one`);
      assert.notEqual(provider.region, '', 'region is named');
      assert.match(provider.errors, /^[a-z][a-z0-9-]{1,31}$/, 'errors names a dialect');
    },
  },
  {
    id: 'provider.base-from-config',
    says: 'a configured baseUrl decides origin and path',
    absent: (subject) => (hasField(subject, 'baseUrl') ? undefined : 'its configuration has no baseUrl'),
    async check(subject) {
      const { provider } = await makeProvider(subject, { baseUrl: 'https://upstream.example:8443/custom/v9' });
      assert.equal(provider.base.origin, 'https://upstream.example:8443');
      assert.equal(provider.base.path, '/custom/v9');
    },
  },
  {
    id: 'provider.endpoint-offers-something',
    says: 'at least one operation has an endpoint',
    async check(subject) {
      assert.notEqual((await endpoints(subject)).length, 0, 'every ask was answered with undefined');
    },
  },
  {
    id: 'provider.endpoint-shape',
    says: 'an endpoint has a method, a path below the base and whole capabilities',
    async check(subject) {
      for (const [ask, endpoint] of await endpoints(subject)) {
        const at = `${ask.dialect} ${ask.surface}`;
        assert.match(endpoint.method, /^[A-Z]+$/, `${at}: method`);
        assert.match(endpoint.path, /^\/[^#\s]*$/, `${at}: path starts with a slash`);
        assert.notEqual(endpoint.dialect, '', `${at}: dialect`);
        assert.notEqual(endpoint.surface, '', `${at}: surface`);
        if (endpoint.origin !== undefined) assert.match(endpoint.origin, origin, `${at}: origin`);
        for (const [name, type] of Object.entries(capabilityTypes)) {
          assert.equal(typeof endpoint.capabilities[name as keyof Capabilities], type, `${at}: capabilities.${name} is a ${type}`);
        }
        assert.ok(['undefined', 'boolean'].includes(typeof endpoint.capabilities.webSearch), `${at}: capabilities.webSearch is a boolean or left out`);
      }
    },
  },
  {
    id: 'provider.endpoint-is-pure',
    says: 'the same ask gives the same endpoint, whatever was asked between and whatever the time',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      const asks = deepFreeze([...asksOf(subject)]);
      const first = asks.map((ask) => atAnotherMoment(1, () => provider.endpoint(ask)));
      const again = asks.toReversed().map((ask) => atAnotherMoment(2, () => provider.endpoint(ask)));
      assert.deepEqual(again.toReversed(), first);
    },
  },
  {
    id: 'provider.endpoint-serves-any-client',
    says: 'a translatable operation that has an endpoint has one for clients of dialects the provider has never heard of',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      for (const [ask, endpoint] of await endpoints(subject)) {
        if (ask.operation === 'opaque' || ask.operation === 'models') continue;
        const foreign = provider.endpoint({ ...ask, dialect: 'unheard-of', surface: 'unheard-of', route: '/unheard-of' });
        assert.equal(foreign?.dialect, endpoint.dialect, `${ask.operation} from another dialect`);
      }
    },
  },
  {
    id: 'provider.endpoint-refuses-unknown',
    says: 'a pass-through surface it does not know has no endpoint',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      const unknown = {
        operation: 'opaque',
        surface: 'unheard-of',
        dialect: 'unheard-of',
        method: 'POST',
        route: '/unheard-of',
        model: '',
        stream: false,
      } as const;
      assert.equal(provider.endpoint(unknown), undefined);
    },
  },
  {
    id: 'provider.endpoint-encodes-model',
    says: 'a model name never adds a segment, a query or a line to the path',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      for (const ask of asksOf(subject)) {
        const plain = provider.endpoint({ ...ask, model: 'plain' });
        if (plain === undefined) continue;
        for (const model of hostile) {
          const path = pathFor(() => provider.endpoint({ ...ask, model })?.path);
          if (path === undefined) continue;
          assert.equal(path.split('/').length, plain.path.split('/').length, `${model} changes the segments of ${plain.path}`);
          assert.equal(path.includes('?'), plain.path.includes('?'), `${model} adds a query to ${plain.path}`);
          assert.doesNotMatch(path, /[#\s\\]/, `${model} stands unescaped in ${path}`);
        }
      }
    },
  },
  {
    id: 'provider.reaches-covers-hosts',
    says: 'every host it goes to by itself is named in the manifest',
    async check(subject) {
      const { provider, host, config } = await makeProvider(subject);
      const configured = configuredHosts(subject, config);
      await provider.models?.(AbortSignal.timeout(5000)).catch(() => undefined);
      const origins = [
        provider.base.origin,
        ...(await endpoints(subject)).flatMap(([, endpoint]) => endpoint.origin ?? []),
        ...host.fetched.map(({ request }) => request.origin),
      ];
      for (const name of origins.map((text) => new URL(text).hostname)) {
        assert.ok(configured.includes(name) || reached(subject.reaches, name), `${name} is not among reaches: ${subject.reaches.join(', ') || 'none'}`);
      }
    },
  },
];

/** A host the user wrote is the user's choice; a default of the schema is not. */
const configuredHosts = (subject: ProviderSubject, config: Readonly<Record<string, unknown>>): readonly string[] => {
  const { baseUrl } = config;
  const standard = configurationOf(subject.factory.config).baseUrl;
  const chosen = baseUrl !== standard || !hasDefault(subject, 'baseUrl');
  return typeof baseUrl === 'string' && chosen ? [new URL(baseUrl).hostname] : [];
};
/** A provider may also refuse a model name outright. */
const pathFor = (f: () => string | undefined): string | undefined => {
  try {
    return f();
  } catch {
    return undefined;
  }
};
