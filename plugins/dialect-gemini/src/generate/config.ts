import {
  asFlag,
  asObject,
  asText,
  type ChatRequest,
  defined,
  type Fields,
  filled,
  invalid,
  isObject,
  type Json,
  listField,
  numberField,
  objectField,
  type Reasoning,
  type Sampling,
  some,
  textField,
} from '@llm-proxy-auth/plugin';
import { readSchema } from '../schema/read.ts';

/** Members of `generationConfig` that the conversation knows in any case. */
const SAMPLING: Readonly<Record<string, keyof Sampling>> = Object.freeze({
  temperature: 'temperature',
  topP: 'topP',
  topK: 'topK',
  seed: 'seed',
  presencePenalty: 'presencePenalty',
  frequencyPenalty: 'frequencyPenalty',
});
const within = (name: string): string => `generationConfig.${name}`;
const stopsOf = (config: Fields): readonly string[] | undefined => {
  const list = listField(config, 'stopSequences', within('stopSequences'));
  if (list?.some((stop) => typeof stop !== 'string')) throw invalid(within('stopSequences'), 'Stop sequences are strings.');
  return list?.length === 0 ? undefined : (list as readonly string[] | undefined);
};
/** Members that say what would be so without them: they ask for nothing, and go back where they came from alone. */
const isIdle = (name: string, value: Json): boolean => {
  if (name === 'audioTimestamp') return value === false;
  if (name === 'responseModalities') return Array.isArray(value) && value.every((one) => one === 'TEXT');
  return typeof value === 'string' && (value === '' || value.endsWith('_UNSPECIFIED'));
};
/** `thinkingConfig`; a level or a member that is not known stays with the vendor. */
const reasoningOf = (wire: Fields | undefined): { readonly reasoning: Reasoning | undefined; readonly rest: Fields | undefined } => {
  if (wire === undefined) return { reasoning: undefined, rest: undefined };
  const param = within('thinkingConfig');
  const budget = numberField(wire, 'thinkingBudget', `${param}.thinkingBudget`);
  const level = textField(wire, 'thinkingLevel', `${param}.thinkingLevel`)?.toLowerCase();
  const known = level !== undefined && level !== 'thinking_level_unspecified';
  const dynamic = budget !== undefined && budget < 0;
  const reasoning = filled({
    effort: known ? level : undefined,
    budget: budget !== undefined && budget > 0 ? budget : undefined,
    off: budget === 0 ? true : dynamic ? false : undefined,
    summary: asFlag(wire.includeThoughts) === true ? 'auto' : undefined,
  }) as Reasoning | undefined;
  const names = ['thinkingBudget', 'thinkingLevel', 'includeThoughts'];
  return { reasoning, rest: filled(Object.fromEntries(Object.entries(wire).filter(([key, v]) => !names.includes(key) && v !== null))) };
};
/** The newer spelling of one text, its type and schema in one member; undefined where it asks for anything else, or the older one stands too. */
const textFormat = (config: Fields): { readonly type: string; readonly schema: Json } | undefined => {
  const [only, ...more] = listField(config, 'responseFormat', within('responseFormat')) ?? [];
  const text = more.length === 0 && isObject(only) && Object.keys(only).every((name) => name === 'text') ? asObject(only.text) : undefined;
  const older = [config.responseMimeType, config.responseSchema, config.responseJsonSchema].some((value) => value !== undefined && value !== null);
  if (text === undefined || older || Object.keys(text).some((name) => name !== 'mimeType' && name !== 'schema')) return undefined;
  const type = asText(text.mimeType)?.toLowerCase().replace('_', '/');
  return type === undefined ? undefined : { type, schema: text.schema ?? undefined };
};
/** The least of JSON that is asked for by its type, or by a schema. */
const outputOf = (config: Fields): { readonly output: ChatRequest['output']; readonly rest: Fields } => {
  const format = textFormat(config);
  const type = format === undefined ? textField(config, 'responseMimeType', within('responseMimeType')) : format.type;
  const json = format === undefined ? (config.responseJsonSchema ?? undefined) : format.schema;
  const own = config.responseSchema ?? undefined;
  const unread = format === undefined ? defined({ responseFormat: config.responseFormat ?? undefined }) : {};
  const free = own === undefined && json === undefined;
  if (type === 'text/plain' && free) return { output: undefined, rest: unread };
  if (type !== 'application/json') {
    const older = defined({ responseMimeType: type, responseSchema: own, responseJsonSchema: json });
    return { output: undefined, rest: format === undefined ? { ...older, ...unread } : defined({ responseFormat: config.responseFormat }) };
  }
  if (free) return { output: 'json', rest: unread };
  const schema = json ?? readSchema(own, within('responseSchema'));
  // The vendor holds the model to the schema, but takes schemas that others call strict only when every member is required.
  const twice = json !== undefined && own !== undefined ? { responseSchema: own } : {};
  return { output: { schema, name: 'response', strict: false }, rest: { ...twice, ...unread } };
};
export interface ReadConfig {
  readonly request: Partial<ChatRequest>;
  /** What the conversation does not know, by its name in the body. */
  readonly rest: Fields;
}
const HANDLED: ReadonlySet<string> = new Set([
  ...Object.keys(SAMPLING),
  'maxOutputTokens',
  'stopSequences',
  'candidateCount',
  'responseLogprobs',
  'logprobs',
  'thinkingConfig',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'responseFormat',
]);
/** `generationConfig`. */
export const readConfig = (body: Fields): ReadConfig => {
  const config = objectField(body, 'generationConfig') ?? {};
  const sampling = filled(Object.fromEntries(Object.keys(SAMPLING).map((name) => [SAMPLING[name] ?? name, numberField(config, name, within(name))]))) as
    | Sampling
    | undefined;
  const { reasoning, rest: thinking } = reasoningOf(objectField(config, 'thinkingConfig', within('thinkingConfig')));
  const { output, rest: formats } = outputOf(config);
  const choices = numberField(config, 'candidateCount', within('candidateCount'));
  if (choices !== undefined && (!Number.isSafeInteger(choices) || choices < 1))
    throw invalid(within('candidateCount'), 'A request has at least one candidate.');
  const alternatives = numberField(config, 'logprobs', within('logprobs'));
  const logprobs = config.responseLogprobs === true ? (alternatives ?? 0) : undefined;
  const unknown = Object.entries(config).filter(([key, v]) => !HANDLED.has(key) && v !== null && v !== undefined && !isIdle(key, v));
  const rest: Fields = {
    ...Object.fromEntries(unknown),
    ...formats,
    ...some('thinkingConfig', thinking),
    ...(logprobs === undefined ? some('logprobs', alternatives) : {}),
  };
  return {
    request: defined({
      maxTokens: numberField(config, 'maxOutputTokens', within('maxOutputTokens')),
      stop: stopsOf(config),
      sampling,
      choices: choices ?? 1,
      logprobs,
      reasoning,
      output,
    }) as Partial<ChatRequest>,
    rest: Object.fromEntries(Object.entries(rest).map(([key, value]) => [within(key), value])),
  };
};

