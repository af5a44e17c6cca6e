import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askToken, type SignIn } from '../src/tokens.ts';

const KEY = 'ibm-api-key-canary-0123456789abcdef';
const listening = async (handler: Parameters<typeof createServer>[1]): Promise<Server> => {
  const server = createServer(handler as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};
const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const strayed: string[] = [];
let elsewhere: Server;
let service: Server;
let status = 307;
beforeAll(async () => {
  elsewhere = await listening((request, response) => {
    strayed.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: 'a.b.c', token: 'a.b.c' }));
  });
  service = await listening((_request, response) => {
    response.writeHead(status, { location: `${urlOf(elsewhere)}/there` });
    response.end();
  });
});
afterAll(() => {
  elsewhere.close();
  service.close();
});

test.each((['apikey', 'cp4d', 'trusted-profile'] as const).flatMap((kind) => [301, 302, 303, 307, 308].map((each) => [kind, each] as const)))(
  'A088 %s: a token service that points elsewhere by %i gets no token, and its secret goes nowhere',
  async (kind, each) => {
    status = each;
    const url = urlOf(service);
    const credentials = { iamUrl: url, username: 'u', source: 'vpc', metadataUrl: url, profile: { id: 'Profile-1' } } as unknown as SignIn['credentials'];
    await expect(askToken(kind, { credentials, cluster: url, apiKey: KEY, password: undefined })).rejects.toThrow();
    expect(strayed).toEqual([]);
  },
);
