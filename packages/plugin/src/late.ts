/**
 * What is found out only when somebody asks for it, and then once. A class with private members: two values that hold one are
 * equal where everything else in them is.
 */
export class Late<T> {
  #find: (() => T) | undefined;
  #value: T | undefined;
  constructor(find: () => T) {
    this.#find = find;
  }
  get value(): T {
    if (this.#find !== undefined) {
      this.#value = this.#find();
      this.#find = undefined;
    }
    return this.#value as T;
  }
}
