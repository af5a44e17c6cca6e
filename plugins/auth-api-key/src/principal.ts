import type { Principal } from '@llm-proxy-auth/plugin';
import { type Grant, restrictionOf } from '@llm-proxy-auth/plugin/issued';
import type { Demands } from './demands.ts';
import { endOf, type KeyRecord } from './record.ts';

/** Owners of keys are this and the name. */
export const OWNER = 'key:';

/** Who a key is. Id and owner go by name: they survive rotation, and so do limits and what the key owns. */
export const principalOf = (name: string, credential: string, grant: Grant & Demands, expires: number | undefined): Principal =>
  Object.freeze({
    id: `${OWNER}${name}`,
    owner: `${OWNER}${name}`,
    strategy: 'api-key',
    credential,
    groups: Object.freeze([]),
    scopes: Object.freeze([...(grant.scopes ?? [])]),
    restrict: restrictionOf(grant),
    factor: grant.totp === true ? 'needed' : 'none',
    expires,
  });
/** Whoever holds a stored key. */
export const holderOf = (record: Omit<KeyRecord, 'verifier'>): Principal => principalOf(record.name, record.id, record, endOf(record));
