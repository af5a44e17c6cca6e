import { type Capabilities, type DocumentPart, type Lost, type MediaPart, unsupported } from '@llm-proxy-auth/plugin';

type Shown = MediaPart | DocumentPart;
const CAN: Readonly<Record<Shown['kind'], keyof Capabilities>> = Object.freeze({ image: 'images', video: 'images', audio: 'audioIn', document: 'documents' });
/** Types of media that a URL alone does not say. */
const TYPES: Readonly<Record<Shown['kind'], string>> = Object.freeze({
  image: 'image/jpeg',
  video: 'video/mp4',
  audio: 'audio/mp3',
  document: 'application/pdf',
});

/**
 * The `url` of media: bytes as a data URL; an address in the form that the service has for it, which not every model takes
 * (`data:image/png;uri,https://…`). Throws `unsupported_parameter` for what the endpoint cannot have.
 */
export const urlOf = (part: Shown, capabilities: Partial<Capabilities>, lost: Lost): string => {
  if (capabilities[CAN[part.kind]] === false) throw unsupported('turns.parts.media', `The model of this call takes no ${part.kind}.`);
  const { media } = part;
  if ('file' in media) throw unsupported('turns.parts.media', `The provider of this call takes no ${part.kind} that another vendor stores; send its bytes.`);
  if ('base64' in media) return `data:${media.type};base64,${media.base64}`;
  if (media.type === undefined) lost('turns.parts.media', `the provider wants a type beside an address; ${TYPES[part.kind]} is said`, 'defaulted');
  return `data:${media.type ?? TYPES[part.kind]};uri,${media.url}`;
};
const DETAILS: ReadonlySet<string> = new Set(['auto', 'high', 'low']);
/** `AUTO`, `HIGH`, `LOW`; another word is lost. */
export const detailOf = (part: MediaPart, lost: Lost): string | undefined => {
  if (part.detail === undefined || DETAILS.has(part.detail)) return part.detail?.toUpperCase();
  lost('turns.parts.detail', 'the provider has no such detail');
  return undefined;
};
