import type { Readable } from 'node:stream';
import { type Edit, GatewayError, type NativeCall, patchBody, type Surface, totalLength } from '@llm-proxy-auth/plugin';
import type { Identified } from '../access/authenticate.ts';
import { authorize, modelMatters } from '../access/authorize.ts';
import type { Instance } from '../graph.ts';
import type { TransparentRoute } from '../http/route.ts';
import { decode } from '../http/target.ts';
import { type Candidate, type Resolved, single } from '../routing/resolve.ts';
import { answerTap } from './answer-tap.ts';
import type { Prepared } from './attempt.ts';
import { call } from './call.ts';
import type { Exchange } from './exchange.ts';
import { explain, explainAsked, targetOf } from './explain.ts';
import { allowFurtherModels, checkModelHeaders, modelOf } from './further-models.ts';
import { type GovernedBody, noBody } from './governed.ts';
import { innerIds } from './inner-ids.ts';
import { factsOf, type Intake, isBounded, isMultipart, receive, surfaceOf } from './intake.ts';
import { isMeasured, takeLimits } from './limits.ts';
import { nativeTarget } from './native-path.ts';
import { checkJudged, checkPinned, withQuery } from './pinned.ts';
import { ownedSink } from './reply/owned.ts';
import { relaySink } from './reply/relay.ts';
import { createsIds, keptAs, namedParams, owningTap, readsReply, sendOwn } from './stateful.ts';
import { wholeTap } from './whole-tap.ts';

const NO_EDITS: readonly Edit[] = Object.freeze([]);

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

/** A call whose instance and operation are known and allowed, as far as they can be without its body. */
interface Opened {
  readonly x: Exchange;
  readonly principal: Identified['principal'];
  readonly instance: Instance;
  readonly native: NativeCall;
  /** Behind the provider's base path. */
  readonly path: string;
  readonly alias: string | undefined;
  readonly surface: Surface<'opaque'> | undefined;
  readonly aliases: boolean;
  readonly restricted: boolean;
  readonly further: boolean;
  readonly explained: boolean;
  readonly measured: boolean;
  readonly intake: Intake;
}
const earlyOf = (native: NativeCall) => ({ mode: 'transparent' as const, reach: native.reach, needsModel: native.modelIn !== 'none' });
const open = (x: Exchange, route: TransparentRoute, { principal }: Identified): Opened => {
  const { plan } = x;
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
  const aliases = instance.settings.aliases && native.modelIn === 'body';
  const restricted = modelMatters(principal, x.policy) && native.modelIn === 'body';
  const counted = x.policy?.perModel === true && native.modelIn === 'body';
  const { pointers, exact, inside } = factsOf(native.reach);
  const surface = surfaceOf(x, native);
  const inPath = modelOf(instance, native.qualified ?? native.model ?? '');
  // Decided before a byte of the body is read, unless the policy wants to know the model and it stands there.
  if (!restricted) authorize(principal, x.policy, { ...earlyOf(native), resolved: { ...single(instance, inPath), alias }, model: inPath });
  const explained = explainAsked(x);
  const measured = isMeasured(x, native.reach);
  const further = surface?.furtherModels !== undefined && modelMatters(principal, x.policy);
  const intake = receive(x, native, surface, {
    needed: restricted || counted || exact || native.pinned !== undefined || native.judge !== undefined || (measured && isBounded(surface)),
    whole: (pointers && (inside || !isMultipart(x))) || aliases || further || explained || measured || provider.signs === 'body',
    measured,
  });
  return { x, principal, instance, native, path, alias, surface, aliases, restricted, further, explained, measured, intake };
};

