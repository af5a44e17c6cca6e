import type {
  AdminOperation,
  AuthStrategy,
  Counters,
  Dialect,
  Host,
  Logger,
  Metrics,
  Pages,
  Plugin,
  Provider,
  Seal,
  SecondFactor,
  Shortcut,
  Store,
} from '@llm-proxy-auth/plugin';
import type { InstanceSettings } from './config/schema/instance.ts';
import type { Settings } from './config/schema.ts';

/** One loaded plugin package. */
export interface LoadedPlugin {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  readonly kinds: readonly string[];
  /** Host names the manifest says it reaches; `*` matches one or more labels or parts of one. */
  readonly reaches: readonly string[];
  readonly plugin: Plugin;
}
export interface Instance {
  readonly name: string;
  /** Provider kind. */
  readonly kind: string;
  readonly provider: Provider;
  readonly settings: InstanceSettings;
}
export interface Strategy {
  readonly kind: string;
  readonly strategy: AuthStrategy;
}
export interface Factor {
  readonly kind: string;
  readonly factor: SecondFactor;
  readonly require: 'per-key' | 'always' | 'off';
}
export interface AdminEntry {
  readonly operation: AdminOperation;
  readonly host: Host;
}
/** Everything one configuration makes; immutable. A reload builds another and swaps one pointer. */
export interface Graph {
  readonly settings: Settings;
  /** File the configuration was read from, undefined when it came as text. */
  readonly file: string | undefined;
  readonly plugins: readonly LoadedPlugin[];
  readonly dialects: ReadonlyMap<string, Dialect>;
  readonly instances: ReadonlyMap<string, Instance>;
  /** Empty exactly when `auth: none`. */
  readonly strategies: readonly Strategy[];
  /** Undefined without the section. */
  readonly factor: Factor | undefined;
  readonly store: Store;
  readonly counters: Counters;
  /** Seals state of the core that goes through clients; the key is in the store, so that replicas and restarts share it. */
  readonly seal: Seal;
  /** What the core's own parts may use: the whole store, the core's seal; it reaches nobody. */
  readonly host: Host;
  readonly admin: readonly AdminEntry[];
  readonly shortcuts: readonly Shortcut[];
  /** Of the admin listener, by kind. */
  readonly pages: ReadonlyMap<string, Pages>;
  /** What must answer before calls can be served, such as `store`; empty once all does. */
  readonly waitsFor: () => readonly string[];
  /** Values of all `Secret()` fields of 8 characters and more, for the log scrubber. */
  readonly secrets: () => readonly string[];
  /** Environment variables that were found and used as defaults, by instance. */
  readonly environment: readonly { readonly instance: string; readonly variable: string }[];
  /** The configuration as read, secrets replaced by where they come from, for `check --print`. */
  print(): string;
  /** The same as plain data. */
  readonly shown: unknown;
  dispose(): Promise<void>;
}
export interface GraphOptions {
  /** Configuration file; or `text` with `folder` as the place relative paths start from. */
  readonly file?: string | undefined;
  readonly text?: string | undefined;
  readonly folder?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly allowLocalPlugins: boolean;
  readonly pluginRoots: readonly string[];
  readonly log: Logger;
  /** Epoch ms. */
  readonly now: () => number;
  /** Counters of plugins; without it they are counted nowhere. */
  readonly metrics?: Metrics | undefined;
}
