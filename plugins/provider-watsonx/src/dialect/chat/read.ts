import { asNumber, asObject, asText, type Fields, type Finish, isObject, type Json, stringifyJson, type Usage } from '@llm-proxy-auth/plugin';
import { countOf } from '../answer.ts';
import { WATSONX } from '../words.ts';

/** Name under which members of an answer belong to this surface. */
export const CHAT = 'watsonx.chat';

const FINISHES: Readonly<Record<string, Finish>> = Object.freeze({
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool',
  time_limit: 'length',
  content_filter: 'filter',
});
/** Reasons that are no end of an answer. */
export const BROKEN: ReadonlySet<string> = new Set(['cancelled', 'error']);
/** False for a reason that nobody here knows. */
export const isKnown = (reason: string): boolean => Object.hasOwn(FINISHES, reason);
/** Why a choice ended; a reason that nobody here knows is `stop`, or `tool` when tools were called. */
export const readFinish = (wire: Json, called: boolean): Finish => {
  const known = typeof wire === 'string' ? FINISHES[wire] : undefined;
  return (known === undefined || known === 'stop') && called ? 'tool' : (known ?? 'stop');
};

/** Undefined for what is no usage; one that counts nothing is an estimate. */
export const readUsage = (wire: Json): Usage | undefined => {
  if (!isObject(wire)) return undefined;
  const [input, output] = [countOf(wire.prompt_tokens), countOf(wire.completion_tokens)];
  const raw = { json: stringifyJson(wire), dialect: WATSONX };
  return {
    input: input ?? 0,
    output: output ?? 0,
    cacheRead: 0,
    cacheWrite: 0,
    reasoning: 0,
    estimated: input === undefined && output === undefined,
    raw,
  };
};
export const NO_USAGE: Usage = Object.freeze({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });

/** Models write the arguments of a call as JSON text, and some of them that text as JSON once more. */
export const argumentsOf = (text: string): string => {
  if (text === '') return '{}';
  if (!text.startsWith('"')) return text;
  try {
    const inner: unknown = JSON.parse(text);
    return typeof inner === 'string' && inner !== '' ? inner : '{}';
  } catch {
    return text;
  }
};
/** The model that answered: `model_id`, and `model` in newer versions. */
export const modelIn = (body: Fields): string | undefined => asText(body.model_id) || asText(body.model) || undefined;
/** Epoch seconds; 0 says that it is not known. */
export const createdIn = (body: Fields): number | undefined => {
  const created = asNumber(body.created);
  return created === undefined || created === 0 ? undefined : created;
};
/** The `logprobs` member of a choice. */
export const logprobsIn = (choice: Fields): Fields => asObject(choice.logprobs) ?? {};
