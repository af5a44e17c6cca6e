import type { Readable } from 'node:stream';
import { type Edit, GatewayError, type NativeCall, patchBody, type Reach, type Surface, totalLength } from '@llm-proxy-auth/plugin';
import type { Identified } from '../access/authenticate.ts';
import { authorize, modelMatters } from '../access/authorize.ts';
import { bodyKind } from '../http/media-type.ts';
import type { TransparentRoute } from '../http/route.ts';
import { decode } from '../http/target.ts';
import { single } from '../routing/resolve.ts';
import { answerTap } from './answer-tap.ts';
import type { Prepared } from './attempt.ts';
import { call } from './call.ts';
import type { Exchange } from './exchange.ts';
import { explain, explainAsked, targetOf } from './explain.ts';
import { checkFurtherModels, checkModelHeaders } from './further-models.ts';
import { type GovernedBody, type GovernedWatcher, jsonWatcher, multipartWatcher, noBody } from './governed.ts';
import { governedPaths } from './governed-paths.ts';
import { innerIds } from './inner-ids.ts';
import { isMeasured, takeLimits } from './limits.ts';
import { nativeTarget } from './native-path.ts';
import { checkJudged, checkPinned, withQuery } from './pinned.ts';
import { collect, hasBody, pipe, type Watcher } from './receive.ts';
import { ownedSink } from './reply/owned.ts';
import { relaySink } from './reply/relay.ts';
import { createsIds, keptAs, namedParams, owningTap, readsReply, sendOwn } from './stateful.ts';
import { wholeTap } from './whole-tap.ts';

/** Bodies up to this size are collected even when they could be piped: cheaper, and a try can be repeated. */
const COLLECT_BELOW = 65_536;
const MODEL_IN_BODY = Object.freeze({ model: ['model'], stream: ['stream'] });
const NO_EDITS: readonly Edit[] = Object.freeze([]);
const MODEL_NOT_IN_BODY = Object.freeze({ model: 'none' as const, stream: ['stream'] });

/** A form that nobody here reads; ids could stand in it. */
const URL_ENCODED = /^application\/x-www-form-urlencoded/i;
const isMultipart = (x: Exchange): boolean => /^multipart\/form-data/i.test(x.head?.contentType ?? '');
const watcherOf = (x: Exchange, native: NativeCall, surface: Surface<'opaque'> | undefined, needed: boolean): GovernedWatcher | undefined => {
  const type = x.head?.contentType ?? '';
  const paths = governedPaths(surface?.governed ?? (native.modelIn === 'body' ? MODEL_IN_BODY : MODEL_NOT_IN_BODY), native.reach.ids, x.policy?.reserves);
  if (isMultipart(x)) return paths.model === undefined && paths.members.length === 0 ? undefined : multipartWatcher(type, paths);
  if (
    paths.model === undefined &&
    paths.flag === undefined &&
    paths.outputAt.length === 0 &&
    paths.choicesAt.length === 0 &&
    paths.promptsAt.length === 0 &&
    paths.idsFrom === paths.wanted.length &&
    native.modelIn !== 'body'
  )
    return undefined;
  return jsonWatcher(paths, x.plan.graph.settings.server.maxDepth, !needed);
};
const surfaceOf = (x: Exchange, native: NativeCall): Surface<'opaque'> | undefined =>
  native.dialect === undefined
    ? undefined
    : (x.plan.graph.dialects.get(native.dialect)?.surfaces.find((s) => s.name === native.surface) as Surface<'opaque'> | undefined);

/** What a reach says of bodies, read once. */
interface ReachFacts {
  /** Some member of the body may name an id, or say what becomes of the reply's; one stands at a place that is known beforehand. */
  readonly pointers: boolean;
  readonly exact: boolean;
  /** Members at any depth may name ids, fields of a form too. */
  readonly inside: boolean;
}
const facts = new WeakMap<Reach, ReachFacts>();
const factsOf = (reach: Reach): ReachFacts => {
  const known = facts.get(reach);
  if (known !== undefined) return known;
  const { ids } = reach;
  const exact = ids?.request.some((p) => p.startsWith('/')) === true;
  const made = { exact, inside: ids?.inside !== undefined, pointers: exact || ids?.inside !== undefined || ids?.replyWhen !== undefined };
  facts.set(reach, made);
  return made;
};

