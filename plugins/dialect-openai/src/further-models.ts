import { asList, asObject, asText, type Fields, isObject, type Json } from '@llm-proxy-auth/plugin';

/** Deeper than the gateway lets a body nest. */
const MAX_DEPTH = 128;
const named = (value: Json): string | undefined => asText(asObject(value)?.model);

/** An image tool draws with its own model and, for SVG, lets another one write; without a name the vendor chooses. */
const ofImageTool = (tool: Fields): readonly (string | undefined)[] => [named(tool), ...(isObject(tool.svg) ? [named(tool.svg)] : [])];
const ofTools = (value: Json, depth: number): readonly (string | undefined)[] => {
  if (depth > MAX_DEPTH) return [undefined];
  if (Array.isArray(value)) return value.flatMap((item) => ofTools(item, depth + 1));
  if (!isObject(value)) return [];
  const inside = Object.values(value).flatMap((member) => ofTools(member, depth + 1));
  return value.type === 'image_generation' ? [...ofImageTool(value), ...inside] : inside;
};

/** Where compatible routers look for other models when the first one fails: `models` of OpenRouter, `fallbacks` of LiteLLM. */
const ROUTED = ['models', 'fallbacks'] as const;
const ofRouter = (value: Json): readonly (string | undefined)[] => {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map((item: Json) => asText(item) ?? named(item)) : [undefined];
};

/** Kinds of `embedding_dependency` that name no model of the account: the index has its own, or the search service runs one. */
const OF_INDEX: ReadonlySet<Json> = new Set(['integrated', 'model_id']);
/**
 * Which deployment of the account makes a vector of the question that Azure searches data with (`data_sources`); one that is named by
 * the address of a resource is any, and so is what cannot be read.
 */
const ofDataSource = (source: Json): readonly (string | undefined)[] => {
  const parameters = asObject(asObject(source)?.parameters);
  if (parameters === undefined) return [undefined];
  const value = parameters.embedding_dependency ?? undefined;
  if (value === undefined) return [];
  const { type, deployment_name: deployment } = asObject(value) ?? {};
  return (deployment ?? undefined) === undefined && OF_INDEX.has(type) ? [] : [asText(deployment)];
};
const ofDataSources = (value: Json): readonly (string | undefined)[] => {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.flatMap(ofDataSource) : [undefined];
};

/**
 * Models that a chat or responses body names beside its own `model`: hosted image tools wherever tools stand, moderation, what searches
 * data, and what a router behind the instance falls back to. What a stored prompt brings along is not in the body.
 */
export const furtherModels = (body: Json): readonly (string | undefined)[] => {
  const fields = asObject(body);
  if (fields === undefined) return [];
  const input = asList(fields.input).filter((item) => Array.isArray(asObject(item)?.tools));
  const moderation = asObject(fields.moderation);
  return [
    ...ofTools(fields.tools, 0),
    ...input.flatMap((item) => ofTools(asObject(item)?.tools, 0)),
    ...(fields.prompt === undefined || fields.prompt === null ? [] : [undefined]),
    ...(moderation === undefined ? [] : [asText(moderation.model)]),
    ...ofDataSources(fields.data_sources),
    ...ROUTED.flatMap((name) => ofRouter(fields[name])),
  ];
};
