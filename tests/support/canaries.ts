import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CapturedRequest } from '@llm-proxy-auth/simulators';
import { type Crossing, watchCrossings } from './crossings.ts';
import { secretsInMembers, secretsOfConfiguration, secretsOfCrossing } from './secrets-seen.ts';

/** Whose secret it is. A caller's may stand in the answer that hands it out, a provider's in requests to the provider, the gateway's own nowhere. */
export type Whose = 'caller' | 'provider' | 'gateway';

interface Known {
  readonly whose: Whose;
  readonly standsIn: (text: string) => boolean;
}
const known = new Map<string, Known>();
let crossings: Crossing[] = [];
watchCrossings((crossing) => {
  crossings.push(crossing);
  for (const [secret, whose] of secretsOfCrossing(crossing)) canary(secret, whose);
});

/** Shorter ones stand in any text. */
const SHORTEST = 10;
/** Codes of an authenticator are shorter, and stand alone. */
const CODE = /^\d{6,8}$/;
/** Of a long secret a piece from its middle says enough; of one in lines (PEM) its longest line. */
const LONGEST = 512;
const pieceOf = (secret: string): string => {
  const line = secret.split(/\r?\n|\\n/).reduce((longest, each) => (each.length > longest.length ? each : longest), '');
  const from = Math.max(0, Math.floor((line.length - LONGEST) / 2));
  return line.slice(from, from + LONGEST);
};
/** Ids of signing keys, which are told, also where a test sends one in place of a secret. */
const ID = /^LPA[A-Z]/;
/** From now on the text is a secret, for all tests of the file. What is first a caller's or a provider's stays that. */
export const canary = (secret: string, whose: Whose): void => {
  const piece = pieceOf(secret);
  if ((piece.length >= SHORTEST || CODE.test(piece)) && !ID.test(piece) && !known.has(piece)) known.set(piece, { whose, standsIn: findingOf(piece) });
};
/** The secrets of a configuration, by the names of its members. */
export const canariesOf = (configuration: object): void => {
  for (const [secret, whose] of secretsOfConfiguration(configuration)) canary(secret, whose);
};

/** The secrets of callers in what an administrative operation was given or gave. */
export const canariesIn = (value: unknown): void => {
  for (const secret of secretsInMembers(value)) canary(secret, 'caller');
};

/** Base64 of the text wherever it stands in what was encoded, without the characters that its neighbours have a part in. */
const base64 = (secret: string): string[] =>
  [0, 1, 2].map((before) => {
    const text = Buffer.from('\0'.repeat(before) + secret)
      .toString('base64')
      .replace(/=+$/, '');
    const whole = (before + Buffer.byteLength(secret)) % 3 === 0 ? text.length : text.length - 1;
    return text.slice(before === 0 ? 0 : before + 1, whole);
  });
/** Forms in which a secret would still be one. */
const formsOf = (secret: string): ReadonlySet<string> =>
  new Set([
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    ...base64(secret).flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]),
    Buffer.from(secret).toString('hex'),
  ]);
const findingOf = (secret: string): Known['standsIn'] => {
  if (CODE.test(secret)) {
    const alone = new RegExp(`(?<![0-9A-Za-z.])${secret}(?![0-9A-Za-z.])`);
    return (text) => alone.test(text);
  }
  const forms = [...formsOf(secret)];
  return (text) => forms.some((form) => text.includes(form));
};

interface Place {
  readonly text: string;
  readonly where: string;
}
/** All texts are searched as one: there may be thousands of either. */
const sweep = (places: readonly Place[], holders: readonly Whose[]): void => {
  const whole = places.map(({ text }) => text).join('\n');
  for (const [secret, { whose, standsIn }] of known)
    if (holders.includes(whose) && standsIn(whole)) {
      const found = places.find(({ text }) => standsIn(text));
      throw new Error(`A secret of the ${whose} (${secret.slice(0, 8)}…) stands in ${found?.where}`);
    }
};
const EVERYBODY = ['caller', 'provider', 'gateway'] as const;

/** Throws with the beginning of the first secret that stands in a text that is to hold none: a log, metrics, an audit log. */
export const sweepText = (text: string, where: string): void => sweep([{ text, where }], EVERYBODY);
const MOST_OF_A_BODY = 1_048_576;
/** Throws with the beginning of the first secret that a provider was sent and that is not its own. */
export const sweepSent = (requests: readonly CapturedRequest[]): void => {
  const places = requests.map(({ headers, target, body }) => ({
    text: `${target}\n${headers.flat().join('\n')}\n${body.toString('latin1', 0, MOST_OF_A_BODY)}`,
    where: `a request to the provider: ${target}`,
  }));
  sweep(places, ['caller', 'gateway']);
};
/** The same of answers to callers: their heads, errors whole, and of other answers what is no caller's. */
export const sweepAnswers = (crossed: readonly Crossing[]): void => {
  const answers = crossed.filter(({ gateway }) => gateway);
  const places = (some: readonly Crossing[], of: 'head' | 'body'): Place[] =>
    some.map(({ target, status, [of]: text }) => ({ text, where: `the ${of} of an answer ${status} to ${target.split('?', 1)[0]}` }));
  const errors = answers.filter(({ status }) => status >= 400);
  sweep([...places(answers, 'head'), ...places(errors, 'body')], EVERYBODY);
  sweep(places(answers, 'body'), ['provider', 'gateway']);
};
/** What a gateway writes: its store, and records that were spilled. */
const WRITTEN = /\.db(?:-wal|-shm)?$|\.jsonl$/;
/** The same of the files of a gateway: its store with the audit log, and what was spilled. */
export const sweepFolder = (folder: string): void => {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && WRITTEN.test(entry.name) && entry.name !== CROSSINGS)
      sweepText(readFileSync(join(entry.parentPath, entry.name), 'latin1'), entry.name);
};

/** File of a folder with what crossed the door of a process of its own. */
export const CROSSINGS = 'crossings.jsonl';
/** What is left when a bench, a site or any other gateway of a test has ended. */
export interface Remains {
  readonly log: string;
  readonly metrics?: string;
  /** Requests that the provider was sent. */
  readonly sent?: readonly CapturedRequest[];
  readonly folder?: string;
}
/** Throws when a secret known so far stands where it does not belong. */
export const sweepAll = ({ log, metrics = '', sent = [], folder }: Remains): void => {
  const answers = crossings;
  crossings = [];
  const file = folder === undefined ? '' : join(folder, CROSSINGS);
  if (existsSync(file))
    for (const line of readFileSync(file, 'utf8')
      .split('\n')
      .filter((text) => text.endsWith('}'))) {
      const crossing = JSON.parse(line) as Crossing;
      for (const [secret, whose] of secretsOfCrossing(crossing)) canary(secret, whose);
      answers.push(crossing);
    }
  sweepText(log, 'the log');
  sweepText(metrics, 'the metrics');
  sweepSent(sent);
  sweepAnswers(answers);
  if (folder !== undefined) sweepFolder(folder);
};
