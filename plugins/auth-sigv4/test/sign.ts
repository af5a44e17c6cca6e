import { createHash, createHmac } from 'node:crypto';

/** A caller that signs as the AWS documentation describes it; nothing of the code under test. */
export interface Signer {
  readonly id: string;
  readonly secret: string;
  readonly region?: string;
  readonly service?: string;
}
export interface Signing {
  readonly method?: string;
  /** Path and query without a character that is encoded. */
  readonly url?: string;
  /** Everything that is signed, lower case, in the order of the alphabet. */
  readonly headers: readonly (readonly [string, string])[];
  /** Epoch ms. */
  readonly at: number;
  readonly payload: string;
}
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
export const stamp = (at: number): string => `${new Date(at).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** What stands behind `AWS4-HMAC-SHA256 `. */
export const authorization = ({ id, secret, region = 'us-east-1', service = 'bedrock' }: Signer, wanted: Signing): string => {
  const { method = 'POST', url = '/v1/chat/completions', headers, at, payload } = wanted;
  const [path = '', query = ''] = url.split('?');
  const names = headers.map(([name]) => name).join(';');
  const canonical = [method, path, query, headers.map(([name, value]) => `${name}:${value}\n`).join(''), names, payload].join('\n');
  const scope = `${stamp(at).slice(0, 8)}/${region}/${service}/aws4_request`;
  const key = [region, service, 'aws4_request'].reduce<Buffer>((k, part) => hmac(k, part), hmac(`AWS4${secret}`, stamp(at).slice(0, 8)));
  const signature = hmac(key, ['AWS4-HMAC-SHA256', stamp(at), scope, sha256(canonical)].join('\n')).toString('hex');
  return `Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
};
