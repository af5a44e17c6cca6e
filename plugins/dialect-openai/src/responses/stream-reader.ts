import {
  asList,
  asNumber,
  asObject,
  asText,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  isGatewayError,
  isObject,
  parseJson,
  type Seal,
  type StreamReader,
  some,
} from '@llm-proxy-auth/plugin';
import { noUsage } from '../usage.ts';
import { readFailure } from './failure.ts';
import { inputItems } from './input-items.ts';
import type { Emit } from './open-item.ts';
import { restOf } from './reply.ts';
import { finishOf, startRest, usageOf } from './response.ts';
import { wordOf } from './wire.ts';

const TERMINAL: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete']);
const bad = (message: string): ErrorLike => ({ code: 'upstream_bad_response', status: 502, message });
const parse = (data: string): Fields | undefined => {
  try {
    return asObject(parseJson(data));
  } catch {
    return undefined;
  }
};
const headOf = (response: Fields) => ({ id: wordOf(response.id), model: wordOf(response.model), ...some('created', asNumber(response.created_at)) });
const callsTool = (output: readonly Fields[]): boolean => output.some((item) => item.type === 'function_call' || item.type === 'custom_tool_call');

/** Reads a provider's Responses stream. A failure waits for the `error` event that may follow it and say why (maximhq/bifrost#6419). */
export const streamReader = (seal: Seal, emit: Emit, signer?: string): StreamReader => {
  const items = inputItems({ flavour: 'output', hosted: 'carry', seal, signer }, emit);
  let started = false;
  let ended = false;
  let failed: Fields | undefined;

  const end = (event: ChatEvent): void => {
    if (ended) return;
    ended = true;
    emit(event);
  };
  const start = (response: Fields): void => {
    if (started) return;
    started = true;
    const head = headOf(response);
    const tier = asText(response.service_tier);
    // `auto` is what was asked; the tier that was used stands in the last event.
    emit({ type: 'start', ...head, ...some('tier', tier === 'auto' ? undefined : tier), rest: startRest(head, response) });
  };
  const finish = (response: Fields): void => {
    const output = asList(response.output).filter(isObject);
    items.finish(output);
    const reason = finishOf(response, callsTool(output));
    const usage = usageOf(response);
    emit({ type: 'finish', choice: 0, reason });
    if (usage !== undefined) emit({ type: 'usage', usage });
    end({ type: 'end', rest: restOf({ ...headOf(response), usage: usage ?? noUsage }, { finish: reason }, response) });
  };
  const fail = (response: Fields): void => {
    failed = response;
    const usage = usageOf(response);
    if (usage !== undefined) emit({ type: 'usage', usage });
  };
  const handle = (type: string, event: Fields): void => {
    const response = asObject(event.response);
    if (response !== undefined) start(response);
    if (type === 'error') end({ type: 'error', error: readFailure(failed?.error, event) });
    else if (type === 'response.failed') fail(response ?? {});
    else if (failed !== undefined) return;
    else if (!TERMINAL.has(type)) items.event(type, event);
    else if (response === undefined) end({ type: 'error', error: bad('The provider ended its stream without a response object.') });
    else finish(response);
  };
  const attempt = (event: Fields): void => {
    try {
      // An error in the envelope of an answer has no type.
      handle(event.type === undefined && asObject(event.error) !== undefined ? 'error' : wordOf(event.type), event);
    } catch (e) {
      if (!isGatewayError(e)) throw e;
      end({ type: 'error', error: bad('The provider sent an item that cannot be read.') });
    }
  };
  return {
    event(_type, data) {
      if (ended || data === '[DONE]') return;
      const event = parse(data);
      // The type is taken from the data: some providers send no `event` line, or send it after the data.
      if (event === undefined) end({ type: 'error', error: bad('The provider sent an event that is not JSON.') });
      else attempt(event);
    },
    end() {
      if (failed !== undefined) end({ type: 'error', error: readFailure(failed.error) });
    },
  };
};
