import type { Reach, Route } from '@llm-proxy-auth/plugin';

type Options = Omit<Route, 'method' | 'pattern'>;
/** A route with and without `/v1`: users write the base URL both ways. */
export const route = (method: string, pattern: string, options: Options = {}): readonly Route[] => [
  { method, pattern, ...options },
  { method, pattern: `/v1${pattern}`, ...options },
];
export const MODELS: Reach = Object.freeze({ class: 'models' });
