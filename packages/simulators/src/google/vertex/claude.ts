import { type Context as ClaudeContext, context as claudeContext } from '../../anthropic/context.ts';
import { messageObject, speak } from '../../anthropic/message.ts';
import { checkCount, checkMessages, type Reading, type Version } from '../../anthropic/messages-check.ts';
import { models as claudeModels } from '../../anthropic/models.ts';
import { at, envelope, Refusal } from '../../anthropic/refusal.ts';
import { betasIn, readJson } from '../../anthropic/request.ts';
import { messageStream } from '../../anthropic/stream.ts';
import type { Answer } from '../../http/answer.ts';
import type { CapturedRequest } from '../../http/captured.ts';
import { type Fields, isFields, textOf } from '../../openai/check.ts';
import { noModel } from './context.ts';

/** Versions that a body may name, and the API version that each means. The vendor's own client sends the newer one plainly. */
const VERSIONS: Readonly<Record<string, Version>> = { 'vertex-2023-10-16': '2023-06-01', '2026-10-21': '2026-10-21' };
/** Members that only Anthropic's own API takes. */
const ALONE = ['service_tier', 'inference_geo', 'container', 'mcp_servers', 'diagnostics', 'fallbacks', 'thread', 'output_format', 'betas'];
/** The service's ids have the platform in them. */
const prefixes: Readonly<Record<string, string>> = { msg_01: 'msg_vrtx_01', toolu_01: 'toolu_vrtx_01', req_01: 'req_vrtx_01' };

/** `claude-haiku-4-5@20251001` is `claude-haiku-4-5-20251001` in bodies. */
const bodyId = (id: string): string => id.replace(/@(?:default|latest)$/, '').replace('@', '-');
const scopes = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(scopes);
  if (!isFields(value)) return false;
  return Object.entries(value).some(([name, inner]) =>
    name === 'cache_control' ? isFields(inner) && inner.scope !== undefined : name !== 'input' && scopes(inner),
  );
};
const checkPlatform = (body: Fields): Fields => {
  const { anthropic_version: version, ...rest } = body;
  if (rest.model !== undefined) throw at('model', 'Extra inputs are not permitted');
  if (version === undefined) throw at('anthropic_version', 'Field required');
  for (const name of ALONE) if (rest[name] !== undefined) throw at(name, 'Extra inputs are not permitted');
  if (scopes([rest.system, rest.messages, rest.tools])) throw at('system.0.cache_control.ephemeral.scope', 'Extra inputs are not permitted');
  return rest;
};

export type ClaudeSurface = {
  /** `:rawPredict` and `:streamRawPredict`; `resource` is the model's whole name. */
  answer(request: CapturedRequest, id: string, resource: string, streams: boolean): Answer;
  /** `count-tokens:rawPredict`. */
  count(request: CapturedRequest): Answer;
};
/** Claude on Vertex, by the Anthropic stand-in with the platform's own rules. */
export const claudeSurface = (now: () => number, contextTokens: number | undefined): ClaudeSurface => {
  const own = claudeContext(claudeModels(), now, contextTokens);
  const call: ClaudeContext = { ...own, id: (prefix) => own.id(prefixes[prefix] ?? prefix) };
  const guarded = (perform: (requestId: string) => Answer): Answer => {
    const requestId = call.id('req_01');
    try {
      const { status, headers, body } = perform(requestId);
      return { status, headers: [...headers, ['request-id', requestId]], body };
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      return {
        status: cause.status,
        headers: [
          ['content-type', 'application/json'],
          ['request-id', requestId],
        ],
        body: Buffer.from(JSON.stringify(envelope(cause.error, requestId))),
      };
    }
  };
  const jsonAnswer = (value: Fields): Answer => ({ status: 200, headers: [['content-type', 'application/json']], body: Buffer.from(JSON.stringify(value)) });
  const reading = (request: CapturedRequest, { anthropic_version: version }: Fields): Reading => ({
    version: VERSIONS[textOf(version)] ?? '2023-06-01',
    betas: betasIn(request),
  });
  return {
    answer: (request, id, resource, streams) =>
      guarded(() => {
        const given = readJson(request);
        if (own.models.find(bodyId(id)) === undefined) throw noModel(resource);
        // A version that the platform does not know is answered like a model that is not there.
        if (given.anthropic_version !== undefined && !Object.hasOwn(VERSIONS, textOf(given.anthropic_version))) throw noModel(resource);
        const rest = checkPlatform(given);
        const body = { ...rest, model: bodyId(id) };
        const checked = checkMessages(call, body, reading(request, given));
        const spoken = speak(call, body, checked);
        if (!streams && rest.stream !== true) return jsonAnswer(messageObject(spoken));
        return { status: 200, headers: [['content-type', 'text/event-stream; charset=utf-8']], body: messageStream(spoken) };
      }),
    count: (request) =>
      guarded(() => {
        const given = readJson(request);
        const { anthropic_version: _version, ...body } = given;
        const id = textOf(body.model);
        if (/@(?:default|latest)$/.test(id)) throw noModel(`publishers/anthropic/models/${id}`);
        return jsonAnswer({ input_tokens: checkCount(call, { ...body, model: bodyId(id) }, reading(request, given)).inputTokens });
      }),
  };
};
