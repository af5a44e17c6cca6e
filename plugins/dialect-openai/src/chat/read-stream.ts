import {
  asList,
  asNumber,
  asObject,
  asText,
  type Call,
  type ChatEvent,
  type Fields,
  GatewayError,
  isObject,
  type Json,
  jsonText,
  type Part,
  parseJson,
  readLogprobs,
  type StreamReader,
  stringifyJson,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { filtersLate } from '../profile.ts';
import { readErrorMember } from '../read-error.ts';
import { readUsage } from '../usage.ts';
import { readCitation } from './citations.ts';
import { readFinish } from './finish.ts';
import { lateMembers, lateOfChoice } from './late.ts';
import { keepDelta } from './own-delta.ts';
import { audioType } from './parts.ts';
import { chunkRest } from './read-reply.ts';
import { CHAT } from './request.ts';

type Emit = (e: ChatEvent) => void;
/** Every chunk has these, or they are of that chunk alone. */
const EACH: readonly string[] = Object.freeze(['id', 'object', 'created', 'model', 'choices', 'usage', 'error', 'obfuscation']);
const CHUNK: ReadonlySet<string> = new Set([...EACH, 'service_tier']);
const LATE: ReadonlySet<string> = new Set(EACH);

/** A tool call that streams. Some servers name it only in a later chunk; until then its input waits. */
interface Tool {
  id: string;
  name: string;
  custom: boolean;
  waiting: string;
  /** Part index, -1 until it is open. */
  part: number;
  said: boolean;
}
/** One choice: the parts it opened and those still open. */
const choiceReader = (choice: number, call: Call, emit: Emit) => {
  const tools = new Map<number, Tool>();
  let parts = 0;
  // Annotations count from the start of the whole content, citations from the start of their part.
  let length = 0;
  let from = 0;
  let open: { readonly kind: Part['kind']; readonly index: number } | undefined;
  let audio: { readonly index: number; rest: Record<string, Json> } | undefined;
  let finished = false;
  /** Some servers say an empty word in each chunk: it is a reason where no other comes. */
  let blank = false;
  const late = filtersLate(call) ? lateOfChoice() : undefined;

  const close = (): void => {
    if (open !== undefined) emit({ type: 'part-end', choice, index: open.index });
    open = undefined;
  };
  const begin = (part: Part): number => {
    const index = parts++;
    emit({ type: 'part', choice, index, part });
    return index;
  };
  const words = (kind: 'text' | 'refusal' | 'thinking', text: string, logprobs?: ReturnType<typeof readLogprobs>): void => {
    if (open?.kind !== kind) {
      close();
      from = length;
      open = { kind, index: begin(kind === 'thinking' ? { kind, text: '', redacted: false } : { kind, text: '' }) };
    }
    if (kind === 'text') length += text.length;
    emit({ type: 'delta', choice, index: open.index, field: 'text', text, ...(logprobs === undefined ? {} : { logprobs }) });
  };
  const input = (tool: Tool, text: string): void => {
    if (tool.part < 0) {
      tool.waiting += text;
      return;
    }
    if (text === '') return;
    tool.said = true;
    emit({ type: 'delta', choice, index: tool.part, field: 'input', text });
  };
  const openTool = (tool: Tool): void => {
    close();
    tool.part = begin({ kind: 'toolCall', id: tool.id, name: tool.name, input: tool.custom ? { text: '' } : { json: '' } });
    const waiting = tool.waiting;
    tool.waiting = '';
    input(tool, waiting);
  };
  const toolDelta = (key: number, d: Fields, inner: Fields, custom: boolean): void => {
    let tool = tools.get(key);
    if (tool === undefined) {
      tool = { id: asText(d.id) || `call_${call.id}_${choice}_${tools.size}`, name: '', custom, waiting: '', part: -1, said: false };
      tools.set(key, tool);
    }
    const text = custom ? (asText(inner.input) ?? '') : jsonText(inner.arguments);
    if (tool.name === '') tool.name = asText(inner.name) ?? '';
    if (tool.part < 0 && tool.name !== '') openTool(tool);
    input(tool, text);
  };
  const toolCalls = (list: readonly Json[]): void => {
    for (const wire of list) {
      const d = asObject(wire);
      if (d === undefined) continue;
      // A server that sends no index sends whole calls, or goes on with the last one.
      const key = asNumber(d.index) ?? (asText(d.id) ? tools.size : Math.max(0, tools.size - 1));
      const custom = asObject(d.custom);
      toolDelta(key, d, custom ?? asObject(d.function) ?? {}, custom !== undefined || d.type === 'custom' || tools.get(key)?.custom === true);
    }
  };
  const audioDelta = (a: Fields): void => {
    if (audio === undefined) {
      close();
      const id = asText(a.id);
      audio = { index: begin({ kind: 'audio', media: { base64: '', type: audioType('pcm16') }, ...(id === undefined ? {} : { id }) }), rest: {} };
    }
    const { index } = audio;
    if (asText(a.transcript)) emit({ type: 'delta', choice, index, field: 'transcript', text: asText(a.transcript) ?? '' });
    if (asText(a.data)) emit({ type: 'delta', choice, index, field: 'data', text: asText(a.data) ?? '' });
    if (asNumber(a.expires_at) !== undefined) audio.rest = { expires: asNumber(a.expires_at) };
  };
  const annotations = (list: readonly Json[]): void => {
    if (list.length > 0 && open?.kind !== 'text') words('text', '');
    for (const wire of list) if (open !== undefined) emit({ type: 'citation', choice, index: open.index, citation: readCitation(wire, from) });
  };
  const closeAll = (): void => {
    close();
    for (const tool of tools.values()) {
      if (tool.part < 0) openTool(tool);
      if (!tool.said && !tool.custom) emit({ type: 'delta', choice, index: tool.part, field: 'input', text: '{}' });
      emit({ type: 'part-end', choice, index: tool.part });
    }
    if (audio !== undefined) emit({ type: 'part-end', choice, index: audio.index, ...(Object.keys(audio.rest).length > 0 ? { rest: audio.rest } : {}) });
  };
  const finish = (reason: Json, rest: Fields | undefined): void => {
    if (finished) return;
    finished = true;
    closeAll();
    emit({ type: 'finish', choice, reason: readFinish(reason, tools.size > 0), ...(rest === undefined ? {} : { rest }) });
  };
  const delta = (d: Fields, logprobs: Fields): void => {
    const thought = asText(d.reasoning_content) ?? asText(d.reasoning);
    if (thought) words('thinking', thought);
    const content = readLogprobs(logprobs.content);
    if (asText(d.content) || (content !== undefined && content.length > 0)) words('text', asText(d.content) ?? '', content);
    const refusal = readLogprobs(logprobs.refusal);
    if (asText(d.refusal) || (refusal !== undefined && refusal.length > 0)) words('refusal', asText(d.refusal) ?? '', refusal);
    if (isObject(d.audio)) audioDelta(d.audio);
    annotations(asList(d.annotations));
    toolCalls(asList(d.tool_calls));
    if (isObject(d.function_call)) toolDelta(-1, {}, d.function_call, false);
    keepDelta(choice, d, emit);
  };
  return {
    /** After the finish only a late filter result can come, which says nothing. */
    chunk(c: Fields): void {
      if (finished) return;
      delta(asObject(c.delta) ?? {}, asObject(c.logprobs) ?? {});
      if (late !== undefined) late.add(c, chunkRest(c));
      else if (c.finish_reason === '') blank = true;
      else if (c.finish_reason !== undefined && c.finish_reason !== null) finish(c.finish_reason, chunkRest(c));
    },
    finished: () => finished || blank || late?.reason !== undefined,
    /** The stream is over: what was held back for a filter that is late is told. */
    conclude(): void {
      if (late?.reason !== undefined) finish(late.reason, late.rest);
      else if (blank) finish('stop', undefined);
    },
  };
};
/** Reads a chat stream: the answer is whole at `[DONE]` when each choice said why it ended, whatever the transport does. */
export const readStream = (call: Call, emit: Emit): StreamReader => {
  const choices = new Map<number, ReturnType<typeof choiceReader>>();
  const late = lateMembers(LATE);
  let started = false;
  let over = false;
  let usage: Fields | undefined;

  const fail = (error: unknown): void => {
    over = true;
    emit({ type: 'error', error: error as GatewayError });
  };
  const start = (c: Fields): void => {
    started = true;
    late.open(c);
    const created = asNumber(c.created);
    const tier = asText(c.service_tier);
    emit({
      type: 'start',
      id: asText(c.id) || `chatcmpl-${call.id}`,
      model: asText(c.model) || call.model,
      ...(created === undefined || created === 0 ? {} : { created }),
      ...(tier === undefined ? {} : { tier }),
      rest: { from: CHAT, fields: unknownFields(c, CHUNK) ?? {} },
    });
  };
  const done = (): void => {
    if (!started) return fail(new GatewayError('upstream_bad_response', 'The provider ended the stream before it began an answer.'));
    if ([...choices.values()].some((choice) => !choice.finished()))
      return fail(new GatewayError('upstream_stream_truncated', 'The provider ended the stream before it finished its answer.'));
    over = true;
    for (const choice of choices.values()) choice.conclude();
    const read = usage === undefined ? undefined : readUsage(usage, stringifyJson(usage));
    if (read !== undefined) emit({ type: 'usage', usage: read });
    emit({ type: 'end', ...late.rest(CHAT) });
  };
  const chunk = (c: Fields): void => {
    if (c.error !== undefined && c.error !== null) return fail(readErrorMember(c.error));
    if (isObject(c.usage)) usage = c.usage;
    const list = asList(c.choices);
    if (started || list.length === 0) late.add(c);
    if (list.length === 0) return;
    if (!started) start(c);
    list.forEach((wire, i) => {
      const one = asObject(wire) ?? {};
      const index = asNumber(one.index) ?? i;
      const reader = choices.get(index) ?? choiceReader(index, call, emit);
      choices.set(index, reader);
      reader.chunk(one);
    });
  };
  return {
    event(_type, data) {
      if (over) return;
      if (data === '[DONE]') return done();
      let parsed: Json;
      try {
        parsed = parseJson(data);
      } catch (cause) {
        return fail(new GatewayError('upstream_bad_response', 'The provider sent an event that is not JSON.', { cause }));
      }
      const o = asObject(parsed);
      if (o !== undefined) chunk(o);
    },
    end: () => undefined,
  };
};
