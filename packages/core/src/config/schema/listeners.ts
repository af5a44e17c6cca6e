import { Duration, Pem, Size } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';
import { object, port } from './parts.ts';

/** `1KiB/s`: a size a second. */
const Rate = (options: Parameters<typeof Size>[0]) => Size({ ...options, pattern: '^[0-9]+(B|KiB|MiB|GiB)(/s)?$' } as typeof options);
const certificates = {
  cert: Type.Optional(Pem({ description: 'Certificate chain: a path or PEM text.' })),
  key: Type.Optional(Pem({ description: 'Private key: a path or PEM text.' })),
};
const clientCrl = Type.Optional(
  Pem({
    description:
      'Revocation lists for `clientCa`, one of each authority on the way to it: a path or PEM text. A certificate on them is none, nor is one whose authority has no list that is in time.',
  }),
);
const Tls = object(
  {
    port: port('TLS port; 0 = any free one.', 8443),
    ...certificates,
    clientCa: Type.Optional(Pem({ description: 'CA of client certificates, which are then asked for and given to the strategies: a path or PEM text.' })),
    clientCrl,
  },
  'TLS listener; HTTP/1.1 and HTTP/2 by ALPN. Without cert and key it is off.',
);
const ListenerTls = object(
  { ...certificates, clientCa: Type.Optional(Pem({ description: 'CA that every client must show a certificate of: a path or PEM text.' })), clientCrl },
  'TLS on the same port. Without cert and key it is off.',
);

export const Server = object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'Address the main listener binds.' }),
    port: port('Port of the main listener; 0 = any free one, printed by the `listening` line.', 8080),
    tls: Type.Optional(Tls),
    trustedProxies: Type.Array(Type.String(), { default: [], description: 'CIDRs whose forwarded-for headers are believed.' }),
    bodyLimit: Size({ default: '32MiB', description: 'Largest request body.' }),
    maxDepth: Type.Integer({ minimum: 1, maximum: 1000, default: 64, description: 'Deepest nesting of a JSON body that is read.' }),
    timeouts: object({
      head: Duration({ default: '15s', description: 'Until the request head is complete.' }),
      body: Duration({ default: '300s', description: 'Until the request body is complete.' }),
      minRate: Rate({ default: '1KiB/s', description: 'Slowest body accepted after 10 s; `/s` may be left out.' }),
    }),
    drain: object({
      delay: Duration({ default: '5s', description: 'After SIGTERM: still accepting, readiness already 503.' }),
      deadline: Duration({ default: '300s', description: 'After that open calls are ended with an error.' }),
    }),
    cors: object({ origins: Type.Array(Type.String(), { default: [], description: 'Exact origins; empty = CORS off.' }) }),
    reusePort: Type.Boolean({ default: false, description: 'Several processes on one machine share the port.' }),
    defaultDialect: Type.String({ default: 'openai', description: 'Dialect of `/v1` and `/protocol`.' }),
  },
  'Main listener.',
);

export const Listener = (defaultPort: number, description: string) =>
  object(
    {
      host: Type.String({ default: '127.0.0.1', description: 'Address.' }),
      port: port('Port; 0 = any free one.', defaultPort),
      tls: Type.Optional(ListenerTls),
    },
    description,
  );
export type TlsSettings = Static<typeof ListenerTls>;
