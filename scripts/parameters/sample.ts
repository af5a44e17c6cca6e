type Fields = Readonly<Record<string, unknown>>;

/** How one parameter is tried. Its name is that of its row up to a colon, unless `name` says another. */
export interface Sample {
  readonly name?: string;
  readonly value?: unknown;
  /** Merged over the body instead of `value`. */
  readonly body?: Fields;
  /** Stands in the body it is compared with too. */
  readonly with?: Fields;
  /** What it means where the provider is sent the same. */
  readonly unchanged?: string;
}
/** A provider, or one of its families of models. */
export type Column = readonly [title: string, instance: string, model: string];
/** The parameters of one surface. */
export interface ParameterTable {
  readonly title: string;
  path(instance: string): string;
  base(model: string): Fields;
  /** Where they are not those of conversations. */
  readonly columns?: readonly Column[];
  readonly samples: Readonly<Record<string, Sample>>;
}
