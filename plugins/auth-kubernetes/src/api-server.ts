import { asObject, type Fields, type Host, parseJson, type UpstreamReply } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

const TIMEOUT_MS = 5000;
const MAX_BYTES = 512 * 1024;

/** The API server cannot say now. */
export class Away extends Error {
  override readonly name = 'Away';
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}
/** Calls with the gateway's own token. Each throws Away for everything but success. */
export interface ApiServer {
  get(path: string): Promise<UpstreamReply>;
  /** Creates something that is nowhere kept: a review. */
  create(path: string, kind: string, body: object): Promise<Fields>;
}
const objectOf = ({ body }: UpstreamReply): Fields | undefined => {
  try {
    return asObject(parseJson(body));
  } catch {
    return undefined;
  }
};
export const apiServer = (host: Host, { server, token, ca }: Config): ApiServer => {
  const { origin, pathname } = new URL(server);
  const base = pathname === '/' ? '' : pathname;
  let failing = false;
  const away = (reason: string): never => {
    if (!failing) host.log.warn({ reason }, 'the API server of the cluster does not say who its service accounts are');
    failing = true;
    throw new Away(reason);
  };
  const send = async (method: 'GET' | 'POST', path: string, body: object | undefined): Promise<UpstreamReply> => {
    const [shown, authorities] = [await host.secret(token), await host.secret(ca)];
    const typed = body === undefined ? [] : ['content-type', 'application/json'];
    const request = {
      method,
      origin,
      path: base + path,
      headers: ['authorization', `Bearer ${shown}`, 'accept', 'application/json', ...typed],
      body: body === undefined ? undefined : [Buffer.from(JSON.stringify(body))],
    };
    try {
      return await host.fetch(request, AbortSignal.timeout(TIMEOUT_MS), { ca: authorities, maxBytes: MAX_BYTES });
    } catch {
      return away('api_server_unreachable');
    }
  };
  const succeed = async (method: 'GET' | 'POST', path: string, body?: object): Promise<UpstreamReply> => {
    const reply = await send(method, path, body);
    if (reply.status !== (method === 'GET' ? 200 : 201)) return away(`api_server_status_${reply.status}`);
    if (failing) host.log.info({}, 'the API server of the cluster answers again');
    failing = false;
    return reply;
  };
  return {
    get: (path) => succeed('GET', path),
    create: async (path, kind, body) => {
      const answer = objectOf(await succeed('POST', path, body));
      return answer?.kind === kind ? answer : away('api_server_answer_malformed');
    },
  };
};
