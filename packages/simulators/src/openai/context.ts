import { createHash, randomBytes } from 'node:crypto';
import type { HeaderPairs } from '../http/captured.ts';
import type { Models } from './models.ts';
import { refuse } from './refusal.ts';

/** What the endpoints share: the clock, ids and the models. One for each simulator. */
export type Context = {
  /** Unix seconds. */
  seconds(): number;
  /** `chatcmpl-…`: the prefix and 32 hex digits, never the same twice. */
  id(prefix: string): string;
  /** Padding of the length the service uses to hide the sizes of stream events: 1 to 16 characters. */
  obfuscation(): string;
  readonly models: Models;
  /** Throws the service's refusal for a prompt of more tokens than the window has. */
  checkLength(tokens: number, param: 'messages' | 'input'): void;
};

export const context = (models: Models, now: () => number, contextTokens = Number.POSITIVE_INFINITY): Context => {
  const seed = randomBytes(16);
  let serial = 0;
  const next = (): string => {
    serial += 1;
    return createHash('sha256').update(seed).update(String(serial)).digest('hex');
  };
  return {
    seconds: () => Math.floor(now() / 1000),
    id: (prefix) => prefix + next().slice(0, 32),
    obfuscation: () => next().slice(0, 1 + (serial % 16)),
    models,
    checkLength: (tokens, param) => {
      if (tokens <= contextTokens) return;
      const message = `This model's maximum context length is ${contextTokens} tokens. However, your ${param} resulted in ${tokens} tokens. Please reduce the length of the ${param}.`;
      throw refuse.plain(message, param, 'context_length_exceeded');
    },
  };
};

export type RateLimit = { readonly requests: number; readonly tokens: number };

/** A duration as the service writes it in `x-ratelimit-reset-*`: `6ms`, `1.5s`, `6m0s`. */
const duration = (milliseconds: number): string => {
  if (milliseconds <= 0) return '0s';
  if (milliseconds < 1000) return `${Math.ceil(milliseconds)}ms`;
  const minutes = Math.floor(milliseconds / 60_000);
  const seconds = Math.round((milliseconds % 60_000) / 10) / 100;
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
};

/** The headers the service adds to every answer, and behind its front to all. */
export const serviceHeaders = (call: Context, started: number): HeaderPairs => [
  ['openai-organization', 'simulated-organization'],
  ['openai-processing-ms', String(Math.max(1, Math.round(performance.now() - started)))],
  ['openai-version', '2020-10-01'],
  ['x-request-id', call.id('req_')],
  ['strict-transport-security', 'max-age=31536000; includeSubDomains; preload'],
  ['set-cookie', '__cf_bm=simulated; path=/; HttpOnly; Secure'],
  ['server', 'cloudflare'],
  ['cf-ray', '0000000000000000-SIM'],
  ['alt-svc', 'h3=":443"; ma=86400'],
];

/** Rate limits as if this were the only request of the minute. */
export const rateLimitHeaders = (limit: RateLimit, tokens: number): HeaderPairs => [
  ['x-ratelimit-limit-requests', String(limit.requests)],
  ['x-ratelimit-limit-tokens', String(limit.tokens)],
  ['x-ratelimit-remaining-requests', String(Math.max(0, limit.requests - 1))],
  ['x-ratelimit-remaining-tokens', String(Math.max(0, limit.tokens - tokens))],
  ['x-ratelimit-reset-requests', duration(60_000 / limit.requests)],
  ['x-ratelimit-reset-tokens', duration((60_000 * tokens) / limit.tokens)],
];
