import {
  array,
  boolean,
  type Check,
  decimal,
  type Fields,
  fieldsOf,
  integer,
  listOf,
  members,
  nullable,
  object,
  oneOf,
  string,
  tagged,
  textOf,
  textOr,
} from './check.ts';
import { block, cacheControl, systemText } from './content-check.ts';
import type { Context } from './context.ts';
import { checkHistory } from './history-check.ts';
import type { Model } from './models.ts';
import { blocksOf, type Piece, piecesOf, tokensOf } from './pieces.ts';
import { at, invalid } from './refusal.ts';
import { strictSchema } from './schema-check.ts';
import { checkThinking, checkThinkingMode } from './thinking-check.ts';
import { checkTools, tool, toolChoice } from './tools-check.ts';

export const versions = ['2023-01-01', '2023-06-01', '2026-10-21'] as const;
export type Version = (typeof versions)[number];

/** What the headers say of how to read the body. */
export type Reading = { readonly version: Version; readonly betas: readonly string[] };

const display = nullable(oneOf('summarized', 'omitted'));
const thinking = tagged({
  enabled: members({ 'type!': string, budget_tokens: integer(Number.NEGATIVE_INFINITY), display }),
  adaptive: members({ 'type!': string, display, block_binding: object }),
  disabled: members({ 'type!': string }),
  between_tools: members({ 'type!': string }),
});

const format: Check = (value, path) => {
  members({ 'type!': oneOf('json_schema'), 'schema!': object })(value, path);
  strictSchema(fieldsOf(value).schema, `${path}.schema`);
};
const outputConfig = members({ effort: nullable(oneOf('low', 'medium', 'high', 'xhigh', 'max')), format: nullable(format) });

const container: Check = (value, path) => {
  if (typeof value !== 'string') members({ id: nullable(string), skills: nullable(array(object)) })(value, path);
};

const spoken = members({ 'role!': oneOf('user', 'assistant', 'system'), 'content!': textOr(block) });
/** A system turn may say something of the answers behind it instead of a text, or beside it. */
const configured = members({
  'role!': oneOf('system'),
  content: textOr(block),
  'output_config!': nullable(members({ effort: nullable(oneOf('low', 'medium', 'high', 'xhigh', 'max')) })),
});
const isConfigured = (value: unknown): boolean => fieldsOf(value).role === 'system' && fieldsOf(value).output_config !== undefined;
const message: Check = (value, path) => {
  (isConfigured(value) ? configured : spoken)(value, path);
  const { content, output_config: config } = fieldsOf(value);
  if (content === undefined && Object.keys(fieldsOf(config)).length === 0) throw at(`${path}.content`, 'Field required');
};

const required = { 'model!': string, 'messages!': array(message) };
const prompt = {
  system: systemText,
  tools: array(tool),
  tool_choice: toolChoice,
  thinking,
  output_config: outputConfig,
  cache_control: cacheControl,
  speed: nullable(oneOf('standard', 'fast')),
};

const whole = members({
  'max_tokens!': integer(0),
  ...required,
  ...prompt,
  stream: boolean,
  stop_sequences: array(string),
  temperature: decimal(0, 1),
  top_p: decimal(0, 1),
  top_k: integer(0),
  metadata: members({ user_id: nullable(string) }),
  service_tier: oneOf('auto', 'standard_only'),
  inference_geo: nullable(string),
  container: nullable(container),
  diagnostics: nullable(object),
  context_management: nullable(object),
  mcp_servers: array(object),
  fallbacks: array(object),
  thread: nullable(object),
  output_format: nullable(format),
});
const counted = members({ ...required, ...prompt });

/** Members that exist only under a beta. */
const gated: Readonly<Record<string, string>> = Object.freeze({
  context_management: 'context-management-',
  mcp_servers: 'mcp-client-',
  fallbacks: 'server-side-fallback-',
  thread: 'message-threads-',
  output_format: 'structured-outputs-',
});

const checkGated = (body: Fields, betas: readonly string[]): void => {
  for (const [name, beta] of Object.entries(gated)) {
    if (body[name] !== undefined && !betas.some((one) => one.startsWith(beta))) throw at(name, 'Extra inputs are not permitted');
  }
  const turn = listOf(body.messages).findIndex(isConfigured);
  if (turn >= 0 && !betas.some((one) => one.startsWith('mid-conversation-output-config-')))
    throw at(`messages.${turn}.output_config`, 'Extra inputs are not permitted');
};

const checkSampling = (body: Fields, model: Model, version: Version): void => {
  const given = ['temperature', 'top_p', 'top_k'].filter((name) => body[name] !== undefined);
  const [first] = given;
  if (first === undefined) return;
  if (version === '2026-10-21') throw at(first, 'Extra inputs are not permitted');
  if (model.sampling === 'none') throw invalid(`\`${first}\` is deprecated for this model.`);
  if (model.sampling === 'one' && given.includes('temperature') && given.includes('top_p')) {
    throw invalid('`temperature` and `top_p` cannot both be specified for this model. Please use only one.');
  }
};

