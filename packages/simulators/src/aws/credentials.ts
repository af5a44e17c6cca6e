import { createHash, randomBytes } from 'node:crypto';

/** An access key as AWS hands it out. Times are Unix milliseconds. */
export type AwsCredential = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Temporary credentials only. */
  readonly sessionToken?: string;
  readonly expiresAt?: number;
  /** Who it is: `arn:aws:sts::123456789012:assumed-role/gateway/session`. */
  readonly arn: string;
  /** Unique id of who it is; made from the ARN if absent. */
  readonly userId?: string;
  /** Session tags, as AssumeRole got them. */
  readonly tags?: Readonly<Record<string, string>>;
};

/** The credentials that one pretended AWS knows: shared by its services, so that what the one hands out the other accepts. */
export type AwsCredentials = {
  /** Unix milliseconds. */
  now(): number;
  /** Registers a credential; the same key id replaces the older one. */
  add(credential: AwsCredential): void;
  /** Makes and registers temporary credentials. `seconds` counts from now. */
  issue(wanted: { readonly arn: string; readonly seconds: number; readonly tags?: Readonly<Record<string, string>> }): AwsCredential;
  find(accessKeyId: string): AwsCredential | undefined;
  /** Forgets a credential: requests with it are refused as those of an unknown key. */
  revoke(accessKeyId: string): void;
  /** Everything issued so far, oldest first. */
  readonly issued: readonly AwsCredential[];
};

export type AwsCredentialsOptions = {
  /** Unix milliseconds; Date.now if absent. */
  readonly now?: () => number;
  /** Long-term keys known from the start. */
  readonly known?: readonly AwsCredential[];
};

/** Twelve digits that stand in every ARN made here. */
export const account = '123456789012';

export const awsCredentials = ({ now = Date.now, known = [] }: AwsCredentialsOptions = {}): AwsCredentials => {
  const byId = new Map(known.map((one) => [one.accessKeyId, one]));
  const issued: AwsCredential[] = [];
  const seed = randomBytes(16);
  const secret = (purpose: string): Buffer => createHash('sha512').update(seed).update(`${purpose} ${issued.length}`).digest();
  return {
    now,
    issued,
    add: (credential) => void byId.set(credential.accessKeyId, credential),
    find: (accessKeyId) => byId.get(accessKeyId),
    revoke: (accessKeyId) => void byId.delete(accessKeyId),
    issue: ({ arn, seconds, tags }) => {
      const credential: AwsCredential = {
        accessKeyId: `ASIA${secret('id').toString('hex').toUpperCase().slice(0, 16)}`,
        secretAccessKey: secret('secret').toString('base64').replaceAll('=', '').slice(0, 40),
        sessionToken: `IQoJb3JpZ2luX2Vj${secret('token').toString('base64')}`,
        expiresAt: now() + seconds * 1000,
        arn,
        ...(tags === undefined ? {} : { tags }),
      };
      issued.push(credential);
      byId.set(credential.accessKeyId, credential);
      return credential;
    },
  };
};
