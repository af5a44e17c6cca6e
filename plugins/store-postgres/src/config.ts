import { Duration, Pem, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

const tls = Type.Object(
  {
    mode: Type.Optional(
      Type.Union([Type.Literal('verify-full'), Type.Literal('verify-ca'), Type.Literal('off')], {
        description:
          '`verify-full`: the certificate must be trusted and name the host. `verify-ca`: trusted, whatever it names. `off`: what is sent can be read on the way. Absent: `verify-full`, on the loopback `off`.',
      }),
    ),
    ca: Type.Optional(Pem({ description: 'CA of the server: a path or PEM text. Absent: the public ones that Node knows.' })),
    cert: Type.Optional(Pem({ description: 'Certificate of the gateway, where the server asks for one: a path or PEM text.' })),
    key: Type.Optional(Pem({ description: 'Its private key: a path or PEM text.' })),
  },
  { additionalProperties: false, description: 'How the connection is protected.' },
);
const timeouts = Type.Object(
  {
    connect: Duration({ default: '5s', description: 'Until a connection stands; a call that finds all of them taken waits as long for one.' }),
    query: Duration({ default: '5s', description: 'Until an answer is there; the server gives up the query too.' }),
    idle: Duration({ default: '60s', description: 'A connection that nothing has used for so long is closed.' }),
  },
  { additionalProperties: false, default: {}, description: 'Time-outs of the connections.' },
);
export const config = Type.Object(
  {
    url: Secret({ description: '`postgres://user:password@host:5432/database`, without parameters; how it is protected stands under `tls`.' }),
    password: Type.Optional(Secret({ description: 'The password, where the URL has none.' })),
    schema: Type.String({
      default: 'llm_proxy_auth',
      pattern: '^[a-z_][a-z0-9_]{0,62}$',
      description: 'Schema of the tables; made when it is missing. Gateways that share it are replicas of each other.',
    }),
    connections: Type.Integer({ default: 10, minimum: 1, maximum: 200, description: 'The most connections of one process.' }),
    timeouts,
    tls: Type.Optional(tls),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
