import { type Answer, json } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Context as OpenaiContext, context as openaiContext } from '../openai/context.ts';
import { endpoints } from '../openai/endpoints.ts';
import { models as openaiModels } from '../openai/models.ts';
import { Refusal } from '../openai/refusal.ts';
import { findRoute, readBody } from '../openai/routes.ts';
import { refuse } from './refusal.ts';

/** Models that answer in OpenAI's wire format: a part of those that the service has, none of Cohere's. */
const SERVED = ['openai.gpt-oss-120b', 'openai.gpt-oss-20b', 'meta.llama-3.3-70b-instruct', 'xai.grok-4'];
const contextOf = (now: () => number): OpenaiContext => {
  const all = openaiModels(SERVED);
  const isServed = (id: string): boolean => SERVED.includes(id);
  const require: typeof all.require = (id, kind) => {
    if (!isServed(id)) throw new Refusal(404, { message: `Model ${id} not found`, param: 'model', code: 'model_not_found' });
    return all.require(id, kind);
  };
  return openaiContext({ list: () => all.list().filter(({ id }) => isServed(id)), find: (id) => (isServed(id) ? all.find(id) : undefined), require }, now);
};
/** Chat and responses below the version of the API; models and everything stored below `/openai/v1` alone. */
const ACTIONS = /^\/20231130\/actions(\/v1\/(?:chat\/completions|responses))$/;
const STORED = /^\/openai(\/v1\/(?:chat\/completions|responses(?:\/.*)?|conversations(?:\/.*)?|files(?:\/.*)?|models(?:\/.*)?))$/;
export const isCompatible = (path: string): boolean => ACTIONS.test(path) || STORED.test(path);

/** The OpenAI-compatible paths, by the OpenAI stand-in with OCI's models. Who pays stands in a header of each API's own. */
export const compatible = (now: () => number, checkCompartment: (id: unknown) => void) => {
  const call = contextOf(now);
  const routes = endpoints(call);
  return (request: CapturedRequest, bearer: boolean): Answer => {
    const path = (ACTIONS.exec(request.path) ?? STORED.exec(request.path))?.[1] ?? '';
    const name = path.endsWith('/chat/completions') ? 'CompartmentId' : 'opc-compartment-id';
    const compartment = request.header(name);
    // An API key belongs to a compartment; a signature does not.
    if (compartment !== undefined) checkCompartment(compartment);
    else if (!bearer) throw refuse.invalid('Compartment ID must be provided');
    try {
      const { route, params } = findRoute(routes, request.method, path);
      const query = new URLSearchParams(request.target.slice(request.path.length));
      const { status = 200, type, body } = route.handle({ call, params, query, ...readBody(route, request) });
      return { status, headers: type === undefined ? [] : [['content-type', type]], body };
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      return { status: cause.status, headers: [['content-type', 'application/json']], body: json(cause.body) };
    }
  };
};