const checkOutput = (body: Fields, model: Model): void => {
  const { effort, format: wanted } = fieldsOf(body.output_config);
  if (wanted !== undefined && wanted !== null && !model.structured) throw at('output_config', 'Extra inputs are not permitted');
  if (typeof effort !== 'string') return;
  if (model.efforts.length === 0) throw invalid('This model does not support the effort parameter.');
  if (!(model.efforts as readonly string[]).includes(effort)) {
    throw invalid(`This model does not support effort level '${effort}'. Supported levels: ${[...model.efforts].sort().join(', ')}.`);
  }
};

const checkCaching = (pieces: readonly Piece[], body: Fields): void => {
  const marked = pieces.filter(({ cacheControl: control }) => control !== undefined);
  const all = marked.length + (body.cache_control === undefined || body.cache_control === null ? 0 : 1);
  if (all > 4) throw invalid(`A maximum of 4 blocks with cache_control may be provided. Found ${all}.`);
  const short = marked.findIndex(({ cacheControl: control }) => control?.ttl !== '1h');
  const late = short === -1 ? undefined : marked.slice(short).find(({ cacheControl: control }) => control?.ttl === '1h');
  if (late !== undefined) {
    throw at(
      `${late.path}.cache_control.ttl`,
      "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.",
    );
  }
};

/** Shapes that only the newer version of the API refuses. */
const checkNewer = (body: Fields): void => {
  for (const [index, { role, content }] of listOf(body.messages).entries()) {
    for (const [place, { type, citations }] of blocksOf(content).entries()) {
      const path = `messages.${index}.content.${place}`;
      if (role === 'assistant' && type === 'document') throw at(path, '`document` blocks are not permitted in `assistant` messages');
      if (role === 'user' && type === 'text' && Array.isArray(citations) && citations.length > 0)
        throw at(`${path}.text.citations`, 'Extra inputs are not permitted');
    }
  }
};

const checkStops = (stops: unknown): void => {
  if (Array.isArray(stops) && stops.some((one) => String(one).trim() === '')) throw at('stop_sequences', 'each stop sequence must contain non-whitespace');
};

/** A request that was found in order. */
export type Checked = {
  readonly model: Model;
  readonly pieces: readonly Piece[];
  readonly inputTokens: number;
  /** Places of thinking blocks that the model does not get to see. */
  readonly dropped: readonly string[];
};

/** What the parts of a prompt must be to each other and to the model. */
const checkParts = (body: Fields, model: Model, version: Version): readonly Piece[] => {
  if (version === '2026-10-21') checkNewer(body);
  checkHistory(body, model);
  checkTools(body, model);
  checkOutput(body, model);
  const pieces = piecesOf(body);
  checkCaching(pieces, body);
  return pieces;
};

const checkShape = (body: Fields, betas: readonly string[]): void => {
  checkGated(body, betas);
  whole(body, '');
};

const checkFor = (body: Fields, model: Model, version: Version): readonly Piece[] => {
  if (Number(body.max_tokens) > model.maxTokens) {
    throw invalid(`max_tokens: ${Number(body.max_tokens)} > ${model.maxTokens}, which is the maximum allowed number of output tokens for ${model.id}`);
  }
  checkStops(body.stop_sequences);
  checkSampling(body, model, version);
  checkThinkingMode(body, model);
  return checkParts(body, model, version);
};

/** What a body of Messages is refused for wherever the model is served; thinking that came back and the length are not looked at. */
export const checkBody = (body: Fields, model: Model, { version, betas }: Reading): void => {
  checkShape(body, betas);
  checkFor(body, model, version);
};

const checked = (body: Fields, model: Model, pieces: readonly Piece[]): Checked => ({
  model,
  pieces,
  inputTokens: tokensOf(pieces),
  dropped: checkThinking(body, model, pieces),
});

const checkLength = (call: Context, { model, inputTokens }: Checked): void => {
  const most = call.contextTokens ?? model.window;
  if (inputTokens > most) throw invalid(`prompt is too long: ${inputTokens} tokens > ${most} maximum`);
};

/** Throws the service's refusal for a body of `POST /v1/messages`. */
export const checkMessages = (call: Context, body: Fields, reading: Reading): Checked => {
  checkShape(body, reading.betas);
  const model = call.models.require(textOf(body.model));
  const found = checked(body, model, checkFor(body, model, reading.version));
  checkLength(call, found);
  return found;
};

/** The same for `POST /v1/messages/count_tokens`, which takes fewer members and has no length. */
export const checkCount = (call: Context, body: Fields, { version }: Reading): Checked => {
  counted(body, '');
  const model = call.models.require(textOf(body.model));
  return checked(body, model, checkParts(body, model, version));
};
