const TYPES: Readonly<Record<string, string>> = Object.freeze({
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
});
const NAME = /^[a-z0-9][a-z0-9-]{0,63}\.([a-z]{2,4})$/;

/** Content type of a file of a page by its name; undefined where no such file is served. */
export const typeOfPage = (name: string): string | undefined => {
  const end = NAME.exec(name)?.[1] ?? '';
  return Object.hasOwn(TYPES, end) ? TYPES[end] : undefined;
};
