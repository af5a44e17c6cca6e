import { type Answer, json } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import type { GoogleAccounts, GoogleServiceAccount } from './accounts.ts';
import { exchange, type GooglePool } from './exchange.ts';
import { type GoogleUser, grant } from './grants.ts';
import { generateAccessToken } from './impersonation.ts';
import { GoogleRefusal, googleError, OauthRefusal } from './refusal.ts';

export type GoogleIdentityOptions = PeerOptions & {
  readonly accounts: GoogleAccounts;
  /** Accounts whose keys sign claims. */
  readonly serviceAccounts?: readonly GoogleServiceAccount[];
  /** Users of `gcloud auth application-default login`. */
  readonly users?: readonly GoogleUser[];
  readonly pools?: readonly GooglePool[];
  /** Who may act as a service account: its address, and those who hold the role of token creator for it. */
  readonly tokenCreators?: Readonly<Record<string, readonly string[]>>;
  /** Seconds that access tokens live; 3599 if absent, as the service answers. */
  readonly seconds?: number;
};
/** One server in place of oauth2, sts and iamcredentials.googleapis.com. */
export type GoogleIdentity = Peer & { readonly url: string };

const answer = (status: number, value: unknown): Answer => ({
  status,
  headers: [['content-type', 'application/json; charset=utf-8']],
  body: json(value),
});
/** Clients learn from the time of an answer how wrong their clock is. */
const dated = ({ status, headers, body }: Answer, now: number): Answer => ({ status, headers: [['Date', new Date(now).toUTCString()], ...headers], body });
const formOf = (request: CapturedRequest): URLSearchParams => {
  if (!/^application\/x-www-form-urlencoded/i.test(request.header('content-type') ?? '')) throw new OauthRefusal(400, 'invalid_request', 'Bad Request');
  return new URLSearchParams(request.body.toString('utf8'));
};
const IMPERSONATION = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/;

const perform = (request: CapturedRequest, options: GoogleIdentityOptions): unknown => {
  const account = IMPERSONATION.exec(request.path)?.[1];
  if (request.method !== 'POST') throw new GoogleRefusal(404, 'NOT_FOUND', 'Not Found');
  if (request.path === '/token') return grant(formOf(request), options);
  if (request.path === '/v1/token') return exchange(formOf(request), options);
  if (account !== undefined) return generateAccessToken(request, decodeURIComponent(account), options);
  throw new GoogleRefusal(404, 'NOT_FOUND', 'Not Found');
};

/** Starts the stand-in of Google's token services. What is signed is verified; who is unknown is refused. */
export const googleIdentity = async (options: GoogleIdentityOptions): Promise<GoogleIdentity> => {
  const respond = (request: CapturedRequest): Answer => {
    try {
      return answer(200, perform(request, options));
    } catch (cause) {
      if (cause instanceof OauthRefusal) return answer(cause.status, { error: cause.error, error_description: cause.message });
      if (cause instanceof GoogleRefusal) return answer(cause.status, cause.body);
      throw cause;
    }
  };
  const server = await peer(
    {
      answer: (request) => dated(respond(request), options.accounts.now()),
      errorBody: (status) => googleError(status, status === 429 ? 'RESOURCE_EXHAUSTED' : 'UNAVAILABLE', 'The service is currently unavailable.'),
      errorHeaders: () => ({ Date: new Date(options.accounts.now()).toUTCString() }),
    },
    options,
  );
  return { ...server, url: server.origin };
};
