import type { Secret } from '@llm-proxy-auth/plugin';
import { compileRanges } from '../access/address.ts';
import { headerUse } from '../http/credential-slots.ts';
import { encryptionKey } from '../plugins/encryption.ts';
import type { ReadContext } from './context.ts';
import { suggestion } from './nearest.ts';
import type { Settings } from './schema.ts';
import { isLoopback, upstreamRefusal } from './url.ts';

/** Settings as far as they could be read; the checks tell what they can about the rest. */
export type Partly<T> = T extends readonly (infer E)[]
  ? readonly (Partly<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Partly<T[K]> | undefined }
    : T;
type Known = Partly<Settings>;
interface Kinds {
  readonly dialects: ReadonlySet<string>;
  readonly strategies: ReadonlySet<string>;
  /** Every plugin of the list was loaded, so that a kind that is not here is nowhere. */
  readonly complete: boolean;
}
type Check = (settings: Known, context: ReadContext, kinds: Kinds) => void;

/** First segments of paths; an instance of that name could not be told from them. */
const INSTANCE_RESERVED = Object.freeze(
  new Set(
    'v1 v1beta v1beta1 model models chat completions embeddings responses images audio moderations rerank files batches uploads deployments projects messages'.split(
      ' ',
    ),
  ),
);

const checkInstances: Check = (settings, context) => {
  const defaults = new Map<string, string>();
  for (const [name, instance] of Object.entries(settings.instances ?? {})) {
    const path = `instances.${name}`;
    if (INSTANCE_RESERVED.has(name)) context.report(path, 'reserved_name', `the name "${name}" is part of the routes; choose another`, context.keyPlace(path));
    const known = instance as Partly<{ provider: string; default: boolean; insecureUpstream: boolean; forwardHeaders: string[] }> | undefined;
    for (const [i, header] of (known?.forwardHeaders ?? []).entries()) {
      if (header !== undefined && headerUse(header) !== 'forward')
        context.report(`${path}.forwardHeaders[${i}]`, 'header_refused', `the header "${header}" never reaches a provider`);
    }
    for (const [at, url] of context.urls) {
      if (!at.startsWith(`${path}.`) || known?.insecureUpstream === true) continue;
      const why = upstreamRefusal(url);
      if (why !== undefined) context.report(at, 'unsafe_url', why);
    }
    if (known?.default !== true || known.provider === undefined) continue;
    const other = defaults.get(known.provider);
    if (other === undefined) defaults.set(known.provider, name);
    else context.report(`${path}.default`, 'duplicate_name', `"${other}" is already the default instance of provider "${known.provider}"`);
  }
};

const checkModels: Check = (settings, context) => {
  const instances = Object.keys(settings.instances ?? {});
  const seen = new Map<string, number>();
  for (const [i, model] of (settings.models ?? []).entries()) {
    const path = `models[${i}]`;
    if (model === undefined) continue;
    const written = [context.written(`${path}.name`), context.written(`${path}.match`)].filter(Boolean).length;
    if (written !== 1) context.report(path, written === 0 ? 'missing_key' : 'wrong_value', 'needs exactly one of "name" and "match"');
    const key = model.name === undefined ? `match ${model.match}` : `name ${model.name}`;
    const before = seen.get(key);
    if (before !== undefined && (model.name ?? model.match) !== undefined)
      context.report(`${path}.${model.name === undefined ? 'match' : 'name'}`, 'duplicate_name', `is the same as models[${before}]`);
    else seen.set(key, i);
    for (const [j, target] of (model.targets ?? []).entries()) {
      if (target?.instance === undefined || instances.includes(target.instance)) continue;
      context.report(
        `${path}.targets[${j}].instance`,
        'unknown_name',
        `no instance is called "${target.instance.slice(0, 80)}"${suggestion(target.instance, instances)}`,
      );
    }
  }
};

const checkRanges = (list: readonly (string | undefined)[], path: (i: number) => string, context: ReadContext): void => {
  for (const [i, range] of list.entries()) {
    if (range === undefined) continue;
    try {
      compileRanges([range]);
    } catch {
      context.report(path(i), 'wrong_value', 'must be an address or a range such as 10.0.0.0/8');
    }
  }
};
const checkServer: Check = (settings, context, kinds) => {
  checkRanges(settings.server?.trustedProxies ?? [], (i) => `server.trustedProxies[${i}]`, context);
  for (const [i, origin] of (settings.server?.cors?.origins ?? []).entries()) {
    if (origin === undefined) continue;
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      context.report(`server.cors.origins[${i}]`, 'wrong_value', 'must be an exact origin such as https://app.example.com');
  }
  const dialect = settings.server?.defaultDialect;
  if (dialect !== undefined && !kinds.dialects.has(dialect) && kinds.complete) {
    const mend =
      kinds.dialects.size === 0
        ? `; name a package that provides it under plugins, such as @llm-proxy-auth/dialect-${dialect.slice(0, 40)}`
        : suggestion(dialect, kinds.dialects);
    context.report('server.defaultDialect', 'unknown_kind', `no plugin provides dialect "${dialect.slice(0, 80)}"${mend}`);
  }
};

