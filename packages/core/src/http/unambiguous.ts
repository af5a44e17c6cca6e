import { GatewayError, hasRepeatedKeys, type Json, parseJson } from '@llm-proxy-auth/plugin';

/**
 * A body that a rule decides by, parsed. Readers differ in which of two members with one name they take, so a body with such
 * is refused. Throws `invalid_json` and `invalid_request`.
 */
export const readUnambiguous = (pieces: readonly Uint8Array[], maxDepth: number): Json => {
  const bytes = Buffer.concat(pieces);
  const body = parseJson(bytes, { maxDepth });
  if (hasRepeatedKeys(bytes.toString(), body)) throw new GatewayError('invalid_request', 'A key stands twice in one object of the body; write it once.');
  return body;
};
