import { hash } from 'node:crypto';

/**
 * An id for a call that came without one (Gemini behind OCI, and every call in the format COHERE): the same for the same call at the same
 * place of the same answer, so that a repetition is not taken for another call.
 */
export const callId = (answer: string, place: number, name: string): string => `call_${hash('sha256', `${answer}\n${place}\n${name}`, 'hex').slice(0, 24)}`;
