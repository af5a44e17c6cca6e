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
/** The newest generation; an unknown model is taken for it. */
const NEWEST: Family = Object.freeze<Family>({
  thinking: 'level',
  budget: [128, 32_768],
  off: false,
  least: 'LOW',
  medium: true,
  ids: true,
  signed: true,
  jsonSchema: true,
  formWithTools: true,
  searchWithTools: true,
  mediaInResults: true,
  partResolution: true,
});
const TWO: Partial<Family> = { ids: false, signed: false, formWithTools: false, searchWithTools: false, mediaInResults: false, partResolution: false };
const FIVE_PRO: Family = Object.freeze<Family>({ ...NEWEST, ...TWO, thinking: 'budget', budget: [128, 32_768] });
const FIVE_FLASH: Family = Object.freeze<Family>({ ...FIVE_PRO, budget: [0, 24_576], off: true });
const OLDER: Family = Object.freeze<Family>({ ...FIVE_PRO, thinking: 'none', jsonSchema: false });
const FLASH: Family = Object.freeze<Family>({ ...NEWEST, least: 'MINIMAL' });
/** The first Pro of its generation thinks little or much. */
const THREE_PRO: Family = Object.freeze<Family>({ ...NEWEST, medium: false });
/** Its images are thought about by tokens, and its calls need no signature. */
const THREE_PRO_IMAGE: Family = Object.freeze<Family>({ ...NEWEST, thinking: 'budget', signed: false });

const VERSION = /gemini-(\d+)(?:\.(\d+))?/;
/** The rules for a model by its name. */
export const familyOf = (model: string): Family => {
  const [, first, second] = VERSION.exec(model) ?? [];
  if (first === undefined) return NEWEST;
  const version = Number(first) + Number(second ?? 0) / 10;
  if (version < 2.5) return OLDER;
  if (version < 3) return model.includes('flash') ? FIVE_FLASH : FIVE_PRO;
  if (/gemini-3-pro/.test(model)) return model.includes('image') ? THREE_PRO_IMAGE : THREE_PRO;
  return model.includes('flash') && version < 3.65 ? FLASH : NEWEST;
};
