import { safeName } from '@llm-proxy-auth/plugin';

/** Names and ids that were changed for the provider, and back. */
export interface SafeNames {
  readonly write: (text: string) => string;
  /** The client's own by the provider's. */
  readonly changed: ReadonlyMap<string, string>;
}
export const safeNames = (onChange: () => void): SafeNames => {
  const changed = new Map<string, string>();
  const write = (text: string): string => {
    const to = safeName(text);
    if (to !== text && !changed.has(to)) {
      changed.set(to, text);
      onChange();
    }
    return to;
  };
  return { write, changed };
};
