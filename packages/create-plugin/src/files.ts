import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Named } from './name.ts';

export interface File {
  /** Within the folder of the plugin. */
  readonly path: string;
  readonly text: string;
}
const TEMPLATES = fileURLToPath(new URL('../template/', import.meta.url));
const END = '.txt';
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
/** What the plugin is made with. */
const VERSIONS = Object.freeze({ typebox: '^1.4.3', '@types/node': '^24.10.1', typescript: '^6.0.3', vitest: '^5.1.1' });

const jsonOf = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
const manifestOf = (named: Named): string => {
  const { typebox, ...tools } = VERSIONS;
  return jsonOf({
    name: named.package,
    version: '0.1.0',
    description: `The ${named.kind} ${named.name} for LLM Proxy Auth`,
    license: 'UNLICENSED',
    private: true,
    type: 'module',
    engines: { node: '>=22.19' },
    exports: {
      '.': { '@llm-proxy-auth/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    files: ['dist'],
    scripts: { build: 'tsc -p tsconfig.json', test: 'vitest run' },
    llmProxyAuth: { api: 1, kinds: [`${named.kind}:${named.name}`] },
    dependencies: { typebox },
    peerDependencies: { '@llm-proxy-auth/plugin': `^${version}` },
    devDependencies: { '@llm-proxy-auth/contract-tests': `^${version}`, '@llm-proxy-auth/plugin': `^${version}`, ...tools },
  });
};
const TSCONFIG = jsonOf({
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024'],
    module: 'nodenext',
    outDir: 'dist',
    declaration: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['src'],
});
const isIdentifier = (name: string): boolean => /^[a-z][a-z0-9]*$/.test(name);

/** The files of a plugin that passes the contract tests as it is, by their paths in order. */
export const filesOf = (named: Named): readonly File[] => {
  const words: Readonly<Record<string, string>> = {
    package: named.package,
    folder: named.folder,
    kind: named.name,
    // Kinds of callers are letters alone.
    caller: named.name.replaceAll(/[^a-z]/g, ''),
    key: isIdentifier(named.name) ? named.name : `'${named.name}'`,
  };
  const filled = (path: string): string => readFileSync(join(TEMPLATES, path), 'utf8').replaceAll(/\{\{(\w+)\}\}/g, (all, word: string) => words[word] ?? all);
  const own = readdirSync(join(TEMPLATES, named.kind), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(END));
  const files = [
    { path: 'package.json', text: manifestOf(named) },
    { path: 'tsconfig.json', text: TSCONFIG },
    { path: '.gitignore', text: 'node_modules\ndist\n' },
    { path: 'test/contract.test.ts', text: filled(`contract.test.ts${END}`) },
    ...own.map((path) => ({ path: path.slice(0, -END.length).replaceAll('\\', '/'), text: filled(join(named.kind, path)) })),
  ];
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
};
