import { GatewayError } from '@llm-proxy-auth/plugin';
import { isQueryCredential } from './credential-slots.ts';
import { SHORTEST_SHOWN } from './head.ts';

/** The request target, parsed once; nothing later reads the URL again. */
export interface RawTarget {
  /** As sent, without the query; begins with `/`. */
  readonly path: string;
  /** Segments as sent, without the leading empty one. */
  readonly segments: readonly string[];
  /** Without the question mark, without parameters that are credentials. */
  readonly query: string;
  /** A segment holds an encoded slash, which only a model id may. */
  readonly encodedSlash: boolean;
}

const PLAIN_PATH = /^(?:\/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]*)+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN = /[\u0000-\u0020\u007f-\uffff#\\]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN_DECODED = /[\u0000-\u001f\u007f\\]/;
const ESCAPE = /%[0-9a-f]{2}/i;
const MAX_TARGET = 16_384;

const refuse = (why: string): GatewayError => new GatewayError('invalid_target', `The request target ${why}.`);

const decoded = (text: string): string | undefined => {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};
/** Decodes once and refuses what could mean another path to the next reader (hardening 5.1). Returns whether a slash was encoded. */
const checkSegment = (segment: string, last: boolean): boolean => {
  if (segment === '') {
    if (last) return false;
    throw refuse('has an empty segment');
  }
  if (!segment.includes('%')) {
    const name = segment.split(';', 1)[0];
    if (name === '.' || name === '..') throw refuse('has a dot segment');
    return false;
  }
  const text = decoded(segment);
  if (text === undefined) throw refuse('is not valid percent-encoded UTF-8');
  if (ESCAPE.test(text)) throw refuse('is percent-encoded twice');
  if (FORBIDDEN_DECODED.test(text)) throw refuse('hides a control character or backslash');
  const pieces = text.split('/');
  for (const piece of pieces) {
    const name = piece.split(';', 1)[0];
    if (name === '.' || name === '..' || (piece === '' && pieces.length > 1)) throw refuse('hides a dot or empty segment');
  }
  return pieces.length > 1;
};

/** A query without the parameters that are left out. */
const queryWithout = (query: string, isLeftOut: (pair: string) => boolean): string =>
  query
    .split('&')
    .filter((pair) => !isLeftOut(pair))
    .join('&');
/** Whether a query can hold a credential at all: how the names begin that are taken out, an escape, or a beginning of ours. */
const SUSPECT = /(?:^|&)\?*[akosx]|%|lpa/i;
/** Some servers take a second question mark for the first. */
const MARKS = /^\?+/;
const isCredential = (pair: string): boolean => {
  const [written = ''] = pair.split('=', 1);
  const name = decoded(written);
  if (name === undefined) throw refuse('has a query that is not valid percent-encoded UTF-8');
  const value = pair.slice(written.length + 1);
  return isQueryCredential(name.replace(MARKS, ''), decoded(value) ?? value);
};
const withoutCredentials = (query: string): string => (SUSPECT.test(query) ? queryWithout(query, isCredential) : query);

/** The target without parameters of its query that hold the credential which the request shows. Throws `invalid_target` when its path holds it. */
export const withoutShown = (target: RawTarget, shown: string | undefined): RawTarget => {
  if (shown === undefined || shown.length < SHORTEST_SHOWN) return target;
  const holds = (text: string): boolean => text.includes(shown) || (text.includes('%') && decoded(text)?.includes(shown) === true);
  if (holds(target.path)) throw refuse('holds the credential of the request');
  return target.query === '' ? target : { ...target, query: queryWithout(target.query, holds) };
};

/** Throws `invalid_target` for everything but an origin-form target that every reader understands alike. */
export const parseTarget = (url: string): RawTarget => {
  if (url[0] !== '/') throw refuse('must begin with a slash');
  if (url.length > MAX_TARGET) throw refuse('is too long');
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? '' : url.slice(mark + 1);
  if (FORBIDDEN.test(url)) throw refuse('holds a character that does not belong in a URL');
  const segments = path.slice(1).split('/');
  if (PLAIN_PATH.test(path)) return { path, segments, query: withoutCredentials(query), encodedSlash: false };
  let encodedSlash = false;
  const last = segments.length - 1;
  for (let i = 0; i <= last; i++) encodedSlash = checkSegment(segments[i] ?? '', i === last) || encodedSlash;
  return { path, segments, query: withoutCredentials(query), encodedSlash };
};

/** One percent-decoding of a piece of a target. Throws `invalid_target`. */
export const decode = (text: string): string => {
  const plain = decoded(text);
  if (plain === undefined) throw refuse('is not valid percent-encoded UTF-8');
  return plain;
};
