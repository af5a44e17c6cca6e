import { asText, type DocumentPart, defined, type Fields, type Media, type MediaPart, mediaTypeOf, some, unsupported } from '@llm-proxy-auth/plugin';

type Kind = MediaPart['kind'] | 'document';
const kindOf = (type: string | undefined): Kind => {
  const [family] = (type ?? '').split('/', 1);
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'document';
};
const RESOLUTIONS: Readonly<Record<string, string>> = Object.freeze({ MEDIA_RESOLUTION_LOW: 'low', MEDIA_RESOLUTION_HIGH: 'high' });
/** `mediaResolution` in the conversation's words; undefined where it has none for it. */
export const readDetail = (wire: unknown): string | undefined => {
  const fields = (typeof wire === 'object' && wire !== null ? wire : {}) as Fields;
  return Object.keys(fields).length === 1 ? RESOLUTIONS[asText(fields.level) ?? ''] : undefined;
};
export const writeDetail = (detail: string | undefined): Fields => {
  const level = Object.entries(RESOLUTIONS).find(([, ours]) => ours === detail)?.[0];
  return level === undefined ? {} : { mediaResolution: { level } };
};

/** `inlineData` or `fileData` as a part; undefined where its members make no sense. */
export const readMedia = (wire: Fields, inline: boolean): MediaPart | DocumentPart | undefined => {
  const type = asText(wire.mimeType);
  const data = asText(inline ? wire.data : wire.fileUri);
  if (data === undefined || (inline && type === undefined)) return undefined;
  const media: Media = inline ? { base64: data, type: type ?? '' } : { url: data, ...some('type', type) };
  const kind = kindOf(type ?? mediaTypeOf(data));
  const name = asText(wire.displayName);
  if (kind === 'document') return { kind, media, ...some('name', name) };
  return { kind, media, ...some('rest', name === undefined ? undefined : { displayName: name }) };
};
/** Clients write these so; the vendor knows others. */
const SPELT: Readonly<Record<string, string>> = Object.freeze({ 'image/jpg': 'image/jpeg', 'audio/mp3': 'audio/mpeg', 'audio/x-wav': 'audio/wav' });
/** `mine`: read from this dialect, so written as it was; else 400 `unsupported_parameter` for what the vendor does not fetch. */
export const writeMedia = (part: MediaPart | DocumentPart, mine: boolean): Fields => {
  const { media } = part;
  const displayName = part.kind === 'document' ? part.name : part.rest?.displayName;
  if ('file' in media) throw unsupported('turns.parts.media', 'The file is not stored at this provider.');
  if ('base64' in media) {
    const mimeType = mine ? media.type : (SPELT[media.type] ?? media.type);
    return { inlineData: defined({ mimeType, data: media.base64, displayName }) };
  }
  const mimeType = media.type ?? (mine ? undefined : mediaTypeOf(media.url));
  if (mimeType === undefined && !mine && media.url.startsWith('gs:')) throw unsupported('turns.parts.media', 'The provider wants the media type of the file.');
  return {
    fileData: defined({ mimeType: mimeType ?? (mine ? undefined : part.kind === 'image' ? 'image/jpeg' : undefined), fileUri: media.url, displayName }),
  };
};
