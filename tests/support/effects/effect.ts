import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, request } from 'undici';
import { vi } from 'vitest';
import { type Bench, openBench, type Wanted } from '../gateway.ts';
import { installed } from '../installed.ts';

export const MODEL = 'gpt-4o-mini';
export const CHAT = '/openai/main/v1/chat/completions';
export const HOUSE = '@acme/provider-house';
const house = installed('house', HOUSE);
const gate = installed('../support/gate', '@acme/auth-gate');
export const removeHouse = (): void => {
  house.remove();
  gate.remove();
};
export const withHouse = { plugins: [HOUSE], pluginRoots: [house.root] };
/** A second factor, and `gate.keep`, which encrypts. */
export const withGate = { plugins: ['@acme/auth-gate'], pluginRoots: [gate.root] };
export const pem = (name: string): string => readFileSync(new URL(`../../../packages/core/test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8');

/** Waits until it throws no more. `expect.poll` belongs to the test that runs, and of tests that run at once that may be none. */
export const until = (holds: () => unknown): Promise<unknown> => vi.waitFor(holds, { timeout: 15_000, interval: 20 });

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly code: unknown;
}
/** What a test of one key has: gateways that end with it, and requests to them. */
export interface Stage {
  open(wanted?: Wanted): Promise<Bench>;
  /** Ends something after the test. */
  after(end: () => unknown): void;
  /** Opens a gateway that must refuse to start; the codes of its problems. */
  refused(wanted: Wanted): Promise<readonly string[]>;
}
/** By path of the configuration's schema: a test that sets it to something else than its default and sees the difference. */
export type Effects = Readonly<Record<string, (stage: Stage) => Promise<void>>>;

export const openStage = (): { readonly stage: Stage; close(): Promise<void> } => {
  const ends: (() => unknown)[] = [];
  const open = async (wanted: Wanted = {}): Promise<Bench> => {
    const bench = await openBench({ ...wanted, sections: { retry: { attempts: 1 }, ...wanted.sections } });
    ends.push(() => bench.close());
    return bench;
  };
  return {
    stage: {
      open,
      after: (end) => void ends.push(end),
      async refused(wanted) {
        try {
          await open(wanted);
        } catch (error) {
          if (!(error instanceof Error) || !('problems' in error)) throw error;
          return (error.problems as { readonly code: string }[]).map((p) => p.code);
        }
        throw new Error('the gateway started');
      },
    },
    async close() {
      for (const end of ends.reverse()) await end();
    },
  };
};

export interface Sent {
  readonly key?: string;
  readonly body?: object | string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly dispatcher?: Dispatcher;
}
/** One request; POST when there is a body. */
export const call = async (url: string, { key, body, method, headers = {}, dispatcher }: Sent = {}): Promise<Answer> => {
  const answer = await request(url, {
    method: (method ?? (body === undefined ? 'GET' : 'POST')) as Dispatcher.HttpMethod,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text(), code: answer.headers['x-lpa-code'] };
};
export const chatBody = (more: object = {}): object => ({ model: MODEL, messages: [{ role: 'user', content: 'Hello' }], ...more });
export const chat = (bench: Bench, more: object = {}, sent: Sent = {}): Promise<Answer> =>
  call(bench.url + CHAT, { key: bench.key, body: chatBody(more), ...sent });
/** A client that trusts the test CA, with a certificate of its own when one is named. */
export const trusting = (stage: Stage, certificate?: string): Agent => {
  const own = certificate === undefined ? {} : { cert: pem(certificate), key: pem(`${certificate}-key`) };
  const agent = new Agent({ connect: { ca: pem('server'), ...own } });
  stage.after(() => agent.destroy());
  return agent;
};
