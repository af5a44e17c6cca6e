import { Buffer } from 'node:buffer';
import { asText, type DocumentPart, type Fields, type Lost, type Media, type MediaPart, typeOfBytes, unsupported } from '@llm-proxy-auth/plugin';

/** The media of a source with this type; undefined for one that only this vendor understands. */
export const readSource = (source: Fields): Media | undefined => {
  const data = asText(source.data);
  if (source.type === 'base64' && data !== undefined) return { base64: data, type: asText(source.media_type) ?? '' };
  if (source.type === 'text' && data !== undefined) return { base64: Buffer.from(data).toString('base64'), type: asText(source.media_type) ?? 'text/plain' };
  if (source.type === 'url' && asText(source.url) !== undefined) return { url: asText(source.url) ?? '' };
  return source.type === 'file' && asText(source.file_id) !== undefined ? { file: asText(source.file_id) ?? '' } : undefined;
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
const plainText = (base64: string, type: string, lost: Lost): Fields => {
  const bytes = Buffer.from(base64, 'base64');
  const data = bytes.toString('utf8');
  if (!Buffer.from(data).equals(bytes)) throw unsupported('turns.parts.media', 'A document of text must be UTF-8.');
  if (type !== 'text/plain') lost('turns.parts.media', `text of type ${type} is plain text here`, 'emulated');
  return { type: 'text', media_type: 'text/plain', data };
};
export const writeDocument = (part: DocumentPart, mine: boolean, lost: Lost): Fields => {
  const { media } = part;
  if (!('base64' in media)) {
    if (mine) return 'url' in media ? { type: 'url', url: media.url } : { type: 'file', file_id: media.file };
    return outside(media, 'turns.parts.media');
  }
  if (TEXTS.test(media.type)) return plainText(media.base64, media.type, lost);
  if (!mine && media.type !== 'application/pdf') throw unsupported('turns.parts.media', `The provider takes no documents of type ${media.type || 'unknown'}.`);
  return { type: 'base64', media_type: media.type, data: media.base64 };
};
