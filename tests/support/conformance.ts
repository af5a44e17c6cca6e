import OpenAI, { type ClientOptions } from 'openai';
import OpenAI6 from 'openai6';
import { afterAll, afterEach, beforeAll, test } from 'vitest';
import { type Bench, openBench, type Wanted } from './gateway.ts';
import { installed } from './installed.ts';

/** Both majors of the vendor's SDK that are in the field; they differ in what they make of the same bytes. */
export const sdks = [
  ['openai 7', OpenAI],
  ['openai 6', OpenAI6 as unknown as typeof OpenAI],
] as const;

/**
 * How an answer comes to the client. `passing`: bytes of the provider; `translated`: the same provider through the
 * conversation model; `emulated`: a provider that has chat only, so every other surface is translated to it.
 */
export type Path = 'passing' | 'translated' | 'emulated';
export interface Under {
  readonly bench: Bench;
  readonly path: Path;
  /** The answer was written by the gateway, so what a provider did wrong in it must be repaired. */
  readonly repaired: boolean;
  readonly sdk: string;
  readonly Sdk: typeof OpenAI;
  /** Base URL of the instance, `/v1` included. */
  readonly base: string;
  /** A client without retries unless the options say otherwise. */
  client(options?: ClientOptions): OpenAI;
  /** A bare POST of JSON below the base, with the key of the bench. */
  post(path: string, body: object, headers?: Readonly<Record<string, string>>): Promise<Response>;
}
export interface LineOptions {
  readonly on?: readonly Path[];
  /** Lines about bytes on the wire need no SDK and run once for each path. */
  readonly wire?: true;
}
export type Line = (number: string, title: string, check: (under: Under) => Promise<void>, options?: LineOptions) => void;

const open = (path: Path, wanted: Wanted, root: string): Promise<Bench> => {
  const sections = { retry: { attempts: 1 }, ...wanted.sections };
  if (path !== 'emulated') return openBench({ ...wanted, sections, pass: path === 'passing' });
  return openBench({ ...wanted, sections, plugins: ['@acme/provider-chat-only'], pluginRoots: [root], main: { ...wanted.main, provider: 'chat-only' } });
};
const underOf = (bench: Bench, path: Path, sdk: string, Sdk: typeof OpenAI): Under => {
  const base = `${bench.url}/openai/main/v1`;
  return {
    bench,
    path,
    repaired: path !== 'passing',
    sdk,
    Sdk,
    base,
    client: (options) => new Sdk({ baseURL: base, apiKey: bench.key, maxRetries: 0, ...options }),
    post: (target, body, headers) =>
      fetch(`${base}${target}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
  };
};

/** Registers the lines of one section: each runs on the paths it names, with both SDKs, against a gateway that the section shares. */
export const conformance = (paths: readonly Path[] = ['passing', 'translated'], wanted: Wanted = {}): Line => {
  const benches = new Map<Path, Bench>();
  const chatOnly = installed('chat-only', '@acme/provider-chat-only');
  beforeAll(async () => {
    for (const path of paths) benches.set(path, await open(path, wanted, chatOnly.root));
  });
  afterEach(() => {
    for (const bench of benches.values()) bench.simulator.clear();
  });
  afterAll(async () => {
    for (const bench of benches.values()) await bench.close();
    chatOnly.remove();
  });
  return (number, title, check, { on = paths, wire } = {}) => {
    const runs = on.flatMap((path) => (wire === undefined ? sdks : sdks.slice(0, 1)).map(([sdk, Sdk]) => ({ path, sdk, Sdk })));
    test.each(runs)(`${number}. ${title} (${wire === undefined ? '$sdk, ' : ''}$path)`, async ({ path, sdk, Sdk }) => {
      const bench = benches.get(path);
      if (bench === undefined) throw new Error(`no gateway for ${path}`);
      await check(underOf(bench, path, sdk, Sdk));
    });
  };
};

export const MODEL = 'gpt-4o-mini';
export const user = (content: string) => [{ role: 'user' as const, content }];
export const chat = (content: string) => ({ model: MODEL, messages: user(content) });

/** What the call throws; fails when it does not. */
export const thrown = async (call: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
  try {
    await call;
  } catch (error) {
    return error as InstanceType<typeof OpenAI.APIError>;
  }
  throw new Error('the call succeeded');
};
/** A `fetch` for an SDK that counts its attempts. */
export const counting = () => {
  const retryCounts: (string | null)[] = [];
  const answers: Response[] = [];
  return {
    retryCounts,
    answers,
    fetch: async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      retryCounts.push(new Headers(init?.headers).get('x-stainless-retry-count'));
      const answer = await fetch(url, init);
      answers.push(answer);
      return answer;
    },
  };
};
/** The body of the latest request that the provider got. */
export const lastSent = (bench: Bench): Readonly<Record<string, unknown>> & { readonly messages: readonly Readonly<Record<string, unknown>>[] } => {
  const request = bench.simulator.requests.at(-1);
  if (request === undefined) throw new Error('nothing reached the provider');
  return request.json() as ReturnType<typeof lastSent>;
};
/** Everything an async iterable brings. */
export const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};
export const isEnvelope = (body: unknown): boolean => {
  const error = (body as { error?: Record<string, unknown> }).error;
  if (error === undefined || Object.keys(body as object).length !== 1) return false;
  const nullable = (value: unknown): boolean => value === null || typeof value === 'string';
  return typeof error.message === 'string' && typeof error.type === 'string' && nullable(error.param) && nullable(error.code);
};
/** A `fetch` that shows each piece of an answer's body as it arrives, before the SDK gets it. */
export const watching =
  (see: (text: string) => void) =>
  async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const answer = await fetch(url, init);
    const decoder = new TextDecoder();
    const watched = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        see(decoder.decode(piece, { stream: true }));
        controller.enqueue(piece);
      },
    });
    return new Response(answer.body?.pipeThrough(watched) ?? null, answer);
  };
/** What a provider says about a credential, which no client may read. */
export const PROVIDER_WORDS = 'Access denied due to invalid subscription key';
