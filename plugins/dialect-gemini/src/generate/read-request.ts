import {
  asList,
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
  listField,
  objectField,
  remainderOf,
  type Seal,
  some,
  type Turn,
  textField,
  unknownFields,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { formOf, withForm } from '../form.ts';
import { unheard } from '../lost.ts';
import { camelCased } from '../snake.ts';
import { GEMINI, GENERATE } from '../wire.ts';
import { callNames, type Names } from './call-names.ts';
import { readConfig, readTier } from './config.ts';
import { joinedTurns } from './joined-turns.ts';
import { readLabels } from './labels.ts';
import { ownBody } from './own.ts';
import { readParts } from './read-parts.ts';
import { readToolChoice, readTools, shownTools, withSearch } from './tools.ts';

const ROLES: Readonly<Record<string, Turn['role']>> = Object.freeze({ user: 'user', model: 'assistant', function: 'user', tool: 'user' });
interface Reading {
  readonly seal: Seal;
  readonly names: Names;
}
const readContent = (wire: Json, param: string, system: boolean, { seal, names }: Reading): Turn => {
  const o = asObject(wire);
  if (o === undefined) throw invalid(param, `'${param}' must be an object.`);
  const said = asText(o.role) ?? 'user';
  const role = system ? 'system' : ROLES[said === '' ? 'user' : said.toLowerCase()];
  if (role === undefined) throw invalid(`${param}.role`, 'A content has one of the roles user and model.');
  if (o.role !== undefined && o.role !== null && typeof o.role !== 'string') throw invalid(`${param}.role`, `'${param}.role' must be a string.`);
  const list = listField(o, 'parts', `${param}.parts`) ?? [];
  const parts = readParts(list, `${param}.parts`, { seal, model: undefined, names });
  const rest = unknownFields(o, ['role', 'parts']);
  const turn: Turn = { role, parts, ...some('rest', rest) };
  const ours = { ...(system ? {} : { role: role === 'assistant' ? 'model' : 'user' }), ...rest, parts: [] };
  const left = remainderOf(ours, { ...o, ...(o.parts === undefined ? {} : { parts: Array.isArray(o.parts) ? [] : o.parts }) });
  return left === undefined ? turn : withForm(turn, { left });
};
const KNOWN: readonly string[] = ['contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'serviceTier', 'model'];

/** Members that name nothing, which ask for nothing. */
const idle = ({ labels, cachedContent }: Fields): readonly string[] => [
  ...(Object.keys(asObject(labels) ?? { some: 1 }).length === 0 ? ['labels'] : []),
  ...(cachedContent === '' ? ['cachedContent'] : []),
];
/** A body of content generation, or of what tokens are counted of. */
export const readBody = (value: Json, seal: Seal): ChatRequest => {
  const body = asObject(camelCased(value));
  if (body === undefined) throw invalid('body', 'The body must be a JSON object.');
  const reading: Reading = { seal, names: callNames('call') };
  const contents = listField(body, 'contents') ?? [];
  const prompt = objectField(body, 'systemInstruction');
  const system = prompt === undefined ? [] : [readContent(prompt, 'systemInstruction', true, reading)];
  const turns = contents.map((wire, i) => readContent(wire, `contents[${i}]`, false, reading));
  const tools = readTools(listField(body, 'tools') ?? []);
  const toolConfig = objectField(body, 'toolConfig');
  const { choice, rest: calling } = readToolChoice(objectField(toolConfig ?? {}, 'functionCallingConfig', 'toolConfig.functionCallingConfig'));
  const { request: config, rest: configRest } = readConfig(body);
  const tier = readTier(textField(body, 'serviceTier'));
  const others = Object.entries(unknownFields(toolConfig ?? {}, ['functionCallingConfig']) ?? {}).map(([key, v]) => [`toolConfig.${key}`, v] as const);
  const metadata = readLabels(body);
  const rest: Fields = {
    ...unknownFields(body, [...KNOWN, ...idle(body), ...(metadata === undefined ? [] : ['labels'])]),
    ...Object.fromEntries(others),
    ...some('toolConfig.functionCallingConfig', calling),
    ...configRest,
  };
  const read = defined({
    choices: 1,
    ...config,
    turns: [...system, ...turns],
    tools,
    // Without tools there is nothing to choose from.
    toolChoice: tools.length === 0 && choice === 'auto' ? undefined : choice,
    tier: tier?.endsWith('unspecified') === true ? undefined : tier,
    metadata,
    rest: { from: GENERATE, fields: rest },
  }) as unknown as ChatRequest;
  const said = { read: pickSaid(read), wire: { generationConfig: body.generationConfig, toolConfig: body.toolConfig } };
  const form = { said };
  const left = remainderOf(withoutContents(ownBody(withForm(read, form), unheard), body), withoutContents(body, body));
  return withForm(read, { ...form, ...some('left', left) });
};
const pickSaid = ({ toolChoice, reasoning, logprobs, output, tier, tools }: ChatRequest) => ({ toolChoice, reasoning, logprobs, output, tier, tools });
/** Contents and prompt keep their spelling themselves. */
const withoutContents = (o: Fields, shape: Fields): Fields => ({
  ...o,
  ...(Array.isArray(shape.contents) && o.contents !== undefined ? { contents: [] } : {}),
  ...(asObject(shape.systemInstruction) !== undefined && o.systemInstruction !== undefined ? { systemInstruction: {} } : {}),
});
/** The mode in which calls always keep to their schemas; it is the vendor's own. */
const isValidated = (r: ChatRequest): boolean => asObject(asObject(formOf(r)?.said?.wire.toolConfig)?.functionCallingConfig)?.mode === 'VALIDATED';
const MEDIA: ReadonlySet<Json> = new Set(['AUDIO', 'IMAGE', 'VIDEO']);
/** Only Gemini answers with pictures and sound on this surface; they are refused rather than left out. */
const refuseMedia = (config: Fields | undefined): void => {
  if (asList(config?.responseModalities).some((one) => MEDIA.has(one)))
    throw unsupported('generationConfig.responseModalities', 'The provider of this call answers in text alone.');
};
/** One of several words is the whole answer, which its client compares with them: free text would be none of them. */
const refuseWords = (config: Fields | undefined): void => {
  if (asText(config?.responseMimeType)?.toLowerCase() === 'text/x.enum')
    throw unsupported(
      'generationConfig.responseMimeType',
      'The provider of this call answers in JSON or free text, not in one of several words; ask for JSON with a schema that has an `enum`.',
    );
};
/** Templates of Model Armor judge what Vertex is asked alone: elsewhere the client would believe itself under them. */
const refuseArmor = ({ rest }: ChatRequest): void => {
  if (Object.keys(asObject(rest?.fields.modelArmorConfig) ?? {}).length > 0)
    throw unsupported('modelArmorConfig', 'The provider of this call has no Model Armor, as `modelArmorConfig` asks for; Vertex AI does.');
};
/** What a cache holds is part of the question, and stands at Vertex alone. */
const refuseCached = ({ rest }: ChatRequest): void => {
  if (rest?.fields.cachedContent !== undefined)
    throw unsupported('cachedContent', 'The provider of this call has not what `cachedContent` names; a Gemini of Vertex AI has.');
};
/** Throws GatewayError `invalid_request` or `unsupported_parameter` with `param`. */
export const readRequest =
  (seal: Seal) =>
  (inbound: Inbound, ledger: Ledger, target?: Endpoint): ChatRequest => {
    const request = readBody(inbound.body, seal);
    if (isValidated(request) && target?.dialect !== GEMINI)
      ledger.note('emulated', 'tools.strict', 'calls keep to their schemas where the provider says so itself');
    if (!request.turns.some(({ role }) => role !== 'system')) throw invalid('contents', 'contents is not specified');
    const allowed = asList(asObject(asObject(formOf(request)?.said?.wire.toolConfig)?.functionCallingConfig)?.allowedFunctionNames);
    if (target === undefined || target.dialect === GEMINI) return request;
    const config = asObject(formOf(request)?.said?.wire.generationConfig);
    refuseMedia(config);
    refuseWords(config);
    refuseArmor(request);
    refuseCached(request);
    const whole = { ...request, turns: joinedTurns(request.turns) };
    const shown = allowed.length === 0 ? whole : shownTools(whole, allowed, ledger);
    return target.capabilities.webSearch === true ? withSearch(shown) : shown;
  };
