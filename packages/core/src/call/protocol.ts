import type { Readable } from 'node:stream';
import { type AnySurface, type Dialect, type Endpoint, GatewayError, type Surface, totalLength } from '@llm-proxy-auth/plugin';
import type { Identified } from '../access/authenticate.ts';
import { authorize } from '../access/authorize.ts';
import type { Instance } from '../graph.ts';
import { bodyKind } from '../http/media-type.ts';
import type { Found, ProtocolRoute } from '../http/route.ts';
import { decode } from '../http/target.ts';
import { type Candidate, order, type Resolved, single } from '../routing/resolve.ts';
import { call } from './call.ts';
import type { Exchange } from './exchange.ts';
import { explain, explainAsked, targetOf } from './explain.ts';
import { allowFurtherModels } from './further-models.ts';
import { type GovernedBody, type GovernedWatcher, jsonWatcher, multipartWatcher, noBody } from './governed.ts';
import { governedPaths } from './governed-paths.ts';
import { innerIds } from './inner-ids.ts';
import { type Asked, isMeasured, takeLimits } from './limits.ts';
import { listModels } from './models.ts';
import { operate, prepare } from './operate.ts';
import { collect, collectBeginning, hasBody, pipe } from './receive.ts';
import { createsIds, keptAs, namedParams } from './stateful.ts';

type SurfaceFound = Extract<Found, { is: 'surface' }>;
export interface ReceivedBody {
  readonly pieces: readonly Buffer[];
  readonly governed: GovernedBody;
  readonly kind: 'json' | 'multipart' | 'none';
  /** What of a large form has not been read yet: it is sent once, as it comes. */
  readonly rest?: Readable | undefined;
}
/** Forms up to here are kept whole, so that they can be sent again. */
const MULTIPART_LIMIT = 25 * 1024 * 1024;

const pathModel = ({ route, params }: SurfaceFound): string | undefined =>
  route.model === 'path' && params.model !== undefined ? decode(params.model) : undefined;

/** Whether a form may be too large to be kept whole. What is reserved for a call is known only of a whole one. */
const goesOn = ({ head, policy, received }: Exchange, limit: number): boolean =>
  limit > MULTIPART_LIMIT && (head?.contentLength ?? Number.POSITIVE_INFINITY) > MULTIPART_LIMIT && policy?.reserves !== true && received === undefined;
/** A form whose model path, header or beginning must say; what follows may name none, nor a stored object. */
const receiveForm = async (x: Exchange, found: SurfaceFound, governed: GovernedWatcher, limit: number): Promise<ReceivedBody> => {
  const elsewhere = found.surface.governed.model === 'none' || pathModel(found) !== undefined || x.head?.ours.get('model') !== undefined;
  const pieces = await collectBeginning(x, limit, MULTIPART_LIMIT, governed, () => elsewhere || governed.result().model !== undefined);
  const size = totalLength(pieces);
  const rest = size > MULTIPART_LIMIT ? pipe(x, limit, governed, size) : undefined;
  if (rest !== undefined) governed.settle?.();
  return { pieces, governed: governed.result(), kind: 'multipart', rest };
};

/** Reads head and body of a call whose surface is known; governed fields are found on the way, nothing is parsed. */
const receive = async (x: Exchange, found: SurfaceFound): Promise<ReceivedBody> => {
  const { surface } = found;
  const { settings } = x.plan.graph;
  const { head } = x;
  if (head === undefined || surface.body.length === 0 || (!hasBody(x) && surface.body.includes('none'))) {
    if (hasBody(x)) await collect(x, settings.server.bodyLimit, undefined);
    return { pieces: [], governed: noBody(), kind: 'none' };
  }
  const kind = bodyKind(head.contentType, head.contentEncoding, surface.body);
  const paths = governedPaths(surface.governed, x.reach?.ids, x.policy?.reserves);
  const limit = settings.server.bodyLimit;
  const governed = kind === 'json' ? jsonWatcher(paths, settings.server.maxDepth, false) : multipartWatcher(head.contentType, paths);
  if (kind === 'multipart' && goesOn(x, limit)) return receiveForm(x, found, governed, limit);
  const pieces = await collect(x, kind === 'multipart' ? Math.min(MULTIPART_LIMIT, limit) : limit, governed);
  if (kind === 'json' && pieces.length === 0) throw new GatewayError('invalid_json', 'The body is empty; a JSON object is expected.');
  return { pieces, governed: governed.result(), kind };
};

