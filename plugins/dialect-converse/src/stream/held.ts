import { Buffer } from 'node:buffer';
import { asList, asObject, asText, type Fields, type Json, type Part, parseJson, some, stringifyJson, unknownFields } from '@llm-proxy-auth/plugin';
import { typeOf } from '../blocks/formats.ts';
import { CONVERSE, isEmpty } from '../wire.ts';

/** A block that only the vendor understands, or an image: it becomes a part when it is whole. */
export interface Held {
  readonly start: Fields;
  readonly deltas: Fields[];
}
const heldImage = (start: Fields, deltas: readonly Fields[]): Part => {
  const pieces = deltas.map((delta) => asObject(delta.image) ?? {});
  const sources = pieces.map((piece) => asObject(piece.source) ?? {});
  const bytes = sources.flatMap((source) => asText(source.bytes) ?? []);
  const stored = sources.map((source) => asObject(source.s3Location)).find((location) => location !== undefined);
  const type = typeOf('image', asText(start.format));
  const url = asText(stored?.uri);
  const rest = {
    ...(stored === undefined ? {} : unknownFields(stored, ['uri'])),
    ...some('error', pieces.find((piece) => piece.error !== undefined)?.error),
  };
  const media = url === undefined ? { base64: joinedBytes(bytes), type } : { url, type };
  return { kind: 'image', media, ...(isEmpty(rest) ? {} : { rest }) };
};
/** Base64 of what several pieces hold; a single one as it came. */
export const joinedBytes = (pieces: readonly string[]): string => {
  const [only = ''] = pieces;
  return pieces.length < 2 ? only : Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
};
export const heldPart = ({ start, deltas }: Held): Part => {
  const image = asObject(start.image);
  if (image !== undefined) return heldImage(image, deltas);
  return { kind: 'opaque', origin: { dialect: CONVERSE, payload: { json: stringifyJson(wholeBlock(start, deltas)) } } };
};
/** The block as it stands in an answer that comes whole. */
const wholeBlock = (start: Fields, deltas: readonly Fields[]): Fields => {
  const result = asObject(start.toolResult);
  if (result !== undefined) return { toolResult: { ...result, content: deltas.flatMap((delta) => asList(delta.toolResult)) } };
  const call = asObject(start.toolUse);
  if (call === undefined) return { start, deltas };
  const text = deltas.map((delta) => asText(asObject(delta.toolUse)?.input) ?? '').join('');
  return { toolUse: { ...call, input: text === '' ? {} : jsonOrText(text) } };
};
const jsonOrText = (text: string): Json => {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
};
