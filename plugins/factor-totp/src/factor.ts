import type { Encryption, Host, SecondFactor } from '@llm-proxy-auth/plugin';
import { judge } from './judge.ts';
import { rowOf, swap } from './rows.ts';
import { told } from './told.ts';

/** Lower-case name of the request header that holds the code. */
export const HEADER = 'x-totp-code';
const ASK_AGAIN = 1000;

/** Judges the code of a caller whose first factor holds. The store decides each time; nothing is remembered here. */
export const factor = (host: Host, encryption: Encryption): SecondFactor => {
  const tells = told(host);
  return {
    header: HEADER,
    async verify(principal, code) {
      try {
        const judgement = await swap(
          host.store,
          () => rowOf(host.store, principal),
          (row) => judge(encryption, row, code.trim(), host.now()),
        );
        tells.tell(principal, judgement);
        return judgement.answer;
      } catch (error) {
        tells.unavailable(error);
        return { is: 'unavailable', retryAfterMs: ASK_AGAIN };
      }
    },
  };
};
