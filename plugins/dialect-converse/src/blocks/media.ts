import { Buffer } from 'node:buffer';
import {
  asList,
  asObject,
  asText,
  type DocumentPart,
  type Fields,
  invalid,
  type Media,
  type MediaPart,
  mediaTypeOf,
  some,
  textDocument,
  textsOf,
  unknownFields,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { type Form, formOf, withForm } from '../form.ts';
import { anObject, flagField, objectField, textField } from '../invalid.ts';
import type { Reading } from './context.ts';
import { formatOf, ownFormatOf, typeOf } from './formats.ts';

type Kind = MediaPart['kind'];
const S3 = 's3://';
const textList = (list: unknown): readonly string[] | undefined => {
  const texts = asList(list).map((entry) => {
    const o = asObject(entry);
    return o !== undefined && Object.keys(o).length === 1 ? asText(o.text) : undefined;
  });
  return texts.every((text) => text !== undefined) ? texts : undefined;
};
/** Lengths of texts that were joined, so that they can be taken apart again. */
export const joinedTexts = (list: readonly unknown[]): { readonly text: string; readonly pieces: readonly number[] } | undefined => {
  const texts = textList(list);
  return texts === undefined ? undefined : { text: texts.join(''), pieces: texts.map((text) => text.length) };
};
/** The texts that were joined; one text when it was changed since. */
export const takenApart = (text: string, pieces: readonly number[] | undefined): readonly Fields[] => {
  const total = pieces?.reduce((sum, length) => sum + length, 0);
  if (pieces === undefined || total !== text.length) return [{ text }];
  let at = 0;
  return pieces.map((length) => {
    at += length;
    return { text: text.slice(at - length, at) };
  });
};
interface Source {
  readonly media: Media;
  readonly pieces?: readonly number[] | undefined;
  readonly form: Form;
  readonly rest: Fields;
}
const base64Of = (text: string): string => Buffer.from(text).toString('base64');
const sourceOf = (wire: unknown, type: string, param: string, reading: Reading): Source => {
  const source = anObject(wire, param);
  const bytes = textField(source, 'bytes', param);
  const text = textField(source, 'text', param);
  const s3 = objectField(source, 's3Location', param);
  const content = textList(source.content);
  if (bytes !== undefined) return { media: { base64: bytes, type }, form: {}, rest: {} };
  if (text !== undefined) return { media: { base64: base64Of(text), type: 'text/plain' }, form: { source: 'text' }, rest: {} };
  if (s3 !== undefined) return fromS3(s3, type, `${param}.s3Location`, reading);
  if (source.content === undefined || content === undefined) throw invalid(param, `'${param}' must hold bytes or an s3Location.`);
  return { ...textDocument(content), form: { source: 'content' }, rest: {} };
};
const fromS3 = (s3: Fields, type: string, param: string, { foreign }: Reading): Source => {
  const url = textField(s3, 'uri', param);
  if (url === undefined) throw invalid(`${param}.uri`, `'${param}.uri' is missing.`);
  if (foreign) throw unsupported(param, 'The provider of this call cannot read from S3; send the bytes.');
  return { media: { url, type }, form: {}, rest: unknownFields(s3, ['uri']) ?? {} };
};

/** `image`, `video`, `audio`. */
export const readMedia = (kind: Kind, wire: unknown, param: string, reading: Reading): MediaPart => {
  const o = anObject(wire, param);
  const { media, rest } = sourceOf(o.source, typeOf(kind, textField(o, 'format', param)), `${param}.source`, reading);
  const more = { ...unknownFields(o, ['format', 'source']), ...rest };
  return { kind, media, ...(Object.keys(more).length === 0 ? {} : { rest: more }) };
};
/** `document`. */
export const readDocument = (wire: unknown, param: string, reading: Reading): DocumentPart => {
  const o = anObject(wire, param);
  const { media, pieces, form, rest } = sourceOf(o.source, typeOf('document', textField(o, 'format', param)), `${param}.source`, reading);
  const citations = objectField(o, 'citations', param);
  const more = { ...unknownFields(o, ['format', 'source', 'name', 'context', 'citations']), ...rest };
  const part: DocumentPart = {
    kind: 'document',
    media,
    ...some('pieces', pieces),
    ...some('name', textField(o, 'name', param)),
    ...some('context', textField(o, 'context', param)),
    ...some('cite', citations === undefined ? undefined : flagField(citations, 'enabled', `${param}.citations`)),
    ...(Object.keys(more).length === 0 ? {} : { rest: more }),
  };
  return form.source === undefined ? part : withForm(part, form);
};
/** `searchResult`: a document of plain text that was found somewhere. */
export const readSearchResult = (wire: unknown, param: string): DocumentPart | undefined => {
  const o = anObject(wire, param);
  const content = textList(o.content);
  const found = textField(o, 'source', param);
  if (content === undefined || found === undefined) return undefined;
  const citations = objectField(o, 'citations', param);
  return {
    kind: 'document',
    ...textDocument(content),
    found,
    ...some('title', textField(o, 'title', param)),
    ...some('cite', citations === undefined ? undefined : flagField(citations, 'enabled', `${param}.citations`)),
    ...some('rest', unknownFields(o, ['source', 'title', 'content', 'citations'])),
  };
};

const plainText = (base64: string): string => Buffer.from(base64, 'base64').toString();
const textBlocks = (base64: string, pieces: readonly number[] | undefined): readonly Fields[] => textsOf(plainText(base64), pieces).map((text) => ({ text }));
const writeSource = (part: MediaPart | DocumentPart, mine: boolean): Fields | undefined => {
  const { media } = part;
  const { source } = formOf(part) ?? {};
  if ('base64' in media) {
    if (source === 'text') return { text: plainText(media.base64) };
    const pieces = part.kind === 'document' ? part.pieces : undefined;
    return source === 'content' || pieces !== undefined ? { content: textBlocks(media.base64, pieces) } : { bytes: media.base64 };
  }
  return 'url' in media && (mine || media.url.startsWith(S3)) ? { s3Location: { uri: media.url, ...some('bucketOwner', part.rest?.bucketOwner) } } : undefined;
};
const others = (part: MediaPart | DocumentPart): Fields => unknownFields(part.rest ?? {}, ['bucketOwner', 'guardContent']) ?? {};
/** Undefined: this surface has no form for the media. `mine`: it was read from this surface, so its rest goes back. */
export const writeMedia = (part: MediaPart, mine: boolean): Fields | undefined => {
  const source = writeSource(part, mine);
  const { media } = part;
  const type = ('type' in media ? media.type : undefined) ?? (mine || !('url' in media) ? undefined : mediaTypeOf(media.url)) ?? '';
  const format = mine ? ownFormatOf(part.kind, type) : formatOf(part.kind, type);
  if (source === undefined || (!mine && format === undefined)) return undefined;
  return { ...some('format', format), source, ...(mine ? others(part) : {}) };
};
const citing = ({ cite }: DocumentPart): Fields => (cite === undefined ? {} : { citations: { enabled: cite } });
/** The same for a document. `name`: what it is called here. */
export const writeDocument = (part: DocumentPart, name: string | undefined, mine: boolean): Fields | undefined => {
  const source = writeSource(part, mine);
  const { media } = part;
  const type = ('type' in media ? media.type : undefined) ?? (mine || !('url' in media) ? undefined : mediaTypeOf(media.url)) ?? '';
  const format = mine ? ownFormatOf('document', type) : formatOf('document', type);
  if (source === undefined || (!mine && format === undefined)) return undefined;
  const { context } = part;
  return {
    document: { ...some('format', format), ...some('name', name), source, ...some('context', context), ...citing(part), ...(mine ? others(part) : {}) },
  };
};
/** What a search found; undefined for other documents, and for what is no text. */
export const writeSearchResult = (part: DocumentPart, mine: boolean): Fields | undefined => {
  const { found, title, media, pieces } = part;
  if (found === undefined || !('base64' in media) || media.type !== 'text/plain') return undefined;
  const content = textBlocks(media.base64, pieces);
  return { searchResult: { source: found, ...some('title', title), content, ...citing(part), ...(mine ? others(part) : {}) } };
};
