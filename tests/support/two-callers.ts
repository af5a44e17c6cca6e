import { type Bench, openBench } from './gateway.ts';
import { ask, codeOf, type Got } from './raw.ts';

/** One gateway, and the keys of two callers who may use stored objects. */
export interface TwoCallers {
  readonly bench: Bench;
  readonly mine: string;
  readonly theirs: string;
}
export const openTwoCallers = async (): Promise<TwoCallers> => {
  const bench = await openBench({ sections: { policies: [{ match: {}, allow: { classes: ['inference', 'models', 'stateful'] } }] } });
  return { bench, mine: await bench.makeKey({ name: 'mine' }), theirs: await bench.makeKey({ name: 'theirs' }) };
};
/** An object goes as JSON, a text as it is. */
export const callAs = (url: string, key: string, method: string, path: string, body?: string | object, type = 'application/json'): Promise<Got> =>
  ask(url, {
    method,
    path,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
export const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;
export const NOT_YOURS = '404 invalid_request';
export const BASES = ['/openai/main/v1', '/transparent/main/v1'] as const;
