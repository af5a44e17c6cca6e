import {
  asList,
  asText,
  type ChatRequest,
  type Fields,
  filled,
  flagField,
  numberField,
  objectField,
  type Reasoning,
  some,
  textField,
} from '@llm-proxy-auth/plugin';
import { readMetadata } from '../metadata.ts';
import { writeChoice } from './tools.ts';

export const ENCRYPTED = 'reasoning.encrypted_content';
export const LOGPROBS = 'message.output_text.logprobs';

export type Scalars = Omit<ChatRequest, 'turns' | 'tools' | 'toolChoice' | 'choices' | 'rest'>;

const readReasoning = (body: Fields): Reasoning | undefined => {
  const value = objectField(body, 'reasoning') ?? {};
  const effort = textField(value, 'effort', 'reasoning.effort');
  const reasoning = {
    ...(effort === 'none' ? { off: true } : some('effort', effort)),
    ...some('summary', textField(value, 'summary', 'reasoning.summary')),
  };
  return Object.keys(reasoning).length === 0 ? undefined : reasoning;
};
const readFormat = (body: Fields): ChatRequest['output'] => {
  const text = objectField(body, 'text') ?? {};
  const format = objectField(text, 'format', 'text.format');
  if (format === undefined) return undefined;
  if (format.type === 'json_object') return 'json';
  if (format.type !== 'json_schema') return undefined;
  return { schema: format.schema, name: asText(format.name) ?? '', strict: format.strict === true, ...some('description', asText(format.description)) };
};
const readVerbosity = (body: Fields): string | undefined => textField(objectField(body, 'text') ?? {}, 'verbosity', 'text.verbosity');
const readLogprobs = (body: Fields): number | undefined => {
  const top = numberField(body, 'top_logprobs');
  return asList(body.include).includes(LOGPROBS) ? (top ?? 0) : top !== undefined && top > 0 ? top : undefined;
};
/** What the conversation model knows of a request's plain members. */
export const readScalars = (body: Fields): Scalars => {
  const sampling = { ...some('temperature', numberField(body, 'temperature')), ...some('topP', numberField(body, 'top_p')) };
  return {
    ...some('parallelTools', flagField(body, 'parallel_tool_calls')),
    ...some('maxTokens', numberField(body, 'max_output_tokens')),
    ...some('output', readFormat(body)),
    ...some('sampling', Object.keys(sampling).length === 0 ? undefined : sampling),
    ...some('reasoning', readReasoning(body)),
    ...some('logprobs', readLogprobs(body)),
    ...some('user', textField(body, 'user')),
    ...some('tier', textField(body, 'service_tier')),
    ...some('verbosity', readVerbosity(body)),
    ...some('metadata', readMetadata(body)),
  };
};

const writeFormat = (output: ChatRequest['output']): Fields | undefined => {
  if (output === undefined) return undefined;
  return output === 'json'
    ? { type: 'json_object' }
    : { type: 'json_schema', name: output.name, schema: output.schema, strict: output.strict, ...some('description', output.description) };
};
const writeReasoning = (reasoning: Reasoning | undefined): Fields | undefined => {
  if (reasoning === undefined) return undefined;
  const fields = { ...some('effort', reasoning.off === true ? 'none' : reasoning.effort), ...some('summary', reasoning.summary) };
  return Object.keys(fields).length === 0 ? undefined : fields;
};
/** The same members on the wire, with `tool_choice`; those the surface has no name for are left to the ledger. */
export const writeScalars = (request: Omit<ChatRequest, 'turns' | 'choices'>): Fields => {
  const format = writeFormat(request.output);
  return {
    ...some('tool_choice', writeChoice(request.toolChoice, request.tools)),
    ...some('parallel_tool_calls', request.parallelTools),
    ...some('max_output_tokens', request.maxTokens),
    ...some('text', filled({ format, verbosity: request.verbosity })),
    ...some('temperature', request.sampling?.temperature),
    ...some('top_p', request.sampling?.topP),
    ...some('reasoning', writeReasoning(request.reasoning)),
    ...(request.logprobs === undefined ? {} : { include: [LOGPROBS], ...(request.logprobs > 0 ? { top_logprobs: request.logprobs } : {}) }),
    ...some('user', request.user),
    ...some('service_tier', request.tier),
    ...some('metadata', request.metadata),
  };
};
