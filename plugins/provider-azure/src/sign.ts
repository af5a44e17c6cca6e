import type { Attempt, UpstreamRequest } from '@llm-proxy-auth/plugin';

export type Sign = (request: UpstreamRequest, attempt: Pick<Attempt, 'fresh'>) => void | Promise<void>;
/** Headers that get somebody in at Azure, or at API Management before it. */
const SLOTS: readonly string[] = ['authorization', 'api-key', 'ocp-apim-subscription-key'];

/** Puts a key or token on a request, in place of whatever stood there; never two of them. */
export const signer = (header: string, value: (fresh: boolean) => string | Promise<string>): Sign => {
  const slots = new Set([...SLOTS, header]);
  const put = (request: UpstreamRequest, text: string): void => {
    for (let i = request.headers.length - 2; i >= 0; i -= 2) if (slots.has(request.headers[i] ?? '')) request.headers.splice(i, 2);
    request.headers.push(header, text);
  };
  return (request, { fresh }) => {
    const known = value(fresh);
    return typeof known === 'string' ? put(request, known) : known.then((text) => put(request, text));
  };
};
