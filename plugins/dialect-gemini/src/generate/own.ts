import {
  type ChatRequest,
  defined,
  type Fields,
  filled,
  isObject,
  type Json,
  type Lost,
  losePart,
  type Part,
  restore,
  sameValue,
  some,
  type Turn,
} from '@llm-proxy-auth/plugin';
import { UNSIGNED } from '../carried.ts';
import { formOf } from '../form.ts';
import { GEMINI, GENERATE } from '../wire.ts';
import { writeConfig, writeTier } from './config.ts';
import { writeOwnTools, writeToolChoice } from './tools.ts';
import { ownPart } from './write-parts.ts';

/** Members under names with a point (`generationConfig.speechConfig`) put where the names say. */
export const nested = (fields: Fields): Fields => {
  const out: Record<string, Json> = {};
  for (const [path, value] of Object.entries(fields)) {
    const steps = path.split('.');
    const last = steps.pop() ?? path;
    let at = out;
    for (const step of steps) {
      const inner: Json = at[step];
      const next: Record<string, Json> = isObject(inner) ? { ...inner } : {};
      at[step] = next;
      at = next;
    }
    const before = at[last];
    at[last] = isObject(before) && isObject(value) ? { ...before, ...value } : value;
  }
  return out;
};
/** Two objects as one, member by member; what the second says counts. */
export const merge = (a: Fields, b: Fields): Fields => {
  const out: Record<string, Json> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = out[key];
    out[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return out;
};

const isForeign = (part: Part): boolean => part.origin !== undefined && part.origin.dialect !== GEMINI;
/** A part of an answer in which another vendor signed something: it says nothing to this one. `first`: it is the first call of it. */
const foreignSigned = (part: Part, first: boolean, lost: Lost): readonly Fields[] => {
  if (isForeign(part) && (part.kind === 'thinking' || part.kind === 'opaque')) {
    losePart(part, `turns.parts.${part.kind}`, 'only its vendor understands it', lost);
    return [];
  }
  const wire = ownPart(part);
  if (!first || wire.thoughtSignature !== undefined) return [wire];
  lost('turns.parts.origin', 'a call that the provider did not make is marked as one', 'defaulted');
  return [{ ...wire, thoughtSignature: UNSIGNED }];
};
const partsOf = (turn: Turn, lost: Lost): readonly Fields[] => {
  if (!turn.parts.some(isForeign)) return turn.parts.map(ownPart);
  const call = turn.parts.findIndex(({ kind }) => kind === 'toolCall');
  return turn.parts.flatMap((part, i) => foreignSigned(part, i === call, lost));
};
/** A content that was read from this dialect. */
export const ownContent = (turn: Turn, lost: Lost): Fields => {
  const role = turn.role === 'system' ? {} : { role: turn.role === 'assistant' ? 'model' : 'user' };
  const form = formOf(turn);
  const head = restore({ ...role, ...turn.rest, parts: [] }, form?.left);
  const absent = turn.parts.length === 0 && !('parts' in head);
  return absent ? head : { ...head, parts: partsOf(turn, lost) };
};
/** The reasoning, the choice of tools, the form of the answer and its tier as they were spelt, while they are what was read of them. */
const spelt = (r: ChatRequest, body: Fields): Fields => {
  const said = formOf(r)?.said;
  if (said === undefined) return body;
  const config: Record<string, Json> = { ...(isObject(body.generationConfig) ? body.generationConfig : {}) };
  const wire = isObject(said.wire.generationConfig) ? said.wire.generationConfig : {};
  const put = (same: boolean, ...names: readonly string[]): void => {
    if (!same) return;
    for (const name of names) {
      delete config[name];
      if (wire[name] !== undefined) config[name] = wire[name];
    }
  };
  put(sameValue(said.read.reasoning, r.reasoning), 'thinkingConfig');
  put(said.read.logprobs === r.logprobs, 'responseLogprobs', 'logprobs');
  put(sameValue(said.read.output, r.output), 'responseMimeType', 'responseSchema', 'responseJsonSchema', 'responseFormat');
  const toolConfig = sameValue(said.read.toolChoice, r.toolChoice) ? said.wire.toolConfig : body.toolConfig;
  return defined({ ...body, generationConfig: filled(config), toolConfig });
};
/** The body without contents, prompt and tools. */
export const ownFields = (r: ChatRequest): Fields => {
  const choice = writeToolChoice(r.toolChoice);
  const written = defined({
    generationConfig: filled(writeConfig(r)),
    toolConfig: choice === undefined ? undefined : { functionCallingConfig: choice },
    ...some('serviceTier', writeTier(r.tier)),
    labels: r.metadata,
  });
  return spelt(r, merge(written, nested(r.rest?.from === GENERATE ? r.rest.fields : {})));
};
/** The body as this dialect's own client sent it, with what was changed on the way. */
export const ownBody = (r: ChatRequest, lost: Lost): Fields => {
  const system = r.turns.filter(({ role }) => role === 'system');
  const [first, ...more] = system;
  const prompt = first === undefined ? undefined : ownContent(first, lost);
  const parts = [...(Array.isArray(prompt?.parts) ? prompt.parts : []), ...more.flatMap((turn) => partsOf(turn, lost))];
  const tools = writeOwnTools(r.tools);
  const body = defined({
    contents: r.turns.filter(({ role }) => role !== 'system').map((turn) => ownContent(turn, lost)),
    systemInstruction: prompt === undefined ? undefined : more.length === 0 ? prompt : { ...prompt, parts },
    tools: tools.length > 0 ? tools : undefined,
    ...ownFields(r),
  });
  return restore(body, formOf(r)?.left);
};
