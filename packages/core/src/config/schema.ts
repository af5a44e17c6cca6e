import { Duration, Pem, Percent, Secret, Size } from '@llm-proxy-auth/plugin';
import { type Static, type TSchema, Type } from 'typebox';

/*
 * The core's part of the configuration. One schema holds an option's type, default and description; the reference is
 * generated from it. Sections with `use:` and instances are completed by the schema of the plugin of that kind.
 */
const object = <P extends Record<string, TSchema>>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) });
const names = (description: string) => Type.Array(Type.String({ minLength: 1 }), { description });
const port = (description: string, value?: number) =>
  Type.Integer({ minimum: 0, maximum: 65535, description, ...(value === undefined ? {} : { default: value }) });

const PluginEntry = Type.Union(
  [
    Type.String({ minLength: 1, description: 'Package name, or a `./file` beside the configuration with `--allow-local-plugins`.' }),
    object({
      name: Type.String({ minLength: 1, description: 'Package name.' }),
      integrity: Type.Optional(
        Type.String({ pattern: '^sha512-[A-Za-z0-9+/]+=*$', description: 'Pin, checked before import; `plugins verify --print` prints it.' }),
      ),
    }),
  ],
  { description: 'What to load.' },
);

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

const Server = object(
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
      minRate: Size({ default: '1KiB', description: 'Slowest body accepted after 10 s, per second.' }),
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

const Listener = (defaultPort: number, description: string) =>
  object(
    {
      host: Type.String({ default: '127.0.0.1', description: 'Address.' }),
      port: port('Port; 0 = any free one.', defaultPort),
      tls: Type.Optional(ListenerTls),
    },
    description,
  );

const Target = object({
  instance: Type.String({ description: 'Name of an instance.' }),
  model: Type.String({ description: "The provider's model id; `*` = the name the client sent." }),
  weight: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Share under `strategy: weighted`; default 1.' })),
});
const FallbackClass = Type.Union([Type.Literal('connect'), Type.Literal('timeout'), Type.String({ pattern: '^[1-5]([0-9]{2}|xx)$' })]);
const Model = object({
  name: Type.Optional(Type.String({ minLength: 1, description: 'Name clients use. One of `name` and `match`.' })),
  match: Type.Optional(Type.String({ minLength: 1, description: 'Anchored glob over names clients send.' })),
  targets: Type.Array(Target, { minItems: 1, description: 'Where the model is, in order of preference.' }),
  strategy: Type.Optional(
    Type.Union([Type.Literal('ordered'), Type.Literal('weighted'), Type.Literal('least-cost')], {
      default: 'ordered',
      description: 'How the first target is chosen; `least-cost`: by the prices of input and output together, those without one last.',
    }),
  ),
  fallback: Type.Optional(
    object({
      on: Type.Array(FallbackClass, { default: ['connect', 'timeout', '429', '5xx'], description: 'What lets the next target try.' }),
      attempts: Type.Integer({ minimum: 1, default: 3, description: 'Tries over all targets, the first included.' }),
    }),
  ),
});

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
const Budget = object({
  usd: Type.Number({ minimum: 0, maximum: 1_000_000, description: 'US dollars per window; 0 lets nothing through that costs anything.' }),
  window: Type.Union([Type.Literal('hour'), Type.Literal('day'), Type.Literal('week'), Type.Literal('month')], {
    description: 'By the calendar, in UTC; weeks begin on Monday.',
  }),
  mode: Type.Union([Type.Literal('enforce'), Type.Literal('observe')], { default: 'enforce', description: '`observe` counts and never refuses.' }),
  unpriced: Type.Union([Type.Literal('deny'), Type.Literal('allow')], {
    default: 'deny',
    description: 'Models without a price under an enforced budget: 403, or served and not charged.',
  }),
});
const Limit = object({
  per: Type.Union(
    ['principal', 'credential', 'group', 'instance', 'model', 'policy'].map((v) => Type.Literal(v)),
    { default: 'principal', description: 'What shares one counter.' },
  ),
  requests: Type.Optional(Type.String({ pattern: '^[0-9]+/(s|min|h|d)$', description: 'Requests per window, such as `600/min`.' })),
  tokens: Type.Optional(
    Type.String({
      pattern: '^[0-9]+/(s|min|h|d)$',
      description: 'Tokens of input and output per window, such as `200000/min`; reserved before, corrected after.',
    }),
  ),
  concurrent: Type.Optional(Type.Integer({ minimum: 1, description: 'Calls open at once.' })),
  budget: Type.Optional(Budget),
});
const Policy = object({
  name: Type.Optional(Type.String({ description: 'Shown by `explain`.' })),
  match: Type.Optional(
    object({
      principal: Type.Optional(Type.String({ description: 'Glob over the principal.' })),
      group: Type.Optional(Type.String({ description: "Glob over the principal's groups." })),
      strategy: Type.Optional(Type.String({ description: 'Kind of the strategy that let the caller in.' })),
      cidr: Type.Optional(Type.String({ description: 'Address range of the caller.' })),
    }),
  ),
  allow: object({
    modes: Type.Optional(Type.Array(Type.Union([Type.Literal('transparent'), Type.Literal('protocol')]), { description: 'Default both.' })),
    classes: Type.Optional(
      Type.Array(Type.Union([Type.Literal('inference'), Type.Literal('models'), Type.Literal('stateful'), Type.Literal('control')]), {
        description: 'Default `[inference, models]`.',
      }),
    ),
    instances: Type.Optional(names('Globs over instances; default all.')),
    models: Type.Optional(names('Globs over model names; default all.')),
    tags: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Tags every target must have; values are globs.' })),
  }),
  limits: Type.Optional(Type.Array(Limit, { description: 'Rates, concurrency and budgets of those the policy matches.' })),
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

/** Where a plugin of which group completes the entry; `section` is read by the core alone. */
const use = (fallback?: string) => Type.String({ minLength: 1, description: 'Kind of the plugin.', ...(fallback === undefined ? {} : { default: fallback }) });
const Use = (section: 'store' | 'counters' | 'auth' | 'pages', fallback?: string) => Type.Object({ use: use(fallback) }, { section });
const Factor = Type.Object(
  {
    use: use(),
    require: Type.Union([Type.Literal('per-key'), Type.Literal('always'), Type.Literal('off')], {
      default: 'per-key',
      description: 'Who must show a second factor: those whose key says so, everybody, or nobody. `REQUIRE_2FA=true` means `always`.',
    }),
  },
  { section: 'factor' },
);
const AnyInstance = Type.Object({ provider: Type.String({ minLength: 1 }) }, { section: 'provider' });

export const Root = object({
  plugins: Type.Array(PluginEntry, { default: [], description: 'Packages to load; nothing else is.' }),
  server: Server,
  ops: Listener(9090, '/health /ready /metrics, nothing else.'),
  admin: Type.Optional(Listener(9091, '/admin/v1 and the pages of `pages`; absent = off.')),
  pages: Type.Array(Use('pages'), { default: [], description: 'Pages that the admin listener serves, each under its name: `console` under `/console`.' }),
  log: object({
    level: Type.Union(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((v) => Type.Literal(v)),
      { default: 'info', description: 'Least severe line written.' },
    ),
    content: Type.Boolean({ default: false, description: 'Writes prompts and completions too.' }),
  }),
  audit: object(
    {
      mode: Type.Union([Type.Literal('sync'), Type.Literal('batch')], {
        default: 'batch',
        description: '`sync`: the first byte to a provider waits until the record of the call is in the store.',
      }),
      onFull: Type.Union([Type.Literal('block'), Type.Literal('spill'), Type.Literal('drop')], {
        default: 'block',
        description: 'When the store takes no records and 10,000 wait: calls are 503, or records go to a file, or are only counted.',
      }),
      checkpoint: Duration({ default: '60s', description: 'How often the heads of all chains are written down together, at the latest every 1,000 records.' }),
      spill: Type.String({
        minLength: 1,
        default: './data/audit-spill',
        description: 'Folder for `onFull: spill`, relative to the working directory; best on another disk than the store.',
      }),
    },
    'Hash-chained log of calls, refused credentials and administrative operations; never of content.',
  ),
  usage: object({ retention: Duration({ default: '90d', description: 'How long usage by hour is kept.' }) }),
  store: Use('store', 'sqlite'),
  counters: Use('counters', 'memory'),
  auth: Type.Union([Type.Literal('none'), Type.Array(Use('auth'), { minItems: 1 })], {
    description: 'Strategies in the order they are asked, or `none` on loopback.',
    absence: { code: 'auth_missing', message: 'must be written: a list of strategies, or `auth: none` to serve this machine alone' },
  }),
  factor: Type.Optional(Factor),
  sessions: object({
    ttl: Duration({ default: '12h', description: 'Life of a session from its login, at most 7d; a refresh does not lengthen it.' }),
    idle: Duration({ default: '2h', description: 'A session that nobody used for so long is over.' }),
  }),
  keyEncryption: Type.Optional(
    object(
      {
        current: Type.String({ minLength: 1, description: 'Id of the key that encrypts from now on; the others decrypt what was kept before.' }),
        keys: Type.Record(Type.String({ pattern: '^[a-z0-9_-]{1,32}$' }), Secret({ description: '32 bytes as hex or base64: `openssl rand -base64 32`.' }), {
          description: 'Keys by id.',
        }),
      },
      'Keys under which secrets of second factors, signing keys and other sealed state are kept.',
    ),
  ),
  instances: Type.Record(Type.String({ pattern: '^[a-z0-9_-]{1,64}$' }), AnyInstance, { description: 'Upstream accounts by name.' }),
  models: Type.Array(Model, { default: [], description: 'Names of the model-routed endpoints.' }),
  policies: Type.Optional(Type.Array(Policy, { description: 'First match wins, none = 403.' })),
  retry: object({
    attempts: Type.Integer({ minimum: 1, maximum: 10, default: 2, description: 'Tries at one target, the first included.' }),
    budget: Percent({ default: '20%', description: 'Retries under way, as a share of open calls (never below 3).' }),
  }),
  breaker: object(
    {
      failures: Type.Integer({ minimum: 1, default: 5, description: 'Failures one after the other after which an instance is left alone.' }),
      ratio: Percent({ default: '50%', description: 'Share of failures that does it too, of at least 20 answers in the window.' }),
      window: Duration({ default: '30s', description: 'How far back the share looks.' }),
      probeAfter: Duration({ default: '15s', description: 'After that, one fifth more or less, one call is let through to see.' }),
    },
    'An instance whose provider cannot be reached, does not answer in time or answers 5xx is left alone for a while: calls go to the next target or are 503 `upstream_overloaded` at once. 429 and 529 are no failures.',
  ),
  limits: object(
    {
      inFlight: Type.Integer({ minimum: 1, default: 2000, description: 'Requests open at once.' }),
      eventLoopDelay: Duration({ default: '200ms', description: 'Delay of the event loop (99th percentile) that may last for 2 s.' }),
      heap: Percent({ default: '85%', description: 'Share of the memory that V8 may have.' }),
      bufferedBytes: Size({ default: '512MiB', description: 'Bytes of requests that are kept and of answers that wait for their clients.' }),
    },
    'Overload: beyond these new calls are 503 `overloaded`, those under way go on.',
  ),
  stream: object({
    commitAfter: Duration({ default: '15s', description: 'The status of a stream is held back until content or this long.' }),
    keepAlive: Duration({ default: '15s', description: "The dialect's sign of life after that." }),
    outliveCredential: Type.Boolean({
      default: true,
      description:
        'Calls under way may finish when their credential expires or is revoked. `false`: they end with an error, within a second or two. A key that was revoked as `compromised` ends its calls either way.',
    }),
  }),
  fidelity: Type.Union([Type.Literal('report'), Type.Literal('reject')], {
    default: 'report',
    description: 'What happens when a request cannot be carried over whole.',
  }),
});
export type Settings = Static<typeof Root>;
const InstanceObject = Type.Object(Instance);
export type InstanceSettings = Static<typeof InstanceObject>;
export type TargetSettings = Static<typeof Target>;
export type ModelSettings = Static<typeof Model>;
export type PolicySettings = Static<typeof Policy>;
export type LimitSettings = Static<typeof Limit>;
export type TlsSettings = Static<typeof ListenerTls>;
