// What may stand in a header value and in its name (hardening 5.2).
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
export const headerValueIsSafe = (value: string): boolean => VALUE.test(value);

/** What node:http has to know of before it sends a head; `other`: it decides itself. */
const CONCERNS: ReadonlyMap<string, 'length' | 'date' | 'other'> = new Map([
  ['content-length', 'length'],
  ['date', 'date'],
  ['connection', 'other'],
  ['keep-alive', 'other'],
  ['transfer-encoding', 'other'],
  ['trailer', 'other'],
  ['expect', 'other'],
]);

/** Lengths of these names, a bit each. */
const LENGTHS = [...CONCERNS.keys()].reduce((bits, { length }) => bits | (1 << length), 0);

/** Headers of an answer, each checked once: `name: value` and a line end, as HTTP/1.1 sends them. */
export class HeaderLines {
  #text: string;
  #length = false;
  #date = false;
  #other = false;
  /** `text`: lines that were checked when they were written, and concern none of the above. */
  constructor(text = '') {
    this.#text = text;
  }
  get text(): string {
    return this.#text;
  }
  /** `content-length` is among them. */
  get hasLength(): boolean {
    return this.#length;
  }
  get hasDate(): boolean {
    return this.#date;
  }
  /** Something of the connection is among them. */
  get hasOther(): boolean {
    return this.#other;
  }
  /** Throws for a name or value that no header may have. */
  add(name: string, value: string): this {
    if (!NAME.test(name) || !headerValueIsSafe(value)) throw new Error('An answer was given a header that no answer may have.');
    return this.put(name, value);
  }
  /** The same for a name and value that were checked. */
  put(name: string, value: string): this {
    const concern = (LENGTHS >> name.length) & 1 ? CONCERNS.get(name.toLowerCase()) : undefined;
    if (concern === 'length') this.#length = true;
    else if (concern === 'date') this.#date = true;
    else if (concern === 'other') this.#other = true;
    this.#text += `${name}: ${value}\r\n`;
    return this;
  }
  /** `add` of flat pairs. */
  addAll(pairs: readonly string[]): this {
    for (let i = 0; i < pairs.length; i += 2) this.add(pairs[i] ?? '', pairs[i + 1] ?? '');
    return this;
  }
  /** As flat pairs. */
  pairs(): string[] {
    return this.#text
      .split('\r\n')
      .slice(0, -1)
      .flatMap((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 2)];
      });
  }
}