const watched = async (body: Buffer, watcher: Watcher | undefined): Promise<Buffer[]> => {
  watcher?.push(body);
  watcher?.end();
  return [body];
};
/** How the body comes in. */
interface Intake {
  readonly governed: GovernedWatcher | undefined;
  readonly bytes: Promise<readonly Buffer[]> | Readable | undefined;
}
/** What is wanted of a body: that a rule can read it, that it is there before anything goes out, that its size and its bounds are known. */
interface Wanted {
  readonly needed: boolean;
  readonly whole: boolean;
  readonly measured: boolean;
}
/** Bodies of the surface bound their answer. What is no JSON here may be some elsewhere, and says more there. */
const isBounded = (surface: Surface<'opaque'> | undefined): boolean =>
  surface !== undefined && [surface.governed.output, surface.governed.choices, surface.governed.prompts].some((paths) => paths !== undefined);
const NO_INTAKE: Intake = Object.freeze({ governed: undefined, bytes: undefined });
/** Collects the body when a rule needs it, else pipes it on at once while the tokenizer looks. */
const receive = (x: Exchange, native: NativeCall, surface: Surface<'opaque'> | undefined, { needed, whole, measured }: Wanted): Intake => {
  const { head, plan } = x;
  const limit = plan.graph.settings.server.bodyLimit;
  if (head === undefined || !hasBody(x)) return NO_INTAKE;
  // A rule reads this body: it must be one that everybody reads alike.
  const encoded = head.contentEncoding !== '';
  const unread = encoded || URL_ENCODED.test(head.contentType);
  if (needed || (unread && (measured || factsOf(native.reach).pointers)))
    bodyKind(head.contentType, head.contentEncoding, native.pinned === undefined && native.judge === undefined ? ['json', 'multipart'] : ['json']);
  const governed = encoded ? undefined : watcherOf(x, native, surface, needed);
  if (x.rewritten !== undefined) return { governed, bytes: watched(x.rewritten, governed) };
  const small = !head.chunked && head.contentLength !== undefined && head.contentLength <= COLLECT_BELOW;
  if (needed || whole || small || x.received !== undefined) return { governed, bytes: collect(x, limit, governed) };
  if ((head.contentLength ?? 0) > limit) throw new GatewayError('body_too_large', `The request body is larger than ${limit} bytes.`);
  return { governed, bytes: pipe(x, limit, governed) };
};

const headersOf = (x: Exchange, mustRead: boolean, length: number | undefined): string[] => {
  const headers: string[] = [];
  const pairs = x.head?.forward ?? [];
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] ?? '';
    if (name === 'accept-encoding' && mustRead) continue;
    headers.push(name, pairs[i + 1] ?? '');
  }
  if (mustRead) headers.push('accept-encoding', 'identity');
  if (x.head !== undefined && x.head.contentType !== '') headers.push('content-type', x.head.contentType);
  if (x.head !== undefined && x.head.contentEncoding !== '') headers.push('content-encoding', x.head.contentEncoding);
  if (length !== undefined) headers.push('content-length', String(length));
  return headers;
};

const NO_IDS: readonly string[] = Object.freeze([]);
const idsOf = (x: Exchange, native: NativeCall, governed: GovernedBody): readonly string[] => {
  if (native.reach.ids === undefined) return NO_IDS;
  const named = namedParams(native.reach);
  const { ids } = governed;
  if (named.length === 0 && x.inner.named.length === 0) return keptAs(native.reach.ids, ids);
  return keptAs(native.reach.ids, [...named.flatMap((n) => (native.params?.[n] === undefined ? [] : [native.params[n]])), ...ids, ...x.inner.named]);
};

const routeOf = ({ dialect, surface, reach }: NativeCall) => ({ dialect, surface, class: reach.class });

