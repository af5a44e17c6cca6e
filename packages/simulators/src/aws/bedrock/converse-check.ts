import { type Fields, isFields, listOf } from '../../openai/check.ts';
import { refuse } from './refusal.ts';

const imageFormats = ['png', 'jpeg', 'gif', 'webp'];
const documentFormats = ['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'];
const members = [
  'text',
  'image',
  'document',
  'video',
  'audio',
  'toolUse',
  'toolResult',
  'guardContent',
  'cachePoint',
  'reasoningContent',
  'citationsContent',
  'searchResult',
  'toolAddition',
  'toolRemoval',
];

const constraint = (value: unknown, place: string, sentence: string) =>
  refuse.validation(
    `1 validation error detected: Value ${value === undefined ? 'null' : `'${String(value)}'`} at '${place}' failed to satisfy constraint: ${sentence}`,
  );

const oneOf = (value: unknown, allowed: readonly string[], place: string): void => {
  if (typeof value === 'string' && allowed.includes(value)) return;
  throw constraint(value, place, `Member must satisfy enum value set: [${allowed.join(', ')}]`);
};

const between = (value: unknown, lowest: number, highest: number, place: string): void => {
  if (value === undefined) return;
  if (typeof value !== 'number') throw refuse.serialization(`${typeof value === 'string' ? 'STRING_VALUE' : 'Value'} can not be converted to a number`);
  if (value < lowest) throw constraint(value, place, `Member must have value greater than or equal to ${lowest}`);
  if (value > highest) throw constraint(value, place, `Member must have value less than or equal to ${highest}`);
};

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const source = (given: unknown, place: string): void => {
  const { bytes, ...rest } = isFields(given) ? given : {};
  if (bytes === undefined && Object.keys(rest).length !== 1) throw constraint(undefined, place, 'Member must not be null');
  if (bytes !== undefined && (typeof bytes !== 'string' || !base64.test(bytes))) throw refuse.serialization('Failed to decode a base64 value');
};

type Names = Set<string>;

/** The sentence names no underscore, yet the service takes one (recorded). */
const document = (value: Fields, place: string, names: Names): void => {
  oneOf(value.format, documentFormats, `${place}.document.format`);
  source(value.source, `${place}.document.source`);
  const name = String(value.name ?? '');
  if (!/^[\w()[\]-]+(?:\s[\w()[\]-]+)*$/.test(name)) {
    throw refuse.validation(
      'The file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets. The name can’t contain more than one consecutive whitespace character.',
    );
  }
  if (names.has(name)) throw refuse.validation(`Messages can't contain duplicate document names. Rename one of the documents named ${name}, and try again.`);
  names.add(name);
};

const block = (given: Fields, place: string, role: unknown, names: Names): void => {
  const keys = Object.keys(given).filter((key) => given[key] !== null);
  if (keys.length !== 1 || !members.includes(keys[0] ?? '')) throw constraint(undefined, place, 'Member must have exactly one member set');
  const value = Object.values(given).find((one) => one !== null);
  if (keys[0] === 'text') {
    if (typeof value !== 'string') throw refuse.serialization('Expected a string');
    if (value.trim() === '')
      throw refuse.validation(`The text field in the ContentBlock object at ${place} is blank. Add text to the text field, and try again.`);
    return;
  }
  if (!isFields(value)) throw refuse.serialization('Expected an object');
  if (keys[0] === 'image') {
    oneOf(value.format, imageFormats, `${place}.image.format`);
    source(value.source, `${place}.image.source`);
  }
  if (keys[0] === 'document') document(value, place, names);
  if ((keys[0] === 'image' || keys[0] === 'document') && role !== 'user') {
    throw refuse.validation(`The ${keys[0]} field in the ContentBlock object at ${place} is only allowed in messages of the user role.`);
  }
  if (keys[0] === 'toolUse' && !isFields(value.input))
    throw refuse.byModel(`The value at ${place}.toolUse.input is not an object. Add an object to the input field and try again.`);
  if ((keys[0] === 'toolUse' || keys[0] === 'toolResult') && !/^[a-zA-Z0-9_-]{1,64}$/.test(String(value.toolUseId ?? ''))) {
    throw constraint(
      value.toolUseId,
      `${place.replace(/(\w+)\.(\d+)/g, (_, name: string, index: string) => `${name}.${Number(index) + 1}.member`)}.${keys[0]}.toolUseId`,
      'Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+',
    );
  }
};

