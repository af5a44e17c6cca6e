import type { Lost } from './lost.ts';

/** Sequences of a request that the provider takes, undefined when none is left; those that it refuses are noted. */
export const takenStops = (stop: readonly string[] | undefined, isTaken: (sequence: string) => boolean, lost: Lost): readonly string[] | undefined => {
  const taken = stop?.filter(isTaken);
  if (taken !== undefined && taken.length < (stop?.length ?? 0)) lost('stop', 'the provider refuses sequences of nothing but white space', 'clamped');
  return taken === undefined || taken.length === 0 ? undefined : taken;
};
/** A sequence that says something beside white space. */
export const isSaying = (sequence: string): boolean => sequence.trim() !== '';
