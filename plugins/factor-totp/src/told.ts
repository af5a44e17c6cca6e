import type { Host, Principal } from '@llm-proxy-auth/plugin';
import { ALARM } from './attempts.ts';
import type { Judgement } from './judge.ts';

/** Wrong codes of all callers of this process within an hour that an operator is told of. */
const ALL_ALARM = 100;
const HOUR = 3_600_000;

export interface Told {
  /** Counts what a code was worth; a lock, a used backup code and many wrong codes are told to the operator. */
  tell(principal: Principal, judgement: Judgement): void;
  /** Counts a code that could not be judged. */
  unavailable(error: unknown): void;
}
/** What operators learn of codes, by metrics and log; neither holds a code. */
export const told = (host: Host): Told => {
  const count = (result: string): void => host.metrics.counter('llm_proxy_totp_total', { result }).add(1);
  const alarm = (of: 'credential' | 'gateway', fields: object): void => {
    host.metrics.counter('llm_proxy_totp_alarm_total', { of }).add(1);
    host.log.error({ of, ...fields }, 'many wrong one-time codes');
  };
  let hour = 0;
  let wrong = 0;
  const countWrong = (): void => {
    const now = Math.floor(host.now() / HOUR);
    wrong = now === hour ? wrong + 1 : 1;
    hour = now;
    if (wrong === ALL_ALARM) alarm('gateway', {});
  };
  return {
    tell({ id, credential }, { event, enrolment }) {
      count(event);
      if (enrolment === undefined) return;
      const who = { principal: id, credential };
      if (event === 'backup') host.log.warn({ ...who, left: enrolment.codes.length }, 'a backup code was used');
      if (event === 'lock') host.log.warn(who, 'wrong one-time codes locked an enrolment');
      if (event !== 'wrong' && event !== 'lock') return;
      countWrong();
      if (enrolment.guesses.today + enrolment.codeGuesses.today === ALARM) alarm('credential', who);
    },
    unavailable(error) {
      count('unavailable');
      host.log.error({ reason: error instanceof Error ? error.message : 'unknown' }, 'a one-time code cannot be judged');
    },
  };
};
