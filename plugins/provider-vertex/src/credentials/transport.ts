import type { Host, UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { header } from '@llm-proxy-auth/plugin';
import type { Place } from '../places.ts';

/** Milliseconds for one request of the library; what asks it has a limit of its own. */
export const REQUEST_MS = 10_000;
/** Statuses to which no body belongs. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

export interface Transport {
  /** What the library calls in place of a fetch of its own. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Epoch ms that the last answer's `date` said, beside when we read it; undefined while none did. */
  clock(): { readonly theirs: number; readonly ours: number } | undefined;
}
const requestOf = async (asked: Request, moved: ReadonlyMap<string, Place>): Promise<UpstreamRequest> => {
  const url = new URL(asked.url);
  const place = moved.get(url.origin);
  const body = Buffer.from(await asked.arrayBuffer());
  return {
    method: asked.method,
    origin: place?.origin ?? url.origin,
    path: `${place?.path ?? ''}${url.pathname}${url.search}`,
    headers: [...asked.headers].flat(),
    body: body.length === 0 ? undefined : [body],
  };
};
const responseOf = (reply: UpstreamReply): Response => {
  const headers = new Headers();
  for (let i = 0; i + 1 < reply.headers.length; i += 2) {
    const name = reply.headers[i] ?? '';
    // The body is whole and decoded by now.
    if (name !== 'content-length' && name !== 'transfer-encoding') headers.append(name, reply.headers[i + 1] ?? '');
  }
  return new Response(BODILESS.has(reply.status) ? null : Buffer.from(reply.body), { status: reply.status, headers });
};

/**
 * Google's library speaks through the host: only to declared hosts, bounded in time and size, without redirects, without the
 * proxies of the environment. `moved` says where a token service is when it is elsewhere.
 */
export const transportOf = (host: Host, moved: ReadonlyMap<string, Place>): Transport => {
  let last: { readonly theirs: number; readonly ours: number } | undefined;
  return {
    fetch: async (input, init) => {
      const asked = new Request(input, init);
      const reply = await host.fetch(await requestOf(asked, moved), asked.signal);
      const said = Date.parse(header(reply.headers, 'date') ?? '');
      if (!Number.isNaN(said)) last = { theirs: said, ours: host.now() };
      return responseOf(reply);
    },
    clock: () => last,
  };
};
