import { request as send } from 'node:http';

export type RawRequest = {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};
export type RawAnswer = { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string };

/** One request on a connection of its own, just as it is given: fetch() changes paths and lets nobody name the host. */
export const sendRaw = (origin: string, path: string, { method, headers = {}, body }: RawRequest): Promise<RawAnswer> =>
  new Promise((done, fail) => {
    const { hostname, port } = new URL(origin);
    const call = send({ hostname, port, path, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
    });
    call.on('error', fail);
    call.end(body);
  });
