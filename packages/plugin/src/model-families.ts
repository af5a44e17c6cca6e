import { compileGlobs } from './glob.ts';
import type { FactSource } from './model-facts.ts';

/** What a family of models takes or refuses, as a data file tells it. */
export interface FamilyRow {
  /** Ids of models; `*` stands for any run of characters. */
  readonly models: readonly string[];
  /** Names of the sources it was read from. */
  readonly from: readonly string[];
}
/** A data file of families, or the part of one. The first row that a model fits counts. */
export interface FamilyData<Row extends FamilyRow> {
  /** Day on which it was made. */
  readonly version: string;
  readonly sources: Readonly<Record<string, FactSource>>;
  readonly families: readonly Row[];
}
/** Names repeat themselves; bounded, since callers write them. */
const MOST_REMEMBERED = 1_000;
const LONGEST_REMEMBERED = 200;

/** The row of a model by its id; undefined: none of the rows is about it. */
export const modelFamilies = <Row extends FamilyRow>({ families }: Pick<FamilyData<Row>, 'families'>): ((model: string) => Row | undefined) => {
  const rows = families.map((row) => [compileGlobs(row.models), Object.freeze(row)] as const);
  const known = new Map<string, Row | undefined>();
  return (model) => {
    if (known.has(model)) return known.get(model);
    const found = rows.find(([fits]) => fits(model))?.[1];
    if (known.size < MOST_REMEMBERED && model.length <= LONGEST_REMEMBERED) known.set(model, found);
    return found;
  };
};
