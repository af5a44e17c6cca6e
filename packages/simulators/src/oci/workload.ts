import { generateKeyPairSync } from 'node:crypto';
import { json } from '../http/answer.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { isFields, textOf } from '../openai/check.ts';
import { certify } from './certificates.ts';
import type { OciIdentity } from './identity.ts';
import { errorBody, OciRefusal, refuse } from './refusal.ts';

export type OkeProxymuxOptions = Omit<PeerOptions, 'tls'> & {
  readonly identity: OciIdentity;
  /** Tokens of service accounts that it knows, and when each ends in Unix milliseconds. It may change while it runs. */
  readonly accounts: ReadonlyMap<string, number>;
  /** Seconds that session tokens live; 20 minutes if absent. */
  readonly seconds?: number;
};
export type OkeProxymux = Peer & {
  /** PEM of the cluster's CA. */
  readonly ca: string;
};

/** Starts the stand-in of the proxymux of an enhanced OKE cluster: HTTPS, the token of a pod for a session token. */
export const okeProxymux = async (options: OkeProxymuxOptions): Promise<OkeProxymux> => {
  const { identity, accounts, seconds = 1200 } = options;
  const { certificate, key } = certify('oke-simulated', { address: [127, 0, 0, 1] });
  const perform = (request: Parameters<Parameters<typeof peer>[0]['answer']>[0]) => {
    if (request.path !== '/resourcePrincipalSessionTokens' || request.method !== 'POST') throw refuse.notFound();
    const token = /^Bearer\s+(.*)$/.exec(request.header('authorization') ?? '')?.[1] ?? '';
    if ((accounts.get(token) ?? 0) <= identity.now()) throw new OciRefusal(403, 'NotAuthorized', 'The service account token is not valid.');
    let body: unknown;
    try {
      body = request.json();
    } catch {
      throw refuse.unparsable();
    }
    const podKey = isFields(body) ? textOf(body.podKey).replace(/-----[A-Z ]+-----|\s/g, '') : '';
    if (podKey === '') throw refuse.missing('podKey');
    const session = identity.issue({ kind: 'workload', publicKey: podKey, seconds });
    return { status: 200, headers: [['content-type', 'text/plain']] as const, body: Buffer.from(json({ token: `ST$${session.token}` }).toString('base64')) };
  };
  const server = await peer(
    {
      answer: (request) => {
        try {
          return perform(request);
        } catch (cause) {
          if (!(cause instanceof OciRefusal)) throw cause;
          return { status: cause.status, headers: [['content-type', 'application/json']], body: json({ code: cause.code, message: cause.message }) };
        }
      },
      errorBody,
    },
    { ...options, tls: { key, cert: certificate } },
  );
  return { ...server, ca: certificate };
};

/** What a function or container instance finds in its environment: a session token and the key that goes with it. */
export type ResourcePrincipal = { readonly token: string; readonly privateKey: string; readonly expiresAt: number };
export const ociResourcePrincipal = (identity: OciIdentity, seconds = 1200): ResourcePrincipal => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { token, expiresAt } = identity.issue({ kind: 'resource', publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), seconds });
  return { token, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), expiresAt };
};
