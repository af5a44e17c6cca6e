/** Codes of configuration problems; a closed set that tests and tools may rely on. */
export type ProblemCode =
  | 'config_missing'
  | 'config_size'
  | 'config_syntax'
  | 'config_alias'
  | 'config_tag'
  | 'config_depth'
  | 'forbidden_key'
  | 'unknown_key'
  | 'missing_key'
  | 'wrong_type'
  | 'wrong_value'
  | 'unknown_kind'
  | 'bad_reference'
  | 'variable_missing'
  | 'file_unreadable'
  | 'source_unavailable'
  | 'empty_secret'
  | 'unsafe_url'
  | 'unknown_name'
  | 'duplicate_name'
  | 'reserved_name'
  | 'auth_missing'
  | 'auth_exposed'
  | 'auth_conflict'
  | 'policies_missing'
  | 'header_refused'
  | 'tls_incomplete'
  | 'tls_unverified'
  | 'factor_unavailable'
  | 'listener_clash'
  | 'plugin_name'
  | 'plugin_local'
  | 'plugin_missing'
  | 'plugin_location'
  | 'plugin_manifest'
  | 'plugin_api'
  | 'plugin_engines'
  | 'plugin_integrity'
  | 'plugin_import'
  | 'plugin_timeout'
  | 'plugin_shape'
  | 'plugin_clash'
  | 'plugin_create';

export interface Problem {
  readonly file?: string | undefined;
  /** Both count from 1. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** `instances.main.baseUrl`, `auth[0].use`; empty = the whole file. */
  readonly path: string;
  readonly code: ProblemCode;
  /** One sentence; never a value that came from the environment, a file or a `Secret()` field. */
  readonly message: string;
  /** The command that mends it. */
  readonly mend?: string | undefined;
}

const placeOf = (p: Problem): string => {
  const at = [p.file, p.line, p.column].filter((part) => part !== undefined).join(':');
  return [at, p.path].filter((part) => part !== '').join(' ');
};
/** `file:line:column path: message`. */
export const formatProblem = (p: Problem): string => {
  const place = placeOf(p);
  const mend = p.mend === undefined ? '' : ` (try: ${p.mend})`;
  return `${place}${place === '' ? '' : ': '}${p.message}${mend}`;
};

const byPlace = (a: Problem, b: Problem): number => (a.line ?? Infinity) - (b.line ?? Infinity) || (a.column ?? Infinity) - (b.column ?? Infinity) || 0;
const keyOf = (p: Problem): string => JSON.stringify([p.line, p.column, p.path, p.code, p.message]);
/** In file order, each once. */
const settled = (problems: readonly Problem[]): readonly Problem[] => {
  const once = new Map(problems.map((p) => [keyOf(p), Object.freeze(p)]));
  return Object.freeze([...once.values()].sort(byPlace));
};

/** The configuration cannot be served; holds every problem that was found. A process ends with `exitCode`. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly exitCode = 78;
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const all = settled(problems);
    super(all.map(formatProblem).join('\n'));
    this.problems = all;
  }
  /** One line a problem. */
  format(): string {
    return this.message;
  }
}
export const isConfigurationError = (e: unknown): e is ConfigurationError => e instanceof Error && e.name === 'ConfigurationError' && 'problems' in e;
