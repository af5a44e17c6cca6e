import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim, Counters, Host, SharedMemory, Taken } from '@llm-proxy-auth/plugin';
import type { Redis } from 'ioredis';
import type { Config } from './config.ts';
import { connect, isRefusal } from './connection.ts';
import { type Kept, keptIn } from './kept.ts';
import { sharedMemory } from './memory.ts';
import { isOwn, type Share, shareOf } from './share.ts';
import { type Actual, type Shared, settles, sharedIn, spentIn } from './shared.ts';

const PRESENT_EVERY_MS = 10_000;
/** Signs of life between two sweeps of the store. */
const FORGET_EVERY = 360;
/** How often a server that does not answer is asked again. */
const ASK_EVERY_MS = 500;
/** How long the end, and a server that lost what it counted, wait for the store. */
const STORE_MS = 2_000;
const MOST_UNSETTLED = 10_000;

/** Counts in the server, and while that does not answer its own share of each limit. */
class RedisCounters implements Counters {
  readonly memory: SharedMemory;
  readonly #redis: Redis;
  readonly #shared: Shared;
  readonly #kept: Kept;
  readonly #share: Share;
  readonly #host: Host;
  readonly #timeout: number;
  readonly #replica = randomBytes(9).toString('base64url');
  /** What could not be settled in the server yet; a claim of which nobody knows whether it was taken is settled as nothing. */
  readonly #unsettled = new Map<string, readonly Actual[]>();
  readonly #presence: NodeJS.Timeout;
  #asking: NodeJS.Timeout | undefined;
  /** Name of what the server counts; another one when it has lost its data. */
  #life: string | undefined;
  #telling: Promise<void> | undefined;
  #paying: Promise<void> = Promise.resolve();
  /** As many as were last heard of; before, as many as were said. */
  #replicas: number;
  #serial = 0;
  #signs = 0;
  #closed = false;
  #refused = false;

