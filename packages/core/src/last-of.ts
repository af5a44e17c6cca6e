/** The same function, remembered for the argument it had last: for what follows one another and is mostly the same. */
export const lastOf = <A, R>(make: (argument: A) => R): ((argument: A) => R) => {
  let last: { readonly argument: A; readonly made: R } | undefined;
  return (argument) => {
    if (last === undefined || last.argument !== argument) last = { argument, made: make(argument) };
    return last.made;
  };
};
