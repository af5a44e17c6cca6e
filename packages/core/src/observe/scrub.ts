import { escapeCharacter } from '../json-text.ts';

/** Makes a foreign string fit for a log line or an error message. */
export type Scrub = (text: string) => string;
export interface ScrubOptions {
  /** Values that must never be shown, as they are now (rotation changes them). */
  readonly secrets: () => readonly string[];
  /** Longest result in characters; default 1,024. */
  readonly bound?: number | undefined;
}

export const REDACTED = '[redacted]';
const BOUND = 1024;
/** Input beyond this is not looked at. */
const LOOKED_AT = 65_536;
const SHORTEST_SECRET = 8;

/** HTTP Basic is base64 of `user:password`; other words after "Basic" are prose. */
const isBasic = (text: string): boolean => Buffer.from(text, 'base64').includes(58);

/**
 * What credentials look like wherever they come from. Every pattern runs in linear time: none can fail after a long match.
 */
const PATTERNS: readonly (readonly [pattern: RegExp, replace: string | ((match: string, ...groups: string[]) => string)])[] = [
  [/-----BEGIN [A-Z0-9 ]{1,64}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,64}-----|$)/g, REDACTED],
  [/\b(Bearer)[ \t]{1,8}[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/\b(Basic)([ \t]{1,8})([A-Za-z0-9+/_-]{4,}={0,2})/gi, (match, scheme = '', _space = '', value = '') => (isBasic(value) ? `${scheme} ${REDACTED}` : match)],
  [/lpas?_[A-Za-z0-9_-]{4,}/g, REDACTED],
  [/(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{8,}/g, REDACTED],
  [/(?:AKIA|ASIA)[A-Z0-9]{12,}/g, REDACTED],
  [/AIza[A-Za-z0-9_-]{20,}/g, REDACTED],
  [/eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}/g, REDACTED],
  [/([?&](?:key|api[_-]?key|access_token|token|password|secret|x-amz-signature|x-amz-security-token|sig)=)[^&#\s"'<>]{1,}/gi, `$1${REDACTED}`],
];

// Control characters, C1, line separators, and marks that reorder what a reader sees.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** A secret and how it looks inside a URL, JSON text or base64. */
const spellings = (secret: string): string[] => {
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [
    secret,
    json,
    encodeURIComponent(secret.toWellFormed()),
    base64,
    base64.replaceAll('+', '-').replaceAll('/', '_'),
    Buffer.from(secret).toString('hex'),
  ];
};
const compile = (secrets: readonly string[]): readonly string[] => {
  const all = new Set<string>();
  for (const secret of secrets) if (secret.length >= SHORTEST_SECRET) for (const spelling of spellings(secret)) all.add(spelling);
  return [...all].sort((a, b) => b.length - a.length);
};

/** Replaces known secrets and what looks like one, cuts to a bound, escapes what a terminal or a reader would act on. */
export const createScrub = ({ secrets, bound = BOUND }: ScrubOptions): Scrub => {
  let from: readonly string[] = [];
  let known: readonly string[] = [];
  const current = (): readonly string[] => {
    const now = secrets();
    if (now !== from && (now.length !== from.length || now.some((secret, i) => secret !== from[i]))) known = compile(now);
    from = now;
    return known;
  };
  return (text) => {
    let clean = text.length > LOOKED_AT ? text.slice(0, LOOKED_AT) : text;
    const list = current();
    for (const secret of list) if (clean.includes(secret)) clean = clean.replaceAll(secret, REDACTED);
    // A secret that the cut went through is no longer found: its longest possible beginning goes too.
    if (text.length > LOOKED_AT) clean = clean.slice(0, Math.max(0, clean.length - (list[0]?.length ?? 0)));
    for (const [pattern, replace] of PATTERNS) clean = clean.replace(pattern, replace as string);
    clean = clean.toWellFormed();
    if (clean.length > bound) clean = `${clean.slice(0, bound - 1).toWellFormed()}…`;
    return clean.replace(UNPRINTABLE, escapeCharacter);
  };
};
