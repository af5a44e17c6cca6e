import { createHash, randomBytes } from 'node:crypto';
import type { Job } from './async-invoke.ts';
import type { Models } from './models.ts';
import { type OpenaiSurface, openaiSurface } from './openai.ts';
import { refuse } from './refusal.ts';
import { promptTokens, type Talk } from './talk.ts';

/** What the operations share. One for each simulator. */
export type Context = {
  /** Unix milliseconds. */
  now(): number;
  readonly region: string;
  readonly models: Models;
  readonly openai: OpenaiSurface;
  /** The prefix and 22 characters, never the same twice. */
  id(prefix: string): string;
  requestId(): string;
  /** The member `p`: as many letters of the alphabet as the service takes to hide the sizes of events. */
  padding(): string;
  /** Throws the refusal of a prompt longer than the window, in the words of the model's family. */
  checkLength(talk: Talk): void;
  /** Asynchronous invocations by ARN. */
  readonly jobs: Map<string, Job>;
  /** Prefixes that the prompt cache holds. */
  readonly cached: Set<string>;
};

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const tooLong = {
  nova: 'The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.',
  other: 'Input is too long for requested model.',
};

export const context = (models: Models, region: string, now: () => number, contextTokens = Number.POSITIVE_INFINITY, mantle = false): Context => {
  const seed = randomBytes(16);
  let serial = 0;
  const next = (): Buffer => {
    serial += 1;
    return createHash('sha256').update(seed).update(String(serial)).digest();
  };
  return {
    now,
    region,
    models,
    openai: openaiSurface(now, mantle),
    id: (prefix) => prefix + next().toString('base64url').replaceAll('-', 'A').replaceAll('_', 'B').slice(0, 22),
    requestId: () =>
      next()
        .toString('hex')
        .slice(0, 32)
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    padding: () => alphabet.slice(0, 1 + ((next()[0] ?? 0) % alphabet.length)),
    checkLength: (talk) => {
      if (promptTokens(talk) > contextTokens) throw refuse.validation(talk.model.family === 'nova' ? tooLong.nova : tooLong.other);
    },
    jobs: new Map(),
    cached: new Set(),
  };
};
