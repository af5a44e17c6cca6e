import type { CorrectedClock, Host, UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { timeInText } from './clock.ts';
import { accountOf } from './own-arn.ts';
import type { AwsCredentials, SigV4 } from './sigv4.ts';

export interface Role {
  readonly arn: string;
  readonly externalId: string | undefined;
  readonly sessionName: string;
  readonly tags: Readonly<Record<string, string>>;
}
export interface TokenService {
  readonly origin: string;
  readonly region: string;
  readonly host: Host;
  readonly sign: SigV4;
  readonly clock: CorrectedClock;
}
/** STS refused; `code` is its own word. */
export class AssumeRoleError extends Error {
  override readonly name = 'AssumeRoleError';
  readonly code: string;
  constructor(code: string, status: number) {
    super(`STS answered AssumeRole with ${status} ${code}`);
    this.code = code;
  }
}

const formOf = (role: Role): string => {
  const form = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15', RoleArn: role.arn, RoleSessionName: role.sessionName });
  if (role.externalId !== undefined) form.set('ExternalId', role.externalId);
  for (const [i, [key, value]] of Object.entries(role.tags).entries()) {
    form.set(`Tags.member.${i + 1}.Key`, key);
    form.set(`Tags.member.${i + 1}.Value`, value);
  }
  return form.toString();
};
const ENTITIES: Readonly<Record<string, string>> = Object.freeze({ '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' });
/** The text of an element; STS's answers have each of them once. */
const element = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.replace(/&(?:lt|gt|quot|apos|amp);/g, (e) => ENTITIES[e] ?? e);

const read = (reply: UpstreamReply, xml: string): AwsCredentials => {
  if (reply.status !== 200) throw new AssumeRoleError(element(xml, 'Code') ?? 'unknown', reply.status);
  const accessKeyId = element(xml, 'AccessKeyId');
  const secretAccessKey = element(xml, 'SecretAccessKey');
  const sessionToken = element(xml, 'SessionToken');
  const expiration = Date.parse(element(xml, 'Expiration') ?? '');
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined || Number.isNaN(expiration))
    throw new AssumeRoleError('an answer without credentials', reply.status);
  return { accessKeyId, secretAccessKey, sessionToken, expiration, account: accountOf(element(xml, 'Arn')) };
};
const ABOUT_TIME = /signature expired|signature not yet current|RequestExpired|RequestTimeTooSkewed/i;

/** Asks STS for the role with a credential of ours. Throws AssumeRoleError. A clock that STS refuses is corrected, once. */
export const assumeRole = async (role: Role, by: AwsCredentials, { origin, region, host, sign, clock }: TokenService): Promise<AwsCredentials> => {
  const ask = async (): Promise<{ readonly reply: UpstreamReply; readonly xml: string }> => {
    const request: UpstreamRequest = {
      method: 'POST',
      origin,
      path: '/',
      headers: ['content-type', 'application/x-www-form-urlencoded; charset=utf-8', 'accept', 'text/xml'],
      body: [Buffer.from(formOf(role))],
    };
    sign(request, by, { region, service: 'sts' }, clock.now());
    const reply = await host.fetch(request, host.signal);
    return { reply, xml: Buffer.from(reply.body).toString() };
  };
  const first = await ask();
  if (first.reply.status === 200 || !ABOUT_TIME.test(first.xml)) return read(first.reply, first.xml);
  clock.learn(first.reply, timeInText(first.xml));
  const second = await ask();
  return read(second.reply, second.xml);
};
