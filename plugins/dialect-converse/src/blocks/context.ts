import type { Endpoint, Seal, Turn } from '@llm-proxy-auth/plugin';
import { CONVERSE } from '../wire.ts';

/** What reading a block depends on. */
export interface Reading {
  readonly role: Turn['role'];
  /** The call goes to a provider that does not speak this dialect. */
  readonly foreign: boolean;
  /** Opens what another vendor signed and this client carries. */
  readonly seal: Seal | undefined;
  /** Who answered; undefined in a request, which does not say who its reasoning is from. */
  readonly model?: string | undefined;
}
export const isForeign = (target: Endpoint | undefined): boolean => target !== undefined && target.dialect !== CONVERSE;
