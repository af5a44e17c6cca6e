import { asText, type Finish, GatewayError, type Json } from '@llm-proxy-auth/plugin';
import { isFinished } from './candidates.ts';

/** Reasons that say the content was stopped for what it is. */
const FILTERED = ['SAFETY', 'RECITATION', 'LANGUAGE', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'MODEL_ARMOR', 'JAILBREAK'];
const FILTERED_IMAGES = ['IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION'];
const READ: Readonly<Record<string, Finish>> = Object.freeze({
  STOP: 'stop',
  MAX_TOKENS: 'length',
  // The limit of one request is reached; the vendor's own clients go on with the token that the answer keeps.
  CONTINUATION: 'length',
  ...Object.fromEntries([...FILTERED, ...FILTERED_IMAGES].map((word) => [word, 'filter' as const])),
});
/** Not an answer: the model called a tool in a way that nobody can carry out. */
const BROKEN: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
  'MALFORMED_RESPONSE',
]);
/** A reason that is not known counts as `stop`; the answer keeps the word itself. */
export const readFinish = (wire: Json, calls: boolean): Finish => {
  const finish = READ[asText(wire) ?? ''] ?? 'stop';
  return finish === 'stop' && calls ? 'tool' : finish;
};
/** False for a reason that other dialects have no word for, so that it counts as `stop`. */
export const isKnownWord = (wire: Json): boolean => READ[asText(wire) ?? ''] !== undefined;
/** Throws `upstream_bad_response` for an answer that clients of other dialects would take for a silent end, or for a whole one. */
export const refuseBroken = (wire: Json, message: Json): void => {
  const word = asText(wire) ?? '';
  if (!isFinished({ finishReason: wire })) throw new GatewayError('upstream_bad_response', 'The provider did not say why its answer ended.');
  if (BROKEN.has(word))
    throw new GatewayError('upstream_bad_response', `The model ended its answer with ${word}${asText(message) === undefined ? '' : `: ${asText(message)}`}.`);
};

const WRITE: Readonly<Record<Finish, string>> = Object.freeze({
  stop: 'STOP',
  length: 'MAX_TOKENS',
  tool: 'STOP',
  filter: 'SAFETY',
  refusal: 'SAFETY',
  pause: 'STOP',
  context: 'MAX_TOKENS',
});
/** Reasons that another word stands for. */
const OTHERS: ReadonlySet<Finish> = new Set(['refusal', 'pause', 'context']);
export const writeFinish = (finish: Finish): string => WRITE[finish];
export const isOtherWord = (finish: Finish): boolean => OTHERS.has(finish);
/** The vendor's own word, where the conversation has another one for it. */
export const ownWord = (wire: Json, calls: boolean): string | undefined => {
  const word = asText(wire);
  return word === undefined || WRITE[readFinish(word, calls)] === word ? undefined : word;
};
