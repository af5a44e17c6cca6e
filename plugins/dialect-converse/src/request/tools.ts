import {
  asObject,
  asText,
  type ChatRequest,
  type Fields,
  invalid,
  type Json,
  parseJson,
  remainderOf,
  restore,
  some,
  stringifyJson,
  type Tool,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { cacheOf, cachePointOf, isCachePoint } from '../blocks/cache.ts';
import { formOf, withForm } from '../form.ts';
import { anObject, flagField, objectField, textField } from '../invalid.ts';
import { CONVERSE } from '../wire.ts';

/** A tool without a schema takes nothing. */
export const NO_INPUT: Fields = Object.freeze({ type: 'object', properties: Object.freeze({}) });

const readSpec = (spec: Fields, param: string): Tool => {
  const name = textField(spec, 'name', param);
  if (name === undefined) throw invalid(`${param}.name`, `'${param}.name' is missing.`);
  const schema = objectField(spec, 'inputSchema', param);
  const rest = unknownFields(spec, ['name', 'description', 'inputSchema', 'strict']);
  return {
    kind: 'function',
    name,
    ...some('description', textField(spec, 'description', param)),
    schema: schema?.json ?? NO_INPUT,
    ...some('strict', flagField(spec, 'strict', param)),
    ...some('rest', rest),
  };
};
const writeSpec = (tool: Extract<Tool, { kind: 'function' }>): Fields => ({
  toolSpec: {
    name: tool.name,
    ...some('description', tool.description),
    inputSchema: { json: tool.schema },
    ...some('strict', tool.strict),
    ...tool.rest,
  },
});
/** A tool that was read from this surface, without its spelling. */
const writeOwnTool = (tool: Tool): Fields | undefined => {
  if (tool.kind === 'function') return writeSpec(tool);
  return tool.kind === 'server' && tool.origin.dialect === CONVERSE ? asObject(parseJson(tool.origin.payload.json)) : undefined;
};
export const writeOwnTools = (tools: readonly Tool[]): readonly Fields[] =>
  tools.flatMap((tool) => {
    const wire = writeOwnTool(tool);
    const point = cachePointOf(tool);
    return [...(wire === undefined ? [] : [restore(wire, formOf(tool)?.left)]), ...(point === undefined ? [] : [point])];
  });
const readTool = (wire: Json, param: string): Tool => {
  const entry = anObject(wire, param);
  const spec = asObject(entry.toolSpec);
  if (spec === undefined || Object.keys(entry).length > 1) return { kind: 'server', origin: { dialect: CONVERSE, payload: { json: stringifyJson(entry) } } };
  const tool = readSpec(spec, `${param}.toolSpec`);
  const left = remainderOf(writeOwnTool(tool) ?? {}, entry);
  return left === undefined ? tool : withForm(tool, { left });
};
/** `toolConfig.tools`; a cache point is a mark on the tool before it. */
export const readTools = (list: readonly Json[], param: string): readonly Tool[] => {
  const tools: Tool[] = [];
  list.forEach((wire, i) => {
    const entry = asObject(wire);
    const last = tools.at(-1);
    const point = entry === undefined ? undefined : isCachePoint(entry);
    if (point !== undefined && last !== undefined && last.cache === undefined)
      tools[tools.length - 1] = withForm({ ...last, cache: cacheOf(point) }, { ...formOf(last), cachePoint: point });
    else tools.push(readTool(wire, `${param}[${i}]`));
  });
  return tools;
};
/** `toolConfig.toolChoice`: one of `{auto:{}}`, `{any:{}}`, `{tool:{name}}`; one that is none of these means nothing to others. */
export const readToolChoice = (wire: Fields | undefined, param: string): ChatRequest['toolChoice'] => {
  if (wire === undefined) return undefined;
  const tool = asObject(wire.tool);
  const name = tool === undefined ? undefined : asText(tool.name);
  if (tool !== undefined && name === undefined) throw invalid(`${param}.tool.name`, `'${param}.tool.name' must be a string.`);
  if (name !== undefined) return { name };
  if (wire.any !== undefined) return 'required';
  return wire.auto === undefined ? undefined : 'auto';
};
/** Undefined for `none`, which the vendor has no word for. */
export const writeToolChoice = (choice: ChatRequest['toolChoice']): Fields | undefined => {
  if (choice === undefined || choice === 'none') return undefined;
  if (typeof choice === 'object') return { tool: { name: choice.name } };
  return choice === 'required' ? { any: {} } : { auto: {} };
};