const idsOf = (message: Fields | undefined, key: 'toolUse' | 'toolResult'): string[] =>
  listOf(message?.content).flatMap((one) => (isFields(one[key]) ? [String(one[key].toolUseId)] : []));

const pairs = (messages: readonly Fields[]): void => {
  for (const [index, message] of messages.entries()) {
    const wanted = message.role === 'assistant' ? idsOf(message, 'toolUse') : [];
    const next = messages[index + 1];
    const given = idsOf(next, 'toolResult');
    const lacking = wanted.filter((id) => !given.includes(id));
    if (lacking.length > 0) throw refuse.validation(`Expected toolResult blocks at messages.${index + 1}.content for the following Ids: ${lacking.join(', ')}`);
    if (given.some((id) => !wanted.includes(id)) || given.length > wanted.length) {
      throw refuse.validation(`The number of toolResult blocks at messages.${index + 1}.content exceeds the number of toolUse blocks of previous turn.`);
    }
  }
  if (idsOf(messages[0], 'toolResult').length > 0) {
    throw refuse.validation('The number of toolResult blocks at messages.0.content exceeds the number of toolUse blocks of previous turn.');
  }
};

const count = (content: readonly Fields[], key: string): number => content.filter((one) => one[key] !== undefined).length;

const message = (given: Fields, index: number, names: Names): void => {
  oneOf(given.role, ['user', 'assistant', 'system'], `messages.${index + 1}.member.role`);
  const content = listOf(given.content);
  if (content.length === 0) {
    throw refuse.validation(
      `The content field in the Message object at messages.${index} is empty. Add a ContentBlock object to the content field and try again.`,
    );
  }
  for (const [at, one] of content.entries()) block(one, `messages.${index}.content.${at}`, given.role, names);
  if (count(content, 'document') > 0 && count(content, 'text') === 0) {
    throw refuse.validation('A text block is required when using documents.');
  }
};

const order = (messages: readonly Fields[]): void => {
  const talk = messages.filter(({ role }) => role !== 'system');
  if (talk[0]?.role !== 'user') {
    throw refuse.validation('A conversation must start with a user message. Try again with a conversation that starts with a user message.');
  }
  if (talk.some(({ role }, index) => index > 0 && role === talk[index - 1]?.role)) {
    throw refuse.validation(
      'A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.',
    );
  }
};

const tools = (config: unknown, messages: readonly Fields[]): void => {
  const used = messages.some((one) => idsOf(one, 'toolUse').length > 0 || idsOf(one, 'toolResult').length > 0);
  if (config === undefined || config === null) {
    if (used) throw refuse.validation('The toolConfig field must be defined when using toolUse and toolResult content blocks.');
    return;
  }
  const { tools: given, toolChoice } = isFields(config) ? config : {};
  const list = listOf(given);
  if (list.length === 0) throw constraint(undefined, 'toolConfig.tools', 'Member must have length greater than or equal to 1');
  const names = new Set<string>();
  for (const [index, { toolSpec }] of list.entries()) {
    if (!isFields(toolSpec)) continue;
    const place = `toolConfig.tools.${index + 1}.member.toolSpec`;
    const name = String(toolSpec.name ?? '');
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) throw constraint(name, `${place}.name`, 'Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+');
    if (names.has(name)) throw refuse.validation(`The tool ${name} is already defined at toolConfig.tools.${[...names].indexOf(name)}.`);
    names.add(name);
    if (toolSpec.description === '') throw constraint('', `${place}.description`, 'Member must have length greater than or equal to 1');
    const schema = isFields(toolSpec.inputSchema) ? toolSpec.inputSchema.json : undefined;
    if (!isFields(schema) || schema.type !== 'object') {
      throw refuse.validation(`The value at toolConfig.tools.${index}.toolSpec.inputSchema.json.type must be one of the following: object.`);
    }
  }
  const choice = isFields(toolChoice) ? Object.keys(toolChoice)[0] : undefined;
  if (choice !== undefined && !['auto', 'any', 'tool'].includes(choice))
    throw constraint(undefined, 'toolConfig.toolChoice', 'Member must have exactly one member set');
  const forced = isFields(toolChoice) && isFields(toolChoice.tool) ? String(toolChoice.tool.name) : undefined;
  if (forced !== undefined && !names.has(forced)) throw refuse.validation(`Tool '${forced}' not found in provided tools`);
};

