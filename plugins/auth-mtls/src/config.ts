import { Duration } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

const list = (description: string) => Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 2048 }), { minItems: 1, description }));

export const config = Type.Object(
  {
    spiffe: list('SPIFFE ids that are let in: one exactly, or all below one that ends in `/`, such as `spiffe://corp/apps/`.'),
    subjects: list('Subjects that are let in, as RFC 2253 writes them: `CN=billing,O=Acme`; `CN=*` is any value of that attribute.'),
    requireBoth: Type.Boolean({ default: false, description: 'Every caller must show such a certificate too, whatever else it shows.' }),
    maxLifetime: Type.Optional(Duration({ description: 'Certificates that are made for longer are refused; for authorities without revocation lists.' })),
    xfcc: Type.Optional(
      Type.Object(
        {
          enabled: Type.Boolean({ default: true, description: '`false`: x-forwarded-client-cert is never read.' }),
          hops: Type.Integer({ default: 1, minimum: 1, maximum: 10, description: 'How many proxies add an element; the header must have exactly as many.' }),
          by: Type.Optional(Type.String({ minLength: 1, description: 'SPIFFE id of the proxy before the gateway, which the last element must name.' })),
        },
        { additionalProperties: false, description: 'What proxies of `server.trustedProxies` write about client certificates.' },
      ),
    ),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
