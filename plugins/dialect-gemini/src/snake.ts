import { isObject, type Json } from '@llm-proxy-auth/plugin';

/*
 * The service takes both spellings of a member (`systemInstruction`, `system_instruction`) and answers in the first. Members are
 * renamed by their place: what the client or a model named itself stays as it is.
 */
/** Members that are read or written by name; others stay as they are spelt, whichever way that is. */
const KNOWN: ReadonlySet<string> = new Set(
  [
    'systemInstruction generationConfig safetySettings toolConfig cachedContent modelArmorConfig serviceTier generateContentRequest',
    'inlineData fileData mimeType fileUri displayName functionCall functionResponse executableCode codeExecutionResult toolCall toolResponse',
    'thoughtSignature videoMetadata mediaResolution partMetadata partialArgs willContinue toolType',
    'functionDeclarations parametersJsonSchema responseJsonSchema functionCallingConfig allowedFunctionNames retrievalConfig',
    'googleSearch googleSearchRetrieval codeExecution urlContext enterpriseWebSearch googleMaps computerUse fileSearch',
    'topP topK maxOutputTokens stopSequences candidateCount presencePenalty frequencyPenalty responseLogprobs responseMimeType responseSchema',
    'responseModalities speechConfig imageConfig audioTimestamp routingConfig manualMode autoMode modelName thinkingConfig thinkingBudget thinkingLevel includeThoughts',
    'anyOf propertyOrdering minItems maxItems minLength maxLength minProperties maxProperties',
    'taskType outputDimensionality embedContentConfig autoTruncate',
  ].flatMap((line) => line.split(' ')),
);
/** Members whose value is nobody's business but the client's or the model's. */
const FOREIGN: ReadonlySet<string> = new Set([
  'args',
  'labels',
  'metadata',
  'partMetadata',
  'parametersJsonSchema',
  'responseJsonSchema',
  'default',
  'example',
]);
/** Members whose value is an object with names of the client's own, each of which is one of ours again. */
const NAMED: ReadonlySet<string> = new Set(['properties', 'defs']);

/** Members that are lists; the service takes one of them without its brackets, which its own documentation often writes so. */
const REPEATED: ReadonlySet<string> = new Set(['contents', 'parts', 'tools', 'functionDeclarations']);

const camel = (name: string): string => {
  const to = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return KNOWN.has(to) ? to : name;
};
const renamed = (value: Json, within: string): Json => {
  if (Array.isArray(value)) return mapped(value, (item) => renamed(item, within));
  if (!isObject(value)) return value;
  let changed = false;
  const entries = Object.entries(value).map(([name, inner]): readonly [string, Json] => {
    const to = NAMED.has(within) || !name.includes('_') ? name : camel(name);
    const isResult = to === 'response' && (within === 'functionResponse' || within === 'toolResponse');
    const isForeign = isResult || (FOREIGN.has(to) && !NAMED.has(within));
    const mine = isForeign ? inner : renamed(inner, NAMED.has(within) ? '' : to);
    const kept = REPEATED.has(to) && !NAMED.has(within) && isObject(mine) ? [mine] : mine;
    if (to !== name || kept !== inner) changed = true;
    return [to, kept];
  });
  return changed ? Object.fromEntries(entries) : value;
};
const mapped = (list: readonly Json[], f: (item: Json) => Json): readonly Json[] => {
  const items = list.map(f);
  return items.some((item, index) => item !== list[index]) ? items : list;
};
/** The body with members in the spelling of the answers; the same object when they are already. */
export const camelCased = (body: Json): Json => renamed(body, '');
