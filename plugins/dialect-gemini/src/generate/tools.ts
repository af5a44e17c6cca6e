import {
  asList,
  asObject,
  asText,
  type ChatRequest,
  defined,
  type Fields,
  invalid,
  type Json,
  type Ledger,
  parseJson,
  remainderOf,
  restore,
  sameValue,
  some,
  stringifyJson,
  type Tool,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { formOf, withForm } from '../form.ts';
import { unheard } from '../lost.ts';
import { readSchema } from '../schema/read.ts';
import { writeSchema } from '../schema/write.ts';
import { GEMINI, GENERATE } from '../wire.ts';

const CALLING = 'toolConfig.functionCallingConfig';
/** A function without a schema takes nothing. */
const NO_INPUT: Fields = Object.freeze({ type: 'object', properties: Object.freeze({}) });

const readDeclaration = (value: Json, param: string): Tool => {
  const wire = asObject(value);
  if (wire === undefined) throw invalid(param, `'${param}' must be an object.`);
  const name = asText(wire.name);
  if (name === undefined) throw invalid(`${param}.name`, `'${param}.name' must be a string.`);
  const own = wire.parameters ?? undefined;
  const schema = wire.parametersJsonSchema ?? (own === undefined ? NO_INPUT : readSchema(own, `${param}.parameters`));
  const spelt: Fields = defined({ parameters: own, parametersJsonSchema: wire.parametersJsonSchema ?? undefined });
  const rest = unknownFields(wire, ['name', 'description', 'parameters', 'parametersJsonSchema']);
  const tool: Tool = { kind: 'function', name, ...some('description', asText(wire.description)), schema, ...some('rest', rest) };
  return withForm(tool, { schema: { read: schema, wire: spelt } });
};
/** A schema as it was spelt, as long as it still is what was read. */
const ownSchema = (tool: Extract<Tool, { kind: 'function' }>): Fields => {
  const spelt = formOf(tool)?.schema;
  if (spelt !== undefined && sameValue(spelt.read, tool.schema)) return spelt.wire;
  if (spelt?.wire.parameters !== undefined) return { parameters: writeSchema(tool.schema, 'tools.schema', unheard) };
  return { parametersJsonSchema: tool.schema };
};
const writeDeclaration = (tool: Extract<Tool, { kind: 'function' }>): Fields => ({
  name: tool.name,
  ...some('description', tool.description),
  ...ownSchema(tool),
  ...tool.rest,
});
/** One entry of `tools` holds declarations of functions and tools of the vendor's by their names. */
const readEntry = (value: Json, group: number): readonly Tool[] => {
  const param = `tools[${group}]`;
  const wire = asObject(value);
  if (wire === undefined) throw invalid(param, `'${param}' must be an object.`);
  return Object.entries(wire).flatMap(([key, member]): readonly Tool[] => {
    if (member === null || member === undefined) return [];
    if (key !== 'functionDeclarations')
      return [withForm({ kind: 'server', origin: { dialect: GEMINI, payload: { json: stringifyJson({ [key]: member }) } } } as const, { group })];
    if (!Array.isArray(member)) throw invalid(`${param}.${key}`, `'${param}.${key}' must be a list.`);
    return member.map((one: Json, i) => {
      const tool = readDeclaration(one, `${param}.${key}[${i}]`);
      const left = remainderOf(declared(tool), asObject(one) ?? {});
      return withForm(tool, { ...formOf(tool), group, ...some('left', left) });
    });
  });
};
const declared = (tool: Tool): Fields => (tool.kind === 'function' ? writeDeclaration(tool) : {});
export const readTools = (list: readonly Json[]): readonly Tool[] => list.flatMap(readEntry);

/** The entries as they were: tools of one entry together, its functions in one list. */
export const writeOwnTools = (tools: readonly Tool[]): readonly Fields[] => {
  const groups = new Map<number, Record<string, Json>>();
  for (const tool of tools) {
    const form = formOf(tool);
    const at = form?.group ?? 0;
    const entry = groups.get(at) ?? {};
    groups.set(at, entry);
    if (tool.kind === 'server') Object.assign(entry, tool.origin.dialect === GEMINI ? asObject(parseJson(tool.origin.payload.json)) : {});
    else if (tool.kind === 'function') entry.functionDeclarations = [...asList(entry.functionDeclarations), restore(declared(tool), form?.left)];
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, entry]) => entry);
};

/** `functionCallingConfig`; `rest` is what of it the conversation cannot say. */
export const readToolChoice = (wire: Fields | undefined): { readonly choice: ChatRequest['toolChoice']; readonly rest: Fields | undefined } => {
  if (wire === undefined) return { choice: undefined, rest: undefined };
  const names = asList(wire.allowedFunctionNames);
  const [only] = names;
  const rest = unknownFields(wire, ['mode', 'allowedFunctionNames']) ?? {};
  const kept = (more: Fields): Fields | undefined => (Object.keys({ ...rest, ...more }).length === 0 ? undefined : { ...rest, ...more });
  const named = names.length === 0 ? {} : { allowedFunctionNames: names };
  if (wire.mode === 'NONE') return { choice: 'none', rest: kept(named) };
  if (wire.mode === 'ANY') {
    if (names.length === 1 && typeof only === 'string') return { choice: { name: only }, rest: kept({}) };
    return { choice: 'required', rest: kept(named) };
  }
  if (wire.mode === 'AUTO') return { choice: 'auto', rest: kept(named) };
  if (wire.mode === 'VALIDATED') return { choice: 'auto', rest: kept(named) };
  const mode = wire.mode === undefined || wire.mode === null || wire.mode === 'MODE_UNSPECIFIED' ? {} : { mode: wire.mode };
  return { choice: undefined, rest: kept({ ...mode, ...named }) };
};
/**
 * The request as other dialects can say it: where the model may call some of the functions alone, it is shown no others. `allowed`: what
 * `functionCallingConfig` names.
 */
export const shownTools = (r: ChatRequest, allowed: readonly Json[], ledger: Ledger): ChatRequest => {
  const tools = r.tools.filter((tool) => tool.kind !== 'function' || allowed.includes(tool.name));
  if (typeof r.toolChoice === 'object' || tools.length === r.tools.length || tools.length === 0) return r;
  ledger.note('emulated', 'toolChoice', 'the model is shown the functions alone that it may call');
  const fields = asObject(r.rest?.fields) ?? {};
  const calling = unknownFields(asObject(fields[CALLING]) ?? {}, ['allowedFunctionNames']);
  const { [CALLING]: _calling, ...others } = fields;
  return { ...r, tools, rest: { from: r.rest?.from ?? GENERATE, fields: { ...others, ...some(CALLING, calling) } } };
};
const isPlainSearch = (tool: Tool): boolean => tool.kind === 'server' && sameValue(parseJson(tool.origin.payload.json), { googleSearch: {} });
/** The request for a provider that searches by itself: a search without conditions of its own is asked of it. */
export const withSearch = (r: ChatRequest): ChatRequest =>
  r.tools.some(isPlainSearch) ? { ...r, tools: r.tools.filter((tool) => !isPlainSearch(tool)), webSearch: {} } : r;
/** Undefined where nothing is to be said. */
export const writeToolChoice = (choice: ChatRequest['toolChoice']): Fields | undefined => {
  if (choice === undefined) return undefined;
  if (typeof choice === 'object') return { mode: 'ANY', allowedFunctionNames: [choice.name] };
  return { mode: choice === 'none' ? 'NONE' : choice === 'required' ? 'ANY' : 'AUTO' };
};