const guardrail = (config: unknown): void => {
  if (!isFields(config)) return;
  if (typeof config.guardrailIdentifier === 'string' && typeof config.guardrailVersion !== 'string') {
    throw refuse.validation('Guardrail identifier and version must be provided together.');
  }
};

const media = (messages: readonly Fields[]): void => {
  const all = messages.flatMap(({ content }) => listOf(content));
  if (count(all, 'image') > 20) throw refuse.validation('too many images: the request has more than 20 images.');
  if (count(all, 'document') > 5) throw refuse.validation('too many documents: the request has more than 5 documents.');
};

/** Members of the SDK's model; `modelId` stands in the path. */
const BODY =
  'messages system inferenceConfig toolConfig guardrailConfig additionalModelRequestFields promptVariables additionalModelResponseFieldPaths requestMetadata performanceConfig serviceTier outputConfig';
const known = (given: unknown, names: string, place: string): void => {
  const strange = Object.keys(isFields(given) ? given : {}).find((name) => !names.split(' ').includes(name));
  // In which words the service says so nobody published.
  if (strange !== undefined) throw refuse.validation(`The request has a member that is not known: ${place}${strange}.`);
};

/** Everything that Converse refuses before a model sees it. */
export const checkConverse = (body: Fields): void => {
  known(body, BODY, '');
  known(body.inferenceConfig, 'maxTokens temperature topP stopSequences', 'inferenceConfig.');
  known(body.toolConfig, 'tools toolChoice', 'toolConfig.');
  known(body.guardrailConfig, 'guardrailIdentifier guardrailVersion trace streamProcessingMode', 'guardrailConfig.');
  const messages = listOf(body.messages);
  if (messages.length === 0) throw constraint(undefined, 'messages', 'Member must not be null');
  for (const [index, one] of listOf(body.system).entries()) {
    if (typeof one.text === 'string' && one.text.trim() === '') {
      throw refuse.validation(`The text field in the SystemContentBlock object at system.${index} is blank. Add text to the text field, and try again.`);
    }
  }
  const inference = isFields(body.inferenceConfig) ? body.inferenceConfig : {};
  between(inference.maxTokens, 1, Number.POSITIVE_INFINITY, 'inferenceConfig.maxTokens');
  between(inference.temperature, 0, 1, 'inferenceConfig.temperature');
  between(inference.topP, 0, 1, 'inferenceConfig.topP');
  if (inference.stopSequences !== undefined && !Array.isArray(inference.stopSequences)) {
    throw refuse.serialization('Start of list expected');
  }
  const empty = Array.isArray(inference.stopSequences) ? inference.stopSequences.indexOf('') : -1;
  if (empty !== -1) throw constraint('', `inferenceConfig.stopSequences.${empty + 1}.member`, 'Member must have length greater than or equal to 1');
  const names: Names = new Set();
  for (const [index, one] of messages.entries()) message(one, index, names);
  order(messages);
  media(messages);
  tools(body.toolConfig, messages);
  pairs(messages);
  guardrail(body.guardrailConfig);
};
