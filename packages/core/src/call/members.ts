import type { Json } from '@llm-proxy-auth/plugin';

const isObject = (value: Json): value is Readonly<Record<string, Json>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A body with what the configuration of an instance wants in it: lists are joined, everything else takes the place of what was there. */
export const withMembers = (body: Json, members: Readonly<Record<string, Json>> | undefined): Json => {
  if (members === undefined || !isObject(body)) return body;
  const whole: Record<string, Json> = { ...body };
  for (const [name, wanted] of Object.entries(members)) {
    const there = whole[name];
    whole[name] = Array.isArray(there) && Array.isArray(wanted) ? [...new Set([...(there as Json[]), ...(wanted as Json[])])] : wanted;
  }
  return whole;
};
