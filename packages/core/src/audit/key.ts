import { randomBytes } from 'node:crypto';
import { type HmacKey, type Host, hmacKey } from '@llm-proxy-auth/plugin';

const SPACE = 'core';
const NAME = 'audit-key';

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

/**
 * The key that the chains of the audit log are made with: 32 random bytes, made once, shared by everybody who uses the store.
 * Throws when it is there but cannot be opened: records are never chained with another one.
 */
export const auditKey = async (host: Host): Promise<HmacKey> => {
  const { store } = host;
  for (;;) {
    const row = await store.get(SPACE, NAME);
    if (row === undefined) {
      const made = randomBytes(32);
      if (await store.commit([{ space: SPACE, key: NAME, expect: 0, value: { json: JSON.stringify(keep(host, made)) } }])) return hmacKey(made);
      continue;
    }
    const kept = JSON.parse(row.value.json) as KeptKey;
    const key = open(host, kept);
    if (key === undefined || key.length !== 32) throw new Error('the key of the audit log cannot be opened with the keys under keyEncryption');
    if (outdated(host, kept)) await store.commit([{ space: SPACE, key: NAME, expect: row.version, value: { json: JSON.stringify(keep(host, key)) } }]);
    return hmacKey(key);
  }
};
