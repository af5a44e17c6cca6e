import { isObject, type Json, parseJson } from '@llm-proxy-auth/plugin';

/** When a session token ends, in epoch ms; undefined where it does not say. Its signature is the vendor's to check. */
export const expiryOf = (token: string): number | undefined => {
  const claims = token.split('.')[1];
  if (claims === undefined) return undefined;
  let read: Json;
  try {
    read = parseJson(Buffer.from(claims, 'base64url'));
  } catch {
    return undefined;
  }
  const exp = isObject(read) ? read.exp : undefined;
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
};
