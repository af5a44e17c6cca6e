import type { Entry, MapNode, Node } from './document.ts';
import { type Environment, variable } from './expand.ts';
import type { ProblemCode } from './problem.ts';

/** Variables of earlier deployments that fill what the file leaves out; the file wins. */
const DEFAULTS: readonly { readonly variable: string; readonly path: readonly [string, ...string[]] }[] = Object.freeze([
  { variable: 'PORT', path: ['server', 'port'] },
  { variable: 'TLS_CERT_FILE', path: ['server', 'tls', 'cert'] },
  { variable: 'TLS_KEY_FILE', path: ['server', 'tls', 'key'] },
  { variable: 'TLS_PORT', path: ['server', 'tls', 'port'] },
  { variable: 'LOG_LEVEL', path: ['log', 'level'] },
]);

const withEntry = (map: MapNode, key: string, entry: Entry): MapNode => ({ ...map, entries: new Map([...map.entries, [key, entry]]) });
const EMPTY: MapNode = Object.freeze({ is: 'map', entries: new Map() });
const has = (map: MapNode, path: readonly string[]): boolean => {
  const [key = '', ...rest] = path;
  const entry = map.entries.get(key);
  if (entry === undefined) return false;
  return rest.length === 0 || (entry.node.is === 'map' && has(entry.node, rest));
};
/** Adds a value where no key is; a key of another kind is left for the reader to refuse. */
const added = (map: MapNode, path: readonly string[], node: Node): MapNode => {
  const [key = '', ...rest] = path;
  const entry = map.entries.get(key);
  if (rest.length === 0) return entry === undefined ? withEntry(map, key, { node }) : map;
  if (entry !== undefined && entry.node.is !== 'map') return map;
  const child = entry?.node.is === 'map' ? entry.node : EMPTY;
  return withEntry(map, key, { key: entry?.key, node: added(child, rest, node) });
};
const set = (env: Environment, name: string): string | undefined => {
  const value = variable(env, name);
  return value === '' ? undefined : value;
};

export interface EnvironmentProblem {
  readonly path: string;
  readonly code: ProblemCode;
  readonly message: string;
}
const authProblems = (root: MapNode, env: Environment): readonly EnvironmentProblem[] => {
  const enabled = set(env, 'AUTH_ENABLED');
  if (enabled === undefined || enabled === 'true') return [];
  if (enabled !== 'false') return [{ path: 'auth', code: 'wrong_value', message: 'AUTH_ENABLED must be true or false' }];
  const list = root.entries.get('auth')?.node;
  if (list === undefined || (list.is === 'scalar' && list.value === 'none')) return [];
  return [{ path: 'auth', code: 'auth_conflict', message: 'AUTH_ENABLED=false contradicts the list of strategies; remove one of them' }];
};
const processProblems = (env: Environment): readonly EnvironmentProblem[] => [
  ...(variable(env, 'NODE_TLS_REJECT_UNAUTHORIZED') === '0'
    ? [
        {
          path: '',
          code: 'tls_unverified' as const,
          message: 'NODE_TLS_REJECT_UNAUTHORIZED=0 switches off the check of every certificate; unset it and name a CA with `ca`',
        },
      ]
    : []),
];
/** `true` is stronger than the file; `false` never weakens it. */
const factorProblems = (root: MapNode, env: Environment): readonly EnvironmentProblem[] => {
  const wanted = set(env, 'REQUIRE_2FA');
  if (wanted === undefined || wanted === 'false') return [];
  if (wanted !== 'true') return [{ path: 'factor', code: 'wrong_value', message: 'REQUIRE_2FA must be true or false' }];
  if (has(root, ['factor'])) return [];
  const message = 'REQUIRE_2FA=true asks for a second factor; write `factor: { use: totp }` and name @llm-proxy-auth/factor-totp under plugins';
  return [{ path: '', code: 'factor_unavailable', message }];
};
const withFactor = (root: MapNode, env: Environment): MapNode => {
  const factor = root.entries.get('factor');
  if (set(env, 'REQUIRE_2FA') !== 'true' || factor?.node.is !== 'map') return root;
  const node = withEntry(factor.node, 'require', { node: { is: 'scalar', value: 'always', variable: 'REQUIRE_2FA' } });
  return withEntry(root, 'factor', { ...factor, node });
};

/** The document completed by the environment, and what the environment contradicts or forbids. */
export const withEnvironment = (root: MapNode, env: Environment): { readonly root: MapNode; readonly problems: readonly EnvironmentProblem[] } => {
  let whole = root;
  const tls = has(root, ['server', 'tls']) || set(env, 'TLS_CERT_FILE') !== undefined || set(env, 'TLS_KEY_FILE') !== undefined;
  for (const { variable: name, path } of DEFAULTS) {
    const value = set(env, name);
    if (value === undefined || (path[1] === 'tls' && !tls)) continue;
    whole = added(whole, path, { is: 'scalar', value, variable: name });
  }
  if (set(env, 'GIN_MODE') === 'debug') whole = added(whole, ['log', 'level'], { is: 'scalar', value: 'debug', variable: 'GIN_MODE' });
  if (set(env, 'AUTH_ENABLED') === 'false') whole = added(whole, ['auth'], { is: 'scalar', value: 'none', variable: 'AUTH_ENABLED' });
  return { root: withFactor(whole, env), problems: [...authProblems(root, env), ...factorProblems(root, env), ...processProblems(env)] };
};
