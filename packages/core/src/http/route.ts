import type { AnySurface, Dialect, Reach, Route, Shortcut } from '@llm-proxy-auth/plugin';
import { compileShortcuts, type ShortcutMatch } from './shortcuts.ts';
import type { RawTarget } from './target.ts';

/** Names no instance may have: they stand where an instance would in model-routed paths (contract.md §4). */
export const RESERVED_SEGMENTS: ReadonlySet<string> = new Set(
  'v1 v1beta v1beta1 model models chat completions embeddings responses images audio moderations rerank files batches uploads deployments projects messages'.split(
    ' ',
  ),
);

interface Matcher {
  readonly method: string;
  readonly segments: readonly Segment[];
  readonly surface: AnySurface;
  readonly route: Route;
}
type Segment = { readonly literal: string } | { readonly name: string; readonly many: boolean; readonly prefix: string; readonly suffix: string };

/** A call below a dialect. */
export interface ProtocolRoute {
  readonly mode: 'protocol';
  readonly dialect: Dialect;
  /** Undefined: the model's name chooses. */
  readonly instance: string | undefined;
  readonly found: Found;
  /** Dialect and pattern, never what the client sent: for log and metrics. */
  readonly label: string;
}
export interface TransparentRoute {
  readonly mode: 'transparent';
  readonly instance: string;
  /** Raw path below the instance, beginning with a slash. */
  readonly path: string;
  /** A legacy route of a plugin, which says the rest. */
  readonly shortcut?: ShortcutMatch | undefined;
  /** What a legacy route makes of it: its own pattern, and names of `models:` count in the path. */
  readonly pattern?: string | undefined;
  readonly aliases?: boolean | undefined;
}
export type Found =
  | {
      readonly is: 'surface';
      readonly surface: AnySurface;
      readonly route: Route;
      readonly reach: Reach /** As sent. */;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly is: 'method'; readonly allow: readonly string[] }
  | { readonly is: 'unknown' };
export type RouteMatch = ProtocolRoute | TransparentRoute;

const PARAM = /^([^{]*)\{([a-zA-Z]+)(\+?)\}([^}]*)$/;
const compile = (surface: AnySurface, route: Route): Matcher => ({
  method: route.method,
  surface,
  route,
  segments: route.pattern
    .slice(1)
    .split('/')
    .map((text) => {
      const match = PARAM.exec(text);
      return match === null ? { literal: text } : { prefix: match[1] ?? '', name: match[2] ?? '', many: match[3] === '+', suffix: match[4] ?? '' };
    }),
});

/** Matches one pattern against raw segments; `+` takes as many as leave room for the rest. The operation is what follows the last `:`. */
const match = (matcher: Matcher, segments: readonly string[]): Record<string, string> | undefined => {
  const wanted = matcher.segments;
  const many = wanted.findIndex((s) => 'many' in s && s.many);
  const extra = segments.length - wanted.length;
  if (extra < 0 || (extra > 0 && many < 0)) return undefined;
  const params: Record<string, string> = {};
  for (let i = 0, at = 0; i < wanted.length; i++) {
    const want = wanted[i];
    if (want === undefined) return undefined;
    if ('literal' in want) {
      if (segments[at++] !== want.literal) return undefined;
      continue;
    }
    const size = i === many ? extra + 1 : 1;
    const text = segments.slice(at, at + size).join('/');
    at += size;
    if (text.length <= want.prefix.length + want.suffix.length || !text.startsWith(want.prefix) || !text.endsWith(want.suffix)) return undefined;
    const value = text.slice(want.prefix.length, text.length - want.suffix.length);
    if (value.includes('%2F') || value.includes('%2f')) if (!want.many) return undefined;
    params[want.name] = value;
  }
  const { owner, model } = params;
  return owner === undefined || model === undefined ? params : { ...params, model: `${owner}/${model}` };
};

const protocolRoute = (dialect: Dialect, instance: string | undefined, found: Found): ProtocolRoute => ({
  mode: 'protocol',
  dialect,
  instance,
  found,
  label: found.is === 'surface' ? `/${dialect.name}${found.route.pattern}` : 'unmatched',
});
/** A route behind a model segment: the path names the model too. */
const named = (found: Found, model: string): Found =>
  found.is === 'surface' ? { ...found, route: { ...found.route, model: 'path' }, params: { ...found.params, model } } : found;

