import { operations } from '@llm-proxy-auth/plugin/issued';
import { rings } from '../ring.ts';

/** An operation on keys; it needs the scope `keys`. */
export const operation = operations(rings.of);
