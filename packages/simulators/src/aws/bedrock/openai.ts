import type { Answer } from '../../http/answer.ts';
import { json } from '../../http/answer.ts';
import type { CapturedRequest } from '../../http/captured.ts';
import { chatCompletion, speak } from '../../openai/chat.ts';
import { chatStream } from '../../openai/chat-stream.ts';
import type { Fields } from '../../openai/check.ts';
import { type Context as OpenaiContext, context as openaiContext } from '../../openai/context.ts';
import { endpoints } from '../../openai/endpoints.ts';
import { models as openaiModels } from '../../openai/models.ts';
import { Refusal } from '../../openai/refusal.ts';
import { findRoute, readBody } from '../../openai/routes.ts';

/** The models that answer here in OpenAI's wire format. */
const served = ['ai21.jamba-1-5-mini-v1:0', 'openai.gpt-oss-20b-1:0', 'openai.gpt-oss-120b-1:0', 'openai.gpt-oss-20b', 'openai.gpt-oss-120b'];

const contextOf = (now: () => number, mantle: boolean): OpenaiContext => {
  const all = openaiModels(served);
  const isServed = (id: string): boolean => served.includes(id) && !(mantle && hasVersion(id));
  const list = () => all.list().filter(({ id }) => isServed(id));
  const find = (id: string) => (isServed(id) ? all.find(id) : undefined);
  const require: typeof all.require = (id, kind) => {
    if (mantle && id.startsWith('anthropic.')) throw new Refusal(400, { message: `The model \`${id}\` isn't supported on this route.` });
    if (!isServed(id)) throw new Refusal(404, { message: `The model '${id}' does not exist`, param: 'model', code: 'model_not_found' });
    return all.require(id, kind);
  };
  return openaiContext({ list, find, require }, now);
};

/** Paths of the OpenAI surface: under `/openai/v1` on the runtime host, under `/v1` too on the mantle host. */
const surface = /^\/openai(\/v1\/(?:chat\/completions|responses(?:\/[^/]+)*|models(?:\/[^/]+)?))$/;
const mantleSurface = /^(?:\/openai)?(\/v1\/(?:chat\/completions|responses(?:\/[^/]+)*|models(?:\/[^/]+)?))$/;
/** Ids of the mantle host have no version. */
const hasVersion = (id: string): boolean => /-\d+:\d+$/.test(id);

export type OpenaiSurface = {
  /** The answer for a path of this surface; undefined for any other. */
  answer(request: CapturedRequest): Answer | undefined;
  /** InvokeModel with a chat body. */
  completion(body: Fields): Fields;
  chunks(body: Fields): unknown[];
};

/** Bedrock's own OpenAI endpoints, by the OpenAI stand-in with Bedrock's models. */
export const openaiSurface = (now: () => number, mantle = false): OpenaiSurface => {
  const call = contextOf(now, mantle);
  const paths = mantle ? mantleSurface : surface;
  const routes = endpoints(call);
  const perform = (request: CapturedRequest, path: string): Answer => {
    const { route, params } = findRoute(routes, request.method, path);
    const query = new URLSearchParams(request.target.slice(request.path.length));
    const { status = 200, type, body } = route.handle({ call, params, query, ...readBody(route, request) });
    return { status, headers: type === undefined ? [] : [['content-type', type]], body };
  };
  return {
    answer: (request) => {
      const path = paths.exec(request.path)?.[1];
      if (path === undefined) return undefined;
      try {
        return perform(request, path);
      } catch (cause) {
        if (!(cause instanceof Refusal)) throw cause;
        return { status: cause.status, headers: [['content-type', 'application/json']], body: json(cause.body) };
      }
    },
    completion: (body) => chatCompletion(call, body, speak(call, body)),
    chunks: (body) =>
      [...chatStream(call, body, speak(call, body))]
        .map((frame) =>
          frame
            .toString('utf8')
            .replace(/^data: /, '')
            .trim(),
        )
        .filter((data) => data !== '[DONE]')
        .map((data): unknown => JSON.parse(data)),
  };
};
