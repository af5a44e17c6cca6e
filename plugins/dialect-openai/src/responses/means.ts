import type { Remainder } from '@llm-proxy-auth/plugin';

/** Members of form only: another vendor loses nothing when it does not get them. */
const FORM: ReadonlySet<string> = new Set(['id', 'status', 'type', 'role', 'annotations', 'logprobs', 'parameters', 'strict', 'format']);
/** True when a member that has a meaning is among what was left. */
export const means = (left: Remainder): boolean =>
  Object.entries(left.set ?? {}).some(([key, value]) => value !== null && !FORM.has(key)) || Object.values(left.at ?? {}).some(means);
