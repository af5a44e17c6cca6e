import {
  asObject,
  asText,
  type Building,
  type Fields,
  invalid,
  type Kept,
  type Media,
  type MediaPart,
  type Part,
  parseJson,
  stringifyJson,
  typeOfBytes,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { type Marking, readBreakpoint, writeBreakpoint } from '../breakpoints.ts';
import { hintOf } from '../hint.ts';
import { OPENAI } from '../wire.ts';
import { formOf, withForm } from './form.ts';

const DATA_URL = /^data:([^;,]*)(?:;[^;,]*)*;base64,/;
const HEAD = 256;
/** `data:image/png;base64,…` as base64 and type; undefined for any other URL. Only the head is matched: the rest may be 10 MB. */
export const fromDataUrl = (url: string): { readonly base64: string; readonly type: string } | undefined => {
  const head = DATA_URL.exec(url.slice(0, HEAD));
  return head === null ? undefined : { base64: url.slice(head[0].length), type: head[1] ?? '' };
};
const dataUrl = (type: string, base64: string): string => `data:${type};base64,${base64}`;
const AUDIO_TYPES: Readonly<Record<string, string>> = Object.freeze({ wav: 'audio/wav', mp3: 'audio/mpeg', pcm16: 'audio/pcm' });
const AUDIO_FORMATS: Readonly<Record<string, string>> = Object.freeze({
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/pcm': 'pcm16',
});
/** MIME type of an audio `format`. */
export const audioType = (format: string): string => AUDIO_TYPES[format] ?? `audio/${format}`;
const audioFormat = (type: string): string => AUDIO_FORMATS[type] ?? type.replace(/^audio\//, '');

const KNOWN: Readonly<Record<string, ReadonlySet<string>>> = Object.freeze(
  Object.fromEntries(
    Object.entries({ text: 'text', refusal: 'refusal', image_url: 'image_url', input_audio: 'input_audio', file: 'file', video_url: 'video_url' }).map(
      ([type, member]) => [type, new Set(['type', member, 'prompt_cache_breakpoint'])],
    ),
  ),
);
const keptOf = (p: Fields, type: string): Pick<Kept, 'cache' | 'rest'> => {
  const known = KNOWN[type] ?? [];
  const mark = readBreakpoint(p.prompt_cache_breakpoint);
  const hint = mark === undefined ? hintOf(p.cache_control) : undefined;
  const rest = unknownFields(p, known, hint === undefined ? [] : ['cache_control']);
  if (hint !== undefined) return withForm({ cache: hint, ...(rest === undefined ? {} : { rest }) }, { hint: p.cache_control });
  return { ...(mark === undefined ? {} : { cache: mark }), ...(rest === undefined ? {} : { rest }) };
};
const readImage = (p: Fields, param: string): Part => {
  const image = asObject(p.image_url);
  const url = asText(image?.url) ?? asText(p.image_url);
  if (url === undefined) throw invalid(`${param}.image_url`, 'An image needs a url.');
  const media = fromDataUrl(url) ?? { url };
  if ('url' in media && !/^(?:https?|gs|s3):\/\//i.test(url))
    throw invalid(`${param}.image_url.url`, 'An image url is an http(s), gs or s3 URL, or a base64 data URL.');
  const detail = asText(image?.detail);
  return { kind: 'image', media, ...(detail === undefined ? {} : { detail }) };
};
/** What others who speak this format take; the vendor itself has no such part, so that one in another form stays what it is. */
const readVideo = (p: Fields): Part | undefined => {
  const video = asObject(p.video_url);
  const url = asText(video?.url);
  if (url === undefined || unknownFields(video ?? {}, new Set(['url'])) !== undefined) return undefined;
  const media = fromDataUrl(url) ?? (/^(?:https?|gs|s3):\/\//i.test(url) ? { url } : undefined);
  return media === undefined ? undefined : { kind: 'video', media };
};
const readAudio = (p: Fields, param: string): Part => {
  const audio = asObject(p.input_audio);
  const data = asText(audio?.data);
  const format = asText(audio?.format);
  if (data === undefined || format === undefined) throw invalid(`${param}.input_audio`, 'Audio needs data and format.');
  return { kind: 'audio', media: { base64: data, type: audioType(format) } };
};
/** Base64 without a type, of a file that says what it is by its first bytes. */
const bareData = (data: string): { readonly base64: string; readonly type: string } | undefined => {
  const type = typeOfBytes(data);
  return type === 'application/pdf' ? { base64: data, type } : undefined;
};
const readFile = (p: Fields, param: string): Part => {
  const file = asObject(p.file);
  const id = asText(file?.file_id);
  const data = asText(file?.file_data);
  const bare = data === undefined ? undefined : bareData(data);
  const media: Media | undefined = id !== undefined ? { file: id } : data === undefined ? undefined : (fromDataUrl(data) ?? bare);
  if (media === undefined) throw invalid(`${param}.file`, 'A file needs file_id, or file_data as a base64 data URL or as the base64 of a PDF.');
  const name = asText(file?.filename);
  const part: Part = { kind: 'document', media, ...(name === undefined ? {} : { name }) };
  return media === bare ? withForm(part, { bare: true }) : part;
};
const readText = (p: Fields, param: string): Part => {
  const text = asText(p.text);
  if (text === undefined) throw invalid(`${param}.text`, 'A text part needs text.');
  return { kind: 'text', text };
};
const READERS: Readonly<Record<string, (p: Fields, param: string) => Part | undefined>> = Object.freeze({
  text: readText,
  refusal: (p) => ({ kind: 'refusal', text: asText(p.refusal) ?? '' }),
  image_url: readImage,
  input_audio: readAudio,
  file: readFile,
  video_url: readVideo,
});
/** One content part of a message; a type we do not know stays what it is, for its vendor alone. */
export const readPart = (wire: unknown, param: string): Part => {
  const p = asObject(wire);
  const type = asText(p?.type);
  if (p === undefined || type === undefined) throw invalid(param, 'A content part is an object with a type.');
  const part = READERS[type]?.(p, param);
  if (part === undefined) return { kind: 'opaque', origin: { dialect: OPENAI, payload: { json: stringifyJson(p) } } };
  return { ...part, ...keptOf(p, type) };
};

const writeMedia = (part: MediaPart): Building | undefined => {
  const { media } = part;
  if (part.kind === 'image' && !('file' in media)) {
    const url = 'url' in media ? media.url : dataUrl(media.type, media.base64);
    return { type: 'image_url', image_url: { url, ...(part.detail === undefined ? {} : { detail: part.detail }) } };
  }
  if (part.kind === 'image' && 'file' in media) return { type: 'file', file: { file_id: media.file } };
  return part.kind === 'audio' && 'base64' in media ? { type: 'input_audio', input_audio: { data: media.base64, format: audioFormat(media.type) } } : undefined;
};
const writeVideo = ({ media }: MediaPart): Building | undefined =>
  'file' in media ? undefined : { type: 'video_url', video_url: { url: 'url' in media ? media.url : dataUrl(media.type, media.base64) } };
const writeDocument = (part: Extract<Part, { kind: 'document' }>, mine: boolean): Building | undefined => {
  const { media } = part;
  if ('url' in media) return undefined;
  const name = part.name ?? (mine || 'file' in media ? undefined : 'document');
  const file =
    'file' in media ? { file_id: media.file } : { file_data: mine && formOf(part)?.bare === true ? media.base64 : dataUrl(media.type, media.base64) };
  return { type: 'file', file: { ...file, ...(name === undefined ? {} : { filename: name }) } };
};
const bodyOf = (part: Part, mine: boolean): Fields | undefined => {
  if (part.kind === 'text') return { type: 'text', text: part.text };
  if (part.kind === 'refusal') return { type: 'refusal', refusal: part.text };
  if (part.kind === 'video') return mine ? writeVideo(part) : undefined;
  if (part.kind === 'image' || part.kind === 'audio') return writeMedia(part);
  if (part.kind === 'document') return writeDocument(part, mine);
  if (part.kind === 'opaque' && part.origin.dialect === OPENAI) return asObject(parseJson(part.origin.payload.json));
  return undefined;
};
/**
 * A content part, or undefined when this surface has no form for it. `mine`: it was read from this surface, so its rest goes back;
 * `marking`: how a foreign mark for the cache is written, undefined where it is not.
 */
export const writePart = (part: Part, mine: boolean, marking?: Marking): Fields | undefined => {
  const body = bodyOf(part, mine);
  if (body === undefined || part.kind === 'opaque') return body;
  if (!mine) return marking === undefined || part.cache === undefined ? body : { ...body, prompt_cache_breakpoint: marking(part.cache) };
  const hint = formOf(part)?.hint;
  const mark = hint === undefined ? { prompt_cache_breakpoint: writeBreakpoint(part.cache ?? {}) } : { cache_control: hint };
  return { ...body, ...(part.cache === undefined ? {} : mark), ...part.rest };
};
