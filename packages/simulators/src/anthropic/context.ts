import { createHash, randomBytes } from 'node:crypto';
import type { HeaderPairs } from '../http/captured.ts';
import { type PromptCache, promptCache } from './cache.ts';
import type { Models } from './models.ts';

/** What the endpoints share: the clock, ids, the models and what was cached. One for each simulator. */
export type Context = {
  /** Unix milliseconds. */
  now(): number;
  /** `2026-01-01T00:00:00Z`, `seconds` from now. */
  time(seconds?: number): string;
  /** `msg_01…`, `toolu_01…`, `req_011…`: the prefix and 22 letters and digits, never the same twice. */
  id(prefix: string): string;
  readonly models: Models;
  readonly cache: PromptCache;
  /** Most input tokens, where the models' own window is not meant. */
  readonly contextTokens: number | undefined;
};

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

export const context = (models: Models, now: () => number, contextTokens: number | undefined): Context => {
  const seed = randomBytes(16);
  let serial = 0;
  const next = (): Buffer => {
    serial += 1;
    return createHash('sha256').update(seed).update(String(serial)).digest();
  };
  return {
    now,
    time: (seconds = 0) => new Date(now() + seconds * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    id: (prefix) => prefix + [...next().subarray(0, 22)].map((byte) => alphabet[byte % alphabet.length]).join(''),
    models,
    cache: promptCache(now),
    contextTokens,
  };
};

/** For each minute. */
export type RateLimit = { readonly requests: number; readonly inputTokens: number; readonly outputTokens: number };

const rounded = (tokens: number): number => Math.max(0, Math.round(tokens / 1000) * 1000);

/** The headers of a limit as if this were the only request of the minute; token counts are rounded to the thousand, as the service rounds them. */
export const rateLimitHeaders = (call: Context, limit: RateLimit, inputTokens: number): HeaderPairs => {
  const one = (kind: string, most: number, remaining: number): HeaderPairs => [
    [`anthropic-ratelimit-${kind}-limit`, String(most)],
    [`anthropic-ratelimit-${kind}-remaining`, String(remaining)],
    [`anthropic-ratelimit-${kind}-reset`, call.time(1)],
  ];
  const tokens = limit.inputTokens + limit.outputTokens;
  return [
    ...one('requests', limit.requests, Math.max(0, limit.requests - 1)),
    ...one('input-tokens', limit.inputTokens, rounded(limit.inputTokens - inputTokens)),
    ...one('output-tokens', limit.outputTokens, rounded(limit.outputTokens)),
    ...one('tokens', tokens, rounded(tokens - inputTokens)),
  ];
};

/** The headers the service and its front add to every answer. */
export const serviceHeaders = (requestId: string): HeaderPairs => [
  ['request-id', requestId],
  ['anthropic-organization-id', '00000000-0000-4000-8000-000000000000'],
  ['strict-transport-security', 'max-age=31536000; includeSubDomains; preload'],
  ['server', 'cloudflare'],
  ['cf-ray', '0000000000000000-SIM'],
  ['cf-cache-status', 'DYNAMIC'],
  ['x-robots-tag', 'none'],
];
