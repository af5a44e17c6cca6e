import { createHash, generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export const AUDIENCE = 'llm-gateway';
/** Resources that tokens are asked for: of the first they are JWTs, of the second opaque, of the third for another API. */
export const [API, OPAQUE, OTHER] = ['https://gateway.example/jwt', 'https://gateway.example/opaque', 'https://other.example'] as const;
const REDIRECT = 'https://app.example/back';
const SECRET = 'a-client-secret-of-the-tests-0123456789';

export interface IdentityProvider {
  readonly issuer: string;
  /** Key that the client `gateway-key` proves itself with: PKCS #8. */
  readonly clientKey: string;
  readonly clientSecret: string;
  /** Paths that were asked for since the last `clear`. */
  readonly asked: readonly string[];
  clear(): void;
  /** Signs with another key from now on; the one before is shown on with `overlap`, else gone. */
  rotate(overlap?: boolean): void;
  /** False: every request is answered 503. */
  available: boolean;
  /** A token of the client itself. */
  clientToken(client: string, resource?: string): Promise<string>;
  /** Signs a person in in a browser of sorts: authorization code with PKCE. */
  signIn(account: string, resource?: string): Promise<{ readonly access: string; readonly id: string }>;
  close(): Promise<void>;
}

const signingKey = (): JsonWebKey => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  alg: 'ES256',
  use: 'sig',
  kid: randomBytes(8).toString('hex'),
});
const GROUPS: Readonly<Record<string, readonly string[]>> = Object.freeze({ alice: ['llm-users', 'ops'], bob: ['others'], robot: ['llm-users'] });

const client = (client_id: string, more: object): object => ({ client_id, grant_types: [], response_types: [], redirect_uris: [], ...more });
const clients = (clientKey: JsonWebKey): readonly object[] => [
  client('robot', { client_secret: SECRET, grant_types: ['client_credentials'] }),
  client('stranger', { client_secret: SECRET, grant_types: ['client_credentials'] }),
  client('app', { token_endpoint_auth_method: 'none', grant_types: ['authorization_code'], response_types: ['code'], redirect_uris: [REDIRECT] }),
  client('gateway', { client_secret: SECRET }),
  client('gateway-key', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ ...clientKey, alg: 'ES256' }] } }),
];
const configuration = (keys: readonly JsonWebKey[], clientKey: JsonWebKey): object => ({
  clients: clients(clientKey),
  jwks: { keys },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  cookies: { keys: ['cookies-of-the-tests'] },
  pkce: { required: () => true },
  claims: { openid: ['sub'] },
  ttl: { AccessToken: 3600, ClientCredentials: 3600, IdToken: 3600, Interaction: 600, Grant: 3600, Session: 3600 },
  findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
  extraTokenClaims: (_: unknown, token: { accountId?: string; clientId: string }) => {
    const groups = GROUPS[token.accountId ?? token.clientId] ?? [];
    // The last two as a user pool of Cognito writes them.
    return { groups, token_use: 'access', 'cognito:groups': groups };
  },
  interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
  loadExistingGrant: async (ctx: { oidc: { provider: Provider; client: { clientId: string }; session: { accountId: string } } }) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid');
    for (const resource of [API, OPAQUE, OTHER]) grant.addResourceScope(resource, 'llm');
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => API,
      useGrantedResource: () => true,
      getResourceServerInfo: (_: unknown, resource: string) => ({
        scope: 'llm',
        audience: resource === OTHER ? 'other-api' : AUDIENCE,
        accessTokenTTL: 3600,
        ...(resource === OPAQUE ? { accessTokenFormat: 'opaque' } : { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
      }),
    },
  },
});

/** Follows redirects within the provider with its cookies, and gives the URL that leads away from it. */
const browse = async (from: string, issuer: string): Promise<URL> => {
  const cookies = new Map<string, string>();
  for (let url = new URL(from), hops = 0; hops < 10; hops++) {
    const reply = await fetch(url, { redirect: 'manual', headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') } });
    for (const cookie of reply.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = reply.headers.get('location');
    if (location === null) throw new Error(`the identity provider answered ${reply.status}: ${await reply.text()}`);
    url = new URL(location, url);
    if (url.origin !== issuer) return url;
  }
  throw new Error('the identity provider redirects in circles');
};

/** A real server of OpenID Connect on this machine, with keys that rotate. */
export const identityProvider = async (): Promise<IdentityProvider> => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const asked: string[] = [];
  let keys = [signingKey()];
  let account = '';
  let provider: Provider;
  const world = { available: true };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(request.url ?? '');
    if (!world.available) return void response.writeHead(503).end('away');
    if (request.url?.startsWith('/interaction/') === true)
      return provider.interactionFinished(request, response, { login: { accountId: account } }, { mergeWithLastSubmission: false });
    provider.callback()(request, response);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const restart = (): void => {
    provider = new Provider(issuer, configuration(keys, pair.publicKey.export({ format: 'jwk' })));
  };
  restart();
  const token = async (form: Record<string, string>, headers: Record<string, string> = {}): Promise<Record<string, string>> => {
    const reply = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form), headers });
    const body = (await reply.json()) as Record<string, string>;
    if (reply.status !== 200) throw new Error(`the identity provider gave no token: ${JSON.stringify(body)}`);
    return body;
  };
  return Object.assign(world, {
    issuer,
    clientKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    clientSecret: SECRET,
    asked,
    clear: () => void asked.splice(0),
    rotate: (overlap = false) => {
      keys = [signingKey(), ...(overlap ? keys.slice(0, 1) : [])];
      restart();
    },
    clientToken: async (id: string, resource: string = API) => {
      const authorization = `Basic ${Buffer.from(`${id}:${SECRET}`).toString('base64')}`;
      return (await token({ grant_type: 'client_credentials', scope: 'llm', resource }, { authorization })).access_token ?? '';
    },
    signIn: async (who: string, resource: string = API) => {
      account = who;
      const verifier = randomBytes(32).toString('base64url');
      const query = new URLSearchParams({
        client_id: 'app',
        response_type: 'code',
        redirect_uri: REDIRECT,
        scope: 'openid llm',
        resource,
        nonce: 'n-0123',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      const back = await browse(`${issuer}/auth?${query}`, issuer);
      const code = back.searchParams.get('code');
      if (code === null) throw new Error(`the identity provider gave no code: ${back}`);
      const given = await token({ grant_type: 'authorization_code', client_id: 'app', code, redirect_uri: REDIRECT, code_verifier: verifier, resource });
      return { access: given.access_token ?? '', id: given.id_token ?? '' };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
};
