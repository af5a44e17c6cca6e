import { asFlag, asNumber, asObject, asText, type ChatRequest, defined, type Fields, type Reasoning, some } from '@llm-proxy-auth/plugin';
import type { Additional } from '../form.ts';
import { isEmpty } from '../wire.ts';

/** The only member of an object, undefined when there are others. */
const only = (o: Fields | undefined, name: string): unknown => (o !== undefined && Object.keys(o).length === 1 ? o[name] : undefined);
interface Found {
  /** Members whose meaning is all in what was read. */
  readonly spent: readonly string[];
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
  if (display !== undefined && display !== 'summarized') return undefined;
  const shown = display === undefined ? {} : { summary: 'auto' };
  const budget = asNumber(said.budget_tokens);
  if (said.type === 'enabled' && budget !== undefined && Object.keys(said).length === 2) return { budget, ...shown };
  if (only(said, 'type') === 'adaptive') return { off: false, ...shown };
  return only(o, 'type') === 'disabled' || only(o, 'type') === 'between_tools' ? { off: true } : undefined;
};
const effort = (fields: Fields): readonly (readonly [string, Reasoning | undefined])[] => {
  const claude = asText(only(asObject(fields.output_config), 'effort'));
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
const reasoning = (fields: Fields): Found => {
  const own = thinking(asObject(fields.thinking));
  const found = [['thinking', own] as const, ...effort(fields)].filter(([, r]) => r !== undefined);
  const merged: Reasoning = Object.assign({}, ...found.map(([, r]) => r));
  const spent = found.map(([name]) => name);
  return isEmpty(merged) ? NOTHING : { spent, read: { reasoning: merged } };
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
  const left = Object.fromEntries(Object.entries(fields).filter(([name]) => !spent.has(name)));
  return { read: defined(Object.assign({}, ...found.map((one) => one.read))) as Additional, left: isEmpty(left) ? undefined : left };
};
