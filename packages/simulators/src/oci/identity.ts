import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A user with an API key, as its configuration file has it. */
export type OciUser = {
  readonly tenancy: string;
  readonly user: string;
  /** MD5 of the public key, in hex with colons. */
  readonly fingerprint: string;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
};

export type OciSession = {
  /** `instance`, `workload`, `resource`. */
  readonly kind: string;
  readonly token: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
};

/** What one pretended OCI knows of who may call it: shared by its services, so that what the one hands out the other accepts. */
export type OciIdentity = {
  /** Unix milliseconds. */
  now(): number;
  readonly tenancy: string;
  /** Makes a user with a key of its own. */
  user(name?: string): OciUser;
  /** A session token for a public key (base64 of its DER), good for `seconds` from now. */
  issue(wanted: { readonly kind: string; readonly publicKey: string; readonly seconds: number }): OciSession;
  /** The key that a key id stands for; undefined for unknown, revoked and ended ones. */
  find(keyId: string): KeyObject | undefined;
  /** Forgets a fingerprint or a token. */
  revoke(what: string): void;
  /** Tokens issued so far, oldest first. */
  readonly issued: readonly OciSession[];
};

export type OciIdentityOptions = {
  /** Unix milliseconds; Date.now if absent. */
  readonly now?: () => number;
};

/** Key ids of users stand together so: `{tenancy}/{user}/{fingerprint}`. */
const keyIdOf = ({ tenancy, user, fingerprint }: OciUser): string => `${tenancy}/${user}/${fingerprint}`;
const colons = (hex: string): string => hex.match(/../g)?.join(':') ?? '';
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** 2048 bits, as OCI asks for them. */
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

export const ociIdentity = ({ now = Date.now }: OciIdentityOptions = {}): OciIdentity => {
  const tenancy = 'ocid1.tenancy.oc1..aaaasimulatedtenancy';
  const users = new Map<string, KeyObject>();
  const sessions = new Map<string, { readonly key: KeyObject; readonly expiresAt: number }>();
  const issued: OciSession[] = [];
  const authority = rsa();
  return {
    now,
    tenancy,
    issued,
    user: (name = `user${users.size + 1}`) => {
      const { publicKey, privateKey } = rsa();
      const fingerprint = colons(
        createHash('md5')
          .update(publicKey.export({ type: 'spki', format: 'der' }))
          .digest('hex'),
      );
      const made = { tenancy, user: `ocid1.user.oc1..aaaa${name}`, fingerprint, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
      users.set(keyIdOf(made), publicKey);
      return made;
    },
    issue: ({ kind, publicKey, seconds }) => {
      const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
      const expiresAt = now() + seconds * 1000;
      const claims = {
        sub: `ocid1.${kind}.oc1..aaaasimulated`,
        iss: 'authService.oracle.com',
        ptype: kind,
        res_tenant: tenancy,
        res_compartment: 'ocid1.compartment.oc1..aaaasimulated',
        exp: Math.floor(expiresAt / 1000),
        iat: Math.floor(now() / 1000),
        jti: randomBytes(12).toString('hex'),
      };
      const head = `${part({ kid: 'asw', alg: 'RS256' })}.${part(claims)}`;
      const token = `${head}.${sign('sha256', Buffer.from(head), authority.privateKey).toString('base64url')}`;
      sessions.set(`ST$${token}`, { key, expiresAt });
      const session = { kind, token, expiresAt };
      issued.push(session);
      return session;
    },
    find: (keyId) => {
      const session = sessions.get(keyId);
      if (session === undefined) return users.get(keyId);
      return session.expiresAt > now() ? session.key : undefined;
    },
    revoke: (what) => {
      for (const id of users.keys()) if (id.endsWith(`/${what}`)) users.delete(id);
      sessions.delete(`ST$${what}`);
    },
  };
};
