import { type Fields, isObject, type Json, type Ledger } from '@llm-proxy-auth/plugin';

const merged = (there: Json, wanted: Json): Json => {
  if (Array.isArray(there) && Array.isArray(wanted)) return [...new Set([...(there as Json[]), ...(wanted as Json[])])];
  return isObject(there) && isObject(wanted) ? withMembers(there, wanted) : wanted;
};
/**
 * A body with what the configuration of an instance wants in it: objects are merged and lists joined, everything else takes the
 * place of what was there.
 */
export const withMembers = (body: Json, members: Fields | undefined): Json => {
  if (members === undefined || !isObject(body)) return body;
  const whole: Record<string, Json> = { ...body };
  for (const [name, wanted] of Object.entries(members)) whole[name] = merged(whole[name], wanted);
  return whole;
};
/** A body without what the configuration of an instance keeps a client from saying, or what the model refuses. */
export const withoutMembers = (body: Json, without: readonly string[] | undefined, ledger: Ledger): Json => {
  if (without === undefined || !isObject(body)) return body;
  const left: Record<string, Json> = { ...body };
  for (const name of without) {
    if (left[name] === undefined) continue;
    delete left[name];
    ledger.note('ignored', `rest.fields.${name}`, 'the instance or its model does not take this');
  }
  return left;
};
