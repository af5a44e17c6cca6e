import {
  asObject,
  type ChatRequest,
  defined,
  type Fields,
  look,
  parseJson,
  restore,
  sameValue,
  some,
  stringifyJson,
  type Turn,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { writeOwnBlocks } from '../blocks/write.ts';
import { type Additional, formOf } from '../form.ts';
import { unheard } from '../lost.ts';
import { isEmpty, REST } from '../wire.ts';
import { familyOf } from './families.ts';
import { additionalOf } from './fields.ts';
import { writeOwnTools, writeToolChoice } from './tools.ts';

/** True for a request that was read from this surface: what no other knows goes back. */
export const isOwn = (r: ChatRequest): boolean => formOf(r) !== undefined || r.rest?.from === REST;

const isLeading = (turn: Turn): boolean => turn.role === 'system' && formOf(turn)?.inMessages !== true;
export const writeOwnMessage = (turn: Turn): Fields =>
  restore({ role: turn.role, content: turn.parts.flatMap(writeOwnBlocks), ...turn.rest }, formOf(turn)?.left);

const schemaOf = (r: ChatRequest): Fields | undefined => {
  const { output } = r;
  if (output === undefined || output === 'json') return undefined;
  // The provider keeps to every schema: that is what strict says, and there is no word for it.
  look(output);
  const { schema } = formOf(r) ?? {};
  const source = schema !== undefined && schema.value === output.schema ? schema.source : stringifyJson(output.schema);
  const jsonSchema = { schema: source, name: output.name, ...some('description', output.description) };
  return { type: 'json_schema', structure: { jsonSchema } };
};
const plain = (value: object): unknown => parseJson(stringifyJson(value));
/** What the conversation says now of what the client wrote in fields of the model. */
const saidNow = (r: ChatRequest): Additional =>
  defined({ topK: r.sampling?.topK, reasoning: r.reasoning, toolChoice: r.toolChoice, parallelTools: r.parallelTools, user: r.user });
const sorted = (value: object): unknown => plain(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
/** The client's own words while they still say what the conversation says, else ours. */
const beyond = (
  r: ChatRequest,
  model: string,
  named: string | undefined,
): { readonly fields?: Fields; readonly effort?: string; readonly toolChoice?: Fields } => {
  const left = asObject(r.rest?.fields.additionalModelRequestFields);
  const said = formOf(r)?.said;
  const now = saidNow(r);
  if (said !== undefined && sameValue(sorted(said.read), sorted(now)))
    return { ...some('fields', said.fields), ...some('effort', said.effort), ...some('toolChoice', said.toolChoice) };
  const { fields, single } = additionalOf(now, { family: familyOf(model, named), maxTokens: r.maxTokens, tools: r.tools.length > 0, lost: unheard });
  const both = { ...left, ...fields };
  return { ...(isEmpty(both) ? {} : { fields: both }), ...(single ? {} : some('toolChoice', writeToolChoice(r.toolChoice))) };
};
const nested = (o: Fields): Fields | undefined => (isEmpty(o) ? undefined : defined(o));
/** Members of `rest` that are written inside others. */
const NESTED: readonly string[] = ['inferenceConfig', 'toolConfig', 'outputConfig', 'additionalModelRequestFields'];
/** The body of a request that was read from this surface. */
export const writeOwn = (r: ChatRequest, model = '', named: string | undefined = undefined): Fields => {
  const rest = r.rest?.fields ?? {};
  const { fields, effort, toolChoice } = beyond(r, model, named);
  const at = r.turns.findIndex((turn) => !isLeading(turn));
  const leading = at < 0 ? r.turns : r.turns.slice(0, at);
  const messages = at < 0 ? [] : r.turns.slice(at);
  const tools = writeOwnTools(r.tools);
  const config = {
    maxTokens: r.maxTokens,
    temperature: r.sampling?.temperature,
    topP: r.sampling?.topP,
    stopSequences: r.stop,
    ...asObject(rest.inferenceConfig),
  };
  const body = defined({
    messages: messages.length === 0 ? undefined : messages.map(writeOwnMessage),
    system: leading.length === 0 ? undefined : leading.flatMap((turn) => turn.parts.flatMap(writeOwnBlocks)),
    inferenceConfig: nested(config),
    toolConfig: nested({ tools: tools.length === 0 ? undefined : tools, toolChoice, ...asObject(rest.toolConfig) }),
    additionalModelRequestFields: fields,
    outputConfig: nested({ textFormat: schemaOf(r), effort, ...asObject(rest.outputConfig) }),
    serviceTier: r.tier === undefined ? undefined : { type: r.tier },
    requestMetadata: r.metadata,
    ...unknownFields(rest, NESTED),
  });
  return restore(body, formOf(r)?.left);
};
