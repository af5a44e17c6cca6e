import { asList, isObject, type Json } from '@llm-proxy-auth/plugin';

type Names = Readonly<Record<string, string>>;
/** What a surface calls places in the conversation (`ClientHalf.names`, `ClientHalf.spellings`). */
export interface Naming {
  readonly names?: Names | undefined;
  readonly spellings?: Readonly<Record<string, readonly string[]>> | undefined;
}

const FIELD = 'rest.fields.';

/** The place itself or the nearest around it that has a name. */
const nearest = (path: string, names: Names): string | undefined => {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) if (Object.hasOwn(names, path.slice(0, end))) return path.slice(0, end);
  return undefined;
};
/** `path` itself, or the longest part of it that has a name, with what stands behind it. */
const named = (path: string, names: Names): string | undefined => {
  const head = nearest(path, names);
  return head === undefined ? undefined : `${names[head]}${path.slice(head.length)}`;
};
/**
 * A place in the conversation (`sampling.topK`, `turns.parts.rest.phase`, `rest.fields.logit_bias`) as the client calls it. `names`:
 * of its surface; a name for a place is also the beginning of the names of what stands in it. What has no name stays as it is.
 */
export const clientName = (path: string, names: Names): string => (path.startsWith(FIELD) ? path.slice(FIELD.length) : (named(path, names) ?? path));

const headOf = (name: string): string => name.slice(0, Math.max(name.search(/[.[]|$/), 1));
const holds = (body: Json, name: string): boolean => isObject(body) && Object.hasOwn(body, headOf(name));
const reaches = (at: Json, [step, ...more]: readonly string[]): boolean => {
  if (step === undefined) return true;
  const [key = '', list] = step.split('[');
  if (!isObject(at) || !Object.hasOwn(at, key)) return false;
  const inner = at[key];
  return list === undefined || more.length === 0 ? reaches(inner, more) : asList(inner).some((one) => reaches(one, more));
};
/** The same down to the member; of lists, in one of what they hold. */
const writes = (body: Json, name: string): boolean => reaches(body, name.split('.'));
/** The same by the spelling that the body uses, where there are several; the first where it uses none. */
export const writtenName = (path: string, { names = {}, spellings = {} }: Naming, body: Json): string => {
  const name = clientName(path, names);
  return writes(body, name) ? name : (spellings[name]?.find((other) => writes(body, other)) ?? name);
};

/** Kinds of parts, which end a place in the conversation (`turns.parts.document`) and, unless the surface says so, no name of a client. */
const KIND = /^((?:turns|choices|inputs)(?:\.parts)*)\.(?:text|refusal|thinking|image|audio|video|document|toolCall|toolResult|opaque)$/;
/** What a provider half notes or refuses, as the client calls it: where it stands, not what kind of part the conversation makes of it. */
export const clientPlace = (path: string, naming: Naming, body: Json): string =>
  writtenName(Object.hasOwn(naming.names ?? {}, path) ? path : path.replace(KIND, '$1'), naming, body);

const pathOf = (name: string, { names = {}, spellings = {} }: Naming): string | undefined =>
  Object.keys(names).find((path) => names[path] === name || spellings[names[path] ?? '']?.includes(name));
/**
 * What a provider's refusal names, as the client calls it: `messages[0].content` of a chat is `input` to a client of Responses: a
 * conversation is not divided alike everywhere. Undefined for what the client did not write.
 */
export const refusedName = (param: string, provider: Naming, client: Naming, body: Json): string | undefined => {
  const name = param.replace(/\.?\[\d+\]|\.\d+(?=\.|$)/g, '[]');
  for (let end = name.length; end > 0; end = Math.max(name.lastIndexOf('.', end - 1), name.lastIndexOf('[', end - 1))) {
    const path = pathOf(name.slice(0, end), provider);
    if (path === undefined) continue;
    const place = path.startsWith('turns.') ? 'turns' : nearest(path, client.names ?? {});
    const mine = place === undefined ? undefined : writtenName(place, client, body);
    return mine !== undefined && holds(body, mine) ? mine : undefined;
  }
  return holds(body, param) ? param : undefined;
};
