import { guesses } from './issued/guesses.ts';
import { networkOf } from './issued/network.ts';

/** Questions at a time of networks that nothing is held against, and those of one of them; the same of networks whose questions were refused lately. */
const [MOST, MOST_OF_ONE] = [96, 32];
const [MOST_ASIDE, FEW] = [32, 4];

export interface QuestionsOptions<T> {
  /** Epoch ms. */
  readonly now: () => number;
  /** Which answers say that what was shown is no good. */
  readonly refusal: T extends { readonly is: infer Is } ? Is : never;
}
/**
 * Questions to somebody else, such as an issuer, about what callers show. Who holds no credential can have them asked too, by showing
 * something made up: each network has its own share of the places, and one from which ten were refused has a small one for a while.
 * Callers elsewhere do not wait for it.
 */
export interface Questions<T> {
  /**
   * The running question for the key, whoever asks it, or that which `begin` begins for a caller at `address`; undefined when there are too
   * many already. `begin` must not throw.
   */
  ask(key: string, address: string, begin: () => Promise<T>): Promise<T> | undefined;
}

/** Places, so many for all and so many for each. */
const places = (most: number, each: number) => {
  const held = new Map<string, number>();
  let all = 0;
  return {
    /** False when there is none. */
    take(by: string): boolean {
      const own = held.get(by) ?? 0;
      if (all >= most || own >= each) return false;
      all++;
      held.set(by, own + 1);
      return true;
    },
    free(by: string): void {
      all--;
      const own = (held.get(by) ?? 1) - 1;
      if (own === 0) held.delete(by);
      else held.set(by, own);
    },
  };
};
export const questions = <T extends { readonly is: string }>({ now, refusal }: QuestionsOptions<T>): Questions<T> => {
  const running = new Map<string, Promise<T>>();
  const refused = guesses();
  const [open, aside] = [places(MOST, MOST_OF_ONE), places(MOST_ASIDE, FEW)];
  return {
    ask(key, address, begin) {
      const other = running.get(key);
      if (other !== undefined) return other;
      const network = networkOf(address);
      const share = refused.waitOf(network, now()) > 0 ? aside : open;
      if (!share.take(network)) return undefined;
      const asked = async (): Promise<T> => {
        try {
          const answer = await begin();
          if (answer.is === refusal) refused.wrong(network, now());
          return answer;
        } finally {
          share.free(network);
          running.delete(key);
        }
      };
      const question = asked();
      running.set(key, question);
      return question;
    },
  };
};
