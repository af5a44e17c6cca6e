import {
  asFlag,
  asObject,
  asText,
  type Fields,
  GatewayError,
  invalid,
  type Json,
  type Origin,
  type Part,
  remainderOf,
  revealText,
  type Seal,
  some,
  stringifyJson,
  type ToolCallPart,
  type ToolResultPart,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { signatureOrigin, UNSIGNED } from '../carried.ts';
import { type Form, formOf, withForm } from '../form.ts';
import { GEMINI } from '../wire.ts';
import type { Names } from './call-names.ts';
import { readDetail, readMedia } from './media.ts';
import { writeOwnPart } from './write-parts.ts';

/** What reading parts depends on. */
export interface Reading {
  /** Set where a client sent them: signatures may be another vendor's, carried for it. */
  readonly seal: Seal | undefined;
  /** Who made them, where that is known. */
  readonly model: string | undefined;
  readonly names: Names;
}
/** Kinds of data, of which a part has one. */
const DATA: readonly string[] = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'audioTranscription',
];
const COMMON: readonly string[] = ['thoughtSignature', 'thought'];

const anObject = (v: Json, param: string): Fields => {
  const o = asObject(v);
  if (o === undefined) throw invalid(param, `'${param}' must be an object.`);
  return o;
};
const aText = (v: Json, param: string): string => {
  const text = asText(v);
  if (text === undefined) throw invalid(param, `'${param}' must be a string.`);
  return text;
};
const optional = <T>(v: Json, read: (v: Json) => T | undefined, param: string): T | undefined => {
  if (v === undefined || v === null) return undefined;
  const known = read(v);
  if (known === undefined) throw invalid(param, `'${param}' is of the wrong kind.`);
  return known;
};
const opaque = (wire: Fields): Part => ({ kind: 'opaque', origin: { dialect: GEMINI, payload: { json: stringifyJson(wire) } } });

/** Parts of a call that grows, and of one that is told in pieces, mean nothing to others. */
const isPiece = (call: Fields): boolean => call.partialArgs !== undefined || call.willContinue === true || typeof call.name !== 'string';
const readCall = (call: Fields, param: string, { names }: Reading): ToolCallPart => {
  const name = aText(call.name, `${param}.name`);
  const args = optional(call.args, asObject, `${param}.args`);
  const id = optional(call.id, asText, `${param}.id`);
  const rest = unknownFields(call, ['id', 'name', 'args', 'willContinue']);
  const part: ToolCallPart = {
    kind: 'toolCall',
    id: names.called(id, name),
    name,
    input: { json: args === undefined ? '{}' : stringifyJson(args) },
    ...some('rest', rest),
  };
  return id === undefined ? withForm(part, { unnamed: true }) : part;
};
/** How an outcome is spelt, and its text. */
const outcome = (response: Fields | undefined): { readonly form: Form['response']; readonly text: string | undefined } => {
  if (response === undefined) return { form: 'absent', text: undefined };
  const [key, more] = Object.keys(response);
  const value = key === undefined ? undefined : response[key];
  if (more === undefined && (key === 'output' || key === 'error') && typeof value === 'string') return { form: key, text: value };
  return { form: 'object', text: stringifyJson(response) };
};
const readResult = (wire: Fields, param: string, reading: Reading): ToolResultPart => {
  const name = optional(wire.name, asText, `${param}.name`);
  const id = optional(wire.id, asText, `${param}.id`);
  const response = optional(wire.response, asObject, `${param}.response`);
  const { form, text } = outcome(response);
  const pieces = optional(wire.parts, (v) => (Array.isArray(v) ? v : undefined), `${param}.parts`) ?? [];
  const media = pieces.map((one: Json, i): Part => readPart(one, `${param}.parts[${i}]`, reading));
  const rest = unknownFields(wire, ['id', 'name', 'response', 'parts']);
  const answered = reading.names.answered(id, name);
  const part: ToolResultPart = {
    kind: 'toolResult',
    id: answered.id,
    ...some('name', name === answered.called ? undefined : name),
    parts: [...(text === undefined ? [] : [{ kind: 'text', text } as const]), ...media],
    failed: form === 'error',
    ...some('rest', rest),
  };
  return withForm(part, { response: form, ...some('called', name), ...(id === undefined ? { unnamed: true } : {}) });
};

