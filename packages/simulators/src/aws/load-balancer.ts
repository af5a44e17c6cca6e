import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';

/** What a listener rule that signs people in is configured with. */
export type SignInRule = {
  readonly arn: string;
  readonly clientId: string;
  readonly issuer: string;
};
/** One load balancer, as far as it signs what it knows about a person. */
export type LoadBalancer = {
  /** `kid` of the key it signs with now. */
  readonly keyId: () => string;
  /** Signs with another key from now on; the key server goes on showing the one before. */
  rotate(): void;
  /** Value of `x-amzn-oidc-data` for the claims of the user info endpoint; it lives 120 s. `now` in Unix milliseconds. */
  data(claims: Readonly<Record<string, unknown>>, now: number): string;
};
export type LoadBalancerKeys = Peer & {
  /** What stands before `/{kid}`; `https://public-keys.auth.elb.{region}.amazonaws.com` in reality. */
  readonly url: string;
  loadBalancer(rule: SignInRule): LoadBalancer;
};

const life = 120;
type Pair = { readonly kid: string; readonly privateKey: KeyObject; readonly pem: string };

const makePair = (): Pair => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid: randomUUID(), privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
};
/** The load balancer keeps the padding, which JWS leaves out (AWS: "standard libraries are not compatible with the padding"). */
const padded = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

const text = (status: number, body: string): Answer => ({ status, headers: [['content-type', 'text/plain']], body: Buffer.from(body) });

const loadBalancer = (published: Map<string, string>, { arn, clientId, issuer }: SignInRule): LoadBalancer => {
  const next = (): Pair => {
    const pair = makePair();
    published.set(pair.kid, pair.pem);
    return pair;
  };
  let current = next();
  return {
    keyId: () => current.kid,
    rotate: () => {
      current = next();
    },
    data: (claims, now) => {
      const exp = Math.floor(now / 1000) + life;
      const header = { typ: 'JWT', kid: current.kid, alg: 'ES256', iss: issuer, client: clientId, signer: arn, exp };
      const input = `${padded(JSON.stringify(header))}.${padded(JSON.stringify({ ...claims, exp, iss: issuer }))}`;
      return `${input}.${padded(sign('sha256', Buffer.from(input), { key: current.privateKey, dsaEncoding: 'ieee-p1363' }))}`;
    },
  };
};

/**
 * Starts the stand-in for the server of public keys of one region's load balancers: `GET /{kid}` answers with the PEM text of one
 * key, whichever load balancer it belongs to; nothing else is there. (The body of its refusals is from memory.)
 */
export const loadBalancerKeys = async (options: PeerOptions = {}): Promise<LoadBalancerKeys> => {
  const published = new Map<string, string>();
  const answer = ({ method, path }: CapturedRequest): Answer => {
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'Method Not Allowed');
    const pem = published.get(path.slice(1));
    return pem === undefined ? text(404, 'Not Found') : text(200, pem);
  };
  const server = await peer({ answer, errorBody: (status) => ({ message: String(status) }) }, options);
  return { ...server, url: server.origin, loadBalancer: (rule) => loadBalancer(published, rule) };
};
