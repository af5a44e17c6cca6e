import {
  asObject,
  asText,
  type ChatRequest,
  defined,
  type Endpoint,
  type Fields,
  type Inbound,
  invalid,
  type Json,
  type Ledger,
  remainderOf,
  type Sampling,
  type Seal,
  some,
  type Tool,
  type Turn,
  unknownFields,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { withShown } from '@llm-proxy-auth/plugin/claude';
import { isForeign, type Reading } from '../blocks/context.ts';
import { readBlocks } from '../blocks/read.ts';
import { jsonOf } from '../blocks/write.ts';
import { type Form, withForm } from '../form.ts';
import { anObject, listField, numberField, objectField, textField } from '../invalid.ts';
import { isEmpty, REST } from '../wire.ts';
import { hidesThinking, readAdditional } from './additional.ts';
import { writeOwn, writeOwnMessage } from './own.ts';
import { readMetadata } from './request-metadata.ts';
import { readToolChoice, readTools } from './tools.ts';

const ROLES: ReadonlySet<string> = new Set(['user', 'assistant', 'system']);
const COMMON: readonly string[] = ['maxTokens', 'temperature', 'topP', 'stopSequences'];
const KNOWN: readonly string[] = [
  'messages',
  'system',
  'inferenceConfig',
  'toolConfig',
  'additionalModelRequestFields',
  'serviceTier',
  'outputConfig',
  'modelId',
];

const readMessage = (wire: Json, param: string, reading: Omit<Reading, 'role'>): Turn => {
  const m = anObject(wire, param);
  const role = asText(m.role);
  if (role === undefined || !ROLES.has(role)) throw invalid(`${param}.role`, 'A message has one of the roles user, assistant and system.');
  const content = listField(m, 'content', param);
  if (content === undefined) throw invalid(`${param}.content`, `'${param}.content' must be a list of blocks.`);
  const rest = unknownFields(m, ['role', 'content']);
  const parts = readBlocks(content, `${param}.content`, { ...reading, role: role as Turn['role'] });
  const turn: Turn = { role: role as Turn['role'], parts, ...some('rest', rest) };
  const form: Form = role === 'system' ? { inMessages: true } : {};
  const left = remainderOf({ ...writeOwnMessage(withForm(turn, form)), content: m.content }, m);
  return withForm(turn, { ...form, ...some('left', left) });
};
const readSystem = (blocks: readonly Json[], reading: Omit<Reading, 'role'>): readonly Turn[] =>
  blocks.length === 0 ? [] : [{ role: 'system', parts: readBlocks(blocks, 'system', { ...reading, role: 'system' }) }];

const stopsOf = (config: Fields): readonly string[] | undefined => {
  const list = listField(config, 'stopSequences', 'inferenceConfig');
  if (list?.some((stop) => typeof stop !== 'string')) throw invalid('inferenceConfig.stopSequences', 'Stop sequences are strings.');
  return list as readonly string[] | undefined;
};
/** `outputConfig.textFormat`; a form of it that we do not know is the vendor's alone. */
const outputOf = (format: Fields | undefined): { readonly output?: ChatRequest['output']; readonly schema?: Form['schema'] } => {
  const wire = asObject(asObject(format?.structure)?.jsonSchema);
  const source = asText(wire?.schema);
  if (format?.type !== 'json_schema' || wire === undefined || source === undefined) return {};
  const value = jsonOf(source);
  if (value === undefined) throw invalid('outputConfig.textFormat.structure.jsonSchema.schema', 'The schema must be a string that holds JSON.');
  const name = asText(wire.name) ?? 'response';
  // Bedrock holds the model to the schema, which is what strict means elsewhere.
  const output = { schema: value, name, strict: true, ...some('description', asText(wire.description)) };
  return { output, schema: { value, source } };
};
const readTier = (body: Fields): string | undefined => {
  const tier = objectField(body, 'serviceTier', '');
  return tier === undefined ? undefined : textField(tier, 'type', 'serviceTier');
};
/** Members of an object that the conversation does not know, under the object's name. */
const further = (name: string, o: Fields | undefined, known: readonly string[]): Fields => {
  const left = o === undefined ? undefined : unknownFields(o, known);
  return left === undefined ? {} : { [name]: left };
};
interface Params {
  readonly request: Omit<ChatRequest, 'turns'>;
  readonly form: Form;
}
const readParams = (body: Fields): Params => {
  const config = objectField(body, 'inferenceConfig', '');
  const toolConfig = objectField(body, 'toolConfig', '');
  const outputConfig = objectField(body, 'outputConfig', '');
  const fields = objectField(body, 'additionalModelRequestFields', '');
  const { read: additional, left } = readAdditional(fields);
  const tools: readonly Tool[] = readTools(listField(toolConfig ?? {}, 'tools', 'toolConfig') ?? [], 'toolConfig.tools');
  const toolChoice = toolConfig === undefined ? undefined : objectField(toolConfig, 'toolChoice', 'toolConfig');
  const effort = outputConfig === undefined ? undefined : textField(outputConfig, 'effort', 'outputConfig');
  const { output, schema } = outputOf(asObject(outputConfig?.textFormat));
  const { topK, reasoning, ...others } = additional;
  const sampling: Sampling = defined({
    temperature: numberField(config ?? {}, 'temperature', 'inferenceConfig'),
    topP: numberField(config ?? {}, 'topP', 'inferenceConfig'),
    topK,
  });
  const reasons = defined({ ...reasoning, effort: effort ?? reasoning?.effort });
  const chosen = others.toolChoice ?? readToolChoice(toolChoice, 'toolConfig.toolChoice');
  const read = defined({ ...others, topK, reasoning: isEmpty(reasons) ? undefined : reasons, toolChoice: chosen });
  const metadata = readMetadata(body);
  const rest = {
    ...unknownFields(body, metadata === undefined ? KNOWN : [...KNOWN, 'requestMetadata']),
    ...further('inferenceConfig', config, COMMON),
    ...further('toolConfig', toolConfig, chosen === undefined ? ['tools'] : ['tools', 'toolChoice']),
    ...further('outputConfig', outputConfig, output === undefined ? ['effort'] : ['effort', 'textFormat']),
    ...some('additionalModelRequestFields', left),
  };
  const request = defined({
    tools,
    choices: 1,
    maxTokens: numberField(config ?? {}, 'maxTokens', 'inferenceConfig'),
    stop: config === undefined ? undefined : stopsOf(config),
    sampling: isEmpty(sampling) ? undefined : sampling,
    output,
    tier: readTier(body),
    metadata,
    reasoning: read.reasoning,
    toolChoice: read.toolChoice,
    parallelTools: read.parallelTools,
    user: read.user,
    rest: { from: REST, fields: rest },
  }) as unknown as Omit<ChatRequest, 'turns'>;
  return { request, form: { said: { read, fields, effort, toolChoice }, ...some('schema', schema) } };
};
/** The body of a Converse request, or of what CountTokens is asked about. */
export const readBody = (body: Fields, foreign: boolean, seal: Seal): ChatRequest => {
  const reading = { foreign, seal };
  const messages = listField(body, 'messages', '') ?? [];
  if (foreign && messages.length === 0) throw invalid('messages', "'messages' must be a list of at least one message.");
  const turns = [...readSystem(listField(body, 'system', '') ?? [], reading), ...messages.map((m, i) => readMessage(m, `messages[${i}]`, reading))];
  const { request, form } = readParams(body);
  const whole: ChatRequest = { turns, ...request };
  // What blocks and tools spell stands on them.
  const reference = { ...writeOwn(withForm(whole, form)) };
  const ours = (name: string): Fields => (body[name] !== undefined && reference[name] !== undefined ? { [name]: body[name] } : {});
  const config = asObject(body.toolConfig);
  const toolConfig = asObject(reference.toolConfig);
  const tools = toolConfig?.tools === undefined || config?.tools === undefined ? {} : { toolConfig: { ...toolConfig, tools: config.tools } };
  return withForm(whole, { ...form, ...some('left', remainderOf({ ...reference, ...ours('messages'), ...ours('system'), ...tools }, body)) });
};
/** A guardrail of AWS judges what Converse is asked alone: elsewhere the client would believe itself under it. */
const refuseGuardrail = ({ guardrailConfig }: Fields): void => {
  if (Object.keys(asObject(guardrailConfig) ?? {}).length > 0)
    throw unsupported('guardrailConfig', 'The provider of this call has no guardrails of AWS, as `guardrailConfig` names one; Bedrock does.');
};
/** Reads a Converse request; members that the conversation does not know go to `rest`, spellings to the form. */
export const read =
  (seal: Seal) =>
  (inbound: Inbound, _ledger: Ledger, target?: Endpoint): ChatRequest => {
    const body = asObject(inbound.body);
    if (body === undefined) throw invalid('body', 'The body must be a JSON object.');
    if (isForeign(target)) refuseGuardrail(body);
    const request = readBody(body, isForeign(target), seal);
    return hidesThinking(asObject(body.additionalModelRequestFields)) ? request : withShown(request, target);
  };
