import type { Secret } from '@llm-proxy-auth/plugin';

/** A handle as the core hands it out for a `Secret()` field; `rotate` gives it another value, `revoke` takes the value away. */
export interface TestSecret extends Secret {
  rotate(value: string): void;
  revoke(): void;
  /** Another handle with the value this one began with. */
  copy(): TestSecret;
}
export const secretOf = (value: string, ref = 'literal'): TestSecret => {
  let current: string | undefined = value;
  const listeners: (() => void)[] = [];
  const change = (next: string | undefined): void => {
    current = next;
    for (const f of listeners) f();
  };
  return {
    ref,
    peek: () => current,
    onRotate: (f) => {
      listeners.push(f);
    },
    rotate: change,
    revoke: () => change(undefined),
    copy: () => secretOf(value, ref),
  };
};

export const isTestSecret = (value: unknown): value is TestSecret =>
  typeof value === 'object' && value !== null && 'peek' in value && 'rotate' in value && 'revoke' in value;

/** Every test secret of a configuration, in order. */
export const secretsIn = (value: unknown): readonly TestSecret[] => {
  if (isTestSecret(value)) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(secretsIn);
};

/** The same configuration with secrets of its own, so that one test's rotation is not another's. */
export const withOwnSecrets = <T>(value: T): T => {
  if (isTestSecret(value)) return value.copy() as T;
  if (Array.isArray(value)) return value.map(withOwnSecrets) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withOwnSecrets(inner)])) as T;
};