/** The model a call names, in path or body; both may name it, but not differently. */
const modelOf = (x: Exchange, found: SurfaceFound, body: GovernedBody, kind: ReceivedBody['kind']): string | undefined => {
  const inPath = pathModel(found);
  const named = inPath ?? body.model;
  if (inPath !== undefined && body.model !== undefined && inPath !== body.model)
    throw new GatewayError('invalid_request', 'Path and body name different models.', { param: 'model' });
  // The header names a model only where it is written into the body: what was allowed is what the provider gets.
  return named ?? (kind === 'none' ? undefined : x.head?.ours.get('model'));
};

const resolve = (x: Exchange, route: ProtocolRoute, instance: Instance | undefined, model: string | undefined, needsModel: boolean): Resolved => {
  if (instance !== undefined) return single(instance, model ?? '');
  const wanted = x.head?.ours.get('instance');
  if (model !== undefined && needsModel) return x.plan.models.resolve(model, wanted);
  const asked = wanted === undefined ? undefined : x.plan.graph.instances.get(wanted);
  if (wanted !== undefined && asked === undefined) throw new GatewayError('instance_not_found', `There is no instance "${wanted.slice(0, 64)}".`);
  if (asked !== undefined) return single(asked, model ?? '');
  if (needsModel) throw new GatewayError('invalid_request', '`model` is missing; it chooses the provider on this endpoint.', { param: 'model' });
  const [only] = x.plan.graph.instances.size === 1 ? [...x.plan.graph.instances.values()] : [];
  if (only === undefined)
    throw new GatewayError(
      'ambiguous_instance',
      `This operation names no model: say the instance in the path (/${route.dialect.name}/{instance}/…) or in x-lpa-instance.`,
    );
  return single(only, '');
};

const idsOf = (found: SurfaceFound, body: GovernedBody): string[] => [
  ...keptAs(found.reach.ids, [...namedParams(found.reach).flatMap((n) => (found.params[n] === undefined ? [] : [decode(found.params[n])])), ...body.ids]),
];

const asksStream = (x: Exchange): boolean => new URLSearchParams(x.target?.query).get('stream') === 'true';
const namesModel = (surface: AnySurface, found: SurfaceFound): boolean =>
  (surface.governed.model !== 'none' && surface.governed.model !== 'path') || found.route.model === 'path';

/** A call whose surface is known and whose body has been read. */
interface Asking {
  readonly x: Exchange;
  readonly route: ProtocolRoute;
  readonly found: SurfaceFound;
  readonly instance: Instance | undefined;
  readonly principal: Identified['principal'];
  readonly explained: boolean;
  readonly body: ReceivedBody;
}
const callFor = ({ x, route, found, explained, body }: Asking, resolved: Resolved, candidates: readonly Candidate[]): Promise<void> => {
  const { surface } = found;
  const { dialect } = route;
  const fitting = supporting(x, dialect, found, candidates);
  if (explained) {
    explain(
      x,
      { dialect: dialect.name, surface: surface.name, pattern: found.route.pattern },
      fitting.map((c) => targetOf(x, c, () => prepare(x, dialect, found, c, body))),
    );
    return Promise.resolve();
  }
  const sideEffects = surface.operation === 'opaque' && found.reach.class === 'stateful' && x.request.method !== 'GET';
  return call(x, resolved, fitting, { replayable: body.rest === undefined, byStatus: !sideEffects }, (candidate, number, fresh) =>
    operate(x, dialect, found, candidate, body, number, fresh),
  );
};
const admitFor = (asking: Asking, resolved: Resolved, candidates: readonly Candidate[]): Promise<void> => {
  const { x, found, principal, body } = asking;
  const counted = { principal, instance: candidates[0]?.instance.name ?? '', model: x.model ?? '' };
  const taking = takeLimits(x, counted, candidates, isMeasured(x, found.reach) ? askedOf(x, body, namesModel(found.surface, found)) : undefined);
  return taking === undefined ? callFor(asking, resolved, candidates) : taking.then(() => callFor(asking, resolved, candidates));
};
const checkFor = (asking: Asking, resolved: Resolved, given: readonly Candidate[]): Promise<void> => {
  const { x, route, found, body } = asking;
  const candidates = body.kind === 'json' ? allowFurtherModels(x, found.surface, body.pieces, given) : given;
  const keeping = candidates.filter((c) => keepsState(endpointFor(x, route.dialect, found, c), route));
  if (keeping.length === 0) return admitFor(asking, resolved, candidates);
  if (body.kind === 'json') x.inner = innerIds(found.reach, body.pieces, x.plan.graph.settings.server.maxDepth, body.governed.keyed);
  const ids = [...idsOf(found, body.governed), ...x.inner.named];
  return ids.length === 0 ? admitFor(asking, resolved, candidates) : owning(x, keeping, ids).then((own) => admitFor(asking, resolved, own));
};
const resolveFor = (asking: Asking): Promise<void> => {
  const { x, route, found, instance, principal, body } = asking;
  const { plan } = x;
  if (plan.graph.settings.log.content) for (const piece of body.pieces) plan.content(x, 'request', piece);
  x.model = modelOf(x, found, body.governed, body.kind);
  x.stream = found.route.stream === 'query' ? asksStream(x) : (found.route.stream ?? body.governed.stream);
  x.creates = createsIds(found.reach, body.governed.flagged);
  const needsModel = namesModel(found.surface, found);
  const resolved = resolve(x, route, instance, x.model, needsModel);
  const allowed = authorize(principal, x.policy, { mode: 'protocol', reach: found.reach, resolved, needsModel, model: x.model });
  // In the order they are tried: limits of instances count at the first.
  const candidates = order(resolved, allowed, plan.random);
  const learning = learn(x, candidates);
  return learning === undefined ? checkFor(asking, resolved, candidates) : learning.then(() => checkFor(asking, resolved, candidates));
};
/**
 * Protocol mode from the authenticated caller on: receive, resolve, authorize, check, admit, call. Steps that return promises where
 * there is something to wait for, as in transparent mode. Throws what refuses the call before its body is read.
 */
