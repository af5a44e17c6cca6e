import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Enrolled, Roster } from '../src/call/roster.ts';

interface Member extends Enrolled {
  readonly name: number;
}
const namesOf = (roster: Roster<Member>): number[] => {
  const names: number[] = [];
  roster.each((member) => names.push(member.name));
  return names.sort((a, b) => a - b);
};

describe('a roster of what is open', () => {
  it('holds what a set would hold, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(7)), (names) => {
        const roster = new Roster<Member>();
        const members = Array.from({ length: 8 }, (_, name): Member => ({ name, place: -1 }));
        const model = new Set<number>();
        for (const name of names) {
          const member = members[name];
          if (member === undefined) continue;
          if (model.has(name)) {
            expect(roster.remove(member)).toBe(true);
            model.delete(name);
          } else {
            expect(roster.remove(member)).toBe(false);
            roster.add(member);
            model.add(name);
          }
          expect(roster.size).toBe(model.size);
          expect(namesOf(roster)).toEqual([...model].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('visits every member although each leaves when it is visited', () => {
    const roster = new Roster<Member>();
    for (let name = 0; name < 5; name++) roster.add({ name, place: -1 });
    const seen: number[] = [];
    roster.each((member) => {
      seen.push(member.name);
      roster.remove(member);
    });
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4]);
    expect(roster.size).toBe(0);
  });
});
