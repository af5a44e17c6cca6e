import { type Fields, fieldsOf, isFields, listOf, textOf } from '../../openai/check.ts';
import { count } from '../../openai/tokens.ts';
import { checkContents } from './contents.ts';
import { type Context, invalid } from './context.ts';
import type { Gemini } from './models.ts';
import { camelised, onlyMembers, snake } from './request.ts';
import { checkSchema } from './schema.ts';

const TOP = new Set([
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'safetySettings',
  'generationConfig',
  'cachedContent',
  'labels',
  'modelArmorConfig',
  'continuationToken',
  'model',
]);
const CONFIG = new Set([
  'temperature',
  'topP',
  'topK',
  'candidateCount',
  'maxOutputTokens',
  'stopSequences',
  'presencePenalty',
  'frequencyPenalty',
  'seed',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'responseModalities',
  'mediaResolution',
  'audioTimestamp',
  'speechConfig',
  'imageConfig',
  'thinkingConfig',
  'routingConfig',
  'modelSelectionConfig',
  'enableAffectiveDialog',
]);
const TOOL = new Set([
  'functionDeclarations',
  'googleSearch',
  'googleSearchRetrieval',
  'enterpriseWebSearch',
  'urlContext',
  'codeExecution',
  'googleMaps',
  'retrieval',
  'computerUse',
  'parallelAiSearch',
  'exaAiSearch',
]);
const DECLARATION = new Set(['name', 'description', 'parameters', 'parametersJsonSchema', 'response', 'responseJsonSchema', 'behavior']);
const CALLING = new Set(['mode', 'allowedFunctionNames', 'streamFunctionCallArguments']);
const LEVELS = new Set(['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'THINKING_LEVEL_UNSPECIFIED']);

/** `from` to `below`, in the words of the service. */
const range = (config: Fields, name: string, from: number, below: number, form: (n: number) => string = String): void => {
  const value = config[name];
  if (value === undefined) return;
  if (typeof value !== 'number') throw invalid(`Invalid value at 'generation_config.${snake(name)}' (TYPE_FLOAT), ${JSON.stringify(value)}`);
  if (value < from || value >= below)
    throw invalid(
      `Unable to submit request because it has a ${name} value of ${value} but the supported range is from ${form(from)} (inclusive) to ${form(below)} (exclusive). Update the value and try again.`,
    );
};
const decimal = (n: number): string => (Number.isInteger(n) ? n.toFixed(1) : String(n));
const checkThinking = (config: Fields, model: Gemini): void => {
  if (config.thinkingConfig === undefined) return;
  const thinking = fieldsOf(config.thinkingConfig);
  onlyMembers(thinking, new Set(['includeThoughts', 'thinkingBudget', 'thinkingLevel']), 'generation_config.thinking_config');
  const { thinkingBudget: budget, thinkingLevel: level } = thinking;
  if (model.thinking === 'none') throw invalid('Unable to submit request because thinking is not supported by this model.');
  if (budget !== undefined && level !== undefined) throw invalid('You can only set only one of thinking budget and thinking level.');
  if (level !== undefined && model.thinking !== 'level')
    throw invalid(
      'Unable to submit request because thinking_level is not supported by this model. Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/thinking',
    );
  if (level !== undefined && !LEVELS.has(String(level).toUpperCase()))
    throw invalid(`Invalid value at 'generation_config.thinking_config.thinking_level', "${String(level)}"`);
  if (typeof budget !== 'number' || budget === -1 || model.thinking === 'level') return;
  const [least, most] = model.budget;
  if (budget === 0 && model.optional) return;
  if (budget < least || budget > most)
    throw invalid(
      `Unable to submit request because Thinking can't be disabled for this model or the thinking budget ${budget} is invalid. Please choose a value between ${least} and ${most}.`,
    );
};
const checkFormat = (config: Fields, tools: readonly Fields[], model: Gemini): void => {
  const { responseSchema: subset, responseJsonSchema: schema, responseMimeType: mime = 'text/plain' } = config;
  if (subset !== undefined && schema !== undefined)
    throw invalid('Unable to submit request because only one of response_schema and response_json_schema can be set.');
  if (subset !== undefined || schema !== undefined)
    if (mime !== 'application/json' && mime !== 'text/x.enum')
      throw invalid(
        `Unable to submit request because response_schema is set but response_mime_type is '${String(mime)}'. Set it to 'application/json' and try again.`,
      );
  if (subset !== undefined) checkSchema(subset, 'generation_config.response_schema');
  if (mime === 'application/json' && model.major < 3 && tools.some(({ functionDeclarations }) => functionDeclarations !== undefined))
    throw invalid("Function calling with a response mime type: 'application/json' is unsupported");
};
const checkConfig = (config: Fields, tools: readonly Fields[], model: Gemini): void => {
  onlyMembers(config, CONFIG, 'generation_config');
  range(config, 'temperature', 0, 2.1, decimal);
  range(config, 'topP', 0, 1.000_001, decimal);
  range(config, 'candidateCount', 1, 9);
  range(config, 'maxOutputTokens', 1, 65_537);
  range(config, 'presencePenalty', -2, 2, decimal);
  range(config, 'frequencyPenalty', -2, 2, decimal);
  range(config, 'logprobs', 1, 21);
  const stops = Array.isArray(config.stopSequences) ? config.stopSequences : [];
  if (stops.length > 5)
    throw invalid(
      `Unable to submit request because it has ${stops.length} stopSequences but the supported range is from 0 (inclusive) to 6 (exclusive). Update the value and try again.`,
    );
  if (config.logprobs !== undefined && config.responseLogprobs !== true)
    throw invalid('Unable to submit request because logprobs is set but response_logprobs is not true.');
  checkThinking(config, model);
  checkFormat(config, tools, model);
};
const checkTools = (tools: readonly Fields[], toolConfig: Fields): void => {
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    onlyMembers(tool, TOOL, `tools[${index}]`);
    for (const [place, declaration] of listOf(tool.functionDeclarations).entries()) {
      const at = `tools[${index}].function_declarations[${place}]`;
      onlyMembers(declaration, DECLARATION, at);
      const name = textOf(declaration.name);
      if (!/^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/.test(name))
        throw invalid(
          `Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.`,
        );
      if (names.has(name)) throw invalid(`Duplicate function declaration found: ${name}`);
      names.add(name);
      if (declaration.parameters !== undefined && declaration.parametersJsonSchema !== undefined)
        throw invalid(`Only one of parameters and parameters_json_schema can be set in ${at}.`);
      if (declaration.parameters !== undefined) checkSchema(declaration.parameters, `${at}.parameters`);
      if (declaration.parametersJsonSchema !== undefined && !isFields(declaration.parametersJsonSchema))
        throw invalid(`Invalid value at '${at}.parameters_json_schema'`);
    }
  }
  const calling = fieldsOf(toolConfig.functionCallingConfig);
  onlyMembers(calling, CALLING, 'tool_config.function_calling_config');
  const allowed = Array.isArray(calling.allowedFunctionNames) ? calling.allowedFunctionNames.map(String) : [];
  if (allowed.length > 0 && calling.mode !== 'ANY' && calling.mode !== 'VALIDATED')
    throw invalid('Unable to submit request because allowed_function_names should be set only when function calling mode is ANY or VALIDATED.');
  const stranger = allowed.find((name) => !names.has(name));
  if (stranger !== undefined)
    throw invalid(`Unable to submit request because allowed_function_names contains ${stranger}, which is not one of the function declarations.`);
};

/** A request that was found in order. */
export type Checked = {
  readonly body: Fields;
  readonly contents: readonly Fields[];
  readonly config: Fields;
  readonly tools: readonly Fields[];
  readonly inputTokens: number;
  readonly cachedTokens: number;
};
const cachedIn = (call: Context, body: Fields): number => {
  if (body.cachedContent === undefined) return 0;
  if (body.systemInstruction !== undefined || body.tools !== undefined || body.toolConfig !== undefined)
    throw invalid('Tool config, tools and system instruction should not be set in the request when using cached content.');
  const cached = call.caches.get(textOf(body.cachedContent).replace(/^.*\//, ''));
  if (cached === undefined) throw invalid(`Cached content ${textOf(body.cachedContent)} is not found.`);
  return Number(fieldsOf(cached.usageMetadata).totalTokenCount ?? 0);
};
export const tokensOf = (value: unknown): number => count(JSON.stringify(value ?? '').replaceAll(/["[\]{},:]/g, ' '));

/** Throws the service's refusal of a body of generateContent. */
export const checkGenerate = (call: Context, given: Fields, model: Gemini): Checked => {
  const body = fieldsOf(camelised(given));
  onlyMembers(body, TOP, '');
  const contents = checkContents(body.contents, model);
  const tools = listOf(body.tools);
  const config = fieldsOf(body.generationConfig);
  checkTools(tools, fieldsOf(body.toolConfig));
  checkConfig(config, tools, model);
  const cachedTokens = cachedIn(call, body);
  const inputTokens = tokensOf([contents, body.systemInstruction, tools]) + cachedTokens;
  const most = Math.min(call.contextTokens, model.window);
  if (inputTokens > most) throw invalid(`The input token count (${inputTokens}) exceeds the maximum number of tokens allowed (${most}).`);
  return { body, contents, config, tools, inputTokens, cachedTokens };
};
