import { Buffer } from 'node:buffer';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { asFlag, asList, asNumber, asText, type Json, type Origin, some } from '@llm-proxy-auth/plugin';

/** Thinking that its vendor signed, and its place in the message that it belongs to. */
export interface Signed {
  readonly text: string;
  readonly redacted: boolean;
  readonly origin: Origin;
  /** UTF-16 units of the content in front of it. */
  readonly from: number;
  /** Tool calls in front of it. */
  readonly before: number;
}
/** What one carrier holds. */
export interface Carried {
  /** The model that was asked: no other gets it back. */
  readonly model: string;
  readonly thinking: readonly Signed[];
  /** Of the tool call that carries it. */
  readonly call?: Origin | undefined;
}

/** What records look like, so that they cost next to nothing in an id. To change it is to change what ids begin with. */
const DICTIONARY = Buffer.from(
  [
    '["us.anthropic.claude-haiku-opus-4-sonnet-4-5-20250929-v1:0",[["gemini","converse","{\\"redactedContent\\":\\"\u0000\\"}"',
    '{\\"type\\":\\"redacted_thinking\\",\\"data\\":\\"\u0000\\"}","{\\"thoughtSignature\\":\\"\u0000\\"}"',
    '["claude-",[["",false,0,0,["converse","{\\"signature\\":\\"\u0000\\"}",1]]]]',
    '["claude-",[["",false,0,0,["anthropic","{\\"type\\":\\"thinking\\",\\"thinking\\":\\"\\",\\"signature\\":\\"\u0000\\"}",1]]]]',
  ].join(''),
);
/** Signatures are base64, which shrinks by a quarter as bytes and hardly at all as text. */
const BASE64 = /[A-Za-z0-9+/]{24,}={0,2}/g;
/** Stands in the text for one of them; JSON never holds it. */
const HOLE = '\u0000';
const MOST_TEXT = 64 * 1024 * 1024;

const lengthBytes = (length: number): readonly number[] => (length < 128 ? [length] : [(length % 128) + 128, ...lengthBytes(Math.floor(length / 128))]);
const withLength = (bytes: Uint8Array): readonly Uint8Array[] => [Uint8Array.from(lengthBytes(bytes.length)), bytes];
/** Pieces that were written by `withLength`. Throws when the last is cut. */
const pieces = (bytes: Uint8Array): readonly Uint8Array[] => {
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('A length is cut.');
      length += (byte % 128) * scale;
      if (byte < 128) break;
    }
    if (at + length > bytes.length) throw new RangeError('A piece is cut.');
    out.push(bytes.subarray(at, at + length));
    at += length;
  }
  return out;
};

/** `asked`: the model of the record, which mostly is that of the origin too. */
const writeOrigin = ({ dialect, model, payload }: Origin, asked: string): Json => [
  dialect,
  payload.json,
  ...(model === undefined ? [] : [model === asked ? 1 : model]),
];
const readOrigin = (wire: Json, asked: string): Origin => {
  const [dialect, json, model] = asList(wire);
  return { dialect: asText(dialect) ?? '', payload: { json: asText(json) ?? '' }, ...some('model', model === 1 ? asked : asText(model)) };
};
/** As few bytes as it takes: ids have room for about 320. */
export const encode = ({ model, thinking, call }: Carried): Uint8Array => {
  const list = thinking.map(({ text, redacted, origin, from, before }) => [text, redacted, from, before, writeOrigin(origin, model)]);
  const json = JSON.stringify([model, list, ...(call === undefined ? [] : [writeOrigin(call, model)])]);
  const binary: Uint8Array[] = [];
  const text = json.replace(BASE64, (found) => {
    const bytes = Buffer.from(found, 'base64');
    if (bytes.toString('base64') !== found) return found;
    binary.push(bytes);
    return HOLE;
  });
  return Buffer.concat([deflateRawSync(text, { dictionary: DICTIONARY }), ...binary].flatMap(withLength));
};
/** Undefined for bytes that `encode` did not make. */
export const decode = (bytes: Uint8Array): Carried | undefined => {
  try {
    const [packed, ...binary] = pieces(bytes);
    if (packed === undefined) return undefined;
    const holed = inflateRawSync(packed, { dictionary: DICTIONARY, maxOutputLength: MOST_TEXT }).toString();
    let next = 0;
    const [named, list, call] = asList(JSON.parse(holed.replaceAll(HOLE, () => Buffer.from(binary[next++] ?? '').toString('base64'))));
    const model = asText(named) ?? '';
    const thinking = asList(list).map((entry): Signed => {
      const [text, redacted, from, before, origin] = asList(entry);
      return {
        text: asText(text) ?? '',
        redacted: asFlag(redacted) ?? false,
        origin: readOrigin(origin, model),
        from: asNumber(from) ?? 0,
        before: asNumber(before) ?? 0,
      };
    });
    return { model, thinking, ...(call === undefined ? {} : { call: readOrigin(call, model) }) };
  } catch {
    return undefined;
  }
};
