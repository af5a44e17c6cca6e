import { Duration, Pem } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';
import { names, object } from './parts.ts';

const usd = (description: string) => Type.Number({ minimum: 0, maximum: 1_000_000, description });
/** USD per million tokens. */
const rates = () => ({
  input: usd('Input.'),
  output: usd('Output, reasoning included.'),
  cacheRead: Type.Optional(usd('Input read from a cache; default what input costs.')),
  cacheWrite: Type.Optional(usd('Input written to a cache; default what input costs.')),
});
const Price = object({
  ...rates(),
  long: Type.Optional(
    object(
      { over: Type.Integer({ minimum: 1, description: 'Tokens of input, cached or not, beyond which all of a call costs this.' }), ...rates() },
      'What calls with long input cost.',
    ),
  ),
});
const Day = (description: string) => Type.Optional(Type.String({ pattern: '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$', description }));
const Facts = object({
  like: Type.Optional(Type.String({ minLength: 1, description: 'A model: what is known of it, its price and what its family takes hold for this one too.' })),
  context: Type.Optional(Type.Integer({ minimum: 1, description: 'Most tokens of a call and its answer.' })),
  output: Type.Optional(Type.Integer({ minimum: 1, description: 'Most tokens of an answer.' })),
  rejects: Type.Optional(
    names(
      "Members of the provider's request that the model refuses, in place of the sampling parameters that the data of its family names: translated requests lose them, and say so. Empty: it refuses none.",
    ),
  ),
  deprecated: Day('Day from which its vendor advises against it.'),
  retires: Day('Day on which its vendor stops serving it; nothing is refused for it.'),
});
/** Keys every instance may have; the provider's own are added by its plugin. */
export const Instance = {
  provider: Type.String({ description: 'Kind of the provider plugin.' }),
  insecureUpstream: Type.Boolean({ default: false, description: 'Allows plain http to the provider.' }),
  timeouts: object({
    connect: Duration({ default: '5s', description: 'TCP and TLS.' }),
    firstByte: Duration({ default: '60s', description: 'Streams: until headers, and until the first event.' }),
    idle: Duration({ default: '90s', description: 'Between two reads of a stream.' }),
    total: Duration({ default: '900s', description: 'The whole call.' }),
    clientStall: Duration({ default: '60s', description: 'A client that reads nothing for this long is cut.' }),
  }),
  default: Type.Boolean({ default: false, description: "Serves the provider's name in transparent paths." }),
  tags: Type.Record(Type.String(), Type.String(), { default: {}, description: 'For policies.' }),
  models: Type.Optional(names('Static model list; otherwise the provider is asked.')),
  prices: Type.Record(Type.String(), Price, {
    default: {},
    description: "USD per million tokens, by globs over the provider's model ids; the first that fits counts, before what the provider's plugin knows.",
  }),
  facts: Type.Record(Type.String(), Facts, {
    default: {},
    description: "What is known of models, by globs over the provider's model ids; the first that fits counts, each key of it before what the plugin knows.",
  }),
  ca: Type.Optional(Pem({ description: 'CA of the provider: a path or PEM text.' })),
  clientCertificate: Type.Optional(object({ cert: Pem({ description: 'A path or PEM text.' }), key: Pem({ description: 'A path or PEM text.' }) })),
  proxy: Type.Optional(Type.String({ pattern: '^https?://[^/?#@\\s]+$', description: 'HTTP proxy for this instance.' })),
  onDisconnect: Type.Union([Type.Literal('abort'), Type.Literal('drain')], {
    default: 'abort',
    description: 'What happens to the upstream call when the client goes.',
  }),
  forwardHeaders: Type.Array(Type.String({ pattern: '^[a-z0-9-]+$' }), {
    default: [],
    description: 'Further client headers that reach the provider in protocol mode.',
  }),
  aliases: Type.Boolean({ default: false, description: 'Names of `models:` work in transparent calls.' }),
  control: Type.Boolean({ default: false, description: 'Allows operations of class `control`.' }),
};
const InstanceObject = Type.Object(Instance);
export type InstanceSettings = Static<typeof InstanceObject>;
