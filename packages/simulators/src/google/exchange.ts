import type { AwsCredentials } from '../aws/credentials.ts';
import type { Fields } from '../openai/check.ts';
import type { GoogleAccounts } from './accounts.ts';
import { awsSubject } from './aws-subject.ts';
import { OauthRefusal } from './refusal.ts';

/** A workload identity pool's provider: which tokens of another identity provider it takes. */
export type GooglePool = {
  /** `//iam.googleapis.com/projects/…/workloadIdentityPools/…/providers/…` */
  readonly audience: string;
  /** Tokens that it takes, and when each ends in Unix milliseconds. */
  readonly subjects: Readonly<Record<string, number>>;
  readonly subjectTokenType?: string;
  /** The pretended AWS whose identities it takes, in place of tokens. */
  readonly aws?: AwsCredentials;
};
export type Exchanging = { readonly accounts: GoogleAccounts; readonly pools?: readonly GooglePool[]; readonly seconds?: number };

const AWS = 'urn:ietf:params:aws:token-type:aws4_request';
const EXPECTED: Readonly<Record<string, string>> = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
};
const invalid = (description: string): OauthRefusal => new OauthRefusal(400, 'invalid_request', description);

const checkSubject = (subject: string, { subjects }: GooglePool, now: number): void => {
  const end = Object.hasOwn(subjects, subject) ? subjects[subject] : undefined;
  if (end === undefined) throw new OauthRefusal(400, 'invalid_grant', 'The given credential is rejected by the attribute condition.');
  if (end <= now) throw new OauthRefusal(400, 'invalid_grant', 'ID Token is stale to sign-in.');
};

/** `POST sts.googleapis.com/v1/token`. */
export const exchange = (form: URLSearchParams, { accounts, pools = [], seconds = 3599 }: Exchanging): Fields => {
  for (const [name, value] of Object.entries(EXPECTED))
    if (form.get(name) !== value)
      throw name === 'grant_type' ? new OauthRefusal(400, 'unsupported_grant_type', 'Unsupported grant type.') : invalid(`Invalid ${name}.`);
  if ((form.get('scope') ?? '') === '') throw new OauthRefusal(400, 'invalid_scope', 'Missing scope.');
  const pool = pools.find(({ audience }) => audience === form.get('audience'));
  if (pool === undefined)
    throw new OauthRefusal(
      400,
      'invalid_target',
      'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
    );
  const type = pool.subjectTokenType ?? (pool.aws === undefined ? 'urn:ietf:params:oauth:token-type:jwt' : AWS);
  if (form.get('subject_token_type') !== type) throw invalid(`Invalid subject token type.`);
  const subject = form.get('subject_token') ?? '';
  if (pool.aws !== undefined) awsSubject(subject, pool.audience, pool.aws);
  else checkSubject(subject, pool, accounts.now());
  const { token } = accounts.issue(`principal:${pool.audience}`, seconds);
  return { access_token: token, issued_token_type: EXPECTED.requested_token_type, token_type: 'Bearer', expires_in: seconds };
};
