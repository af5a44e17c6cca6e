import { Buffer } from 'node:buffer';
import {
  asObject,
  asText,
  type DocumentPart,
  type Fields,
  invalid,
  isObject,
  type Json,
  type Lost,
  type Media,
  type MediaPart,
  textsOf,
  typeOfBytes,
  unknownFields,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { formOf } from '../form.ts';
import { textMember } from '../invalid.ts';

const READ: Readonly<Record<string, (source: Fields, param: string) => Media>> = Object.freeze({
  base64: (source, param) => ({ base64: textMember(source, 'data', `${param}.data`), type: asText(source.media_type) ?? '' }),
  text: (source, param) => ({
    base64: Buffer.from(textMember(source, 'data', `${param}.data`)).toString('base64'),
    type: asText(source.media_type) ?? 'text/plain',
  }),
  url: (source, param) => ({ url: textMember(source, 'url', `${param}.url`) }),
  file: (source, param) => ({ file: textMember(source, 'file_id', `${param}.file_id`) }),
});
/** The media of a source with this type; undefined for one that only this vendor understands. */
export const readSource = (source: Fields, param: string): Media | undefined => {
  const type = asText(source.type) ?? '';
  return Object.hasOwn(READ, type) ? READ[type]?.(source, param) : undefined;
};
/** Members of a text among those that a document is made of; what else one has only the vendor understands. */
const OF_TEXT: ReadonlySet<string> = new Set(['type', 'text', 'cache_control']);
export interface Texts {
  readonly texts: readonly string[];
  /** The hint behind the last of them that has one. */
  readonly hint: Json;
}
/** The texts that a document or what a search found is made of; undefined where it holds anything else. */
export const readTexts = (content: Json, param: string): Texts | undefined => {
  if (typeof content === 'string') return { texts: [content], hint: undefined };
  if (!Array.isArray(content)) throw invalid(param, `'${param}' must be a string or a list of blocks.`);
  const blocks = content.map((block: Json) => asObject(block) ?? {});
  const texts = blocks.map((block) => (block.type === 'text' && unknownFields(block, OF_TEXT) === undefined ? asText(block.text) : undefined));
  if (!texts.every((text) => text !== undefined)) return undefined;
  return { texts, hint: blocks.findLast(({ cache_control: hint }) => isObject(hint))?.cache_control };
};

const IMAGES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);
/** Clients write it so; it is no media type. */
const spelt = (type: string): string => (type === 'image/jpg' ? 'image/jpeg' : type);
/** The type that the bytes say: the provider looks at them, and refuses pictures that are said to be others. */
const pictured = (media: Extract<Media, { base64: string }>, lost: Lost): string => {
  const said = spelt(media.type);
  const type = typeOfBytes(media.base64);
  if (type === undefined || type === said || !IMAGES.has(type)) return said;
  lost('turns.parts.media', `the picture is ${type}, by its bytes`, 'emulated');
  return type;
};
const outside = (media: Extract<Media, { url: string } | { file: string }>, param: string): Fields => {
  if ('url' in media) {
    if (!media.url.startsWith('https:')) throw unsupported(param, 'The provider fetches https URLs only.');
    return { type: 'url', url: media.url };
  }
  if (!media.file.startsWith('file_')) throw unsupported(param, 'The file is not stored at this provider.');
  return { type: 'file', file_id: media.file };
};
/** What was read from this dialect is written as it was; of others' media what the provider takes, the rest is 400 `unsupported_parameter`. */
export const writeImage = (part: MediaPart, mine: boolean, lost: Lost): Fields => {
  const { media } = part;
  if ('base64' in media) {
    const type = mine ? media.type : pictured(media, lost);
    if (!mine && !IMAGES.has(type)) throw unsupported('turns.parts.media', `The provider takes no images of type ${type || 'unknown'}.`);
    return { type: 'base64', media_type: type, data: media.base64 };
  }
  if (mine) return 'url' in media ? { type: 'url', url: media.url } : { type: 'file', file_id: media.file };
  return outside(media, 'turns.parts.media');
};
const TEXTS = /^(?:text\/|application\/json$)/;
/** Text stands in a request as text. Bytes that are none cannot: nothing of a document may be replaced. */
const plainText = (base64: string, type: string, lost: Lost): string => {
  const bytes = Buffer.from(base64, 'base64');
  const data = bytes.toString('utf8');
  if (!Buffer.from(data).equals(bytes)) throw unsupported('turns.parts.media', 'A document of text must be UTF-8.');
  if (type !== 'text/plain') lost('turns.parts.media', `text of type ${type} is plain text here`, 'emulated');
  return data;
};
const blocksOf = (texts: readonly string[]): readonly Fields[] => texts.map((text) => ({ type: 'text', text }));
/** What a search found, as texts; undefined for what is no text. */
export const writeFound = ({ media, pieces }: DocumentPart, lost: Lost): readonly Fields[] | undefined =>
  'base64' in media && TEXTS.test(media.type) ? blocksOf(textsOf(plainText(media.base64, media.type, lost), pieces)) : undefined;
export const writeDocument = (part: DocumentPart, mine: boolean, lost: Lost): Fields => {
  const { media, pieces } = part;
  if (!('base64' in media)) {
    if (mine) return 'url' in media ? { type: 'url', url: media.url } : { type: 'file', file_id: media.file };
    return outside(media, 'turns.parts.media');
  }
  if (TEXTS.test(media.type)) {
    const data = plainText(media.base64, media.type, lost);
    const form = formOf(part)?.texts;
    if (form === 'one') return { type: 'content', content: data };
    return form === 'list' || pieces !== undefined
      ? { type: 'content', content: blocksOf(textsOf(data, pieces)) }
      : { type: 'text', media_type: 'text/plain', data };
  }
  if (!mine && media.type !== 'application/pdf') throw unsupported('turns.parts.media', `The provider takes no documents of type ${media.type || 'unknown'}.`);
  return { type: 'base64', media_type: media.type, data: media.base64 };
};
