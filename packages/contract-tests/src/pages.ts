import assert from 'node:assert/strict';
import type { Factory, Pages } from '@llm-proxy-auth/plugin';
import { configurationOf } from './configuration.ts';
import { fakeHost } from './fake-host.ts';
import { type Rule, type Runner, runRules } from './runner.ts';
import { secretsIn } from './secret.ts';

export interface PagesSubject {
  readonly kind: string;
  readonly factory: Factory<Pages>;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}
interface File {
  readonly name: string;
  readonly text: string;
}
const NAME = /^[a-z0-9][a-z0-9-]{0,63}\.(?:html|js|css|svg|png)$/;
const configOf = ({ factory, config }: PagesSubject): Readonly<Record<string, unknown>> => configurationOf(factory.config, config);
const filesOf = async (subject: PagesSubject, config = configOf(subject)): Promise<readonly File[]> => {
  const { files } = await subject.factory.create(config, fakeHost());
  return Object.entries(files).map(([name, body]) => ({ name, text: typeof body === 'string' ? body : Buffer.from(body).toString('latin1') }));
};
const ending = (files: readonly File[], ...ends: readonly string[]): readonly File[] =>
  files.filter(({ name }) => ends.some((end) => name.endsWith(`.${end}`)));
/** Source without comments, in which words may stand. */
const bare = (text: string): string => text.replace(/<!--[\s\S]*?-->|\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/[^\n]*/gm, '');
const none = (file: File, pattern: RegExp, what: string): void => assert.doesNotMatch(bare(file.text), pattern, `${file.name} ${what}`);

/** Where a file leads a browser by itself. */
const namedIn = ({ name, text }: File): readonly string[] => {
  const of = (pattern: RegExp): readonly string[] => [...bare(text).matchAll(pattern)].map((found) => found[1] ?? '');
  if (name.endsWith('.js')) return of(/(?:^\s*import\s+|\bfrom\s+|\bimport\s*\(\s*)['"`]([^'"`]+)['"`]/gm);
  if (name.endsWith('.css')) return [...of(/\burl\(\s*['"]?([^'")]+)/g), ...of(/@import\s+['"]([^'"]+)/g)];
  return name.endsWith('.png') ? [] : of(/\b(?:href|src|srcset|poster|data|action|formaction)\s*=\s*["']?([^"'\s>]+)/gi);
};
const isOwn = (kind: string, files: readonly File[], named: string): boolean => {
  if (named.startsWith('#') || named === `/${kind}`) return true;
  const [, own] = new RegExp(`^(?:\\./|/${kind}/)([a-z0-9.-]+)$`).exec(named) ?? [];
  return files.some(({ name }) => name === own);
};

export const pagesRules: readonly Rule<PagesSubject>[] = [
  {
    id: 'pages.index',
    says: 'index.html is there, every name is one that is served, and no file is empty',
    async check(subject) {
      const files = await filesOf(subject);
      assert.ok(
        files.some(({ name }) => name === 'index.html'),
        'index.html is missing',
      );
      for (const { name, text } of files) {
        assert.match(name, NAME);
        assert.notEqual(text, '', `${name} is empty`);
      }
    },
  },
  {
    id: 'pages.same-again',
    says: 'the same configuration gives the same files',
    check: async (subject) => assert.deepEqual(await filesOf(subject), await filesOf(subject)),
  },
  {
    id: 'pages.nothing-inline',
    says: 'scripts and styles are files: a page that may run neither inline loses nothing',
    async check(subject) {
      for (const file of ending(await filesOf(subject), 'html', 'svg')) {
        none(file, /<script(?![^>]*\ssrc\s*=)/i, 'has a script inline');
        none(file, /<script[^>]*>[^<]*\S[^<]*<\/script/i, 'has a script inline');
        none(file, /<style\b/i, 'has a style inline');
        none(file, /<[^>]*\s(?:on[a-z]+|style)\s*=/i, 'has a handler or a style in an attribute');
        none(file, /<[^>]*=\s*["']?\s*(?:javascript|data):/i, 'has a script in an address');
        none(file, /<(?:base|iframe|frame|object|embed|meta\s+http-equiv)\b/i, 'embeds or redirects');
      }
    },
  },
  {
    id: 'pages.own-files',
    says: 'what a file leads to is another of its own files, under its own prefix',
    async check(subject) {
      const files = await filesOf(subject);
      for (const file of files) for (const named of namedIn(file)) assert.ok(isOwn(subject.kind, files, named), `${file.name} leads to ${named}`);
    },
  },
  {
    id: 'pages.text-is-text',
    says: 'scripts make no markup or code of text',
    async check(subject) {
      for (const file of ending(await filesOf(subject), 'js')) {
        none(file, /\b(?:innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|createContextualFragment|DOMParser|srcdoc)\b/, 'makes markup of text');
        none(file, /\bdocument\s*\.\s*write/, 'makes markup of text');
        none(file, /\beval\s*\(|\bnew\s+Function\b|\bset(?:Timeout|Interval)\s*\(\s*['"`]/, 'makes code of text');
        none(file, /setAttribute\s*\(\s*['"`](?:on|style|href|src)/i, 'sets an attribute that runs');
      }
    },
  },
  {
    id: 'pages.keeps-nothing',
    says: 'scripts keep nothing in the browser',
    async check(subject) {
      const kept =
        /\b(?:localStorage|sessionStorage|indexedDB|cookieStore|caches|serviceWorker|SharedWorker)\b|\bdocument\s*\.\s*cookie\b|\bwindow\s*\.\s*name\b/;
      for (const file of ending(await filesOf(subject), 'js')) none(file, kept, 'keeps something in the browser');
    },
  },
  {
    id: 'pages.nothing-secret',
    says: 'no secret of the configuration stands in a file',
    absent: (subject) => (secretsIn(configOf(subject)).length === 0 ? 'the configuration has no secret' : undefined),
    async check(subject) {
      const config = configOf(subject);
      const secrets = secretsIn(config).flatMap((secret) => secret.peek() ?? []);
      for (const { name, text } of await filesOf(subject, config)) for (const secret of secrets) assert.ok(!text.includes(secret), `${name} tells a secret`);
    },
  },
];

/** Rules of pages: what everybody is served must run under a policy that allows nothing inline and nothing from elsewhere. */
export const pagesSuite = (runner: Runner, subject: PagesSubject): void => runRules(runner, `pages ${subject.kind}`, pagesRules, subject);
