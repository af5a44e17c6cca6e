const PART = '[a-z0-9][a-z0-9._-]*';
const PACKAGE = new RegExp(`^(?:@${PART}/)?${PART}$`);
const BUILT_IN = Object.freeze(new Set(['node_modules', 'favicon.ico']));

/** A name that a package registry would accept: no path, no URL, no sub-path, no upper case, at most 214 characters. */
export const isPackageName = (name: string): boolean => name.length <= 214 && PACKAGE.test(name) && !BUILT_IN.has(name);

/** `./house-rules.mjs`: a file below the configuration's folder. */
export const isLocalFile = (name: string): boolean => /^\.\/[^\0\\]+$/.test(name) && !name.split('/').includes('..') && name.length <= 1_024;
