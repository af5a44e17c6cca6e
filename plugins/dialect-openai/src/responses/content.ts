import {
  asList,
  asNumber,
  asText,
  type Citation,
  type Fields,
  invalid,
  isObject,
  type Json,
  type Ledger,
  type Media,
  type Part,
  sameValue,
  some,
  type TextPart,
  type TokenLogprob,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { type Marking, readBreakpoint } from '../breakpoints.ts';
import { loseCitation } from '../lost.ts';
import { originOf, ownOrigin, wordOf } from './wire.ts';

/** `input`: what a client sends; `output`: what a provider answers, with every member the SDK types require. */
export type Flavour = 'input' | 'output';

const DATA_URL = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+);base64,([A-Za-z0-9+/=]*)$/;
const AUDIO_TYPES: Readonly<Record<string, string>> = Object.freeze({ wav: 'audio/wav', mp3: 'audio/mpeg' });
const AUDIO_FORMATS: Readonly<Record<string, string>> = Object.freeze({ 'audio/wav': 'wav', 'audio/x-wav': 'wav', 'audio/mpeg': 'mp3', 'audio/mp3': 'mp3' });
/** Type of a file whose base64 came without one; `input_file` is a PDF unless its data URL says otherwise. */
const FILE_TYPE = 'application/pdf';

export const readLogprobs = (value: Json): readonly TokenLogprob[] =>
  asList(value)
    .filter(isObject)
    .map((entry) => ({
      token: wordOf(entry.token),
      logprob: asNumber(entry.logprob) ?? 0,
      ...(Array.isArray(entry.bytes) ? { bytes: entry.bytes as readonly number[] } : {}),
      top: readLogprobs(entry.top_logprobs),
    }));
const writeToken = (entry: TokenLogprob): Fields => ({ token: entry.token, logprob: entry.logprob, bytes: entry.bytes ?? [...Buffer.from(entry.token)] });
export const writeLogprobs = (entries: readonly TokenLogprob[]): readonly Fields[] =>
  entries.map((entry) => ({ ...writeToken(entry), top_logprobs: entry.top.map(writeToken) }));

const urlCitation = (citation: Citation): Fields => ({
  type: 'url_citation',
  start_index: citation.start ?? 0,
  end_index: citation.end ?? 0,
  url: citation.url ?? '',
  title: citation.title ?? '',
});
export const readAnnotation = (value: Json): Citation => {
  const annotation: Fields = isObject(value) ? value : {};
  const citation: Citation = {
    ...some('start', asNumber(annotation.start_index)),
    ...some('end', asNumber(annotation.end_index)),
    ...some('url', asText(annotation.url)),
    ...some('title', asText(annotation.title)),
  };
  return sameValue(urlCitation(citation), annotation) ? citation : { ...citation, origin: originOf(annotation) };
};
/** Undefined for a citation that is not of a web page and not this vendor's: the surface has no form for it. */
export const writeAnnotation = (citation: Citation): Fields | undefined => {
  // Looked at also where the vendor's own word says it all: nothing of it is lost then.
  const written = urlCitation(citation);
  return ownOrigin(citation.origin) ?? (citation.url === undefined ? undefined : written);
};
/** Tells the ledger what `writeAnnotation` cannot write. */
export const noteCitations = (citations: readonly Citation[], where: 'turns' | 'choices', ledger: Ledger): void => {
  for (const citation of citations) {
    loseCitation(citation, ownOrigin(citation.origin) !== undefined, where, ledger);
  }
};