const restOf = (wire: Fields, kind: string, known: readonly string[] = []): Fields | undefined => unknownFields(wire, [kind, ...COMMON, ...known]);
const readText = (wire: Fields, param: string, origin: Origin | undefined): Part => {
  const text = aText(wire.text, `${param}.text`);
  const rest = restOf(wire, 'text');
  if (wire.thought !== true) return { kind: 'text', text, ...some('origin', origin), ...some('rest', rest) };
  const proof = origin === undefined ? undefined : revealText(origin);
  const thought = proof?.text ?? text;
  // What another vendor keeps to itself has no text; its proof is all there is of it.
  const redacted = thought === '' && proof !== undefined && proof.origin.dialect !== GEMINI;
  return { kind: 'thinking', text: thought, redacted, ...some('origin', proof?.origin), ...some('rest', rest) };
};
const withMarks = <P extends Part>(part: P, wire: Fields, kind: string, origin: Origin | undefined): P => {
  const rest = {
    ...(wire.thought === undefined || wire.thought === null ? {} : { thought: wire.thought }),
    ...restOf(wire, kind, ['mediaResolution']),
    ...part.rest,
  };
  const full: P = { ...part, ...some('origin', origin) };
  return Object.keys(rest).length === 0 ? full : { ...full, rest };
};
const readKind = (wire: Fields, kind: string, param: string, origin: Origin | undefined, reading: Reading): Part => {
  const at = `${param}.${kind}`;
  if (kind === 'functionCall') {
    const call = anObject(wire.functionCall, at);
    if (isPiece(call)) return opaque(wire);
    return withMarks(readCall(call, at, reading), wire, kind, origin);
  }
  if (kind === 'functionResponse') return withMarks(readResult(anObject(wire.functionResponse, at), at, reading), wire, kind, origin);
  if (kind !== 'inlineData' && kind !== 'fileData') return opaque(wire);
  const o = anObject(wire[kind], at);
  const media = readMedia(o, kind === 'inlineData');
  if (media === undefined) return opaque(wire);
  const detail = readDetail(wire.mediaResolution);
  const unknown = unknownFields(o, ['mimeType', 'data', 'fileUri', 'displayName']);
  const kept = detail === undefined && wire.mediaResolution !== undefined ? { mediaResolution: wire.mediaResolution } : {};
  const rest = { ...kept, ...(unknown === undefined ? {} : { [kind]: unknown }), ...media.rest };
  const full = {
    ...media,
    ...some('rest', Object.keys(rest).length > 0 ? rest : undefined),
    ...(detail === undefined || media.kind === 'document' ? {} : { detail }),
  };
  return withMarks(full, wire, kind, origin);
};

/** One part. Throws 400 for one that makes no sense. */
export const readPart = (value: Json, param: string, reading: Reading): Part => {
  const wire = anObject(value, param);
  const kinds = DATA.filter((kind) => wire[kind] !== undefined && wire[kind] !== null);
  const [kind] = kinds;
  const signature = optional(wire.thoughtSignature, asText, `${param}.thoughtSignature`);
  optional(wire.thought, asFlag, `${param}.thought`);
  const origin =
    signature === undefined || signature === UNSIGNED ? undefined : signatureOrigin(signature, reading.seal, reading.model, `${param}.thoughtSignature`);
  if (kind === undefined || kinds.length > 1) return opaque(wire);
  const part = kind === 'text' ? readText(wire, param, origin) : readKind(wire, kind, param, origin, reading);
  if (part.kind === 'opaque') return part;
  // A proof of another vendor is not spelt by us as the client sent it: it goes where it came from.
  const signed = origin !== undefined && origin.dialect !== GEMINI ? { ...wire, thoughtSignature: undefined } : wire;
  const left = remainderOf(writeOwnPart(part), signed);
  return left === undefined ? part : withForm(part, { ...formOf(part), left });
};
/** All parts; a provider's answer that makes no sense is `upstream_bad_response`. */
export const readParts = (list: readonly Json[], param: string, reading: Reading): readonly Part[] =>
  list.map((wire, i) => readPart(wire, `${param}[${i}]`, reading));
export const readAnswerParts = (list: readonly Json[], param: string, reading: Reading): readonly Part[] => {
  try {
    return readParts(list, param, reading);
  } catch (cause) {
    throw new GatewayError('upstream_bad_response', 'The provider answered with content that makes no sense.', { cause });
  }
};
