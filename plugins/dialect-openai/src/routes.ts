import type { Reach, Route } from '@llm-proxy-auth/plugin';

type Options = Omit<Route, 'method' | 'pattern'>;
/** A route with and without `/v1`: users write the base URL both ways. */
export const route = (method: string, pattern: string, options: Options = {}): readonly Route[] => [
  { method, pattern, ...options },
  { method, pattern: `/v1${pattern}`, ...options },
];
export const INFERENCE: Reach = Object.freeze({ class: 'inference' });
export const MODELS: Reach = Object.freeze({ class: 'models' });
/** Cursor lists: `has_more`, and `after` with the last id. */
const PAGE = Object.freeze({ after: 'after', more: '/has_more' });
interface Ids {
  /** Route parameters (`{id}`) and pointers into the body that the caller must own. */
  readonly uses?: readonly string[];
  /** Pointers into the reply whose values become the caller's. */
  readonly makes?: readonly string[];
  /** Pointer to the list in the reply that is cut to the caller's own. */
  readonly list?: string;
  readonly modelElsewhere?: boolean;
  readonly free?: boolean;
}
/** Reach of an object that belongs to whoever created it. */
export const stateful = ({ uses = [], makes = [], list, modelElsewhere, free }: Ids): Reach => ({
  class: 'stateful',
  ids: { request: uses, reply: makes, list, page: list === undefined ? undefined : PAGE },
  modelElsewhere,
  free,
});