const LISTENERS = Object.freeze(['server', 'ops', 'admin'] as const);
const checkListeners: Check = (settings, context) => {
  const seen = new Map<string, string>();
  for (const name of LISTENERS) {
    const listener = settings[name];
    if (listener === undefined) continue;
    const { host, port, tls } = listener;
    if (settings.auth === 'none' && host !== undefined && !isLoopback(host))
      context.report(`${name}.host`, 'auth_exposed', 'without authentication every listener must be on loopback, such as 127.0.0.1');
    const refused = context.problems.some((p) => p.path === `${name}.tls.cert` || p.path === `${name}.tls.key`);
    if (!refused && (tls?.cert === undefined) !== (tls?.key === undefined))
      context.report(`${name}.tls`, 'tls_incomplete', `needs both cert and key; ${tls?.cert === undefined ? 'cert' : 'key'} is missing`);
    const ports = [
      [`${name}.port`, port],
      ...(name === 'server' && tls?.cert !== undefined ? [[`${name}.tls.port`, settings.server?.tls?.port] as const] : []),
    ] as const;
    for (const [path, number] of ports) {
      if (typeof number !== 'number' || number === 0) continue;
      const other = seen.get(`${host}:${number}`);
      if (other === undefined) seen.set(`${host}:${number}`, String(path));
      else context.report(String(path), 'listener_clash', `has the same address as ${other}`);
    }
  }
};

const checkPolicies: Check = (settings, context, kinds) => {
  const instances = Object.keys(settings.instances ?? {});
  for (const [i, policy] of (settings.policies ?? []).entries()) {
    const path = `policies[${i}]`;
    const { strategy, cidr } = policy?.match ?? {};
    if (cidr !== undefined) checkRanges([cidr], () => `${path}.match.cidr`, context);
    if (strategy !== undefined && !strategy.includes('*') && !kinds.strategies.has(strategy)) {
      context.report(`${path}.match.strategy`, 'unknown_name', `no strategy under auth is "${strategy.slice(0, 80)}"${suggestion(strategy, kinds.strategies)}`);
    }
    for (const [j, name] of (policy?.allow?.instances ?? []).entries()) {
      if (name === undefined || name.includes('*') || instances.includes(name)) continue;
      context.report(`${path}.allow.instances[${j}]`, 'unknown_name', `no instance is called "${name.slice(0, 80)}"${suggestion(name, instances)}`);
    }
    for (const [j, limit] of (policy?.limits ?? []).entries()) {
      const refused = context.problems.some((p) => p.path.startsWith(`${path}.limits[${j}].`));
      if (limit === undefined) continue;
      const { requests, tokens, concurrent, budget } = limit;
      if (!refused && requests === undefined && tokens === undefined && concurrent === undefined && budget === undefined)
        context.report(`${path}.limits[${j}]`, 'missing_key', 'limits nothing; write requests, tokens, concurrent or budget');
      if (requests !== undefined && /^0+\//.test(requests)) context.report(`${path}.limits[${j}].requests`, 'wrong_value', 'must allow at least one request');
      if (tokens !== undefined && /^0+\//.test(tokens)) context.report(`${path}.limits[${j}].tokens`, 'wrong_value', 'must allow at least one token');
    }
  }
};

const checkEncryption: Check = (settings, context) => {
  if (settings.keyEncryption === undefined) return;
  const keys = (settings.keyEncryption.keys ?? {}) as Readonly<Record<string, Partial<Secret> | undefined>>;
  for (const [id, key] of Object.entries(keys)) {
    const text = key?.peek?.();
    if (text !== undefined && encryptionKey(text) === undefined)
      context.report(`keyEncryption.keys.${id}`, 'wrong_value', 'must be 32 random bytes as hex or base64, such as `openssl rand -base64 32` prints');
  }
  const { current } = settings.keyEncryption;
  if (current !== undefined && !context.written(`keyEncryption.keys.${current}`))
    context.report('keyEncryption.current', 'unknown_name', `no key is called "${current.slice(0, 80)}"${suggestion(current, Object.keys(keys))}`);
};

const LONGEST_SESSION = 7 * 86_400_000;
const checkSessions: Check = ({ sessions }, context) => {
  if (sessions?.ttl !== undefined && (sessions.ttl < 1_000 || sessions.ttl > LONGEST_SESSION))
    context.report('sessions.ttl', 'wrong_value', 'must be between 1s and 7d');
  if (sessions?.idle !== undefined && sessions.idle < 1_000) context.report('sessions.idle', 'wrong_value', 'must be at least 1s');
};

const checkPages: Check = ({ pages = [], admin }, context) => {
  if (pages.length > 0 && admin === undefined && !context.written('admin'))
    context.report('pages', 'missing_key', 'are served by the admin listener, which is off; write admin');
  for (const [i, page] of pages.entries())
    if (page?.use !== undefined && pages.findIndex((other) => other?.use === page.use) < i)
      context.report(`pages[${i}].use`, 'duplicate_name', `"${page.use.slice(0, 80)}" is listed twice`);
};

/** Everything that concerns more than one key. */
export const crossChecks: readonly Check[] = Object.freeze([
  checkInstances,
  checkModels,
  checkServer,
  checkListeners,
  checkPolicies,
  checkEncryption,
  checkSessions,
  checkPages,
]);
