/** Kinds of plugins that there are templates of. */
export const KINDS = Object.freeze(['provider', 'dialect', 'auth', 'factor', 'store'] as const);
export type Kind = (typeof KINDS)[number];

export interface Named {
  readonly kind: Kind;
  /** What a configuration writes: `provider: acme`, `use: acme`. */
  readonly name: string;
  /** `@scope/<kind>-<name>`; without a scope where none was given. */
  readonly package: string;
  /** The last part of the package's name. */
  readonly folder: string;
}
const FORM = /^(?:(@[a-z0-9][a-z0-9-]*)\/)?([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/;
const LONGEST = 64;

/** `acme`, `provider-acme` and `@scope/provider-acme` alike; undefined for what is no name of a plugin. */
export const namedFrom = (given: string, kind: Kind): Named | undefined => {
  const [, scope, last] = FORM.exec(given) ?? [];
  if (last === undefined || last.length > LONGEST) return undefined;
  const name = last.startsWith(`${kind}-`) ? last.slice(kind.length + 1) : last;
  if (!/^[a-z]/.test(name)) return undefined;
  const folder = `${kind}-${name}`;
  return { kind, name, package: scope === undefined ? folder : `${scope}/${folder}`, folder };
};
