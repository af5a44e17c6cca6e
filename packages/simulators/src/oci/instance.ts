import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { json } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { isFields, textOf } from '../openai/check.ts';
import { type Certified, certify } from './certificates.ts';
import type { OciIdentity } from './identity.ts';
import { errorBody, OciRefusal, refuse } from './refusal.ts';
import { verifySignature } from './signature.ts';

export type OciInstanceOptions = PeerOptions & {
  readonly identity: OciIdentity;
  /** What `instance/region` says; the short code `ord` if absent. */
  readonly region?: string;
  /** Seconds that session tokens live; 20 minutes if absent. */
  readonly seconds?: number;
};
export type OciInstance = Peer & {
  /** What the metadata base URL of an instance principal takes. */
  readonly metadataUrl: string;
  /** What its federation endpoint takes. */
  readonly federationUrl: string;
  /** Gives the instance another certificate and key, as OCI does every few hours; tokens of the old one stay good. */
  rotate(): void;
  /** The fingerprint (SHA-1) of the certificate that the instance has now. */
  fingerprint(): string;
};
const plain = (text: string) => ({ status: 200, headers: [['content-type', 'text/plain']] as const, body: Buffer.from(text) });
const armour = /-----[A-Z ]+-----|\s/g;
const bare = (value: unknown): Buffer => Buffer.from(textOf(value).replace(armour, ''), 'base64');

const certificateOf = (value: unknown): X509Certificate => {
  try {
    return new X509Certificate(bare(value));
  } catch {
    throw refuse.invalid('The certificate is not valid.');
  }
};
const tenancyOf = (certificate: X509Certificate): string | undefined => /(?:opc-tenant|opc-identity):(\S+)/.exec(certificate.subject)?.[1];

/** POST /v1/x509 of the identity service: a certificate of the instance and the key of its session become a token. */
const federate = (request: CapturedRequest, root: KeyObject, identity: OciIdentity, seconds: number) => {
  let body: unknown;
  try {
    body = request.json();
  } catch {
    throw refuse.unparsable();
  }
  if (!isFields(body)) throw refuse.unparsable();
  for (const name of ['certificate', 'publicKey']) if (typeof body[name] !== 'string') throw refuse.missing(name);
  const leaf = certificateOf(body.certificate);
  const intermediates = Array.isArray(body.intermediateCertificates) ? body.intermediateCertificates.map(certificateOf) : [];
  const [intermediate] = intermediates;
  const trusted = intermediate?.verify(root) === true && leaf.verify(intermediate.publicKey);
  const tenancy = tenancyOf(leaf);
  const keyId = `${tenancy}/fed-x509/${leaf.fingerprint.toLowerCase()}`;
  const signer = verifySignature(request, (id) => (id.toLowerCase() === keyId.toLowerCase() ? leaf.publicKey : undefined), identity.now());
  if (!trusted || signer === '' || (body.purpose !== undefined && body.purpose !== 'DEFAULT')) throw refuse.notAuthenticated();
  const publicKey = bare(body.publicKey);
  try {
    createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  } catch {
    throw refuse.invalid('The public key is not valid.');
  }
  const { token } = identity.issue({ kind: 'instance', publicKey: publicKey.toString('base64'), seconds });
  return { status: 200, headers: [['content-type', 'application/json']] as const, body: json({ token }) };
};

/** Starts the stand-ins of the instance metadata service, version 2, and of the identity service, on one port. */
export const ociInstance = async (options: OciInstanceOptions): Promise<OciInstance> => {
  const { identity, region = 'ord', seconds = 1200 } = options;
  const root = certify('PKISVC Identity Root');
  const intermediate = certify('PKISVC Identity Intermediate', { issuer: root.issuer, serial: 2 });
  let serial = 2;
  const fresh = (): Certified => {
    serial += 1;
    const units = ['opc-certtype:instance', `opc-compartment:ocid1.compartment.oc1..aaaasimulated`, `opc-tenant:${identity.tenancy}`];
    return certify('ocid1.instance.oc1.ord.aaaasimulated', { units, issuer: intermediate.issuer, serial });
  };
  let leaf = fresh();
  const pages: Readonly<Record<string, () => string>> = {
    '/opc/v2/instance/region': () => region,
    '/opc/v2/identity/cert.pem': () => leaf.certificate,
    '/opc/v2/identity/key.pem': () => leaf.key,
    '/opc/v2/identity/intermediate.pem': () => intermediate.certificate,
  };
  const perform = (request: CapturedRequest) => {
    if (request.path === '/v1/x509' && request.method === 'POST') return federate(request, root.publicKey, identity, seconds);
    const page = pages[request.path];
    if (page === undefined || request.method !== 'GET') throw refuse.notFound();
    // Version 2 answers those alone who know to ask for it, so that a page that fetches addresses for others learns nothing.
    if (request.header('authorization') !== 'Bearer Oracle') throw new OciRefusal(403, 'Forbidden', 'Missing or invalid authorization header.');
    if (request.header('x-forwarded-for') !== undefined) throw new OciRefusal(403, 'Forbidden', 'Forwarded requests are not answered.');
    return plain(page());
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
    options,
  );
  return {
    ...server,
    metadataUrl: `${server.origin}/opc/v2/`,
    federationUrl: server.origin,
    rotate: () => {
      leaf = fresh();
    },
    fingerprint: () => new X509Certificate(leaf.certificate).fingerprint.toLowerCase(),
  };
};
