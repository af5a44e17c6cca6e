/** Something a roster can hold. `place` belongs to the roster: -1 outside of it. */
export interface Enrolled {
  place: number;
}

/**
 * Members that come and go with every request. An array and not a Set: a Set that is added to and deleted from rebuilds its
 * table every few requests, and an old table keeps the next one alive, with all members of that moment, until a full
 * collection. That costs more than the request itself.
 */
export class Roster<T extends Enrolled> {
  readonly #members: T[] = [];
  get size(): number {
    return this.#members.length;
  }
  add(member: T): void {
    member.place = this.#members.push(member) - 1;
  }
  /** False: it is not in it. */
  remove(member: T): boolean {
    const { place } = member;
    if (place < 0) return false;
    member.place = -1;
    const last = this.#members.pop();
    if (last === undefined || last === member) return true;
    this.#members[place] = last;
    last.place = place;
    return true;
  }
  /** Every member, latest first; a member may leave while it is visited. */
  each(visit: (member: T) => void): void {
    for (let i = this.#members.length - 1; i >= 0; i--) {
      const member = this.#members[i];
      if (member !== undefined) visit(member);
    }
  }
  clear(): void {
    this.each((member) => this.remove(member));
  }
}
