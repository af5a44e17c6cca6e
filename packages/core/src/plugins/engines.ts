type Version = readonly [number, number, number];
interface Part {
  readonly numbers: readonly number[];
  readonly operator: string;
}

const parse = (text: string): readonly number[] | undefined => {
  const core = text.replace(/^v/, '').split(/[-+]/, 1)[0] ?? '';
  if (core === '' || core === '*' || core === 'x') return [];
  const numbers: number[] = [];
  for (const piece of core.split('.')) {
    if (piece === 'x' || piece === 'X' || piece === '*') break;
    if (!/^\d+$/.test(piece)) return undefined;
    numbers.push(Number(piece));
  }
  return numbers.length <= 3 ? numbers : undefined;
};
const full = (numbers: readonly number[]): Version => [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0];
const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
/** The first version beyond all that begin with these numbers. */
const beyond = (numbers: readonly number[], fixed: number): Version => {
  const kept = full(numbers.slice(0, fixed));
  if (fixed <= 1) return [kept[0] + 1, 0, 0];
  return fixed === 2 ? [kept[0], kept[1] + 1, 0] : [kept[0], kept[1], kept[2] + 1];
};

const holds = (version: Version, { numbers, operator }: Part): boolean => {
  const low = full(numbers);
  const given = numbers.length;
  const within = (fixed: number): boolean => compare(version, low) >= 0 && (fixed === 0 || compare(version, beyond(numbers, fixed)) < 0);
  if (operator === '>=') return compare(version, low) >= 0;
  if (operator === '<') return compare(version, low) < 0;
  if (operator === '>') return given === 3 ? compare(version, low) > 0 : given > 0 && compare(version, beyond(numbers, given)) >= 0;
  if (operator === '<=') return given === 3 ? compare(version, low) <= 0 : given === 0 || compare(version, beyond(numbers, given)) < 0;
  if (operator === '~') return within(Math.min(given, 2));
  if (operator === '^') {
    const first = low.findIndex((n) => n > 0);
    return within(given === 0 ? 0 : first < 0 ? given : first + 1);
  }
  return within(given);
};
const partsOf = (range: string): readonly Part[] | undefined => {
  const spaced = range.trim().replace(/(>=|<=|>|<|=|\^|~)\s+/g, '$1');
  const hyphen = /^(\S+)\s+-\s+(\S+)$/.exec(spaced);
  const words = hyphen === null ? spaced.split(/\s+/).filter((w) => w !== '') : [`>=${hyphen[1]}`, `<=${hyphen[2]}`];
  const parts: Part[] = [];
  for (const word of words) {
    const operator = /^(>=|<=|>|<|=|\^|~)?/.exec(word)?.[0] ?? '';
    const numbers = parse(word.slice(operator.length));
    if (numbers === undefined) return undefined;
    parts.push({ numbers, operator });
  }
  return parts;
};

/** Whether a release of Node satisfies an `engines.node` range; undefined when the range is not understood. */
export const satisfies = (version: string, range: string): boolean | undefined => {
  const numbers = parse(version);
  if (numbers === undefined || range.length > 256) return undefined;
  const sets = range.split('||').map(partsOf);
  if (sets.some((s) => s === undefined)) return undefined;
  return sets.some((parts) => (parts ?? []).every((part) => holds(full(numbers), part)));
};