  constructor(redis: Redis, { prefix, replicas, timeout }: Pick<Config, 'prefix' | 'replicas' | 'timeout'>, host: Host) {
    this.#replicas = replicas;
    this.#timeout = timeout;
    this.#kept = keptIn(host.store, prefix);
    this.#share = shareOf(this.#kept);
    this.#redis = redis;
    this.#shared = sharedIn(redis, prefix);
    this.memory = sharedMemory(redis, prefix);
    this.#host = host;
    this.#presence = setInterval(() => void this.#present(), PRESENT_EVERY_MS).unref();
    // What a client says when its connection breaks is told by the commands that fail, but for refused credentials.
    redis.on('error', (error) => {
      this.#refused ||= isRefusal(error);
    });
    redis.on('ready', () => {
      if (this.#asking !== undefined) void this.#ask();
      else if (this.#life !== undefined) void this.#present();
    });
  }
  async start(): Promise<void> {
    try {
      await this.#redis.connect();
      await this.#here();
      await this.#payForOthers();
    } catch (error) {
      if (this.#refused || isRefusal(error)) throw new Error('Redis refused the user or password; correct `counters`.');
      const heard = await this.#inTime(this.#kept.replicas());
      this.#replicas = Math.max(this.#replicas, heard ?? 0);
      this.#lost();
    }
  }
  async take(claims: readonly Claim[], now: number): Promise<Taken> {
    if (this.#asking !== undefined) return this.#takeAlone(claims, now);
    const lease = `${this.#replica}:${++this.#serial}`;
    try {
      const taken = await this.#shared.take(lease, claims, now);
      this.#share.hear(spentIn(claims, taken, now));
      return taken;
    } catch {
      this.#lost();
      if (claims.some(settles))
        this.#later(
          lease,
          claims.map(({ key }) => ({ key, amount: 0 })),
        );
      return this.#takeAlone(claims, now);
    }
  }
  async beat(leases: readonly string[], now: number): Promise<void> {
    this.#share.beat(leases, now);
    const shared = leases.filter((lease) => !isOwn(lease));
    if (this.#asking !== undefined || shared.length === 0) return;
    await this.#shared.beat(shared, now).catch(() => this.#lost());
  }
  async settle(lease: string, actual: readonly Actual[]): Promise<void> {
    if (lease === '') return;
    if (isOwn(lease)) {
      this.#share.settle(lease, actual);
      if (this.#asking === undefined) await this.#pay();
      return;
    }
    if (this.#asking !== undefined) return this.#later(lease, actual);
    try {
      this.#share.hear(await this.#shared.settle(lease, actual));
    } catch {
      this.#lost();
      this.#later(lease, actual);
    }
  }
  degraded(): boolean {
    return this.#asking !== undefined;
  }
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#presence);
    clearInterval(this.#asking);
    await this.#inTime(
      this.#paying.then(() => this.#tell()),
      STORE_MS,
    );
    if (this.#asking !== undefined) await this.#inTime(this.#leave(), STORE_MS);
    if (this.#asking === undefined) await this.#shared.absent(this.#replica).catch(() => undefined);
    this.#redis.disconnect();
  }
  async #takeAlone(claims: readonly Claim[], now: number): Promise<Taken> {
    const recalling = this.#kept.recall(claims, now);
    // A store that does not answer either leaves a part of the whole budget.
    if (recalling !== undefined) await this.#inTime(recalling);
    return this.#share.take(claims, now, this.#replicas);
  }
  /** What the store answers; undefined where it does not, or not in time. */
  async #inTime<T>(answer: Promise<T>, ms = this.#timeout): Promise<T | undefined> {
    const waited = new AbortController();
    const tooLate = sleep(ms, undefined, { signal: waited.signal }).catch(() => undefined);
    try {
      return await Promise.race([answer, tooLate]);
    } catch {
      return undefined;
    } finally {
      waited.abort();
    }
  }
  /** Tells the store what others must know who cannot ask the server. What fails is told the next time. */
  #tell(): Promise<void> {
    this.#telling ??= this.#kept
      .write(this.#asking !== undefined)
      .catch(() => undefined)
      .finally(() => {
        this.#telling = undefined;
      });
    return this.#telling;
  }
  /** Says that this replica is here; rejects where the server does not answer. */
  async #here(): Promise<void> {
    const { replicas, life } = await this.#shared.present(this.#replica, this.#host.now());
    this.#replicas = replicas;
    this.#kept.hearReplicas(replicas);
    const known = this.#life;
    if (life === '' || (known !== undefined && known !== life)) await this.#restore();
    else this.#life = life;
  }
  /** Gives a server that is new, or lost its data, what this replica and the store know. Where the store does not answer it is tried with the next sign of life. */
  async #restore(): Promise<void> {
    const now = this.#host.now();
    const heard = this.#kept.heard(now);
    const stored = await this.#inTime(this.#kept.stored(now), STORE_MS);
    const spent = [...heard, ...(stored ?? [])];
    await this.#shared.restore(spent, now);
    this.#kept.unhear();
    if (stored !== undefined) this.#life = await this.#shared.begin(this.#replica);
    if (spent.length > 0) this.#host.log.warn({}, 'Redis had lost what it counted; budgets go on with what was known of them');
  }
  async #leave(): Promise<void> {
    const owed = this.#share.owed(this.#host.now());
    await this.#kept.leave(
      this.#replica,
      owed.map(({ claim: { key, ends = 0 }, amount }) => ({ key, ends, used: amount })),
    );
  }
  /** Tells the server what replicas that ended could not. A store that answers late is waited for at the end alone. */
  #payForOthers(): Promise<unknown> {
    this.#paying = this.#takeLeft().catch(() => undefined);
    return this.#inTime(this.#paying, STORE_MS);
  }
  async #takeLeft(): Promise<void> {
    for (const { key, ends, used } of await this.#kept.takeLeft())
      this.#share.owe({ key, amount: 0, limit: 0, windowMs: undefined, ends, kind: 'budget', shadow: true }, used);
    await this.#pay();
  }
  #later(lease: string, actual: readonly Actual[]): void {
    if (this.#unsettled.size < MOST_UNSETTLED) this.#unsettled.set(lease, actual);
  }
  #lost(): void {
    if (this.#asking !== undefined || this.#closed) return;
    this.#host.log.warn({ replicas: this.#replicas }, 'Redis does not answer; this replica counts its share of each limit by itself');
    this.#asking = setInterval(() => void this.#ask(), ASK_EVERY_MS).unref();
  }
  async #ask(): Promise<void> {
    try {
      await this.#here();
    } catch {
      void this.#tell();
      return;
    }
    if (this.#asking === undefined || this.#closed) return;
    clearInterval(this.#asking);
    this.#asking = undefined;
    this.#host.log.info({ replicas: this.#replicas }, 'Redis answers again; limits are shared');
    const unsettled = [...this.#unsettled];
    this.#unsettled.clear();
    // One that fails again is kept again.
    for (const [lease, actual] of unsettled) await this.settle(lease, actual);
    await this.#pay();
    await this.#payForOthers();
  }
  /** Tells the server what this replica spent by itself. */
  async #pay(): Promise<void> {
    const now = this.#host.now();
    for (const { claim, amount } of this.#share.owed(now)) {
      const lease = `${this.#replica}:${++this.#serial}`;
      try {
        await this.#shared.take(lease, [{ ...claim, amount, shadow: true }], now);
      } catch {
        this.#lost();
        // It is owed again; where it was taken nevertheless it is settled as nothing.
        this.#share.owe(claim, amount);
        this.#later(lease, [{ key: claim.key, amount: 0 }]);
        continue;
      }
      await this.settle(lease, []);
    }
  }
  async #present(): Promise<void> {
    if (this.#asking !== undefined) return;
    try {
      await this.#here();
    } catch {
      this.#lost();
    }
    await this.#tell();
    this.#signs += 1;
    if (this.#signs % FORGET_EVERY !== 0) return;
    await this.#kept.forget(this.#host.now()).catch(() => undefined);
    await this.#payForOthers();
  }
}

/** Throws where the configuration is wrong or the server refuses the credentials; one that does not answer is waited for. */
export const redisCounters = async (config: Config, host: Host): Promise<Counters> => {
  const counters = new RedisCounters(await connect(config, host), config, host);
  try {
    await counters.start();
  } catch (error) {
    await counters.close();
    throw error;
  }
  return counters;
};