/** Compiled once per graph: which surface serves a path below a dialect. */
export const compileRoutes = (
  dialects: ReadonlyMap<string, Dialect>,
  defaultDialect: string,
  isInstance: (name: string) => boolean,
  shortcuts: readonly Shortcut[] = [],
) => {
  const shortcutOf = compileShortcuts(shortcuts);
  const tables = new Map<string, readonly Matcher[]>();
  for (const [name, dialect] of dialects)
    tables.set(
      name,
      dialect.surfaces.flatMap((surface) => surface.routes.map((route) => compile(surface, route))),
    );

  const find = (dialect: string, method: string, segments: readonly string[]): Found => {
    const allow = new Set<string>();
    for (const matcher of tables.get(dialect) ?? []) {
      const params = match(matcher, segments);
      if (params === undefined) continue;
      if (matcher.method !== method) {
        allow.add(matcher.method);
        continue;
      }
      return { is: 'surface', surface: matcher.surface, route: matcher.route, reach: matcher.route.reach ?? matcher.surface.reach, params };
    }
    return allow.size > 0 ? { is: 'method', allow: [...allow] } : { is: 'unknown' };
  };
  /** The model is all that stands before an operation: some SDKs leave a slash in it as it is. */
  const behindModel = (dialect: string, method: string, segments: readonly string[]): Found => {
    for (let size = 1; size < segments.length; size++) {
      const found = find(dialect, method, segments.slice(size));
      if (found.is !== 'unknown') return named(found, segments.slice(0, size).join('/'));
    }
    return { is: 'unknown' };
  };
  const below = (dialect: Dialect, method: string, segments: readonly string[], always: boolean): ProtocolRoute => {
    const first = segments[0] ?? '';
    const routed = !always && (first === '' || (RESERVED_SEGMENTS.has(first) && !isInstance(first)));
    const rest = routed ? segments : segments.slice(1);
    const found =
      rest[0] !== undefined && rest[0] === dialect.modelSegment ? behindModel(dialect.name, method, rest.slice(1)) : find(dialect.name, method, rest);
    return protocolRoute(dialect, routed ? undefined : first, found);
  };

  /** Undefined: the path is not a call (health, pages, nothing). */
  return (method: string, target: RawTarget): RouteMatch | undefined => {
    const [first = '', ...rest] = target.segments;
    if (first === 'transparent') return { mode: 'transparent', instance: rest[0] ?? '', path: `/${rest.slice(1).join('/')}` };
    const shortcut = shortcutOf(method, target.segments);
    if (shortcut !== undefined) return { mode: 'transparent', instance: '', path: '', shortcut };
    const fallback = dialects.get(defaultDialect);
    if (first === 'v1' && fallback !== undefined) return protocolRoute(fallback, undefined, find(fallback.name, method, target.segments));
    if (first === 'protocol' && fallback !== undefined) return below(fallback, method, rest, true);
    const dialect = dialects.get(first);
    return dialect === undefined ? undefined : below(dialect, method, rest, false);
  };
};
export type Router = ReturnType<typeof compileRoutes>;

/**
 * The dialect that has a route for the native path of a transparent call, the default one first: whose words an error takes while
 * no instance may be named. It depends on the path alone, so that it tells nobody which instances there are.
 */
export const compileShapes = (dialects: ReadonlyMap<string, Dialect>, defaultDialect: string) => {
  const first = dialects.get(defaultDialect);
  const tables = [...(first === undefined ? [] : [first]), ...dialects.values()].map((dialect) => ({
    dialect,
    matchers: dialect.surfaces.flatMap((surface) => surface.routes.map((route) => compile(surface, route))),
  }));
  return ({ segments }: RawTarget): Dialect | undefined => {
    const native = segments[0] === 'transparent' ? segments.slice(2) : segments;
    return tables.find(({ matchers }) => matchers.some((matcher) => match(matcher, native) !== undefined))?.dialect;
  };
};