/** What is asked for once the body is here, or on its way to the provider. */
interface Known {
  readonly opened: Opened;
  readonly collected: readonly Buffer[] | undefined;
  readonly governed: GovernedBody;
  /** What the provider is asked for. */
  readonly target: string | undefined;
  readonly resolved: Resolved;
  readonly candidates: readonly Candidate[];
}
const know = (opened: Opened, collected: readonly Buffer[] | undefined): Known => {
  const { x, principal, instance, native, alias, surface, aliases, restricted, further, intake } = opened;
  const { plan } = x;
  const { maxDepth } = plan.graph.settings.server;
  const governed = intake.governed?.result() ?? noBody();
  if (plan.graph.settings.log.content) for (const piece of collected ?? []) plan.content(x, 'request', piece);
  if (native.modelIn === 'body' && collected !== undefined) {
    x.model = governed.model;
    x.stream = native.stream || governed.stream;
  }
  x.creates = createsIds(native.reach, governed.flagged);
  if (collected !== undefined && !isMultipart(x)) x.inner = innerIds(native.reach, collected, maxDepth, governed.keyed);
  if (native.judge !== undefined) checkJudged(native, collected ?? [], maxDepth);
  if (native.pinned !== undefined && collected !== undefined && totalLength(collected) > 0) checkPinned(native, collected, maxDepth);
  const aliased = aliases && x.model !== undefined ? plan.models.at(instance.name, x.model) : undefined;
  const target = aliased ?? (alias === undefined ? x.model : native.model);
  const resolved = { ...single(instance, modelOf(instance, target ?? '')), alias: aliased === undefined ? alias : x.model };
  const candidates = restricted
    ? authorize(principal, x.policy, { ...earlyOf(native), resolved, model: target === undefined ? undefined : modelOf(instance, target) })
    : resolved.candidates;
  checkModelHeaders(x, instance.provider, x.head?.forward ?? []);
  if (further && collected !== undefined && totalLength(collected) > 0 && !isMultipart(x)) allowFurtherModels(x, surface, collected, candidates);
  return { opened, collected, governed, target, resolved, candidates };
};

const limit = ({ opened, collected, governed, target, candidates }: Known): Promise<void> | undefined => {
  const { x, principal, instance, native, measured } = opened;
  const named = native.modelIn !== 'none' && target !== undefined;
  const asked = measured ? { bytes: totalLength(collected ?? []), bounds: governed.bounds(collected ?? []), named } : undefined;
  return takeLimits(x, { principal, instance: instance.name, model: x.model ?? '' }, candidates, asked);
};

const prepare = ({ opened, collected, governed, target }: Known): Prepared => {
  const { x, instance, native, path, alias, surface, intake } = opened;
  const { provider } = instance;
  const edits: readonly Edit[] =
    target !== undefined && target !== x.model && alias === undefined ? governed.renameModel(provider.names?.wire(target) ?? target) : NO_EDITS;
  const bytes = collected === undefined ? (intake.bytes as Readable | undefined) : edits.length > 0 ? patchBody(collected, edits) : collected;
  const tap = surface?.tap;
  const reads = readsReply(x, native.reach);
  const length = Array.isArray(bytes) ? totalLength(bytes as readonly Uint8Array[]) : bytes === undefined ? undefined : x.head?.contentLength;
  const query = withQuery(x.target?.query ?? '', native.query);
  return {
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
};
const forward = (known: Known): Promise<void> => {
  const { opened, resolved, candidates } = known;
  const { x, native } = opened;
  const prepared = prepare(known);
  if (opened.explained) {
    explain(
      x,
      routeOf(native),
      candidates.map((c) => targetOf(x, c, () => prepared)),
    );
    return Promise.resolve();
  }
  const replayable = known.collected !== undefined || prepared.body === undefined;
  return call(x, resolved, candidates, { replayable, byStatus: false }, (candidate, number, fresh) =>
    sendOwn(x, candidate.instance, prepared, native.reach, number, fresh),
  );
};

const admit = (known: Known): Promise<void> => {
  const taking = limit(known);
  return taking === undefined ? forward(known) : taking.then(() => forward(known));
};
/** Only who named ids waits for whose they are. */
const check = (known: Known): Promise<void> => {
  const { x, principal, instance, native } = known.opened;
  const ids = idsOf(x, native, known.governed);
  return ids.length === 0 ? admit(known) : x.plan.owners.check(principal, [instance.name], ids).then(() => admit(known));
};
/**
 * Transparent mode from the authenticated caller on: native API, bytes unchanged, the credential swapped. Steps that return promises
 * where there is something to wait for: one asynchronous function would keep all that it knows through each wait. Throws what refuses
 * the call before its body is read.
 */
export const transparent = (x: Exchange, route: TransparentRoute, identified: Identified): Promise<void> => {
  const opened = open(x, route, identified);
  const { bytes } = opened.intake;
  return bytes instanceof Promise ? bytes.then((collected) => check(know(opened, collected))) : check(know(opened, undefined));
};
