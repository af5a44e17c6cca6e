import { randomBytes } from 'node:crypto';
import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { timestamp } from '../timestamp.ts';
import { type AwsCredentials, account } from './credentials.ts';

export type InstanceMetadataOptions = PeerOptions & {
  readonly credentials: AwsCredentials;
  /** Name of the instance's role; without one the instance has no credentials. `gateway` if absent. */
  readonly role?: string | null;
  /** Seconds that credentials live; 6 hours if absent. */
  readonly seconds?: number;
  /** `required` (the default): requests without a token are refused. `optional`: version 1 is answered too. */
  readonly tokens?: 'required' | 'optional';
  /** `disabled`: the service is turned off for the instance, and refuses everything. */
  readonly endpoint?: 'enabled' | 'disabled';
  /** False: the answer to the token request never comes, as behind a hop limit of 1. */
  readonly reachable?: boolean;
};

export type InstanceMetadata = Peer & {
  /** What `AWS_EC2_METADATA_SERVICE_ENDPOINT` takes. */
  readonly url: string;
};

/** The service names itself in each answer. */
const answered = (status: number, type: string, body: string, more: Answer['headers'] = []): Answer => ({
  status,
  headers: [['Server', 'EC2ws'], ['Content-Type', type], ...more],
  body: Buffer.from(body),
});

const page = (status: number, title: string): Answer =>
  answered(
    status,
    'text/html',
    `<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n <head>\n  <title>${status} - ${title}</title>\n </head>\n <body>\n  <h1>${status} - ${title}</h1>\n </body>\n</html>\n`,
  );

/** Without a body: https://github.com/ansible/ansible/pull/68098 */
const forbidden = (): Answer => answered(403, 'text/plain', '');

const plain = (text: string): Answer => answered(200, 'text/plain', text);

/** Tokens of version 2: each lives as many seconds as it was asked for. */
const tokenShop = (now: () => number) => {
  const ends = new Map<string, number>();
  return {
    make: (request: CapturedRequest): Answer => {
      const given = request.header('x-aws-ec2-metadata-token-ttl-seconds') ?? '';
      const seconds = Number(given);
      if (!/^\d+$/.test(given) || seconds < 1 || seconds > 21_600) return page(400, 'Bad Request');
      if (request.header('x-forwarded-for') !== undefined) return forbidden();
      const token = randomBytes(40).toString('base64');
      ends.set(token, now() + seconds * 1000);
      return answered(200, 'text/plain', token, [['X-Aws-Ec2-Metadata-Token-Ttl-Seconds', String(seconds)]]);
    },
    isGood: (token: string): boolean => (ends.get(token) ?? 0) > now(),
  };
};

/** Tokens have one place, without a slash behind it and of no version: https://github.com/aws-beam/aws_credentials/issues/47 */
const OTHER_TOKEN = /^\/[^/]+\/api\/token\/?$/;

const folder = '/latest/meta-data/iam/security-credentials/';
/** The listing of roles is answered without the slash too. */
const isListing = (path: string): boolean => path === folder || `${path}/` === folder;

/** Starts the stand-in of the EC2 instance metadata service, version 2. */
export const instanceMetadata = async (options: InstanceMetadataOptions): Promise<InstanceMetadata> => {
  const { credentials, role = 'gateway', seconds = 21_600, tokens = 'required', endpoint = 'enabled', reachable = true } = options;
  const shop = tokenShop(credentials.now);
  const arn = `arn:aws:sts::${account}:assumed-role/${role ?? ''}/i-0123456789abcdef0`;
  const current = () => {
    // One set of credentials until an hour before its end, as the service does.
    const known = credentials.issued.findLast((one) => one.arn === arn && credentials.find(one.accessKeyId) !== undefined);
    const fresh = known !== undefined && (known.expiresAt ?? 0) - credentials.now() > Math.min(3600_000, seconds * 500);
    return fresh ? known : credentials.issue({ arn, seconds });
  };
  const answer = (request: CapturedRequest): Answer | Promise<Answer> => {
    if (endpoint === 'disabled') return forbidden();
    if (request.path === '/latest/api/token') {
      if (request.method !== 'PUT') return page(405, 'Method Not Allowed');
      return reachable ? shop.make(request) : new Promise<Answer>(() => undefined);
    }
    if (request.method === 'PUT' && OTHER_TOKEN.test(request.path)) return forbidden();
    const token = request.header('x-aws-ec2-metadata-token');
    if (token === undefined ? tokens === 'required' : !shop.isGood(token)) return page(401, 'Unauthorized');
    if (request.method !== 'GET' && request.method !== 'HEAD') return page(405, 'Method Not Allowed');
    if (isListing(request.path) && role !== null) return plain(role);
    if (request.path === '/latest/meta-data/placement/region') return plain('us-east-1');
    if (request.path === '/latest/meta-data/placement/availability-zone') return plain('us-east-1a');
    if (role === null || request.path !== folder + role) return page(404, 'Not Found');
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt = 0 } = current();
    const body = {
      Code: 'Success',
      LastUpdated: timestamp(expiresAt - seconds * 1000),
      Type: 'AWS-HMAC',
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: timestamp(expiresAt),
    };
    return plain(JSON.stringify(body, undefined, 2));
  };
  const server = await peer({ answer, errorBody: () => ({}) }, options);
  return { ...server, url: server.origin };
};
