import { expect, it } from 'vitest';
import { type PagesSubject, pagesRules } from '../src/index.ts';
import { brokenRules, provesRules } from './broken.ts';
import { pagesFactory, pagesSubject } from './good/pages.ts';

const broken = (change: Parameters<typeof pagesFactory>[0]): PagesSubject => ({ ...pagesSubject, factory: pagesFactory(change) });
const page = (body: string): PagesSubject => broken({ 'index.html': `<!doctype html><p>${body}</p>` });
const script = (source: string): PagesSubject => broken({ 'page.js': source });

provesRules('pages rules', pagesRules, pagesSubject, {
  'pages.index': broken({ 'Page.htm': 'x' }),
  'pages.same-again': broken((_, serial) => ({ 'told.js': `export const told = ${serial};` })),
  'pages.nothing-inline': page('<script>go()</script>'),
  'pages.own-files': page('<img src="https://elsewhere.example/mark.png">'),
  'pages.text-is-text': script('document.body.innerHTML = told;'),
  'pages.keeps-nothing': script("sessionStorage.setItem('key', key);"),
  'pages.nothing-secret': broken((token) => ({ 'told.js': `export const told = '${token}';` })),
});

it.each([
  ['pages.nothing-inline', page('<script src="./page.js">go()</script>')],
  ['pages.nothing-inline', page('<button onclick="go()">Go</button>')],
  ['pages.nothing-inline', page('<p style="color: red">')],
  ['pages.nothing-inline', page('<style>p { color: red }</style>')],
  ['pages.nothing-inline', page('<base target="_top">')],
  ['pages.nothing-inline', broken({ 'mark.svg': '<svg onload="go()"></svg>' })],
  ['pages.own-files', page('<a href="/admin/v1/operations">x</a>')],
  ['pages.own-files', page('<script src="/acme/missing.js"></script>')],
  ['pages.own-files', broken({ 'page.css': '@import "//elsewhere.example/a.css";' })],
  ['pages.own-files', script("await import('https://elsewhere.example/a.js');")],
  ['pages.text-is-text', script("eval ('1');")],
  ['pages.text-is-text', script("new Function('1');")],
  ['pages.text-is-text', script("document . write('<p>');")],
  ['pages.text-is-text', script("link.setAttribute('href', text);")],
  ['pages.keeps-nothing', script('document.cookie = key;')],
])('%s also by other ways', async (id, subject) => {
  expect(await brokenRules(pagesRules, subject)).toEqual([id]);
});
