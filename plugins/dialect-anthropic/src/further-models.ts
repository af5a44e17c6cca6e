import { asList, asObject, asText, isObject, type Json } from '@llm-proxy-auth/plugin';

/** Deeper than the gateway lets a body nest. */
const MAX_DEPTH = 128;
/** Tools that ask a model of their own, wherever tools stand. Without a name the vendor would choose. */
const ofTools = (value: Json, depth = 0): readonly (string | undefined)[] => {
  if (depth > MAX_DEPTH) return [undefined];
  if (Array.isArray(value)) return value.flatMap((item) => ofTools(item, depth + 1));
  if (!isObject(value)) return [];
  if (asText(value.type)?.startsWith('advisor_') === true) return [asText(value.model)];
  return [...ofTools(value.tool, depth + 1), ...ofTools(value.definition, depth + 1)];
};
/** Tools that come with a message of their own. */
const ofMessages = (messages: Json): readonly (string | undefined)[] =>
  asList(messages).flatMap((message) =>
    asList(asObject(message)?.content).flatMap((block) => (asObject(block)?.type === 'tool_addition' ? ofTools(block) : [])),
  );
const ofFallbacks = (fallbacks: Json): readonly (string | undefined)[] => {
  if (fallbacks === undefined || fallbacks === null) return [];
  return Array.isArray(fallbacks) ? fallbacks.map((one: Json) => asText(asObject(one)?.model)) : [undefined];
};

/** Models that a body names beside its own `model`: those it falls back to, and those of tools that advise. */
export const furtherModels = (body: Json): readonly (string | undefined)[] => {
  const fields = asObject(body);
  if (fields === undefined) return [];
  return [...ofTools(fields.tools), ...ofMessages(fields.messages), ...ofFallbacks(fields.fallbacks)];
};
