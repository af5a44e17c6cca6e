import {
  asObject,
  asText,
  type Building,
  type ChatRequest,
  defined,
  type Fields,
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
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { MESSAGES } from '../wire.ts';
import { readToolChoice, writeToolChoice } from './tools.ts';

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));
const KNOWN = set(
  'model messages system stream tools tool_choice max_tokens temperature top_p top_k stop_sequences thinking output_config output_format metadata service_tier',
);
/** Members of objects that have a place in the conversation; the others are fields of their own. */
const INNER: Readonly<Record<string, ReadonlySet<string>>> = Object.freeze({
  thinking: set('type budget_tokens display'),
  output_config: set('effort format'),
  metadata: set('user_id'),
  tool_choice: set('type name disable_parallel_tool_use'),
});
/** Name that a schema has in dialects where it needs one. */
export const OUTPUT_NAME = 'output';

const some_ = <T extends object>(o: T): T | undefined => {
  const left = defined(o);
  return Object.keys(left).length === 0 ? undefined : left;
};
const stopOf = (body: Fields): readonly string[] | undefined => {
  const list = listField(body, 'stop_sequences');
  if (list === undefined) return undefined;
  if (!list.every((s): s is string => typeof s === 'string')) throw invalid('stop_sequences', "'stop_sequences' must be a list of strings.");
  return list;
};
const samplingOf = (body: Fields): Sampling | undefined =>
  some_({ temperature: numberField(body, 'temperature'), topP: numberField(body, 'top_p'), topK: numberField(body, 'top_k') });
/** What shows thinking; hidden thinking is what others do anyway. */
const shown = (thinking: Fields): Pick<Reasoning, 'summary'> => (thinking.display === 'summarized' ? { summary: 'auto' } : {});
/** Adaptive thinking is reasoning of which nothing is said but that it is on. Forms that are not known stay fields. */
const thinkingOf = (thinking: Fields | undefined): Reasoning | undefined => {
  if (thinking?.type === 'disabled') return { off: true };
  if (thinking?.type === 'adaptive') return { off: false, ...shown(thinking) };
  if (thinking?.type !== 'enabled') return undefined;
  return { budget: numberField(thinking, 'budget_tokens', 'thinking.budget_tokens') ?? 0, ...shown(thinking) };
};
const formatOf = (format: Json): ChatRequest['output'] => {
  const f = asObject(format);
  return f?.type === 'json_schema' && isObject(f.schema) ? { schema: f.schema, name: OUTPUT_NAME, strict: true } : undefined;
};
const TIERS: Readonly<Record<string, string>> = Object.freeze({ standard_only: 'default' });

export type Params = Omit<ChatRequest, 'turns' | 'tools' | 'choices' | 'rest'>;
export const readParams = (body: Fields): Params => {
  const config = objectField(body, 'output_config') ?? {};
  const thinking = objectField(body, 'thinking');
  if (thinking !== undefined && asText(thinking.type) === undefined) throw invalid('thinking.type', "'thinking' needs a type.");
  const tier = textField(body, 'service_tier');
  return defined({
    ...readToolChoice(body),
    maxTokens: numberField(body, 'max_tokens'),
    stop: stopOf(body),
    sampling: samplingOf(body),
    reasoning: some_({ ...thinkingOf(thinking), effort: textField(config, 'effort', 'output_config.effort') }),
    output: formatOf(config.format) ?? formatOf(body.output_format),
    user: textField(objectField(body, 'metadata') ?? {}, 'user_id', 'metadata.user_id'),
    tier: tier === undefined ? undefined : (TIERS[tier] ?? tier),
  });
};
/** Members that the conversation does not hold, those of known objects under the object's name. */
export const readRest = (body: Fields): Fields => {
  const fields: Building = { ...unknownFields(body, KNOWN) };
  for (const [name, known] of Object.entries(INNER)) {
    const inner = asObject(body[name]);
    const whole = name === 'thinking' && inner !== undefined && thinkingOf(inner) === undefined;
    const left = inner === undefined || whole ? inner : unknownFields(inner, known);
    if (left !== undefined) fields[name] = left;
  }
  const format = asObject(asObject(body.output_config)?.format);
  if (format !== undefined && formatOf(format) === undefined) fields.output_config = { ...asObject(fields.output_config), format };
  if (isObject(body.output_format) && formatOf(body.output_format) === undefined) fields.output_format = body.output_format;
  return fields;
};

export const writeThinking = (r: Reasoning | undefined): Fields | undefined => {
  if (r?.off === true) return { type: 'disabled' };
  const display = r?.summary === undefined ? {} : { display: 'summarized' };
  if (r?.budget !== undefined) return { type: 'enabled', budget_tokens: r.budget, ...display };
  return r?.off === false || r?.summary !== undefined ? { type: 'adaptive', ...display } : undefined;
};
export const writeOutputConfig = (effort: string | undefined, schema: Json): Fields | undefined =>
  some_({ ...some('effort', effort), ...(schema === undefined ? {} : { format: { type: 'json_schema', schema } }) });
/** Fields of one object beside those that the conversation gave. */
const together = (written: Building, fields: Fields): Building => {
  const both: Building = { ...written };
  for (const [name, value] of Object.entries(fields)) both[name] = isObject(value) && isObject(both[name]) ? { ...both[name], ...value } : value;
  return both;
};
/** Name and strictness were added when it was read: they are looked at, so that they get no lines of their own. */
const ownSchema = (output: ChatRequest['output']): Json => {
  if (typeof output !== 'object') return undefined;
  const { schema, name: _name, strict: _strict } = output;
  return schema;
};
/** Parameters that were read from this dialect, in the usual spelling. */
export const writeOwnParams = (r: ChatRequest): Building => {
  const s = r.sampling;
  const written = defined({
    max_tokens: r.maxTokens,
    temperature: s?.temperature,
    top_p: s?.topP,
    top_k: s?.topK,
    stop_sequences: r.stop,
    thinking: writeThinking(r.reasoning),
    output_config: writeOutputConfig(r.reasoning?.effort, ownSchema(r.output)),
    tool_choice: writeToolChoice(r),
    metadata: r.user === undefined ? undefined : { user_id: r.user },
    service_tier: r.tier === 'default' ? 'standard_only' : r.tier,
  });
  return together(written, r.rest?.from === MESSAGES ? r.rest.fields : {});
};
