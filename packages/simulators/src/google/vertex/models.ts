/** What a Gemini takes and refuses. */
export type Gemini = {
  readonly id: string;
  /** 2.5 is 2, 3.1 is 3. */
  readonly major: number;
  /** Thinks unless it is told not to, and may be told how much: by tokens or by level. */
  readonly thinking: 'none' | 'budget' | 'level';
  /** Fewest and most tokens of thinking; 0 may be chosen where `optional`. */
  readonly budget: readonly [least: number, most: number];
  readonly optional: boolean;
  readonly window: number;
};
const budget = (id: string, least: number, most: number, optional: boolean): Gemini => ({
  id,
  major: 2,
  thinking: 'budget',
  budget: [least, most],
  optional,
  window: 1_048_576,
});
const third = (id: string): Gemini => ({ id, major: 3, thinking: 'level', budget: [0, 0], optional: false, window: 1_048_576 });
/** Newest first. */
const table: readonly Gemini[] = [
  third('gemini-3.7-flash'),
  third('gemini-3.6-flash'),
  third('gemini-3.5-flash'),
  third('gemini-3.1-pro-preview'),
  third('gemini-3-flash-preview'),
  third('gemini-3-pro-preview'),
  budget('gemini-2.5-pro', 128, 32_768, false),
  budget('gemini-2.5-flash', 1, 24_576, true),
  budget('gemini-2.5-flash-lite', 512, 24_576, true),
  { id: 'gemini-2.0-flash', major: 2, thinking: 'none', budget: [0, 0], optional: true, window: 1_048_576 },
];
export const geminis = table.map(({ id }) => id);
export const geminiOf = (id: string): Gemini | undefined => table.find((one) => one.id === id.replace(/-00\d$|@default$/, ''));

/** Embedders: how many inputs `predict` takes at once, and how long their vectors are; `content`: asked by embedContent. */
export const embedders: Readonly<Record<string, { readonly most: number; readonly size: number; readonly content: boolean }>> = {
  'text-embedding-005': { most: 250, size: 768, content: false },
  'text-multilingual-embedding-002': { most: 250, size: 768, content: false },
  'gemini-embedding-001': { most: 1, size: 3072, content: false },
  'gemini-embedding-2': { most: 1, size: 3072, content: true },
};
/** Rankers of Discovery Engine. */
export const rankers: ReadonlySet<string> = new Set([
  'semantic-ranker-default@latest',
  'semantic-ranker-default-004',
  'semantic-ranker-fast@latest',
  'semantic-ranker-fast-004',
  'semantic-ranker-512@latest',
]);
/** Models of others on the shared endpoint, as their bodies name them. */
export const maas: readonly string[] = [
  'meta/llama-4-maverick-17b-128e-instruct-maas',
  'deepseek-ai/deepseek-v3.2-maas',
  'qwen/qwen3-235b-a22b-instruct-2507-maas',
  'openai/gpt-oss-120b-maas',
  'google/gemini-2.5-flash',
];
/** Models whose vendor's own format is OpenAI's. */
export const raw: readonly string[] = ['mistral-medium-3', 'codestral-2'];
