import type { Operation } from '@llm-proxy-auth/plugin';

/** The form in which two canonical requests are compared. */
export const normalRequest = (_operation: Operation, request: unknown): unknown => request;
/** The form in which two canonical replies are compared. */
export const normalReply = (_operation: Operation, reply: unknown): unknown => reply;