export const protocol = (x: Exchange, route: ProtocolRoute, { principal }: Identified): Promise<void> => {
  const { plan } = x;
  const { found, dialect } = route;
  const instance = route.instance === undefined ? undefined : plan.graph.instances.get(route.instance);
  if (route.instance !== undefined && instance === undefined)
    throw new GatewayError('instance_not_found', `There is no instance "${route.instance.slice(0, 64)}".`);
  if (found.is === 'method')
    throw new GatewayError('method_not_allowed', `This path is called with ${found.allow.join(' or ')}.`, { headers: ['allow', found.allow.join(', ')] });
  if (found.is === 'unknown')
    throw new GatewayError('unknown_route', `${dialect.name} has no such operation here: ${x.request.method} ${(x.target?.path ?? '').slice(0, 200)}.`);
  const { surface } = found;
  x.surface = surface;
  x.operation = surface.operation;
  x.reach = found.reach;
  x.route = route.label;
  const explained = explainAsked(x);
  if (surface.operation === 'models' && found.reach.class === 'models') return listModels(x, dialect, surface as Surface<'models'>, found, instance, explained);
  return receive(x, found).then((body) => resolveFor({ x, route, found, instance, principal, explained, body }));
};

const askedOf = (x: Exchange, { pieces, governed }: ReceivedBody, needsModel: boolean): Asked => ({
  bytes: totalLength(pieces),
  bounds: governed.bounds(pieces),
  named: needsModel && x.model !== undefined,
});
/** What providers ask their vendors of a model before they can say where it is called; undefined: nothing. */
const learn = (x: Exchange, candidates: readonly Candidate[]): Promise<unknown> | undefined => {
  let all: Promise<void>[] | undefined;
  for (const { instance, model } of candidates) {
    const learning = instance.provider.learn?.(model);
    if (learning === undefined) continue;
    all ??= [];
    all.push(learning.then(() => x.plan.endpoints.forget(instance)));
  }
  return all === undefined ? undefined : Promise.all(all);
};
/** Ids mean something only to a provider that has the client's own surface; to any other the surface refuses what names them. */
const keepsState = (endpoint: Endpoint | undefined, { dialect, found }: ProtocolRoute): boolean =>
  endpoint !== undefined && found.is === 'surface' && endpoint.dialect === dialect.name && endpoint.surface === found.surface.name;
/** Stored objects are at the account that made them: where every id of the call is its caller's. Throws 404 when that is nowhere. */
const owning = async (x: Exchange, candidates: readonly Candidate[], ids: readonly string[]): Promise<readonly Candidate[]> => {
  if (x.principal === undefined) return candidates;
  const names = candidates.map(({ instance }) => instance.name);
  const own = await x.plan.owners.check(x.principal, names, ids);
  return candidates.filter(({ instance }) => own.has(instance.name));
};

/** Where a candidate would be called, or undefined when its provider has no such operation. */
export const endpointFor = (x: Exchange, dialect: Dialect, found: SurfaceFound, candidate: Candidate): Endpoint | undefined =>
  x.plan.endpoints(candidate.instance, dialect, x.request.method ?? 'GET', found, candidate.model, x.stream);

const supporting = (x: Exchange, dialect: Dialect, found: SurfaceFound, candidates: readonly Candidate[]): readonly Candidate[] => {
  const able = candidates.filter((c) => endpointFor(x, dialect, found, c) !== undefined);
  if (able.length > 0) return able;
  const [first] = candidates;
  x.instance = first?.instance;
  throw new GatewayError('operation_not_supported', `The provider of ${first?.instance.name ?? 'this instance'} does not have this operation.`);
};