const LEVELS = /^(?:minimal|low|medium|high|xhigh)$/;
/** `thinkingConfig` as the conversation says it, for those who know what the model takes. */
export const writeReasoning = ({ effort, budget, off, summary }: Reasoning): Fields => ({
  ...some('includeThoughts', summary === undefined ? undefined : true),
  ...(off === true
    ? { thinkingBudget: 0 }
    : budget !== undefined
      ? { thinkingBudget: budget }
      : off === false && effort === undefined
        ? { thinkingBudget: -1 }
        : {}),
  ...some('thinkingLevel', effort === undefined || !LEVELS.test(effort) ? undefined : effort.toUpperCase()),
});
/** `generationConfig` of what was read from this dialect, without what its spelling adds. */
export const writeConfig = (r: ChatRequest): Fields => ({
  ...defined({ ...r.sampling, logitBias: undefined }),
  ...some('maxOutputTokens', r.maxTokens),
  ...some('stopSequences', r.stop),
  ...(r.choices === 1 ? {} : { candidateCount: r.choices }),
  ...(r.logprobs === undefined ? {} : { responseLogprobs: true, ...(r.logprobs > 0 ? { logprobs: r.logprobs } : {}) }),
  ...some('thinkingConfig', r.reasoning === undefined ? undefined : writeReasoning(r.reasoning)),
  ...(r.output === undefined ? {} : { responseMimeType: 'application/json', ...(r.output === 'json' ? {} : { responseJsonSchema: r.output.schema }) }),
});

const TIERS: Readonly<Record<string, string>> = Object.freeze({ standard: 'default' });
export const readTier = (wire: string | undefined): string | undefined => (wire === undefined ? undefined : (TIERS[wire.toLowerCase()] ?? wire.toLowerCase()));
export const writeTier = (tier: string | undefined): string | undefined => (tier === 'default' ? 'standard' : tier);
