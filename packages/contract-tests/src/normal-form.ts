import { type ChatReply, type ChatRequest, normal, normalReply as normalChatReply, type Operation } from '@llm-proxy-auth/plugin';

/** The form in which two canonical requests of an operation are compared. */
export const normalRequest = (operation: Operation, request: unknown): unknown =>
  operation === 'chat' || operation === 'countTokens' ? normal(request as ChatRequest) : request;
/** The form in which two canonical replies of an operation are compared. */
export const normalReply = (operation: Operation, reply: unknown): unknown => (operation === 'chat' ? normalChatReply(reply as ChatReply) : reply);
