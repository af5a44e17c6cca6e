import type { AwsCredential, AwsCredentials } from './credentials.ts';
import { canonicalRequest, type Scope, type SignedRequest, signature, stringToSign } from './sigv4.ts';

/** Why a signature is refused; each service has its own name for each. */
export type SignatureFault = 'missing' | 'incomplete' | 'invalid' | 'unknown' | 'expired';

/** Thrown by `authenticate`. The message is the sentence that AWS gives. */
export class SignatureRefused extends Error {
  readonly fault: SignatureFault;

  constructor(fault: SignatureFault, message: string) {
    super(message);
    this.name = 'SignatureRefused';
    this.fault = fault;
  }
}

export type Verifier = {
  readonly credentials: AwsCredentials;
  readonly region: string;
  readonly service: string;
  /** Minutes after its date that a signature is taken; 5 if absent. */
  readonly minutes?: number;
};

type Claim = {
  readonly keyId: string;
  readonly scope: Scope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly when: string;
  readonly sessionToken: string | undefined;
};

const aMinute = 60_000;
/** How far in the future a date may lie. */
const ahead = 5 * aMinute;

const required = (request: SignedRequest, parts: ReadonlyMap<string, string>, when: string | undefined): void => {
  const lacking = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !parts.has(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (when === undefined) lacking.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (lacking.length > 0)
    throw new SignatureRefused('incomplete', `${lacking.join(' ')} Authorization=${request.header('authorization')?.split(' ')[0] ?? ''}`);
};

/** Scope and key id of a credential. Throws SignatureRefused for the scope of another region or service. */
const scopeOf = (credential: string, { region, service }: Verifier): { readonly keyId: string; readonly scope: Scope } => {
  const elements = credential.split('/');
  const [keyId = '', date = '', scopeRegion = '', scopeService = '', terminator = ''] = elements;
  if (elements.length !== 5) {
    const message = `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`;
    throw new SignatureRefused('incomplete', message);
  }
  const wrong = [
    scopeRegion === region ? '' : 'Credential should be scoped to a valid region. ',
    scopeService === service ? '' : `Credential should be scoped to correct service: '${service}'. `,
    terminator === 'aws4_request' ? '' : `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'. `,
  ].join('');
  if (wrong !== '') throw new SignatureRefused('invalid', wrong);
  return { keyId, scope: { date, region, service } };
};

const claimOf = (request: SignedRequest, verifier: Verifier): Claim => {
  const given = request.header('authorization') ?? '';
  const parts = new Map([...given.matchAll(/([A-Za-z]+)=([^,\s]+)/g)].map(([, name = '', value = '']) => [name, value] as const));
  const when = request.header('x-amz-date');
  required(request, given.startsWith('AWS4-HMAC-SHA256 ') ? parts : new Map(), when);
  const { keyId, scope } = scopeOf(parts.get('Credential') ?? '', verifier);
  const signedHeaders = (parts.get('SignedHeaders') ?? '').split(';');
  const sessionToken = request.header('x-amz-security-token');
  return { keyId, scope, signedHeaders, signature: parts.get('Signature') ?? '', when: when ?? '', sessionToken };
};

/** A presigned request carries in its query what the `authorization` header says otherwise. */
const presignedClaimOf = (query: URLSearchParams, verifier: Verifier): Claim => {
  const names = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date', 'X-Amz-Expires'];
  const lacking = names.filter((name) => (query.get(name) ?? '') === '').map((name) => `AWS query-string parameters must include '${name}'.`);
  if (lacking.length > 0) throw new SignatureRefused('incomplete', `${lacking.join(' ')} Re-examine the query-string parameters.`);
  const value = (name: string): string => query.get(name) ?? '';
  if (value('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') throw new SignatureRefused('incomplete', `Unsupported AWS 'algorithm': '${value('X-Amz-Algorithm')}'.`);
  return {
    ...scopeOf(value('X-Amz-Credential'), verifier),
    signedHeaders: value('X-Amz-SignedHeaders').split(';'),
    signature: value('X-Amz-Signature'),
    when: value('X-Amz-Date'),
    sessionToken: query.get('X-Amz-Security-Token') ?? undefined,
  };
};

const stamp = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '');

const checkTime = ({ when, scope }: Claim, now: number, minutes: number): void => {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(when);
  if (match === null) {
    throw new SignatureRefused('incomplete', `Date must be in ISO-8601 'basic format'. Got '${when}'. See http://en.wikipedia.org/wiki/ISO_8601`);
  }
  const [, year, month, day, hour, minute, second] = match.map(Number) as [number, number, number, number, number, number, number];
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  if (scope.date !== when.slice(0, 8)) {
    const quoted = `'${when}'`;
    const message = `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${when.slice(0, 8)}', from ${quoted}.`;
    throw new SignatureRefused('invalid', message);
  }
  const [earliest, latest] = [now - minutes * aMinute, now + ahead];
  if (at < earliest)
    throw new SignatureRefused('invalid', `Signature expired: ${when} is now earlier than ${stamp(earliest)} (${stamp(now)} - ${minutes} min.)`);
  if (at > latest) throw new SignatureRefused('invalid', `Signature not yet current: ${when} is still later than ${stamp(latest)} (${stamp(now)} + 5 min.)`);
};

const checkSigned = (request: SignedRequest, { signedHeaders }: Claim): void => {
  if (!signedHeaders.includes('host') && !signedHeaders.includes(':authority')) {
    throw new SignatureRefused('invalid', "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const name of ['x-amz-date', 'x-amz-security-token']) {
    if (request.header(name) === undefined || signedHeaders.includes(name)) continue;
    throw new SignatureRefused('invalid', `'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
  }
};

const holder = ({ keyId, sessionToken }: Claim, credentials: AwsCredentials): AwsCredential => {
  const known = credentials.find(keyId);
  if (known === undefined || known.sessionToken !== sessionToken) {
    throw new SignatureRefused('unknown', 'The security token included in the request is invalid.');
  }
  if (known.expiresAt !== undefined && known.expiresAt <= credentials.now()) {
    throw new SignatureRefused('expired', 'The security token included in the request is expired');
  }
  return known;
};

/** Who signed the request, in its header or, presigned, in its query; throws SignatureRefused. */
export const authenticate = (request: SignedRequest, verifier: Verifier): AwsCredential => {
  const query = new URLSearchParams(request.target.slice(request.path.length));
  const presigned = query.has('X-Amz-Signature') || query.has('X-Amz-Algorithm');
  if (request.header('authorization') === undefined && !presigned) throw new SignatureRefused('missing', 'Missing Authentication Token');
  const claim = presigned ? presignedClaimOf(query, verifier) : claimOf(request, verifier);
  checkSigned(request, claim);
  checkTime(claim, verifier.credentials.now(), verifier.minutes ?? 5);
  const credential = holder(claim, verifier.credentials);
  const canonical = canonicalRequest(request, claim.signedHeaders);
  const toSign = stringToSign(canonical, claim.when, claim.scope);
  if (signature(credential.secretAccessKey, toSign, claim.scope) === claim.signature) return credential;
  const message = `The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'${canonical}'\n\nThe String-to-Sign should have been\n'${toSign}'\n`;
  throw new SignatureRefused('invalid', message);
};
