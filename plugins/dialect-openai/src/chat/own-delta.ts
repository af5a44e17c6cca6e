import { asNumber, asObject, asText, type ChatEvent, type Fields, type Origin, parseJson, stringifyJson, unknownFields } from '@llm-proxy-auth/plugin';
import { OPENAI } from '../wire.ts';

/** Members of a piece of the answer that the conversation holds. */
const DELTA: ReadonlySet<string> = new Set('role content refusal tool_calls function_call audio annotations reasoning_content reasoning'.split(' '));

/** What a service says in a piece of the answer beyond that, such as what it found in the caller's own data. */
export const keepDelta = (choice: number, delta: Fields, emit: (e: ChatEvent) => void): void => {
  const own = unknownFields(delta, DELTA);
  if (own !== undefined) emit({ type: 'keep', origin: { dialect: OPENAI, payload: { json: stringifyJson({ choice, delta: own }) } } });
};
/** The same, for a client of this surface; undefined for what is none. */
export const keptDelta = ({ dialect, payload }: Origin): { readonly choice: number; readonly delta: Fields } | undefined => {
  const o = dialect === OPENAI ? asObject(parseJson(payload.json)) : undefined;
  const delta = asObject(o?.delta);
  return delta === undefined || asText(o?.type) !== undefined ? undefined : { choice: asNumber(o?.choice) ?? 0, delta };
};
