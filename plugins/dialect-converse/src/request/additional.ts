import { asFlag, asNumber, asObject, asText, type ChatRequest, defined, type Fields, type Reasoning, some } from '@llm-proxy-auth/plugin';
import type { Additional } from '../form.ts';
import { isEmpty } from '../wire.ts';

/** The only member of an object, undefined when there are others. */
const only = (o: Fields | undefined, name: string): unknown => (o !== undefined && Object.keys(o).length === 1 ? o[name] : undefined);
interface Found {
  /** Members whose meaning is in what was read. */
  readonly spent: readonly string[];
  /** What those have beside it. */
  readonly beside?: Fields;
  readonly read: Additional;
}
const NOTHING: Found = { spent: [], read: {} };
const topK = (fields: Fields): Found => {
  const own = asNumber(fields.top_k);
  if (own !== undefined) return { spent: ['top_k'], read: { topK: own } };
  const nova = asNumber(only(asObject(fields.inferenceConfig), 'topK'));
  return nova === undefined ? NOTHING : { spent: ['inferenceConfig'], read: { topK: nova } };
};
const thinking = (o: Fields | undefined): Reasoning | undefined => {
  const { display, ...said } = o ?? {};
  if (display !== undefined && display !== 'summarized' && display !== 'omitted') return undefined;
  const shown = display === 'summarized' ? { summary: 'auto' } : {};
  const budget = asNumber(said.budget_tokens);
  if (said.type === 'enabled' && budget !== undefined && Object.keys(said).length === 2) return { budget, ...shown };
  if (only(said, 'type') === 'adaptive') return { off: false, ...shown };
  return only(o, 'type') === 'disabled' || only(o, 'type') === 'between_tools' ? { off: true } : undefined;
};
const effort = (fields: Fields): readonly (readonly [string, Reasoning | undefined])[] => {
  const claude = asText(asObject(fields.output_config)?.effort);
  const nova = asObject(fields.reasoningConfig);
  const amount = nova?.type === 'enabled' && Object.keys(nova).length === 2 ? asText(nova.maxReasoningEffort) : undefined;
  const gpt = asText(only(asObject(fields.reasoning), 'effort'));
  const oss = asText(fields.reasoning_effort);
  const said = (value: string | undefined): Reasoning | undefined => (value === undefined ? undefined : value === 'none' ? { off: true } : { effort: value });
  return [
    ['output_config', said(claude)],
    ['reasoningConfig', only(nova, 'type') === 'disabled' ? { off: true } : said(amount)],
    ['reasoning', said(gpt)],
    ['reasoning_effort', said(oss)],
  ];
};
/** Whether a client of Claude keeps thinking from coming back. */
export const hidesThinking = (fields: Fields | undefined): boolean => asObject(fields?.thinking)?.display === 'omitted';
/** Thinking that is to be hidden, and what Claude's settings of its answer say beside the effort: no other format has words for them. */
const besideOf = (fields: Fields, spent: readonly string[]): Fields => {
  const { effort: _effort, ...config } = asObject(fields.output_config) ?? {};
  return {
    ...(spent.includes('thinking') && hidesThinking(fields) ? { thinking: { display: 'omitted' } } : {}),
    ...(spent.includes('output_config') && !isEmpty(config) ? { output_config: config } : {}),
  };
};
const reasoning = (fields: Fields): Found => {
  const own = thinking(asObject(fields.thinking));
  const found = [['thinking', own] as const, ...effort(fields)].filter(([, r]) => r !== undefined);
  const merged: Reasoning = Object.assign({}, ...found.map(([, r]) => r));
  const spent = found.map(([name]) => name);
  return isEmpty(merged) ? NOTHING : { spent, beside: besideOf(fields, spent), read: { reasoning: merged } };
};
const user = (fields: Fields): Found => {
  const id = asText(only(asObject(fields.metadata), 'user_id'));
  return id === undefined ? NOTHING : { spent: ['metadata'], read: { user: id } };
};
const choiceOf = (o: Fields): ChatRequest['toolChoice'] => {
  const name = asText(o.name);
  if (o.type === 'tool' && name !== undefined) return { name };
  if (o.type === 'any') return 'required';
  return o.type === 'none' ? 'none' : o.type === 'auto' ? 'auto' : undefined;
};
const choice = (fields: Fields): Found => {
  const o = asObject(fields.tool_choice);
  const wanted = o === undefined ? undefined : choiceOf(o);
  if (o === undefined || wanted === undefined) return NOTHING;
  const single = asFlag(o.disable_parallel_tool_use);
  return { spent: ['tool_choice'], read: { toolChoice: wanted, ...some('parallelTools', single === undefined ? undefined : !single) } };
};
const READERS: readonly ((fields: Fields) => Found)[] = Object.freeze([topK, reasoning, user, choice]);

/** What `additionalModelRequestFields` say that the conversation knows, and the members that it does not. */
export const readAdditional = (fields: Fields | undefined): { readonly read: Additional; readonly left: Fields | undefined } => {
  if (fields === undefined) return { read: {}, left: undefined };
  const found = READERS.map((read) => read(fields));
  const spent = new Set(found.flatMap((one) => one.spent));
  const left = Object.assign(Object.fromEntries(Object.entries(fields).filter(([name]) => !spent.has(name))), ...found.map(({ beside }) => beside));
  return { read: defined(Object.assign({}, ...found.map((one) => one.read))) as Additional, left: isEmpty(left) ? undefined : left };
};
