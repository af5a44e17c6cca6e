import { type FamilyData, type FamilyRow, modelFamilies } from '@llm-proxy-auth/plugin';
import data from './families.json' with { type: 'json' };

/** What a generation of models takes; applied when a request of another dialect is translated. */
export interface Family {
  /** `budget`: thinking is said in tokens; `level`: in words; `none`: the model does not think. */
  readonly thinking: 'budget' | 'level' | 'none';
  /** Least and most tokens of a budget. */
  readonly budget: readonly [number, number];
  /** A budget of 0 switches thinking off. */
  readonly off: boolean;
  /** Least level. */
  readonly least: 'MINIMAL' | 'LOW';
  /** Has a level between the least and the most. */
  readonly medium: boolean;
  /** Ids of calls are issued and wanted back. */
  readonly ids: boolean;
  /** The first call of each step of a turn must be signed. */
  readonly signed: boolean;
  /** Takes schemas as JSON Schema (`parametersJsonSchema`, `responseJsonSchema`). */
  readonly jsonSchema: boolean;
  /** Takes a form for the answer and functions in one request. */
  readonly formWithTools: boolean;
  /** Takes functions and a search of its own in one request. */
  readonly searchWithTools: boolean;
  /** Takes media inside results. */
  readonly mediaInResults: boolean;
  /** Takes a resolution for each part. */
  readonly partResolution: boolean;
}
const rows = modelFamilies<Family & FamilyRow>(data as unknown as FamilyData<Family & FamilyRow>);
/** The rules for a model by its name; one that the data does not tell apart is taken for the newest generation, its last row. */
export const familyOf = (model: string): Family => {
  const found = rows(model);
  if (found === undefined) throw new TypeError('The last row of families.json is to hold for every model.');
  return found;
};