const mediaOf = (url: string): Media => {
  const data = DATA_URL.exec(url);
  return data?.[1] === undefined || data[2] === undefined ? { url } : { type: data[1], base64: data[2] };
};
const readText = (content: Fields): TextPart => {
  const citations = asList(content.annotations).map(readAnnotation);
  const logprobs = readLogprobs(content.logprobs);
  return {
    kind: 'text',
    text: wordOf(content.text),
    ...(citations.length > 0 ? { citations } : {}),
    ...(logprobs.length > 0 ? { logprobs } : {}),
    ...some('cache', readBreakpoint(content.prompt_cache_breakpoint)),
  };
};
const readImage = (content: Fields, param: string): Part => {
  const url = asText(content.image_url);
  const file = asText(content.file_id);
  if (url === undefined && file === undefined) throw invalid(param, 'An input_image needs image_url or file_id.');
  return {
    kind: 'image',
    media: url === undefined ? { file: file ?? '' } : mediaOf(url),
    ...some('detail', asText(content.detail)),
    ...some('cache', readBreakpoint(content.prompt_cache_breakpoint)),
  };
};
const readFile = (content: Fields, param: string): Part => {
  const data = asText(content.file_data);
  const url = asText(content.file_url);
  const file = asText(content.file_id);
  if (data === undefined && url === undefined && file === undefined) throw invalid(param, 'An input_file needs file_data, file_url or file_id.');
  const held = data === undefined ? undefined : mediaOf(data);
  const media = held === undefined ? (url === undefined ? { file: file ?? '' } : { url }) : 'base64' in held ? held : { base64: data ?? '', type: FILE_TYPE };
  return {
    kind: 'document',
    media,
    ...some('name', asText(content.filename)),
    ...some('cache', readBreakpoint(content.prompt_cache_breakpoint)),
  };
};
const readAudio = (content: Fields, param: string): Part => {
  const audio = content.input_audio;
  const type = isObject(audio) ? AUDIO_TYPES[wordOf(audio.format)] : undefined;
  if (!isObject(audio) || type === undefined) throw invalid(param, 'input_audio needs data and a format of wav or mp3.');
  return { kind: 'audio', media: { base64: wordOf(audio.data), type } };
};
const READERS: Readonly<Record<string, (content: Fields, param: string) => Part>> = Object.freeze({
  input_text: readText,
  output_text: readText,
  refusal: (content) => ({ kind: 'refusal', text: wordOf(content.refusal) }),
  input_image: readImage,
  input_file: readFile,
  input_audio: readAudio,
});
/** What an entry says, or where images and files are: one without any of these says nothing that the model can hold. */
const PLACES: Readonly<Record<string, readonly string[]>> = Object.freeze({
  input_text: ['text'],
  output_text: ['text'],
  refusal: ['refusal'],
  input_image: ['image_url', 'file_id'],
  input_file: ['file_id', 'file_url', 'file_data'],
});
/** Whether the model can hold an entry of a content list. */
export const isContent = (value: Json): boolean => {
  if (!isObject(value) || !Object.hasOwn(READERS, wordOf(value.type))) return false;
  const places = PLACES[wordOf(value.type)];
  return places === undefined || places.some((name) => asText(value[name]) !== undefined);
};
/** Entries that are text, by the member that holds it. */
const SAID: Readonly<Record<string, string>> = Object.freeze({ input_text: 'text', output_text: 'text', refusal: 'refusal' });
/** One entry of a content list; members the model does not know are the caller's to keep. */
export const readContent = (value: Json, param: string): Part => {
  if (!isObject(value)) throw invalid(param, 'A content part must be an object.');
  const type = wordOf(value.type);
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read === undefined) throw unsupported(`${param}.type`, `Content parts of type ${JSON.stringify(type)} cannot be translated.`);
  const said = SAID[type];
  if (said !== undefined && typeof value[said] !== 'string') throw invalid(`${param}.${said}`, `A content part of type ${type} needs ${said}.`);
  return read(value, param);
};

const breakpoint = (part: Part, marking: Marking | undefined): Fields =>
  marking === undefined || part.cache === undefined ? {} : { prompt_cache_breakpoint: marking(part.cache) };
const writeText = (part: TextPart, flavour: Flavour, output: boolean, marking: Marking | undefined): Fields => {
  if (!output) return { type: 'input_text', text: part.text, ...breakpoint(part, marking) };
  const annotations = (part.citations ?? []).map(writeAnnotation).filter((annotation) => annotation !== undefined);
  const logprobs = writeLogprobs(part.logprobs ?? []);
  return {
    type: 'output_text',
    ...(annotations.length > 0 || flavour === 'output' ? { annotations } : {}),
    ...(logprobs.length > 0 || flavour === 'output' ? { logprobs } : {}),
    text: part.text,
  };
};
const urlOf = (media: Media): string | undefined => ('url' in media ? media.url : 'base64' in media ? `data:${media.type};base64,${media.base64}` : undefined);

/**
 * A part as an entry of a content list; `output`: in an assistant's message. `marking`: how a mark for the cache is written, if at all.
 * Undefined when the surface has no form for the part.
 */
export const writeContent = (
  part: Part,
  options: { readonly flavour: Flavour; readonly output: boolean; readonly marking?: Marking | undefined },
): Fields | undefined => {
  if (part.kind === 'text') return writeText(part, options.flavour, options.output, options.marking);
  if (part.kind === 'refusal') return { type: 'refusal', refusal: part.text };
  if (part.kind === 'image') {
    const place = 'file' in part.media ? { file_id: part.media.file } : { image_url: urlOf(part.media) };
    return { type: 'input_image', ...place, ...some('detail', part.detail), ...breakpoint(part, options.marking) };
  }
  if (part.kind === 'document') {
    const place = 'file' in part.media ? { file_id: part.media.file } : 'url' in part.media ? { file_url: part.media.url } : { file_data: urlOf(part.media) };
    return { type: 'input_file', ...place, ...some('filename', part.name), ...breakpoint(part, options.marking) };
  }
  if (part.kind !== 'audio' || !('base64' in part.media)) return undefined;
  const format = AUDIO_FORMATS[part.media.type];
  return format === undefined ? undefined : { type: 'input_audio', input_audio: { data: part.media.base64, format } };
};
