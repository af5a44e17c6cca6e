import { asObject, defined, type Fields, type Json, type Part, parseJson, restore, some, type ToolCallPart, type ToolResultPart } from '@llm-proxy-auth/plugin';
import { ownSignature } from '../carried.ts';
import { formOf } from '../form.ts';
import { GEMINI } from '../wire.ts';
import { writeDetail, writeMedia } from './media.ts';

/** JSON as it is, undefined for what is none. */
export const jsonOf = (text: string): Json => {
  try {
    return parseJson(text === '' ? '{}' : text);
  } catch {
    return undefined;
  }
};
/** Input of a call as the object that it is here; text that is no object stands in a member of one. */
export interface Args {
  readonly fields: Fields;
  /** What it was: an object, another value of JSON, free text, or arguments that are no JSON. */
  readonly was: 'object' | 'value' | 'text' | 'broken';
}
export const argsOf = (input: ToolCallPart['input']): Args => {
  if ('text' in input) return { fields: { input: input.text }, was: 'text' };
  const value = jsonOf(input.json);
  const fields = asObject(value);
  if (fields !== undefined) return { fields, was: 'object' };
  return { fields: { input: input.json }, was: value === undefined ? 'broken' : 'value' };
};
export const signatureFields = (part: Part): Fields => some('thoughtSignature', ownSignature(part.origin));

const textOf = (parts: readonly Part[]): string => parts.map((part) => ('text' in part && typeof part.text === 'string' ? part.text : '')).join('');
const isText = (part: Part): boolean => part.kind === 'text' || part.kind === 'refusal';
/** The outcome of a call as it was spelt, as far as its text still is what it was. */
const responseOf = (part: ToolResultPart): Fields | undefined => {
  const spelt = formOf(part)?.response;
  const texts = part.parts.filter(isText);
  if (texts.length === 0 && spelt === 'absent') return undefined;
  const text = textOf(texts);
  const whole = spelt === 'object' ? asObject(jsonOf(text)) : undefined;
  return whole ?? { [part.failed ? 'error' : 'output']: text };
};
/** What the client left out was made of the place of the call. */
const idOf = (part: ToolCallPart | ToolResultPart): Fields => {
  const { id } = part;
  return formOf(part)?.unnamed === true ? {} : { id };
};
const writeCall = (part: ToolCallPart): Fields => ({
  functionCall: { ...idOf(part), name: part.name, args: argsOf(part.input).fields, ...restBeside(part.rest) },
});
/** Members that stand on the part itself, wherever its kind says the others do. */
const ON_PART: ReadonlySet<string> = new Set(['thought', 'videoMetadata', 'mediaResolution', 'partMetadata', 'mediaProcessing', 'speechMetadata']);
const restBeside = (rest: Fields | undefined): Fields => Object.fromEntries(Object.entries(rest ?? {}).filter(([key]) => !ON_PART.has(key)));
const restOn = (rest: Fields | undefined): Fields => Object.fromEntries(Object.entries(rest ?? {}).filter(([key]) => ON_PART.has(key)));
const writeResult = (part: ToolResultPart): Fields => {
  const media = part.parts.filter((one) => !isText(one)).map((one) => ownPart(one));
  return {
    functionResponse: {
      ...idOf(part),
      ...some('name', part.name ?? formOf(part)?.called),
      ...some('response', responseOf(part)),
      ...some('parts', media.length > 0 ? media : undefined),
      ...restBeside(part.rest),
    },
  };
};
const withMembers = (wire: Fields, kind: string, more: unknown): Fields =>
  asObject(more) === undefined ? wire : { [kind]: { ...(wire[kind] as Fields), ...(more as Fields) } };
const ownMedia = (part: Extract<Part, { media: unknown }>): Fields => {
  const wire = withMembers(
    withMembers(writeMedia(part, true), 'inlineData', 'base64' in part.media ? part.rest?.inlineData : undefined),
    'fileData',
    'url' in part.media ? part.rest?.fileData : undefined,
  );
  const { displayName: _name, inlineData: _inline, fileData: _file, ...rest } = part.rest ?? {};
  return { ...wire, ...(part.kind === 'document' ? {} : writeDetail(part.detail)), ...rest };
};
/** A part that was read from this dialect, without what its spelling adds. */
export const writeOwnPart = (part: Part): Fields => {
  if (part.kind === 'text' || part.kind === 'refusal') return { text: part.text, ...signatureFields(part), ...part.rest };
  if (part.kind === 'thinking') return { text: part.text, thought: true, ...signatureFields(part), ...part.rest };
  if (part.kind === 'toolCall') return { ...writeCall(part), ...signatureFields(part), ...restOn(part.rest) };
  if (part.kind === 'toolResult') return { ...writeResult(part), ...signatureFields(part), ...restOn(part.rest) };
  if (part.kind === 'opaque') return part.origin.dialect === GEMINI ? (asObject(parseJson(part.origin.payload.json)) ?? {}) : {};
  return { ...ownMedia(part), ...signatureFields(part) };
};
/** A part as its client or the vendor spelt it. */
export const ownPart = (part: Part): Fields => restore(defined(writeOwnPart(part)), formOf(part)?.left);
