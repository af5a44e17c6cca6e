import type { Ask, Factory, NativeCall, NativeHead, Provider, Refusal, UpstreamReply } from '@llm-proxy-auth/plugin';
import { configurationOf, fieldOf } from './configuration.ts';
import { type FakeHost, type FakeHostOptions, fakeHost } from './fake-host.ts';

/** A transparent call that the provider must let through, and what it must say about it. */
export interface NativeSample {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly bodyModel?: string;
  readonly class: NativeCall['reach']['class'];
  /** Model the path names; left out where the body names it. */
  readonly model?: string;
}
export interface ProviderSubject {
  readonly kind: string;
  readonly factory: Factory<Provider>;
  /** Fields beyond those that `configurationOf` can invent from the schema; secrets by `secretOf`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Host patterns of the manifest. */
  readonly reaches: readonly string[];
  /** At least one. */
  readonly native: readonly NativeSample[];
  /** Asks beyond the usual ones of the known dialects. */
  readonly asks?: readonly Ask[];
  /** Headers, no credentials, that `sign` adds only where the client sends none (the version of an API). */
  readonly clientChooses?: readonly string[];
  /** Answers of the vendor that `rejected` must judge so. */
  readonly rejections?: readonly { readonly reply: UpstreamReply; readonly is: ReturnType<NonNullable<Provider['rejected']>> }[];
}
export interface MadeProvider {
  readonly provider: Provider;
  readonly host: FakeHost;
  readonly config: Readonly<Record<string, unknown>>;
}
/** Makes the provider of a subject; `config` replaces single fields. */
export const makeProvider = async (
  subject: ProviderSubject,
  config: Readonly<Record<string, unknown>> = {},
  options: FakeHostOptions = {},
): Promise<MadeProvider> => {
  const host = fakeHost(options);
  const whole = configurationOf(subject.factory.config, { ...subject.config, ...config });
  return { provider: await subject.factory.create(whole, host), host, config: whole };
};
export const hasField = (subject: ProviderSubject, name: string): boolean => fieldOf(subject.factory.config, name) !== undefined;
export const hasDefault = (subject: ProviderSubject, name: string): boolean => fieldOf(subject.factory.config, name)?.default !== undefined;

const ask = (dialect: string, surface: string, operation: Ask['operation'], route: string, stream = false, method = 'POST'): Ask => ({
  dialect,
  surface,
  operation,
  route,
  stream,
  method,
  model: operation === 'models' ? '' : 'model-1',
});
/** What clients of the known dialects ask for. */
export const usualAsks: readonly Ask[] = Object.freeze([
  ask('openai', 'chat', 'chat', '/chat/completions'),
  ask('openai', 'chat', 'chat', '/chat/completions', true),
  ask('openai', 'responses', 'chat', '/responses', true),
  ask('openai', 'completions', 'chat', '/completions'),
  ask('openai', 'embeddings', 'embeddings', '/embeddings'),
  ask('openai', 'models', 'models', '/models', false, 'GET'),
  ask('anthropic', 'messages', 'chat', '/v1/messages', true),
  ask('gemini', 'generateContent', 'chat', '/v1beta/models/{model}:generateContent'),
  ask('converse', 'converse', 'chat', '/model/{model}/converse'),
]);
export const asksOf = (subject: ProviderSubject): readonly Ask[] => [...usualAsks, ...(subject.asks ?? [])];
export const headOf = (sample: Pick<NativeSample, 'method' | 'path' | 'query' | 'bodyModel'>): NativeHead => ({
  method: sample.method,
  path: sample.path,
  query: sample.query ?? '',
  headers: ['content-type', 'application/json'],
  bodyModel: sample.bodyModel,
});
export const isRefusal = (answer: NativeCall | Refusal): answer is Refusal => 'refuse' in answer;
