import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';
import { isSpiffe, spiffeIdOf, spiffePattern } from './spiffe.ts';
import { subjectPattern } from './subject.ts';

/** What is known of who holds a certificate. */
export interface Named {
  readonly uris: readonly string[];
  /** RFC 2253; empty when there is none. */
  readonly subject: string;
}
export type Verdict = { readonly name: string } | { readonly reason: string };

type Pattern = (text: string) => boolean;
const compiled = (patterns: readonly string[] | undefined, compile: (pattern: string) => Pattern | undefined, key: 'spiffe' | 'subjects'): Pattern[] =>
  (patterns ?? []).map((pattern) => {
    const made = compile(pattern);
    if (made !== undefined) return made;
    throw new GatewayError('invalid_request', `${key} of mtls has ${JSON.stringify(pattern)}, which matches nothing.`, { param: key });
  });

/** Who is let in, and by which name. Throws `invalid_request` for patterns that can match nothing, and when there are none at all. */
export const rulesOf = ({ spiffe, subjects }: Config): ((named: Named) => Verdict) => {
  const ids = compiled(spiffe, spiffePattern, 'spiffe');
  const names = compiled(subjects, subjectPattern, 'subjects');
  if (ids.length + names.length === 0) throw new GatewayError('invalid_request', 'mtls lets nobody in: name spiffe ids or subjects.', { param: 'spiffe' });
  return ({ uris, subject }) => {
    // A certificate that claims a SPIFFE id is judged by it, where ids are: exactly one URI, no second name that could be meant.
    if (ids.length > 0 && uris.some(isSpiffe)) {
      const [uri = ''] = uris;
      const id = uris.length === 1 ? spiffeIdOf(uri) : undefined;
      if (id === undefined) return { reason: 'spiffe_id_malformed' };
      return ids.some((matches) => matches(id)) ? { name: id } : { reason: 'spiffe_id_not_allowed' };
    }
    return names.some((matches) => matches(subject)) ? { name: subject } : { reason: names.length === 0 ? 'spiffe_id_missing' : 'subject_not_allowed' };
  };
};
