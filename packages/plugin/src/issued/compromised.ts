/** Reason of a revocation that ends calls under way too; after any other they may finish. */
export const COMPROMISED = 'compromised';

interface Revocable {
  readonly record: { readonly id: string; readonly status: string; readonly revokedReason?: string | undefined };
}
export interface Compromised {
  /** `BookOptions.seen` of the records. */
  readonly seen: (entry: Revocable) => void;
  /** `AuthStrategy.onCompromised`. */
  readonly listen: (listener: (credential: string) => void) => void;
}
/** Tells of credentials that are seen to be revoked because they are in wrong hands, here or in another process. */
export const compromised = (): Compromised => {
  const listeners: ((credential: string) => void)[] = [];
  return {
    seen: ({ record }) => {
      if (record.status === 'revoked' && record.revokedReason === COMPROMISED) for (const listener of listeners) listener(record.id);
    },
    listen: (listener) => void listeners.push(listener),
  };
};
