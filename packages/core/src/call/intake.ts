import type { Readable } from 'node:stream';
import { GatewayError, type NativeCall, type Reach, type Surface } from '@llm-proxy-auth/plugin';
import { bodyKind } from '../http/media-type.ts';
import type { Exchange } from './exchange.ts';
import { type GovernedWatcher, jsonWatcher, multipartWatcher } from './governed.ts';
import { governedPaths } from './governed-paths.ts';
import { CONTENT_TYPES } from './pass.ts';
import { collect, hasBody, pipe, type Watcher } from './receive.ts';

/** Bodies up to this size are collected even when they could be piped: cheaper, and a try can be repeated. */
const COLLECT_BELOW = 65_536;
const MODEL_IN_BODY = Object.freeze({ model: ['model'], stream: ['stream'] });
const MODEL_NOT_IN_BODY = Object.freeze({ model: 'none' as const, stream: ['stream'] });

/** A form that nobody here reads; ids could stand in it. */
const URL_ENCODED = /^application\/x-www-form-urlencoded/i;
const MULTIPART = /^multipart\/form-data/i;
export const isMultipart = ({ head }: Exchange): boolean => head !== undefined && head.contentType !== CONTENT_TYPES.json && MULTIPART.test(head.contentType);
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
export const surfaceOf = (x: Exchange, native: NativeCall): Surface<'opaque'> | undefined =>
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
export const factsOf = (reach: Reach): ReachFacts => {
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
export interface Intake {
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
export const isBounded = (surface: Surface<'opaque'> | undefined): boolean =>
  surface !== undefined && [surface.governed.output, surface.governed.choices, surface.governed.prompts].some((paths) => paths !== undefined);
const NO_INTAKE: Intake = Object.freeze({ governed: undefined, bytes: undefined });
/** Collects the body when a rule needs it, else pipes it on at once while the tokenizer looks. */
export const receive = (x: Exchange, native: NativeCall, surface: Surface<'opaque'> | undefined, { needed, whole, measured }: Wanted): Intake => {
  const { head, plan } = x;
  const limit = plan.graph.settings.server.bodyLimit;
  if (head === undefined || !hasBody(x)) return NO_INTAKE;
  // A rule reads this body: it must be one that everybody reads alike.
  const encoded = head.contentEncoding !== '';
  const unread = encoded || (head.contentType !== CONTENT_TYPES.json && URL_ENCODED.test(head.contentType));
  if (needed || (unread && (measured || factsOf(native.reach).pointers)))
    bodyKind(head.contentType, head.contentEncoding, native.pinned === undefined && native.judge === undefined ? ['json', 'multipart'] : ['json']);
  const governed = encoded ? undefined : watcherOf(x, native, surface, needed);
  if (x.rewritten !== undefined) return { governed, bytes: watched(x.rewritten, governed) };
  const small = !head.chunked && head.contentLength !== undefined && head.contentLength <= COLLECT_BELOW;
  if (needed || whole || small || x.received !== undefined) return { governed, bytes: collect(x, limit, governed) };
  if ((head.contentLength ?? 0) > limit) throw new GatewayError('body_too_large', `The request body is larger than ${limit} bytes.`);
  return { governed, bytes: pipe(x, limit, governed) };
};
