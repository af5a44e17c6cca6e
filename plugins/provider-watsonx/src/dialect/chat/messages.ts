import {
  type Building,
  type Fields,
  type Lost,
  losePart,
  type Media,
  oneText,
  type Part,
  stringifyJson,
  type ToolCallPart,
  type ToolResultPart,
  type Turn,
  unsupported,
} from '@llm-proxy-auth/plugin';

const AUDIO: Readonly<Record<string, string>> = Object.freeze({ 'audio/wav': 'wav', 'audio/x-wav': 'wav', 'audio/mpeg': 'mp3', 'audio/mp3': 'mp3' });
const PLACE = 'turns.parts.media';

/** Media as watsonx.ai takes it: in the body. Throws `unsupported_parameter` for what it would have to fetch or look up. */
const bytesOf = (kind: string, media: Media): { readonly base64: string; readonly type: string } => {
  if ('base64' in media) return media;
  throw unsupported(PLACE, `watsonx.ai takes ${kind} as base64 in the body, not as a ${'url' in media ? 'URL' : 'stored file'}.`);
};
const dataUrl = (kind: string, media: Media): string => {
  const { base64, type } = bytesOf(kind, media);
  return `data:${type};base64,${base64}`;
};
const audio = (media: Media): Fields => {
  const { base64, type } = bytesOf('audio', media);
  const format = AUDIO[type];
  if (format === undefined) throw unsupported(PLACE, `watsonx.ai takes audio as wav or mp3, not ${type}.`);
  return { type: 'input_audio', input_audio: { data: base64, format } };
};
/** Parts of a user's message that have a form, or are refused by name. */
const TAKEN: ReadonlySet<Part['kind']> = new Set(['text', 'image', 'audio', 'video', 'document']);
const writePart = (part: Part): Fields => {
  if (part.kind === 'text') return { type: 'text', text: part.text };
  if (part.kind === 'image')
    return { type: 'image_url', image_url: { url: dataUrl('images', part.media), ...(part.detail === undefined ? {} : { detail: part.detail }) } };
  if (part.kind === 'audio') return audio(part.media);
  if (part.kind === 'video') return { type: 'video_url', video_url: { url: dataUrl('videos', part.media) } };
  throw unsupported('turns.parts.document', 'watsonx.ai takes no documents; send their text.');
};
const isText = (part: Part): boolean => part.kind === 'text';
/** Undefined where nothing of it has a form here. */
const userContent = (given: readonly Part[], lost: Lost): string | readonly Fields[] | undefined => {
  const parts = given.filter((part) => {
    const takes = TAKEN.has(part.kind);
    if (!takes) losePart(part, `turns.parts.${part.kind}`, 'a message of the user has no such part', lost);
    return takes && !(part.kind === 'text' && part.text === '');
  });
  const [first] = parts;
  if (first === undefined) return given.every(isText) ? '' : undefined;
  return parts.length === 1 && first.kind === 'text' ? first.text : parts.map(writePart);
};
/** Text of a message that takes nothing else. */
const textContent = (parts: readonly Part[], lost: Lost): string => {
  for (const part of parts) if (part.kind !== 'text') losePart(part, `turns.parts.${part.kind}`, 'only text can stand here', lost);
  return oneText(parts.filter(isText), lost);
};
const head = (role: string, turn: Turn): Building => ({ role, ...(turn.name === undefined ? {} : { name: turn.name }) });

/** The input of a call as JSON text; free text stands in an object. */
const argumentsOf = (part: ToolCallPart, lost: Lost): string => {
  if ('json' in part.input) return part.input.json === '' ? '{}' : part.input.json;
  lost('turns.parts.input', 'free text stands in a member of an object', 'emulated');
  return stringifyJson({ input: part.input.text });
};
const writeCall = (part: ToolCallPart, lost: Lost): Fields => ({
  id: part.id,
  type: 'function',
  function: { name: part.name, arguments: argumentsOf(part, lost) },
});

const ORDER: Readonly<Partial<Record<Part['kind'], number>>> = Object.freeze({ text: 0, refusal: 1, toolCall: 2 });
/** A message has its content, its refusal and its calls in this order, whatever it was. */
const noteOrder = (parts: readonly Part[], lost: Lost): void => {
  const places = parts.flatMap((part) => ORDER[part.kind] ?? []);
  if (places.some((place, i) => place < (places[i - 1] ?? 0))) lost('turns.parts', 'a message has its content, refusal and calls in this order', 'emulated');
};
const writeAssistant = (turn: Turn, lost: Lost): Fields => {
  const texts = turn.parts.filter((part) => part.kind === 'text');
  const refusals = turn.parts.filter((part) => part.kind === 'refusal');
  const calls = turn.parts.filter((part) => part.kind === 'toolCall');
  for (const part of turn.parts) if (!(part.kind in ORDER)) losePart(part, `turns.parts.${part.kind}`, 'a message of the assistant has no such part', lost);
  noteOrder(turn.parts, lost);
  const others = refusals.length + calls.length > 0;
  return {
    ...head('assistant', turn),
    ...(texts.length === 0 && others ? {} : { content: oneText(texts, lost) }),
    ...(refusals.length === 0 ? {} : { refusal: oneText(refusals, lost) }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => writeCall(call, lost)) }),
  };
};

const isResult = (part: Part): part is ToolResultPart => part.kind === 'toolResult';
const writeResult = (part: ToolResultPart, lost: Lost): Fields => ({ role: 'tool', tool_call_id: part.id, content: oneText(part.parts.filter(isText), lost) });
/** Results first, one message each; what they hold beside text (a screenshot) follows in the user's own message. */
const writeUser = (turn: Turn, lost: Lost): readonly Fields[] => {
  const results = turn.parts.filter(isResult);
  const media = results.flatMap(({ parts }) => parts.filter((part) => !isText(part)));
  const said = [...media, ...turn.parts.filter((part) => !isResult(part))];
  if (media.some((part) => 'media' in part)) lost('turns.parts.parts', 'media of a tool result stands in the next message', 'emulated');
  const messages = results.map((result) => writeResult(result, lost));
  if (said.length === 0 && messages.length > 0) return messages;
  const content = userContent(said, lost);
  return content === undefined ? messages : [...messages, { ...head('user', turn), content }];
};

/** The messages a turn becomes. */
export const writeTurn = (turn: Turn, lost: Lost): readonly Fields[] => {
  if (turn.role === 'assistant') return [writeAssistant(turn, lost)];
  if (turn.role === 'system') return [{ ...head('system', turn), content: textContent(turn.parts, lost) }];
  return writeUser(turn, lost);
};
/** The text of system turns, for a deployment, whose template has the system message. */
export const contextOf = (turns: readonly Turn[], lost: Lost): string => turns.map((turn) => textContent(turn.parts, lost)).join('\n\n');
