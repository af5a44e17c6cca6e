import { Buffer } from 'node:buffer';

const ENDINGS: Readonly<Record<string, string>> = Object.freeze({
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  mp4: 'video/mp4',
  mov: 'video/mov',
  webm: 'video/webm',
  pdf: 'application/pdf',
  txt: 'text/plain',
});
/** Media type by the ending of a path; undefined for one that is not known. */
export const mediaTypeOf = (url: string): string | undefined => ENDINGS[/\.([a-z0-9]+)(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? ''];

const HEAD = 16;
const begins = (head: string, text: string): boolean => head.startsWith(text);
/** Media type of base64 by its first bytes: pictures that models look at, and PDF; undefined for what says nothing of itself. */
export const typeOfBytes = (base64: string): string | undefined => {
  const head = Buffer.from(base64.slice(0, HEAD), 'base64').toString('latin1');
  if (begins(head, '\x89PNG')) return 'image/png';
  if (begins(head, '\xff\xd8\xff')) return 'image/jpeg';
  if (begins(head, 'GIF8')) return 'image/gif';
  if (begins(head, 'RIFF') && head.slice(8, 12) === 'WEBP') return 'image/webp';
  return begins(head, '%PDF-') ? 'application/pdf' : undefined;
};
