import { type Fields, isFields } from '../openai/check.ts';

/** Thrown for a token that the agent of EKS Pod Identity refuses by itself. The message is the body of its answer. */
export class TokenRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenRefused';
  }
}

/** Whose token it is. */
export type PodToken = { readonly namespace: string; readonly serviceAccount: string; readonly audiences: readonly string[] };

const unparsed = (what: string): TokenRefused => new TokenRefused(`Service account token cannot be parsed: ${what}`);
const malformed = (what: string): TokenRefused => unparsed(`token is malformed: ${what}`);

/** Where Go's decoder of unpadded base64url stops; undefined where it does not. */
const illegalByte = (segment: string): number | undefined => {
  const at = segment.search(/[^A-Za-z0-9_-]/);
  if (at !== -1) return at;
  return segment.length % 4 === 1 ? segment.length - 1 : undefined;
};

/** Go names the character that cannot begin a value. Its further sentences are many, and shortened here. */
const jsonFault = (text: string): string => {
  const first = text.trimStart().charAt(0);
  if (first === '') return 'unexpected end of JSON input';
  return /[[{"\dtfn-]/.test(first) ? 'invalid character in JSON' : `invalid character '${first}' looking for beginning of value`;
};

const decoded = (segment: string, name: string): Fields => {
  const at = illegalByte(segment);
  if (at !== undefined) throw malformed(`could not base64 decode ${name}: illegal base64 data at input byte ${at}`);
  const text = Buffer.from(segment, 'base64url').toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(`could not JSON decode ${name}: ${jsonFault(text)}`);
  }
  if (!isFields(value)) throw malformed(`could not JSON decode ${name}: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value`);
  return value;
};

const numericDate = (claims: Fields, name: string): number | undefined => {
  const value = claims[name] ?? undefined;
  if (value === undefined || typeof value === 'number') return value;
  throw malformed('could not JSON decode claim: could not parse NumericData');
};

/** `none` is among them: whether a signature is good is for EKS to say. */
const algorithms = /^((HS|RS|ES|PS)(256|384|512)|EdDSA|none)$/;

/** https://github.com/golang-jwt/jwt/blob/main/parser.go */
const parsed = (token: string): Fields => {
  const segments = token.split('.');
  if (segments.length !== 3) throw malformed('token contains an invalid number of segments');
  const [header = '', payload = ''] = segments;
  const { alg } = decoded(header, 'header');
  const claims = decoded(payload, 'claim');
  numericDate(claims, 'iat');
  if (typeof alg !== 'string') throw unparsed('token is unverifiable: signing method (alg) is unspecified');
  if (!algorithms.test(alg)) throw unparsed('token is unverifiable: signing method (alg) is unavailable');
  return claims;
};

const checkTimes = (claims: Fields, now: number): void => {
  const [end, start] = [numericDate(claims, 'exp'), numericDate(claims, 'nbf')];
  const faults = [
    ...(end !== undefined && now >= end * 1000 ? ['token is expired'] : []),
    ...(start !== undefined && now < start * 1000 ? ['token is not valid yet'] : []),
  ];
  if (faults.length > 0) throw new TokenRefused(`Service account token failed basic claim validations: ${faults.join(', ')}`);
};

/** The agent keeps credentials by the pod's uid, so that it must be there. */
const kubernetesClaims = (claims: Fields): Fields => {
  const lacking = (what: string): TokenRefused => new TokenRefused(`failed to get pod uid from service account token: token missing ${what}`);
  const kubernetes = claims['kubernetes.io'];
  if (!isFields(kubernetes)) throw lacking('kubernetes.io claims');
  const { pod } = kubernetes;
  if (!isFields(pod)) throw lacking('pod claims');
  if (typeof pod.uid !== 'string') throw lacking('pod uid');
  return kubernetes;
};

/**
 * What the agent looks at before it asks EKS; the signature is not among it. Throws TokenRefused. `now` is in Unix milliseconds.
 * https://github.com/aws/eks-pod-identity-agent/blob/main/internal/validation/request.go
 */
export const readPodToken = (token: string, now: number): PodToken => {
  if (token === '') throw new TokenRefused('Service account token cannot be empty');
  const claims = parsed(token);
  checkTimes(claims, now);
  const kubernetes = kubernetesClaims(claims);
  const { aud } = claims;
  const { serviceaccount: account } = kubernetes;
  return {
    namespace: String(kubernetes.namespace),
    serviceAccount: String(isFields(account) ? account.name : undefined),
    audiences: Array.isArray(aud) ? aud.map(String) : typeof aud === 'string' ? [aud] : [],
  };
};
