import { hash, randomBytes } from 'node:crypto';
import { type Host, hmacKey } from '@llm-proxy-auth/plugin';
import { type AuditKey, emptyRegistry } from './registry.ts';

const SPACE = 'core';
const NAME = 'audit-key';
const LENGTH = 32;

/** In the store: encrypted under `keyEncryption` where there is one, else under the sealing key. */
interface KeptKey {
  readonly encrypted?: string | undefined;
  readonly sealed?: string | undefined;
}
const keep = ({ encryption, seal }: Host, key: Buffer): KeptKey =>
  encryption === undefined ? { sealed: seal.seal(NAME, key) } : { encrypted: encryption.encrypt(NAME, key) };
const open = ({ encryption, seal }: Host, { encrypted, sealed }: KeptKey): Buffer | undefined => {
  const bytes = encrypted === undefined ? seal.open(NAME, sealed ?? '') : encryption?.decrypt(NAME, encrypted);
  return bytes === undefined ? undefined : Buffer.from(bytes);
};
const outdated = ({ encryption }: Host, { encrypted }: KeptKey): boolean =>
  encryption !== undefined && (encrypted === undefined || !encryption.isCurrent(encrypted));

const RANDOM = 24;
const endOf = (random: Buffer): Buffer => hash('sha256', Buffer.concat([Buffer.from('audit-registry '), random]), 'buffer').subarray(0, LENGTH - RANDOM);
/** A key that says by its end that it was made together with the registry, so that nobody who lacks it can say otherwise; earlier releases made other keys. */
const registeredKey = (random: Buffer): Buffer => Buffer.concat([random, endOf(random)]);
const asKey = (bytes: Buffer): AuditKey => ({ ...hmacKey(bytes), registered: endOf(bytes.subarray(0, RANDOM)).equals(bytes.subarray(RANDOM)) });

/**
 * The key that the chains of the audit log are made with: 32 bytes, made once and together with the registry, shared by everybody who uses the store.
 * Throws when it is there but cannot be opened: records are never chained with another one.
 */
export const auditKey = async (host: Host): Promise<AuditKey> => {
  const { store } = host;
  for (;;) {
    const row = await store.get(SPACE, NAME);
    if (row === undefined) {
      const made = registeredKey(randomBytes(RANDOM));
      const key = asKey(made);
      const row = { space: SPACE, key: NAME, expect: 0, value: { json: JSON.stringify(keep(host, made)) } };
      if (await store.commit([row, ...(await emptyRegistry(store, key))])) return key;
      continue;
    }
    const kept = JSON.parse(row.value.json) as KeptKey;
    const key = open(host, kept);
    if (key === undefined || key.length !== LENGTH) throw new Error('the key of the audit log cannot be opened with the keys under keyEncryption');
    if (outdated(host, kept)) await store.commit([{ space: SPACE, key: NAME, expect: row.version, value: { json: JSON.stringify(keep(host, key)) } }]);
    return asKey(key);
  }
};
