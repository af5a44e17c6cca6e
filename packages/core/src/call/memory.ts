import type { Bytes, Memory } from '@llm-proxy-auth/plugin';

/** What is kept at most; sizes in bytes. One caller cannot take what belongs to all. */
export interface MemoryBounds {
  /** ms since the last use. */
  readonly lifeMs: number;
  readonly entries: number;
  readonly bytes: number;
  readonly entriesPerOwner: number;
  readonly bytesPerOwner: number;
}
const MIB = 1024 * 1024;
export const BOUNDS: MemoryBounds = Object.freeze({
  lifeMs: 3_600_000,
  entries: 20_000,
  bytes: 64 * MIB,
  entriesPerOwner: 4_000,
  bytesPerOwner: 16 * MIB,
});
/** Of an entry itself, its key and its places in the maps. */
const ENTRY_BYTES = 256;

/** Tells other replicas what is kept. */
export type Sharing = { keep(owner: string, key: string, value: Bytes): void } | undefined;
interface Entry {
  readonly owner: string;
  readonly key: string;
  readonly value: Bytes;
  readonly bytes: number;
  until: number;
}
interface Share {
  /** In the order of their last use. */
  readonly entries: Map<string, Entry>;
  bytes: number;
}
/** Remembers for callers, whoever asks on their behalf. */
export interface Memories {
  /** The memory of one call; `call` is counted as lost once, however often it is tried. `shared` is told of what is kept. */
  of(owner: string, call: object, shared?: Sharing): Memory;
  /** Takes over what another replica remembers. */
  keep(owner: string, key: string, value: Bytes): boolean;
  recall(owner: string, key: string): Bytes | undefined;
  /** What is held now. */
  readonly size: { readonly entries: number; readonly bytes: number };
}

/** In this process only; what was used last stays longest. A class, because the maps and the sums must agree. */
class ProcessMemories implements Memories {
  readonly #now: () => number;
  readonly #onLost: () => void;
  readonly #bounds: MemoryBounds;
  /** In the order of their last use, which is that of their ends. */
  readonly #all = new Set<Entry>();
  readonly #shares = new Map<string, Share>();
  readonly #counted = new WeakSet<object>();
  #bytes = 0;

  constructor(now: () => number, onLost: () => void, bounds: MemoryBounds) {
    this.#now = now;
    this.#onLost = onLost;
    this.#bounds = bounds;
  }
  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#all.size, bytes: this.#bytes };
  }
  of(owner: string, call: object, shared?: Sharing): Memory {
    return new CallMemory(this, owner, call, shared);
  }
  keep(owner: string, key: string, value: Bytes): boolean {
    const { entries, bytes, entriesPerOwner, bytesPerOwner, lifeMs } = this.#bounds;
    this.#sweep();
    const before = this.#shares.get(owner)?.entries.get(key);
    if (before !== undefined) this.#drop(before);
    const size = ENTRY_BYTES + 2 * key.length + value.byteLength;
    if (size > bytesPerOwner || size > bytes) return false;
    const share = this.#shares.get(owner) ?? { entries: new Map<string, Entry>(), bytes: 0 };
    while (share.entries.size >= entriesPerOwner || share.bytes + size > bytesPerOwner) this.#dropFirst(share.entries.values());
    while (this.#all.size >= entries || this.#bytes + size > bytes) this.#dropFirst(this.#all.values());
    // A copy: what is given may be a view of something larger.
    const entry: Entry = { owner, key, value: new Uint8Array(value), bytes: size, until: this.#now() + lifeMs };
    this.#shares.set(owner, share);
    share.entries.set(key, entry);
    share.bytes += size;
    this.#all.add(entry);
    this.#bytes += size;
    return true;
  }
  recall(owner: string, key: string): Bytes | undefined {
    this.#sweep();
    const share = this.#shares.get(owner);
    const entry = share?.entries.get(key);
    if (share === undefined || entry === undefined) return undefined;
    entry.until = this.#now() + this.#bounds.lifeMs;
    share.entries.delete(key);
    share.entries.set(key, entry);
    this.#all.delete(entry);
    this.#all.add(entry);
    return entry.value;
  }
  lost(call: object): void {
    if (this.#counted.has(call)) return;
    this.#counted.add(call);
    this.#onLost();
  }
  #sweep(): void {
    const now = this.#now();
    for (const entry of this.#all) {
      if (entry.until > now) return;
      this.#drop(entry);
    }
  }
  #dropFirst(entries: IterableIterator<Entry>): void {
    const { value } = entries.next();
    if (value !== undefined) this.#drop(value as Entry);
  }
  #drop(entry: Entry): void {
    this.#all.delete(entry);
    this.#bytes -= entry.bytes;
    const share = this.#shares.get(entry.owner);
    if (share === undefined) return;
    share.entries.delete(entry.key);
    share.bytes -= entry.bytes;
    if (share.entries.size === 0) this.#shares.delete(entry.owner);
  }
}
/** A class: every call that is translated has one, and most ask nothing of it. */
class CallMemory implements Memory {
  readonly owner: string;
  readonly #all: ProcessMemories;
  readonly #call: object;
  readonly #shared: Sharing;

  constructor(all: ProcessMemories, owner: string, call: object, shared: Sharing) {
    this.#all = all;
    this.owner = owner;
    this.#call = call;
    this.#shared = shared;
  }
  keep(key: string, value: Bytes): boolean {
    const kept = this.#all.keep(this.owner, key, value);
    if (kept) this.#shared?.keep(this.owner, key, value);
    return kept;
  }
  recall(key: string): Bytes | undefined {
    return this.#all.recall(this.owner, key);
  }
  lost(): void {
    this.#all.lost(this.#call);
  }
}
/** `now`: epoch ms. `onLost` is told of calls whose thinking cannot be found. */
export const memories = (now: () => number, onLost: () => void, bounds: MemoryBounds = BOUNDS): Memories => new ProcessMemories(now, onLost, bounds);
