import { Duration, Pem, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

export const config = Type.Object(
  {
    url: Secret({ description: '`redis://[user:password@]host[:port][/database]`, or `rediss://…` over TLS.', examples: ['redis://127.0.0.1:6379'] }),
    password: Type.Optional(Secret({ description: 'Where it does not stand in the URL.' })),
    ca: Type.Optional(Pem({ description: 'CA of the server, with `rediss://`: a path or PEM text.' })),
    cert: Type.Optional(Pem({ description: 'Certificate that the server asks for: a path or PEM text.' })),
    key: Type.Optional(Pem({ description: 'Its private key: a path or PEM text.' })),
    prefix: Type.String({ default: 'llm-proxy-auth:', description: 'In front of every key; gateways that share limits have the same.' }),
    replicas: Type.Integer({
      minimum: 1,
      default: 1,
      description:
        'Gateways that share the limits: one that starts while the server is away counts that part of each limit, or a smaller one where the store knows of more.',
    }),
    timeout: Duration({ default: '250ms', description: 'A claim that is not answered by then is counted by this replica alone.' }),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
