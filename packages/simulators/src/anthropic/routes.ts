import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import type { Fields } from './check.ts';
import type { Context } from './context.ts';
import type { Reading } from './messages-check.ts';
import { notFound, Refusal } from './refusal.ts';

/** A request as an endpoint sees it. */
export type Asked = {
  readonly call: Context;
  readonly request: CapturedRequest;
  readonly reading: Reading;
  /** Decoded path parameters in order. */
  readonly params: readonly string[];
  readonly query: URLSearchParams;
};

export type Reply = {
  readonly type: string;
  readonly body: Answer['body'];
  /** Input tokens, for the headers of the rate limit; undefined where there are none. */
  readonly inputTokens?: number;
};

export type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `/v1/models/{id}`; a name in braces is one segment. */
  readonly path: string;
  readonly handle: (asked: Asked) => Reply;
};

/** JSON as the service writes it: without spaces. */
export const compact = (value: Fields): Buffer => Buffer.from(JSON.stringify(value));

export const jsonReply = (value: Fields, inputTokens?: number): Reply => ({
  type: 'application/json',
  body: compact(value),
  ...(inputTokens === undefined ? {} : { inputTokens }),
});

const decodedSegment = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

const paramsOf = (pattern: string, path: string): string[] | undefined => {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (!segment.startsWith('{')) {
      if (segment !== value) return undefined;
    } else if (value === '') return undefined;
    else params.push(decodedSegment(value));
  }
  return params;
};

/** The route for a method and raw path, or the service's 404 or 405. Literal segments come before parameters in the list. */
export const findRoute = (routes: readonly Route[], method: string, path: string): { route: Route; params: string[] } => {
  const known = routes.flatMap((route) => {
    const params = paramsOf(route.path, path);
    return params === undefined ? [] : [{ route, params }];
  });
  if (known.length === 0) throw notFound('Not found');
  const found = known.find(({ route }) => route.method === method);
  if (found === undefined) throw new Refusal(405, 'invalid_request_error', 'Method Not Allowed');
  return found;
};
