import { type Answer, json } from '../../http/answer.ts';
import type { CapturedRequest } from '../../http/captured.ts';
import { type Context as OpenaiContext, context as openaiContext } from '../../openai/context.ts';
import { endpoints } from '../../openai/endpoints.ts';
import { models as openaiModels } from '../../openai/models.ts';
import { Refusal } from '../../openai/refusal.ts';
import { findRoute, readBody } from '../../openai/routes.ts';
import { noModel } from './context.ts';

export type OpenaiSurface = {
  /** `/chat/completions`, `/completions` or `/embeddings` of the shared endpoint, or of a vendor that speaks the same. */
  answer(request: CapturedRequest, operation: string): Answer;
};
const contextOf = (served: readonly string[], now: () => number): OpenaiContext => {
  const all = openaiModels(served);
  const isServed = (id: string): boolean => served.includes(id);
  const require: typeof all.require = (id, kind) => {
    if (!isServed(id)) throw noModel(`publishers/${id.replace('/', '/models/')}`);
    return all.require(id, kind);
  };
  return openaiContext({ list: () => all.list().filter(({ id }) => isServed(id)), find: (id) => (isServed(id) ? all.find(id) : undefined), require }, now);
};
/** OpenAI's wire format on Vertex, by the OpenAI stand-in with the models that are served so. */
export const openaiSurface = (served: readonly string[], now: () => number): OpenaiSurface => {
  const call = contextOf(served, now);
  const routes = endpoints(call);
  return {
    answer: (request, operation) => {
      try {
        const { route, params } = findRoute(routes, request.method, `/v1${operation}`);
        const query = new URLSearchParams(request.target.slice(request.path.length));
        const { status = 200, type, body } = route.handle({ call, params, query, ...readBody(route, request) });
        return { status, headers: type === undefined ? [] : [['content-type', type]], body };
      } catch (cause) {
        if (!(cause instanceof Refusal)) throw cause;
        return { status: cause.status, headers: [['content-type', 'application/json']], body: json(cause.body) };
      }
    },
  };
};
