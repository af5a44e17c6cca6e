import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { timestamp } from '../timestamp.ts';
import { type AwsCredentials, account } from './credentials.ts';
import type { Rate } from './token-bucket.ts';

/** What the endpoints that hand credentials to containers have in common. */
export type VendingOptions = PeerOptions & {
  readonly credentials: AwsCredentials;
  /** `gateway` if absent. */
  readonly role?: string;
  /** Seconds that credentials live; 6 hours if absent. */
  readonly seconds?: number;
  /** How often it may be asked; as often as the real one if absent. */
  readonly rate?: Rate;
};

export type ContainerCredentials = Peer & {
  /** What `AWS_CONTAINER_CREDENTIALS_FULL_URI` takes. */
  readonly url: string;
  /** What `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` takes. */
  readonly path: string;
};

export const answerJson = (status: number, body: object): Answer => ({
  status,
  headers: [['Content-Type', 'application/json']],
  body: Buffer.from(JSON.stringify(body)),
});

/** Issues credentials for the role; each request gets new ones only when half of the time is over. */
export const vending = ({ credentials, role = 'gateway', seconds = 21_600 }: VendingOptions, session: string) => {
  const arn = `arn:aws:sts::${account}:assumed-role/${role}/${session}`;
  return (extra: object): Answer => {
    const known = credentials.issued.findLast((one) => one.arn === arn && credentials.find(one.accessKeyId) !== undefined);
    const fresh = known !== undefined && (known.expiresAt ?? 0) - credentials.now() > seconds * 500;
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt = 0 } = fresh ? known : credentials.issue({ arn, seconds });
    return answerJson(200, { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration: timestamp(expiresAt), ...extra });
  };
};

export const serve = async (options: VendingOptions, path: string, answer: (request: CapturedRequest) => Answer): Promise<ContainerCredentials> => {
  const server = await peer({ answer, errorBody: () => ({ code: 'InternalServerException', message: 'The request could not be handled.' }) }, options);
  return { ...server, path, url: server.origin + path };
};
