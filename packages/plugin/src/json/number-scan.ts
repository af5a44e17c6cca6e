/** Where in RFC 8259's `number` the scan stands; at an even place it may end. */
const [MINUS, ZERO, POINT, WHOLE, EXPONENT, FRACTION, SIGN, POWER] = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const digit = (c: number): boolean => c >= 48 && c <= 57;
const exponent = (c: number): boolean => c === 101 || c === 69;

/** Grammar and size of one number at a time, byte by byte over any chunks. */
export class NumberScan {
  /** A number was seen that a double may not hold: more than 15 significant digits, or near the ends of its range. */
  big = false;
  #place: number = MINUS;
  #significant = 0;
  #whole = 0;
  #fraction = 0;
  #power = 0;
  #negative = false;

  /** `c`: `-` or a digit. */
  begin(c: number): void {
    this.#place = c === 45 ? MINUS : c === 48 ? ZERO : WHOLE;
    this.#significant = this.#whole = c > 48 ? 1 : 0;
    this.#fraction = this.#power = 0;
    this.#negative = false;
  }
  /** Takes one byte. False: it does not belong to the number. */
  take(c: number): boolean {
    const place = this.#place;
    if (digit(c)) return this.#digit(c, place);
    if (c === 46 && (place === ZERO || place === WHOLE)) this.#place = POINT;
    else if (exponent(c) && (place === ZERO || place === WHOLE || place === FRACTION)) this.#place = EXPONENT;
    else if ((c === 43 || c === 45) && place === EXPONENT) {
      this.#place = SIGN;
      this.#negative = c === 45;
    } else return false;
    return true;
  }
  #digit(c: number, place: number): boolean {
    if (place === ZERO) return false;
    if (place === MINUS && c === 48) {
      this.#place = ZERO;
      return true;
    }
    if (place >= EXPONENT && place !== FRACTION) {
      this.#place = POWER;
      this.#power = Math.min(9999, this.#power * 10 + c - 48);
      return true;
    }
    if (c !== 48 || this.#significant > 0) this.#significant++;
    if (place === MINUS || place === WHOLE) {
      this.#place = WHOLE;
      this.#whole++;
    } else {
      this.#place = FRACTION;
      this.#fraction++;
    }
    return true;
  }
  /** True when what was taken is a whole number. */
  finish(): boolean {
    const power = this.#negative ? -this.#power : this.#power;
    if (this.#significant > 15 || this.#whole + power > 300 || this.#fraction - power > 300) this.big = true;
    return (this.#place & 1) === 0;
  }
}
