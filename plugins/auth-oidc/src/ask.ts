import { asObject, type Fields, GatewayError, type Host, parseJson, type UpstreamReply } from '@llm-proxy-auth/plugin';

export interface Question {
  readonly url: string;
  readonly timeoutMs: number;
  /** Longest answer. */
  readonly maxBytes: number;
  /** PEM text of the authorities of its certificate. */
  readonly ca: string | undefined;
  /** A form that is posted; without it the URL is fetched. */
  readonly form?: URLSearchParams | undefined;
  readonly headers?: readonly string[] | undefined;
}
/** Asks an issuer. Throws for every answer but 200: a redirect leads nowhere. */
export const ask = async (host: Host, { url, timeoutMs, maxBytes, ca, form, headers = [] }: Question): Promise<UpstreamReply> => {
  const { origin, pathname, search } = new URL(url);
  const posted = form === undefined ? [] : ['content-type', 'application/x-www-form-urlencoded'];
  const reply = await host.fetch(
    {
      method: form === undefined ? 'GET' : 'POST',
      origin,
      path: pathname + search,
      headers: ['accept', 'application/json', ...posted, ...headers],
      body: form === undefined ? undefined : [Buffer.from(form.toString())],
    },
    AbortSignal.timeout(timeoutMs),
    { maxBytes, ca },
  );
  if (reply.status !== 200) throw new GatewayError('upstream_bad_response', `The issuer answered with status ${reply.status}.`);
  return reply;
};
/** The object that an answer is. Throws when it is none. */
export const objectOf = ({ body }: UpstreamReply): Fields => {
  const value = asObject(parseJson(body));
  if (value === undefined) throw new GatewayError('upstream_bad_response', 'The issuer answered with no JSON object.');
  return value;
};
