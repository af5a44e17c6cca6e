import {
  asList,
  asObject,
  asText,
  type EmbedReply,
  type EmbedRequest,
  type Fields,
  invalid,
  type Json,
  type Ledger,
  type Lost,
  losePart,
  type Part,
  purposeOf,
  stringifyJson,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { formOf } from '../form.ts';
import { callNames } from '../generate/call-names.ts';
import { writeMedia } from '../generate/media.ts';
import { readParts } from '../generate/read-parts.ts';
import { ownPart } from '../generate/write-parts.ts';

type Input = EmbedRequest['inputs'][number];
/** A content as an input: text where it is nothing else. */
export const readInput = (wire: Json, param: string): Input => {
  const o = asObject(wire);
  if (o === undefined || !Array.isArray(o.parts)) throw invalid(param, `'${param}' must be a content with parts.`);
  const parts = readParts(o.parts as readonly Json[], `${param}.parts`, { seal: undefined, model: undefined, names: callNames('call') });
  const [only] = parts;
  return parts.length === 1 && only?.kind === 'text' && Object.keys(only).length === 2 ? { text: only.text } : { parts };
};
/** An input as a content. Tokens of another vendor are 400 `unsupported_parameter`. */
export const writeInput = (input: Input, mine: boolean, lost: Lost): Fields => {
  if ('tokens' in input) throw unsupported('inputs.tokens', 'The provider embeds text and media, not tokens.');
  const parts: readonly Part[] = 'text' in input ? [{ kind: 'text', text: input.text }] : input.parts;
  return { parts: mine ? parts.map(ownPart) : parts.flatMap((part) => foreignInput(part, lost)) };
};
const foreignInput = (part: Part, lost: Lost): readonly Fields[] => {
  if (part.kind === 'text') return [{ text: part.text }];
  if ('media' in part) return [writeMedia(part, false)];
  losePart(part, `inputs.parts.${part.kind}`, 'the provider embeds text and media', lost);
  return [];
};
/** An answer as it came, where this very surface read it; a sum of several has none. */
export const ownAnswer = (reply: EmbedReply, surface: string): string | undefined => {
  const answer = formOf(reply)?.answer;
  return answer?.surface === surface ? stringifyJson(answer.wire) : undefined;
};
/** An input as text alone. */
export const textInput = (input: Input): string => {
  if ('text' in input) return input.text;
  const parts = 'parts' in input ? input.parts : [];
  const [only] = parts;
  if (parts.length !== 1 || only?.kind !== 'text') throw unsupported('inputs', 'An input of this provider is one text.');
  return only.text;
};

const PURPOSES: Readonly<Record<string, string>> = Object.freeze({
  RETRIEVAL_QUERY: 'query',
  RETRIEVAL_DOCUMENT: 'document',
  CLASSIFICATION: 'classification',
  CLUSTERING: 'clustering',
});
const TASKS: ReadonlySet<string> = new Set([
  ...Object.keys(PURPOSES),
  'SEMANTIC_SIMILARITY',
  'QUESTION_ANSWERING',
  'FACT_VERIFICATION',
  'CODE_RETRIEVAL_QUERY',
]);
export const readPurpose = (wire: Json): string | undefined => {
  const task = asText(wire);
  return task === undefined ? undefined : (PURPOSES[task] ?? task);
};
/** Whether inputs that are too long lose their end. */
export const readTruncate = (auto: boolean | undefined): EmbedRequest['truncate'] => (auto === undefined ? undefined : auto ? 'end' : 'none');
/** What all say alike; undefined where they do not, and each keeps its own. */
export const common = <T>(list: readonly T[]): T | undefined => (list.every((one) => one === list[0]) ? list[0] : undefined);
/** Undefined where there is no such task; nothing is assumed, as a task changes the vectors. */
const taskOf = (purpose: string | undefined, mine: boolean, lost: Lost): string | undefined => {
  if (purpose === undefined) return undefined;
  const own = purpose.toUpperCase();
  const known = TASKS.has(own) ? undefined : purposeOf(purpose);
  const task = Object.entries(PURPOSES).find(([, ours]) => ours === known)?.[0] ?? (TASKS.has(own) ? own : mine ? purpose : undefined);
  if (task === undefined) lost('purpose', 'the provider has no such task');
  return task;
};
/** A title is one of a document that is to be found, and nothing else has one. */
const titleOf = ({ title }: EmbedRequest, task: string | undefined, mine: boolean, lost: Lost): string | undefined => {
  if (title === undefined || mine || task === 'RETRIEVAL_DOCUMENT') return title;
  lost('title', 'the provider takes a title with a document that is to be found');
  return undefined;
};
/** Inputs that are too long lose their end, or fail. */
const truncates = ({ truncate }: EmbedRequest, lost: Lost): boolean | undefined => {
  if (truncate === 'start') lost('truncate', 'the provider cuts off the end alone', 'clamped');
  return truncate === undefined ? undefined : truncate !== 'none';
};
interface Options {
  readonly task: string | undefined;
  readonly title: string | undefined;
  readonly truncate: boolean | undefined;
}
/** How inputs are embedded, in the vendor's words. */
export const writeOptions = (r: EmbedRequest, mine: boolean, lost: Lost): Options => {
  // Numbers are all there is; the client half writes what its client wants.
  void r.encoding;
  const task = taskOf(r.purpose, mine, lost);
  return { task, title: titleOf(r, task, mine, lost), truncate: truncates(r, lost) };
};
/** A vector of numbers. */
export const vectorOf = (wire: Json): Float32Array | undefined => (Array.isArray(wire) ? Float32Array.from(asList(wire), Number) : undefined);
export const numbersOf = (vector: Float32Array): readonly number[] => Array.from(vector);

/** An input that was longer than the model takes: its vector is one of its beginning. */
export const noteCut = (ledger: Ledger): void => ledger.note('clamped', 'inputs', 'the provider cut an input that was too long for the model');
