import { define, type Factory, type Pages, Secret } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import type { PagesSubject } from '../../src/index.ts';

type Files = Readonly<Record<string, string>>;
const good: Files = {
  'index.html':
    '<!doctype html><link rel="stylesheet" href="/acme/page.css"><script type="module" src="/acme/page.js"></script><img src="/acme/mark.svg"><p>Hi</p>',
  'page.js': "import { told } from './told.js';\ndocument.body.append(told);\n",
  'told.js': "// innerHTML is only mentioned here\nexport const told = 'text';\n",
  'page.css': 'body { margin: 0; background: url(./mark.svg); }\n',
  'mark.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>',
};
let serial = 0;
/** Pages that keep every rule, with other files in place of some. */
export const pagesFactory = (change: Files | ((token: string, serial: number) => Files) = {}): Factory<Pages> =>
  define<Pages>()({
    summary: 'A page.',
    config: Type.Object({ token: Secret({ description: 'For nobody’s eyes.' }) }, { additionalProperties: false }),
    create: ({ token }) => ({ files: { ...good, ...(typeof change === 'function' ? change(token.peek() ?? '', serial++) : change) } }),
  });
export const pagesSubject: PagesSubject = { kind: 'acme', factory: pagesFactory() };
