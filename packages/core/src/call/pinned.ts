import { GatewayError, type NativeCall, pointed, type Refusal, totalLength } from '@llm-proxy-auth/plugin';
import { readUnambiguous } from '../http/unambiguous.ts';

/** Refuses a body that names another account than the instance's, 403. A body that says nothing of it passes. */
export const checkPinned = ({ pinned = {} }: NativeCall, pieces: readonly Uint8Array[], maxDepth: number): void => {
  const body = readUnambiguous(pieces, maxDepth);
  for (const [pointer, wanted] of Object.entries(pinned)) {
    const param = pointer.slice(1).replaceAll('/', '.');
    for (const found of pointed(body, pointer))
      if (found !== null && found !== wanted)
        throw new GatewayError('operation_not_allowed', `\`${param}\` names another account than that of this instance.`, { param });
  }
};
export const refusalError = ({ refuse, message, param }: Refusal): GatewayError => new GatewayError(refuse as GatewayError['code'], message, { param });
/** Refuses a body, or that there is none, when the provider's table does. */
export const checkJudged = ({ judge }: Pick<NativeCall, 'judge'>, pieces: readonly Uint8Array[], maxDepth: number): void => {
  const refusal = judge?.(totalLength(pieces) === 0 ? undefined : readUnambiguous(pieces, maxDepth));
  if (refusal !== undefined) throw refusalError(refusal);
};
/** The query with what goes along where the client sends none of that name. */
export const withQuery = (query: string, added: NativeCall['query']): string => {
  if (added === undefined) return query;
  const sent = new URLSearchParams(query);
  const missing = Object.entries(added).filter(([name]) => !sent.has(name));
  return [...(query === '' ? [] : [query]), ...missing.map(([name, value]) => `${name}=${encodeURIComponent(value)}`)].join('&');
};
