import {
  type Building,
  type Fields,
  type Lost,
  losePart,
  type Media,
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
/** Adjacent texts are one: nothing hangs on where a client broke them. */
const joined = (parts: readonly Part[]): readonly Part[] => {
  const out: Part[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') out[out.length - 1] = { kind: 'text', text: last.text + part.text };
    else out.push(part);
  }
  return out;
};
const userContent = (given: readonly Part[], lost: Lost): string | readonly Fields[] => {
  const parts = joined(
    given.filter((part) => {
      const takes = TAKEN.has(part.kind);
      if (!takes) losePart(part, `turns.parts.${part.kind}`, 'a message of the user has no such part', lost);
      return takes;
    }),
  );
  const [first] = parts;
  if (first === undefined) return '';
  return parts.length === 1 && first.kind === 'text' ? first.text : parts.map(writePart);
};
/** Text of a message that takes nothing else. */
const textContent = (parts: readonly Part[], lost: Lost): string => {
  for (const part of parts) if (part.kind !== 'text') losePart(part, `turns.parts.${part.kind}`, 'only text can stand here', lost);
  return parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
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
    ...(texts.length === 0 && others ? {} : { content: texts.map(({ text }) => text).join('') }),
    ...(refusals.length === 0 ? {} : { refusal: refusals.map(({ text }) => text).join('') }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => writeCall(call, lost)) }),
  };
};

const isResult = (part: Part): part is ToolResultPart => part.kind === 'toolResult';
const isText = (part: Part): boolean => part.kind === 'text';
const writeResult = (part: ToolResultPart): Fields => ({
  role: 'tool',
  tool_call_id: part.id,
  content: part.parts.flatMap((p) => (p.kind === 'text' ? [p.text] : [])).join(''),
});
/** Results first, one message each; what they hold beside text (a screenshot) follows in the user's own message. */
const writeUser = (turn: Turn, lost: Lost): readonly Fields[] => {
  const results = turn.parts.filter(isResult);
  const media = results.flatMap(({ parts }) => parts.filter((part) => !isText(part)));
  const said = [...media, ...turn.parts.filter((part) => !isResult(part))];
  if (media.length > 0) lost('turns.parts.parts', 'media of a tool result stands in the next message', 'emulated');
  const messages = results.map(writeResult);
  return said.length === 0 && messages.length > 0 ? messages : [...messages, { ...head('user', turn), content: userContent(said, lost) }];
};

/** The messages a turn becomes. */
export const writeTurn = (turn: Turn, lost: Lost): readonly Fields[] => {
  if (turn.role === 'assistant') return [writeAssistant(turn, lost)];
  if (turn.role === 'system') return [{ ...head('system', turn), content: textContent(turn.parts, lost) }];
  return writeUser(turn, lost);
};
/** The text of system turns, for a deployment, whose template has the system message. */
export const contextOf = (turns: readonly Turn[], lost: Lost): string => turns.map((turn) => textContent(turn.parts, lost)).join('\n');
