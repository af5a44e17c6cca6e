import { createHash, timingSafeEqual } from 'node:crypto';
import { type AuthRequest, type AuthResult, type AuthStrategy, GatewayError, type Host, type Principal } from '@llm-proxy-auth/plugin';
import { readCertificate } from './certificate.ts';
import type { Config } from './config.ts';
import { rulesOf } from './rules.ts';
import { spiffeIdOf } from './spiffe.ts';
import { subjectOf } from './subject.ts';
import { readXfcc } from './xfcc.ts';

/** What was found is believed this long without being looked at again, ms. */
const BELIEVED = 30_000;
const XFCC = 'x-forwarded-client-cert';

const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });
const denied = (reason: string): AuthResult => ({ is: 'denied', reason });

const principalOf = (name: string, credential: string, expires: number | undefined): Principal =>
  Object.freeze({
    id: `mtls:${name}`,
    owner: `mtls:${name}`,
    strategy: 'mtls',
    credential,
    groups: Object.freeze([]),
    scopes: Object.freeze([]),
    factor: 'none',
    expires,
  });
const hashOf = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');
const equal = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
const linesOf = ({ rawHeaders }: AuthRequest, name: string): number => rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name).length;

/** Holders of certificates, over TLS of the gateway or of a trusted proxy. Throws `invalid_request` for what can match nothing. */
export const makeStrategy = (config: Config, { now }: Pick<Host, 'now'>): AuthStrategy => {
  const judge = rulesOf(config);
  const { enabled = true, hops = 1, by } = config.xfcc ?? {};
  const proxy = by === undefined ? undefined : spiffeIdOf(by);
  if (by !== undefined && proxy === undefined) throw new GatewayError('invalid_request', 'xfcc.by of mtls is no SPIFFE id.', { param: 'xfcc.by' });

  const accept = (name: string, credential: string, expires: number | undefined): AuthResult => ({
    is: 'principal',
    principal: principalOf(name, credential, expires),
    cacheUntil: Math.min(now() + BELIEVED, expires ?? Number.POSITIVE_INFINITY),
    epoch: 0,
  });
  const direct = ({ credential, peer }: AuthRequest): AuthResult => {
    const { certificate } = peer;
    if (certificate === undefined || !equal(hashOf(certificate), credential.value)) return denied('no_certificate');
    const held = readCertificate(certificate, subjectOf);
    if (typeof held === 'string') return denied(held);
    const at = now();
    if (at < held.from) return denied('not_yet_valid');
    if (at >= held.until) return denied('expired');
    if (config.maxLifetime !== undefined && held.until - held.from > config.maxLifetime) return denied('lives_too_long');
    const verdict = judge(held);
    return 'reason' in verdict ? denied(verdict.reason) : accept(verdict.name, `serial ${held.serial}`, held.until);
  };
  const forwarded = (request: AuthRequest): AuthResult => {
    if (!request.peer.trusted) return denied('untrusted_peer');
    if (linesOf(request, XFCC) > 1) return denied('repeated_header');
    const elements = readXfcc(request.credential.value);
    if (elements === undefined) return denied('malformed');
    if (elements.length !== hops) return denied('wrong_number_of_elements');
    if (proxy !== undefined && spiffeIdOf(elements.at(-1)?.by ?? '') !== proxy) return denied('another_proxy');
    const { uri, subject = '' } = elements[0] ?? {};
    const verdict = judge({ uris: uri === undefined ? [] : [uri], subject });
    return 'reason' in verdict ? denied(verdict.reason) : accept(verdict.name, verdict.name, undefined);
  };
  return {
    slots: enabled ? ['certificate', 'proxy'] : ['certificate'],
    // Of a TLS certificate there is no scheme; the name tells people what is missing.
    challenge: 'Certificate realm="llm-proxy-auth"',
    issued: false,
    alsoRequired: config.requireBoth,
    authenticate: (request) => {
      const { slot, header } = request.credential;
      if (slot === 'certificate') return direct(request);
      return enabled && slot === 'proxy' && header === XFCC ? forwarded(request) : NOT_MINE;
    },
  };
};
