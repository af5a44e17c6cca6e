import { type Dialect, GatewayError, type NamedIds, type NativeCall, type Reach } from '@llm-proxy-auth/plugin';

/** Tables are compiled once per reach, so one is made for each pair. */
const reaches = new WeakMap<NamedIds, WeakMap<Reach, Reach>>();
const reachWith = (ids: NamedIds, reach: Reach): Reach => {
  const known = reaches.get(ids) ?? new WeakMap<Reach, Reach>();
  reaches.set(ids, known);
  const made = known.get(reach) ?? { ...reach, ids };
  known.set(reach, made);
  return made;
};
/** Providers give the same answer again and again. */
const calls = new WeakMap<NativeCall, NativeCall>();

/**
 * A native call with the ids that its dialect knows it by. Throws `operation_not_supported` when the dialect is not there to say
 * them: whose the objects are could not be told.
 */
export const withIds = (native: NativeCall, dialects: ReadonlyMap<string, Dialect>): NativeCall => {
  if (native.ids === undefined) return native;
  const ids = dialects.get(native.dialect ?? '')?.ids?.[native.ids];
  const known = calls.get(native);
  if (ids !== undefined && known?.reach.ids === ids) return known;
  if (ids !== undefined) {
    const made = { ...native, reach: reachWith(ids, native.reach) };
    calls.set(native, made);
    return made;
  }
  throw new GatewayError(
    'operation_not_supported',
    `Calls of this operation name stored objects, which only the dialect "${native.dialect ?? ''}" can tell; add its plugin.`,
  );
};
