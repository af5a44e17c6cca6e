import type { Code, Logger } from '@llm-proxy-auth/plugin';

/** Why somebody was not let in; never the credential. */
export interface Refused {
  /** Request id. */
  readonly request: string;
  readonly address: string;
  readonly code: Code;
  /** Kind of the strategy that decided; `none` = nobody knows the credential. */
  readonly strategy: string;
  /** Of the strategy, for the log and the audit alone. */
  readonly reason: string;
  readonly principal?: string | undefined;
  /** Id of the credential, where it is known. */
  readonly credential?: string | undefined;
}
const SECOND = 1_000;
/** Lines a second: of one address, and of all together. */
const MOST_OF_ONE = 10;
const MOST = 100;

/** One line for each refusal, as far as nobody fills the log with them: what is left out is counted and told once a second. */
export const refusalLog = (log: Logger, now: () => number): ((refused: Refused) => void) => {
  const lines = new Map<string, number>();
  let second = 0;
  let written = 0;
  let suppressed = 0;
  let timer: NodeJS.Timeout | undefined;
  const roll = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (suppressed > 0) log.warn({ suppressed, addresses: lines.size }, 'more refused credentials than are written');
    lines.clear();
    written = 0;
    suppressed = 0;
  };
  return (refused) => {
    const current = Math.floor(now() / SECOND);
    if (current !== second) roll();
    second = current;
    timer ??= setTimeout(roll, SECOND).unref();
    const of = lines.get(refused.address) ?? 0;
    if (of >= MOST_OF_ONE || written >= MOST) {
      suppressed++;
      return;
    }
    lines.set(refused.address, of + 1);
    written++;
    log.warn(refused, 'a credential was refused');
  };
};
