import assert from 'node:assert/strict';
import type { AuthRequest, AuthResult, AuthStrategy, Credential, Factory, HeaderPairs, UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { configurationOf } from './configuration.ts';
import { type FakeHost, fakeHost } from './fake-host.ts';

export interface AuthSubject {
  readonly kind: string;
  readonly factory: Factory<AuthStrategy>;
  /** Fields beyond those that `configurationOf` can invent from the schema; secrets by `secretOf`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Further headers a credential of this kind travels with (a signature's date). */
  readonly headers?: HeaderPairs;
  /** Answers what the strategy fetches, at the host's time. */
  readonly answer?: (request: UpstreamRequest, now: number) => UpstreamReply | Promise<UpstreamReply>;
  /** Longest life that its credentials can have, in milliseconds; a year and more when left out. */
  readonly longestLife?: number;
  /** What travels with a credential beside headers: the certificate that it is the hash of. */
  peer?(credential: Credential): Partial<AuthRequest['peer']>;
  /** Issues a credential that is good from now on; with `expires` (epoch ms) until then. */
  valid(made: MadeAuth, expires?: number): Credential | Promise<Credential>;
  /** Credentials of this strategy's own form that must be denied: another secret, an unknown id, a cut one. At least one. */
  denied(made: MadeAuth): Readonly<Record<string, Credential>> | Promise<Readonly<Record<string, Credential>>>;
  /** Ends a credential that `valid` issued, where credentials can be taken back. */
  readonly revoke?: (made: MadeAuth, credential: Credential) => void | Promise<void>;
}
export interface MadeAuth {
  readonly strategy: AuthStrategy;
  readonly host: FakeHost;
  readonly config: Readonly<Record<string, unknown>>;
}
export const makeAuth = async (subject: AuthSubject): Promise<MadeAuth> => {
  const { answer } = subject;
  const host: FakeHost = fakeHost(answer === undefined ? {} : { answer: (request) => answer(request, host.now()) });
  const config = configurationOf(subject.factory.config, subject.config);
  return { strategy: await subject.factory.create(config, host), host, config };
};
const requestOf = (credential: Credential, subject: AuthSubject): AuthRequest => ({
  credential,
  method: 'POST',
  target: '/v1/chat/completions',
  url: '/v1/chat/completions',
  headers: ['content-type', 'application/json', ...(subject.headers ?? [])],
  rawHeaders: ['host', 'gateway.test', 'content-type', 'application/json', ...(subject.headers ?? [])],
  peer: { address: '192.0.2.1', trusted: false, tls: true, ...subject.peer?.(credential) },
});
export const ask = (made: MadeAuth, subject: AuthSubject, credential: Credential): Promise<AuthResult> =>
  Promise.resolve(made.strategy.authenticate(requestOf(credential, subject)));
export const principalOf = (result: AuthResult): Extract<AuthResult, { is: 'principal' }> => {
  assert.equal(result.is, 'principal', `a good credential gave ${JSON.stringify(result)}`);
  return result as Extract<AuthResult, { is: 'principal' }>;
};
export const using = (f: (made: MadeAuth, subject: AuthSubject) => Promise<void>) => async (subject: AuthSubject) => {
  const made = await makeAuth(subject);
  try {
    await f(made, subject);
  } finally {
    await made.strategy.close?.();
    made.host.dispose();
  }
};
/** Longest a verified credential may be believed without asking again. */
export const longestCacheMs = 60_000;
