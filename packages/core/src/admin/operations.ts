import type { AdminOperation } from '@llm-proxy-auth/plugin';
import { AUDIT_OPERATIONS } from '../audit/operations.ts';
import { SESSION_OPERATIONS } from '../sessions/operations.ts';
import { USAGE_OPERATIONS } from '../usage/operations.ts';

/**
 * Administrative operations that every gateway has; those of plugins stand beside them in `Graph.admin`. `run` is given the
 * core's own host, whose store is the whole store.
 */
export const CORE_OPERATIONS: readonly AdminOperation[] = Object.freeze([...AUDIT_OPERATIONS, ...SESSION_OPERATIONS, ...USAGE_OPERATIONS]);