/** Transparent mode from the authenticated caller on: native API, bytes unchanged, the credential swapped. */
export const transparent = async (x: Exchange, route: TransparentRoute, identified: Identified): Promise<void> => {
  const { plan } = x;
  const { principal } = identified;
  const instance = plan.transparentInstance(decode(route.instance));
  if (instance === undefined)
    throw new GatewayError('instance_not_found', `There is no instance "${route.instance.slice(0, 64)}", or the provider has several and none is the default.`);
  x.instance = instance;
  x.route = route.pattern ?? '/transparent/{instance}/*';
  const { provider } = instance;
  const { native, path, alias } = nativeTarget(x, instance, route.path, route.aliases ?? instance.settings.aliases);
  x.operation = native.operation;
  x.reach = native.reach;
  x.stream = native.stream;
  x.model = alias ?? native.model;
  const needsModel = native.modelIn !== 'none';
  const aliases = instance.settings.aliases && native.modelIn === 'body';
  const restricted = modelMatters(principal, x.policy) && native.modelIn === 'body';
  const counted = x.policy?.perModel === true && native.modelIn === 'body';
  const { pointers, exact, inside } = factsOf(native.reach);
  const surface = surfaceOf(x, native);
  const pinned = native.pinned !== undefined;
  const early = { mode: 'transparent' as const, reach: native.reach, needsModel };
  const modelOf = (name: string): string => provider.names?.model(name) ?? name;
  const inPath = modelOf(native.qualified ?? native.model ?? '');
  // Decided before a byte of the body is read, unless the policy wants to know the model and it stands there.
  if (!restricted) authorize(principal, x.policy, { ...early, resolved: { ...single(instance, inPath), alias }, model: inPath });
  const explained = explainAsked(x);
  const measured = isMeasured(x, native.reach);
  const further = surface?.furtherModels !== undefined && modelMatters(principal, x.policy);
  const intake = receive(x, native, surface, {
    needed: restricted || counted || exact || pinned || native.judge !== undefined || (measured && isBounded(surface)),
    whole: (pointers && (inside || !isMultipart(x))) || aliases || further || explained || measured || provider.signs === 'body',
    measured,
  });
  const collected: readonly Buffer[] | undefined = intake.bytes instanceof Promise ? await intake.bytes : undefined;
  const governed = intake.governed?.result() ?? noBody();
  if (plan.graph.settings.log.content) for (const piece of collected ?? []) plan.content(x, 'request', piece);
  if (native.modelIn === 'body' && collected !== undefined) {
    x.model = governed.model;
    x.stream = native.stream || governed.stream;
  }
  x.creates = createsIds(native.reach, governed.flagged);
  if (collected !== undefined && !isMultipart(x)) x.inner = innerIds(native.reach, collected, plan.graph.settings.server.maxDepth, governed.inert);
  if (native.judge !== undefined) checkJudged(native, collected ?? [], x.plan.graph.settings.server.maxDepth);
  if (pinned && collected !== undefined && totalLength(collected) > 0) checkPinned(native, collected, x.plan.graph.settings.server.maxDepth);
  const reads = readsReply(x, native.reach);
  const aliased = aliases && x.model !== undefined ? plan.models.at(instance.name, x.model) : undefined;
  const target = aliased ?? (alias === undefined ? x.model : native.model);
  const resolved = { ...single(instance, modelOf(target ?? '')), alias: aliased === undefined ? alias : x.model };
  const candidates = restricted
    ? authorize(principal, x.policy, { ...early, resolved, model: target === undefined ? undefined : modelOf(target) })
    : resolved.candidates;
  checkModelHeaders(x, provider, x.head?.forward ?? []);
  if (further && collected !== undefined && totalLength(collected) > 0 && !isMultipart(x)) checkFurtherModels(x, surface, collected);
  const ids = idsOf(x, native, governed);
  if (ids.length > 0) await plan.owners.check(principal, [instance.name], ids);
  const asked = { bytes: totalLength(collected ?? []), bounds: governed.bounds(collected ?? []), named: needsModel && target !== undefined };
  const taking = takeLimits(x, { principal, instance: instance.name, model: x.model ?? '' }, candidates, measured ? asked : undefined);
  if (taking !== undefined) await taking;
  const edits: readonly Edit[] =
    target !== undefined && target !== x.model && alias === undefined ? governed.renameModel(provider.names?.wire(target) ?? target) : NO_EDITS;
  const bytes = collected === undefined ? (intake.bytes as Readable | undefined) : edits.length > 0 ? patchBody(collected, edits) : collected;
  const tap = surface?.tap;
  const length = Array.isArray(bytes) ? totalLength(bytes as readonly Uint8Array[]) : bytes === undefined ? undefined : x.head?.contentLength;
  const query = withQuery(x.target?.query ?? '', native.query);
  const prepared: Prepared = {
    request: {
      method: x.request.method ?? 'GET',
      origin: native.origin ?? provider.base.origin,
      path: `${native.origin === undefined ? provider.base.path : ''}${path.slice(provider.base.prefix.length)}${query === '' ? '' : `?${query}`}`,
      headers: headersOf(x, reads || tap !== undefined, length),
    },
    body: bytes,
    stream: x.stream,
    sink(a) {
      if (reads && !x.stream) return ownedSink(a, native, (framing) => tap?.call(surface, framing, false));
      if (!x.stream) return relaySink(a, tap === undefined ? undefined : (head) => answerTap(surface, head), true);
      const watching = tap?.call(surface, native.framing, false);
      if (watching === undefined) return relaySink(a, undefined, true);
      const whole = wholeTap(watching, native.framing);
      return relaySink(a, reads ? owningTap(x, instance, whole) : whole, true);
    },
  };
  if (explained)
    return explain(
      x,
      routeOf(native),
      candidates.map((c) => targetOf(x, c, () => prepared)),
    );
  await call(x, resolved, candidates, { replayable: collected !== undefined || bytes === undefined, byStatus: false }, (candidate, number, fresh) =>
    sendOwn(x, candidate.instance, prepared, native.reach, number, fresh),
  );
};
