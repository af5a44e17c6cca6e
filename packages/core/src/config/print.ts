import { stringify } from 'yaml';

/** The configuration as it takes effect, as YAML; `shown` holds secrets as where they come from. */
export const printSettings = (shown: unknown): string => stringify(shown, { schema: 'core', aliasDuplicateObjects: false, lineWidth: 0 });

/** Freezes plain data all the way down; handles and functions are left to their makers. */
export const deepFreeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
};
