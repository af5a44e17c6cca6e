import { Duration, Percent, Secret, Size } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';
import { Listener, Server } from './schema/listeners.ts';
import { Model } from './schema/models.ts';
import { object } from './schema/parts.ts';
import { Policy } from './schema/policies.ts';

/*
 * The core's part of the configuration. One schema holds an option's type, default and description; the reference is
 * generated from it. Sections with `use:` and instances are completed by the schema of the plugin of that kind.
 */
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
