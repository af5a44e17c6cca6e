import type { Principal } from '@llm-proxy-auth/plugin';

/** What somebody who was let in, or had been, did about getting in; for the audit log. Never a credential. */
export interface AccessEvent {
  /** `session.replay`: a token that was replaced was shown, which ended its session. `factor`: a second factor passed in a way worth knowing. */
  readonly operation: 'login' | 'logout' | 'session.end' | 'session.replay' | 'factor';
  /** Request id. */
  readonly request: string;
  readonly address: string;
  readonly principal: string;
  /** Id of the credential, and kind of its strategy. */
  readonly credential: string;
  readonly strategy: string;
  /** Id of the session. */
  readonly target?: string | undefined;
  /** Of `factor`: how it passed. */
  readonly reason?: string | undefined;
}
export type Who = Pick<AccessEvent, 'principal' | 'credential' | 'strategy'>;
/** Whose session it was. */
export type Ended = Who & { readonly target: string };
export const whoOf = ({ id, credential, strategy }: Principal): Who => ({ principal: id, credential, strategy });
